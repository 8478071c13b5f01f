#include "checkpoint_parts.h"

#include "../io/safetensors.h"
#include "../model/weights.h"
#include "place.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { LEAST_KEPT = 2, METADATA_WORDS = 18 };

typedef struct contents {
    gz_arena *arena;
    gaze_array *arrays;
    size_t count, capacity;
} contents;

static gaze_status add_entry(contents *c, const gz_store *store, const gz_store_entry *entry, gz_slab slab,
                             const char *name)
{
    GZ_TRY(gz_grow(&c->arrays, &c->capacity, c->count + 1, sizeof *c->arrays));
    const size_t count = gz_shape_count(entry->shape);
    gaze_array array = {.name = name, .dtype = GAZE_FLOAT32, .rank = entry->shape.rank};
    memcpy(array.shape, entry->shape.dim, sizeof array.shape);
    array.data = gz_arena_allocate(c->arena, count * sizeof(float));
    if (!name || !array.data) return GAZE_ERROR_DEVICE;
    c->arrays[c->count++] = array;
    return gz_store_read(store, slab, entry->offset, array.data, count);
}

static char *moment_name(gz_arena *arena, size_t moment, const char *weight)
{
    return gz_arena_format(arena, GZ_MOMENT_PREFIX "%zu/%s", moment, weight);
}

static gaze_status collect(contents *c, const gz_store *store, size_t moments)
{
    for (size_t i = 0; i < gz_store_count(store); i++) {
        const gz_store_entry *entry = gz_store_at(store, i);
        const bool parameter = entry->role == GZ_PARAMETER;
        GZ_TRY(add_entry(c, store, entry, parameter ? GZ_SLAB_PARAMETER : GZ_SLAB_STATE, entry->name));
        for (size_t m = 0; parameter && m < moments; m++)
            GZ_TRY(add_entry(c, store, entry, (gz_slab)(GZ_SLAB_MOMENT + m),
                             moment_name(c->arena, m, entry->name)));
    }
    return GAZE_OK;
}

/* Over the names and values of all arrays, in their order in the file, and the metadata but for "hash"
 * itself: a damaged place in the run must not pass for a whole checkpoint. */
static const char *contents_hash(gz_arena *arena, const gaze_array *arrays, size_t count,
                                 const char *const *metadata)
{
    uint64_t hash = 0;
    for (size_t i = 0; i < count; i++) {
        gz_shape shape = {.rank = arrays[i].rank};
        memcpy(shape.dim, arrays[i].shape, sizeof shape.dim);
        hash = gz_hash_number(arrays[i].name, strlen(arrays[i].name) + 1, hash);
        hash = gz_hash_number(arrays[i].data, gz_shape_count(shape) * 4, hash);
    }
    for (; metadata && *metadata; metadata += 2) {
        if (!strcmp(*metadata, "hash")) continue;
        for (int i = 0; i < 2; i++) hash = gz_hash_number(metadata[i], strlen(metadata[i]) + 1, hash);
    }
    return gz_arena_format(arena, "%016" PRIx64, hash);
}

/* Key, value pairs. The first METADATA_IDENTITY pairs must be the same when a run goes on; the last is left
 * for the hash. */
enum { METADATA_IDENTITY = 5 };
static gaze_status describe(gz_arena *arena, const gz_identity *id, const gz_place *place, const char **words)
{
    const char *pairs[METADATA_WORDS + 1] = {
        "model_hash", id->model_hash,
        "data_hash",  id->data_hash,
        "seed",       gz_arena_format(arena, "%llu", (unsigned long long)id->seed),
        "batch_size", gz_arena_format(arena, "%zu", id->batch_size),
        "optimizer",  id->optimizer,
        "step",       gz_arena_format(arena, "%zu", place->step),
        "epoch",      gz_arena_format(arena, "%zu", place->epoch),
        "batch",      gz_arena_format(arena, "%zu", place->batch),
        "hash",       "",
    };
    for (size_t i = 0; i < METADATA_WORDS; i++)
        if (!pairs[i]) return GAZE_ERROR_DEVICE;
    memcpy(words, pairs, sizeof pairs);
    return GAZE_OK;
}

