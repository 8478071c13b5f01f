/* Every candidate of every op, not the usual one alone, keeps the op's limits. */
#include "on_device.h"

#include "../engine/verify/trial.h"

/* The case's choice, in a plan that takes no memory; NULL: there is none. */
static const gz_plan_choice *choice_of(gz_family family, const gz_trial *trial, gz_plan **dry)
{
    const gz_plan_options options = {.isolate = true, .dry = true, .force_family = &family, .candidate = 1};
    const gz_plan_choice *list;
    assert_ok(gz_plan_create(device, trial->graph, NULL, &options, dry));
    return gz_plan_choices(*dry, &list) ? list : NULL;
}

static size_t verify_others(gz_family family, const gz_op *op, const gz_case *c, bool training)
{
    gz_trial trial;
    gz_plan *dry = NULL;
    gz_verify_result result = {0};
    size_t n = 1;
    assert_ok(gz_trial_create(op, c, false, &trial));
    trial.graph->training = training;
    const gz_plan_choice *choice = choice_of(family, &trial, &dry);
    for (; choice && gz_candidate_at(&choice->candidates, n) != SIZE_MAX; n++) {
        const char *name = choice->candidates.names[gz_candidate_at(&choice->candidates, n)];
        assert_ok(gz_verify_candidate(device, family, op, c, training, name, &result));
        if (result.failed) fail_msg("%s, candidate '%s': %s", op->name, name, result.where);
    }
    gz_plan_destroy(dry);
    gz_trial_destroy(&trial);
    return n - 1;
}

static size_t verify_all(gz_family family, const gz_op *op)
{
    size_t others = 0;
    for (size_t i = 0; i < op->n_cases; i++)
        if (!op->cases[i].heavy) others += verify_others(family, op, &op->cases[i], i % 2);
    return others;
}

static void every_candidate_of_the_cpu_family_keeps_the_limits(void **state)
{
    size_t ops = 0;
    (void)state;
    for (size_t i = 0; i < gz_n_ops; i++) ops += verify_all(GZ_FAMILY_CPU, gz_ops[i]) > 0;
    assert_true(ops >= 7); /* three of dense, four of conv2d */
}

static void every_candidate_of_the_gpu_family_keeps_the_limits(void **state)
{
    (void)state;
    assert_true(verify_all(GZ_FAMILY_GPU, &gz_op_dense) > 0);
    assert_true(verify_all(GZ_FAMILY_GPU, &gz_op_matmul) > 0);
}

static void a_candidate_that_is_not_possible_is_a_failure(void **state)
{
    gz_verify_result result = {0};
    (void)state;
    assert_ok(gz_verify_candidate(device, GZ_FAMILY_CPU, &gz_op_dense, &gz_op_dense.cases[0], true,
                                  "winograd", &result));
    assert_int_equal(result.failed, 1);
    assert_non_null(strstr(result.where, "winograd"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_candidate_of_the_cpu_family_keeps_the_limits),
        cmocka_unit_test(every_candidate_of_the_gpu_family_keeps_the_limits),
        cmocka_unit_test(a_candidate_that_is_not_possible_is_a_failure),
    };
    return cmocka_run_group_tests(tests, open_device, close_device);
}
