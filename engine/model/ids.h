/* Ids that embeddings read: which inputs they come from, and whether what the host writes there has a row in
   the table. Kernels take every id as it is, so this is checked before each write. */
#ifndef GZ_MODEL_IDS_H
#define GZ_MODEL_IDS_H
#include "model.h"

/* Notes that the inputs behind `ids` hold 0..rows-1, for `layer`. */
void gz_ids_limit(const gz_model *model, gz_built *built, gz_tensor *ids, const gz_layer *layer, size_t rows);

/* values: of input `input`, the batch of this build. GAZE_ERROR_DATA names input, sample (counted from
   `first`), position, found and expected. */
gaze_status gz_ids_check(const gz_model *model, const gz_built *built, size_t input, const void *values,
                         size_t first);

#endif
