/* What a run leaves in its folder while it goes on, and how it finds that again. */
#include "run.h"

#include "../base/clock.h"

#include <math.h>
#include <string.h>

/* A process whose mpirun was killed lives on for a second, and writes. */
static const double HOLD_SECONDS = 10;

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

gaze_status gz_run_describe(gz_run *r)
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
                                .steps = gz_run_options(r)->steps,
                                .train_samples = r->samples,
                                .test_samples = gz_data_count(b->data, GZ_TEST),
                                .parameters = trainable(b->store),
                                .processes = b->group ? b->group->calls->ranks : 0,
                                .argc = gz_run_options(r)->argc,
                                .argv = gz_run_options(r)->argv,
                                .started = started};
    return GAZE_OK;
}

gaze_status gz_run_write_record(gz_run *r, const char *state)
{
    if (!gz_run_keeps_files(r)) return GAZE_OK;
    r->record.state = state;
    r->record.plan = r->steps.whole.plan;
    return gz_run_record_write(&r->record, gz_run_options(r)->out);
}

gaze_status gz_run_prepare_folder(gz_run *r)
{
    const gz_model *model = r->t->base.model;
    if (!gz_run_keeps_files(r)) return GAZE_OK;
    const char *out = gz_run_options(r)->out, *path = gz_path_join(r->arena, out, "model.json");
    if (!path) return GAZE_ERROR_DEVICE;
    GZ_TRY(gz_folder_make(out, false));
    GZ_TRY(gz_folder_hold(out, HOLD_SECONDS, &r->folder));
    const bool there = !model->adapted && strcmp(path, model->file) == 0;
    return there ? GAZE_OK : gz_file_write(path, model->text, model->text_size);
}

/* The sums of the epoch that had begun. A number of rows is about to become a size_t. */
static gaze_status check_sums(const gz_run *r)
{
    gz_sums s;
    GZ_TRY(gz_sums_read(r->t->base.store, &s));
    if (isfinite(s.loss) && s.correct >= 0 && s.rows >= s.correct && s.rows <= 0x1p53) return GAZE_OK;
    return gz_fail(GAZE_ERROR_DATA,
                   "%s: the checkpoint of step %zu: tensor '" GZ_SUMS
                   "' holds a loss of %g and %g of %g rows "
                   "right: expected a finite loss, and from 0 to all rows right",
                   gz_run_options(r)->out, r->place.step, s.loss, s.correct, s.rows);
}

gaze_status gz_run_resume(gz_run *r)
{
    bool found = false;
    gz_place place;
    if (!gz_run_options(r)->resume || !gz_run_keeps_files(r)) return GAZE_OK;
    GZ_TRY(gz_checkpoint_resume(gz_run_options(r)->out, r->t->base.store, r->moments, &r->identity, &place,
                                &found));
    if (!found) return GAZE_OK;
    r->place = place;
    r->saved_any = true;
    r->saved_step = place.step;
    GZ_TRY(check_sums(r));
    return gz_log_read(gz_run_options(r)->out, r->place.epoch, &r->log);
}

gaze_status gz_run_save_weights(gz_run *r)
{
    if (!gz_run_keeps_files(r)) return GAZE_OK;
    const char *path = gz_path_join(r->arena, gz_run_options(r)->out, "weights.safetensors");
    return path ? r->t->save_weights(r->t->user, path) : GAZE_ERROR_DEVICE;
}

gaze_status gz_run_save(gz_run *r)
{
    if (!gz_run_keeps_files(r)) return GAZE_OK;
    if (!r->saved_any) GZ_TRY(gz_checkpoint_clear(gz_run_options(r)->out));
    GZ_TRY(gz_checkpoint_save(gz_run_options(r)->out, r->t->base.store, r->moments, &r->place, &r->identity,
                              gz_run_options(r)->keep_checkpoints));
    r->saved_any = true;
    r->saved_step = r->place.step;
    r->saved = gz_seconds();
    return GAZE_OK;
}

/* A device that fails ends the run; what was saved of it is whole. */
gaze_status gz_run_name_checkpoint(const gz_run *r, gaze_status status)
{
    if (status != GAZE_ERROR_DEVICE || !r->saved_any) return status;
    return gz_fail(status,
                   "%s. The run is whole up to %s/checkpoint-%zu.safetensors: --resume goes on from there",
                   gaze_message(), gz_run_options(r)->out, r->saved_step);
}
