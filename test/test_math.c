/* The functions of cl/common.h against the exact values, in ULP: all 2^k boundaries, denormals, zeros,
   infinities, NaN and 10^6 random arguments, for scalars and vectors. */
#include "on_device.h"
#include "../engine/base/philox.h"

#include <float.h>
#include <stdio.h>

enum { N = 1 << 20 };
static float x[N], y[N];
static cl_program program;

static const char KERNELS[] =
    "#define K(name) __kernel void name##v(__global const float *x, __global float *y) {"
    "    vstorev(gaze_##name##v(vloadv(get_global_id(0), x)), get_global_id(0), y); }"
    "__kernel void name##1(__global const float *x, __global float *y) {"
    "    y[get_global_id(0)] = gaze_##name##1(x[get_global_id(0)]); }\n"
    "K(exp) K(exp_low) K(exp2_low) K(expm1) K(tanh) K(sigmoid)\n"
    "__kernel void folds(__global const float *x, __global float *y) {"
    "    y[2 * get_global_id(0)] = gaze_sumv(vloadv(get_global_id(0), x));"
    "    y[2 * get_global_id(0) + 1] = gaze_maxv(vloadv(get_global_id(0), x)); }\n";

/* Boundaries first: every power of two, its neighbours, both signs; then what the functions change course at.
 */
static size_t fill_boundaries(void)
{
    static const float edges[] = {0,           -0.0f,    INFINITY, -INFINITY,   NAN,        88.72283f,
                                  88.722839f,  88.7229f, 89,       -87.33654f,  -87.33655f, -87.32f,
                                  -30,         -30.1f,   9.02f,    FLT_MAX,     -FLT_MAX,   -0.3465736f,
                                  -1.0397208f, 127,      -126,     -126.00001f, -125.5f};
    size_t n = sizeof edges / sizeof *edges;
    memcpy(x, edges, sizeof edges);
    for (int exponent = -149; exponent < 128; exponent++)
        for (int sign = -1; sign <= 1; sign += 2) {
            const float power = ldexpf((float)sign, exponent);
            x[n++] = power;
            x[n++] = nextafterf(power, 0);
            x[n++] = nextafterf(power, (float)sign * INFINITY);
        }
    return n;
}

static void fill_arguments(void)
{
    static const double range[] = {100, 10, 1.5};
    const gz_key key = gz_key_make(1, "math");
    for (size_t i = fill_boundaries(); i < N; i++) {
        const uint32_t word = gz_random_u32(key, 0, i);
        if (i % 4 == 3)
            memcpy(&x[i], &word, sizeof word);
        else
            x[i] = (float)((2 * gz_random_uniform(key, 1, i) - 1) * range[i % 4]);
    }
}

static int build(void **state)
{
    static char source[65536];
    char options[GZ_OPTIONS];
    if (open_device(state) != 0) return -1;
    FILE *file = fopen(SOURCE_DIR "/cl/common.h", "rb");
    if (!file) return -1;
    const size_t length = fread(source, 1, sizeof source - sizeof KERNELS, file);
    fclose(file);
    memcpy(source + length, KERNELS, sizeof KERNELS);
    const char *text = source;
    gz_device_options(device, options);
    program = clCreateProgramWithSource(gz_device_context(device), 1, &text, NULL, NULL);
    fill_arguments();
    return clBuildProgram(program, 0, NULL, options, NULL, NULL);
}

static int release(void **state)
{
    clReleaseProgram(program);
    return close_device(state);
}

static void run_kernel(const char *name, size_t items)
{
    const cl_kernel kernel = clCreateKernel(program, name, NULL);
    cl_mem from, to;
    assert_non_null(kernel);
    assert_ok(gz_device_allocate(device, sizeof x, &from));
    assert_ok(gz_device_allocate(device, sizeof y, &to));
    assert_ok(gz_device_write(device, from, 0, x, sizeof x));
    assert_int_equal(clSetKernelArg(kernel, 0, sizeof from, &from), CL_SUCCESS);
    assert_int_equal(clSetKernelArg(kernel, 1, sizeof to, &to), CL_SUCCESS);
    assert_int_equal(
        clEnqueueNDRangeKernel(gz_device_queue(device), kernel, 1, NULL, &items, NULL, 0, NULL, NULL),
        CL_SUCCESS);
    assert_ok(gz_device_read(device, to, 0, y, sizeof y));
    gz_device_release(device, from);
    gz_device_release(device, to);
    clReleaseKernel(kernel);
}

