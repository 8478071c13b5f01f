/* An entry of a cache, read by who does not ask for it. */
#include "../base/file.h"
#include "cache_entry.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_whole(const char *entry, size_t size, gz_cache_header *h)
{
    size_t before;
    if (size < sizeof *h) return false;
    memcpy(h, entry, sizeof *h);
    if (memcmp(h->magic, GZ_CACHE_MAGIC, sizeof h->magic) != 0 || h->version != GZ_CACHE_FORMAT) return false;
    if (!gz_add(sizeof *h, h->key_bytes, &before) || before > size || h->payload_bytes != size - before)
        return false;
    const gz_hash hash = gz_hash_bytes(entry + before, size - before);
    return memcmp(hash.text, h->payload_hash, sizeof h->payload_hash) == 0;
}

/* The key's text begins with the format, then the device. */
static bool is_of(const char *key, size_t length, const char *const *devices)
{
    char format[32];
    const size_t begin = (size_t)snprintf(format, sizeof format, "format %d\n", GZ_CACHE_FORMAT);
    if (length < begin || memcmp(key, format, begin) != 0) return false;
    for (; *devices; devices++) {
        const size_t n = strlen(*devices);
        if (n <= length - begin && memcmp(key + begin, *devices, n) == 0) return true;
    }
    return false;
}

bool gz_cache_is_of(const char *path, const char *const *devices)
{
    gz_cache_header h;
    char *entry;
    size_t size;
    if (gz_file_read(path, GZ_CACHE_MOST_BYTES, &entry, &size) != GAZE_OK) return false;
    const bool good = is_whole(entry, size, &h) && is_of(entry + sizeof h, (size_t)h.key_bytes, devices);
    free(entry);
    return good;
}
