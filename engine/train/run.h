/* A training while it runs: what its loop (train.c) and its folder (keep.c) share. */
#ifndef GZ_RUN_H
#define GZ_RUN_H
#include "checkpoint.h"
#include "exchange.h"
#include "record.h"
#include "train.h"

typedef struct gz_run {
    const gz_training *t;
    gz_arena *arena;
    gz_identity identity;
    gz_run_record record;
    gz_log log;
    gz_place place;
    gz_step_pair steps, validation;
    gz_batches *batches;
    size_t batch_size, epochs, samples, per_epoch, moments;
    int folder;                          /* held for this run; -1: none */
    bool saved_any;                      /* checkpoints in the folder are this run's */
    size_t saved_step;                   /* of the newest of them */
    double epoch_began, reported, saved; /* seconds */
    size_t begun_at;                     /* batch at which this process entered the epoch */
    gz_sums sums;
    gz_exchange *exchange; /* NULL: alone */
    bool wants_stop;       /* here; all stop behind the next step */
    bool stops;
} gz_run;

static inline const gaze_train_options *gz_run_options(const gz_run *r) { return r->t->options; }

/* Without a folder nothing is written; of several processes the first does. */
static inline bool gz_run_keeps_files(const gz_run *r)
{
    const gz_group *group = r->t->base.group;
    return gz_run_options(r)->out != NULL && (!group || group->calls->rank == 0);
}

/* Identity and record, of what is known when a run starts. */
gaze_status gz_run_describe(gz_run *r);
/* run.json. state: "running", "finished", "interrupted". */
gaze_status gz_run_write_record(gz_run *r, const char *state);
/* Makes the folder, with model.json in it, and holds it: two trainings in one folder would mix their files.
 */
gaze_status gz_run_prepare_folder(gz_run *r);
/* Goes on from the newest good checkpoint, if that was asked for. */
gaze_status gz_run_resume(gz_run *r);
gaze_status gz_run_save_weights(gz_run *r);
/* A checkpoint; those of a run that was there before go with the first. */
gaze_status gz_run_save(gz_run *r);
/* shared.c, for several processes that train together: sees that all are about to do the same, and gives all
   what the first of them has: place, weights, moments and state. */
gaze_status gz_run_share_start(gz_run *r);
gaze_status gz_run_share_steps(gz_run *r); /* the exchange is made */
/* A step of this process's part of the batch, up to the update. */
gaze_status gz_run_shared_step(gz_run *r, const gz_batch *batch);

/* A device that fails ends the run: the message then names the checkpoint that is whole. */
gaze_status gz_run_name_checkpoint(const gz_run *r, gaze_status status);

#endif
