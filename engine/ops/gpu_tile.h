/* The parameters of cl/tile_gpu.h for a product of a shape on a device. */
#ifndef GZ_GPU_TILE_H
#define GZ_GPU_TILE_H
#include "dense.h"

/* A group of x * y work-items makes y * m rows and x * n columns, summing k elements at a time. lanes: of a
   subgroup that shares rows (family intel), or 0. */
typedef struct gz_gpu_tile {
    size_t x, y, m, n, k, lanes;
} gz_gpu_tile;

/* For products of M x N elements, within the device's group size and local memory. Few different ones. */
gz_gpu_tile gz_gpu_tile_of(const gz_builder *builder, size_t M, size_t N);

/* The sums' K terms in parts, so that few large sums give work to many units. By the shape alone. */
gz_parts gz_gpu_tile_parts(size_t M, size_t N, size_t K, size_t count);

/* The options of the program, which TILE_A_BY_K and TILE_B_BY_K may follow. */
enum { GZ_GPU_TILE_OPTIONS = 128 };
const char *gz_gpu_tile_options(gz_gpu_tile tile, char text[GZ_GPU_TILE_OPTIONS]);

static inline size_t gz_gpu_tile_rows(gz_gpu_tile tile) { return tile.y * tile.m; }
static inline size_t gz_gpu_tile_columns(gz_gpu_tile tile) { return tile.x * tile.n; }

#endif
