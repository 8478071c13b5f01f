#include "fill.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>

static const float EDGES[] = {0.0f,    -0.0f,    INFINITY, -INFINITY, NAN,  1.0f,
                              FLT_MAX, -FLT_MAX, FLT_MIN,  -FLT_MIN,  0.5f, -1.0f};
enum {
    N_EDGES = sizeof EDGES / sizeof *EDGES,
    LEAST_EXPONENT = -149, /* the smallest denormal */
    N_EXPONENTS = 127 - LEAST_EXPONENT + 1,
    N_SPECIAL = N_EDGES + 2 * N_EXPONENTS
};

/* Edges, then the powers of two with both signs. */
static float special(size_t i)
{
    if (i < N_EDGES) return EDGES[i];
    i -= N_EDGES;
    const float power = ldexpf(1.0f, (int)(i / 2) + LEAST_EXPONENT);
    return i % 2 ? -power : power;
}

/* Magnitudes evenly spread over the exponents of 1e-4..1e4; the sign is the lowest bit. */
static float wide(gz_key key, uint64_t stream, size_t i)
{
    const uint32_t word = gz_random_u32(key, stream, i);
    const double magnitude = pow(10.0, (double)(word >> 8) * 0x1p-24 * 8.0 - 4.0);
    return (float)(word & 1 ? -magnitude : magnitude);
}

static float value(gz_fill fill, gz_key key, uint64_t stream, size_t i)
{
    const double u = gz_random_uniform(key, stream, i);
    switch (fill) {
    case GZ_FILL_INTEGER: return (float)(floor(u * 9.0) - 4.0);
    case GZ_FILL_WIDE: return wide(key, stream, i);
    case GZ_FILL_SPECIAL:
        /* an odd multiplier visits every special value, and pairs them differently in each input */
        return i < N_SPECIAL ? special(i * (2 * stream + 1) % N_SPECIAL) : wide(key, stream, i);
    case GZ_FILL_POSITIVE: return (float)(1e-3 + u * (1.0 - 1e-3));
    case GZ_FILL_SMALL: return (float)((2.0 * u - 1.0) / 8);
    case GZ_FILL_OFFSET: return (float)(1000 + (2.0 * u - 1.0) / 64);
    case GZ_FILL_UNIFORM: break;
    }
    return (float)(2.0 * u - 1.0);
}

void gz_fill_floats(gz_fill fill, gz_key key, uint64_t stream, float *values, size_t count)
{
    for (size_t i = 0; i < count; i++) values[i] = value(fill, key, stream, i);
}

void gz_fill_indices(gz_key key, uint64_t stream, size_t limit, int32_t *values, size_t count)
{
    for (size_t i = 0; i < count; i++)
        values[i] = (int32_t)(gz_random_uniform(key, stream, i) * (double)limit);
}

gaze_status gz_fill_distinct(double first, double last, gz_key key, uint64_t stream, float *values,
                             size_t count)
{
    uint32_t *order;
    GZ_TRY(gz_allocate(count, sizeof *order, &order));
    gz_random_permutation(key, stream, order, count);
    /* off the middle of each interval, which of a symmetric range can be 0, and elsewhere in each stream */
    const double step = (last - first) / (double)count,
                 shift = 0.6 + 0.3 * gz_random_uniform(key, stream, count);
    for (size_t i = 0; i < count; i++) values[i] = (float)(first + ((double)order[i] + shift) * step);
    free(order);
    return GAZE_OK;
}
