/* Allocation, by gaze itself (libpng takes its memory from it), and by cJSON and zlib for it. What comes and
   what goes is filled with bytes that no code should count on. */
#include "faults.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum { FRESH = 0xA5, FREED = 0x5A };

void *__real_malloc(size_t bytes);
void *__real_calloc(size_t count, size_t bytes);
void *__real_realloc(void *old, size_t bytes);
void __real_free(void *memory);
void *__wrap_malloc(size_t bytes);
void *__wrap_calloc(size_t count, size_t bytes);
void *__wrap_realloc(void *old, size_t bytes);
void __wrap_free(void *memory);
char *__wrap_strdup(const char *text);
char *__real_realpath(const char *path, char *resolved);
char *__wrap_realpath(const char *path, char *resolved);

static void *keep(void *memory, size_t bytes)
{
    if (memory) live_add(LIVE_MEMORY, (uintptr_t)memory, bytes, fault_count(FAULT_MEMORY));
    return memory;
}

static bool fails(const char *call)
{
    if (!fault_here(FAULT_MEMORY, call)) return false;
    errno = ENOMEM;
    return true;
}

static void *taken(const char *call, size_t bytes)
{
    if (fails(call)) return NULL;
    void *memory = keep(__real_malloc(bytes), bytes);
    return memory ? memset(memory, FRESH, bytes) : NULL;
}

void *__wrap_malloc(size_t bytes) { return taken("malloc", bytes); }

void *__wrap_calloc(size_t count, size_t bytes)
{
    return fails("calloc") ? NULL : keep(__real_calloc(count, bytes), count * bytes);
}

void __wrap_free(void *memory)
{
    size_t bytes = 0;
    if (!memory) return;
    if (live_remove(LIVE_MEMORY, (uintptr_t)memory, &bytes)) memset(memory, FREED, bytes);
    __real_free(memory);
}

/* Always moves, so that nobody keeps the old address. */
void *__wrap_realloc(void *old, size_t bytes)
{
    if (fails("realloc")) return NULL;
    void *fresh = keep(__real_malloc(bytes), bytes);
    if (!fresh || !old) return fresh;
    size_t had = malloc_usable_size(old);
    if (had < bytes) memset((char *)fresh + had, FRESH, bytes - had);
    memcpy(fresh, old, had < bytes ? had : bytes);
    __wrap_free(old);
    return fresh;
}

char *__wrap_strdup(const char *text)
{
    const size_t bytes = strlen(text) + 1;
    char *copy = taken("strdup", bytes);
    return copy ? memcpy(copy, text, bytes) : NULL;
}

char *__wrap_realpath(const char *path, char *resolved)
{
    if (fails("realpath")) return NULL;
    char *found = __real_realpath(path, resolved);
    return resolved ? found : keep(found, found ? strlen(found) + 1 : 0);
}

static void *json_malloc(size_t bytes) { return taken("cJSON's malloc", bytes); }

__attribute__((constructor)) static void hook_json(void)
{
    cJSON_Hooks hooks = {json_malloc, __wrap_free};
    cJSON_InitHooks(&hooks);
}

/* zlib, which takes them in its stream. */
int __real_inflateInit2_(z_streamp z, int bits, const char *version, int size);
int __wrap_inflateInit2_(z_streamp z, int bits, const char *version, int size);
int __real_deflateInit2_(z_streamp z, int level, int method, int bits, int memory, int strategy,
                         const char *version, int size);
int __wrap_deflateInit2_(z_streamp z, int level, int method, int bits, int memory, int strategy,
                         const char *version, int size);

static voidpf zlib_take(voidpf user, uInt count, uInt bytes)
{
    (void)user;
    return taken("zlib's malloc", (size_t)count * bytes);
}

static void zlib_give(voidpf user, voidpf memory)
{
    (void)user;
    __wrap_free(memory);
}

int __wrap_inflateInit2_(z_streamp z, int bits, const char *version, int size)
{
    z->zalloc = zlib_take;
    z->zfree = zlib_give;
    return __real_inflateInit2_(z, bits, version, size);
}

int __wrap_deflateInit2_(z_streamp z, int level, int method, int bits, int memory, int strategy,
                         const char *version, int size)
{
    z->zalloc = zlib_take;
    z->zfree = zlib_give;
    return __real_deflateInit2_(z, level, method, bits, memory, strategy, version, size);
}
