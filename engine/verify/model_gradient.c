/* Gradients of a whole model as PyTorch's gradcheck sees them: in double, on the references. */
#include "model_parts.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double EPSILON = 1e-6, ABSOLUTE = 1e-5, RELATIVE = 1e-3;
static const double KINK = 1e-3;       /* as in gradient_check.c */
static const double BUDGET_FLOP = 2e9; /* of all differences */
enum { LEAST_SAMPLES = 1, MOST_SAMPLES = 16 };

typedef struct slopes {
    const gz_model *model;
    const gz_model_check_options *options;
    gz_checked exact, moved; /* of one store */
    double **base;           /* [n_outputs] */
    size_t samples;
} slopes;

static double flop_of(const gz_built *built)
{
    double flop = 1;
    for (size_t i = 0; i < built->graph->n_nodes; i++)
        flop += built->graph->nodes[i]->op->cost(built->graph->nodes[i]).flop;
    return flop;
}

static gaze_status start(slopes *s)
{
    const double affordable = BUDGET_FLOP / (2 * flop_of(&s->moved.built) * (double)s->moved.built.n_weights);
    const size_t most = s->options->samples ? s->options->samples : MOST_SAMPLES;
    s->samples = affordable < LEAST_SAMPLES  ? LEAST_SAMPLES
                 : affordable < (double)most ? (size_t)affordable
                                             : most;
    GZ_TRY(gz_plan_run(s->exact.plan));
    GZ_TRY(gz_plan_run(s->moved.plan));
    GZ_TRY(gz_allocate(s->model->n_outputs, sizeof *s->base, &s->base));
    for (size_t j = 0; j < s->model->n_outputs; j++) {
        const gz_tensor *output = s->moved.built.outputs[j];
        const size_t bytes = gz_shape_count(output->shape) * sizeof(double);
        GZ_TRY(gz_allocate(bytes, 1, &s->base[j]));
        memcpy(s->base[j], gz_plan_host(s->moved.plan, output), bytes);
    }
    return GAZE_OK;
}

/* sum(w * (outputs with *value moved, minus outputs)) */
static gaze_status rise(slopes *s, double *value, double by, double *sum)
{
    const double kept = *value;
    *value += by;
    const gaze_status status = gz_plan_run(s->moved.plan);
    *value = kept;
    *sum = 0;
    for (size_t j = 0; status == GAZE_OK && j < s->model->n_outputs; j++) {
        const gz_tensor *output = s->moved.built.outputs[j];
        const double *now = gz_plan_host(s->moved.plan, output);
        for (size_t i = 0; i < gz_shape_count(output->shape); i++)
            *sum += gz_checked_weight(j, i) * (now[i] - s->base[j][i]);
    }
    return status;
}

/* The worst of the values that were moved, as a part of the limit; -1: all lie at kinks. */
typedef struct worst {
    double part, found, expected;
    size_t at, kinks;
} worst;

static gaze_status compare_value(slopes *s, double *value, double found, size_t at, worst *w)
{
    double above, below;
    GZ_TRY(rise(s, value, EPSILON, &above));
    GZ_TRY(rise(s, value, -EPSILON, &below));
    above /= EPSILON;
    below /= -EPSILON;
    if (fabs(above - below) > KINK * (1 + fabs(above) + fabs(below))) {
        w->kinks++;
        return GAZE_OK;
    }
    const double slope = (above + below) / 2,
                 error = fabs(found - slope) / (ABSOLUTE + RELATIVE * fabs(slope));
    const double part = isfinite(error) ? error : INFINITY;
    if (part > w->part) *w = (worst){part, found, slope, at, w->kinks};
    return GAZE_OK;
}

/* Values at even distances, the first and the last among them. */
static gaze_status check_weight(slopes *s, size_t i, gz_verify_result *all)
{
    const gz_built_weight *weight = &s->exact.built.weights[i];
    const gz_store_entry *entry = gz_store_find(s->exact.store, weight->name);
    const size_t count = gz_shape_count(entry->shape), samples = s->samples < count ? s->samples : count;
    double *values = gz_store_host(s->exact.store, GZ_SLAB_PARAMETER) + entry->offset;
    const double *gradient = gz_store_host(s->exact.store, GZ_SLAB_GRADIENT) + entry->offset;
    worst w = {.part = -1};
    gz_verify_result own = {0};
    for (size_t n = 0; n < samples; n++) {
        const size_t at = samples > 1 ? n * (count - 1) / (samples - 1) : 0;
        GZ_TRY(compare_value(s, &values[at], s->exact.gradient[i] ? gradient[at] : 0, at, &w));
    }
    own.worst = w.part > 0 ? w.part : 0;
    gz_verify_count(
        &own, w.part >= 0 && w.part <= 1 && w.kinks <= samples / 4,
        "gradient of '%s': value %zu is %.9g, differences give %.9g (%zu of %zu values lie at kinks)",
        weight->name, w.at, w.found, w.expected, w.kinks, samples);
    gz_model_tell(s->options, weight->name, "differences", &own, all);
    return GAZE_OK;
}

gaze_status gz_model_gradients(const gz_model *model, const gz_model_check_options *options, gz_store *store,
                               gz_verify_result *result)
{
    slopes s = {.model = model, .options = options};
    gaze_status status;
    GZ_GO(gz_checked_make(model, options, NULL, store, GZ_CHECK_GRADIENTS, &s.exact));
    GZ_GO(gz_checked_make(model, options, NULL, store, GZ_CHECK_FORWARD, &s.moved));
    GZ_GO(start(&s));
    for (size_t i = 0; i < s.exact.built.n_weights; i++)
        if (s.exact.built.weights[i].tensor->role == GZ_PARAMETER) GZ_GO(check_weight(&s, i, result));
done:
    for (size_t j = 0; s.base && j < model->n_outputs; j++) free(s.base[j]);
    free(s.base);
    gz_checked_free(&s.exact);
    gz_checked_free(&s.moved);
    return status;
}
