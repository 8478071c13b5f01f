/* The loop of a training: steps, epochs, what is told meanwhile. */
#include "run.h"

#include "../base/clock.h"

#include <math.h>

static const double REPORT_SECONDS = 0.1;
enum { DEFAULT_CHECKPOINT_SECONDS = 60 };

static gaze_status check_options(const gz_run *r)
{
    const gaze_train_options *o = gz_run_options(r);
    if (o->out ? !*o->out : o->resume || o->keep_checkpoints)
        return gz_fail(GAZE_ERROR_USAGE, "checkpoints need a folder to lie in (--out DIR)");
    if (!r->samples)
        return gz_fail(GAZE_ERROR_DATA, "the %s data has no training part", r->t->base.data->type->name);
    if (!r->t->base.data->has_labels)
        return gz_fail(GAZE_ERROR_DATA, "the training part of the %s data has no labels to learn from",
                       r->t->base.data->type->name);
    const gz_group *group = r->t->base.group;
    if (group && r->batch_size < group->calls->ranks)
        return gz_fail(GAZE_ERROR_USAGE, "a batch of %zu samples can't be shared by %zu processes",
                       r->batch_size, group->calls->ranks);
    if (group && !r->t->base.device) return gz_fail(GAZE_ERROR_USAGE, "the references train in one process");
    if (!(o->learning_rate >= 0) || !isfinite(o->learning_rate))
        return gz_fail(GAZE_ERROR_USAGE, "a learning rate of %g: expected a positive number",
                       o->learning_rate);
    return GAZE_OK;
}

/* What an earlier training of the same model left there. */
static gaze_status clear_moments(const gz_run *r)
{
    for (size_t i = 0; i < r->moments; i++)
        GZ_TRY(gz_store_clear(r->t->base.store, (gz_slab)(GZ_SLAB_MOMENT + i)));
    return GAZE_OK;
}

/* What a process can do without the others. */
static gaze_status start_alone(gz_run *r)
{
    const gaze_train_options *o = gz_run_options(r);
    const gz_step_base *b = &r->t->base;
    r->epoch_began = r->reported = gz_seconds();
    GZ_TRY(gz_arena_create(&r->arena));
    r->samples = gz_data_count(b->data, GZ_TRAIN);
    r->batch_size = o->batch_size ? o->batch_size : b->model->batch_size;
    if (r->batch_size > r->samples && r->samples) r->batch_size = r->samples;
    r->per_epoch = r->batch_size ? (r->samples + r->batch_size - 1) / r->batch_size : 0;
    r->epochs = o->epochs ? o->epochs : o->steps ? SIZE_MAX / 2 : b->model->epochs;
    r->moments = gz_optimizer_moments(&b->optimizer->attr);
    GZ_TRY(check_options(r));
    GZ_TRY(gz_run_describe(r));
    GZ_TRY(gz_run_prepare_folder(r));
    GZ_TRY(gz_sums_clear(b->store));
    GZ_TRY(clear_moments(r));
    return gz_run_resume(r);
}

static bool go_on(void *run);

static gaze_status start(gz_run *r)
{
    const gz_step_base *b = &r->t->base;
    GZ_TRY(gz_group_agree(b->group, start_alone(r)));
    if (b->group) {
        b->group->go_on = go_on;
        b->group->user = r;
        GZ_TRY(gz_run_share_start(r));
    }
    GZ_TRY(gz_run_write_record(r, "running"));
    const gz_batches_options batches = {.part = GZ_TRAIN,
                                        .batch_size = r->batch_size,
                                        .shuffle = true,
                                        .training = true,
                                        .seed = b->seed,
                                        .share = gz_group_share(b->group),
                                        .first_epoch = r->place.epoch,
                                        .first_batch = r->place.batch};
    GZ_TRY(gz_batches_open(b->data, &batches, &r->batches));
    if (b->group) GZ_TRY(gz_run_share_steps(r));
    r->begun_at = r->place.batch;
    r->epoch_began = r->reported = r->saved = gz_seconds();
    return GAZE_OK;
}

static bool finished(const gz_run *r)
{
    const size_t steps = gz_run_options(r)->steps;
    return r->place.epoch >= r->epochs || (steps && r->place.step >= steps);
}

