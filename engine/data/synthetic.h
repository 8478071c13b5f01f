/* Data made on the spot from a seed: sample i of a part depends on (seed, set, part, i) alone. */
#ifndef GZ_DATA_SYNTHETIC_H
#define GZ_DATA_SYNTHETIC_H
#include "types.h"

/* A list of them is in synthetic.c; each is a type of data that its own file fills. */
extern const gz_data_type gz_synthetic_patch, gz_synthetic_needle, gz_synthetic_copy, gz_synthetic_reverse;
extern const gz_data_type gz_needle_text; /* what needle becomes for models that read tokens */

/* As the spec has them: 6000 and 1000 without. */
void gz_synthetic_counts(const gz_data_spec *spec, size_t counts[GZ_N_PARTS]);

/* Random numbers of one sample, in the order in which they are drawn. */
typedef struct gz_draw {
    gz_key key;
    uint64_t stream, next;
} gz_draw;
gz_draw gz_draw_begin(gz_key key, gz_part part, size_t index);
size_t gz_draw_below(gz_draw *draw, size_t limit); /* 0..limit-1, for small limits */

#endif
