/* The walk through an ONNX graph: initializers and inputs, then node by node, then outputs. */
#include "operators.h"

#include <stdlib.h>
#include <string.h>

/* ---- Names of values ---- */

typedef struct gz_names {
    size_t capacity; /* a power of 2 */
    struct {
        const char *name;
        gz_value *value;
        size_t uses;
    } slot[];
} names;

static gaze_status make_names(gz_import *im, size_t most)
{
    size_t capacity = 64, bytes;
    while (capacity < 2 * most) capacity *= 2;
    if (!gz_multiply(capacity, sizeof im->names->slot[0], &bytes)) return gz_fail_memory(SIZE_MAX);
    im->names = gz_arena_allocate(im->arena, sizeof *im->names + bytes);
    if (!im->names) return GAZE_ERROR_DEVICE;
    im->names->capacity = capacity;
    return GAZE_OK;
}

/* Where the name is, or would be. */
static size_t slot_of(const names *n, const char *name)
{
    size_t at = gz_hash_number(name, strlen(name), 0) & (n->capacity - 1);
    while (n->slot[at].name && strcmp(n->slot[at].name, name)) at = (at + 1) & (n->capacity - 1);
    return at;
}

static gz_value *find(const gz_import *im, const char *name)
{
    return im->names->slot[slot_of(im->names, name)].value;
}

static void bind(gz_import *im, const char *name, gz_value *value)
{
    const size_t at = slot_of(im->names, name);
    im->names->slot[at].name = name;
    im->names->slot[at].value = value;
}

/* How often each name is read, by nodes and as an output. */
static void count_use(gz_import *im, const char *name)
{
    const size_t at = slot_of(im->names, name);
    im->names->slot[at].name = name;
    im->names->slot[at].uses++;
}

static void count_uses(gz_import *im)
{
    for (size_t i = 0; i < im->graph->n_node; i++)
        for (size_t k = 0; k < im->graph->node[i]->n_input; k++)
            count_use(im, gz_proto_text(im->graph->node[i]->input[k]));
    for (size_t i = 0; i < im->graph->n_output; i++) count_use(im, gz_proto_text(im->graph->output[i]->name));
}

static size_t uses_of(const gz_import *im, const char *name)
{
    return *name ? im->names->slot[slot_of(im->names, name)].uses : 0;
}

/* ---- Nodes ---- */

const gz_onnx_entry *gz_onnx_find(const char *name)
{
#define ENTRY(name, layers, fold) {#name, gz_onnx_##layers, gz_onnx_fold_##fold},
    static const gz_onnx_entry entries[] = {GZ_ONNX_OPERATOR_LIST(ENTRY)};
#undef ENTRY
    for (size_t i = 0; i < sizeof entries / sizeof *entries; i++)
        if (!strcmp(entries[i].name, name)) return &entries[i];
    return NULL;
}

/* One line of the list; the reason is the last message. */
static void note(gz_import *im, size_t i)
{
    const Onnx__NodeProto *node = im->graph->node[i];
    const char *domain = gz_proto_text(node->domain), *name = gz_proto_text(node->name);
    gz_text_add(&im->refused, "  node %zu%s%s%s, %s%s%s: %s\n", i, *name ? " '" : "", name, *name ? "'" : "",
                domain, *domain ? "." : "", gz_proto_text(node->op_type), gaze_message());
    im->n_refused++;
}

static gaze_status gather_inputs(gz_import *im, const Onnx__NodeProto *proto, gz_onnx_node *node, bool *known,
                                 bool *lost)
{
    node->n_in = proto->n_input;
    node->n_out = proto->n_output;
    node->in = gz_arena_allocate(im->arena, (node->n_in + 1) * sizeof *node->in);
    node->out = gz_arena_allocate(im->arena, (node->n_out + 1) * sizeof *node->out);
    if (!node->in || !node->out) return GAZE_ERROR_DEVICE;
    *known = true;
    *lost = false;
    for (size_t i = 0; i < node->n_in; i++) {
        const char *name = gz_proto_text(proto->input[i]);
        node->in[i] = *name ? find(im, name) : NULL;
        *lost |= *name && !node->in[i];
        *known &= !node->in[i] || node->in[i]->constant;
    }
    for (size_t i = 0; i < node->n_out; i++) {
        GZ_TRY(gz_value_new(im, &node->out[i]));
        node->out[i]->uses = uses_of(im, gz_proto_text(proto->output[i]));
    }
    return GAZE_OK;
}

