/* Two plans of the same step, run in turns. */
#include "../base/clock.h"
#include "../bench/median.h"
#include "tune.h"

#include <string.h>

/* A round runs so many steps that they take about this long together. */
static const double LEAST_ROUND_SECONDS = 2e-3;
enum { MOST_STEPS = 16, WARM_UP_STEPS = 2, USUAL = 0, OTHER = 1 };

typedef struct turns turns;

/* One round of a plan. */
typedef gaze_status round_function(turns *t, size_t which);

struct turns {
    gz_bench_job *job;
    gz_plan_options options[2]; /* USUAL, OTHER */
    round_function *run;
    gz_tuning *tuning; /* of node_round */
    size_t candidate;
    gz_tune_times *times; /* of whole_round */
    gz_plan *plan[2];
    size_t steps, round;
    size_t least; /* rounds of each half, however late it is */
    bool other_failed;
};

static gaze_status step(turns *t, size_t which, double *seconds)
{
    const double start = gz_seconds();
    t->job->step.plan = t->plan[which];
    const gaze_status status = gz_bench_step(t->job);
    t->job->step.plan = NULL;
    *seconds = gz_seconds() - start;
    return status;
}

static gaze_status open_plan(turns *t, size_t which)
{
    double seconds = 0;
    gaze_status status = gz_bench_plan(t->job, t->options[which]);
    t->plan[which] = t->job->step.plan;
    t->job->step.plan = NULL;
    for (size_t i = 0; status == GAZE_OK && i < WARM_UP_STEPS; i++) status = step(t, which, &seconds);
    const double steps = seconds > 0 ? LEAST_ROUND_SECONDS / seconds : 1;
    if (which == USUAL) t->steps = steps < 1 ? 1 : steps > MOST_STEPS ? MOST_STEPS : (size_t)steps;
    t->other_failed = status != GAZE_OK && which == OTHER;
    return status;
}

static gaze_status run_until(turns *t, size_t first, size_t most, double until)
{
    const size_t least = t->round + t->least;
    gaze_status status;
    GZ_GO(open_plan(t, first));
    GZ_GO(open_plan(t, !first));
    for (; t->round < most && (t->round < least || gz_seconds() < until); t->round++) {
        GZ_GO(t->run(t, USUAL));
        status = t->run(t, OTHER);
        t->other_failed = status != GAZE_OK;
        if (t->other_failed) break;
    }
done:
    for (size_t i = 0; i < 2; i++) {
        gz_plan_destroy(t->plan[i]);
        t->plan[i] = NULL;
    }
    return status;
}

/* Where a plan's memory happens to lie can make it slower: for the second half both are made anew, the other
 * one first. */
static gaze_status take_turns(turns *t, double until)
{
    const double now = gz_seconds();
    GZ_TRY(run_until(t, USUAL, GZ_TUNE_ROUNDS / 2, now + (until - now) / 2));
    return run_until(t, OTHER, GZ_TUNE_ROUNDS, until);
}

/* From the beginning of a node's first kernel to the end of its last one. Packed weights are made once for
 * predictions, so they are no part of a step. */
static double node_ms(const gz_plan_launch *launches, size_t count, const gz_node *node, bool training)
{
    uint64_t start = 0, end = 0;
    for (size_t i = 0; i < count; i++) {
        if (launches[i].node != node || (launches[i].packing && !training)) continue;
        if (!start) start = launches[i].times.start;
        end = launches[i].times.end;
    }
    return (double)(end - start) * 1e-6;
}

gz_tune_choice *gz_tune_find(gz_tuning *tuning, const char *key)
{
    for (size_t i = 0; i < tuning->n_choices; i++)
        if (strcmp(tuning->choices[i].key, key) == 0) return &tuning->choices[i];
    return NULL;
}

static bool is_measured(const gz_tune_choice *choice, size_t n) { return choice->node && n < choice->count; }

