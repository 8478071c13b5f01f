#include "exchange.h"

#include "buckets.h"

#include <stdlib.h>
#include <string.h>

struct gz_exchange {
    gz_group *group;
    gz_store *store;
    gz_buckets buckets;
    gz_device *device; /* that runs the step */
    double *weights;   /* [ranks] of this step: a rank's share of the batch */
    double *sum;       /* of a piece */
};

gaze_status gz_exchange_create(gz_group *group, gz_store *store, const gz_step *step, size_t bucket_floats,
                               gz_exchange **out)
{
    const size_t ranks = group->calls->ranks;
    gz_exchange *x;
    size_t most = 0;
    gaze_status status;
    GZ_TRY(gz_allocate(1, sizeof *x, &x));
    x->group = group;
    x->store = store;
    GZ_GO(gz_buckets_make(store, step->built.graph, bucket_floats, ranks, &x->buckets));
    for (size_t b = 0; b < x->buckets.count; b++)
        if (x->buckets.list[b].piece > most) most = x->buckets.list[b].piece;
    GZ_GO(gz_allocate(ranks, sizeof *x->weights, &x->weights));
    GZ_GO(gz_allocate(most, sizeof *x->sum, &x->sum));
    *out = x;
done:
    if (status != GAZE_OK) gz_exchange_destroy(x);
    return status;
}

void gz_exchange_destroy(gz_exchange *x)
{
    if (!x) return;
    gz_buckets_free(&x->buckets);
    free(x->weights);
    free(x->sum);
    free(x);
}

size_t gz_exchange_buckets(const gz_exchange *x) { return x->buckets.count; }

static gz_bucket *last_of(const gz_exchange *x) { return &x->buckets.list[x->buckets.count - 1]; }

/* Tags: two a bucket, behind that of a group's own messages. */
static int tag_of(const gz_exchange *x, const gz_bucket *bucket, int stage)
{
    return 1 + 2 * (int)(bucket - x->buckets.list) + stage;
}

static gaze_status begin_reading(gz_exchange *x, gz_bucket *bucket)
{
    for (size_t i = 0; i < bucket->n_ranges; i++) {
        const gz_range *range = &bucket->ranges[i];
        const bool last = i + 1 == bucket->n_ranges;
        GZ_TRY(gz_device_read_later(x->device, gz_store_memory(x->store, range->slab),
                                    range->offset * sizeof(float), bucket->values + range->at,
                                    range->count * sizeof(float), last ? &bucket->reading : NULL));
    }
    bucket->stage = GZ_READING;
    return gz_device_flush(x->device);
}

/* Every rank gets its piece. */
static gaze_status begin_scattering(gz_exchange *x, gz_bucket *bucket)
{
    const size_t bytes = bucket->piece * sizeof(float);
    GZ_TRY(gz_group_begin(x->group, tag_of(x, bucket, 0), bucket->values, bytes, bucket->received, bytes,
                          bucket->requests));
    bucket->stage = GZ_SCATTERING;
    return GAZE_OK;
}

static void add(double *sum, const float *values, size_t count, double weight, bool first)
{
    if (first)
        for (size_t i = 0; i < count; i++) sum[i] = weight * (double)values[i];
    else
        for (size_t i = 0; i < count; i++) sum[i] += weight * (double)values[i];
}

/* In double, in the order of ranks; a rank without samples has no say, not even a NaN's. */
static void sum_piece(gz_exchange *x, gz_bucket *bucket)
{
    const size_t rank = x->group->calls->rank, piece = bucket->piece, begin = rank * piece,
                 mean = bucket->plain <= begin           ? 0
                        : bucket->plain >= begin + piece ? piece
                                                         : bucket->plain - begin;
    float *own = bucket->values + begin;
    bool first = true;
    for (size_t r = 0; r < x->group->calls->ranks; r++) {
        const float *values = r == rank ? own : bucket->received + r * piece;
        add(x->sum + mean, values + mean, piece - mean, 1, r == 0);
        if (x->weights[r] == 0) continue;
        add(x->sum, values, mean, x->weights[r], first);
        first = false;
    }
    for (size_t i = 0; i < piece; i++) own[i] = (float)x->sum[i];
}

/* Every rank gets everyone's sums. */
static gaze_status begin_gathering(gz_exchange *x, gz_bucket *bucket)
{
    const float *own = bucket->values + x->group->calls->rank * bucket->piece;
    GZ_TRY(gz_group_begin(x->group, tag_of(x, bucket, 1), own, 0, bucket->values,
                          bucket->piece * sizeof(float), bucket->requests));
    bucket->stage = GZ_GATHERING;
    return GAZE_OK;
}

