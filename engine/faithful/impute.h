/* Linear imputation of the parts of an input that were taken away (Rong, Leemann, Borisov, Kasneci, Kasneci
   2022, "A consistent and efficient evaluation strategy for attribution methods"): each becomes the weighted
   mean of its neighbours, 1/6 for those beside it and 1/12 for those across its corners, all at once; at
   borders the weights that are there are scaled up. Knows base alone. */
#ifndef GZ_IMPUTE_H
#define GZ_IMPUTE_H
#include "../base/memory.h"

/* Pixels of an image, or the steps of a sequence, which is an image of height 1. */
typedef struct gz_parts {
    size_t height, width, channels;
} gz_parts;

typedef struct gz_imputer gz_imputer; /* memory for the equations */
gaze_status gz_imputer_create(const gz_parts *parts, gz_imputer **out);
void gz_imputer_free(gz_imputer *imputer); /* NULL is fine */

/* values [height,width,channels]: the parts with removed[part] are written, the others are read. otherwise
   [channels]: what they become where nothing is left to read. The equations are solved until what is missing
   is a millionth of what is known. */
void gz_impute(gz_imputer *imputer, const bool *removed, const float *otherwise, float *values);

#endif
