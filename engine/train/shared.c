/* A training by several processes: the same start for all, and steps that each does a part of. */
#include "run.h"

#include "../base/clock.h"

#include <stdlib.h>
#include <string.h>

enum { CHUNK_FLOATS = 1 << 20 };

/* What must be the same everywhere, in words and as a number of it. */
typedef struct fact {
    const char *name;
    uint64_t value;
} fact;

static uint64_t of_text(const char *text) { return gz_hash_number(text, strlen(text), 0); }

static gaze_status compare(gz_group *group, const fact *facts, size_t count)
{
    uint64_t *mine, *all;
    gaze_status status;
    GZ_TRY(gz_allocate((group->calls->ranks + 1) * count, sizeof *all, &all));
    mine = all + group->calls->ranks * count;
    for (size_t i = 0; i < count; i++) mine[i] = facts[i].value;
    GZ_GO(gz_group_gather(group, mine, all, count * sizeof *all));
    for (size_t i = 0; i < group->calls->ranks * count; i++) {
        if (all[i] == all[i % count]) continue;
        group->agreed = true;
        GZ_GO(gz_fail(GAZE_ERROR_USAGE,
                      "rank %zu has another %s than rank 0: all processes need the same program, model, "
                      "data and options",
                      i / count, facts[i % count].name));
    }
done:
    free(all);
    return status;
}

static gaze_status compare_runs(const gz_run *r)
{
    const gz_identity *id = &r->identity;
    const fact facts[] = {{"version of gaze", of_text(gaze_version())},
                          {"model", of_text(id->model_hash)},
                          {"data", of_text(id->data_hash)},
                          {"seed", id->seed},
                          {"batch size", id->batch_size},
                          {"number of batches", id->per_epoch},
                          {"optimizer", of_text(id->optimizer)},
                          {"number of epochs", r->epochs},
                          {"number of steps", gz_run_options(r)->steps}};
    return compare(r->t->base.group, facts, sizeof facts / sizeof *facts);
}

static gaze_status give_slab(gz_group *group, gz_store *store, gz_slab slab, float *chunk)
{
    const size_t floats = gz_store_slab_floats(store, slab);
    for (size_t at = 0; at < floats; at += CHUNK_FLOATS) {
        const size_t count = floats - at < CHUNK_FLOATS ? floats - at : CHUNK_FLOATS;
        if (group->calls->rank == 0) GZ_TRY(gz_store_read(store, slab, at, chunk, count));
        GZ_TRY(gz_group_broadcast(group, chunk, count * sizeof *chunk));
        if (group->calls->rank) GZ_TRY(gz_store_write(store, slab, at, chunk, count));
    }
    return GAZE_OK;
}

static gaze_status give_slabs(const gz_run *r, float *chunk)
{
    gz_group *group = r->t->base.group;
    gz_store *store = r->t->base.store;
    GZ_TRY(give_slab(group, store, GZ_SLAB_PARAMETER, chunk));
    GZ_TRY(give_slab(group, store, GZ_SLAB_STATE, chunk));
    for (size_t i = 0; i < r->moments; i++)
        GZ_TRY(give_slab(group, store, (gz_slab)(GZ_SLAB_MOMENT + i), chunk));
    return group->calls->rank ? gz_sums_clear(store) : GAZE_OK; /* rank 0 keeps them */
}

gaze_status gz_run_share_start(gz_run *r)
{
    float *chunk;
    GZ_TRY(compare_runs(r));
    GZ_TRY(gz_group_broadcast(r->t->base.group, &r->place, sizeof r->place));
    GZ_TRY(gz_allocate(CHUNK_FLOATS, sizeof *chunk, &chunk));
    const gaze_status status = give_slabs(r, chunk);
    free(chunk);
    return status;
}

/* Samples of a whole batch that are this rank's. */
static size_t own_samples(const gz_run *r)
{
    const gaze_group *group = r->t->base.group->calls;
    return gz_share_first(r->batch_size, group->rank + 1, group->ranks) -
           gz_share_first(r->batch_size, group->rank, group->ranks);
}

gaze_status gz_run_share_steps(gz_run *r)
{
    const gz_step_base *base = &r->t->base;
    gz_step *step;
    GZ_TRY(gz_step_pair_make(base, &r->steps, own_samples(r), true, own_samples(r), &step));
    const size_t least = gz_store_slab_floats(base->store, GZ_SLAB_PARAMETER) / GZ_MOST_BUCKETS,
                 most = least > GZ_BUCKET_FLOATS ? least : GZ_BUCKET_FLOATS;
    return gz_exchange_create(base->group, base->store, step, most, &r->exchange);
}

gaze_status gz_run_shared_step(gz_run *r, const gz_batch *batch)
{
    const gz_step_base *base = &r->t->base;
    const double began = gz_seconds();
    gz_shared_step shared = {.step = &r->steps.whole, .whole = batch->whole, .stop = r->wants_stop};
    gz_shared known;
    if (batch->count) {
        GZ_TRY(gz_step_pair_make(base, &r->steps, own_samples(r), true, batch->count, &shared.step));
        GZ_TRY(gz_step_write(base, shared.step, batch, r->place.step + 1));
    } else {
        GZ_TRY(gz_step_write_numbers(base, shared.step, r->place.step + 1));
    }
    GZ_TRY(gz_exchange_run(r->exchange, &shared, &known));
    r->sums = known.sums;
    r->stops = known.stop;
    gz_group_expect(base->group, gz_seconds() - began);
    return GAZE_OK;
}
