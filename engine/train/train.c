#include "train.h"

#include "../base/clock.h"
#include "checkpoint.h"
#include "record.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double REPORT_SECONDS = 0.1;
enum { DEFAULT_CHECKPOINT_SECONDS = 60 };

typedef struct run {
    const gz_training *t;
    gz_arena *arena;
    gz_identity identity;
    gz_run_record record;
    gz_log log;
    gz_place place;
    gz_step_pair steps, validation;
    gz_batches *batches;
    size_t batch_size, epochs, samples, per_epoch, moments;
    bool saved_any;                      /* checkpoints in the folder are this run's */
    size_t saved_step;                   /* of the newest of them */
    double epoch_began, reported, saved; /* seconds */
    size_t begun_at;                     /* batch at which this process entered the epoch */
    gz_sums sums;
} run;

static const gaze_train_options *options_of(const run *r) { return r->t->options; }

static const char *optimizer_text(gz_arena *arena, const gz_optimizer_choice *o)
{
    const gz_optimizer_attr *a = &o->attr;
    return gz_arena_format(
        arena,
        "%s learning_rate=%.9g momentum=%.9g nesterov=%d beta_1=%.9g beta_2=%.9g rho=%.9g epsilon=%.9g "
        "centered=%d weight_decay=%.9g",
        gz_optimizer_name(a->kind), o->learning_rate, a->momentum, a->nesterov, a->beta_1, a->beta_2, a->rho,
        a->epsilon, a->centered, a->weight_decay);
}

static size_t trainable(const gz_store *store)
{
    size_t count = 0;
    for (size_t i = 0; i < gz_store_count(store); i++)
        if (gz_store_at(store, i)->role == GZ_PARAMETER)
            count += gz_shape_count(gz_store_at(store, i)->shape);
    return count;
}

static gaze_status describe_run(run *r)
{
    const gz_step_base *b = &r->t->base;
    const char *optimizer = optimizer_text(r->arena, b->optimizer);
    char *started = gz_arena_allocate(r->arena, 24);
    if (!optimizer || !started) return GAZE_ERROR_DEVICE;
    gz_time_text(started);
    r->identity = (gz_identity){b->model->hash.text, b->data->hash.text, b->seed,
                                r->batch_size,       optimizer,          r->per_epoch};
    r->record = (gz_run_record){.device = r->t->device,
                                .model_name = b->model->name,
                                .model_hash = b->model->hash.text,
                                .data_type = r->t->data_name,
                                .data_path = r->t->data_path,
                                .data_hash = b->data->hash.text,
                                .optimizer = optimizer,
                                .learning_rate = b->optimizer->learning_rate,
                                .seed = b->seed,
                                .batch_size = r->batch_size,
                                .epochs = r->epochs,
                                .steps = options_of(r)->steps,
                                .train_samples = r->samples,
                                .test_samples = gz_data_count(b->data, GZ_TEST),
                                .parameters = trainable(b->store),
                                .argc = options_of(r)->argc,
                                .argv = options_of(r)->argv,
                                .started = started};
    return GAZE_OK;
}

/* Without a folder nothing is written. */
static bool keeps_files(const run *r) { return options_of(r)->out != NULL; }

static gaze_status write_record(run *r, const char *state)
{
    if (!keeps_files(r)) return GAZE_OK;
    r->record.state = state;
    return gz_run_record_write(&r->record, options_of(r)->out);
}

static gaze_status check_options(const run *r)
{
    const gaze_train_options *o = options_of(r);
    if (o->out ? !*o->out : o->resume || o->keep_checkpoints)
        return gz_fail(GAZE_ERROR_USAGE, "checkpoints need a folder to lie in (--out DIR)");
    if (!r->samples) return gz_fail(GAZE_ERROR_DATA, "the data has no training part");
    if (!r->t->base.data->has_labels) return gz_fail(GAZE_ERROR_DATA, "the training data has no labels");
    if (!(o->learning_rate >= 0) || !isfinite(o->learning_rate))
        return gz_fail(GAZE_ERROR_USAGE, "a learning rate of %g: expected a positive number",
                       o->learning_rate);
    return GAZE_OK;
}

static gaze_status prepare_folder(run *r)
{
    const gz_model *model = r->t->base.model;
    if (!keeps_files(r)) return GAZE_OK;
    const char *out = options_of(r)->out, *path = gz_path_join(r->arena, out, "model.json");
    if (!path) return GAZE_ERROR_DEVICE;
    GZ_TRY(gz_folder_make(out, false));
    const bool there = !model->adapted && strcmp(path, model->file) == 0;
    return there ? GAZE_OK : gz_file_write(path, model->text, model->text_size);
}

