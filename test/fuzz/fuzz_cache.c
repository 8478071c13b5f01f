#include "fuzz.h"
#include "../../engine/device/cache_entry.h"
#include "../../engine/base/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

static void refuse(const char *why)
{
    fprintf(stderr, "%s\n", why);
    abort();
}

/* What a file that was taken must be, worked out here from its bytes: a payload may differ from what was
   stored (a hash guards against damage, and libFuzzer finds the hash of another payload), but never from what
   its header says. */
static void expect_whole(const gz_cache_key *key, const uint8_t *bytes, size_t size)
{
    gz_cache_header h;
    if (size < sizeof h + key->length) refuse("an entry shorter than its header was taken");
    memcpy(&h, bytes, sizeof h);
    const uint8_t *payload = bytes + sizeof h + key->length;
    const size_t length = size - sizeof h - key->length;
    if (memcmp(h.magic, GZ_CACHE_MAGIC, sizeof h.magic) != 0 || h.version != GZ_CACHE_FORMAT ||
        h.kind != GZ_CACHE_BINARY || h.key_bytes != key->length || h.payload_bytes != length)
        refuse("an entry was taken whose header is wrong");
    if (memcmp(bytes + sizeof h, key->text, key->length) != 0) refuse("another program's entry was taken");
    if (memcmp(gz_hash_bytes(payload, length).text, h.payload_hash, sizeof h.payload_hash) != 0)
        refuse("a damaged payload was taken");
}

static void load(const gz_cache *cache, const gz_cache_key *key, const uint8_t *bytes, size_t size)
{
    char *payload;
    size_t length;
    if (!gz_cache_load(cache, key, &payload, &length)) return;
    expect_whole(key, bytes, size);
    if (memcmp(payload, bytes + size - length, length) != 0 || payload[length] != 0)
        refuse("another payload came back");
    free(payload);
}

/* An entry that is taken is whole, and comes back as it lies in the file. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static gz_cache *cache;
    gz_cache_key key;
    if (!cache) cache = open_cache();
    if (!cache || gz_cache_key_make(cache, "-DX=1", "__kernel void x() {}", &key) != GAZE_OK) return 0;
    fuzz_file(entry_name(&key), bytes, size);
    load(cache, &key, bytes, size);
    free(key.text);
    return 0;
}
