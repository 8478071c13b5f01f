/* A ring of batches: one thread fills free places in order, the caller takes them in the same order. */
#include "../base/thread.h"
#include "augment.h"

#include <stdlib.h>
#include <string.h>

enum { DEFAULT_AHEAD = 4, MESSAGE_BYTES = 4096 };

struct gz_batches {
    const gz_data *data;
    gz_batches_options options;
    size_t samples;          /* in an epoch */
    size_t *sample_bytes;    /* of each input */
    size_t epoch;            /* being filled; so are the next three the thread's */
    uint32_t *order;         /* of the epoch */
    gz_augmenter *augmenter; /* NULL: samples stay as they are */
    void **sample;           /* [n_inputs], where fetch writes */
    gz_batch *ring;          /* [places]: one with the caller, the others ahead */
    size_t places;

    pthread_t thread;
    bool running;
    pthread_mutex_t mutex; /* guards what follows */
    pthread_cond_t changed;
    size_t filled, taken; /* batches since the beginning; place = number modulo places */
    bool holding;         /* the caller has batch number `taken` */
    bool stop, finished;  /* finished: no more batches come */
    gaze_status status;   /* of the thread, with its message */
    char message[MESSAGE_BYTES];
};

static void order_epoch(gz_batches *b, size_t epoch)
{
    if (b->options.shuffle)
        gz_random_permutation(gz_key_make(b->options.seed, "shuffle"), epoch, b->order, b->samples);
    else
        for (size_t i = 0; i < b->samples; i++) b->order[i] = (uint32_t)i;
}

static bool may_be_left_out(const gz_batches *b, gaze_status status)
{
    return status == GAZE_ERROR_DATA && b->data->skip_bad;
}

/* Sample number `position` of the epoch's order; in training the next that is sound. */
static gaze_status fetch_sound(gz_batches *b, size_t position, int32_t *label)
{
    gaze_status status = GAZE_OK;
    const size_t attempts = b->options.training ? b->samples : 1;
    for (size_t i = 0; i < attempts; i++) {
        const size_t index = b->order[(position + i) % b->samples];
        status = gz_data_fetch(b->data, b->options.part, index, b->sample, label);
        if (status == GAZE_OK && b->augmenter) gz_augment_sample(b->augmenter, b->epoch, index, b->sample);
        if (!may_be_left_out(b, status)) return status;
    }
    return status;
}

size_t gz_share_first(size_t count, size_t rank, size_t ranks) { return (count * rank + ranks - 1) / ranks; }

/* Does each rank take a part of every batch? Otherwise batches are dealt out. */
static bool cuts_batches(const gz_batches *b) { return b->options.training && b->options.share.ranks > 0; }

static bool is_dealt(const gz_batches *b, size_t first)
{
    const gz_share share = b->options.share;
    return share.ranks == 0 || b->options.training ||
           first / b->options.batch_size % share.ranks == share.rank;
}

static gaze_status fill(gz_batches *b, gz_batch *batch, size_t first)
{
    const gz_share share = b->options.share;
    const size_t left = b->samples - first, n_inputs = b->data->n_inputs,
                 whole = left < b->options.batch_size ? left : b->options.batch_size,
                 begin = cuts_batches(b) ? gz_share_first(whole, share.rank, share.ranks) : 0,
                 end = cuts_batches(b) ? gz_share_first(whole, share.rank + 1, share.ranks) : whole;
    batch->first = first + begin;
    batch->whole = whole;
    batch->count = 0;
    for (size_t k = begin; k < end; k++) {
        for (size_t i = 0; i < n_inputs; i++)
            b->sample[i] = (char *)batch->inputs[i] + batch->count * b->sample_bytes[i];
        const gaze_status status =
            fetch_sound(b, first + k, batch->labels + batch->count * b->data->label_count);
        if (status == GAZE_OK)
            batch->count++;
        else if (b->options.training || !may_be_left_out(b, status))
            return status;
    }
    return GAZE_OK;
}

/* The next place to fill, or NULL when the caller wants no more. */
static gz_batch *wait_for_place(gz_batches *b)
{
    pthread_mutex_lock(&b->mutex);
    while (!b->stop && b->filled - b->taken == b->places) pthread_cond_wait(&b->changed, &b->mutex);
    gz_batch *place = b->stop ? NULL : &b->ring[b->filled % b->places];
    pthread_mutex_unlock(&b->mutex);
    return place;
}

static void hand_over(gz_batches *b)
{
    pthread_mutex_lock(&b->mutex);
    b->filled++;
    pthread_cond_signal(&b->changed);
    pthread_mutex_unlock(&b->mutex);
}

static gaze_status fill_epochs(gz_batches *b)
{
    const gz_batches_options *o = &b->options;
    size_t first = o->first_batch * o->batch_size;
    for (size_t epoch = o->first_epoch; o->epochs == 0 || epoch < o->first_epoch + o->epochs; epoch++) {
        const size_t filled = b->filled, begun = first;
        b->epoch = epoch;
        order_epoch(b, epoch);
        size_t tried = 0;
        for (; first < b->samples; first += o->batch_size) {
            if (!is_dealt(b, first)) continue;
            gz_batch *place = wait_for_place(b);
            if (!place) return GAZE_OK;
            tried++;
            GZ_TRY(fill(b, place, first));
            if (place->count || cuts_batches(b)) hand_over(b);
        }
        if (begun == 0 && tried && b->filled == filled)
            return gz_fail_context(GAZE_ERROR_DATA, "no sample can be read");
        first = 0;
    }
    return GAZE_OK;
}

