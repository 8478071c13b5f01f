#include "buckets.h"

#include "../ops/ops.h"

#include <stdlib.h>
#include <string.h>

/* A parameter whose gradient is made by node `ready`. `room`: its floats with the padding behind them. */
typedef struct part {
    size_t offset, room, ready;
} part;

/* The node that makes the gradient of this parameter; SIZE_MAX: none does. */
static size_t maker(const gz_graph *graph, const char *parameter)
{
    for (size_t n = 0; n < graph->n_nodes; n++)
        for (size_t i = 0; i < graph->nodes[n]->n_out; i++) {
            const gz_tensor *out = graph->nodes[n]->out[i];
            if (out && out->is_gradient && !strcmp(out->of->name, parameter)) return n;
        }
    return SIZE_MAX;
}

static size_t room_of(const gz_store *store, size_t entry)
{
    const size_t offset = gz_store_at(store, entry)->offset;
    size_t end = gz_store_slab_floats(store, GZ_SLAB_PARAMETER);
    for (size_t i = 0; i < gz_store_count(store); i++) {
        const gz_store_entry *other = gz_store_at(store, i);
        if (other->role == GZ_PARAMETER && other->offset > offset && other->offset < end) end = other->offset;
    }
    return end - offset;
}

static int by_readiness(const void *a, const void *b)
{
    const part *p = a, *q = b;
    if (p->ready != q->ready) return p->ready < q->ready ? -1 : 1;
    return p->offset < q->offset ? -1 : 1;
}

/* Every parameter that has a gradient, as it becomes ready. */
static gaze_status list_parts(const gz_store *store, const gz_graph *graph, part **parts, size_t *count)
{
    *count = 0;
    GZ_TRY(gz_allocate(gz_store_count(store), sizeof **parts, parts));
    for (size_t i = 0; i < gz_store_count(store); i++) {
        const gz_store_entry *entry = gz_store_at(store, i);
        const size_t ready = entry->role == GZ_PARAMETER ? maker(graph, entry->name) : SIZE_MAX;
        if (ready != SIZE_MAX) (*parts)[(*count)++] = (part){entry->offset, room_of(store, i), ready};
    }
    qsort(*parts, *count, sizeof **parts, by_readiness);
    return GAZE_OK;
}

static gaze_status add_bucket(gz_buckets *buckets)
{
    GZ_TRY(gz_grow(&buckets->list, &buckets->capacity, buckets->count + 1, sizeof *buckets->list));
    buckets->list[buckets->count++] = (gz_bucket){0};
    return GAZE_OK;
}

/* Neighbours in the slab become one range: one copy. */
static gaze_status add_range(gz_bucket *bucket, gz_slab slab, size_t offset, size_t count)
{
    bucket->count += count;
    for (size_t i = 0; i < bucket->n_ranges; i++) {
        gz_range *range = &bucket->ranges[i];
        const bool before = offset + count == range->offset, behind = range->offset + range->count == offset;
        if (range->slab != slab || !(before || behind)) continue;
        if (before) range->offset = offset;
        range->count += count;
        return GAZE_OK;
    }
    GZ_TRY(gz_grow(&bucket->ranges, &bucket->capacity, bucket->n_ranges + 1, sizeof *bucket->ranges));
    bucket->ranges[bucket->n_ranges++] = (gz_range){slab, offset, count, 0};
    return GAZE_OK;
}

static gaze_status add_part(gz_buckets *buckets, part p, size_t most)
{
    while (p.room) {
        gz_bucket *last = buckets->count ? &buckets->list[buckets->count - 1] : NULL;
        const size_t free_floats = last ? most - last->count : 0,
                     take = p.room < free_floats ? p.room : free_floats;
        if (!take) {
            GZ_TRY(add_bucket(buckets));
            continue;
        }
        GZ_TRY(add_range(last, GZ_SLAB_GRADIENT, p.offset, take));
        p.offset += take;
        p.room -= take;
    }
    return GAZE_OK;
}

