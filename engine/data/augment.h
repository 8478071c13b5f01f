/* Images changed at random, anew in every epoch: what sample i looks like in epoch e depends on the seed, i
   and e alone. */
#ifndef GZ_DATA_AUGMENT_H
#define GZ_DATA_AUGMENT_H
#include "data.h"

/* Does the model ask for any change? */
bool gz_augment_wanted(const gz_augment *augment);

/* There has to be an image to change, and a shift has to be smaller than it. */
gaze_status gz_augment_check(const gz_data *data, const gz_augment *augment);

typedef struct gz_augmenter gz_augmenter;
/* For the data's own augmentation; *out is NULL where it has none. */
gaze_status gz_augmenter_create(const gz_data *data, uint64_t seed, gz_augmenter **out);
void gz_augmenter_destroy(gz_augmenter *augmenter); /* NULL is fine */

/* Changes one sample in place: its images [height, width, channels] of float32, all in the same way. */
void gz_augment_sample(gz_augmenter *augmenter, size_t epoch, size_t index, void *const *inputs);

#endif
