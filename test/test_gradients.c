/* The gradient that every op appends, against central differences in double. No device is needed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "../engine/verify/verify.h"

static gz_verify_result check_all(const gz_op *op)
{
    gz_verify_result result = {0};
    for (size_t i = 0; i < op->n_cases; i++)
        if (gz_gradient_check(op, &op->cases[i], &result) != GAZE_OK) fail_msg("%s", gaze_message());
    return result;
}

static void gradient_agrees_with_differences(void **state)
{
    const gz_op *op = *state;
    const gz_verify_result result = check_all(op);
    if (result.failed)
        fail_msg("%s: %zu of %zu checks failed: %s", op->name, result.failed, result.checks, result.where);
    if (op->gradient) assert_true(result.checks >= 5);
    print_message("%s: %zu checks, worst %.1e of its limit\n", op->name, result.checks, result.worst);
}

/* Twice the right gradient. */
static gaze_status doubled(gz_graph *graph, const gz_node *node, gz_tensor *const *dout, const bool *wanted,
                           gz_tensor **din)
{
    gz_tensor *right;
    (void)node, (void)wanted;
    GZ_TRY(gz_softmax_gradient(graph, node->out[0], dout[0], &right));
    return gz_scale(graph, right, 2, &din[0]);
}

/* Says that the output depends on no input. */
static gaze_status silent(gz_graph *graph, const gz_node *node, gz_tensor *const *dout, const bool *wanted,
                          gz_tensor **din)
{
    (void)graph, (void)node, (void)dout, (void)wanted, (void)din;
    return GAZE_OK;
}

/* Right for the first factor, and the same for the second. */
static gaze_status swapped(gz_graph *graph, const gz_node *node, gz_tensor *const *dout, const bool *wanted,
                           gz_tensor **din)
{
    (void)wanted;
    GZ_TRY(gz_multiply_all(graph, (gz_tensor *[]){dout[0], node->in[1]}, 2, &din[0]));
    din[1] = din[0];
    return GAZE_OK;
}

static void assert_caught(gz_op op,
                          gaze_status (*gradient)(gz_graph *, const gz_node *, gz_tensor *const *,
                                                  const bool *, gz_tensor **),
                          size_t n_cases)
{
    op.gradient = gradient;
    op.n_cases = n_cases;
    const gz_verify_result result = check_all(&op);
    assert_true(result.failed > 0);
    assert_true(result.worst > 1);
    assert_non_null(strstr(result.where, "gradient of input"));
}

static void wrong_factor_is_caught(void **state)
{
    (void)state;
    assert_caught(gz_op_softmax, doubled, gz_op_softmax.n_cases);
}

static void missing_gradient_is_caught(void **state)
{
    (void)state;
    assert_caught(gz_op_scale, silent, gz_op_scale.n_cases);
}

static void gradient_of_the_wrong_input_is_caught(void **state)
{
    (void)state;
    assert_caught(gz_op_multiply, swapped, 1);
}

int main(void)
{
    enum { MOST_OPS = 128 };
    struct CMUnitTest tests[MOST_OPS + 3] = {
        cmocka_unit_test(wrong_factor_is_caught),
        cmocka_unit_test(missing_gradient_is_caught),
        cmocka_unit_test(gradient_of_the_wrong_input_is_caught),
    };
    size_t n = 3;
    for (size_t i = 0; i < gz_n_ops && i < MOST_OPS; i++) {
        const gz_op *op = gz_ops[i];
        if (!op->gradient) continue;
        tests[n++] = (struct CMUnitTest){.name = op->name,
                                         .test_func = gradient_agrees_with_differences,
                                         .initial_state = (void *)(uintptr_t)op};
    }
    return _cmocka_run_group_tests("gradients", tests, n, NULL, NULL);
}
