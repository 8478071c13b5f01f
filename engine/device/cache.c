#include "cache_entry.h"
#include "../base/file.h"
#include "../base/text.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const char magic[8] = GZ_CACHE_MAGIC;

struct gz_cache {
    gz_arena *arena;
    gz_cache_kind kind;
    const char *folder; /* of the entries; NULL for GZ_CACHE_NONE */
    const char *device; /* the key's part about platform, device and driver */
};

/* As PoCL finds it. */
gaze_status gz_pocl_folder(gz_arena *arena, const char **folder)
{
    const char *own = getenv("POCL_CACHE_DIR"), *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
    *folder = "/tmp/pocl/kcache";
    if (own && own[0])
        *folder = own;
    else if (cache && cache[0])
        *folder = gz_path_join(arena, cache, "pocl/kcache");
    else if (home && home[0])
        *folder = gz_path_join(arena, home, ".cache/pocl/kcache");
    return *folder ? GAZE_OK : GAZE_ERROR_DEVICE;
}

bool gz_is_pocl(const gaze_device_info *info)
{
    return strcmp(info->platform, "Portable Computing Language") == 0;
}

static gaze_status choose_kind(gz_cache *cache, const gaze_device_info *info)
{
    const char *word = getenv("GAZE_PROGRAM_CACHE"), *kernel_cache = getenv("POCL_KERNEL_CACHE");
    const bool pocl_caches = gz_is_pocl(info) && !(kernel_cache && strcmp(kernel_cache, "0") == 0);
    if (!word || !word[0])
        cache->kind = !gz_is_pocl(info) ? GZ_CACHE_BINARY : pocl_caches ? GZ_CACHE_DRIVER : GZ_CACHE_NONE;
    else if (strcmp(word, "binary") == 0)
        cache->kind = GZ_CACHE_BINARY;
    else if (strcmp(word, "driver") == 0)
        cache->kind = pocl_caches ? GZ_CACHE_DRIVER : GZ_CACHE_NONE;
    else if (strcmp(word, "none") == 0)
        cache->kind = GZ_CACHE_NONE;
    else
        return gz_fail(GAZE_ERROR_USAGE, "GAZE_PROGRAM_CACHE=%s: expected binary, driver or none", word);
    return GAZE_OK;
}

static gz_cache_kind own_kind(void)
{
    const char *word = getenv("GAZE_PROGRAM_CACHE");
    return word && strcmp(word, "none") == 0 ? GZ_CACHE_NONE : GZ_CACHE_BINARY;
}

gaze_status gz_cache_entries(gz_arena *arena, gz_cache_kind kind, const char **folder)
{
    const bool driver = kind == GZ_CACHE_DRIVER;
    const char *parent;
    *folder = NULL;
    if (kind == GZ_CACHE_NONE) return GAZE_OK;
    GZ_TRY(driver ? gz_pocl_folder(arena, &parent) : gz_cache_folder(arena, &parent));
    if (!parent) return GAZE_OK; /* neither XDG_CACHE_HOME nor HOME */
    *folder = gz_path_join(arena, parent, driver ? "gaze" : "programs");
    return *folder ? GAZE_OK : GAZE_ERROR_DEVICE;
}

char *gz_cache_device(gz_arena *arena, const gaze_device_info *info)
{
    return gz_arena_format(arena, "platform %s\ndevice %s\nvendor %s\nversion %s\ndriver %s\n",
                           info->platform, info->name, info->vendor, info->version, info->driver);
}

static gaze_status open_cache(const gaze_device_info *info, bool own, gz_cache **out)
{
    gaze_status status;
    gz_cache *cache;
    GZ_TRY(gz_allocate(1, sizeof *cache, &cache));
    GZ_GO(gz_arena_create(&cache->arena));
    GZ_GO(choose_kind(cache, info));
    if (own) cache->kind = own_kind();
    GZ_GO(gz_cache_entries(cache->arena, cache->kind, &cache->folder));
    if (!cache->folder) cache->kind = GZ_CACHE_NONE;
    cache->device = gz_cache_device(cache->arena, info);
    if (!cache->device) status = GAZE_ERROR_DEVICE;
done:
    if (status == GAZE_OK)
        *out = cache;
    else
        gz_cache_close(cache);
    return status;
}

gaze_status gz_cache_open(const gaze_device_info *info, gz_cache **out)
{
    return open_cache(info, false, out);
}

gaze_status gz_cache_open_own(const gaze_device_info *info, gz_cache **out)
{
    return open_cache(info, true, out);
}

