/* gaze_tune: candidates of every choice in the model's step, measured, checked and kept. */
#include "tune.h"
#include "../base/clock.h"
#include "../base/text.h"
#include "../bench/faster.h"
#include "../bench/median.h"
#include "../device/choices.h"

#include <stdlib.h>

static const double DEFAULT_SECONDS = 60;
/* Of the budget: for where it runs, for the candidates. The rest is for checks and for the whole step. */
static const double PLACE_PART = 0.1, CANDIDATES_PART = 0.8;
/* A whole step that is slower by more than this was tuned in vain. */
static const double NOISE = 0.02;

const char *gz_tune_name(const gz_tune_choice *choice, size_t n)
{
    return choice->candidates.names[gz_candidate_at(&choice->candidates, n)];
}

static gaze_status check_context(const gaze_context *context)
{
    if (!context->device)
        return gz_fail(GAZE_ERROR_USAGE, "the reference has nothing to tune: leave --reference away");
    if (!context->profile) return gz_fail(GAZE_ERROR_USAGE, "tuning needs a context made with profile");
    if (getenv("GAZE_CHOICES") && getenv("GAZE_CHOICES")[0])
        return gz_fail(GAZE_ERROR_USAGE,
                       "GAZE_CHOICES=%s: kernels are asked for that tuning would choose: unset it",
                       getenv("GAZE_CHOICES"));
    return GAZE_OK;
}

/* Texts of the plan are copied: it doesn't last. */
static gaze_status add_choice(gz_tuning *t, const gz_plan_choice *of)
{
    gz_tune_choice *known = gz_tune_find(t, of->key);
    if (known) {
        known->layers = gz_arena_format(t->arena, "%s, %s", known->layers, of->node ? of->node->name : "");
        return known->layers ? GAZE_OK : GAZE_ERROR_DEVICE;
    }
    gz_tune_choice choice = {
        .node = of->node, .candidates = of->candidates, .count = gz_candidates_count(&of->candidates)};
    choice.key = gz_arena_copy(t->arena, of->key);
    choice.op = gz_arena_copy(t->arena, of->op);
    choice.shape = gz_arena_copy(t->arena, of->shape);
    choice.layers = gz_arena_copy(t->arena, of->node ? of->node->name : "");
    choice.failed = gz_arena_allocate(t->arena, choice.count * sizeof *choice.failed);
    choice.times = gz_arena_allocate(t->arena, choice.count * sizeof *choice.times);
    if (!choice.key || !choice.op || !choice.shape || !choice.layers || !choice.failed || !choice.times)
        return GAZE_ERROR_DEVICE;
    t->choices[t->n_choices++] = choice;
    return GAZE_OK;
}

/* The choices of the step where it runs now. */
static gaze_status list_choices(gz_tuning *t, gz_bench_job *job)
{
    const gz_plan_choice *list;
    GZ_TRY(gz_bench_plan(job, (gz_plan_options){.candidate = 1, .place = t->place}));
    const size_t count = gz_plan_choices(job->step.plan, &list);
    const gz_tune_choice *place = t->n_choices ? t->choices : NULL;
    t->choices = gz_arena_allocate(t->arena, (count + 1) * sizeof *t->choices);
    if (!t->choices) return GAZE_ERROR_DEVICE;
    t->n_choices = place ? 1 : 0;
    if (place) t->choices[0] = *place;
    for (size_t i = 0; i < count; i++)
        if (list[i].node || !place) GZ_TRY(add_choice(t, &list[i]));
    gz_plan_destroy(job->step.plan);
    job->step.plan = NULL;
    return GAZE_OK;
}

void gz_tune_decide(gz_tune_choice *choice)
{
    double best = 1, ratio;
    choice->taken = 0;
    for (size_t n = 1; n < choice->count; n++) {
        const gz_tune_times *times = &choice->times[n];
        if (choice->failed[n] || !gz_is_faster(times->usual, times->other, times->rounds, &ratio) ||
            ratio >= best)
            continue;
        best = ratio;
        choice->taken = n;
    }
}

static gaze_status keep_choice(gz_device *device, gz_tune_choice *choice)
{
    const gz_tune_times *times = &choice->times[choice->taken];
    gaze_chosen chosen = {.key = choice->key};
    if (choice->taken)
        chosen = (gaze_chosen){choice->key, gz_tune_name(choice, choice->taken),
                               gz_median_of(times->usual, times->rounds),
                               gz_median_of(times->other, times->rounds)};
    return gz_choices_put(device, &chosen);
}

/* The host's threads, or the driver's: first, as the ops are measured where they will run. */
static gaze_status tune_place(gz_tuning *t, gz_bench_job *job)
{
    const double now = gz_seconds();
    gz_tune_choice *place = t->n_choices && !t->choices[0].node ? &t->choices[0] : NULL;
    t->place = 1;
    if (!place) return GAZE_OK;
    GZ_TRY(gz_tune_measure_place(job, place, now + PLACE_PART * (t->end - now)));
    gz_tune_decide(place);
    if (!place->taken) return GAZE_OK;
    t->place = 2;
    return list_choices(t, job);
}

static size_t most_candidates(const gz_tuning *t)
{
    size_t most = 0;
    for (size_t i = 0; i < t->n_choices; i++)
        if (t->choices[i].node && t->choices[i].count > most) most = t->choices[i].count;
    return most;
}

