/* gaze_verify: the case tables of all ops on a context's device. */
#include "../base/text.h"
#include "../verify/verify.h"
#include "api.h"

#include <stdlib.h>
#include <string.h>

typedef struct verification {
    gz_device *device;
    gaze_verify_options options;
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

static gaze_status verify_op(verification *v, const gz_op *op, gz_family family)
{
    gz_verify_result result = {0};
    size_t n_cases = 0;
    for (size_t i = 0; i < op->n_cases; i++) {
        if (v->options.quick && op->cases[i].heavy) continue;
        GZ_TRY(gz_verify_case(v->device, family, op, &op->cases[i], &result));
        n_cases++;
    }
    if (!n_cases) gz_verify_count(&result, false, "the op has no cases");
    v->passed += result.checks - result.failed;
    v->failed += result.failed;
    const gaze_verify_line line = {.op = op->name,
                                   .family = gz_family_name(family),
                                   .cases = n_cases,
                                   .checks = result.checks,
                                   .failed = result.failed,
                                   .worst = result.worst,
                                   .ms = result.ms,
                                   .first_failure = result.failed ? result.where : NULL};
    if (v->options.line) v->options.line(v->options.user, &line);
    return GAZE_OK;
}

gaze_status gaze_verify(gaze_context *context, const gaze_verify_options *options, size_t *passed,
                        size_t *failed)
{
    verification v = {.device = context->device};
    if (options) v.options = *options;
    const char *op = v.options.op;
    gz_family families[2];
    if (!v.device)
        return gz_fail(
            GAZE_ERROR_USAGE,
            "the reference is what kernels are verified against: choose a device instead of --reference");
    if (op && !gz_op_find(op)) return unknown_op(op);
    const size_t n_families = gz_verify_families(v.device, families);
    for (size_t i = 0; i < gz_n_ops; i++)
        for (size_t f = 0; f < n_families; f++)
            if (!op || !strcmp(op, gz_ops[i]->name)) GZ_TRY(verify_op(&v, gz_ops[i], families[f]));
    *passed = v.passed;
    *failed = v.failed;
    return GAZE_OK;
}
