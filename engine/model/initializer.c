#include "initializer.h"
#include "../base/philox.h"

#include <math.h>
#include <stdlib.h>

void gz_fans(gz_shape shape, double *fan_in, double *fan_out)
{
    double positions = 1;
    for (size_t i = 0; i + 2 < shape.rank; i++) positions *= (double)shape.dim[i];
    const double last = (double)gz_shape_last(shape);
    *fan_out = positions * last;
    *fan_in = shape.rank < 2 ? last : positions * (double)shape.dim[shape.rank - 2];
}

static void fill(float *values, size_t count, float value)
{
    for (size_t i = 0; i < count; i++) values[i] = value;
}

/* Uniform in [-limit, limit): gz_random_uniform of word i, four words a block. */
static void fill_uniform(gz_key key, double limit, float *values, size_t count)
{
    uint32_t random[4];
    for (size_t i = 0; i < count; i++) {
        const uint64_t block = i / 4;
        const uint32_t counter[4] = {(uint32_t)block, (uint32_t)(block >> 32), 0, 0};
        if (i % 4 == 0) gz_philox(key, counter, random);
        values[i] = (float)(((random[i % 4] >> 8) * 0x1p-23 - 1) * limit);
    }
}

static double dot(const double *a, const double *b, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++) sum += a[i] * b[i];
    return sum;
}

/* Makes the rows of q [few, many] orthonormal (Gram-Schmidt, each row twice: once loses digits). That is Q of
   the QR factorisation whose R has a positive diagonal, as Keras' Orthogonal takes it. */
static void orthonormalize(double *q, size_t few, size_t many)
{
    for (size_t i = 0; i < few; i++) {
        double *row = q + i * many;
        for (int pass = 0; pass < 2; pass++)
            for (size_t j = 0; j < i; j++) {
                const double *other = q + j * many, part = dot(row, other, many);
                for (size_t k = 0; k < many; k++) row[k] -= part * other[k];
            }
        const double length = sqrt(dot(row, row, many));
        for (size_t k = 0; k < many; k++) row[k] /= length;
    }
}

static gaze_status fill_orthogonal(gz_key key, gz_shape shape, float *values)
{
    const size_t columns = gz_shape_last(shape), rows = gz_shape_count(shape) / columns;
    const size_t few = rows < columns ? rows : columns, many = rows < columns ? columns : rows;
    double *q;
    GZ_TRY(gz_allocate(rows * columns, sizeof *q, &q));
    for (size_t i = 0; i < rows * columns; i++) q[i] = gz_random_normal(key, 0, i);
    orthonormalize(q, few, many);
    for (size_t r = 0; r < rows; r++)
        for (size_t c = 0; c < columns; c++)
            values[r * columns + c] = (float)(rows < columns ? q[r * many + c] : q[c * many + r]);
    free(q);
    return GAZE_OK;
}

gaze_status gz_initialize(gz_initializer initializer, uint64_t seed, const char *name, gz_shape shape,
                          float *values)
{
    const size_t count = gz_shape_count(shape);
    const gz_key key = gz_key_make(seed, name);
    double fan_in, fan_out;
    switch (initializer) {
    case GZ_INIT_GLOROT_UNIFORM:
        gz_fans(shape, &fan_in, &fan_out);
        fill_uniform(key, sqrt(6 / (fan_in + fan_out)), values, count);
        break;
    case GZ_INIT_ZEROS: fill(values, count, 0); break;
    case GZ_INIT_ONES: fill(values, count, 1); break;
    case GZ_INIT_ORTHOGONAL: return fill_orthogonal(key, shape, values);
    case GZ_INIT_UNIFORM_005: fill_uniform(key, 0.05, values, count); break;
    case GZ_INIT_LSTM_BIAS: /* gates i, f, c, o */
        fill(values, count, 0);
        fill(values + count / 4, count / 4, 1);
        break;
    }
    return GAZE_OK;
}
