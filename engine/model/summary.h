/* A model in words: layers, shapes, weights, work, maps, and what its plan does with memory. */
#ifndef GZ_MODEL_SUMMARY_H
#define GZ_MODEL_SUMMARY_H
#include "model.h"
#include "../graph/plan.h"

typedef struct gz_summary_options {
    const gz_model *model;
    const gz_built *built;
    const gz_plan *plan; /* of built; NULL: there is none, because of what `why_no_plan` says */
    const char *why_no_plan;
    bool training, json;
} gz_summary_options;

/* Text for people, or one JSON object. free() *text. */
gaze_status gz_summary(const gz_summary_options *options, char **text);

#endif
