/* How the cpu family shares the work of ops bound by memory: work-groups of one item, a slab of units each.
 */
#ifndef GZ_SLABS_H
#define GZ_SLABS_H
#include "../graph/builder.h"

/* Waking another core takes as long as moving so much. */
enum { GZ_ALONE_BYTES = 262144 };

typedef struct gz_slabs {
    size_t units; /* of one group; the last one may have fewer */
    size_t groups;
} gz_slabs;

/* `units` (rows, elements, ...) that move `bytes_per_unit` each. units of a slab are a multiple of
   `multiple`. A slab moves 16 KiB or more, and there are at most 12 groups a core or 512 in all; what moves
   less than 256 KiB is one slab. */
gz_slabs gz_slabs_of(const gz_builder *builder, size_t units, size_t bytes_per_unit, size_t multiple);

/* Slabs whose sums are added up afterwards: they depend on the shapes alone, so that the number of cores
   doesn't change the order of additions. At most 64, else as above. */
gz_slabs gz_slabs_to_sum(size_t units, size_t bytes_per_unit);

/* The number of units of a slab as the next argument, and one group a slab. */
void gz_launch_slabs(gz_launch *launch, gz_slabs slabs);

/* So on the cpu family; elsewhere at least `items` work-items, and no such argument. */
void gz_launch_slabs_or_items(gz_builder *builder, gz_launch *launch, gz_slabs slabs, size_t items);

/* y = the sum, the product of n tensors of its shape, element by element. y may be one of them. */
void gz_add_launch(gz_builder *builder, const gz_tensor *const *x, size_t n, const gz_tensor *y);
void gz_multiply_launch(gz_builder *builder, const gz_tensor *const *x, size_t n, const gz_tensor *y);

#endif