static gaze_status read_sums(gz_run *r)
{
    if (!r->exchange) GZ_TRY(gz_sums_read(r->t->base.store, &r->sums));
    if (isfinite(r->sums.loss)) return GAZE_OK;
    if (!r->saved_any)
        return gz_fail(GAZE_ERROR_NOT_FINITE,
                       "epoch %zu, step %zu: the loss is %g. Try a smaller learning rate", r->place.epoch + 1,
                       r->place.batch, r->sums.loss);
    return gz_fail(GAZE_ERROR_NOT_FINITE,
                   "epoch %zu, step %zu: the loss is %g. The last checkpoint in %s was still finite; try a "
                   "smaller --learning-rate",
                   r->place.epoch + 1, r->place.batch, r->sums.loss, gz_run_options(r)->out);
}

static size_t steps_left(const gz_run *r)
{
    const size_t of_steps = gz_run_options(r)->steps ? gz_run_options(r)->steps - r->place.step : SIZE_MAX;
    const size_t done = r->place.epoch * r->per_epoch + r->place.batch;
    const size_t of_epochs = r->epochs < SIZE_MAX / 4 ? r->epochs * r->per_epoch - done : SIZE_MAX;
    return of_steps < of_epochs ? of_steps : of_epochs;
}

static gaze_progress progress_now(const gz_run *r, size_t batches_done)
{
    const double seconds = gz_seconds() - r->epoch_began, rows = r->sums.rows > 0 ? r->sums.rows : 1;
    const double rate = seconds > 0 ? (double)((batches_done - r->begun_at) * r->batch_size) / seconds : 0;
    return (gaze_progress){.epoch = r->place.epoch + 1,
                           .epochs = r->epochs < SIZE_MAX / 4 ? r->epochs : 0,
                           .step = batches_done,
                           .steps = r->per_epoch,
                           .loss = r->sums.loss / rows,
                           .accuracy = r->sums.correct / rows,
                           .samples_per_second = rate,
                           .seconds_left =
                               rate > 0 ? (double)steps_left(r) * (double)r->batch_size / rate : 0,
                           .epoch_seconds = seconds};
}

static gaze_status stop(gz_run *r)
{
    const char *out = gz_run_options(r)->out;
    GZ_TRY(gz_run_save(r));
    GZ_TRY(gz_run_save_weights(r));
    GZ_TRY(gz_run_write_record(r, "interrupted"));
    if (r->t->base.group) r->t->base.group->agreed = true;
    return gz_fail(GAZE_INTERRUPTED, "interrupted after %zu updates%s%s", r->place.step,
                   out ? "; a checkpoint is in " : "", out ? out : "");
}

static gaze_status tell(gz_run *r, const gaze_progress *progress)
{
    const gaze_train_options *o = gz_run_options(r);
    r->reported = gz_seconds();
    if (!o->progress || o->progress(o->user, progress)) return GAZE_OK;
    r->wants_stop = true;
    return r->t->base.group ? GAZE_OK : stop(r); /* a group stops together */
}

/* While others are waited for. */
static bool go_on(void *run)
{
    gz_run *r = run;
    const gaze_progress progress = progress_now(r, r->place.batch);
    (void)tell(r, &progress); /* it can only ask for a stop */
    return !r->wants_stop;
}

static gaze_status validate(gz_run *r, gaze_progress *progress)
{
    gaze_metrics metrics;
    if (!gz_data_count(r->t->base.data, GZ_TEST)) return GAZE_OK;
    GZ_TRY(gz_measure(&r->t->base, GZ_TEST, r->batch_size, &r->validation, &metrics));
    progress->has_validation = true;
    progress->validation_loss = metrics.loss;
    progress->validation_accuracy = metrics.accuracy;
    return GAZE_OK;
}

