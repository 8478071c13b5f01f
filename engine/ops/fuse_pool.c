/* max_pool2d of 2x2 and what it reads: a convolution, or rows times a factor each. What then reads the
   gradient of such a pool's input reads the maxima's and their places. */
#include "fuse_parts.h"
#include "places.h"
#include "rows.h"

static bool whole_windows(const gz_window *window, gz_shape x)
{
    return gz_both_are(window->size, 2) && gz_both_are(window->stride, 2) &&
           gz_both_are(window->dilation, 1) && x.dim[1] > 1 && x.dim[2] > 1 &&
           (window->padding == GZ_VALID || (x.dim[1] % 2 == 0 && x.dim[2] % 2 == 0));
}

static bool slides_by_one(const gz_node *conv)
{
    const gz_window *window = &((const gz_conv2d_attr *)conv->attr)->window;
    return gz_both_are(window->stride, 1) && gz_both_are(window->dilation, 1);
}

gaze_status gz_fuse_pool(gz_graph *graph, gz_node *pool, const gz_use *uses)
{
    gz_node *conv = gz_hidden_maker(pool, 0, &gz_op_conv2d, uses),
            *scale = gz_hidden_maker(pool, 0, &gz_op_scale_rows, uses);
    const gz_window *window = &((const gz_pool_attr *)pool->attr)->window;
    if (pool->in[0]->view || !whole_windows(window, pool->in[0]->shape)) return GAZE_OK;
    const bool convolves = conv && slides_by_one(conv), scales = scale && gz_factor_of(scale) == 1;
    if (!convolves && !scales) return GAZE_OK;
    gz_take_over(pool, convolves ? conv : scale);
    if (convolves)
        pool->op = graph->training ? &gz_op_conv2d_max_pool2d_places : &gz_op_conv2d_max_pool2d;
    else
        pool->op = graph->training ? &gz_op_scale_rows_max_pool2d_places : &gz_op_scale_rows_max_pool2d;
    return graph->training ? gz_give_saved(graph, pool, GZ_I32, pool->out[0]->shape) : GAZE_OK;
}

gz_node *gz_placed_maker(const gz_node *node, size_t i)
{
    gz_node *maker = node->in[i]->view ? NULL : node->in[i]->producer;
    return maker && maker->op == &gz_op_places_gradient ? maker : NULL;
}

void gz_read_placed(gz_node *maker, gz_use *uses)
{
    gz_use *use = &uses[maker->out[0]->index];
    if (--use->readers == 0 && !use->keep) maker->op = NULL;
}

void gz_fuse_places(gz_node *dot, gz_use *uses)
{
    gz_node *spread = gz_placed_maker(dot, 1);
    gz_tensor *x = dot->in[0];
    if (!spread || x->shape.rank != 4) return;
    dot->op = &gz_op_places_dot;
    dot->n_in = 3;
    dot->in[GZ_PLACES_DY] = spread->in[GZ_PLACES_DY];
    dot->in[GZ_PLACES_PLACE] = spread->in[GZ_PLACES_PLACE];
    dot->in[GZ_PLACES_X] = x;
    gz_read_placed(spread, uses);
}
