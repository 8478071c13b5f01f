/* The sums of all rows of a tensor that a kernel makes beside it: of dz they are the gradient of a bias. */
#ifndef GZ_ROW_SUMS_H
#define GZ_ROW_SUMS_H
#include "slabs.h"

/* How the cpu family shares `rows` rows, each group with the sum of its own in parts [groups][C]; parts is
   NULL where no sums are wanted. */
typedef struct gz_row_sums {
    gz_slabs slabs;
    const gz_tensor *parts, *sums;
} gz_row_sums;

/* sums [C], or NULL: then the slabs are those of gz_slabs_of. */
gz_row_sums gz_row_sums_of(gz_builder *builder, size_t rows, size_t bytes_per_row, const gz_tensor *sums);

/* After the launch that made z: adds the parts, in their order; the other families sum z [...,C]. */
void gz_row_sums_end(gz_builder *builder, const gz_row_sums *rows, const gz_tensor *z);

/* What they are: sums [C] of z [count / C][C], in double. */
void gz_row_sums_reference(const double *z, size_t count, size_t C, double *sums);

#endif
