/* Checked sizes, allocations that report, and an arena: many small things freed together. */
#ifndef GZ_MEMORY_H
#define GZ_MEMORY_H
#include "status.h"

#include <stdbool.h>
#include <stddef.h>

/* a*b or a+b; false when it doesn't fit size_t (then *result is untouched). */
bool gz_multiply(size_t a, size_t b, size_t *result);
bool gz_add(size_t a, size_t b, size_t *result);

/* `value` rounded up to a multiple of `step` (step > 0; the caller knows that it fits). */
size_t gz_round_up(size_t value, size_t step);

/* `count` zeroed elements of `bytes`; *out is freed with free(). count 0 gives a valid pointer. */
gaze_status gz_allocate(size_t count, size_t bytes, void *out_pointer);

/* Grows *pointer (free() owns it) so that it holds `needed` elements of `bytes`; *capacity is kept in
 * elements. */
gaze_status gz_grow(void *pointer_to_pointer, size_t *capacity, size_t needed, size_t bytes);

typedef struct gz_arena gz_arena;

gaze_status gz_arena_create(gz_arena **out);
void gz_arena_destroy(gz_arena *arena); /* NULL is fine */

/* Zeroed, aligned to 16 bytes; NULL, with a message kept, when memory is out. Lives as long as the arena. */
void *gz_arena_allocate(gz_arena *arena, size_t bytes);
char *gz_arena_copy(gz_arena *arena, const char *text);
char *gz_arena_format(gz_arena *arena, const char *format, ...) GZ_PRINTF(2, 3);
void *gz_arena_duplicate(gz_arena *arena, const void *bytes, size_t size);

#endif
