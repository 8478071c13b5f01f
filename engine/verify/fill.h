/* Input data for the cases of op tables. */
#ifndef GZ_FILL_H
#define GZ_FILL_H
#include "../base/philox.h"
#include "../graph/op.h"

/* `count` values; `stream` tells the inputs of a case apart. SPECIAL begins with zeros, infinities, NaN and
   every power of two, in another order in each stream. */
void gz_fill_floats(gz_fill fill, gz_key key, uint64_t stream, float *values, size_t count);

/* 0..limit-1 */
void gz_fill_indices(gz_key key, uint64_t stream, size_t limit, int32_t *values, size_t count);

/* `count` different values in random order, evenly spaced over first..last and none of them 0: no ties, no
 * kinks at 0. */
gaze_status gz_fill_distinct(double first, double last, gz_key key, uint64_t stream, float *values,
                             size_t count);

#endif
