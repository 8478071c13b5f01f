#include "op.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

size_t gz_shape_count(gz_shape shape)
{
    size_t count = 1;
    for (size_t i = 0; i < shape.rank; i++) count *= shape.dim[i];
    return count;
}

size_t gz_shape_last(gz_shape shape) { return shape.rank ? shape.dim[shape.rank - 1] : 1; }

size_t gz_shape_rows(gz_shape shape)
{
    size_t rows = 1;
    for (size_t i = 0; i + 1 < shape.rank; i++) rows *= shape.dim[i];
    return rows;
}

bool gz_shape_equal(gz_shape a, gz_shape b)
{
    if (a.rank != b.rank) return false;
    for (size_t i = 0; i < a.rank; i++)
        if (a.dim[i] != b.dim[i]) return false;
    return true;
}

static const char *shape_text(gz_shape shape, bool open, char text[96])
{
    size_t length = 1;
    text[0] = '[';
    for (size_t i = 0; i < shape.rank && length < 72; i++)
        length += (size_t)(open && !shape.dim[i]
                               ? snprintf(text + length, 96 - length, "%s?", i ? "," : "")
                               : snprintf(text + length, 96 - length, "%s%zu", i ? "," : "", shape.dim[i]));
    snprintf(text + length, 96 - length, "]");
    return text;
}

const char *gz_shape_text(gz_shape shape, char text[96]) { return shape_text(shape, false, text); }

const char *gz_shape_text_open(gz_shape shape, char text[96]) { return shape_text(shape, true, text); }

gaze_status gz_graph_create(bool training, gz_graph **out)
{
    gz_arena *arena;
    GZ_TRY(gz_arena_create(&arena));
    gz_graph *graph = gz_arena_allocate(arena, sizeof *graph);
    if (!graph) {
        gz_arena_destroy(arena);
        return GAZE_ERROR_DEVICE;
    }
    graph->arena = arena;
    graph->training = training;
    graph->scope = "";
    *out = graph;
    return GAZE_OK;
}

void gz_graph_destroy(gz_graph *graph)
{
    if (!graph) return;
    free(graph->tensors);
    free(graph->nodes);
    gz_arena_destroy(graph->arena);
}

/* Offsets inside kernels are 32-bit where nothing else is said, so a tensor holds at most 2^31 - 1 elements.
 */
static gaze_status check_shape(const char *name, gz_shape shape)
{
    size_t count = 1;
    char text[96];
    if (shape.rank > GZ_MAX_RANK)
        return gz_fail(GAZE_ERROR_MODEL, "'%s' has %zu dimensions, at most %d are possible", name, shape.rank,
                       GZ_MAX_RANK);
    for (size_t i = 0; i < shape.rank; i++) {
        if (!shape.dim[i])
            return gz_fail(GAZE_ERROR_MODEL, "'%s' would be empty: shape %s", name,
                           gz_shape_text(shape, text));
        if (!gz_multiply(count, shape.dim[i], &count) || count > INT32_MAX)
            return gz_fail(GAZE_ERROR_MODEL,
                           "'%s' of shape %s has more than 2^31 - 1 elements: take a smaller batch or input",
                           name, gz_shape_text(shape, text));
    }
    return GAZE_OK;
}

gaze_status gz_graph_tensor(gz_graph *graph, gz_role role, const char *name, gz_dtype dtype, gz_shape shape,
                            gz_tensor **out)
{
    GZ_TRY(check_shape(name, shape));
    GZ_TRY(gz_grow(&graph->tensors, &graph->tensors_capacity, graph->n_tensors + 1, sizeof *graph->tensors));
    gz_tensor *tensor = gz_arena_allocate(graph->arena, sizeof *tensor);
    if (!tensor || !(tensor->name = gz_arena_copy(graph->arena, name))) return GAZE_ERROR_DEVICE;
    tensor->role = role;
    tensor->dtype = dtype;
    tensor->shape = shape;
    tensor->index = graph->n_tensors;
    graph->tensors[graph->n_tensors++] = tensor;
    *out = tensor;
    return GAZE_OK;
}

gaze_status gz_graph_view(gz_graph *graph, gz_tensor *tensor, gz_shape shape, gz_tensor **out)
{
    char from[96], to[96];
    if (gz_shape_equal(tensor->shape, shape)) {
        *out = tensor;
        return GAZE_OK;
    }
    if (gz_shape_count(tensor->shape) != gz_shape_count(shape))
        return gz_fail(GAZE_ERROR_MODEL, "'%s': %s (%zu values) can't be seen as %s (%zu values)",
                       tensor->name, gz_shape_text(tensor->shape, from), gz_shape_count(tensor->shape),
                       gz_shape_text(shape, to), gz_shape_count(shape));
    GZ_TRY(gz_graph_tensor(graph, tensor->role, tensor->name, tensor->dtype, shape, out));
    (*out)->view = gz_tensor_base(tensor);
    return GAZE_OK;
}

gz_tensor *gz_tensor_base(gz_tensor *tensor)
{
    while (tensor->view) tensor = tensor->view;
    return tensor;
}

gz_cost gz_node_cost(const gz_node *node)
{
    const bool once = node->n_out && node->out[0]->stays;
    return once ? (gz_cost){0, 0} : node->op->cost(node);
}

gaze_status gz_node_output(gz_graph *graph, gz_node *node, size_t i, gz_dtype dtype, gz_shape shape)
{
    char name[160];
    snprintf(name, sizeof name, "%.80s:%.60s", node->name, node->op->name);
    GZ_TRY(gz_graph_tensor(graph, GZ_VALUE, name, dtype, shape, &node->out[i]));
    node->out[i]->producer = node;
    return GAZE_OK;
}

gaze_status gz_graph_node(gz_graph *graph, const gz_op *op, const void *attr, size_t attr_bytes,
                          gz_tensor *const *in, size_t n_in, gz_tensor **out, size_t n_out)
{
    if (n_in > GZ_MAX_INPUTS || n_out > GZ_MAX_OUTPUTS)
        return gz_fail(GAZE_ERROR_MODEL, "op %s: %zu inputs and %zu outputs, at most %d and %d are possible",
                       op->name, n_in, n_out, GZ_MAX_INPUTS, GZ_MAX_OUTPUTS);
    GZ_TRY(gz_grow(&graph->nodes, &graph->nodes_capacity, graph->n_nodes + 1, sizeof *graph->nodes));
    gz_node *node = gz_arena_allocate(graph->arena, sizeof *node);
    if (!node || !(node->name = gz_arena_copy(graph->arena, graph->scope))) return GAZE_ERROR_DEVICE;
    node->op = op;
    node->n_in = n_in;
    node->n_out = op->n_out;
    for (size_t i = 0; i < n_in; i++) node->in[i] = in[i];
    if (attr_bytes && !(node->attr = gz_arena_duplicate(graph->arena, attr, attr_bytes)))
        return GAZE_ERROR_DEVICE;
    GZ_TRY(op->infer(graph, node));
    graph->nodes[graph->n_nodes++] = node;
    for (size_t i = 0; i < n_out && i < op->n_out; i++) out[i] = node->out[i];
    return GAZE_OK;
}
