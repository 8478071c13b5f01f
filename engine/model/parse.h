/* What model.c and read_layers.c share. */
#ifndef GZ_MODEL_PARSE_H
#define GZ_MODEL_PARSE_H
#include "model.h"

/* "name" of an input or layer: there, usable in file names, and not taken. */
gaze_status gz_model_read_name(const gz_model *model, gz_json *json, const char **name);

/* Is `name` "<layer>/<part>", a state that one of the layers read so far gives? */
bool gz_model_has_state(const gz_model *model, const char *name);

/* Is `name` an input, one of the layers read so far, or a state? */
bool gz_model_knows(const gz_model *model, const char *name);
/* ", did you mean 'X'?" among the inputs and the layers read so far. */
const char *gz_model_nearest_name(const gz_model *model, const char *name);

/* gz_model_parse of a file's text that was changed: messages call it `place`. */
gaze_status gz_model_parse_at(const char *file, const char *place, const char *text, size_t size,
                              const gz_attention_kind *const *kinds, gz_model **out);
/* The model's text, and the hash of it. */
gaze_status gz_model_set_text(gz_model *model, const char *text, size_t size);

/* "layers". */
gaze_status gz_model_read_layers(gz_model *model, gz_json *json);

/* "decode". */
gaze_status gz_model_read_decode(gz_model *model, gz_json *json);

#endif
