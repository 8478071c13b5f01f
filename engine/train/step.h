/* One kind of step of a run: a model built for a batch size, planned, and fed. */
#ifndef GZ_STEP_H
#define GZ_STEP_H
#include "../data/data.h"
#include "../graph/plan.h"
#include "../model/model.h"
#include "group.h"

/* What every step of a run shares; the caller owns all of it. */
typedef struct gz_step_base {
    gz_device *device; /* NULL: reference mode */
    const gz_model *model;
    gz_store *store;
    const gz_data *data; /* gives open dimensions their sizes */
    const gz_optimizer_choice *optimizer;
    uint64_t seed;
    size_t memory_limit;
    gz_group *group; /* NULL: this process works alone */
} gz_step_base;

typedef struct gz_step {
    gz_built built;
    gz_plan *plan; /* NULL: not made yet */
    size_t *ends;  /* of an exchange (exchange.h); NULL: not known yet */
} gz_step;

/* training: forward, backward, update. Otherwise: forward, loss and metrics. Nothing is done where step was
 * made already for this batch. */
gaze_status gz_step_make(const gz_step_base *base, size_t batch, bool training, gz_step *step);
void gz_step_free(gz_step *step);

/* The batch, and update number `number` (from 1; of a training step), become the step's inputs; or the number
 * alone. */
gaze_status gz_step_write(const gz_step_base *base, gz_step *step, const gz_batch *batch, size_t number);
gaze_status gz_step_write_numbers(const gz_step_base *base, gz_step *step, size_t number);

/* gz_step_write, and enqueues the step. */
gaze_status gz_step_run(const gz_step_base *base, gz_step *step, const gz_batch *batch, size_t number);

/* Two steps made at need: for whole batches and for the last, short one. Starts as {0}. */
typedef struct gz_step_pair {
    gz_step whole, rest;
} gz_step_pair;
gaze_status gz_step_pair_make(const gz_step_base *base, gz_step_pair *pair, size_t batch_size, bool training,
                              size_t count, gz_step **step);
gaze_status gz_step_pair_run(const gz_step_base *base, gz_step_pair *pair, size_t batch_size, bool training,
                             const gz_batch *batch, size_t number, gz_step **used);
void gz_step_pair_free(gz_step_pair *pair);

/* The running sums of metrics in the store: sum of losses, rows predicted right, rows. */
typedef struct gz_sums {
    double loss, correct, rows;
} gz_sums;
gaze_status gz_sums_read(const gz_store *store, gz_sums *sums);
gaze_status gz_sums_clear(gz_store *store);

#endif