/* Adds the time of each choice of a node. */
static gaze_status add_nodes(turns *t, size_t which)
{
    const gz_plan_launch *launches;
    const gz_plan_choice *list;
    size_t n_launches;
    const size_t n_list = gz_plan_choices(t->plan[which], &list);
    GZ_TRY(gz_plan_launches(t->plan[which], &launches, &n_launches));
    for (size_t i = 0; i < n_list; i++) {
        const gz_tune_choice *choice = gz_tune_find(t->tuning, list[i].key);
        if (!choice || !is_measured(choice, t->candidate)) continue;
        gz_tune_times *times = &choice->times[t->candidate];
        double *ms = which == USUAL ? &times->usual[t->round] : &times->other[t->round];
        *ms += node_ms(launches, n_launches, list[i].node, t->job->training) / (double)t->steps;
    }
    return GAZE_OK;
}

static gaze_status node_round(turns *t, size_t which)
{
    double seconds;
    for (size_t i = 0; i < t->steps; i++) {
        GZ_TRY(step(t, which, &seconds));
        GZ_TRY(add_nodes(t, which));
    }
    return GAZE_OK;
}

static gaze_status whole_round(turns *t, size_t which)
{
    double seconds, sum = 0;
    for (size_t i = 0; i < t->steps; i++) {
        GZ_TRY(step(t, which, &seconds));
        sum += seconds;
    }
    *(which == USUAL ? &t->times->usual[t->round] : &t->times->other[t->round]) =
        sum * 1e3 / (double)t->steps;
    return GAZE_OK;
}

/* All candidates of that number ran together: which one of them could not, nobody knows. */
static gaze_status fail_all(gz_tuning *tuning, size_t n)
{
    const char *why = gz_arena_copy(tuning->arena, gaze_message());
    for (size_t i = 0; i < tuning->n_choices; i++)
        if (is_measured(&tuning->choices[i], n)) tuning->choices[i].failed[n] = why;
    return why ? GAZE_OK : GAZE_ERROR_DEVICE;
}

gaze_status gz_tune_measure(gz_tuning *tuning, gz_bench_job *job, size_t n, double until)
{
    turns t = {.job = job, .run = node_round, .tuning = tuning, .candidate = n};
    for (size_t i = 0; i < 2; i++)
        t.options[i] =
            (gz_plan_options){.profile = true, .candidate = i == USUAL ? 1 : n + 1, .place = tuning->place};
    const gaze_status status = take_turns(&t, until);
    if (t.other_failed) return fail_all(tuning, n);
    for (size_t i = 0; i < tuning->n_choices; i++)
        if (is_measured(&tuning->choices[i], n)) tuning->choices[i].times[n].rounds = t.round;
    return status;
}

static gaze_status measure_steps(gz_bench_job *job, gz_plan_options usual, gz_plan_options other,
                                 size_t least, double until, gz_tune_times *times)
{
    turns t = {.job = job, .options = {usual, other}, .run = whole_round, .times = times, .least = least};
    const gaze_status status = take_turns(&t, until);
    times->rounds = t.round;
    return status;
}

gaze_status gz_tune_measure_place(gz_bench_job *job, gz_tune_choice *choice, double until)
{
    return measure_steps(job, (gz_plan_options){.candidate = 1, .place = 1},
                         (gz_plan_options){.candidate = 1, .place = 2}, 0, until, &choice->times[1]);
}

gaze_status gz_tune_compare(gz_bench_job *job, double until, double *before_ms, double *after_ms)
{
    enum { LEAST = 3 };
    gz_tune_times times = {0};
    GZ_TRY(measure_steps(job, (gz_plan_options){.candidate = 1, .place = 1}, (gz_plan_options){0}, LEAST,
                         until, &times));
    *before_ms = gz_median(times.usual, times.rounds);
    *after_ms = gz_median(times.other, times.rounds);
    return GAZE_OK;
}
