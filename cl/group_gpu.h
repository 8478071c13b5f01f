/* Reductions of a work-group, for GPUs. Right at every group size that is a power of two, 1 included; the
   order is fixed, so that another run gives the same bits. */
#ifndef GAZE_GROUP_GPU_H
#define GAZE_GROUP_GPU_H
#include "total.h"

/* Folds `value` over the items of a block of `span` that lie `step` apart (powers of two), by a tree in
   `shared`, local memory of one float an item; all of them get the result. The first barrier lets the fold
   before it be read to its end. */
#define GAZE_DEFINE_FOLD(NAME, OP)                                                                  \
    static inline float NAME(float value, __local float *shared, int span, int step)                \
    {                                                                                               \
        const int item = get_local_id(0);                                                           \
        barrier(CLK_LOCAL_MEM_FENCE);                                                               \
        shared[item] = value;                                                                       \
        barrier(CLK_LOCAL_MEM_FENCE);                                                               \
        for (int apart = span / 2; apart >= step; apart /= 2) {                                     \
            if ((item & (span - 1)) < apart) shared[item] = OP(shared[item], shared[item + apart]); \
            barrier(CLK_LOCAL_MEM_FENCE);                                                           \
        }                                                                                           \
        return shared[(item & ~(span - 1)) | (item & (step - 1))];                                  \
    }
GAZE_DEFINE_FOLD(gaze_fold_sum, GAZE_PLUS)
GAZE_DEFINE_FOLD(gaze_fold_max, GAZE_MORE) /* NaN never is the maximum */

/* The place of the first of the largest values, each item giving its own and its place; all of a row's lanes
   get it. Places are below 2^24, so that a float holds them. */
static inline int gaze_fold_first_max(float value, int place, __local float *shared, int span)
{
    const float most = gaze_fold_max(value, shared, span, 1);
    return (int)-gaze_fold_max(value == most ? -(float)place : -INFINITY, shared, span, 1);
}

/* Rows r of R, as a loop: `lanes` items that lie side by side (fewer where the group has fewer) share a row,
   so that a group takes a long row or several short ones. Every item passes every barrier: those without a
   row have r >= R. Declares width, the items of a row, and lane, which of them this is. */
#define GAZE_EACH_ROW(R)                                                                        \
    const int width = min(lanes, (int)get_local_size(0)), lane = get_local_id(0) & (width - 1); \
    const size_t group_rows = get_local_size(0) / width;                                        \
    for (size_t base = get_group_id(0) * group_rows, r;                                         \
         r = base + (int)get_local_id(0) / width, base < (size_t)(R); base += get_num_groups(0) * group_rows)

/* The values n of such a row that are this item's. */
#define GAZE_EACH_OF_ROW(n, N) for (int n = r < (size_t)R ? lane : N; n < N; n += width)

/* Columns of x [B,R,C]: a group has `lanes` of them (side by side, so that reads are too) in one slab of rows
   of one sample; the items of a column take its rows in turn. A smaller group takes fewer columns at a time.
   Declares sample, slab_at, first and last row, width, deep (items of a column); then, for a pass of the
   loop, c, and whether the item has a column. */
#define GAZE_PLACE_OF_COLUMNS                                                                           \
    const size_t blocks = (C + lanes - 1) / lanes, block = get_group_id(0) % blocks,                    \
                 slab_at = get_group_id(0) / blocks % slabs, sample = get_group_id(0) / blocks / slabs, \
                 first = slab_at * slab, last = min(first + slab, (size_t)R);                           \
    const int items = get_local_size(0), width = min(lanes, items), deep = items / width,               \
              depth = (int)get_local_id(0) / width;
#define GAZE_EACH_COLUMN                                                                                 \
    for (size_t c = block * lanes + (get_local_id(0) & (width - 1)), end = (block + 1) * lanes; c < end; \
         c += width)
#define GAZE_HAS_COLUMN (c < (size_t)C)
#define GAZE_EACH_ROW_OF_COLUMN(r) \
    for (size_t r = GAZE_HAS_COLUMN ? first + depth : last; r < last; r += deep)
#define GAZE_FOLD_COLUMN(fold, value) fold(value, shared, items, width)

#endif
