/* gaze_verify: the case tables of all ops on a context's device. */
#include "../base/text.h"
#include "../verify/families.h"
#include "../verify/pick.h"
#include "report.h"

#include <stdlib.h>
#include <string.h>

/* Kernels of a family on a device, and what they are called in the table. */
typedef struct lane {
    gz_device *device;
    gz_family family;
    const char *name;
    bool picked; /* the cases of a quick run */
    bool brief;  /* fewer still */
} lane;

typedef struct verification {
    gz_device *device;
    gaze_verify_options options;
    gz_told told;
    size_t passed, failed;
} verification;

static gaze_status unknown_op(const char *name)
{
    gz_arena *arena;
    GZ_TRY(gz_arena_create(&arena));
    const char **names = gz_arena_allocate(arena, (gz_n_ops + 1) * sizeof *names);
    if (!names) {
        gz_arena_destroy(arena);
        return GAZE_ERROR_DEVICE;
    }
    for (size_t i = 0; i < gz_n_ops; i++) names[i] = gz_ops[i]->name;
    const gaze_status status =
        gz_fail(GAZE_ERROR_USAGE, "there is no op '%s'%s", name, gz_did_you_mean(arena, name, names));
    gz_arena_destroy(arena);
    return status;
}

/* Runs the op's cases, or the picked ones; none that another family's kernels make. */
static gaze_status run_cases(const gz_op *op, const lane *on, gz_verify_result *result, size_t *n_cases)
{
    bool *picked = NULL;
    gaze_status status;
    *n_cases = 0;
    GZ_TRY(gz_allocate(op->n_cases, sizeof *picked, &picked));
    if (on->picked) GZ_GO(gz_verify_pick(on->device, on->family, op, on->brief, picked));
    for (size_t i = 0; i < op->n_cases; i++) {
        bool own;
        if (on->picked && !picked[i]) continue;
        GZ_GO(gz_verify_has_own(on->device, on->family, op, &op->cases[i], &own));
        if (!own) continue;
        GZ_GO(gz_verify_case(on->device, on->family, op, &op->cases[i], result));
        ++*n_cases;
    }
    if (!op->n_cases) gz_verify_count(result, false, "the op has no cases");
    status = result->failures->status;
done:
    free(picked);
    return status;
}

static gaze_status tell(verification *v, const gz_op *op, const lane *on, const gz_verify_result *result,
                        size_t n_cases)
{
    const char **failures;
    gz_arena *arena;
    GZ_TRY(gz_arena_create(&arena));
    const gaze_status status = gz_failures_texts(result->failures, arena, &failures);
    if (status == GAZE_OK)
        gz_tell(&v->told, &(gaze_verify_line){.op = op->name,
                                              .family = on->name,
                                              .cases = n_cases,
                                              .checks = result->checks,
                                              .failed = result->failed,
                                              .worst = result->worst,
                                              .ms = result->ms,
                                              .first_failure = result->failed ? result->where : NULL,
                                              .failures = failures,
                                              .n_failures = result->failures->count});
    gz_arena_destroy(arena);
    return status;
}

static gaze_status verify_op(verification *v, const gz_op *op, const lane *on)
{
    gz_failures failures = {0};
    gz_verify_result result = {.failures = &failures};
    size_t n_cases;
    gaze_status status = run_cases(op, on, &result, &n_cases);
    v->passed += result.checks - result.failed;
    v->failed += result.failed;
    if (status == GAZE_OK && result.checks) status = tell(v, op, on, &result, n_cases);
    gz_failures_free(&failures);
    return status;
}

/* Small plans run on the hosted device, which compiles kernels for itself. */
static size_t lanes_of(gz_device *device, const gaze_verify_options *options, lane lanes[GZ_N_FAMILIES + 1])
{
    const bool quick = options->quick, brief = options->brief;
    gz_family families[GZ_N_FAMILIES];
    const size_t n = gz_verify_families(device, !quick || brief, families);
    gz_device *hosted = quick || families[0] != GZ_FAMILY_CPU ? NULL : gz_device_hosted(device);
    for (size_t i = 0; i < n; i++)
        lanes[i] = (lane){device, families[i], gz_family_name(families[i]), quick, brief};
    if (hosted) lanes[n] = (lane){hosted, GZ_FAMILY_CPU, "cpu:host", true, false};
    return hosted ? n + 1 : n;
}

static bool is_wanted(const gaze_verify_options *options, size_t number, const gz_op *op)
{
    if (options->parts && number % options->parts != options->part) return false;
    return !options->op || !strcmp(options->op, op->name);
}

static gaze_status verify_all(verification *v)
{
    lane lanes[GZ_N_FAMILIES + 1];
    const size_t n_lanes = lanes_of(v->device, &v->options, lanes);
    for (size_t i = 0; i < gz_n_ops; i++) {
        const gz_op *op = gz_ops[v->options.parts ? gz_n_ops - 1 - i : i];
        for (size_t k = 0; k < n_lanes; k++)
            if (is_wanted(&v->options, i, op)) GZ_TRY(verify_op(v, op, &lanes[k]));
    }
    return GAZE_OK;
}

gaze_status gaze_verify(gaze_context *context, const gaze_verify_options *options, size_t *passed,
                        size_t *failed)
{
    verification v = {.device = context->device};
    if (options) v.options = *options;
    v.options.quick |= v.options.brief;
    if (!v.device)
        return gz_fail(
            GAZE_ERROR_USAGE,
            "the reference is what kernels are verified against: choose a device instead of --reference");
    if (v.options.op && !gz_op_find(v.options.op)) return unknown_op(v.options.op);
    GZ_TRY(gz_tell_begin(&v.told, context, &v.options));
    GZ_TRY(gz_tell_end(&v.told, verify_all(&v)));
    *passed = v.passed;
    *failed = v.failed;
    return GAZE_OK;
}
