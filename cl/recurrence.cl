/* The recurrent kernel [U,G*U] in the order in which the register tiles of recurrence.h read it. */
#include "common.h"
#include "partial.h"

/* packed [block][pass][k < all][vectors]: vector v of a block is gate v / unit_vectors of unit vector v % unit_vectors. Rows of the
   kernel are `count` from k = first on. A group packs a pass. */
GAZE_ONE recurrence_pack(GAZE_HERE const __global float *restrict kernel_, __global float *restrict packed, int U,
                         int G, int vectors, int unit_vectors, int first, int count, int all)
{
    const int passes = G * unit_vectors / vectors, block = GAZE_AT(0) / passes,
              pass = GAZE_AT(0) % passes;
    packed += ((size_t)GAZE_AT(0) * all + first) * vectors * GAZE_WIDTH;
    for (int k = 0; k < count; k++)
        for (int i = 0; i < vectors; i++, packed += GAZE_WIDTH) {
            const int v = pass * vectors + i, u = (block * unit_vectors + v % unit_vectors) * GAZE_WIDTH;
            const __global float *from = kernel_ + ((size_t)k * G + v / unit_vectors) * U + u;
            vstorev(u < U ? gaze_load_part(from, U - u, 0.0f) : (floatv)(0.0f), 0, packed);
        }
}

/* The transpose, packed [block][g][k < padded][vectors]: unit k of gate g times the weights to the block's
   units. A group packs a gate of a block. */
GAZE_ONE recurrence_pack_transposed(GAZE_HERE const __global float *restrict kernel_, __global float *restrict packed,
                                    int U, int G, int vectors, int unit_vectors)
{
    const int units = unit_vectors * GAZE_WIDTH, first = GAZE_AT(0) * units, g = GAZE_AT(1);
    const int padded = (U + units - 1) / units * units;
    packed += ((size_t)GAZE_AT(0) * G + g) * padded * units;
    for (int i = 0; i < units; i++)
        for (int k = 0; k < padded; k++)
            packed[(size_t)k * units + i] =
                first + i < U && k < U ? kernel_[((size_t)(first + i) * G + g) * U + k] : 0.0f;
}
