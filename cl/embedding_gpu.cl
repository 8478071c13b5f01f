/* The gradient of an embedding's table, for GPUs: positions sorted by id, sums of their runs, in the order of
   positions. No item goes through all positions alone, however often an id comes (padding comes most). */
#include "common.h"

#define TILE 32 // sorted positions that an item sums

/* Sorts by counting: position n comes behind all smaller ids, and behind equal ones before it. order, sorted
   [N]: positions and their ids. Items of the launch take positions from `first` to `last`; ids pass through
   local memory, one an item. */
__kernel void embedding_sort_group(__global const int *restrict ids, __global int *restrict order,
                                   __global int *restrict sorted, int N, int first, int last,
                                   __local int *shared)
{
    const int items = get_local_size(0), item = get_local_id(0);
    for (int base = first + get_group_id(0) * items; base < last; base += get_num_groups(0) * items) {
        const int n = base + item, id = n < last ? ids[n] : 0;
        int place = 0;
        for (int from = 0; from < N; from += items) {
            barrier(CLK_LOCAL_MEM_FENCE);
            if (from + item < N) shared[item] = ids[from + item];
            barrier(CLK_LOCAL_MEM_FENCE);
            for (int i = 0; i < min(items, N - from); i++)
                place += shared[i] < id || (shared[i] == id && from + i < n);
        }
        if (n < last) {
            order[place] = n;
            sorted[place] = id;
        }
    }
}

#define PLACE_OF_ITEM                                                    \
    const size_t at = get_global_id(0), tile = at / D, d = at % D;       \
    if (tile >= (size_t)tiles) return;                                   \
    const int begin = tile * TILE, end = min(begin + TILE, N);

/* Item (tile, d) sums the runs of equal ids in its tile. Whole ones go to the table, the one that began in an
   earlier tile to heads [tiles][D], one that begins here and ends in a later tile to tails [tiles][D]. */
__kernel void embedding_runs(__global const int *restrict order, __global const int *restrict sorted,
                             __global const float *restrict dy, __global float *restrict dtable,
                             __global float *restrict heads, __global float *restrict tails, int N, int D,
                             int tiles)
{
    PLACE_OF_ITEM
    for (int i = begin, next; i < end; i = next) {
        const int id = sorted[i];
        float sum = 0.0f;
        for (next = i; next < end && sorted[next] == id; next++) sum += dy[(size_t)order[next] * D + d];
        if (i == begin && i > 0 && sorted[i - 1] == id)
            heads[at] = sum;
        else if (next < N && sorted[next] == id)
            tails[at] = sum;
        else
            dtable[(size_t)id * D + d] = sum;
    }
}

/* The runs that go over several tiles: the item of the tile where one begins adds what the next ones have. */
__kernel void embedding_join(__global const int *restrict sorted, __global const float *restrict heads,
                             __global const float *restrict tails, __global float *restrict dtable, int N, int D,
                             int tiles)
{
    PLACE_OF_ITEM
    const int id = sorted[end - 1];
    const bool began_before = sorted[begin] == id && begin > 0 && sorted[begin - 1] == id;
    if (began_before || end == N || sorted[end] != id) return;
    float sum = tails[at];
    size_t next = tile;
    do {
        next++;
        sum += heads[next * D + d];
    } while ((next + 1) * TILE < (size_t)N && sorted[(next + 1) * TILE] == id);
    dtable[(size_t)id * D + d] = sum;
}
