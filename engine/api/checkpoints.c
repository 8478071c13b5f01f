#include "checkpoints.h"

#include <stdlib.h>

/* The model's own weights while others are in its store. */
typedef struct own_weights {
    float *parameters, *states;
} own_weights;

static gaze_status keep_slab(const gz_store *store, gz_slab slab, float **values)
{
    const size_t count = gz_store_slab_floats(store, slab);
    GZ_TRY(gz_allocate(count, sizeof **values, values));
    return gz_store_read(store, slab, 0, *values, count);
}

static gaze_status keep_weights(gaze_model *m, own_weights *own)
{
    GZ_TRY(gz_api_weights(m, false, 0));
    GZ_TRY(keep_slab(m->store, GZ_SLAB_PARAMETER, &own->parameters));
    return keep_slab(m->store, GZ_SLAB_STATE, &own->states);
}

static gaze_status give_back(gaze_model *m, const own_weights *own)
{
    gz_store *store = m->store;
    GZ_TRY(gz_store_write(store, GZ_SLAB_PARAMETER, 0, own->parameters,
                          gz_store_slab_floats(store, GZ_SLAB_PARAMETER)));
    return gz_store_write(store, GZ_SLAB_STATE, 0, own->states, gz_store_slab_floats(store, GZ_SLAB_STATE));
}

const char *gz_api_moment(gz_arena *arena, const gz_place *place)
{
    if (!place->step) return "before training";
    if (!place->batch) return gz_arena_format(arena, "epoch %zu", place->epoch);
    return gz_arena_format(arena, "epoch %zu, batch %zu", place->epoch + 1, place->batch);
}

static gaze_status visit_one(gaze_model *m, const char *folder, size_t step, const gz_checkpoint_visit *visit)
{
    gz_place place;
    const gaze_status status = gz_checkpoint_load(folder, step, m->file->hash.text, m->store, &place);
    if (status == GAZE_ERROR_DATA) visit->damaged(visit->user);
    if (status != GAZE_OK) return status == GAZE_ERROR_DATA ? GAZE_OK : status;
    return visit->visit(visit->user, &place);
}

gaze_status gz_api_visit_checkpoints(gaze_model *m, const char *folder, const size_t *steps, size_t count,
                                     const gz_checkpoint_visit *visit)
{
    own_weights own = {0};
    gaze_status status;
    GZ_GO(keep_weights(m, &own));
    for (size_t i = 0; status == GAZE_OK && i < count; i++) status = visit_one(m, folder, steps[i], visit);
    const gaze_status back = give_back(m, &own);
    if (status == GAZE_OK) status = back;
done:
    free(own.parameters);
    free(own.states);
    return status;
}
