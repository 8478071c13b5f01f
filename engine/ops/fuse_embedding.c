/* A dense of an embedding: the same dense of the whole table, of which rows are taken. */
#include "dense.h"
#include "fuse_parts.h"

static bool never_changes(const gz_tensor *tensor)
{
    return !tensor || tensor->role == GZ_PARAMETER || tensor->stays;
}

/* Made once for many runs, the rows may be more than those of one; made in every run, they have to be fewer,
   by what it costs to sum gradients as wide as the units. */
static bool pays(size_t rows_of_table, size_t rows, bool stays)
{
    enum { RUNS = 32 };
    return stays ? rows_of_table <= RUNS * rows : rows_of_table + rows_of_table / 3 <= rows;
}

/* The dense of the table, before node number `at`. */
static gaze_status add_table(gz_graph *graph, size_t at, gz_tensor *embeddings, bool stays, gz_tensor **table)
{
    const gz_node *dense = graph->nodes[at];
    const char *scope = graph->scope;
    graph->scope = dense->name;
    const gaze_status status =
        gz_dense(graph, embeddings, dense->in[1], dense->n_in > 2 ? dense->in[2] : NULL,
                 ((const gz_dense_attr *)dense->attr)->activation, table);
    graph->scope = scope;
    if (status != GAZE_OK) return status;
    (*table)->stays = stays;
    gz_move_last_to(graph, at, 1);
    return GAZE_OK;
}

gaze_status gz_fuse_embedding(gz_graph *graph, size_t at, gz_use *uses)
{
    gz_node *dense = graph->nodes[at], *rows = dense->in[0]->producer;
    if (!rows || rows->op != &gz_op_embedding) return GAZE_OK;
    gz_tensor *ids = rows->in[0], *embeddings = rows->in[1], *taken = rows->out[0], *table;
    bool stays = !graph->training && never_changes(embeddings);
    for (size_t i = 1; i < dense->n_in; i++) stays = stays && never_changes(dense->in[i]);
    if (!pays(embeddings->shape.dim[0], gz_shape_count(ids->shape), stays)) return GAZE_OK;
    GZ_TRY(add_table(graph, at, embeddings, stays, &table));
    dense->op = &gz_op_embedding;
    dense->attr = NULL;
    dense->n_in = 2;
    dense->in[0] = ids;
    dense->in[1] = table;
    if (--uses[taken->index].readers == 0 && !uses[taken->index].keep) rows->op = NULL;
    return GAZE_OK;
}
