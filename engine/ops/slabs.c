#include "slabs.h"

enum { LEAST_BYTES = 16384, GROUPS_PER_CORE = 12, MOST_GROUPS = 512, MOST_PARTS = 64 };

static size_t at_least_one(size_t value) { return value ? value : 1; }
static size_t smaller(size_t a, size_t b) { return a < b ? a : b; }

static gz_slabs divided(size_t units, size_t bytes_per_unit, size_t multiple, size_t most)
{
    const size_t bytes = units * bytes_per_unit;
    const size_t groups = bytes < GZ_ALONE_BYTES ? 1 : smaller(at_least_one(bytes / LEAST_BYTES), most);
    gz_slabs slabs = {.units = gz_round_up((units + groups - 1) / groups, multiple)};
    slabs.groups = (units + slabs.units - 1) / slabs.units;
    return slabs;
}

gz_slabs gz_slabs_of(const gz_builder *builder, size_t units, size_t bytes_per_unit, size_t multiple)
{
    const size_t cores = at_least_one(gz_builder_device(builder)->compute_units);
    return divided(units, bytes_per_unit, multiple, smaller(cores * GROUPS_PER_CORE, MOST_GROUPS));
}

gz_slabs gz_slabs_to_sum(size_t units, size_t bytes_per_unit)
{
    return divided(units, bytes_per_unit, 1, MOST_PARTS);
}

void gz_launch_slabs(gz_launch *launch, gz_slabs slabs)
{
    gz_arg_int(launch, slabs.units);
    gz_launch_groups(launch, slabs.groups, 1, 1, 1, 1, 1);
}

void gz_launch_slabs_or_items(gz_builder *builder, gz_launch *launch, gz_slabs slabs, size_t items)
{
    if (gz_builder_family(builder) == GZ_FAMILY_CPU)
        gz_launch_slabs(launch, slabs);
    else
        gz_launch_items(launch, items);
}
