#include "fuzz.h"
#include "../../engine/device/cache.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char text[] = "a program that was built before";

static gz_cache *open_cache(void)
{
    static const gaze_device_info info = {
        .platform = "fuzz", .name = "fuzz", .vendor = "fuzz", .version = "1", .driver = "1"};
    gz_cache *cache;
    setenv("XDG_CACHE_HOME", fuzz_folder(), 1);
    setenv("GAZE_PROGRAM_CACHE", "binary", 1);
    return gz_cache_open(&info, &cache) == GAZE_OK ? cache : NULL;
}

/* The file of the entry, by the hash of its key. */
static const char *entry_name(const gz_cache_key *key)
{
    static char name[64];
    snprintf(name, sizeof name, "gaze/programs/%s", gz_hash_bytes(key->text, key->length).text);
    return name;
}

static void load(const gz_cache *cache, const gz_cache_key *key)
{
    char *payload;
    size_t size;
    if (!gz_cache_load(cache, key, &payload, &size)) return;
    if (size != strlen(text) || memcmp(payload, text, size + 1) != 0) {
        fprintf(stderr, "a damaged entry was taken for a whole one\n");
        abort();
    }
    free(payload);
}

/* An entry is what was stored, or it is none. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static gz_cache *cache;
    gz_cache_key key;
    if (!cache) cache = open_cache();
    if (!cache || gz_cache_key_make(cache, "-DX=1", "__kernel void x() {}", &key) != GAZE_OK) return 0;
    fuzz_file(entry_name(&key), bytes, size);
    load(cache, &key);
    free(key.text);
    return 0;
}
