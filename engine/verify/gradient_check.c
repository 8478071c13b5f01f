/* Gradients as PyTorch's gradcheck sees them: everything in double, the reference alone, no device. */
#include "../base/clock.h"
#include "../base/philox.h"
#include "trial.h"
#include "verify.h"

#include <math.h>
#include <stdlib.h>

static const double EPSILON = 1e-6, ABSOLUTE = 1e-5, RELATIVE = 1e-3;
static const double BUDGET_FLOP = 1e8; /* of the differences of one input */
enum { LEAST_SAMPLES = 8, MOST_SAMPLES = 256 };

/* A kink between x - eps and x + eps shows as two slopes; smooth references differ by far less. */
static const double KINK = 1e-3;

typedef struct checker {
    gz_trial trial;
    gz_plan *plan;
    gz_tensor *dout[GZ_MAX_OUTPUTS], *din[GZ_MAX_INPUTS];
    double *weights[GZ_MAX_OUTPUTS];                      /* w */
    double *base[GZ_MAX_OUTPUTS], *moved[GZ_MAX_OUTPUTS]; /* outputs at x, and beside it */
    gz_verify_result *result;
} checker;

/* Labels are data: nothing before them is trained. */
static bool is_data(const gz_op *op, size_t i)
{
    return i == 1 && (op == gz_op_find("cross_entropy") || op == gz_op_find("softmax_cross_entropy"));
}

static bool is_wanted(const checker *k, size_t i)
{
    const gz_tensor *in = k->trial.node->in[i];
    return in && in->dtype == GZ_F32 && !is_data(k->trial.op, i);
}

static gz_key weights_key(const gz_trial *trial)
{
    return gz_key_make(gz_case_number(trial->op, trial->c), "gradient check");
}

static gaze_status append_gradient(checker *k)
{
    gz_trial *trial = &k->trial;
    bool wanted[GZ_MAX_INPUTS] = {0};
    for (size_t j = 0; j < trial->node->n_out; j++)
        if (!trial->node->out[j]->saved)
            GZ_TRY(gz_graph_tensor(trial->graph, GZ_INPUT, "weights", GZ_F32, trial->node->out[j]->shape,
                                   &k->dout[j]));
    for (size_t i = 0; i < trial->node->n_in; i++) wanted[i] = is_wanted(k, i);
    GZ_TRY(trial->op->gradient(trial->graph, trial->node, k->dout, wanted, k->din));
    for (size_t i = 0; i < trial->node->n_in; i++)
        if (k->din[i]) gz_tensor_base(k->din[i])->keep = true;
    return GAZE_OK;
}

/* Zeros for an output that no gradient arrives at. */
static gaze_status write_weights(checker *k, size_t j)
{
    const size_t count = gz_shape_count(k->trial.node->out[j]->shape);
    float *values;
    GZ_TRY(gz_allocate(count, sizeof(double), &k->weights[j]));
    GZ_TRY(gz_allocate(count, sizeof(double), &k->base[j]));
    GZ_TRY(gz_allocate(count, sizeof(double), &k->moved[j]));
    if (!k->dout[j]) return GAZE_OK;
    GZ_TRY(gz_allocate(count, sizeof *values, &values));
    for (size_t n = 0; n < count; n++) {
        values[n] = (float)(2 * gz_random_uniform(weights_key(&k->trial), j, n) - 1);
        k->weights[j][n] = (double)values[n];
    }
    const gaze_status status = gz_plan_write(k->plan, k->dout[j], values);
    free(values);
    return status;
}

/* The gradient graph, evaluated. */
static gaze_status run_gradient(checker *k)
{
    gz_trial *trial = &k->trial;
    GZ_TRY(gz_plan_create(NULL, trial->graph, NULL, NULL, &k->plan));
    for (size_t i = 0; i < trial->node->n_in; i++)
        if (trial->values[i]) GZ_TRY(gz_plan_write(k->plan, trial->node->in[i], trial->values[i]));
    for (size_t j = 0; j < trial->node->n_out; j++) GZ_TRY(write_weights(k, j));
    return gz_plan_run(k->plan);
}

/* sum(w * (outputs at x[i][at] = value, minus outputs at x)): small differences are not lost in a large sum
 */
