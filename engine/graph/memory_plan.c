#include "memory_plan.h"

#include "../base/text.h"

#include <stdint.h>
#include <stdlib.h>

typedef struct planner {
    gz_block *blocks;
    size_t *order;  /* block numbers, largest first */
    size_t *placed; /* block numbers in the order of buffer, then offset */
    size_t n_placed, alignment, max_buffer_bytes;
    size_t *buffer_bytes, n_buffers, capacity;
} planner;

typedef struct gap {
    size_t offset, bytes;
} gap;

static bool together(const gz_block *a, const gz_block *b)
{
    return a->birth <= b->death && b->birth <= a->death;
}

/* The smallest gap of `buffer` that holds the block while it lives; bytes SIZE_MAX means: at the end. */
static gap best_gap(const planner *p, size_t buffer, const gz_block *block)
{
    gap best = {0, SIZE_MAX};
    size_t end = 0;
    for (size_t i = 0; i < p->n_placed; i++) {
        const gz_block *other = &p->blocks[p->placed[i]];
        if (other->buffer != buffer || !together(block, other)) continue;
        if (other->offset > end) {
            const size_t room = other->offset - end;
            if (room >= block->bytes && room < best.bytes) best = (gap){end, room};
        }
        const size_t after = gz_round_up(other->offset + other->bytes, p->alignment);
        if (after > end) end = after;
    }
    if (best.bytes == SIZE_MAX) best.offset = end;
    return best;
}

static void insert(planner *p, size_t number)
{
    const gz_block *block = &p->blocks[number];
    size_t at = p->n_placed++;
    for (; at > 0; at--) {
        const gz_block *before = &p->blocks[p->placed[at - 1]];
        if (before->buffer < block->buffer ||
            (before->buffer == block->buffer && before->offset <= block->offset))
            break;
        p->placed[at] = p->placed[at - 1];
    }
    p->placed[at] = number;
}

static gaze_status too_large(const planner *p, size_t bytes)
{
    char needed[24], given[24];
    return gz_fail(GAZE_ERROR_DEVICE,
                   "one tensor needs %s, the device gives at most %s at a time: take a smaller batch",
                   gz_bytes_text(bytes, needed), gz_bytes_text(p->max_buffer_bytes, given));
}

static gaze_status place(planner *p, size_t number)
{
    gz_block *block = &p->blocks[number];
    if (block->bytes > p->max_buffer_bytes) return too_large(p, block->bytes);
    for (size_t buffer = 0;; buffer++) {
        GZ_TRY(gz_grow(&p->buffer_bytes, &p->capacity, buffer + 1, sizeof *p->buffer_bytes));
        if (buffer == p->n_buffers) p->buffer_bytes[p->n_buffers++] = 0;
        const gap found = best_gap(p, buffer, block);
        const size_t end = found.offset + block->bytes;
        if (end > p->max_buffer_bytes) continue;
        block->buffer = buffer;
        block->offset = found.offset;
        if (end > p->buffer_bytes[buffer]) p->buffer_bytes[buffer] = end;
        insert(p, number);
        return GAZE_OK;
    }
}

gaze_status gz_memory_plan(gz_block *blocks, size_t count, size_t alignment, size_t max_buffer_bytes,
                           size_t **buffer_bytes, size_t *n_buffers)
{
    planner p = {.blocks = blocks, .alignment = alignment, .max_buffer_bytes = max_buffer_bytes};
    gaze_status status;
    GZ_GO(gz_allocate(count, sizeof *p.order, &p.order));
    GZ_GO(gz_allocate(count, sizeof *p.placed, &p.placed));
    for (size_t i = 0; i < count; i++) p.order[i] = i;
    for (size_t i = 1; i < count; i++) { /* insertion sort: stable */
        const size_t number = p.order[i];
        size_t at = i;
        for (; at > 0 && blocks[p.order[at - 1]].bytes < blocks[number].bytes; at--)
            p.order[at] = p.order[at - 1];
        p.order[at] = number;
    }
    for (size_t i = 0; i < count; i++) GZ_GO(place(&p, p.order[i]));
    *buffer_bytes = p.buffer_bytes;
    *n_buffers = p.n_buffers;
    p.buffer_bytes = NULL;
done:
    free(p.order);
    free(p.placed);
    free(p.buffer_bytes);
    return status;
}
