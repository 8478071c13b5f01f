/* Token ids: whole numbers that look up rows of a table. They are 0 or more, which settles what exporters ask
   before they count from the table's end. */
#include "operators.h"

#include <string.h>

gaze_status gz_embed(gz_import *im, const gz_onnx_node *node, const gz_constant *table)
{
    gz_value *ids, *y = node->out[0], v;
    gz_net_layer *layer;
    float *data;
    size_t dim[GZ_NET_RANK];
    GZ_TRY(gz_node_computed(node, 1, &ids));
    if (table->rank != 2 || table->i || gz_node_int(node, "axis", 0) != 0 || !gz_constant_count(table))
        return gz_refuse("ids look up rows of what is no matrix of float numbers");
    const size_t V = table->dim[0], D = table->dim[1];
    v = *ids;
    if (!v.at.layer->whole || v.factor != 1 || v.offset != 0)
        return gz_refuse("its ids are computed from other numbers");
    GZ_TRY(gz_arrange_plain(im, &v));
    const gz_net_layer *before = v.at.layer;
    if (before->rank + 1 > GZ_NET_RANK || v.rank + 1 > GZ_ONNX_RANK || v.n_atoms == GZ_ATOMS)
        return gz_refuse("ids of %zu axes, more than can be looked up", v.rank);
    memcpy(dim, before->dim, before->rank * sizeof *dim);
    dim[before->rank] = D;
    GZ_TRY(gz_net_add(&im->net, "embedding", gz_node_name(node, 0), v.at, before->rank + 1, dim, &layer));
    GZ_TRY(gz_net_option(&im->net, layer, "input_dim", "%zu", V));
    GZ_TRY(gz_net_option(&im->net, layer, "output_dim", "%zu", D));
    GZ_TRY(gz_net_weight(&im->net, layer, "embeddings", 2, (size_t[]){V, D}, &data));
    for (size_t i = 0; i < V * D; i++) data[i] = (float)gz_constant_at(table, i);
    *y = v;
    y->at.layer = layer;
    y->dim[y->rank] = D;
    y->n_of[y->rank++] = D != 1;
    if (D == 1) return GAZE_OK;
    y->order[y->n_atoms] = y->n_atoms;
    y->atom[y->n_atoms++] = D;
    return GAZE_OK;
}

/* No id is below 0. */
gaze_status gz_onnx_less(gz_import *im, const gz_onnx_node *node)
{
    gz_value *v;
    const gz_constant *bound;
    double value;
    GZ_TRY(gz_node_computed(node, 0, &v));
    GZ_TRY(gz_node_constant(node, 1, true, &bound));
    if (!v->at.layer->whole || v->factor != 1 || v->offset != 0 || !gz_constant_is_uniform(bound, &value) ||
        value > 0)
        return gz_refuse("it compares values that the model computes");
    return gz_constant_uniform(im->arena, true, v->rank, v->dim, 0, &node->out[0]->constant);
}
