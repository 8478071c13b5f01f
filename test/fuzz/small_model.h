/* A model of one dense layer (d.kernel [3,2], d.bias [2]) in a store of the reference mode, for loaders of
 * weights. */
#ifndef FUZZ_SMALL_MODEL_H
#define FUZZ_SMALL_MODEL_H
#include "../../engine/model/weights.h"

enum { FUZZ_MOMENTS = 1 };

/* Made once, and freed at the end of the process. */
const gz_built *fuzz_small_model(gz_store **store);

/* Reads all that the store holds. */
void fuzz_touch_store(const gz_store *store);

#endif
