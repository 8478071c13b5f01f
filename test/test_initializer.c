#include "models.h"

#include "../engine/base/philox.h"
#include "../engine/model/initializer.h"

#include <math.h>

static void fans_follow_keras(void **state)
{
    (void)state;
    double in, out;
    gz_fans(GZ_SHAPE(784, 10), &in, &out);
    assert_true(in == 784 && out == 10);
    gz_fans(GZ_SHAPE(3, 3, 32, 64), &in, &out);
    assert_true(in == 288 && out == 576);
    gz_fans(GZ_SHAPE(7), &in, &out);
    assert_true(in == 7 && out == 7);
    gz_fans((gz_shape){0}, &in, &out);
    assert_true(in == 1 && out == 1);
}

static void glorot_fills_its_range(void **state)
{
    (void)state;
    enum { N = 200 * 100 };
    static float values[N];
    const double limit = sqrt(6.0 / 300);
    double least = 1, most = -1, sum = 0;
    assert_ok(gz_initialize(GZ_INIT_GLOROT_UNIFORM, 1, "d.kernel", GZ_SHAPE(200, 100), values));
    for (size_t i = 0; i < N; i++) {
        least = fmin(least, values[i]);
        most = fmax(most, values[i]);
        sum += values[i];
    }
    assert_true(least >= -limit && least < -0.999 * limit);
    assert_true(most <= limit && most > 0.999 * limit);
    assert_true(fabs(sum / N) < 4 * limit / sqrt(3.0 * N)); /* four standard errors */
}

static void seed_and_name_make_the_values(void **state)
{
    (void)state;
    float a[8], b[8], c[8], d[8];
    assert_ok(gz_initialize(GZ_INIT_UNIFORM_005, 1, "e.embeddings", GZ_SHAPE(4, 2), a));
    assert_ok(gz_initialize(GZ_INIT_UNIFORM_005, 1, "e.embeddings", GZ_SHAPE(4, 2), b));
    assert_ok(gz_initialize(GZ_INIT_UNIFORM_005, 2, "e.embeddings", GZ_SHAPE(4, 2), c));
    assert_ok(gz_initialize(GZ_INIT_UNIFORM_005, 1, "f.embeddings", GZ_SHAPE(4, 2), d));
    assert_memory_equal(a, b, sizeof a);
    assert_memory_not_equal(a, c, sizeof a);
    assert_memory_not_equal(a, d, sizeof a);
    const gz_key key = gz_key_make(1, "e.embeddings");
    for (size_t i = 0; i < 8; i++)
        assert_true(a[i] == (float)((2 * gz_random_uniform(key, 0, i) - 1) * 0.05));
}

static void check_orthogonal(size_t rows, size_t columns)
{
    float *q = malloc(rows * columns * sizeof *q);
    assert_ok(gz_initialize(GZ_INIT_ORTHOGONAL, 3, "r.recurrent_kernel", GZ_SHAPE(rows, columns), q));
    const bool tall = rows >= columns;
    const size_t few = tall ? columns : rows, many = tall ? rows : columns;
    for (size_t i = 0; i < few; i++)
        for (size_t j = 0; j < few; j++) {
            double sum = 0;
            for (size_t k = 0; k < many; k++)
                sum += tall ? (double)q[k * columns + i] * q[k * columns + j]
                            : (double)q[i * columns + k] * q[j * columns + k];
            assert_true(fabs(sum - (i == j)) < 1e-6);
        }
    free(q);
}

static void orthogonal_rows_or_columns_are_orthonormal(void **state)
{
    (void)state;
    check_orthogonal(5, 5);
    check_orthogonal(6, 24);
    check_orthogonal(24, 6);
}

static void lstm_bias_opens_the_forget_gate(void **state)
{
    (void)state;
    float values[12];
    assert_ok(gz_initialize(GZ_INIT_LSTM_BIAS, 1, "l.bias", GZ_SHAPE(12), values));
    for (size_t i = 0; i < 12; i++) assert_true(values[i] == (i >= 3 && i < 6 ? 1.0f : 0.0f));
}

static void zeros_and_ones_are_what_they_say(void **state)
{
    (void)state;
    float zeros[3] = {7, 7, 7}, ones[3] = {7, 7, 7};
    assert_ok(gz_initialize(GZ_INIT_ZEROS, 1, "a", GZ_SHAPE(3), zeros));
    assert_ok(gz_initialize(GZ_INIT_ONES, 1, "a", GZ_SHAPE(3), ones));
    for (size_t i = 0; i < 3; i++) assert_true(zeros[i] == 0.0f && ones[i] == 1.0f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fans_follow_keras),
        cmocka_unit_test(glorot_fills_its_range),
        cmocka_unit_test(seed_and_name_make_the_values),
        cmocka_unit_test(orthogonal_rows_or_columns_are_orthonormal),
        cmocka_unit_test(lstm_bias_opens_the_forget_gate),
        cmocka_unit_test(zeros_and_ones_are_what_they_say),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
