/* Training and evaluation of a model whose weights are in a store. */
#ifndef GZ_TRAIN_H
#define GZ_TRAIN_H
#include "step.h"

typedef struct gz_training {
    gz_step_base base; /* base.optimizer: the run's, with its learning rate */
    const gaze_train_options *options;
    const gaze_device_info *device; /* for run.json */
    const char *data_name, *data_path;
    /* Writes the weights file of the run folder. */
    gaze_status (*save_weights)(void *user, const char *path);
    void *user;
} gz_training;

/* The store must hold gradient and moment slabs. Leaves model.json, run.json, log.csv, checkpoints and
   weights.safetensors in options->out. GAZE_INTERRUPTED: options->progress said stop; a checkpoint was saved.
 */
gaze_status gz_train(const gz_training *training, gaze_metrics *last);

/* Mean loss and accuracy over a part, from the sums on the device. */
gaze_status gz_measure(const gz_step_base *base, gz_part part, size_t batch_size, gz_step_pair *steps,
                       gaze_metrics *metrics);

/* As gz_measure, and the confusion matrix. */
gaze_status gz_evaluate(const gz_step_base *base, gz_part part, size_t batch_size, gaze_metrics *metrics);

#endif