/* What was measured as faster must be right; else the next fastest is looked at. */
static gaze_status tune_choice(gz_tuning *t, const gz_bench_job *job, gz_tune_choice *choice)
{
    for (gz_tune_decide(choice); choice->node && choice->taken; gz_tune_decide(choice)) {
        const size_t n = choice->taken;
        GZ_TRY(gz_tune_check(t, job->base.device, job->training, choice, n));
        if (!choice->failed[n]) break;
    }
    return keep_choice(job->base.device, choice);
}

static bool is_changed(const gz_tuning *t)
{
    for (size_t i = 0; i < t->n_choices; i++)
        if (t->choices[i].taken) return true;
    return false;
}

/* Beyond the budget, too: what was never seen as a whole is not kept. */
static gaze_status compare(gz_tuning *t, gz_bench_job *job)
{
    gaze_tune_result *result = &t->result;
    if (is_changed(t)) GZ_TRY(gz_tune_compare(job, t->end, &result->before_ms, &result->after_ms));
    result->slower = result->after_ms > (1 + NOISE) * result->before_ms;
    for (size_t i = 0; result->slower && i < t->n_choices; i++) {
        t->choices[i].taken = 0;
        GZ_TRY(keep_choice(job->base.device, &t->choices[i]));
    }
    return gz_choices_keep(job->base.device, &result->kept);
}

static gaze_status tune(gz_tuning *t, gz_bench_job *job, double seconds)
{
    GZ_TRY(gz_bench_step(job)); /* compiles: not at the budget's cost */
    t->end = gz_seconds() + seconds;
    GZ_TRY(list_choices(t, job));
    GZ_TRY(tune_place(t, job));
    const double begin = gz_seconds(), candidates_end = begin + CANDIDATES_PART * (t->end - begin);
    const size_t most = most_candidates(t);
    for (size_t n = 1; n < most; n++) {
        const double now = gz_seconds();
        if (now < candidates_end)
            GZ_TRY(gz_tune_measure(t, job, n, now + (candidates_end - now) / (double)(most - n)));
    }
    for (size_t i = 0; i < t->n_choices; i++) GZ_TRY(tune_choice(t, job, &t->choices[i]));
    return compare(t, job);
}

static gaze_status tell_choice(gz_tuning *t, const gz_tune_choice *from, gaze_choice *to)
{
    *to = (gaze_choice){.op = from->op,
                        .shape = from->shape,
                        .layers = from->layers,
                        .n_candidates = from->count,
                        .taken = from->taken};
    to->candidates = gz_arena_allocate(t->arena, from->count * sizeof *to->candidates);
    if (!to->candidates) return GAZE_ERROR_DEVICE;
    for (size_t n = 0; n < from->count; n++) {
        const gz_tune_times *times = &from->times[n];
        to->candidates[n] = (gaze_candidate){gz_tune_name(from, n), 0, from->failed[n]};
        if (times->rounds < GZ_LEAST_ROUNDS) continue;
        to->candidates[n].ms = gz_median_of(times->other, times->rounds);
        const double usual = gz_median_of(times->usual, times->rounds);
        if (to->candidates[0].ms == 0 || n == from->taken) to->candidates[0].ms = usual;
    }
    return GAZE_OK;
}

static gaze_status tell(gz_tuning *t)
{
    gaze_tune_result *result = &t->result;
    result->choices = gz_arena_allocate(t->arena, t->n_choices * sizeof *result->choices);
    if (!result->choices) return GAZE_ERROR_DEVICE;
    for (size_t i = 0; i < t->n_choices; i++)
        GZ_TRY(tell_choice(t, &t->choices[i], &result->choices[result->n_choices++]));
    return GAZE_OK;
}

gaze_status gaze_tune(gaze_model *model, const gaze_tune_options *options, const gaze_tune_result **result)
{
    const gaze_tune_options none = {0}, *o = options ? options : &none;
    gz_tuning *t = NULL;
    gz_bench_job job = {.model = model};
    gaze_status status;
    GZ_TRY(check_context(model->context));
    GZ_GO(gz_allocate(1, sizeof *t, &t));
    GZ_GO(gz_arena_create(&t->arena));
    status = gz_bench_open(model, o->batch_size, o->training, &job);
    if (status == GAZE_OK) status = tune(t, &job, o->seconds > 0 ? o->seconds : DEFAULT_SECONDS);
    if (status == GAZE_OK) status = tell(t);
    const gaze_status closed = gz_bench_close(&job);
    if (status == GAZE_OK) status = closed;
    gz_api_forget_plans(model);
done:
    if (status == GAZE_OK)
        *result = &t->result;
    else if (t)
        gaze_tune_free(&t->result);
    return status;
}

void gaze_tune_free(const gaze_tune_result *result)
{
    gz_tuning *t = (gz_tuning *)result;
    if (!t) return;
    gz_arena_destroy(t->arena);
    free(t);
}

gaze_status gaze_tuned(gaze_context *context, const gaze_chosen **list, size_t *count)
{
    GZ_TRY(check_context(context));
    *count = gz_choices_list(context->device, list);
    return GAZE_OK;
}

gaze_status gaze_tuned_forget(gaze_context *context)
{
    bool kept;
    GZ_TRY(check_context(context));
    gz_choices_clear(context->device);
    return gz_choices_keep(context->device, &kept);
}
