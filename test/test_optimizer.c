#include "on_device.h"

/* Odd, so that the last vector is not whole; the last PADDING values are what lies between tensors of a slab.
 */
enum { N = 1037, PADDING = 7, STEPS = 100 };

static gz_tensor *parameter, *gradient, *hyper, *moments[3];

static void add_optimizer(const gz_optimizer_attr *attr, size_t n)
{
    parameter = input(GZ_SHAPE(n));
    gradient = input(GZ_SHAPE(n));
    hyper = input(GZ_SHAPE(4));
    for (size_t i = 0; i < 3; i++) moments[i] = input(GZ_SHAPE(n));
    assert_ok(gz_optimizer(graph, attr, parameter, gradient, hyper, moments));
    make_plan(KEEP(parameter));
}

static double corrected_rate(const gz_optimizer_attr *attr, double rate, int step)
{
    return rate * sqrt(1 - pow(attr->beta_2, step)) / (1 - pow(attr->beta_1, step));
}

static void write_zeros(gz_tensor *tensor)
{
    float *zeros = calloc(gz_shape_count(tensor->shape), sizeof *zeros);
    assert_ok(gz_plan_write(plan, tensor, zeros));
    free(zeros);
}

/* keras/src/optimizers, one number at a time, written from there and not from the op */
typedef struct number {
    double p, a, b, c;
} number;

static void keras_sgd(const gz_optimizer_attr *o, double rate, int step, double g, number *x)
{
    (void)step;
    if (o->momentum == 0) {
        x->p = x->p - g * rate;
        return;
    }
    const double m = x->a * o->momentum - g * rate;
    x->a = m;
    x->p = o->nesterov ? x->p + (m * o->momentum - g * rate) : x->p + m;
}

static void keras_adam(const gz_optimizer_attr *o, double rate, int step, double g, number *x)
{
    if (o->kind == GZ_ADAMW) x->p = x->p - x->p * o->weight_decay * rate;
    x->a = x->a + (g - x->a) * (1 - o->beta_1);
    x->b = x->b + (g * g - x->b) * (1 - o->beta_2);
    x->p = x->p - x->a * corrected_rate(o, rate, step) / (sqrt(x->b) + o->epsilon);
}

static void keras_rmsprop(const gz_optimizer_attr *o, double rate, int step, double g, number *x)
{
    (void)step;
    x->a = o->rho * x->a + (1 - o->rho) * g * g;
    double denominator = x->a + o->epsilon;
    if (o->centered) {
        x->c = o->rho * x->c + (1 - o->rho) * g;
        denominator = x->a - x->c * x->c + o->epsilon;
    }
    const double increment = rate * g / sqrt(denominator);
    if (o->momentum > 0) {
        x->b = o->momentum * x->b + increment;
        x->p = x->p - x->b;
    } else {
        x->p = x->p - increment;
    }
}

typedef void (*keras_update)(const gz_optimizer_attr *, double, int, double, number *);

static float gradient_at(int step, size_t i)
{
    return i < N - PADDING ? (float)(sin((double)i * 1.7 + step) + 0.3 * cos((double)(i + 1) * step)) : 0;
}

static void write_step(const gz_optimizer_attr *attr, double rate, int step)
{
    static float values[N];
    for (size_t i = 0; i < N; i++) values[i] = gradient_at(step, i);
    assert_ok(gz_plan_write(plan, gradient, values));
    write_values(hyper, (float)rate, (float)corrected_rate(attr, rate, step), 0, 0);
}

/* After 100 steps within 1e-5 of Keras' formulas in double, and zeros where the slab has padding. */
static void train_as_keras(const gz_optimizer_attr *attr, keras_update update)
{
    const double rate = (double)0.01f;
    static float values[N];
    static number expected[N];
    add_optimizer(attr, N);
    for (size_t i = 0; i < N; i++) {
        values[i] = i < N - PADDING ? (float)cos((double)i) : 0;
        expected[i] = (number){.p = (double)values[i]};
    }
    assert_ok(gz_plan_write(plan, parameter, values));
    for (size_t i = 0; i < 3; i++) write_zeros(moments[i]);
    for (int step = 1; step <= STEPS; step++) {
        write_step(attr, rate, step);
        run_plan();
        for (size_t i = 0; i < N; i++) update(attr, rate, step, (double)gradient_at(step, i), &expected[i]);
    }
    read_values(parameter, values);
    for (size_t i = 0; i < N - PADDING; i++) {
        const double error = fabs((double)values[i] - expected[i].p);
        if (!(error <= 1e-5 * fmax(1, fabs(expected[i].p))))
            fail_msg("parameter %zu is %.9g, expected %.9g", i, (double)values[i], expected[i].p);
    }
    for (size_t i = N - PADDING; i < N; i++) assert_true(values[i] == 0);
}

