/* What model_check.c, model_graph.c and model_gradient.c share: one build of the model on one device. */
#ifndef GZ_MODEL_PARTS_H
#define GZ_MODEL_PARTS_H
#include "../graph/plan.h"
#include "model_check.h"

typedef enum gz_checked_mode {
    GZ_CHECK_PREDICTION, /* outputs and maps */
    GZ_CHECK_FORWARD,    /* in training mode: outputs */
    GZ_CHECK_GRADIENTS,  /* the same, and the gradient of every parameter of sum(w * outputs) */
} gz_checked_mode;

typedef struct gz_checked {
    gz_built built;
    gz_plan *plan;
    gz_store *store;      /* borrowed */
    gz_tensor **w;        /* [n_outputs] GRADIENTS: inputs */
    gz_tensor **gradient; /* [n_weights] GRADIENTS: NULL where nothing arrives */
} gz_checked;

/* Builds, plans and feeds; run it with gz_plan_run. device NULL: reference. */
gaze_status gz_checked_make(const gz_model *model, const gz_model_check_options *options, gz_device *device,
                            gz_store *store, gz_checked_mode mode, gz_checked *checked);
void gz_checked_free(gz_checked *checked);

/* Weight number i of output j. */
double gz_checked_weight(size_t j, size_t i);

/* A line, and the counts. */
void gz_model_tell(const gz_model_check_options *options, const char *what, const char *family,
                   const gz_verify_result *own, gz_verify_result *all);

/* Every parameter's gradient against differences: model_gradient.c. */
gaze_status gz_model_gradients(const gz_model *model, const gz_model_check_options *options, gz_store *store,
                               gz_verify_result *result);

#endif
