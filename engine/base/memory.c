#include "memory.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool gz_multiply(size_t a, size_t b, size_t *result)
{
    if (b && a > SIZE_MAX / b) return false;
    *result = a * b;
    return true;
}

bool gz_add(size_t a, size_t b, size_t *result)
{
    if (a > SIZE_MAX - b) return false;
    *result = a + b;
    return true;
}

size_t gz_round_up(size_t value, size_t step) { return (value + step - 1) / step * step; }

gaze_status gz_allocate(size_t count, size_t bytes, void *out_pointer)
{
    size_t total;
    if (!gz_multiply(count, bytes, &total)) return gz_fail_memory(SIZE_MAX);
    void *fresh = calloc(total ? total : 1, 1);
    if (!fresh) return gz_fail_memory(total);
    memcpy(out_pointer, &fresh, sizeof fresh);
    return GAZE_OK;
}

gaze_status gz_grow(void *pointer_to_pointer, size_t *capacity, size_t needed, size_t bytes)
{
    if (needed <= *capacity) return GAZE_OK;
    size_t wanted = *capacity < 8 ? 8 : *capacity + *capacity / 2, total;
    if (wanted < needed) wanted = needed;
    if (!gz_multiply(wanted, bytes, &total)) return gz_fail_memory(SIZE_MAX);
    void *old;
    memcpy(&old, pointer_to_pointer, sizeof old);
    void *fresh = realloc(old, total);
    if (!fresh) return gz_fail_memory(total);
    memcpy(pointer_to_pointer, &fresh, sizeof fresh);
    *capacity = wanted;
    return GAZE_OK;
}

enum { BLOCK_BYTES = 16384, ALIGNMENT = 16 };

typedef struct block {
    struct block *next;
    size_t used, size;
    _Alignas(ALIGNMENT) unsigned char bytes[];
} block;

struct gz_arena {
    block *blocks;
};

gaze_status gz_arena_create(gz_arena **out) { return gz_allocate(1, sizeof **out, out); }

void gz_arena_destroy(gz_arena *arena)
{
    if (!arena) return;
    for (block *b = arena->blocks, *next; b; b = next) {
        next = b->next;
        free(b);
    }
    free(arena);
}

static block *add_block(gz_arena *arena, size_t bytes)
{
    size_t size = bytes > BLOCK_BYTES ? bytes : BLOCK_BYTES, total;
    block *b = NULL;
    if (!gz_add(size, sizeof *b, &total)) {
        gz_fail_memory(SIZE_MAX);
        return NULL;
    }
    if (gz_allocate(total, 1, &b) != GAZE_OK) return NULL;
    b->size = size;
    b->next = arena->blocks;
    return arena->blocks = b;
}

void *gz_arena_allocate(gz_arena *arena, size_t bytes)
{
    if (bytes > SIZE_MAX - ALIGNMENT) {
        gz_fail_memory(bytes);
        return NULL;
    }
    bytes = gz_round_up(bytes ? bytes : 1, ALIGNMENT);
    block *b = arena->blocks;
    if (!b || b->size - b->used < bytes) b = add_block(arena, bytes);
    if (!b) return NULL;
    void *result = b->bytes + b->used;
    b->used += bytes;
    return result;
}

void *gz_arena_duplicate(gz_arena *arena, const void *bytes, size_t size)
{
    void *copy = gz_arena_allocate(arena, size);
    if (copy && size) memcpy(copy, bytes, size);
    return copy;
}

char *gz_arena_copy(gz_arena *arena, const char *text)
{
    return gz_arena_duplicate(arena, text, strlen(text) + 1);
}

char *gz_arena_format(gz_arena *arena, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    char *text = length < 0 ? NULL : gz_arena_allocate(arena, (size_t)length + 1);
    if (!text) return NULL;
    va_start(arguments, format);
    vsnprintf(text, (size_t)length + 1, format, arguments);
    va_end(arguments);
    return text;
}