/* The sums of the epoch that had begun. A number of rows is about to become a size_t. */
static gaze_status check_sums(const run *r)
{
    gz_sums s;
    GZ_TRY(gz_sums_read(r->t->base.store, &s));
    if (isfinite(s.loss) && s.correct >= 0 && s.rows >= s.correct && s.rows <= 0x1p53) return GAZE_OK;
    return gz_fail(GAZE_ERROR_DATA,
                   "%s: the checkpoint of step %zu: tensor '" GZ_SUMS
                   "' holds a loss of %g and %g of %g rows "
                   "right: expected a finite loss, and from 0 to all rows right",
                   options_of(r)->out, r->place.step, s.loss, s.correct, s.rows);
}

static gaze_status resume(run *r)
{
    bool found = false;
    gz_place place;
    if (!options_of(r)->resume) return GAZE_OK;
    GZ_TRY(
        gz_checkpoint_resume(options_of(r)->out, r->t->base.store, r->moments, &r->identity, &place, &found));
    if (!found) return GAZE_OK;
    r->place = place;
    r->saved_any = true;
    r->saved_step = place.step;
    GZ_TRY(check_sums(r));
    return gz_log_read(options_of(r)->out, r->place.epoch, &r->log);
}

/* What an earlier training of the same model left there. */
static gaze_status clear_moments(const run *r)
{
    for (size_t i = 0; i < r->moments; i++)
        GZ_TRY(gz_store_clear(r->t->base.store, (gz_slab)(GZ_SLAB_MOMENT + i)));
    return GAZE_OK;
}

static gaze_status start(run *r)
{
    const gaze_train_options *o = options_of(r);
    const gz_step_base *b = &r->t->base;
    GZ_TRY(gz_arena_create(&r->arena));
    r->samples = gz_data_count(b->data, GZ_TRAIN);
    r->batch_size = o->batch_size ? o->batch_size : b->model->batch_size;
    if (r->batch_size > r->samples && r->samples) r->batch_size = r->samples;
    r->per_epoch = r->batch_size ? (r->samples + r->batch_size - 1) / r->batch_size : 0;
    r->epochs = o->epochs ? o->epochs : o->steps ? SIZE_MAX / 2 : b->model->epochs;
    r->moments = gz_optimizer_moments(&b->optimizer->attr);
    GZ_TRY(check_options(r));
    GZ_TRY(describe_run(r));
    GZ_TRY(prepare_folder(r));
    GZ_TRY(gz_sums_clear(b->store));
    GZ_TRY(clear_moments(r));
    GZ_TRY(resume(r));
    GZ_TRY(write_record(r, "running"));
    const gz_batches_options batches = {.part = GZ_TRAIN,
                                        .batch_size = r->batch_size,
                                        .shuffle = true,
                                        .training = true,
                                        .seed = b->seed,
                                        .first_epoch = r->place.epoch,
                                        .first_batch = r->place.batch};
    GZ_TRY(gz_batches_open(b->data, &batches, &r->batches));
    r->begun_at = r->place.batch;
    r->epoch_began = r->reported = r->saved = gz_seconds();
    return GAZE_OK;
}

static bool finished(const run *r)
{
    const size_t steps = options_of(r)->steps;
    return r->place.epoch >= r->epochs || (steps && r->place.step >= steps);
}

static gaze_status save_weights(run *r)
{
    if (!keeps_files(r)) return GAZE_OK;
    const char *path = gz_path_join(r->arena, options_of(r)->out, "weights.safetensors");
    return path ? r->t->save_weights(r->t->user, path) : GAZE_ERROR_DEVICE;
}

static gaze_status save(run *r)
{
    if (!keeps_files(r)) return GAZE_OK;
    if (!r->saved_any) GZ_TRY(gz_checkpoint_clear(options_of(r)->out));
    GZ_TRY(gz_checkpoint_save(options_of(r)->out, r->t->base.store, r->moments, &r->place, &r->identity,
                              options_of(r)->keep_checkpoints));
    r->saved_any = true;
    r->saved_step = r->place.step;
    r->saved = gz_seconds();
    return GAZE_OK;
}

