/* Philox4x32-10, a counter-based generator (Salmon, Moraes, Dror, Shaw 2011, "Parallel random numbers: as
   easy as 1, 2, 3"). A number depends on its key and its position alone, never on the order of calls; kernels
   use the same function (cl/common.h). */
#ifndef GZ_PHILOX_H
#define GZ_PHILOX_H
#include <stddef.h>
#include <stdint.h>

typedef struct gz_key {
    uint32_t word[2];
} gz_key;

/* Key of a stream: a seed and a name ("conv_1.kernel", "shuffle", ...). */
gz_key gz_key_make(uint64_t seed, const char *name);

/* Four random words at `counter`. */
void gz_philox(gz_key key, const uint32_t counter[4], uint32_t random[4]);

/* Word number `index` of the stream; `stream` separates independent uses of one key (an epoch, a step). */
uint32_t gz_random_u32(gz_key key, uint64_t stream, uint64_t index);

/* Uniform in [0, 1), 24 bits. */
double gz_random_uniform(gz_key key, uint64_t stream, uint64_t index);

/* Standard normal (Box-Muller on the words 2*index and 2*index + 1). */
double gz_random_normal(gz_key key, uint64_t stream, uint64_t index);

/* A permutation of 0..count-1 (Fisher-Yates). */
void gz_random_permutation(gz_key key, uint64_t stream, uint32_t *permutation, size_t count);

#endif
