/* A few steps as a trace: JSON of the trace event format ("Trace Event Format", the Catapult project), which
   Perfetto and Chrome open. Two tracks, one time: the host's calls, and what the device's queue did. */
#include "../base/clock.h"
#include "../base/text.h"
#include "bench.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { STEPS = 3, WARM_UP = 2, HOST = 1, QUEUE = 2, US = 1000 /* ns */ };

typedef struct trace {
    gz_bench_job *job;
    const gaze_bench_result *result;
    gz_text text;
    double origin; /* seconds of the host: where the trace's time begins */
    double shift;  /* ns of the trace's time at `zero` of the device's clock */
    uint64_t zero;
} trace;

static long long host_ns(const trace *t, double seconds) { return llround((seconds - t->origin) * 1e9); }

static long long device_ns(const trace *t, uint64_t ns)
{
    return llround((double)(int64_t)(ns - t->zero) + t->shift);
}

/* A command is queued while the host makes the call: every call bounds what lies between the two clocks.
   Drift within a step is less than a call takes. */
static void match_clocks(trace *t, const gz_moment *moments, size_t count)
{
    double least = -DBL_MAX, most = DBL_MAX;
    t->zero = 0;
    for (size_t i = 0; i < count; i++) {
        const gz_moment *m = &moments[i];
        if (!m->times.queued) continue;
        if (!t->zero) t->zero = m->times.queued;
        const double queued = (double)(int64_t)(m->times.queued - t->zero),
                     low = (m->begin - t->origin) * 1e9 - queued, high = (m->end - t->origin) * 1e9 - queued;
        if (low > least) least = low;
        if (high < most) most = high;
    }
    t->shift = (least + most) / 2;
}

/* Microseconds with all three digits of nanoseconds, so that nothing is rounded out of its parent. The event
   is left open for its args. */
static void begin_event(trace *t, int track, const char *category, const char *name, long long begin,
                        long long end)
{
    const long long ns = end - begin;
    gz_text_add(&t->text,
                ",\n{\"ph\": \"X\", \"pid\": 1, \"tid\": %d, \"cat\": \"%s\", \"ts\": %lld.%03lld, \"dur\": "
                "%lld.%03lld, \"name\": ",
                track, category, begin / US, begin % US, ns / US, ns % US);
    gz_text_add_json_string(&t->text, name);
    gz_text_add(&t->text, ", \"args\": {");
}

static void end_event(trace *t) { gz_text_add(&t->text, "}}"); }

static void add_named(trace *t, const char *key, const char *value)
{
    gz_text_add(&t->text, "\"%s\": ", key);
    gz_text_add_json_string(&t->text, value);
}

static void add_host_event(trace *t, const gz_moment *m)
{
    static const char *const VERBS[] = {"write", "enqueue", "wait", "read"};
    char name[160];
    snprintf(name, sizeof name, "%s%s%s", VERBS[m->kind], *m->name ? " " : "", m->name);
    begin_event(t, HOST, VERBS[m->kind], name, host_ns(t, m->begin), host_ns(t, m->end));
    if (m->node) add_named(t, "layer", m->node->name);
    if (m->bytes) gz_text_add(&t->text, "\"bytes\": %zu", m->bytes);
    end_event(t);
}

static void add_rates(trace *t, const gz_node *node, double ns)
{
    const gz_cost cost = node->op->cost(node);
    const double gflops = cost.flop / ns, gbytes = cost.bytes / ns,
                 compute = 100 * gflops / t->result->peak_gflops,
                 memory = 100 * gbytes / t->result->copy_gbytes;
    if (ns <= 0) return;
    gz_text_add(&t->text, ", \"op_gflops\": %.3f, \"op_gbytes_per_second\": %.3f", gflops, gbytes);
    if (t->result->peak_gflops > 0 && t->result->copy_gbytes > 0)
        gz_text_add(&t->text, ", \"op_percent_of_roof\": %.2f, \"op_roof\": \"%s\"",
                    compute > memory ? compute : memory, compute > memory ? "arithmetic" : "memory");
}

static void add_op(trace *t, const gz_moment *first, double ns, size_t launches)
{
    add_named(t, "layer", first->node->name);
    gz_text_add(&t->text, ", ");
    add_named(t, "op", first->node->op->name);
    gz_text_add(&t->text, ", \"op_launches\": %zu, \"op_us\": %.3f", launches, ns / US);
    add_rates(t, first->node, ns);
}

static void add_sizes(trace *t, const gz_moment *m)
{
    const size_t *n = m->groups, *g = m->group;
    gz_text_add(&t->text,
                ", \"file\": \"%s.cl\", \"global\": \"%zu x %zu x %zu\", \"local\": \"%zu x %zu x %zu\", "
                "\"groups\": %zu, \"queued_us\": %.3f",
                m->stem, n[0] * g[0], n[1] * g[1], n[2] * g[2], g[0], g[1], g[2], n[0] * n[1] * n[2],
                (double)(m->times.start - m->times.queued) / US);
}

