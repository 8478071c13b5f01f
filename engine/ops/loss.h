/* What the losses, their gradients and the metrics share. Kernels: cl/loss.cl. */
#ifndef GZ_LOSS_H
#define GZ_LOSS_H
#include "../graph/builder.h"
#include "ops.h"

/* p or logits [...,K], with R rows; label int32 [...] (sparse) or float32 [...,K]. */
typedef struct gz_loss_size {
    size_t rows, classes;
} gz_loss_size;
gz_loss_size gz_loss_size_of(const gz_tensor *p);

/* Is `label` a label for `p`? */
gaze_status gz_loss_expect_label(const gz_node *node, const gz_tensor *p, const gz_tensor *label);

/* What the label in double says about class k of row r: 0 or 1 when sparse. */
double gz_loss_label(const gz_tensor *label, const double *values, gz_loss_size size, size_t r, size_t k);

/* The two pointers that kernels take for a label: one of them null. */
void gz_arg_label(gz_launch *launch, const gz_tensor *label);

/* A launch of cl/loss.cl's kernel for cpu and plain, or of cl/loss_gpu.cl's for the gpu families. */
gz_launch *gz_loss_launch(gz_builder *builder, const char *kernel, const char *kernel_gpu);

/* Arguments R and K, then rows for a work-item or a group's lanes, and the launch's size. */
void gz_loss_launch_rows(gz_builder *builder, gz_launch *launch, gz_loss_size size);

/* Arguments R and K, and so many work-items. */
void gz_loss_launch_items(gz_launch *launch, gz_loss_size size, size_t items);
/* One work-item that adds all rows, or one group. */
void gz_loss_launch_once(gz_builder *builder, gz_launch *launch, size_t rows);

/* loss [1] = mean of row_loss */
void gz_loss_mean(gz_builder *builder, const gz_tensor *row_loss, const gz_tensor *loss, size_t rows);

/* d loss / d row_loss[r] in double; dloss and drow may be NULL. */
double gz_loss_row_weight(const double *dloss, const double *drow, size_t r, size_t rows);

/* Inputs of both gradient ops: p, label, dloss [1], drow [...]; each of the last two may be absent. */
enum { GZ_LOSS_P, GZ_LOSS_LABEL, GZ_LOSS_DLOSS, GZ_LOSS_DROW, GZ_LOSS_N_IN };
gaze_status gz_loss_gradient_infer(gz_graph *graph, gz_node *node);
gaze_status gz_loss_gradient_prepare(const gz_node *node, gz_builder *builder);
gz_cost gz_loss_gradient_cost(const gz_node *node);

gaze_status gz_cross_entropy_gradient(gz_graph *g, gz_tensor *p, gz_tensor *label, gz_tensor *dloss,
                                      gz_tensor *drow, gz_tensor **dp);
gaze_status gz_softmax_cross_entropy_gradient(gz_graph *g, gz_tensor *p, gz_tensor *label, gz_tensor *dloss,
                                              gz_tensor *drow, gz_tensor **dlogits);

/* Cases: R rows of K classes, the label sparse or one value a class; of the gradients, with dloss or with
 * both. */
#define GZ_LOSS_SPARSE(FILL, R, K)                                                                          \
    {                                                                                                       \
        .in = {{2, {R, K}}, {1, {R}}}, .n_in = 2, .fill = FILL, .dtype = {GZ_F32, GZ_I32}, .index_limit = K \
    }
#define GZ_LOSS_DENSE(FILL, R, K)                                                                        \
    {                                                                                                    \
        .in = {{2, {R, K}}, {2, {R, K}}}, .n_in = 2, .fill = FILL, .fill_of = { FILL, GZ_FILL_POSITIVE } \
    }
#define GZ_LOSS_GRADIENT_SPARSE(FILL, R, K)                                                            \
    {                                                                                                  \
        .in = {{2, {R, K}}, {1, {R}}, {1, {1}}, {GZ_ABSENT, {0}}}, .n_in = 4, .fill = GZ_FILL_UNIFORM, \
        .fill_of = {FILL}, .dtype = {GZ_F32, GZ_I32}, .index_limit = K                                 \
    }
#define GZ_LOSS_GRADIENT_DENSE(FILL, R, K)                                                        \
    {                                                                                             \
        .in = {{2, {R, K}}, {2, {R, K}}, {1, {1}}, {1, {R}}}, .n_in = 4, .fill = GZ_FILL_UNIFORM, \
        .fill_of = {                                                                              \
            FILL,                                                                                 \
            GZ_FILL_POSITIVE                                                                      \
        }                                                                                         \
    }

#endif
