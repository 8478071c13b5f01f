/* Where each block of memory lies, decided before anything is allocated: blocks that live at the same time
 * never overlap. */
#ifndef GZ_MEMORY_PLAN_H
#define GZ_MEMORY_PLAN_H
#include "../base/memory.h"

typedef struct gz_block {
    size_t bytes;
    size_t birth, death;   /* first and last node that uses it */
    size_t buffer, offset; /* found */
} gz_block;

/* Largest first, each into the smallest gap that fits (best fit). Offsets are multiples of `alignment`; no
   buffer grows beyond max_buffer_bytes: another one is begun. buffer_bytes is an array of *n_buffers sizes;
   free() it. */
gaze_status gz_memory_plan(gz_block *blocks, size_t count, size_t alignment, size_t max_buffer_bytes,
                           size_t **buffer_bytes, size_t *n_buffers);

#endif