static const char *metadata_value(const gz_safetensors *file, const char *key)
{
    for (const char *const *m = file->metadata; m && *m; m += 2)
        if (!strcmp(*m, key)) return m[1];
    return "";
}

gaze_status gz_checkpoint_save(const char *folder, const gz_store *store, size_t moments,
                               const gz_place *place, const gz_identity *identity, size_t keep)
{
    contents c = {0};
    const char *words[METADATA_WORDS + 1];
    gaze_status status;
    if (keep < LEAST_KEPT) keep = LEAST_KEPT;
    GZ_GO(gz_arena_create(&c.arena));
    GZ_GO(collect(&c, store, moments));
    GZ_GO(describe(c.arena, identity, place, words));
    words[METADATA_WORDS - 1] = contents_hash(c.arena, c.arrays, c.count, words);
    GZ_GO(words[METADATA_WORDS - 1] ? GAZE_OK : GAZE_ERROR_DEVICE);
    const char *path = gz_checkpoint_path(c.arena, folder, place->step);
    /* Before too: runs that are killed between the two, again and again, would leave one more each time. That
       an old one stays does no harm. */
    (void)gz_checkpoint_remove_old(c.arena, folder, keep);
    GZ_GO(path ? gz_safetensors_write(path, c.arrays, c.count, words) : GAZE_ERROR_DEVICE);
    (void)gz_checkpoint_remove_old(c.arena, folder, keep);
done:
    free(c.arrays);
    gz_arena_destroy(c.arena);
    return status;
}

static gaze_status check_identity(const char *path, const gz_safetensors *file, gz_arena *arena,
                                  const gz_identity *identity)
{
    const char *words[METADATA_WORDS + 1];
    GZ_TRY(describe(arena, identity, &(gz_place){0}, words));
    for (size_t i = 0; i < METADATA_IDENTITY; i++) {
        const char *had = metadata_value(file, words[2 * i]);
        if (strcmp(had, words[2 * i + 1]))
            return gz_fail(GAZE_ERROR_MODEL,
                           "%s: the run was begun with %s %s, and would go on with %s: give the same again, "
                           "or another --out",
                           path, words[2 * i], had, words[2 * i + 1]);
    }
    return GAZE_OK;
}

static gaze_status restore_entry(const char *path, const gz_safetensors *file, gz_store *store,
                                 const gz_store_entry *entry, gz_slab slab, const char *name)
{
    const gaze_array *array = name ? gz_safetensors_find(file, name) : NULL;
    gz_shape shape = {0};
    if (array) shape.rank = array->rank, memcpy(shape.dim, array->shape, sizeof shape.dim);
    if (!array || !gz_shape_equal(shape, entry->shape))
        return gz_fail(GAZE_ERROR_MODEL, "%s: tensor '%s' is missing or has another shape", path,
                       name ? name : entry->name);
    return gz_store_write(store, slab, entry->offset, array->data, gz_shape_count(shape));
}

static gaze_status restore(const char *path, const gz_safetensors *file, gz_store *store, size_t moments)
{
    for (size_t i = 0; i < gz_store_count(store); i++) {
        const gz_store_entry *entry = gz_store_at(store, i);
        const bool parameter = entry->role == GZ_PARAMETER;
        GZ_TRY(restore_entry(path, file, store, entry, parameter ? GZ_SLAB_PARAMETER : GZ_SLAB_STATE,
                             entry->name));
        for (size_t m = 0; parameter && m < moments; m++)
            GZ_TRY(restore_entry(path, file, store, entry, (gz_slab)(GZ_SLAB_MOMENT + m),
                                 moment_name(file->arena, m, entry->name)));
    }
    return GAZE_OK;
}

