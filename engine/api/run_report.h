/* What the files of gaze_run_report share. */
#ifndef GZ_API_RUN_REPORT_H
#define GZ_API_RUN_REPORT_H
#include "../report/facts.h"
#include "api.h"
#include "data.h"

enum { GZ_REPORT_BATCH = 64 };

typedef struct gz_reporting {
    gaze_model *model;
    gaze_data *data;
    const gaze_run_report_options *options; /* never NULL */
    gz_arena *arena;
    size_t batch;
    gz_run_facts facts;
} gz_reporting;

/* Plans of a prediction and of a training step (run_report_memory.c). */
gaze_status gz_reporting_memory(gz_reporting *r);

#endif