/* A note on a value is about one reading of it: another one has lost it. */
static void forget_moment(const gz_onnx_node *node, gz_value *v)
{
    const bool same =
        !strcmp(node->op, "Identity") || !strcmp(node->op, "Dropout") || !strcmp(node->op, "Cast");
    for (size_t i = 0; !same && i < node->n_in; i++)
        if (node->in[i] && v->moment == node->in[i]->moment) v->moment = NULL;
}

static gaze_status run(gz_import *im, const gz_onnx_entry *entry, const gz_onnx_node *node, bool known)
{
    size_t uses[2] = {0};
    for (size_t i = 0; i < node->n_out && i < 2; i++) uses[i] = node->out[i]->uses;
    if (!node->n_out) return gz_refuse("it has no output");
    const bool shape = !strcmp(node->op, "Shape");
    GZ_TRY((known && !shape ? entry->fold : entry->layers)(im, node));
    for (size_t i = 0; i < node->n_out; i++) { /* what was copied from an input keeps its own count */
        gz_value *v = node->out[i];
        if (i < 2) v->uses = uses[i];
        forget_moment(node, v);
        if (!v->constant) continue;
        v->rank = v->constant->rank;
        memcpy(v->dim, v->constant->dim, sizeof v->dim);
    }
    return GAZE_OK;
}

static bool is_made(const gz_value *v) { return v->constant || v->at.layer; }

static gaze_status visit(gz_import *im, size_t i)
{
    const Onnx__NodeProto *proto = im->graph->node[i];
    const char *domain = gz_proto_text(proto->domain);
    const bool own = !*domain || !strcmp(domain, "ai.onnx");
    const gz_onnx_entry *entry = own ? gz_onnx_find(gz_proto_text(proto->op_type)) : NULL;
    gz_onnx_node node = {.proto = proto, .op = gz_proto_text(proto->op_type)};
    bool known, lost;
    gaze_status status;
    GZ_TRY(gather_inputs(im, proto, &node, &known, &lost));
    if (!entry)
        status = own ? gz_refuse("this operator is not taken")
                     : gz_refuse("operators of other domains are not taken");
    else if (lost) /* behind a node that is in the list already, or nothing makes its input */
        return im->n_lost++, GAZE_OK;
    else
        status = run(im, entry, &node, known);
    if (status == GAZE_ERROR_MODEL) return note(im, i), GAZE_OK;
    if (status != GAZE_OK)
        return gz_fail_context(status, "node %zu '%s' (%s)", i, gz_proto_text(proto->name), node.op);
    for (size_t k = 0; k < node.n_out; k++)
        if (is_made(node.out[k])) bind(im, gz_proto_text(proto->output[k]), node.out[k]);
    return GAZE_OK;
}

static gaze_status read_initializers(gz_import *im)
{
    for (size_t i = 0; i < im->graph->n_initializer; i++) {
        gz_constant *c;
        gz_value *v;
        GZ_TRY(gz_constant_read(im->arena, im->path, im->graph->initializer[i], &c));
        GZ_TRY(gz_value_constant(im, c, &v));
        im->net.budget += gz_constant_stored(c) * sizeof(double); /* they may lie in another file */
        bind(im, gz_proto_text(im->graph->initializer[i]->name), v);
    }
    if (!im->graph->n_sparse_initializer) return GAZE_OK;
    return gz_fail(GAZE_ERROR_MODEL, "%s: it has sparse initializers, expected dense ones", im->path);
}

static gaze_status count_names(const gz_import *im, size_t *count)
{
    *count = im->graph->n_input + im->graph->n_initializer;
    for (size_t i = 0; i < im->graph->n_node; i++)
        *count += im->graph->node[i]->n_output + im->graph->node[i]->n_input;
    return GAZE_OK;
}

gaze_status gz_graph_walk(gz_import *im)
{
    size_t count;
    GZ_TRY(count_names(im, &count));
    GZ_TRY(make_names(im, count + im->graph->n_output));
    count_uses(im);
    GZ_TRY(read_initializers(im));
    for (size_t i = 0; i < im->graph->n_input; i++) {
        const char *name = gz_proto_text(im->graph->input[i]->name);
        gz_value *v;
        if (find(im, name)) continue; /* an initializer, which older files list again */
        GZ_TRY(gz_value_new(im, &v));
        GZ_TRY(gz_input_read(im, im->graph->input[i], v));
        v->uses = uses_of(im, name);
        bind(im, name, v);
    }
    for (size_t i = 0; i < im->graph->n_node; i++) GZ_TRY(visit(im, i));
    return GAZE_OK;
}

gz_value *gz_graph_value(const gz_import *im, const char *name) { return find(im, name); }