/* An op is a slice around its launches, which follow each other. */
static void add_op_events(trace *t, const gz_moment *first, size_t launches)
{
    double ns = 0;
    char name[160];
    for (size_t i = 0; i < launches; i++) ns += (double)(first[i].times.end - first[i].times.start);
    snprintf(name, sizeof name, "%s: %s", first->node->name, first->node->op->name);
    begin_event(t, QUEUE, "op", name, device_ns(t, first->times.start),
                device_ns(t, first[launches - 1].times.end));
    add_op(t, first, ns, launches);
    end_event(t);
    for (size_t i = 0; i < launches; i++) {
        const gz_moment *m = &first[i];
        begin_event(t, QUEUE, "kernel", m->name, device_ns(t, m->times.start), device_ns(t, m->times.end));
        add_named(t, "kernel", m->name);
        gz_text_add(&t->text, ", ");
        add_op(t, first, ns, launches);
        add_sizes(t, m);
        end_event(t);
    }
}

static void add_write_event(trace *t, const gz_moment *m)
{
    char name[160];
    const double ns = (double)(m->times.end - m->times.start);
    snprintf(name, sizeof name, "write %s", m->name);
    begin_event(t, QUEUE, "write", name, device_ns(t, m->times.start), device_ns(t, m->times.end));
    gz_text_add(&t->text, "\"bytes\": %zu", m->bytes);
    if (ns > 0) gz_text_add(&t->text, ", \"gbytes_per_second\": %.3f", (double)m->bytes / ns);
    end_event(t);
}

static void add_queue_events(trace *t, const gz_moment *moments, size_t count)
{
    for (size_t i = 0; i < count;) {
        const gz_moment *m = &moments[i];
        size_t launches = 1;
        while (m->kind == GZ_MOMENT_LAUNCH && i + launches < count && m[launches].node == m->node) launches++;
        if (m->kind == GZ_MOMENT_LAUNCH) add_op_events(t, m, launches);
        if (m->kind == GZ_MOMENT_WRITE) add_write_event(t, m);
        i += launches;
    }
}

static gaze_status add_step(trace *t, size_t number)
{
    const gz_moment *moments;
    size_t count;
    char name[32];
    const double begin = gz_seconds();
    GZ_TRY(gz_bench_step(t->job));
    const double end = gz_seconds();
    GZ_TRY(gz_plan_moments(t->job->step.plan, &moments, &count));
    match_clocks(t, moments, count);
    snprintf(name, sizeof name, "step %zu", number);
    begin_event(t, HOST, "step", name, host_ns(t, begin), host_ns(t, end));
    gz_text_add(&t->text, "\"samples\": %zu", t->job->batch);
    end_event(t);
    for (size_t i = 0; i < count; i++) add_host_event(t, &moments[i]);
    add_queue_events(t, moments, count);
    return t->text.status;
}

static void name_track(trace *t, const char *what, int track, const char *name)
{
    gz_text_add(&t->text,
                ",\n{\"ph\": \"M\", \"pid\": 1, \"tid\": %d, \"name\": \"%s\", \"args\": {\"name\": ", track,
                what);
    gz_text_add_json_string(&t->text, name);
    gz_text_add(&t->text, "}}");
}

/* The file begins with what was measured; its events follow. */
static void add_head(trace *t)
{
    const gaze_bench_result *r = t->result;
    const gz_device_facts *facts = gz_device_facts_of(gz_plan_runs_on(t->job->step.plan));
    gz_text_add(
        &t->text,
        "{\"displayTimeUnit\": \"ms\",\n\"otherData\": {\"gaze\": \"%s\", \"mode\": \"%s\", \"batch_size\": "
        "%zu, \"median_step_ms\": %.6f, \"peak_gflops\": %.3f, \"copy_gbytes_per_second\": %.3f, ",
        GAZE_VERSION, t->job->training ? "training" : "prediction", t->job->batch, r->step_ms, r->peak_gflops,
        r->copy_gbytes);
    add_named(t, "model", t->job->model->file->path);
    gz_text_add(&t->text, ", ");
    add_named(t, "device", facts->info.name);
    gz_text_add(&t->text, ", ");
    add_named(t, "platform", facts->info.platform);
    gz_text_add(&t->text, "},\n\"traceEvents\": [\n{\"ph\": \"M\", \"pid\": 1, \"tid\": 1, \"name\": "
                          "\"process_sort_index\", \"args\": {\"sort_index\": 1}}");
    name_track(t, "process_name", HOST, t->job->model->file->path);
    name_track(t, "thread_name", HOST, "host");
    name_track(t, "thread_name", QUEUE, facts->info.name);
}

static gaze_status add_steps(trace *t)
{
    const gz_moment *moments;
    size_t count;
    GZ_TRY(gz_bench_plan(t->job, (gz_plan_options){.profile = true, .record = true}));
    for (size_t i = 0; i < WARM_UP; i++) GZ_TRY(gz_bench_step(t->job));
    GZ_TRY(gz_plan_moments(t->job->step.plan, &moments, &count));
    add_head(t);
    t->origin = gz_seconds();
    for (size_t i = 0; i < STEPS; i++) GZ_TRY(add_step(t, i + 1));
    gz_text_add(&t->text, "\n]}\n");
    return GAZE_OK;
}

gaze_status gz_bench_trace(gz_bench_job *job, const gaze_bench_result *result, gz_writer *writer)
{
    trace t = {.job = job, .result = result};
    char *chars = NULL;
    const gaze_status steps = add_steps(&t);
    gaze_status status = gz_text_take(&t.text, &chars);
    if (steps != GAZE_OK) status = steps;
    if (status == GAZE_OK) status = gz_writer_write(writer, chars, strlen(chars));
    free(chars);
    return status;
}
