#include "trial.h"
#include "../ops/ops.h"
#include "fill.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Gradients that compare an input with the op's output want that output, not noise. */
static const struct {
    const char *gradient;
    const gz_op *forward;
    size_t x, y;
} OUTPUT_OF[] = {
    {"max_pool2d_gradient", &gz_op_max_pool2d, 0, 1},
    {"reduce_middle_gradient", &gz_op_reduce_middle, 0, 1},
    {"reduce_last_gradient", &gz_op_reduce_last, 0, 1},
};

size_t gz_case_number(const gz_op *op, const gz_case *c)
{
    for (size_t i = 0; i < op->n_cases; i++)
        if (c == &op->cases[i]) return i;
    return 0;
}

static gz_key case_key(const gz_op *op, const gz_case *c)
{
    return gz_key_make(gz_case_number(op, c), op->name);
}

static gz_fill fill_of(const gz_case *c, size_t i) { return c->fill_of[i] ? c->fill_of[i] : c->fill; }

static gaze_status fill_input(gz_trial *trial, size_t i, bool smooth)
{
    const gz_case *c = trial->c;
    const gz_key key = case_key(trial->op, c);
    const size_t count = gz_shape_count(c->in[i]);
    GZ_TRY(gz_allocate(count, 4, &trial->values[i]));
    if (c->dtype[i] == GZ_I32) {
        if (!c->index_limit) return gz_fail(GAZE_ERROR_MODEL, "input %zu is int32 and index_limit is 0", i);
        gz_fill_indices(key, i, c->index_limit, trial->values[i], count);
        return GAZE_OK;
    }
    const gz_fill fill = fill_of(c, i);
    const double middle = fill == GZ_FILL_OFFSET ? 1000 : 0;
    const double last = fill == GZ_FILL_SMALL ? 0.125 : fill == GZ_FILL_OFFSET ? middle + 1.0 / 64 : 1;
    const double first = fill == GZ_FILL_POSITIVE ? 1e-3 : 2 * middle - last;
    if (smooth) return gz_fill_distinct(first, last, key, i, trial->values[i], count);
    gz_fill_floats(fill, key, i, trial->values[i], count);
    return GAZE_OK;
}

static gaze_status widen(gz_trial *trial, size_t i)
{
    const size_t count = gz_shape_count(trial->c->in[i]);
    GZ_TRY(gz_allocate(count, sizeof(double), &trial->in[i]));
    for (size_t k = 0; k < count; k++)
        trial->in[i][k] = trial->c->dtype[i] == GZ_I32 ? (double)((const int32_t *)trial->values[i])[k]
                                                       : (double)((const float *)trial->values[i])[k];
    return GAZE_OK;
}

static gaze_status add_inputs(gz_trial *trial, bool smooth, gz_tensor **in)
{
    for (size_t i = 0; i < trial->c->n_in; i++) {
        char name[24];
        snprintf(name, sizeof name, "in%zu", i);
        in[i] = NULL;
        if (trial->c->in[i].rank == GZ_ABSENT) continue;
        const gz_dtype dtype = trial->c->dtype[i];
        GZ_TRY(gz_graph_tensor(trial->graph, GZ_INPUT, name, dtype, trial->c->in[i], &in[i]));
        GZ_TRY(fill_input(trial, i, smooth));
        GZ_TRY(widen(trial, i));
    }
    return GAZE_OK;
}

/* Input `y` becomes the forward op's output for input `x`, rounded as a device would hold it. */
static gaze_status derive(gz_trial *trial, const gz_op *forward, size_t x, size_t y)
{
    gz_graph *graph;
    gz_tensor *in, *out[GZ_MAX_OUTPUTS];
    double *to[GZ_MAX_OUTPUTS] = {trial->in[y]};
    gaze_status status;
    if (!trial->in[x] || !trial->in[y]) return GAZE_OK;
    GZ_TRY(gz_graph_create(true, &graph));
    GZ_GO(gz_graph_tensor(graph, GZ_INPUT, "x", GZ_F32, trial->c->in[x], &in));
    GZ_GO(gz_graph_node(graph, forward, trial->c->attr, forward->attr_bytes, &in, 1, out, 1));
    const size_t count = gz_shape_count(out[0]->shape);
    if (count == gz_shape_count(trial->c->in[y]))
        forward->reference(graph->nodes[0], &trial->in[x], to);
    else
        status = gz_fail(GAZE_ERROR_MODEL, "input %zu has not the shape of %s's output", y, forward->name);
    float *rounded = trial->values[y];
    for (size_t k = 0; status == GAZE_OK && k < count; k++)
        trial->in[y][k] = rounded[k] = (float)trial->in[y][k];
done:
    gz_graph_destroy(graph);
    return status;
}