/* After the last batch of an epoch, and after the last step of a run that --steps ends. */
static gaze_status end_epoch(gz_run *r, bool whole, gaze_metrics *last)
{
    GZ_TRY(read_sums(r));
    gaze_progress progress = progress_now(r, r->place.batch);
    progress.epoch_end = true;
    *last =
        (gaze_metrics){.loss = progress.loss, .accuracy = progress.accuracy, .samples = (size_t)r->sums.rows};
    GZ_TRY(gz_sums_clear(r->t->base.store));
    GZ_TRY(validate(r, &progress));
    if (progress.has_validation)
        last->loss = progress.validation_loss, last->accuracy = progress.validation_accuracy;
    const gz_epoch_row row = {r->place.epoch + 1,
                              r->place.step,
                              progress.loss,
                              progress.accuracy,
                              progress.has_validation ? progress.validation_loss : NAN,
                              progress.has_validation ? progress.validation_accuracy : NAN,
                              progress.epoch_seconds,
                              progress.samples_per_second};
    GZ_TRY(gz_log_add(&r->log, &row));
    if (gz_run_keeps_files(r)) GZ_TRY(gz_log_write(&r->log, gz_run_options(r)->out));
    if (whole) r->place = (gz_place){r->place.step, r->place.epoch + 1, 0};
    GZ_TRY(gz_run_save(r));
    GZ_TRY(tell(r, &progress));
    r->begun_at = 0;
    r->epoch_began = gz_seconds();
    return GAZE_OK;
}

static gaze_status maintain(gz_run *r)
{
    const size_t seconds = gz_run_options(r)->checkpoint_seconds ? gz_run_options(r)->checkpoint_seconds
                                                                 : DEFAULT_CHECKPOINT_SECONDS;
    const double time = gz_seconds();
    if (time - r->reported >= REPORT_SECONDS) {
        GZ_TRY(read_sums(r));
        const gaze_progress progress = progress_now(r, r->place.batch);
        GZ_TRY(tell(r, &progress));
    }
    return time - r->saved >= (double)seconds ? gz_run_save(r) : GAZE_OK;
}

/* The sums are known at once where several train, and to all of them. */
static gaze_status step(gz_run *r, const gz_batch *batch)
{
    gz_group *group = r->t->base.group;
    if (!group)
        return gz_step_pair_run(&r->t->base, &r->steps, r->batch_size, true, batch, r->place.step + 1, NULL);
    GZ_TRY(gz_run_shared_step(r, batch));
    group->agreed = true;
    GZ_TRY(read_sums(r));
    group->agreed = false;
    return GAZE_OK;
}

static gaze_status train_all(gz_run *r, gaze_metrics *last)
{
    while (!finished(r)) {
        const gz_batch *batch;
        GZ_TRY(gz_batches_next(r->batches, &batch));
        if (!batch)
            return gz_fail(GAZE_ERROR_DATA, "the training data ended in epoch %zu", r->place.epoch + 1);
        GZ_TRY(step(r, batch));
        r->place.step++;
        r->place.batch++;
        const bool whole = r->place.batch == r->per_epoch;
        if (whole || finished(r))
            GZ_TRY(end_epoch(r, whole, last));
        else
            GZ_TRY(maintain(r));
        if (r->stops && !finished(r)) return stop(r);
    }
    GZ_TRY(gz_run_save_weights(r));
    return gz_run_write_record(r, "finished");
}

static void finish(gz_run *r)
{
    if (r->t->base.group) r->t->base.group->go_on = NULL;
    gz_batches_close(r->batches);
    gz_step_pair_free(&r->steps); /* waits for the device, which may be writing into the exchange's memory */
    gz_step_pair_free(&r->validation);
    gz_exchange_destroy(r->exchange);
    gz_log_free(&r->log);
    gz_folder_let_go(r->folder);
    gz_arena_destroy(r->arena);
}

gaze_status gz_train(const gz_training *training, gaze_metrics *last)
{
    gz_run r = {.t = training, .folder = -1};
    gaze_metrics metrics = {0};
    gaze_status status = start(&r);
    if (status == GAZE_OK && training->options->keep_checkpoints > 0 && !r.saved_any)
        status = gz_run_save(&r);
    if (status == GAZE_OK) status = train_all(&r, &metrics);
    status = gz_run_name_checkpoint(&r, status);
    finish(&r);
    if (status == GAZE_OK && last) *last = metrics;
    return status;
}
