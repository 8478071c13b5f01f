#include "api.h"
#include "../model/summary.h"
#include "../model/weights.h"

#include <stdlib.h>

static gaze_status build(gaze_model *m, size_t batch, bool training, gz_built *built)
{
    const gz_model *file = m->file;
    gz_shape *inputs;
    GZ_TRY(gz_allocate(file->n_inputs, sizeof *inputs, &inputs));
    for (size_t i = 0; i < file->n_inputs; i++) inputs[i] = gz_model_input_shape(&file->inputs[i], m->open);
    const gz_build_options options = {.batch = batch,
                                      .inputs = inputs,
                                      .training = training,
                                      .seed = m->seed,
                                      .slab_floats = gz_store_slab_floats(m->store, GZ_SLAB_PARAMETER)};
    gaze_status status = gz_model_build(file, &options, built);
    free(inputs);
    return status;
}

static gaze_status make_plan(gaze_model *m, bool training, gz_built *built, gz_plan **plan)
{
    const gz_plan_options options = {.memory_limit = m->context->memory_limit, .dry = true};
    GZ_TRY(gz_store_expect(m->store, training, gz_optimizer_moments(&m->file->optimizer.attr)));
    return gz_fail_context(gz_plan_create(m->context->device, built->graph, m->store, &options, plan),
                           "%s, batch %zu", m->file->path, built->batch);
}

gaze_status gz_api_dry_plan(gaze_model *m, size_t batch, bool training, gz_built *built, gz_plan **plan)
{
    GZ_TRY(build(m, batch, training, built));
    return make_plan(m, training, built, plan);
}

gaze_status gaze_summary(gaze_model *model, size_t batch_size, bool training, bool json, char **text)
{
    gz_built built = {0};
    gz_plan *plan = NULL;
    gaze_status status;
    GZ_GO(build(model, batch_size ? batch_size : 1, training, &built));
    gz_summary_options options = {.model = model->file, .built = &built, .training = training, .json = json};
    /* a model that is too large for the device can still be looked at */
    status = make_plan(model, training, &built, &plan);
    if (status == GAZE_ERROR_DEVICE)
        options.why_no_plan = gaze_message();
    else if (status != GAZE_OK)
        goto done;
    options.plan = plan;
    GZ_GO(gz_summary(&options, text));
done:
    gz_plan_destroy(plan);
    gz_built_free(&built);
    return status;
}
