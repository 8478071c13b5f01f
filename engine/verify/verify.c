#include "verify.h"
#include "../base/clock.h"
#include "compare.h"
#include "in_place.h"
#include "trial.h"

#include <float.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const float LARGE = 1e38f; /* where NaN would not be seen: in a maximum, in a comparison */

typedef struct runner {
    gz_device *device;
    gz_family family;
    const char *candidate; /* NULL: as chosen, or usual */
    gz_trial *trial;
    gz_plan *plan;
    gz_verify_result *result;
    char what[120];               /* "case 3, cpu kernels, prediction" */
    float *got[GZ_MAX_RESULTS];   /* of the first run */
    float *again[GZ_MAX_RESULTS]; /* of the second */
} runner;

static void keep(gz_failures *failures, const char *format, va_list arguments)
{
    char *text = NULL;
    va_list again;
    va_copy(again, arguments);
    const int length = vsnprintf(NULL, 0, format, again);
    va_end(again);
    if (failures->status != GAZE_OK || length < 0) return;
    failures->status = gz_allocate((size_t)length + 1, 1, &text);
    if (failures->status != GAZE_OK) return;
    vsnprintf(text, (size_t)length + 1, format, arguments);
    gz_failures_add(failures, text);
    free(text);
}

void gz_verify_count(gz_verify_result *result, bool passed, const char *format, ...)
{
    va_list arguments;
    result->checks++;
    if (passed) return;
    va_start(arguments, format);
    if (!result->failed++) vsnprintf(result->where, sizeof result->where, format, arguments);
    va_end(arguments);
    va_start(arguments, format);
    if (result->failures) keep(result->failures, format, arguments);
    va_end(arguments);
}

static gaze_status write_inputs(runner *r)
{
    for (size_t i = 0; i < r->trial->node->n_in; i++)
        if (r->trial->values[i]) GZ_TRY(gz_plan_write(r->plan, r->trial->node->in[i], r->trial->values[i]));
    return GAZE_OK;
}

/* Integers are compared as floats. */
static gaze_status read_result(runner *r, const gz_tensor *tensor, float *values)
{
    GZ_TRY(gz_plan_read(r->plan, tensor, values));
    if (tensor->dtype != GZ_I32) return GAZE_OK;
    for (size_t i = 0; i < gz_shape_count(tensor->shape); i++) {
        int32_t value;
        memcpy(&value, &values[i], sizeof value);
        values[i] = (float)value;
    }
    return GAZE_OK;
}

/* `before`: what memory holds that kernels must write first. */
static gaze_status run_once(runner *r, float before, float **results, double *ms)
{
    GZ_TRY(gz_plan_poison(r->plan, before));
    GZ_TRY(write_inputs(r));
    const double start = gz_seconds();
    GZ_TRY(gz_plan_run(r->plan));
    for (size_t i = 0; i < r->trial->n_results; i++) GZ_TRY(read_result(r, r->trial->result[i], results[i]));
    *ms = (gz_seconds() - start) * 1e3;
    return GAZE_OK;
}

/* "out0[3,2,1]" */
static void name_element(const gz_trial *trial, size_t result, size_t at, char *text, size_t size)
{
    const gz_tensor *tensor = trial->result[result];
    const bool output = result < trial->node->n_out;
    size_t place[GZ_MAX_RANK], length;
    for (size_t d = tensor->shape.rank; d-- > 0; at /= tensor->shape.dim[d])
        place[d] = at % tensor->shape.dim[d];
    length = output ? (size_t)snprintf(text, size, "output %zu [", result)
                    : (size_t)snprintf(text, size, "updated %s [", tensor->name);
    for (size_t d = 0; d < tensor->shape.rank && length + 24 < size; d++)
        length += (size_t)snprintf(text + length, size - length, d ? ",%zu" : "%zu", place[d]);
    snprintf(text + length, size - length, "]");
}

static gz_difference difference_of(const runner *r, size_t i)
{
    const gz_trial *trial = r->trial;
    const gz_shape shape = trial->result[i]->shape;
    const double amplification = gz_plan_amplification(r->plan, trial->node);
    return gz_compare(&(gz_compared){
        .limit = gz_trial_limit(trial, i, amplification),
        .amplification = amplification,
        .magnitude = trial->magnitude[i],
        .by_element = trial->c->fill == GZ_FILL_SPECIAL,
        .count = gz_shape_count(shape),
        .row = gz_shape_last(shape),
        .got = r->got[i],
        .want = trial->want[i],
        .flushed = trial->flushed[i],
    });
}

static void check_values(runner *r, size_t i)
{
    const gz_difference d = difference_of(r, i);
    const size_t count = gz_shape_count(r->trial->result[i]->shape);
    const float *got = r->got[i];
    const double *want = r->trial->want[i];
    char element[160];
    name_element(r->trial, i, d.not_finite_at, element, sizeof element);
    gz_verify_count(
        r->result, !d.n_not_finite,
        "%s: %s is %g, expected %.9g (%zu of %zu are not finite where they should be, or the reverse)",
        r->what, element, (double)got[d.not_finite_at], want[d.not_finite_at], d.n_not_finite, count);
    name_element(r->trial, i, d.at, element, sizeof element);
    gz_verify_count(r->result, !d.n_wrong, "%s: %s is %.9g, expected %.9g, limit %.3g (%zu of %zu are wrong)",
                    r->what, element, (double)got[d.at], want[d.at], d.limit, d.n_wrong, count);
    if (d.worst > r->result->worst) r->result->worst = d.worst;
}

static void check_guards(runner *r)
{
    const bool passed = gz_plan_check_guards(r->plan) == GAZE_OK;
    gz_verify_count(r->result, passed, "%s: %s", r->what, passed ? "" : gaze_message());
}

