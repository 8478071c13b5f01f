/* An entry of a cache as it lies in its file. */
#ifndef GZ_CACHE_ENTRY_H
#define GZ_CACHE_ENTRY_H
#include "cache.h"

#include <stdint.h>

enum { GZ_CACHE_FORMAT = 1, GZ_CACHE_MOST_BYTES = 256 << 20 };
#define GZ_CACHE_MAGIC "GAZEPROG" /* without its zero */

/* In this machine's byte order (another's is damage). Then the key's text, then the payload. */
typedef struct gz_cache_header {
    char magic[8];
    uint32_t version, kind;
    uint64_t key_bytes, payload_bytes;
    char payload_hash[16];
} gz_cache_header;

_Static_assert(sizeof(gz_cache_header) == 48, "the header has no padding");

#endif
