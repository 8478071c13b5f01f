/* What scaled dot-product attention and its gradients share. Kernels: cl/attention.cl, cl/attention_plain.cl.
 */
#ifndef GZ_ATTENTION_OP_H
#define GZ_ATTENTION_OP_H
#include "dense.h"

/* Inputs of both; the last three of the gradients alone. */
enum {
    GZ_ATTENTION_Q,
    GZ_ATTENTION_K,
    GZ_ATTENTION_V,
    GZ_ATTENTION_MASK,
    GZ_ATTENTION_QUERIES,
    GZ_ATTENTION_Y,
    GZ_ATTENTION_LSE,
    GZ_ATTENTION_DY
};

typedef struct gz_attention_size {
    size_t samples, heads, queries, values, key_depth, value_depth;
} gz_attention_size;

gz_attention_size gz_attention_size_of(const gz_node *node);
/* q [B,Tq,H,K], k [B,Tv,H,K], v [B,Tv,H,V] and the masks. */
gaze_status gz_attention_expect(const gz_node *node);
/* May query i see key j of sample b? */
bool gz_attention_sees(const gz_node *node, double *const *in, size_t b, size_t i, size_t j);
/* Where row t of head h of sample b begins in a tensor [B,T,H,D]. */
size_t gz_attention_row(gz_attention_size size, size_t T, size_t D, size_t b, size_t h, size_t t);
/* factor q_i k_j */
double gz_attention_score(const gz_node *node, double *const *in, size_t b, size_t h, size_t i, size_t j);

/* The register tile of both, as cl/tile.h has it. */
typedef struct gz_heads_tile {
    size_t rows, columns;
} gz_heads_tile;
gz_heads_tile gz_heads_tile_of(const gz_builder *builder);
/* Whether the kernels of attention.cl and attention_gradient.cl make it; those of attention_plain.cl do
 * otherwise. */
bool gz_attention_in_tiles(const gz_builder *builder, gz_attention_size size);
/* Tq, Tv, K, V, H, factor, causal: the last arguments of every kernel. */
void gz_attention_arguments(gz_launch *launch, const gz_node *node);
#endif