static gaze_status add_state(gz_buckets *buckets, const gz_store *store)
{
    const gz_store_entry *sums = gz_store_find(store, GZ_SUMS);
    if (!sums) return gz_fail(GAZE_ERROR_MODEL, "the model has no loss to measure");
    GZ_TRY(add_bucket(buckets));
    gz_bucket *last = &buckets->list[buckets->count - 1];
    for (size_t i = 0; i < gz_store_count(store); i++) {
        const gz_store_entry *entry = gz_store_at(store, i);
        if (entry->role == GZ_STATE && entry != sums)
            GZ_TRY(add_range(last, GZ_SLAB_STATE, entry->offset, gz_shape_count(entry->shape)));
    }
    last->plain = last->count;
    GZ_TRY(gz_grow(&last->ranges, &last->capacity, last->n_ranges + 1, sizeof *last->ranges));
    last->ranges[last->n_ranges++] = (gz_range){GZ_SLAB_STATE, sums->offset, GZ_SUMS_FLOATS, 0};
    last->count += GZ_TAIL_FLOATS;
    return GAZE_OK;
}

static gaze_status complete(gz_bucket *bucket, size_t ranks)
{
    size_t at = 0;
    for (size_t i = 0; i < bucket->n_ranges; at += bucket->ranges[i++].count) bucket->ranges[i].at = at;
    if (bucket->count == at) bucket->plain = at; /* gradients alone */
    bucket->piece = (bucket->count + ranks - 1) / ranks;
    GZ_TRY(gz_allocate(ranks * bucket->piece, sizeof *bucket->values, &bucket->values));
    GZ_TRY(gz_allocate(ranks * bucket->piece, sizeof *bucket->received, &bucket->received));
    return gz_allocate(2 * ranks, sizeof *bucket->requests, &bucket->requests);
}

gaze_status gz_buckets_make(const gz_store *store, const gz_graph *graph, size_t most, size_t ranks,
                            gz_buckets *buckets)
{
    part *parts = NULL;
    size_t count;
    gaze_status status;
    GZ_GO(list_parts(store, graph, &parts, &count));
    for (size_t i = 0; i < count; i++) GZ_GO(add_part(buckets, parts[i], most));
    GZ_GO(add_state(buckets, store));
    for (size_t b = 0; b < buckets->count; b++) GZ_GO(complete(&buckets->list[b], ranks));
done:
    free(parts);
    return status;
}

void gz_buckets_free(gz_buckets *buckets)
{
    for (size_t b = 0; b < buckets->count; b++) {
        gz_bucket *bucket = &buckets->list[b];
        if (bucket->reading && !gz_device_forked()) clReleaseEvent(bucket->reading);
        free(bucket->ranges);
        free(bucket->requests);
        if (bucket->stage >= GZ_SCATTERING) continue; /* messages may still come; this is the process's end */
        free(bucket->values);
        free(bucket->received);
    }
    free(buckets->list);
    *buckets = (gz_buckets){0};
}

static bool holds(const gz_bucket *bucket, size_t offset)
{
    for (size_t i = 0; i < bucket->n_ranges; i++) {
        const gz_range *range = &bucket->ranges[i];
        if (range->slab == GZ_SLAB_GRADIENT && offset - range->offset < range->count) return true;
    }
    return false;
}

/* A gradient that is cut lies in buckets that follow one another. */
static bool overlaps(const gz_bucket *bucket, part p)
{
    if (holds(bucket, p.offset) || holds(bucket, p.offset + p.room - 1)) return true;
    for (size_t i = 0; i < bucket->n_ranges; i++)
        if (bucket->ranges[i].slab == GZ_SLAB_GRADIENT && bucket->ranges[i].offset - p.offset < p.room)
            return true;
    return false;
}

static size_t update_node(const gz_graph *graph)
{
    size_t n = 0;
    while (n < graph->n_nodes && graph->nodes[n]->op != &gz_op_optimizer) n++;
    return n;
}

gaze_status gz_buckets_ends(const gz_buckets *buckets, const gz_store *store, const gz_graph *graph,
                            size_t **ends)
{
    part *parts = NULL;
    size_t count, end = 0;
    gaze_status status;
    const size_t update = update_node(graph);
    GZ_TRY(gz_allocate(buckets->count + 1, sizeof **ends, ends));
    GZ_GO(list_parts(store, graph, &parts, &count));
    for (size_t b = 0; b < buckets->count; b++) {
        for (size_t i = 0; i < count; i++)
            if (overlaps(&buckets->list[b], parts[i]) && parts[i].ready >= end) end = parts[i].ready + 1;
        (*ends)[b] = b + 1 < buckets->count ? end : update;
    }
    (*ends)[buckets->count] = update;
done:
    free(parts);
    return status;
}
