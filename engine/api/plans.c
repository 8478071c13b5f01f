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
    free(ready->maps);
    free(ready->inputs);
    *ready = (gz_ready){0};
}

void gz_api_forget_plans(gaze_model *model)
{
    for (size_t i = 0; i < model->n_ready; i++) forget(&model->ready[i]);
    model->n_ready = 0;
}

static bool fits(const gaze_model *model, const gz_ready *ready, size_t batch, const gz_shape *inputs,
                 const bool *maps)
{
    if (ready->built.batch != batch) return false;
    for (size_t i = 0; i < model->file->n_inputs; i++)
        if (!gz_shape_equal(ready->inputs[i], inputs[i])) return false;
    return !model->n_maps || memcmp(ready->maps, maps, model->n_maps * sizeof *maps) == 0;
}

static gz_ready *find(gaze_model *model, size_t batch, const gz_shape *inputs, const bool *maps)
{
    for (size_t i = 0; i < model->n_ready; i++)
        if (fits(model, &model->ready[i], batch, inputs, maps)) return &model->ready[i];
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

static gaze_status make(gaze_model *model, size_t batch, const gz_shape *inputs, const bool *maps,
                        gz_ready *ready)
{
    const char **names = NULL;
    gaze_status status;
    GZ_GO(gz_allocate(model->n_maps, sizeof *ready->maps, &ready->maps));
    GZ_GO(gz_allocate(model->file->n_inputs, sizeof *ready->inputs, &ready->inputs));
    GZ_GO(gz_allocate(model->n_maps, sizeof *names, &names));
    if (model->n_maps) memcpy(ready->maps, maps, model->n_maps * sizeof *maps);
    memcpy(ready->inputs, inputs, model->file->n_inputs * sizeof *inputs);
    gz_build_options options = {.batch = batch, .inputs = inputs, .maps = names, .seed = model->seed};
    for (size_t i = 0; i < model->n_maps; i++)
        if (maps[i]) names[options.n_maps++] = model->maps[i].name;
    GZ_GO(gz_model_build(model->file, &options, &ready->built));
    GZ_GO(gz_api_weights(model, false, 0));
    GZ_GO(gz_api_plan(model, &ready->built, &ready->plan));
done:
    free(names);
    return status;
}

gaze_status gz_api_ready(gaze_model *model, size_t batch, const gz_shape *inputs, const bool *maps,
                         gz_ready **out)
{
    gz_ready *ready = find(model, batch, inputs, maps);
    if (!ready) {
        ready = take_place(model);
        gaze_status status = make(model, batch, inputs, maps, ready);
        if (status != GAZE_OK) {
            give_place_back(model, ready);
            return status;
        }
    }
    ready->used = ++model->clock;
    *out = ready;
    return GAZE_OK;
}