static gaze_status read_sums(run *r)
{
    GZ_TRY(gz_sums_read(r->t->base.store, &r->sums));
    if (isfinite(r->sums.loss)) return GAZE_OK;
    if (!keeps_files(r))
        return gz_fail(GAZE_ERROR_NOT_FINITE,
                       "epoch %zu, step %zu: the loss is %g. Try a smaller learning rate", r->place.epoch + 1,
                       r->place.batch, r->sums.loss);
    return gz_fail(GAZE_ERROR_NOT_FINITE,
                   "epoch %zu, step %zu: the loss is %g. The last checkpoint in %s was still finite; try a "
                   "smaller --learning-rate",
                   r->place.epoch + 1, r->place.batch, r->sums.loss, options_of(r)->out);
}

static size_t steps_left(const run *r)
{
    const size_t of_steps = options_of(r)->steps ? options_of(r)->steps - r->place.step : SIZE_MAX;
    const size_t done = r->place.epoch * r->per_epoch + r->place.batch;
    const size_t of_epochs = r->epochs < SIZE_MAX / 4 ? r->epochs * r->per_epoch - done : SIZE_MAX;
    return of_steps < of_epochs ? of_steps : of_epochs;
}

static gaze_progress progress_now(const run *r, size_t batches_done)
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

static gaze_status tell(run *r, const gaze_progress *progress)
{
    const gaze_train_options *o = options_of(r);
    r->reported = gz_seconds();
    if (!o->progress || o->progress(o->user, progress)) return GAZE_OK;
    GZ_TRY(save(r));
    GZ_TRY(save_weights(r));
    GZ_TRY(write_record(r, "interrupted"));
    return gz_fail(GAZE_INTERRUPTED, "interrupted after %zu updates%s%s", r->place.step,
                   o->out ? "; a checkpoint is in " : "", o->out ? o->out : "");
}

static gaze_status validate(run *r, gaze_progress *progress)
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
static gaze_status end_epoch(run *r, bool whole, gaze_metrics *last)
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
    if (keeps_files(r)) GZ_TRY(gz_log_write(&r->log, options_of(r)->out));
    if (whole) r->place = (gz_place){r->place.step, r->place.epoch + 1, 0};
    GZ_TRY(save(r));
    GZ_TRY(tell(r, &progress));
    r->begun_at = 0;
    r->epoch_began = gz_seconds();
    return GAZE_OK;
}

static gaze_status maintain(run *r)
{
    const size_t seconds =
        options_of(r)->checkpoint_seconds ? options_of(r)->checkpoint_seconds : DEFAULT_CHECKPOINT_SECONDS;
    const double time = gz_seconds();
    if (time - r->reported >= REPORT_SECONDS) {
        GZ_TRY(read_sums(r));
        const gaze_progress progress = progress_now(r, r->place.batch);
        GZ_TRY(tell(r, &progress));
    }
    return time - r->saved >= (double)seconds ? save(r) : GAZE_OK;
}

static gaze_status train_all(run *r, gaze_metrics *last)
{
    while (!finished(r)) {
        const gz_batch *batch;
        GZ_TRY(gz_batches_next(r->batches, &batch));
        if (!batch)
            return gz_fail(GAZE_ERROR_DATA, "the training data ended in epoch %zu", r->place.epoch + 1);
        GZ_TRY(gz_step_pair_run(&r->t->base, &r->steps, r->batch_size, true, batch, r->place.step + 1, NULL));
        r->place.step++;
        r->place.batch++;
        const bool whole = r->place.batch == r->per_epoch;
        if (whole || finished(r))
            GZ_TRY(end_epoch(r, whole, last));
        else
            GZ_TRY(maintain(r));
    }
    GZ_TRY(save_weights(r));
    return write_record(r, "finished");
}

static void finish(run *r)
{
    gz_batches_close(r->batches);
    gz_step_pair_free(&r->steps);
    gz_step_pair_free(&r->validation);
    gz_log_free(&r->log);
    gz_arena_destroy(r->arena);
}

/* A device that fails ends the run; what was saved of it is whole. */
static gaze_status name_checkpoint(const run *r, gaze_status status)
{
    if (status != GAZE_ERROR_DEVICE || !r->saved_any) return status;
    return gz_fail(status,
                   "%s. The run is whole up to %s/checkpoint-%zu.safetensors: --resume goes on from there",
                   gaze_message(), options_of(r)->out, r->saved_step);
}

gaze_status gz_train(const gz_training *training, gaze_metrics *last)
{
    run r = {.t = training};
    gaze_metrics metrics = {0};
    gaze_status status = start(&r);
    if (status == GAZE_OK && training->options->keep_checkpoints > 0 && !r.saved_any) status = save(&r);
    if (status == GAZE_OK) status = train_all(&r, &metrics);
    status = name_checkpoint(&r, status);
    finish(&r);
    if (status == GAZE_OK && last) *last = metrics;
    return status;
}
