/* Rows of a table by number, and the gradient of the table: sums in the order of positions. */
#include "common.h"

static inline void gaze_add_values(__global const float *from, __global float *to, int count)
{
    int i = 0;
    for (; i + GAZE_WIDTH <= count; i += GAZE_WIDTH)
        vstorev(vloadv(0, to + i) + vloadv(0, from + i), 0, to + i);
    for (; i < count; i++) to[i] += from[i];
}

GAZE_ONE embedding_slabs(GAZE_HERE __global const int *restrict ids, __global const float *restrict table,
                         __global float *restrict y, int D, int N, int slab)
{
    const size_t first = GAZE_AT(0) * (size_t)slab, last = min(first + slab, (size_t)N);
    for (size_t n = first; n < last; n++) {
        __global const float *from = table + (size_t)ids[n] * D;
        __global float *to = y + n * D;
        int d = 0;
        for (; d + GAZE_WIDTH <= D; d += GAZE_WIDTH) vstorev(vloadv(0, from + d), 0, to + d);
        for (; d < D; d++) to[d] = from[d];
    }
}

__kernel void embedding_items(__global const int *restrict ids, __global const float *restrict table,
                              __global float *restrict y, int D, int N)
{
    const size_t at = get_global_id(0), n = at / D;
    if (n < (size_t)N) y[at] = table[(size_t)ids[n] * D + at % D];
}

/* A group owns `columns` columns of `words` rows of the table and walks over all ids. */
GAZE_ONE embedding_gradient_columns(GAZE_HERE __global const int *restrict ids, __global const float *restrict dy,
                                    __global float *restrict dtable, int N, int V, int D, int columns,
                                    int words)
{
    const int c = GAZE_AT(0) * columns, count = min(columns, D - c);
    const int first = GAZE_AT(1) * words, last = min(first + words, V);
    for (int v = first; v < last; v++) {
        __global float *to = dtable + (size_t)v * D + c;
        int d = 0;
        for (; d + GAZE_WIDTH <= count; d += GAZE_WIDTH) vstorev((floatv)(0.0f), 0, to + d);
        for (; d < count; d++) to[d] = 0.0f;
    }
    for (int n = 0; n < N; n++)
        if (ids[n] >= first && ids[n] < last)
            gaze_add_values(dy + (size_t)n * D + c, dtable + (size_t)ids[n] * D + c, count);
}

/* With many items: each position is linked to the next one of the same id, and the first ones sum. */
__kernel void embedding_link_items(__global const int *restrict ids, __global int *restrict links, int N)
{
    const int n = get_global_id(0);
    if (n >= N) return;
    int next = n + 1, before = 0;
    while (next < N && ids[next] != ids[n]) next++;
    while (ids[before] != ids[n]) before++;
    links[n] = next;
    links[N + n] = before == n;
}

__kernel void embedding_zero_items(__global float *restrict dtable, int count)
{
    const int at = get_global_id(0);
    if (at < count) dtable[at] = 0.0f;
}

__kernel void embedding_gradient_items(__global const int *restrict ids, __global const float *restrict dy,
                                       __global const int *restrict links, __global float *restrict dtable,
                                       int N, int D)
{
    const size_t at = get_global_id(0), n = at / D, d = at % D;
    if (n >= (size_t)N || !links[N + n]) return;
    float sum = 0.0f;
    for (size_t i = n; i < (size_t)N; i = links[i]) sum += dy[i * D + d];
    dtable[(size_t)ids[n] * D + d] = sum;
}