#define ADAM .beta_1 = 0.9, .beta_2 = 0.999, .epsilon = 1e-7
static const gz_optimizer_attr
    sgd = {.kind = GZ_SGD},
    momentum = {.kind = GZ_SGD, .momentum = 0.9},
    nesterov = {.kind = GZ_SGD, .momentum = 0.9, .nesterov = true}, adam = {.kind = GZ_ADAM, ADAM},
    adamw = {.kind = GZ_ADAMW, ADAM, .weight_decay = 0.004},
    rmsprop = {.kind = GZ_RMSPROP, .rho = 0.9, .epsilon = 1e-7},
    rmsprop_momentum = {.kind = GZ_RMSPROP, .rho = 0.9, .momentum = 0.8, .epsilon = 1e-7},
    centered = {.kind = GZ_RMSPROP, .rho = 0.9, .centered = true, .epsilon = 1e-3},
    centered_momentum = {.kind = GZ_RMSPROP, .rho = 0.9, .centered = true, .momentum = 0.8, .epsilon = 1e-3};

#define HUNDRED_STEPS(NAME, ATTR, UPDATE) \
    static void NAME(void **state)        \
    {                                     \
        (void)state;                      \
        train_as_keras(&(ATTR), UPDATE);  \
    }
HUNDRED_STEPS(hundred_steps_of_sgd, sgd, keras_sgd)
HUNDRED_STEPS(hundred_steps_of_momentum, momentum, keras_sgd)
HUNDRED_STEPS(hundred_steps_of_nesterov, nesterov, keras_sgd)
HUNDRED_STEPS(hundred_steps_of_adam, adam, keras_adam)
HUNDRED_STEPS(hundred_steps_of_adamw, adamw, keras_adam)
HUNDRED_STEPS(hundred_steps_of_rmsprop, rmsprop, keras_rmsprop)
HUNDRED_STEPS(hundred_steps_of_rmsprop_with_momentum, rmsprop_momentum, keras_rmsprop)
HUNDRED_STEPS(hundred_steps_of_centered_rmsprop, centered, keras_rmsprop)
HUNDRED_STEPS(hundred_steps_of_centered_rmsprop_with_momentum, centered_momentum, keras_rmsprop)

/* p = 0 or 1, g = 1, learning rate 0.1, moments 0: two steps by hand. */
static void two_steps(const gz_optimizer_attr *attr, float start, float first, float second)
{
    add_optimizer(attr, 1);
    write_values(parameter, start);
    write_values(gradient, 1);
    for (size_t i = 0; i < 3; i++) write_zeros(moments[i]);
    for (int step = 1; step <= 2; step++) {
        write_values(hyper, 0.1f, (float)(attr->beta_1 != 0 ? corrected_rate(attr, 0.1, step) : 0), 0, 0);
        run_plan();
        assert_reads(parameter, 3e-7, step == 1 ? first : second);
    }
}

/* m = -0.1, p = -0.1; m = -0.19, p = -0.29 */
static void momentum_by_hand(void **state)
{
    (void)state;
    two_steps(&momentum, 0, -0.1f, -0.29f);
}

/* m = -0.1, p = -0.09 - 0.1; m = -0.19, p = -0.19 - 0.171 - 0.1 */
static void nesterov_by_hand(void **state)
{
    (void)state;
    two_steps(&nesterov, 0, -0.19f, -0.461f);
}

/* A constant gradient: bias correction makes every step 0.1 (less epsilon, which is not corrected: 3e-6 and
 * 2e-6 of it). */
static void adam_by_hand(void **state)
{
    (void)state;
    two_steps(&adam, 0, -0.0999996838f, -0.199999460f);
}

/* First p - 0.0004 p = 0.9996, then Adam's step. */
static void adamw_decays_first(void **state)
{
    (void)state;
    two_steps(&adamw, 1, 0.8996003162f, 0.7992406f);
}

/* v = 0.1: -0.1 / sqrt(0.1 + 1e-7); v = 0.19: -0.1 / sqrt(0.19 + 1e-7) */
static void rmsprop_by_hand(void **state)
{
    (void)state;
    two_steps(&rmsprop, 0, -0.316227608f, -0.545643264f);
}

static void moments_are_counted(void **state)
{
    (void)state;
    assert_int_equal(gz_optimizer_moments(&sgd), 0);
    assert_int_equal(gz_optimizer_moments(&nesterov), 1);
    assert_int_equal(gz_optimizer_moments(&adam), 2);
    assert_int_equal(gz_optimizer_moments(&rmsprop), 1);
    assert_int_equal(gz_optimizer_moments(&centered_momentum), 3);
}

static void optimizer_holds_its_cases(void **state)
{
    (void)state;
    verify_op(&gz_op_optimizer);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_graph, close_graph)
    const struct CMUnitTest tests[] = {
        TEST(optimizer_holds_its_cases),
        TEST(hundred_steps_of_sgd),
        TEST(hundred_steps_of_momentum),
        TEST(hundred_steps_of_nesterov),
        TEST(hundred_steps_of_adam),
        TEST(hundred_steps_of_adamw),
        TEST(hundred_steps_of_rmsprop),
        TEST(hundred_steps_of_rmsprop_with_momentum),
        TEST(hundred_steps_of_centered_rmsprop),
        TEST(hundred_steps_of_centered_rmsprop_with_momentum),
        TEST(momentum_by_hand),
        TEST(nesterov_by_hand),
        TEST(adam_by_hand),
        TEST(adamw_decays_first),
        TEST(rmsprop_by_hand),
        TEST(moments_are_counted),
    };
    return cmocka_run_group_tests(tests, open_device, close_device);
}
