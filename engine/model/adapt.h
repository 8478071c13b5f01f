/* A model file made to fit other data, as if it had been edited. */
#ifndef GZ_MODEL_ADAPT_H
#define GZ_MODEL_ADAPT_H
#include "model.h"

/* As gz_model_read_with. The image's size is that of the one float32 input [height,width,channels]; the
   classes are the "units" of the dense layer that makes the first output, with nothing but activations and
   dropouts behind it, and "classes" of another count are left out. The model's text is then the adapted one;
   its path, for messages, says what was asked for. GAZE_ERROR_MODEL where the model has no such input or
   layer. */
gaze_status gz_model_read_adapted(const char *file, const gz_attention_kind *const *kinds,
                                  const gaze_adaptation *adapt, gz_model **out);

/* Gives a model without "classes" these names, as if its file had them; a model that has some, or that has
   another number of classes (n_classes), stays as it is. */
gaze_status gz_model_name_classes(gz_model *model, const char *const *names, size_t n_classes);

#endif