static gaze_status check_inputs(runner *r)
{
    for (size_t i = 0; i < r->trial->node->n_in; i++) {
        if (!r->trial->values[i] || r->trial->op->updates >> i & 1) continue;
        const size_t bytes = gz_shape_count(r->trial->c->in[i]) * 4;
        void *now;
        GZ_TRY(gz_allocate(bytes, 1, &now));
        const gaze_status status = gz_plan_read(r->plan, r->trial->node->in[i], now);
        gz_verify_count(r->result, status != GAZE_OK || !memcmp(now, r->trial->values[i], bytes),
                        "%s: a kernel changed input %zu", r->what, i);
        free(now);
        GZ_TRY(status);
    }
    return GAZE_OK;
}

static void check_repeat(runner *r)
{
    for (size_t i = 0; i < r->trial->n_results; i++)
        gz_verify_count(r->result,
                        !memcmp(r->got[i], r->again[i], gz_shape_count(r->trial->result[i]->shape) * 4),
                        "%s: the second run gave other bits in result %zu", r->what, i);
}

/* A NaN may have other bits, and what a kernel copies keep a subnormal number. */
static bool same(float a, float b)
{
    if (a == b || (isnan(a) && isnan(b))) return true;
    return (a == 0 && fabsf(b) < FLT_MIN) || (b == 0 && fabsf(a) < FLT_MIN);
}

/* The same values, also where the output takes an input's memory, which a kernel wrote. */
static gaze_status check_in_place(runner *r)
{
    for (size_t i = 0; i < r->trial->node->n_in; i++) {
        bool shared;
        if (!r->trial->values[i] || !(r->trial->op->in_place >> i & 1)) continue;
        GZ_TRY(gz_run_in_place(r->device, r->family, r->trial, i, r->again[0], &shared));
        if (!shared) continue;
        size_t wrong = 0;
        const size_t count = gz_shape_count(r->trial->result[0]->shape);
        for (size_t k = 0; k < count; k++) wrong += !same(r->again[0][k], r->got[0][k]);
        gz_verify_count(r->result, !wrong, "%s: written over input %zu, %zu of %zu values differ", r->what, i,
                        wrong, count);
    }
    return GAZE_OK;
}

static gaze_status run_and_check(runner *r)
{
    double ms;
    GZ_TRY(run_once(r, NAN, r->got, &ms));
    GZ_TRY(run_once(r, LARGE, r->again, &ms));
    r->result->ms += ms;
    for (size_t i = 0; i < r->trial->n_results; i++) check_values(r, i);
    check_guards(r);
    check_repeat(r);
    GZ_TRY(check_inputs(r));
    return check_in_place(r);
}

static gaze_status allocate_results(runner *r)
{
    for (size_t i = 0; i < r->trial->n_results; i++) {
        const size_t count = gz_shape_count(r->trial->result[i]->shape);
        GZ_TRY(gz_allocate(count, sizeof(float), &r->got[i]));
        GZ_TRY(gz_allocate(count, sizeof(float), &r->again[i]));
    }
    return GAZE_OK;
}

static void check_candidate(runner *r)
{
    const gz_plan_choice *list;
    bool taken = !r->candidate;
    if (!taken && gz_plan_choices(r->plan, &list))
        taken = strcmp(list->candidates.names[list->taken], r->candidate) == 0;
    if (r->candidate)
        gz_verify_count(r->result, taken, "%s: candidate '%s' is not possible", r->what, r->candidate);
}

/* A kernel that doesn't build, or a launch that the driver refuses, fails this check and no other case. */
static gaze_status verify_mode(runner r, bool training)
{
    gz_trial *trial = r.trial;
    const gz_plan_options options = {.isolate = true, .force_family = &r.family, .by = r.candidate};
    gaze_status status;
    snprintf(r.what, sizeof r.what, "case %zu, %s kernels, %s", gz_case_number(trial->op, trial->c),
             gz_family_name(r.family), training ? "training" : "prediction");
    trial->graph->training = training;
    GZ_GO(allocate_results(&r));
    gaze_status ran = gz_plan_create(r.device, trial->graph, NULL, &options, &r.plan);
    if (ran == GAZE_OK) check_candidate(&r);
    if (ran == GAZE_OK) ran = run_and_check(&r);
    gz_verify_count(r.result, ran == GAZE_OK, "%s: %s", r.what, ran == GAZE_OK ? "" : gaze_message());
done:
    gz_plan_destroy(r.plan);
    for (size_t i = 0; i < GZ_MAX_RESULTS; i++) {
        free(r.got[i]);
        free(r.again[i]);
    }
    return status;
}

gaze_status gz_verify_case(gz_device *device, gz_family family, const gz_op *op, const gz_case *c,
                           gz_verify_result *result)
{
    gz_trial trial;
    const runner r = {.device = device, .family = family, .trial = &trial, .result = result};
    gaze_status status;
    GZ_GO(gz_trial_create(op, c, false, &trial));
    GZ_GO(gz_trial_expect(&trial));
    GZ_GO(verify_mode(r, true));
    GZ_GO(verify_mode(r, false));
done:
    gz_trial_destroy(&trial);
    return status;
}

gaze_status gz_verify_candidate(gz_device *device, gz_family family, const gz_op *op, const gz_case *c,
                                bool training, const char *candidate, gz_verify_result *result)
{
    gz_trial trial;
    const runner r = {
        .device = device, .family = family, .candidate = candidate, .trial = &trial, .result = result};
    gaze_status status;
    GZ_GO(gz_trial_create(op, c, false, &trial));
    GZ_GO(gz_trial_expect(&trial));
    GZ_GO(verify_mode(r, training));
done:
    gz_trial_destroy(&trial);
    return status;
}
