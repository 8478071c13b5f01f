#include "row_sums.h"
#include "dense.h"

gz_row_sums gz_row_sums_of(gz_builder *builder, size_t rows, size_t bytes_per_row, const gz_tensor *sums)
{
    if (!sums) return (gz_row_sums){.slabs = gz_slabs_of(builder, rows, bytes_per_row, 1)};
    gz_row_sums made = {.slabs = gz_slabs_to_sum(rows, bytes_per_row), .parts = sums, .sums = sums};
    if (made.slabs.groups > 1 && gz_builder_family(builder) == GZ_FAMILY_CPU)
        made.parts = gz_scratch(builder, made.slabs.groups * gz_shape_count(sums->shape));
    return made;
}

void gz_row_sums_end(gz_builder *builder, const gz_row_sums *rows, const gz_tensor *z)
{
    if (!rows->sums) return;
    if (gz_builder_family(builder) != GZ_FAMILY_CPU)
        gz_bias_gradient_launch(builder, z, rows->sums);
    else if (rows->parts != rows->sums)
        gz_dense_end(builder, rows->parts, rows->slabs.groups, NULL, rows->sums, 1,
                     gz_shape_count(rows->sums->shape), GZ_LINEAR);
}

void gz_row_sums_reference(const double *z, size_t count, size_t C, double *sums)
{
    for (size_t i = 0; i < count; i++) sums[i % C] = (i < C ? 0 : sums[i % C]) + z[i];
}
