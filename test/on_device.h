/* For the tests of ops: one device, small graphs with values written by hand, and the op's whole case table.
 */
#ifndef TEST_ON_DEVICE_H
#define TEST_ON_DEVICE_H
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../engine/graph/plan.h"
#include "../engine/ops/ops.h"
#include "../engine/verify/families.h"

#define assert_ok(call)                                        \
    do {                                                       \
        if ((call) != GAZE_OK) fail_msg("%s", gaze_message()); \
    } while (0)

static gz_device *device;
static gz_graph *graph;
static gz_plan *plan;

static inline int open_device(void **state)
{
    (void)state;
    return gz_device_open(&(gaze_context_options){0}, &device) == GAZE_OK ? 0 : -1;
}

static inline int close_device(void **state)
{
    (void)state;
    gz_device_close(device);
    return 0;
}

static inline int open_graph(void **state)
{
    (void)state;
    return gz_graph_create(true, &graph) == GAZE_OK ? 0 : -1;
}

static inline int close_graph(void **state)
{
    (void)state;
    gz_plan_destroy(plan);
    gz_graph_destroy(graph);
    plan = NULL;
    graph = NULL;
    return 0;
}

static inline gz_tensor *input_of(gz_dtype dtype, gz_shape shape)
{
    gz_tensor *tensor;
    assert_ok(gz_graph_tensor(graph, GZ_INPUT, "input", dtype, shape, &tensor));
    return tensor;
}

static inline gz_tensor *input(gz_shape shape) { return input_of(GZ_F32, shape); }

/* Makes the plan; tensors in `keep`, ended by NULL, can be read afterwards. */
static inline void make_plan(gz_tensor *const *keep)
{
    for (; *keep; keep++) (*keep)->keep = true;
    assert_ok(gz_plan_create(device, graph, NULL, &(gz_plan_options){0}, &plan));
}

#define KEEP(...)                 ((gz_tensor *[]){__VA_ARGS__, NULL})
#define write_values(tensor, ...) assert_ok(gz_plan_write(plan, tensor, (float[]){__VA_ARGS__}))
#define write_labels(tensor, ...) assert_ok(gz_plan_write(plan, tensor, (int32_t[]){__VA_ARGS__}))

static inline void run_plan(void) { assert_ok(gz_plan_run(plan)); }
static inline void read_values(gz_tensor *tensor, float *values)
{
    assert_ok(gz_plan_read(plan, tensor, values));
}

static inline void assert_values(gz_tensor *tensor, const float *expected, size_t n, double limit)
{
    float *got = malloc(gz_shape_count(tensor->shape) * sizeof *got);
    assert_int_equal(gz_shape_count(tensor->shape), n);
    read_values(tensor, got);
    for (size_t i = 0; i < n; i++)
        if (!(fabs((double)got[i] - (double)expected[i]) <= limit))
            fail_msg("value %zu is %.9g, expected %.9g", i, (double)got[i], (double)expected[i]);
    free(got);
}

#define assert_reads(tensor, limit, ...) \
    assert_values(tensor, (float[]){__VA_ARGS__}, sizeof((float[]){__VA_ARGS__}) / sizeof(float), limit)

static inline void verify_own(gz_family family, const gz_op *op, const gz_case *c, gz_verify_result *result)
{
    bool own;
    assert_ok(gz_verify_has_own(device, family, op, c, &own));
    if (own) assert_ok(gz_verify_case(device, family, op, c, result));
}

/* Every case of an op, with every family's kernels, and its gradient in double. */
static inline void verify_op(const gz_op *op)
{
    gz_family families[GZ_N_FAMILIES];
    const size_t n_families = gz_verify_families(device, true, families);
    gz_verify_result result = {0};
    for (size_t i = 0; i < op->n_cases; i++) {
        for (size_t f = 0; f < n_families; f++) verify_own(families[f], op, &op->cases[i], &result);
        assert_ok(gz_gradient_check(op, &op->cases[i], &result));
    }
    if (result.failed)
        fail_msg("%s: %zu of %zu checks failed: %s", op->name, result.failed, result.checks, result.where);
    assert_true(result.checks >= 10 * op->n_cases);
}

#endif
