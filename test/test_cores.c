/* The number of cores shares the work out; it must not change a bit of what comes out. Every case of every op
   with the kernels of the cpu family, as devices of 1, 3, 16 and 61 cores would launch them. */
#include "on_device.h"

#include "../engine/base/file.h"
#include "../engine/device/device_parts.h"
#include "../engine/verify/trial.h"

static const size_t CORES[] = {1, 3, 16, 61};
enum { N_CORES = sizeof CORES / sizeof *CORES };

static void write_inputs(const gz_trial *trial)
{
    for (size_t i = 0; i < trial->node->n_in; i++)
        if (trial->values[i]) assert_ok(gz_plan_write(plan, trial->node->in[i], trial->values[i]));
}

/* The hash of all that the op writes. */
static uint64_t bits_of(gz_trial *trial, size_t cores)
{
    const gz_family family = GZ_FAMILY_CPU;
    uint64_t hash = 0;
    device->facts.compute_units = cores;
    assert_ok(gz_plan_create(device, trial->graph, NULL, &(gz_plan_options){.force_family = &family}, &plan));
    write_inputs(trial);
    assert_ok(gz_plan_run(plan));
    for (size_t i = 0; i < trial->n_results; i++) {
        const size_t bytes = gz_shape_count(trial->result[i]->shape) * 4;
        void *values = malloc(bytes);
        assert_ok(gz_plan_read(plan, trial->result[i], values));
        hash = gz_hash_number(values, bytes, hash);
        free(values);
    }
    gz_plan_destroy(plan);
    plan = NULL;
    return hash;
}

static size_t differing(const gz_op *op)
{
    size_t wrong = 0;
    for (size_t i = 0; i < op->n_cases; i++) {
        gz_trial trial;
        assert_ok(gz_trial_create(op, &op->cases[i], false, &trial));
        trial.graph->training = true;
        const uint64_t first = bits_of(&trial, CORES[0]);
        for (size_t k = 1; k < N_CORES; k++) {
            if (bits_of(&trial, CORES[k]) == first) continue;
            print_error("%s, case %zu: other bits with %zu cores than with %zu\n", op->name, i, CORES[k],
                        CORES[0]);
            wrong++;
        }
        gz_trial_destroy(&trial);
    }
    return wrong;
}

static void results_do_not_depend_on_the_number_of_cores(void **state)
{
    size_t wrong = 0;
    (void)state;
    for (size_t i = 0; i < gz_n_ops; i++) wrong += differing(gz_ops[i]);
    assert_int_equal(wrong, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(results_do_not_depend_on_the_number_of_cores)};
    return cmocka_run_group_tests(tests, open_device, close_device);
}
