/* What bench.c and bench_lines.c share. */
#ifndef GZ_API_BENCH_H
#define GZ_API_BENCH_H
#include "../base/file.h"
#include "../bench/peak.h"
#include "../train/step.h"
#include "api.h"

/* A model's step on random data, with its own memory for inputs and outputs. */
typedef struct gz_bench_job {
    gaze_model *model;
    size_t batch;
    bool training;
    gz_step_base base;
    gz_step step;
    gz_batch data;
    float **outputs;           /* [n_outputs] where a prediction is read into */
    float *parameters, *state; /* of the model before */
} gz_bench_job;

/* The job with its data and a plan as predictions and trainings have it; batch_size 0: 64. Training on noise
   leaves no trace: the weights are those of before when the job is freed. Both also after an error. */
gaze_status gz_bench_open(gaze_model *model, size_t batch_size, bool training, gz_bench_job *job);
gaze_status gz_bench_close(gz_bench_job *job);

/* Makes the job's plan anew, within the context's memory. */
gaze_status gz_bench_plan(gz_bench_job *job, gz_plan_options options);

/* One step: inputs written, everything run, and the loss or the outputs read. */
gaze_status gz_bench_step(gz_bench_job *job);

/* Runs the job's profiled plan for about `seconds` and makes result->lines: one a node, median times. */
gaze_status gz_bench_lines(gz_bench_job *job, double seconds, gaze_bench_result *result);

/* Makes result->tuned of the job's plan. */
gaze_status gz_bench_tuned(const gz_bench_job *job, gaze_bench_result *result);

/* Writes a few steps as JSON of the trace event format; the job's plan is another one from then on.
   Percentages are of the ceilings in `result`. */
gaze_status gz_bench_trace(gz_bench_job *job, const gaze_bench_result *result, gz_writer *writer);

#endif