static gaze_status derive_inputs(gz_trial *trial)
{
    for (size_t k = 0; k < sizeof OUTPUT_OF / sizeof *OUTPUT_OF; k++)
        if (!strcmp(trial->op->name, OUTPUT_OF[k].gradient))
            return derive(trial, OUTPUT_OF[k].forward, OUTPUT_OF[k].x, OUTPUT_OF[k].y);
    return GAZE_OK;
}

static void list_results(gz_trial *trial, gz_tensor *const *in)
{
    for (size_t i = 0; i < trial->node->n_out; i++) trial->result[trial->n_results++] = trial->node->out[i];
    for (size_t i = 0; i < trial->c->n_in; i++)
        if (in[i] && trial->op->updates >> i & 1) trial->result[trial->n_results++] = in[i];
    for (size_t i = 0; i < trial->n_results; i++) trial->result[i]->keep = true;
}

static gaze_status create(gz_trial *trial, bool smooth)
{
    gz_tensor *in[GZ_MAX_INPUTS], *out[GZ_MAX_OUTPUTS];
    const gz_op *op = trial->op;
    GZ_TRY(gz_graph_create(true, &trial->graph));
    trial->graph->scope = "verify";
    GZ_TRY(add_inputs(trial, smooth, in));
    GZ_TRY(derive_inputs(trial));
    GZ_TRY(
        gz_graph_node(trial->graph, op, trial->c->attr, op->attr_bytes, in, trial->c->n_in, out, op->n_out));
    trial->node = trial->graph->nodes[0];
    list_results(trial, in);
    return GAZE_OK;
}

gaze_status gz_trial_create(const gz_op *op, const gz_case *c, bool smooth, gz_trial *trial)
{
    *trial = (gz_trial){.op = op, .c = c};
    return gz_fail_context(create(trial, smooth), "op %s, case %zu", op->name, gz_case_number(op, c));
}

void gz_trial_destroy(gz_trial *trial)
{
    for (size_t i = 0; i < GZ_MAX_INPUTS; i++) {
        free(trial->values[i]);
        free(trial->in[i]);
    }
    for (size_t i = 0; i < GZ_MAX_RESULTS; i++) {
        free(trial->want[i]);
        free(trial->flushed[i]);
        free(trial->magnitude[i]);
    }
    gz_graph_destroy(trial->graph);
    *trial = (gz_trial){0};
}

typedef void reference_function(const gz_node *node, double *const *in, double *const *out);

static double as_it_is(double x) { return x; }

static double flushed(double x) { return fabs(x) < FLT_MIN ? copysign(0, x) : x; }

/* Runs `function` on copies of the inputs, each value as `read` has it, which it may update; results[] are
 * made here. */
static gaze_status evaluate(gz_trial *trial, reference_function *function, double (*read)(double),
                            double **results)
{
    double *in[GZ_MAX_INPUTS] = {0};
    const size_t n_out = trial->node->n_out;
    size_t n_updated = 0;
    gaze_status status = GAZE_OK;
    for (size_t i = 0; i < trial->c->n_in; i++) {
        if (!trial->in[i]) continue;
        const size_t count = gz_shape_count(trial->c->in[i]);
        GZ_GO(gz_allocate(count, sizeof(double), &in[i]));
        for (size_t k = 0; k < count; k++) in[i][k] = read(trial->in[i][k]);
    }
    for (size_t i = 0; i < n_out; i++)
        GZ_GO(gz_allocate(gz_shape_count(trial->result[i]->shape), sizeof(double), &results[i]));
    function(trial->node, in, results);
    for (size_t i = 0; i < trial->c->n_in; i++) {
        if (!in[i] || !(trial->op->updates >> i & 1)) continue;
        results[n_out + n_updated++] = in[i];
        in[i] = NULL;
    }
done:
    for (size_t i = 0; i < GZ_MAX_INPUTS; i++) free(in[i]);
    return status;
}

gaze_status gz_trial_expect(gz_trial *trial)
{
    const gz_op *op = trial->op;
    GZ_TRY(evaluate(trial, op->reference, as_it_is, trial->want));
    if (trial->c->fill == GZ_FILL_SPECIAL) GZ_TRY(evaluate(trial, op->reference, flushed, trial->flushed));
    for (size_t i = 0; i < trial->n_results; i++)
        if (op->limit(trial->node, i).kind == GZ_SUM)
            return evaluate(trial, op->magnitude ? op->magnitude : op->reference, fabs, trial->magnitude);
    return GAZE_OK;
}

static bool all_integers(const gz_trial *trial)
{
    for (size_t i = 0; i < trial->c->n_in; i++)
        if (trial->in[i] && trial->c->dtype[i] == GZ_F32 && fill_of(trial->c, i) != GZ_FILL_INTEGER)
            return false;
    return true;
}

gz_limit gz_trial_limit(const gz_trial *trial, size_t result, double amplification)
{
    const gz_limit limit = trial->op->limit(trial->node, result);
    if (limit.kind == GZ_SUM && amplification <= 1 && all_integers(trial)) return (gz_limit){GZ_EXACT, 0};
    return limit;
}
