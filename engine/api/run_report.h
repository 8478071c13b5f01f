/* What the files of gaze_run_report share. */
#ifndef GZ_API_RUN_REPORT_H
#define GZ_API_RUN_REPORT_H
#include "../report/facts.h"
#include "data.h"
#include "dump.h"

enum { GZ_REPORT_BATCH = 64 };

typedef struct gz_reporting {
    gaze_model *model;
    gaze_data *data;
    const gaze_run_report_options *options; /* never NULL */
    gz_arena *arena;
    size_t batch;
    gz_run_facts facts;
    struct gz_samples *samples; /* of the examples */
    gz_dump *dump;              /* of the examples, with the weights that the page is about */
    float *photos;              /* [examples, H, W, C] */
} gz_reporting;

/* Plans of a prediction and of a training step (run_report_memory.c). */
gaze_status gz_reporting_memory(gz_reporting *r);

/* Samples as they lie in the data: inputs [count, ...], labels [count, label_count] or NULL. */
typedef struct gz_samples {
    size_t count, n_inputs, label_count;
    gaze_array inputs[GZ_MAX_INPUTS];
    int32_t *labels;
} gz_samples;
/* Samples of the part that metrics are of; gz_samples_free it, also after an error (run_report_choose.c). */
gaze_status gz_samples_fetch(const gz_reporting *r, const size_t *indices, size_t count, gz_samples *samples);
void gz_samples_free(gz_samples *samples);

/* Which samples are shown: numbers in the arena, and how they were chosen in words (run_report_choose.c). */
gaze_status gz_reporting_choose(gz_reporting *r, size_t **indices, size_t *count, const char **said);

/* The name of the map that is put to the test; GAZE_ERROR_MODEL: the model has none, nor Grad-CAM
   (run_report_examples.c). */
gaze_status gz_reporting_map(const gz_reporting *r, const char **name);

/* Examples with their maps; `r` keeps what they point to, for gz_reporting_forget_examples
   (run_report_examples.c). */
gaze_status gz_reporting_examples(gz_reporting *r);
void gz_reporting_forget_examples(gz_reporting *r);

/* Title, inputs and names of one example (run_report_describe.c). */
gaze_status gz_reporting_describe(gz_reporting *r, const gz_dump *dump, size_t sample, gz_example *example);

#endif
