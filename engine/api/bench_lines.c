/* The profile of a step, node by node. */
#include "../base/clock.h"
#include "../bench/median.h"
#include "bench.h"

#include <stdlib.h>
#include <string.h>

enum { LEAST_RUNS = 3, MOST_RUNS = 50 };

/* A node's kernels of one step. */
typedef struct node_time {
    const gz_node *node;
    const char *kernel; /* that takes longest */
    double longest_ns;
    size_t launches;
    double ns[MOST_RUNS], gap_ns[MOST_RUNS];
} node_time;

typedef struct profile {
    gz_bench_job *job;
    node_time *times;
    size_t n_times, n_runs;
    double kernels_ns[MOST_RUNS], beyond_ns[MOST_RUNS]; /* of each run */
} profile;

/* Packed weights are made once for predictions, so they are no part of a step. */
static bool counts(const profile *p, const gz_plan_launch *launch)
{
    return !launch->packing || p->job->training;
}

static node_time *time_of(profile *p, const gz_node *node)
{
    for (size_t i = 0; i < p->n_times; i++)
        if (p->times[i].node == node) return &p->times[i];
    p->times[p->n_times].node = node;
    return &p->times[p->n_times++];
}

/* since: when the launch before ended. */
static void add_launch(profile *p, const gz_plan_launch *launch, uint64_t since)
{
    node_time *time = time_of(p, launch->node);
    const size_t run = p->n_runs;
    time->ns[run] += launch->ns;
    p->kernels_ns[run] += launch->ns;
    if (since && launch->times.start > since) time->gap_ns[run] += (double)(launch->times.start - since);
    if (!run) time->launches++;
    if (launch->ns <= time->longest_ns) return;
    time->longest_ns = launch->ns;
    time->kernel = launch->kernel;
}

static gaze_status run_once(profile *p)
{
    const gz_plan_launch *launches;
    size_t count;
    uint64_t since = 0;
    const double begin = gz_seconds();
    GZ_TRY(gz_bench_step(p->job));
    const double ns = (gz_seconds() - begin) * 1e9;
    GZ_TRY(gz_plan_launches(p->job->step.plan, &launches, &count));
    for (size_t i = 0; i < count; i++) {
        if (!counts(p, &launches[i])) continue;
        add_launch(p, &launches[i], since);
        since = launches[i].times.end;
    }
    p->beyond_ns[p->n_runs] = ns - p->kernels_ns[p->n_runs];
    p->n_runs++;
    return GAZE_OK;
}

static double part_of(double rate, double peak) { return peak > 0 ? 100 * rate / peak : 0; }

/* Percent of the ceiling that the node is nearer to. Names outlive the plan: they go to one block behind the
 * lines. */
static gaze_bench_line make_line(const profile *p, node_time *time, const gaze_bench_result *result)
{
    const gz_cost cost = time->node->op->cost(time->node);
    const double ns = gz_median(time->ns, p->n_runs);
    gaze_bench_line line = {.layer = time->node->name,
                            .op = time->node->op->name,
                            .kernel = time->kernel ? time->kernel : "",
                            .ms = ns * 1e-6,
                            .gap_ms = gz_median(time->gap_ns, p->n_runs) * 1e-6,
                            .launches = time->launches};
    if (ns <= 0) return line;
    line.gflops = cost.flop / ns;
    line.gbytes_per_second = cost.bytes / ns;
    const double compute = part_of(line.gflops, result->peak_gflops),
                 memory = part_of(line.gbytes_per_second, result->copy_gbytes);
    line.percent_of_peak = compute > memory ? compute : memory;
    return line;
}

static const char *move_text(const char *text, char **end)
{
    const size_t bytes = strlen(text) + 1;
    char *copy = memcpy(*end, text, bytes);
    *end += bytes;
    return copy;
}

static gaze_status make_lines(const profile *p, gaze_bench_result *result)
{
    size_t bytes = p->n_times * sizeof *result->lines;
    for (size_t i = 0; i < p->n_times; i++) {
        const node_time *time = &p->times[i];
        bytes += strlen(time->node->name) + strlen(time->node->op->name) +
                 strlen(time->kernel ? time->kernel : "") + 3;
    }
    GZ_TRY(gz_allocate(bytes, 1, &result->lines));
    char *text = (char *)(result->lines + p->n_times);
    for (size_t i = 0; i < p->n_times; i++) {
        gaze_bench_line *line = &result->lines[i];
        *line = make_line(p, &p->times[i], result);
        line->layer = move_text(line->layer, &text);
        line->op = move_text(line->op, &text);
        line->kernel = move_text(line->kernel, &text);
    }
    result->n_lines = p->n_times;
    return GAZE_OK;
}

static void make_sums(profile *p, gaze_bench_result *result)
{
    for (size_t i = 0; i < p->n_times; i++) result->launches += p->times[i].launches;
    result->kernels_ms = gz_median(p->kernels_ns, p->n_runs) * 1e-6;
    result->gaps_ms = gz_median(p->beyond_ns, p->n_runs) * 1e-6;
}

gaze_status gz_bench_lines(gz_bench_job *job, double seconds, gaze_bench_result *result)
{
    profile p = {.job = job};
    const double begin = gz_seconds();
    gaze_status status;
    GZ_TRY(gz_allocate(job->step.built.graph->n_nodes, sizeof *p.times, &p.times));
    GZ_GO(gz_bench_step(job));
    while (p.n_runs < MOST_RUNS && (p.n_runs < LEAST_RUNS || gz_seconds() - begin < seconds))
        GZ_GO(run_once(&p));
    GZ_GO(make_lines(&p, result));
    make_sums(&p, result);
done:
    free(p.times);
    return status;
}

/* Candidates' names are static; the others' go behind the list. */
gaze_status gz_bench_tuned(const gz_bench_job *job, gaze_bench_result *result)
{
    const gz_plan_choice *list;
    const size_t count = gz_plan_choices(job->step.plan, &list);
    size_t bytes = count * sizeof *result->tuned;
    for (size_t i = 0; i < count; i++)
        bytes += strlen(list[i].op) + (list[i].node ? strlen(list[i].node->name) : 0) + 2;
    GZ_TRY(gz_allocate(bytes, 1, &result->tuned));
    char *text = (char *)(result->tuned + count);
    for (size_t i = 0; i < count; i++) {
        const gz_plan_choice *c = &list[i];
        if (c->taken == c->candidates.usual) continue;
        const char *layer = move_text(c->node ? c->node->name : "", &text);
        result->tuned[result->n_tuned++] =
            (gaze_tuned_op){layer, move_text(c->op, &text), c->candidates.names[c->taken]};
    }
    return GAZE_OK;
}

void gaze_bench_free(gaze_bench_result *result)
{
    free(result->tuned);
    free(result->lines);
    *result = (gaze_bench_result){0};
}