/* Results below 2^-126 may be 0; infinities must be where rounding puts them. */
static double ulp_error(float got, double want)
{
    const float rounded = (float)want;
    if (isnan(want)) return isnan(got) ? 0 : INFINITY;
    if (got == rounded || (got == 0 && fabs(want) < (double)FLT_MIN)) return 0;
    if (!isfinite(got) || !isfinite(rounded)) return INFINITY;
    return fabs((double)got - want) / ldexp(1, (fabs(want) < (double)FLT_MIN ? -126 : ilogb(want)) - 23);
}

static double sigmoid(double t) { return 1 / (1 + exp(-t)); }

static void assert_ulp(const char *kernel, double (*exact)(double), size_t width, double most, double limit)
{
    run_kernel(kernel, N / width);
    for (size_t i = 0; i < N; i++)
        if (!((double)x[i] > most) && !(ulp_error(y[i], exact((double)x[i])) <= limit))
            fail_msg("%s(%.9g) is %.9g, exactly %.9g: more than %g ULP", kernel, (double)x[i], (double)y[i],
                     exact((double)x[i]), limit);
}

static size_t width(void) { return gz_device_facts_of(device)->vector_width; }

static void exp_is_within_3_ulp(void **state)
{
    (void)state;
    assert_ulp("expv", exp, width(), INFINITY, 3);
    assert_ulp("exp1", exp, 1, INFINITY, 3);
}

static void exp_low_is_within_3_ulp_below_88(void **state)
{
    (void)state;
    assert_ulp("exp_lowv", exp, width(), 88, 3);
    assert_ulp("exp_low1", exp, 1, 88, 3);
}

static void exp2_low_is_within_3_ulp_to_127(void **state)
{
    (void)state;
    assert_ulp("exp2_lowv", exp2, width(), 127, 3);
    assert_ulp("exp2_low1", exp2, 1, 127, 3);
}

static void expm1_is_within_3_ulp_below_zero(void **state)
{
    (void)state;
    assert_ulp("expm1v", expm1, width(), 0, 3);
    assert_ulp("expm11", expm1, 1, 0, 3);
}

static void tanh_is_within_5_ulp(void **state)
{
    (void)state;
    assert_ulp("tanhv", tanh, width(), INFINITY, 5);
    assert_ulp("tanh1", tanh, 1, INFINITY, 5);
}

static void sigmoid_is_within_8_ulp(void **state)
{
    (void)state;
    assert_ulp("sigmoidv", sigmoid, width(), INFINITY, 8);
    assert_ulp("sigmoid1", sigmoid, 1, INFINITY, 8);
}

static void folds_take_every_lane_once(void **state)
{
    (void)state;
    for (size_t i = 0; i < N; i++) x[i] = (float)((i * 2654435761u) % 1024);
    run_kernel("folds", N / 2 / width());
    for (size_t i = 0; i < N / 2 / width(); i++) {
        float sum = 0, most = 0;
        for (size_t k = 0; k < width(); k++) {
            sum += x[i * width() + k];
            most = fmaxf(most, x[i * width() + k]);
        }
        assert_true(y[2 * i] == sum && y[2 * i + 1] == most);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exp_is_within_3_ulp),
        cmocka_unit_test(exp_low_is_within_3_ulp_below_88),
        cmocka_unit_test(exp2_low_is_within_3_ulp_to_127),
        cmocka_unit_test(expm1_is_within_3_ulp_below_zero),
        cmocka_unit_test(tanh_is_within_5_ulp),
        cmocka_unit_test(sigmoid_is_within_8_ulp),
        cmocka_unit_test(folds_take_every_lane_once),
    };
    return cmocka_run_group_tests(tests, build, release);
}
