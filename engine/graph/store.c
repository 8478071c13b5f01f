#include "store.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_MOMENTS = 3, SLABS = GZ_SLAB_MOMENT + MAX_MOMENTS, HOST_ALIGNMENT_FLOATS = 32 };

struct gz_store {
    gz_device *device; /* NULL: reference mode */
    gz_arena *arena;
    gz_store_entry *entries;
    size_t n_entries, capacity;
    size_t floats[2]; /* of the parameter and the state slab */
    size_t alignment; /* floats */
    bool allocated, training;
    size_t moments, version;
    cl_mem memory[SLABS];
    double *host[SLABS];
};

gaze_status gz_store_create(gz_device *device, gz_store **out)
{
    gz_store *store;
    GZ_TRY(gz_allocate(1, sizeof *store, &store));
    store->device = device;
    store->alignment =
        device ? gz_device_facts_of(device)->base_align_bytes / sizeof(float) : HOST_ALIGNMENT_FLOATS;
    gaze_status status = gz_arena_create(&store->arena);
    if (status == GAZE_OK)
        *out = store;
    else
        free(store);
    return status;
}

static void release(gz_store *store)
{
    for (size_t i = 0; i < SLABS; i++) {
        if (store->device) gz_device_release(store->device, store->memory[i]);
        free(store->host[i]);
        store->memory[i] = NULL;
        store->host[i] = NULL;
    }
}

void gz_store_destroy(gz_store *store)
{
    if (!store) return;
    release(store);
    free(store->entries);
    gz_arena_destroy(store->arena);
    free(store);
}

static gaze_status declare_again(const gz_store_entry *entry, gz_role role, gz_shape shape)
{
    char had[96], wanted[96];
    if (gz_shape_equal(entry->shape, shape) && entry->role == role) return GAZE_OK;
    return gz_fail(GAZE_ERROR_MODEL, "weight '%s' is used with shape %s and with shape %s", entry->name,
                   gz_shape_text(entry->shape, had), gz_shape_text(shape, wanted));
}

gaze_status gz_store_declare(gz_store *store, const char *name, gz_role role, gz_shape shape)
{
    const gz_store_entry *known = gz_store_find(store, name);
    if (known) return declare_again(known, role, shape);
    if (store->allocated)
        return gz_fail(GAZE_ERROR_MODEL, "weight '%s' was not there when memory for weights was made", name);
    GZ_TRY(gz_grow(&store->entries, &store->capacity, store->n_entries + 1, sizeof *store->entries));
    char *copy = gz_arena_copy(store->arena, name);
    if (!copy) return GAZE_ERROR_DEVICE;
    size_t *floats = &store->floats[role == GZ_PARAMETER ? GZ_SLAB_PARAMETER : GZ_SLAB_STATE], end;
    if (!gz_add(*floats, gz_round_up(gz_shape_count(shape), store->alignment), &end) || end > INT32_MAX)
        return gz_fail(GAZE_ERROR_MODEL, "weights up to '%s' have more than 2^31 - 1 values", name);
    store->entries[store->n_entries++] = (gz_store_entry){copy, role, shape, *floats};
    *floats = end;
    return GAZE_OK;
}

static bool slab_exists(const gz_store *store, size_t slab)
{
    if (slab < GZ_SLAB_GRADIENT) return true;
    return store->training && (slab == GZ_SLAB_GRADIENT || slab - GZ_SLAB_MOMENT < store->moments);
}

static gaze_status allocate_slab(gz_store *store, size_t slab)
{
    const size_t floats = gz_store_slab_floats(store, (gz_slab)slab);
    if (store->memory[slab] || store->host[slab] || !floats || !slab_exists(store, slab)) return GAZE_OK;
    if (store->device) return gz_device_allocate(store->device, floats * sizeof(float), &store->memory[slab]);
    return gz_allocate(floats, sizeof(double), &store->host[slab]);
}

gaze_status gz_store_expect(gz_store *store, bool training, size_t moments)
{
    if (moments > MAX_MOMENTS)
        return gz_fail(GAZE_ERROR_MODEL, "an optimizer with %zu moments: at most %d are possible", moments,
                       MAX_MOMENTS);
    store->training |= training;
    if (moments > store->moments) store->moments = moments;
    return GAZE_OK;
}

gaze_status gz_store_allocate(gz_store *store, bool training, size_t moments)
{
    GZ_TRY(gz_store_expect(store, training, moments));
    for (size_t slab = 0; slab < SLABS; slab++)
        GZ_TRY(gz_fail_context(allocate_slab(store, slab), "memory for weights, gradients and optimizer"));
    store->allocated = true;
    return GAZE_OK;
}

size_t gz_store_count(const gz_store *store) { return store->n_entries; }
const gz_store_entry *gz_store_at(const gz_store *store, size_t i) { return &store->entries[i]; }

const gz_store_entry *gz_store_find(const gz_store *store, const char *name)
{
    for (size_t i = 0; i < store->n_entries; i++)
        if (!strcmp(store->entries[i].name, name)) return &store->entries[i];
    return NULL;
}

size_t gz_store_slab_floats(const gz_store *store, gz_slab slab)
{
    return store->floats[slab == GZ_SLAB_STATE];
}
cl_mem gz_store_memory(const gz_store *store, gz_slab slab) { return store->memory[slab]; }
double *gz_store_host(const gz_store *store, gz_slab slab) { return store->host[slab]; }

size_t gz_store_bytes(const gz_store *store)
{
    size_t bytes = 0;
    for (size_t slab = 0; slab < SLABS; slab++)
        if (slab_exists(store, slab)) bytes += gz_store_slab_floats(store, (gz_slab)slab) * sizeof(float);
    return bytes;
}

gaze_status gz_store_read(const gz_store *store, gz_slab slab, size_t offset, float *values, size_t count)
{
    if (store->device)
        return gz_device_read(store->device, store->memory[slab], offset * sizeof(float), values,
                              count * sizeof(float));
    for (size_t i = 0; i < count; i++) values[i] = (float)store->host[slab][offset + i];
    return GAZE_OK;
}

gaze_status gz_store_write(gz_store *store, gz_slab slab, size_t offset, const float *values, size_t count)
{
    gz_store_touch(store);
    if (store->device)
        return gz_device_write(store->device, store->memory[slab], offset * sizeof(float), values,
                               count * sizeof(float));
    for (size_t i = 0; i < count; i++) store->host[slab][offset + i] = values[i];
    return GAZE_OK;
}

gaze_status gz_store_clear(gz_store *store, gz_slab slab)
{
    const size_t floats = gz_store_slab_floats(store, slab);
    gz_store_touch(store);
    if (store->memory[slab])
        return gz_device_clear(store->device, store->memory[slab], floats * sizeof(float));
    for (size_t i = 0; store->host[slab] && i < floats; i++) store->host[slab][i] = 0;
    return GAZE_OK;
}

size_t gz_store_version(const gz_store *store) { return store->version; }
void gz_store_touch(gz_store *store) { store->version++; }