static double rise(checker *k, size_t i, size_t at, double value)
{
    gz_trial *trial = &k->trial;
    const double kept = trial->in[i][at];
    double sum = 0;
    trial->in[i][at] = value;
    trial->op->reference(trial->node, trial->in, k->moved);
    trial->in[i][at] = kept;
    for (size_t j = 0; j < trial->node->n_out; j++) {
        if (!k->dout[j]) continue;
        const size_t count = gz_shape_count(trial->node->out[j]->shape);
        for (size_t n = 0; n < count; n++) sum += k->weights[j][n] * (k->moved[j][n] - k->base[j][n]);
    }
    return sum;
}

/* false: there is a kink here, and no slope */
static bool numeric_slope(checker *k, size_t i, size_t at, double *slope)
{
    const double x = k->trial.in[i][at];
    const double above = rise(k, i, at, x + EPSILON) / EPSILON,
                 below = -rise(k, i, at, x - EPSILON) / EPSILON;
    *slope = (above + below) / 2;
    return fabs(above - below) <= KINK * (1 + fabs(above) + fabs(below));
}

static size_t sample_count(const checker *k, size_t count)
{
    const double flop =
        2 * k->trial.op->cost(k->trial.node).flop + (double)gz_shape_count(k->trial.node->out[0]->shape);
    double samples = fmin(fmax(BUDGET_FLOP / flop, LEAST_SAMPLES), MOST_SAMPLES);
    return samples < (double)count ? (size_t)samples : count;
}

typedef struct slope_error {
    double part, found, expected; /* part of the limit; -1: nothing compared */
    size_t at;
} slope_error;

static slope_error error_at(checker *k, size_t i, size_t at, double slope)
{
    const double found = k->din[i] ? gz_plan_host(k->plan, k->din[i])[at] : 0;
    const double error = fabs(found - slope) / (ABSOLUTE + RELATIVE * fabs(slope));
    return (slope_error){isfinite(error) ? error : INFINITY, found, slope, at};
}

/* Elements at even distances, the first and the last among them. */
static void check_input(checker *k, size_t i)
{
    const size_t count = gz_shape_count(k->trial.node->in[i]->shape), samples = sample_count(k, count);
    slope_error worst = {.part = -1};
    size_t kinks = 0;
    for (size_t s = 0; s < samples; s++) {
        const size_t at = samples > 1 ? s * (count - 1) / (samples - 1) : 0;
        double slope;
        if (!numeric_slope(k, i, at, &slope)) {
            kinks++;
            continue;
        }
        const slope_error error = error_at(k, i, at, slope);
        if (error.part > worst.part) worst = error;
    }
    if (worst.part > k->result->worst) k->result->worst = worst.part;
    gz_verify_count(k->result, worst.part >= 0 && worst.part <= 1 && kinks <= samples / 4,
                    "case %zu, gradient of input %zu: value %zu is %.9g, differences give %.9g (%zu of %zu "
                    "samples lie at kinks)",
                    gz_case_number(k->trial.op, k->trial.c), i, worst.at, worst.found, worst.expected, kinks,
                    samples);
}

static gaze_status check(checker *k, const gz_op *op, const gz_case *c)
{
    GZ_TRY(gz_trial_create(op, c, true, &k->trial));
    GZ_TRY(append_gradient(k));
    GZ_TRY(run_gradient(k));
    op->reference(k->trial.node, k->trial.in, k->base);
    for (size_t i = 0; i < k->trial.node->n_in; i++)
        if (is_wanted(k, i)) check_input(k, i);
    return GAZE_OK;
}

gaze_status gz_gradient_check(const gz_op *op, const gz_case *c, gz_verify_result *result)
{
    checker k = {.result = result};
    const double start = gz_seconds();
    if (!op->gradient || c->heavy) return GAZE_OK;
    const gaze_status status = check(&k, op, c);
    gz_plan_destroy(k.plan);
    gz_trial_destroy(&k.trial);
    for (size_t j = 0; j < GZ_MAX_OUTPUTS; j++) {
        free(k.weights[j]);
        free(k.base[j]);
        free(k.moved[j]);
    }
    result->ms += (gz_seconds() - start) * 1e3;
    return status;
}