static void *run(void *argument)
{
    gz_batches *b = argument;
    const gaze_status status = fill_epochs(b);
    pthread_mutex_lock(&b->mutex);
    b->finished = true;
    b->status = status;
    if (status != GAZE_OK)
        snprintf(b->message, sizeof b->message, "%s", gaze_message()); /* this thread's own */
    pthread_cond_signal(&b->changed);
    pthread_mutex_unlock(&b->mutex);
    return NULL;
}

static gaze_status check_options(const gz_data *data, const gz_batches_options *o, size_t *samples)
{
    const char *part = o->part == GZ_TEST ? "test" : "training";
    *samples = gz_data_count(data, o->part);
    if (o->limit && o->limit < *samples) *samples = o->limit;
    if (o->batch_size == 0) return gz_fail(GAZE_ERROR_USAGE, "the batch size is 0, expected at least 1");
    if (*samples == 0) return gz_fail(GAZE_ERROR_DATA, "the %s data has no %s part", data->type->name, part);
    if (*samples > UINT32_MAX)
        return gz_fail(GAZE_ERROR_DATA, "the %s part has %zu samples, expected at most %u", part, *samples,
                       UINT32_MAX);
    return GAZE_OK;
}

static gaze_status measure_samples(gz_batches *b)
{
    GZ_TRY(gz_allocate(b->data->n_inputs, sizeof *b->sample_bytes, &b->sample_bytes));
    for (size_t i = 0; i < b->data->n_inputs; i++) {
        const gaze_array *input = &b->data->inputs[i];
        size_t bytes = 4;
        for (size_t k = 0; k < input->rank; k++)
            if (!gz_multiply(bytes, input->shape[k], &bytes)) return gz_fail_memory(SIZE_MAX);
        b->sample_bytes[i] = bytes;
    }
    return GAZE_OK;
}

static gaze_status make_ring(gz_batches *b)
{
    const size_t n_inputs = b->data->n_inputs, size = b->options.batch_size;
    GZ_TRY(gz_allocate(b->places, sizeof *b->ring, &b->ring));
    for (size_t p = 0; p < b->places; p++) {
        size_t labels;
        if (!gz_multiply(size, b->data->label_count, &labels)) return gz_fail_memory(SIZE_MAX);
        GZ_TRY(gz_allocate(n_inputs, sizeof(void *), &b->ring[p].inputs));
        GZ_TRY(gz_allocate(labels, sizeof(int32_t), &b->ring[p].labels));
        for (size_t i = 0; i < n_inputs; i++)
            GZ_TRY(gz_allocate(size, b->sample_bytes[i], &b->ring[p].inputs[i]));
    }
    return GAZE_OK;
}

static gaze_status make_buffers(gz_batches *b)
{
    GZ_TRY(measure_samples(b));
    GZ_TRY(gz_allocate(b->samples, sizeof *b->order, &b->order));
    GZ_TRY(gz_allocate(b->data->n_inputs, sizeof *b->sample, &b->sample));
    if (b->options.training) GZ_TRY(gz_augmenter_create(b->data, b->options.seed, &b->augmenter));
    return make_ring(b);
}

static gaze_status start_thread(gz_batches *b)
{
    const int error = gz_thread_start(&b->thread, NULL, run, b);
    if (error) return gz_fail(GAZE_ERROR_DEVICE, "no thread for preparing batches: %s", strerror(error));
    b->running = true;
    return GAZE_OK;
}

gaze_status gz_batches_open(const gz_data *data, const gz_batches_options *options, gz_batches **out)
{
    size_t samples;
    gz_batches *b;
    GZ_TRY(check_options(data, options, &samples));
    GZ_TRY(gz_allocate(1, sizeof *b, &b));
    b->data = data;
    b->options = *options;
    if (b->options.batch_size > samples) b->options.batch_size = samples;
    b->samples = samples;
    b->places = (options->ahead ? options->ahead : DEFAULT_AHEAD) + 1;
    pthread_mutex_init(&b->mutex, NULL);
    pthread_cond_init(&b->changed, NULL);
    gaze_status status = make_buffers(b);
    if (status == GAZE_OK) status = start_thread(b);
    if (status == GAZE_OK)
        *out = b;
    else
        gz_batches_close(b);
    return status;
}

/* `taken` counts batches that the caller is done with: the one it holds stays untouched until it asks for the
 * next. */
gaze_status gz_batches_next(gz_batches *b, const gz_batch **batch)
{
    pthread_mutex_lock(&b->mutex);
    if (b->holding) b->taken++;
    pthread_cond_signal(&b->changed);
    while (b->filled == b->taken && !b->finished) pthread_cond_wait(&b->changed, &b->mutex);
    b->holding = b->filled != b->taken;
    *batch = b->holding ? &b->ring[b->taken % b->places] : NULL;
    const gaze_status status = b->holding ? GAZE_OK : b->status;
    pthread_mutex_unlock(&b->mutex);
    return status == GAZE_OK ? GAZE_OK : gz_fail(status, "%s", b->message);
}

static void free_batch(gz_batch *batch, size_t n_inputs)
{
    for (size_t i = 0; batch->inputs && i < n_inputs; i++) free(batch->inputs[i]);
    free(batch->inputs);
    free(batch->labels);
}

void gz_batches_close(gz_batches *b)
{
    if (!b) return;
    if (b->running) {
        pthread_mutex_lock(&b->mutex);
        b->stop = true;
        pthread_cond_signal(&b->changed);
        pthread_mutex_unlock(&b->mutex);
        pthread_join(b->thread, NULL);
    }
    for (size_t p = 0; b->ring && p < b->places; p++) free_batch(&b->ring[p], b->data->n_inputs);
    pthread_cond_destroy(&b->changed);
    pthread_mutex_destroy(&b->mutex);
    free(b->ring);
    gz_augmenter_destroy(b->augmenter);
    free(b->order);
    free(b->sample);
    free(b->sample_bytes);
    free(b);
}