/* *whole is false when the file can't be read or its contents don't match their hash: an older one is then
 * tried. place->step: the name's. */
static gaze_status try_one(const char *path, gz_store *store, size_t moments, const gz_identity *identity,
                           gz_place *place, bool *whole)
{
    gz_safetensors file = {0};
    gaze_status status = gz_safetensors_read(path, &file);
    *whole = false;
    if (status != GAZE_OK) return status == GAZE_ERROR_DEVICE ? status : GAZE_OK;
    const char *hash = contents_hash(file.arena, file.arrays, file.count, file.metadata);
    GZ_GO(hash ? GAZE_OK : GAZE_ERROR_DEVICE);
    if (strcmp(hash, metadata_value(&file, "hash"))) {
        gz_fail(GAZE_ERROR_DATA, "%s: its contents don't match their hash", path);
        goto done;
    }
    GZ_GO(check_identity(path, &file, file.arena, identity));
    GZ_GO(gz_place_read(path, &file, place->step, place));
    GZ_GO(gz_place_check(path, place, identity->per_epoch));
    GZ_GO(restore(path, &file, store, moments));
    *whole = true;
done:
    gz_safetensors_free(&file);
    return status;
}

static gaze_status check_whole(const char *path, const gz_safetensors *file, const char *model_hash)
{
    const char *hash = contents_hash(file->arena, file->arrays, file->count, file->metadata);
    if (!hash) return GAZE_ERROR_DEVICE;
    if (strcmp(hash, metadata_value(file, "hash")))
        return gz_fail(GAZE_ERROR_DATA, "%s: damaged: its contents don't match their hash", path);
    const char *had = metadata_value(file, "model_hash");
    if (!strcmp(had, model_hash)) return GAZE_OK;
    return gz_fail(GAZE_ERROR_MODEL, "%s: a checkpoint of another model: model_hash %s, expected %s", path,
                   had, model_hash);
}

gaze_status gz_checkpoint_load(const char *folder, size_t step, const char *model_hash, gz_store *store,
                               gz_place *place)
{
    gz_safetensors file = {0};
    gz_arena *arena = NULL;
    gaze_status status;
    GZ_GO(gz_arena_create(&arena));
    const char *path = gz_checkpoint_path(arena, folder, step);
    GZ_GO(path ? gz_safetensors_read(path, &file) : GAZE_ERROR_DEVICE);
    GZ_GO(check_whole(path, &file, model_hash));
    GZ_GO(gz_place_read(path, &file, step, place));
    GZ_GO(restore(path, &file, store, 0));
done:
    gz_safetensors_free(&file);
    gz_arena_destroy(arena);
    return status;
}

gaze_status gz_checkpoint_resume(const char *folder, gz_store *store, size_t moments,
                                 const gz_identity *identity, gz_place *place, bool *found)
{
    size_t *steps = NULL, count = 0;
    gz_arena *arena = NULL;
    gaze_status status;
    *found = false;
    GZ_GO(gz_arena_create(&arena));
    GZ_GO(gz_checkpoint_steps(folder, &steps, &count));
    for (size_t i = 0; i < count && !*found; i++) {
        const char *path = gz_checkpoint_path(arena, folder, steps[i]);
        place->step = steps[i];
        GZ_GO(path ? try_one(path, store, moments, identity, place, found) : GAZE_ERROR_DEVICE);
        /* Newer ones, that aren't whole, must not be among the two that are kept. That one stays does no harm
         * by itself. */
        if (*found) (void)gz_checkpoint_remove(arena, folder, steps, i);
    }
    if (count && !*found)
        status =
            gz_fail(GAZE_ERROR_DATA,
                    "%s: none of the %zu checkpoints is whole: begin again without --resume (the oldest: %s)",
                    folder, count, gaze_message());
done:
    free(steps);
    gz_arena_destroy(arena);
    return status;
}
