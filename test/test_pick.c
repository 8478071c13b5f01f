/* A quick run takes fewer cases and leaves no kernel, op or family out. */
#include "on_device.h"

#include "../engine/verify/pick.h"
#include "../engine/verify/trial.h"

enum { MOST_KERNELS = 256 };

typedef struct kernels {
    const char *names[MOST_KERNELS];
    size_t count;
} kernels;

static bool has(const kernels *set, const char *name)
{
    for (size_t i = 0; i < set->count; i++)
        if (!strcmp(set->names[i], name)) return true;
    return false;
}

/* The names are the program's own literals. */
static void add_kernels(kernels *set, gz_family family, const gz_op *op, const gz_case *c)
{
    const gz_plan_options options = {.dry = true, .force_family = &family};
    const gz_plan_launch *launches;
    gz_trial trial;
    size_t count;
    assert_ok(gz_trial_create(op, c, false, &trial));
    for (int training = 0; training < 2; training++) {
        trial.graph->training = training;
        assert_ok(gz_plan_create(device, trial.graph, NULL, &options, &plan));
        assert_ok(gz_plan_launches(plan, &launches, &count));
        for (size_t i = 0; i < count; i++)
            if (!has(set, launches[i].kernel)) set->names[set->count++] = strdup(launches[i].kernel);
        gz_plan_destroy(plan);
        plan = NULL;
    }
    gz_trial_destroy(&trial);
}

static void free_kernels(kernels *set)
{
    for (size_t i = 0; i < set->count; i++) free((char *)set->names[i]);
}

/* Returns how many cases were picked. */
static size_t check(const gz_op *op, gz_family family, bool brief)
{
    bool *picked = calloc(op->n_cases, sizeof *picked);
    kernels all = {0}, few = {0};
    size_t n_picked = 0;
    assert_ok(gz_verify_pick(device, family, op, brief, picked));
    for (size_t i = 0; i < op->n_cases; i++) {
        if (op->cases[i].heavy) continue;
        add_kernels(&all, family, op, &op->cases[i]);
        if (picked[i]) add_kernels(&few, family, op, &op->cases[i]);
        n_picked += picked[i];
    }
    for (size_t i = 0; i < op->n_cases; i++)
        if (picked[i] && op->cases[i].heavy) fail_msg("%s: case %zu is heavy", op->name, i);
    for (size_t k = 0; k < all.count; k++)
        if (!has(&few, all.names[k])) fail_msg("%s: nothing runs %s", op->name, all.names[k]);
    if (!n_picked) fail_msg("%s: no case", op->name);
    free_kernels(&all);
    free_kernels(&few);
    free(picked);
    return n_picked;
}

static void every_kernel_of_every_op_and_family_is_run(void **state)
{
    gz_family families[GZ_N_FAMILIES];
    size_t n_cases = 0, n_quick = 0, n_brief = 0;
    (void)state;
    const size_t n_families = gz_verify_families(device, true, families);
    for (size_t i = 0; i < gz_n_ops; i++)
        for (size_t f = 0; f < n_families; f++) {
            n_quick += check(gz_ops[i], families[f], false);
            n_brief += check(gz_ops[i], families[f], true);
            n_cases += gz_ops[i]->n_cases;
        }
    assert_true(n_quick < n_cases * 2 / 3);
    assert_true(n_brief < n_quick);
}

/* Kinds of activations are attributes: one kernel computes them all. */
static void every_attribute_is_run(void **state)
{
    const gz_op *op = gz_op_find("activation");
    bool *picked = calloc(op->n_cases, sizeof *picked);
    (void)state;
    assert_ok(gz_verify_pick(device, GZ_FAMILY_PLAIN, op, false, picked));
    for (size_t i = 0; i < op->n_cases; i++) {
        bool seen = op->cases[i].heavy;
        for (size_t k = 0; k < op->n_cases; k++)
            seen |= picked[k] && !memcmp(op->cases[k].attr, op->cases[i].attr, op->attr_bytes);
        if (!seen) fail_msg("nothing runs the attributes of case %zu", i);
    }
    free(picked);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kernel_of_every_op_and_family_is_run),
        cmocka_unit_test(every_attribute_is_run),
    };
    return cmocka_run_group_tests_name("pick", tests, open_device, close_device);
}
