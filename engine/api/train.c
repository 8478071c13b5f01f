/* gaze_train and gaze_evaluate: the training room on a model and its data. */
#include "../model/adapt.h"
#include "../train/checkpoint.h"
#include "../train/train.h"
#include "api.h"
#include "data.h"

#include <stdio.h>
#include <stdlib.h>

static gz_step_base base_of(const gaze_model *model, const gaze_data *data,
                            const gz_optimizer_choice *optimizer, gz_group *group)
{
    return (gz_step_base){.device = model->context->device,
                          .model = model->file,
                          .store = model->store,
                          .data = data->data,
                          .optimizer = optimizer,
                          .seed = model->seed,
                          .memory_limit = model->context->memory_limit,
                          .group = gz_group_open(model->context->group, group)};
}

static gaze_status choose_optimizer(const gaze_model *model, const gaze_train_options *options,
                                    gz_optimizer_choice *choice)
{
    *choice = model->file->optimizer;
    if (options->optimizer) GZ_TRY(gz_optimizer_default(options->optimizer, choice));
    if (options->learning_rate > 0) choice->learning_rate = options->learning_rate;
    return GAZE_OK;
}

static gaze_status save_weights(void *user, const char *path) { return gaze_model_save_weights(user, path); }

static gaze_status prepare(gaze_model *model, const gaze_data *data, const gaze_train_options *options,
                           gz_optimizer_choice *optimizer)
{
    if (model->spoiled && !options->resume)
        return gz_fail(
            GAZE_ERROR_NOT_FINITE,
            "the weights of this model are no longer finite, since its last training ended so: open it "
            "again");
    GZ_TRY(gz_model_check_loss(model->file));
    GZ_TRY(choose_optimizer(model, options, optimizer));
    GZ_TRY(gz_model_name_classes(model->file, data->data->classes,
                                 gz_shape_last(model->probe.outputs[0]->shape)));
    gz_api_forget_plans(model);
    return gz_api_weights(model, true, gz_optimizer_moments(&optimizer->attr));
}

/* A folder that isn't as who typed the command may think. */
static gaze_status tell_folder(const gaze_context *context, const gaze_train_options *options)
{
    char text[512];
    size_t *steps = NULL, count = 0;
    if (!context->log || !options->out || !*options->out) return GAZE_OK;
    const gaze_status status = gz_checkpoint_list(options->out, &steps, &count);
    if (status == GAZE_OK && options->resume == !count) {
        if (count)
            snprintf(text, sizeof text,
                     "%.300s holds an earlier training, up to step %zu, which is replaced now: --resume "
                     "would have gone on with it",
                     options->out, steps[count - 1]);
        else
            snprintf(text, sizeof text,
                     "%.300s has no checkpoint to go on from: the training begins at its beginning",
                     options->out);
        context->log(context->log_user, GAZE_LOG_WARNING, text);
    }
    free(steps);
    return status;
}

static gaze_status train(gaze_model *model, gaze_data *data, const gaze_train_options *options,
                         gaze_metrics *last, bool tells)
{
    gz_optimizer_choice optimizer;
    gaze_device_info device;
    gz_group group;
    gaze_context_device(model->context, &device);
    const gz_training training = {.base = base_of(model, data, &optimizer, &group),
                                  .options = options,
                                  .device = &device,
                                  .data_name = data->spec.type,
                                  .data_path = data->spec.path,
                                  .save_weights = save_weights,
                                  .user = model};
    gaze_status status = tells ? tell_folder(model->context, options) : GAZE_OK;
    if (status == GAZE_OK) status = prepare(model, data, options, &optimizer);
    status = gz_group_agree(training.base.group, status);
    if (status == GAZE_OK) {
        status = gz_train(&training, last);
        model->spoiled |= status == GAZE_ERROR_NOT_FINITE;
        gz_api_log_bad(model->context, data);
    }
    return gz_group_end(training.base.group, status);
}

gaze_status gaze_train(gaze_model *model, gaze_data *data, const gaze_train_options *options,
                       gaze_metrics *last)
{
    return train(model, data, options, last, true);
}

gaze_status gz_api_train(gaze_model *model, gaze_data *data, const gaze_train_options *options,
                         gaze_metrics *last)
{
    return train(model, data, options, last, false);
}

gaze_status gaze_evaluate(gaze_model *model, gaze_data *data, size_t batch_size, bool *test,
                          gaze_metrics *metrics)
{
    gz_group group;
    const gz_part part = gz_data_count(data->data, GZ_TEST) ? GZ_TEST : GZ_TRAIN;
    const gz_step_base base = base_of(model, data, &model->file->optimizer, &group);
    gaze_status status = gz_model_check_loss(model->file);
    if (status == GAZE_OK) status = gz_api_answering_weights(model);
    status = gz_group_agree(base.group, status);
    if (test) *test = part == GZ_TEST;
    if (status == GAZE_OK) {
        status = gz_evaluate(&base, part, batch_size ? batch_size : 64, metrics);
        gz_api_log_bad(model->context, data);
    }
    return gz_group_end(base.group, status);
}
