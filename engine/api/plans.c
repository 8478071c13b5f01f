/* Plans for prediction, kept so that the next call with the same shapes starts at once. */
#include "api.h"

#include <stdlib.h>
#include <string.h>

gaze_status gz_api_plan(gaze_model *model, gz_built *built, gz_plan **plan)
{
    const gaze_context *context = model->context;
    const gz_plan_options options = {.profile = context->profile, .memory_limit = context->memory_limit};
    return gz_fail_context(gz_plan_create(context->device, built->graph, model->store, &options, plan),
                           "%s, batch %zu", model->file->path, built->batch);
}

static void forget(gz_ready *ready)
{
    gz_plan_destroy(ready->plan);
    gz_built_free(&ready->built);
    free(ready->kept);
    free(ready->parts);
    free(ready->inputs);
    *ready = (gz_ready){0};
}

void gz_api_forget_plans(gaze_model *model)
{
    for (size_t i = 0; i < model->n_ready; i++) forget(&model->ready[i]);
    model->n_ready = 0;
}

static size_t kept_count(const gaze_model *model) { return model->n_maps + model->file->n_layers; }

static bool fits(const gaze_model *model, const gz_ready *ready, const gz_wanted *wanted)
{
    if (ready->built.batch != wanted->batch) return false;
    for (size_t i = 0; i < model->file->n_inputs; i++)
        if (!gz_shape_equal(ready->inputs[i], wanted->inputs[i])) return false;
    return memcmp(ready->kept, wanted->kept, kept_count(model) * sizeof *wanted->kept) == 0 &&
           memcmp(ready->parts, wanted->parts, model->n_maps * sizeof *wanted->parts) == 0;
}

static gz_ready *find(gaze_model *model, const gz_wanted *wanted)
{
    for (size_t i = 0; i < model->n_ready; i++)
        if (fits(model, &model->ready[i], wanted)) return &model->ready[i];
    return NULL;
}

/* An empty place in the table; the plan that was not used for longest makes room. */
static gz_ready *take_place(gaze_model *model)
{
    if (model->n_ready < GZ_READY_PLANS) return &model->ready[model->n_ready++];
    gz_ready *oldest = &model->ready[0];
    for (size_t i = 1; i < GZ_READY_PLANS; i++)
        if (model->ready[i].used < oldest->used) oldest = &model->ready[i];
    forget(oldest);
    return oldest;
}

static void give_place_back(gaze_model *model, gz_ready *place)
{
    forget(place);
    gz_ready *last = &model->ready[--model->n_ready];
    if (last != place) *place = *last;
    *last = (gz_ready){0};
}

/* Names of the kept maps, with their parts, then of the kept layers. */
static void name_kept(const gaze_model *model, const gz_wanted *wanted, const char **names,
                      gaze_map_part *parts, gz_build_options *options)
{
    const bool *kept = wanted->kept;
    options->maps = names;
    options->parts = parts;
    for (size_t i = 0; i < model->n_maps; i++) {
        if (!kept[i]) continue;
        parts[options->n_maps] = wanted->parts[i];
        names[options->n_maps++] = model->maps[i].name;
    }
    options->layers = names + options->n_maps;
    for (size_t i = 0; i < model->file->n_layers; i++)
        if (kept[model->n_maps + i])
            names[options->n_maps + options->n_layers++] = model->file->layers[i].name;
}

static gaze_status make(gaze_model *model, const gz_wanted *wanted, gz_ready *ready)
{
    const size_t count = kept_count(model);
    const char **names = NULL;
    gaze_map_part *parts = NULL;
    gaze_status status;
    GZ_GO(gz_allocate(count, sizeof *ready->kept, &ready->kept));
    GZ_GO(gz_allocate(model->file->n_inputs, sizeof *ready->inputs, &ready->inputs));
    GZ_GO(gz_allocate(model->n_maps, sizeof *ready->parts, &ready->parts));
    GZ_GO(gz_allocate(count, sizeof *names, &names));
    GZ_GO(gz_allocate(model->n_maps, sizeof *parts, &parts));
    memcpy(ready->kept, wanted->kept, count * sizeof *ready->kept);
    memcpy(ready->inputs, wanted->inputs, model->file->n_inputs * sizeof *ready->inputs);
    memcpy(ready->parts, wanted->parts, model->n_maps * sizeof *ready->parts);
    gz_build_options options = {.batch = wanted->batch, .inputs = wanted->inputs, .seed = model->seed};
    name_kept(model, wanted, names, parts, &options);
    GZ_GO(gz_model_build(model->file, &options, &ready->built));
    GZ_GO(gz_api_answering_weights(model));
    GZ_GO(gz_api_plan(model, &ready->built, &ready->plan));
done:
    free(names);
    free(parts);
    return status;
}

gaze_status gz_api_ready(gaze_model *model, const gz_wanted *wanted, gz_ready **out)
{
    gz_ready *ready = find(model, wanted);
    if (!ready) {
        ready = take_place(model);
        gaze_status status = make(model, wanted, ready);
        if (status != GAZE_OK) {
            give_place_back(model, ready);
            return status;
        }
    }
    ready->used = ++model->clock;
    *out = ready;
    return GAZE_OK;
}