void gz_cache_close(gz_cache *cache)
{
    if (!cache) return;
    gz_arena_destroy(cache->arena);
    free(cache);
}

gz_cache_kind gz_cache_kind_of(const gz_cache *cache) { return cache->kind; }

gaze_status gz_cache_key_make(const gz_cache *cache, const char *options, const char *source,
                              gz_cache_key *key)
{
    gz_text text = {0};
    gz_text_add(&text, "format %d\n%soptions %s\nsource\n%s", GZ_CACHE_FORMAT, cache->device, options,
                source);
    key->length = text.length;
    return gz_text_take(&text, &key->text);
}

static char *entry_path(const gz_cache *cache, gz_arena *arena, const gz_cache_key *key)
{
    const gz_hash hash = gz_hash_bytes(key->text, key->length);
    return gz_arena_format(arena, "%s/%s", cache->folder, hash.text);
}

static gz_cache_header make_header(const gz_cache *cache, const gz_cache_key *key, const void *payload,
                                   size_t size)
{
    const gz_hash hash = gz_hash_bytes(payload, size);
    gz_cache_header h = {
        .version = GZ_CACHE_FORMAT, .kind = cache->kind, .key_bytes = key->length, .payload_bytes = size};
    memcpy(h.magic, magic, sizeof magic);
    memcpy(h.payload_hash, hash.text, sizeof h.payload_hash);
    return h;
}

/* Everything is compared, the key's text too: two programs whose names in the cache collide don't mix. */
static bool is_whole(const gz_cache *cache, const gz_cache_key *key, const char *entry, size_t size)
{
    gz_cache_header found;
    const size_t before = sizeof found + key->length;
    if (size < before) return false;
    memcpy(&found, entry, sizeof found);
    const gz_cache_header expected = make_header(cache, key, entry + before, size - before);
    return memcmp(&found, &expected, sizeof found) == 0 &&
           memcmp(entry + sizeof found, key->text, key->length) == 0;
}

bool gz_cache_load(const gz_cache *cache, const gz_cache_key *key, char **payload, size_t *size)
{
    gz_arena *arena;
    char *entry = NULL;
    size_t entry_bytes = 0;
    if (cache->kind == GZ_CACHE_NONE || gz_arena_create(&arena) != GAZE_OK) return false;
    const char *path = entry_path(cache, arena, key);
    const bool read = path && gz_file_exists(path) &&
                      gz_file_read(path, GZ_CACHE_MOST_BYTES, &entry, &entry_bytes) == GAZE_OK;
    gz_arena_destroy(arena);
    if (!read || !is_whole(cache, key, entry, entry_bytes)) {
        free(entry);
        return false;
    }
    const size_t before = sizeof(gz_cache_header) + key->length;
    *size = entry_bytes - before;
    memmove(entry, entry + before, *size + 1);
    *payload = entry;
    return true;
}

bool gz_cache_has(const gz_cache *cache, const gz_cache_key *key)
{
    gz_arena *arena;
    if (cache->kind == GZ_CACHE_NONE || gz_arena_create(&arena) != GAZE_OK) return false;
    const char *path = entry_path(cache, arena, key);
    const bool there = path && gz_file_exists(path);
    gz_arena_destroy(arena);
    return there;
}

static gaze_status write_entry(const gz_cache *cache, const char *path, const gz_cache_key *key,
                               const void *payload, size_t size)
{
    const gz_cache_header h = make_header(cache, key, payload, size);
    gaze_status status;
    gz_writer *writer;
    GZ_TRY(gz_writer_open(path, &writer));
    if (fchmod(fileno(gz_writer_stream(writer)), 0600) != 0) {
        status = gz_fail_errno(path, "its mode cannot be set");
        goto done;
    }
    GZ_GO(gz_writer_write(writer, &h, sizeof h));
    GZ_GO(gz_writer_write(writer, key->text, key->length));
    GZ_GO(gz_writer_write(writer, payload, size));
done:
    if (status == GAZE_OK) return gz_writer_commit(writer);
    gz_writer_abandon(writer);
    return status;
}

gaze_status gz_cache_store(const gz_cache *cache, const gz_cache_key *key, const void *payload, size_t size)
{
    gaze_status status;
    gz_arena *arena;
    if (cache->kind == GZ_CACHE_NONE) return GAZE_OK;
    GZ_TRY(gz_arena_create(&arena));
    const char *path = entry_path(cache, arena, key);
    status = path ? gz_folder_make(cache->folder, true) : GAZE_ERROR_DEVICE;
    if (status == GAZE_OK) status = write_entry(cache, path, key, payload, size);
    gz_arena_destroy(arena);
    return status;
}
