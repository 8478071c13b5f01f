/* What a run leaves behind besides weights: model.json, run.json, log.csv. */
#ifndef GZ_RECORD_H
#define GZ_RECORD_H
#include "../base/file.h"
#include "../graph/plan.h"

typedef struct gz_epoch_row {
    size_t epoch, step;
    double loss, accuracy, validation_loss, validation_accuracy; /* validation: NaN where there is none */
    double seconds, samples_per_second;
} gz_epoch_row;

/* log.csv as a table in memory; written whole at each epoch, so it's never half written. Starts as {0}. */
typedef struct gz_log {
    gz_epoch_row *rows;
    size_t count, capacity;
} gz_log;
gaze_status gz_log_add(gz_log *log, const gz_epoch_row *row);
gaze_status gz_log_write(const gz_log *log, const char *folder);
/* The rows up to and with `epochs` of an earlier part of the run; a missing file has none. */
gaze_status gz_log_read(const char *folder, size_t epochs, gz_log *log);
void gz_log_free(gz_log *log);

typedef struct gz_run_record {
    const char *state; /* "running", "finished", "interrupted" */
    const gaze_device_info *device;
    const char *model_name, *model_hash, *data_type, *data_path, *data_hash, *optimizer;
    double learning_rate;
    uint64_t seed;
    size_t batch_size, epochs, steps, train_samples, test_samples, parameters;
    size_t processes;    /* that train together; 0: one alone */
    const gz_plan *plan; /* of a step, that tells what gaze tune has chosen; NULL: not made yet */
    int argc;
    const char *const *argv;
    const char *started;
} gz_run_record;
gaze_status gz_run_record_write(const gz_run_record *record, const char *folder);
/* The data that the run in this folder was trained on, by its run.json; both NULL where there is none. */
gaze_status gz_run_record_data(const char *folder, gz_arena *arena, const char **type, const char **path);

/* All that run.json says, in its order, each value as text; none where there is no such file. */
typedef struct gz_fact {
    const char *name, *value;
} gz_fact;
gaze_status gz_run_record_facts(const char *folder, gz_arena *arena, gz_fact **facts, size_t *count);
/* The value of one of them, "" where it isn't there. */
const char *gz_fact_value(const gz_fact *facts, size_t count, const char *name);

#endif
