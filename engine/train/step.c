#include "step.h"
#include "../model/ids.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { SUMS = 4 };

static gaze_status sample_shapes(const gz_step_base *base, gz_shape shapes[GZ_MAX_INPUTS])
{
    if (base->model->n_inputs > GZ_MAX_INPUTS)
        return gz_fail(GAZE_ERROR_MODEL, "%s: %zu inputs, at most %d are possible", base->model->path,
                       base->model->n_inputs, GZ_MAX_INPUTS);
    for (size_t i = 0; i < base->model->n_inputs; i++) {
        shapes[i].rank = base->data->inputs[i].rank;
        memcpy(shapes[i].dim, base->data->inputs[i].shape, sizeof shapes[i].dim);
    }
    return GAZE_OK;
}

/* Processes that train together drop and draw each their own, the first as it would alone. */
static uint64_t seed_of(const gz_step_base *base)
{
    char name[32];
    if (!base->group || base->group->calls->rank == 0) return base->seed;
    snprintf(name, sizeof name, "rank %zu", base->group->calls->rank);
    const gz_key key = gz_key_make(base->seed, name);
    return (uint64_t)key.word[1] << 32 | key.word[0];
}

gaze_status gz_step_make(const gz_step_base *base, size_t batch, bool training, gz_step *step)
{
    if (step->plan && step->built.batch == batch) return GAZE_OK;
    gz_step_free(step);
    gz_shape shapes[GZ_MAX_INPUTS] = {0};
    GZ_TRY(sample_shapes(base, shapes));
    const gz_build_options options = {.batch = batch,
                                      .inputs = shapes,
                                      .training = training,
                                      .loss = true,
                                      .seed = seed_of(base),
                                      .optimizer = base->optimizer,
                                      .slab_floats = gz_store_slab_floats(base->store, GZ_SLAB_PARAMETER)};
    GZ_TRY(gz_model_build(base->model, &options, &step->built));
    const gz_plan_options plan_options = {.memory_limit = base->memory_limit};
    const gaze_status status =
        gz_plan_create(base->device, step->built.graph, base->store, &plan_options, &step->plan);
    if (status != GAZE_OK) gz_step_free(step);
    return gz_fail_context(status, "%s with batches of %zu", base->model->path, batch);
}

void gz_step_free(gz_step *step)
{
    gz_plan_destroy(step->plan);
    gz_built_free(&step->built);
    free(step->ends);
    *step = (gz_step){0};
}

/* Keras folds Adam's two bias corrections into the learning rate. */
static double corrected_rate(const gz_optimizer_choice *o, size_t number)
{
    if (o->attr.kind != GZ_ADAM && o->attr.kind != GZ_ADAMW) return o->learning_rate;
    const double t = (double)number;
    return o->learning_rate * sqrt(1 - pow(o->attr.beta_2, t)) / (1 - pow(o->attr.beta_1, t));
}

gaze_status gz_step_write_numbers(const gz_step_base *base, gz_step *step, size_t number)
{
    const int32_t counter[4] = {(int32_t)(number & INT32_MAX), 0, 0, 0};
    if (step->built.step) GZ_TRY(gz_plan_write(step->plan, step->built.step, counter));
    if (!step->built.hyper) return GAZE_OK;
    const float hyper[4] = {(float)base->optimizer->learning_rate,
                            (float)corrected_rate(base->optimizer, number), 0, 0};
    return gz_plan_write(step->plan, step->built.hyper, hyper);
}

/* The label tensor is int32, or float32 one-hot where the loss is categorical_crossentropy. */
static gaze_status write_labels(gz_step *step, const int32_t *labels)
{
    const gz_tensor *label = step->built.label;
    if (!label || label->dtype == GZ_I32) return label ? gz_plan_write(step->plan, label, labels) : GAZE_OK;
    const size_t rows = gz_shape_rows(label->shape), classes = gz_shape_last(label->shape);
    float *one_hot;
    GZ_TRY(gz_allocate(rows * classes, sizeof *one_hot, &one_hot));
    for (size_t r = 0; r < rows; r++) one_hot[r * classes + (size_t)labels[r]] = 1;
    const gaze_status status = gz_plan_write(step->plan, label, one_hot);
    free(one_hot);
    return status;
}

gaze_status gz_step_write(const gz_step_base *base, gz_step *step, const gz_batch *batch, size_t number)
{
    for (size_t i = 0; i < base->model->n_inputs; i++) {
        GZ_TRY(gz_ids_check(base->model, &step->built, i, batch->inputs[i], batch->first));
        GZ_TRY(gz_plan_write(step->plan, step->built.inputs[i], batch->inputs[i]));
    }
    GZ_TRY(write_labels(step, batch->labels));
    return gz_step_write_numbers(base, step, number);
}

gaze_status gz_step_run(const gz_step_base *base, gz_step *step, const gz_batch *batch, size_t number)
{
    GZ_TRY(gz_step_write(base, step, batch, number));
    return gz_plan_run(step->plan);
}

gaze_status gz_step_pair_make(const gz_step_base *base, gz_step_pair *pair, size_t batch_size, bool training,
                              size_t count, gz_step **step)
{
    *step = count == batch_size ? &pair->whole : &pair->rest;
    return gz_step_make(base, count, training, *step);
}

gaze_status gz_step_pair_run(const gz_step_base *base, gz_step_pair *pair, size_t batch_size, bool training,
                             const gz_batch *batch, size_t number, gz_step **used)
{
    gz_step *step;
    GZ_TRY(gz_step_pair_make(base, pair, batch_size, training, batch->count, &step));
    if (used) *used = step;
    return gz_step_run(base, step, batch, number);
}

void gz_step_pair_free(gz_step_pair *pair)
{
    gz_step_free(&pair->whole);
    gz_step_free(&pair->rest);
}

gaze_status gz_sums_read(const gz_store *store, gz_sums *sums)
{
    float values[SUMS];
    const gz_store_entry *entry = gz_store_find(store, GZ_SUMS);
    if (!entry) return gz_fail(GAZE_ERROR_MODEL, "the model has no loss to measure");
    GZ_TRY(gz_store_read(store, GZ_SLAB_STATE, entry->offset, values, SUMS));
    *sums = (gz_sums){values[0], values[1], values[2]};
    return GAZE_OK;
}

gaze_status gz_sums_clear(gz_store *store)
{
    static const float zeros[SUMS];
    const gz_store_entry *entry = gz_store_find(store, GZ_SUMS);
    return entry ? gz_store_write(store, GZ_SLAB_STATE, entry->offset, zeros, SUMS) : GAZE_OK;
}
