/* The kind soft_gate, found among the layers: x times what a dense layer makes of all of x. */
#include "kinds.h"

#include <string.h>
/* ---- soft_gate: a dense layer of as many units as x has values ---- */

/* What made the gate: its dense layer, its word, and how the units were turned round: value p of P, q of Q
   was put where q, p is. */
typedef struct gate {
    gz_net_layer *dense;
    const char *word;
    size_t P, Q;
} gate;

static bool is_gate(gz_net_layer *s, gz_net_layer *x, gate *g)
{
    *g = (gate){.P = 1, .Q = gz_kind_count(x)};
    if (gz_kind_is_type(s, "permute")) {
        if (!gz_kind_says(s, "dims", "[2, 1]")) return false;
        g->P = s->dim[1], g->Q = s->dim[0];
        s = gz_kind_input(s, 0);
    }
    if (!s || !gz_kind_is_type(s, "activation")) return false;
    g->word = gz_net_find_option(s, "activation");
    if (strcmp(g->word, "\"softmax\"") && strcmp(g->word, "\"sigmoid\"")) return false;
    g->dense = gz_kind_input(s, 0);
    return g->dense && gz_kind_is_type(g->dense, "dense") && gz_net_is_linear(g->dense) &&
           g->dense->rank == 1 && gz_kind_input(g->dense, 0) == x &&
           gz_kind_count(g->dense) == gz_kind_count(x) && g->P * g->Q == gz_kind_count(x);
}

/* Columns of the dense layer, in the order of x's values. */
static void turn(const gate *g, const float *from, size_t rows, float *to)
{
    const size_t D = g->P * g->Q;
    for (size_t r = 0; r < rows; r++)
        for (size_t p = 0; p < g->P; p++)
            for (size_t q = 0; q < g->Q; q++) to[r * D + q * g->P + p] = from[r * D + p * g->Q + q];
}

/* The layer goes on with x's shape; what reads it gets its own. */
static gaze_status keep_shape(gz_net *net, gz_net_layer *l, const gz_net_layer *x)
{
    gz_net_layer *flat;
    if (l->rank == x->rank) return GAZE_OK;
    GZ_TRY(gz_net_add_behind(net, l, "flatten", &flat));
    for (gz_net_layer *r = flat->next; r; r = r->next)
        for (size_t i = 0; i < r->n_inputs; i++)
            if (r->inputs[i].layer == l) r->inputs[i].layer = flat;
    l->rank = x->rank;
    memcpy(l->dim, x->dim, sizeof x->dim);
    return GAZE_OK;
}

gaze_status gz_kind_find_gate(gz_net *net, gz_net_layer *l, gz_net_layer *x, gz_net_layer *s, bool *done)
{
    gate g;
    float *kernel, *bias;
    *done = s && x->rank && is_gate(s, x, &g) && (l->rank == x->rank || (l->rank == 1 && !l->is_output));
    if (!*done) return GAZE_OK;
    const size_t D = gz_kind_count(x);
    const gaze_array *w = gz_net_find_weight(g.dense, "kernel"), *b = gz_net_find_weight(g.dense, "bias");
    gz_kind_become(l, x);
    GZ_TRY(keep_shape(net, l, x));
    GZ_TRY(gz_net_option(net, l, "kind", "\"soft_gate\""));
    if (strcmp(g.word, "\"softmax\"")) GZ_TRY(gz_net_option(net, l, "gate", "%s", g.word));
    GZ_TRY(gz_net_weight(net, l, "gate.kernel", 2, (size_t[]){D, D}, &kernel));
    GZ_TRY(gz_net_weight(net, l, "gate.bias", 1, &D, &bias));
    turn(&g, w->data, D, kernel);
    if (b) turn(&g, b->data, 1, bias);
    return GAZE_OK;
}