static void learn(const gz_exchange *x, gz_shared *known)
{
    gz_bucket *last = last_of(x);
    float *sums = last->values + last->plain;
    *known = (gz_shared){{sums[0], sums[1], sums[2]}, sums[GZ_SUMS_FLOATS] != 0};
    if (x->group->calls->rank) memset(sums, 0, GZ_SUMS_FLOATS * sizeof *sums);
}

static gaze_status write_back(gz_exchange *x, gz_bucket *bucket, gz_shared *known)
{
    if (bucket == last_of(x)) learn(x, known);
    for (size_t i = 0; i < bucket->n_ranges; i++) {
        const gz_range *range = &bucket->ranges[i];
        GZ_TRY(gz_device_write_later(x->device, gz_store_memory(x->store, range->slab),
                                     range->offset * sizeof(float), bucket->values + range->at,
                                     range->count * sizeof(float)));
    }
    bucket->stage = GZ_AT_REST;
    return GAZE_OK;
}

/* wait: for the device, where it's that that the bucket waits for. */
static gaze_status advance(gz_exchange *x, gz_bucket *bucket, bool wait, gz_shared *known, bool *moved)
{
    bool done = false;
    if (bucket->stage == GZ_AT_REST) return GAZE_OK;
    GZ_TRY(bucket->stage == GZ_READING
               ? gz_event_take(&bucket->reading, wait, &done)
               : gz_group_test(x->group, bucket->requests, 2 * x->group->calls->ranks, &done));
    if (!done) return GAZE_OK;
    *moved = true;
    if (bucket->stage == GZ_READING) return begin_scattering(x, bucket);
    if (bucket->stage == GZ_GATHERING) return write_back(x, bucket, known);
    sum_piece(x, bucket);
    return begin_gathering(x, bucket);
}

/* Buckets come to rest in any order; none waits for another. */
static gaze_status advance_all(gz_exchange *x, gz_shared *known, bool *moved)
{
    *moved = false;
    for (size_t b = 0; b < x->buckets.count; b++)
        GZ_TRY(advance(x, &x->buckets.list[b], false, known, moved));
    return GAZE_OK;
}

/* The first bucket that isn't at rest; NULL: all are. *messages: some bucket waits for other processes. */
static gz_bucket *first_under_way(const gz_exchange *x, bool *messages)
{
    gz_bucket *first = NULL;
    *messages = false;
    for (size_t b = 0; b < x->buckets.count; b++) {
        gz_bucket *bucket = &x->buckets.list[b];
        if (bucket->stage != GZ_AT_REST && !first) first = bucket;
        *messages |= bucket->stage == GZ_SCATTERING || bucket->stage == GZ_GATHERING;
    }
    return first;
}

/* Messages have to be asked for again and again; the device is waited for, which leaves it the core. */
static gaze_status finish(gz_exchange *x, gz_shared *known)
{
    gz_waiting waiting = {0};
    for (;;) {
        bool moved, messages;
        GZ_TRY(advance_all(x, known, &moved));
        gz_bucket *first = first_under_way(x, &messages);
        if (!first) return GAZE_OK;
        GZ_TRY(messages ? gz_group_pause(x->group, &waiting, moved) : advance(x, first, true, known, &moved));
    }
}

/* What each rank's part of the batch is of the whole; false: this rank's is nothing. */
static bool weigh(gz_exchange *x, size_t whole)
{
    const size_t ranks = x->group->calls->ranks;
    for (size_t r = 0; r < ranks; r++)
        x->weights[r] =
            (double)(gz_share_first(whole, r + 1, ranks) - gz_share_first(whole, r, ranks)) / (double)whole;
    return x->weights[x->group->calls->rank] > 0;
}

gaze_status gz_exchange_run(gz_exchange *x, const gz_shared_step *shared, gz_shared *known)
{
    gz_step *step = shared->step;
    const size_t n_nodes = step->built.graph->n_nodes, n_buckets = x->buckets.count;
    const bool works = weigh(x, shared->whole);
    bool moved;
    size_t from = 0;
    if (!step->ends) GZ_TRY(gz_buckets_ends(&x->buckets, x->store, step->built.graph, &step->ends));
    x->device = gz_plan_runs_on(step->plan);
    last_of(x)->values[last_of(x)->count - 1] = shared->stop;
    for (size_t b = 0; b < n_buckets; b++) {
        if (works) GZ_TRY(gz_plan_run_nodes(step->plan, from, step->ends[b]));
        from = step->ends[b];
        GZ_TRY(begin_reading(x, &x->buckets.list[b]));
        GZ_TRY(advance_all(x, known, &moved));
    }
    GZ_TRY(finish(x, known));
    return gz_plan_run_nodes(step->plan, step->ends[n_buckets], n_nodes);
}
