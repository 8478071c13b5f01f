/* gaze bench: samples per second of whole steps on random data, and what each layer takes of them. */
#include "commands.h"
#include "common.h"

typedef struct bench_options {
    tool_options tool;
    const char *model;
    gaze_bench_options bench;
    bool all;
    const gaze_device_info *device; /* with --all: the one that is measured now */
    tool_summary summary;
    bool failed; /* a device could not be measured */
} bench_options;

enum { ALL = 0x2000, TRACE };

static const struct argp_option OPTIONS[] = {
    {"batch-size", 'b', "N", 0, "Samples a step (64)", 0},
    {"train", 't', NULL, 0, "Training steps in place of predictions", 0},
    {"seconds", 's', "S", 0, "How long to measure (2)", 0},
    {"trace", TRACE, "FILE", 0,
     "Write some steps there, call by call and kernel by kernel, for ui.perfetto.dev or chrome://tracing", 0},
    {"all", ALL, NULL, 0, "On every device of this machine, one table each", 0},
    {0}};

static void check_together(const struct argp_state *state, const bench_options *options)
{
    if (options->all && options->tool.device) argp_error(state, "--all is every device, --device is one");
    if (options->all && options->tool.n_plugins)
        argp_error(state, "--plugin goes with one device, not with --all");
    if (options->all && options->bench.trace) argp_error(state, "--trace is of one device, not of --all");
    if (options->tool.reference && options->bench.trace)
        argp_error(state, "--trace is of kernels, --reference has none");
}

static error_t parse(int key, char *argument, struct argp_state *state)
{
    bench_options *options = state->input;
    switch (key) {
    case ARGP_KEY_INIT: state->child_inputs[0] = &options->tool; return 0;
    case 'b': options->bench.batch_size = tool_size(state, "--batch-size", argument); return 0;
    case 't': options->bench.training = true; return 0;
    case 's': options->bench.seconds = tool_number(state, "--seconds", argument); return 0;
    case ALL: options->all = true; return 0;
    case TRACE: options->bench.trace = argument; return 0;
    case ARGP_KEY_ARG: return tool_model_argument(state, argument, &options->model);
    case ARGP_KEY_END:
        tool_model_expected(state, options->model);
        check_together(state, options);
        return 0;
    default: return ARGP_ERR_UNKNOWN;
    }
}

const struct argp parser_bench = {.options = OPTIONS,
                                  .parser = parse,
                                  .args_doc = "MODEL",
                                  .doc = "Whole steps on random data: the median. A prediction writes its "
                                         "input and reads its output; a training step is forward, backward "
                                         "and update.\vGFLOP/s count the direct method, so Winograd can pass "
                                         "100 % of the measured peak; small tensors stay in caches "
                                         "and can pass 100 % of the measured copy.\n"
                                         "Examples:\n"
                                         "  gaze bench model.json --train --batch-size 32\n"
                                         "  gaze bench model.json --trace step.json",
                                  .children = tool_children};

/* The rate that the layer is nearer to its ceiling with. */
static void print_line(const gaze_bench_result *result, const gaze_bench_line *line)
{
    const bool compute = line->gflops * result->copy_gbytes >= line->gbytes_per_second * result->peak_gflops;
    printf("%-20.20s %-30.30s %-28.28s %4zu %9.3f %7.3f %8.1f %-7s %6.1f\n", line->layer, line->op,
           line->kernel, line->launches, line->ms, line->gap_ms,
           compute ? line->gflops : line->gbytes_per_second, compute ? "GFLOP/s" : "GB/s",
           line->percent_of_peak);
}

static void print_table(const gaze_bench_result *result)
{
    if (!result->n_lines) return;
    printf("%-20s %-30s %-28s %4s %9s %7s %16s %6s\n", "layer", "op", "kernel", "runs", "ms", "gap ms",
           "rate", "% peak");
    for (size_t i = 0; i < result->n_lines; i++) print_line(result, &result->lines[i]);
    printf("%zu launches a step: %.3f ms in kernels, %.3f ms beyond them (%.1f %%)\n", result->launches,
           result->kernels_ms, result->gaps_ms,
           100 * result->gaps_ms / (result->kernels_ms + result->gaps_ms));
}

static void print_memory(const gaze_bench_result *result)
{
    const double mib = 1048576;
    printf("memory: %.1f MiB in buffers", (double)result->memory_bytes / mib);
    if (result->resident_bytes)
        printf(", the whole process at most %.1f MiB", (double)result->resident_bytes / mib);
    putchar('\n');
}

static void print_text(const gaze_bench_options *options, const gaze_bench_result *result)
{
    print_table(result);
    for (size_t i = 0; i < result->n_tuned; i++)
        printf("tuned: %s%s%s by %s\n", result->tuned[i].layer, result->tuned[i].layer[0] ? ", " : "",
               result->tuned[i].op, result->tuned[i].candidate);
    printf("programs: %zu from the cache, %zu compiled (%.0f ms)\n", result->programs.cached,
           result->programs.compiled, result->programs.build_ms);
    print_memory(result);
    if (result->peak_gflops > 0)
        printf("measured peak %.1f GFLOP/s, copy %.1f GB/s read and written\n", result->peak_gflops,
               result->copy_gbytes);
    printf("%s, batch %zu: %.3f ms a step, %.1f GFLOP/s\n", options->training ? "training" : "prediction",
           options->batch_size ? options->batch_size : 64, result->step_ms,
           result->flop / result->step_ms * 1e-6);
    printf("%.1f samples/s\n", result->samples_per_second);
}

static void print_json_line(const bench_options *options, const gaze_bench_line *line)
{
    putchar('{');
    if (options->device) printf("\"device\": %zu, ", options->device->index);
    fputs("\"layer\": ", stdout);
    tool_json_text(stdout, line->layer);
    printf(", \"op\": \"%s\", \"kernel\": \"%s\", \"launches\": %zu, \"ms\": %.6f, \"gap_ms\": %.6f, "
           "\"gflops\": %.3f, "
           "\"gbytes_per_second\": %.3f, "
           "\"percent_of_peak\": %.2f}\n",
           line->op, line->kernel, line->launches, line->ms, line->gap_ms, line->gflops,
           line->gbytes_per_second, line->percent_of_peak);
}

static void print_json_tuned(const gaze_tuned_op *tuned, bool more)
{
    fputs(more ? ", {\"layer\": " : "{\"layer\": ", stdout);
    tool_json_text(stdout, tuned->layer);
    printf(", \"op\": \"%s\", \"by\": \"%s\"}", tuned->op, tuned->candidate);
}

static void print_json(const bench_options *options, const gaze_bench_result *result)
{
    const gaze_bench_options *bench = &options->bench;
    for (size_t i = 0; i < result->n_lines; i++) print_json_line(options, &result->lines[i]);
    if (options->device)
        tool_json_device(stdout, options->device);
    else
        putchar('{');
    printf("%s\"model\": ", options->device ? ", " : "");
    tool_json_text(stdout, options->model);
    printf(", \"mode\": \"%s\", \"batch_size\": %zu, \"samples_per_second\": %.3f, \"step_ms\": %.6f, "
           "\"flop\": %.0f, \"memory_bytes\": %zu, "
           "\"peak_gflops\": %.3f, \"copy_gbytes_per_second\": %.3f",
           bench->training ? "training" : "prediction", bench->batch_size ? bench->batch_size : 64,
           result->samples_per_second, result->step_ms, result->flop, result->memory_bytes,
           result->peak_gflops, result->copy_gbytes);
    printf(", \"launches\": %zu, \"kernels_ms\": %.6f, \"gaps_ms\": %.6f, \"programs_cached\": %zu, "
           "\"programs_compiled\": %zu, \"build_ms\": %.3f, \"resident_bytes\": %zu, \"tuned\": [",
           result->launches, result->kernels_ms, result->gaps_ms, result->programs.cached,
           result->programs.compiled, result->programs.build_ms, result->resident_bytes);
    for (size_t i = 0; i < result->n_tuned; i++) print_json_tuned(&result->tuned[i], i > 0);
    puts("]}");
}

static gaze_status bench(gaze_context *context, const bench_options *options, double *samples_per_second)
{
    gaze_bench_result result = {0};
    gaze_model *model = NULL;
    gaze_status status = gaze_model_open(context, options->model, NULL, &model);
    if (status == GAZE_OK) status = gaze_bench(model, &options->bench, &result);
    if (status == GAZE_OK && options->tool.json) print_json(options, &result);
    if (status == GAZE_OK && !options->tool.json) print_text(&options->bench, &result);
    *samples_per_second = result.samples_per_second;
    gaze_bench_free(&result);
    gaze_close(model);
    return status;
}

static void summarise(const bench_options *o, double samples_per_second, const char *reason)
{
    FILE *to = o->summary.stream;
    if (o->tool.json) {
        tool_json_device(to, o->device);
        fprintf(to, ", \"samples_per_second\": %.3f, \"error\": ", samples_per_second);
        tool_json_text(to, reason);
        fputs("}\n", to);
    } else if (reason)
        fprintf(to, "device %zu, %s: %s%s\n", o->device->index, o->device->name,
                o->device->usable ? "" : "not usable: ", reason);
    else
        fprintf(to, "device %zu, %s: %.1f samples/s\n", o->device->index, o->device->name,
                samples_per_second);
}

static gaze_status bench_device(void *user, const gaze_device_info *device, gaze_context *context,
                                const char *reason)
{
    bench_options *o = user;
    double samples_per_second = 0;
    gaze_status status = GAZE_OK;
    o->device = device;
    if (!o->tool.json) tool_print_device(device);
    if (context) status = bench(context, o, &samples_per_second);
    if (status != GAZE_OK && status != GAZE_ERROR_DEVICE) return status; /* the same on every device */
    o->failed |= status != GAZE_OK || (!context && device->usable);
    summarise(o, samples_per_second, status != GAZE_OK ? gaze_message() : reason);
    return GAZE_OK;
}

static gaze_status bench_all(bench_options *o)
{
    if (!tool_summary_open(&o->summary)) return GAZE_ERROR_DEVICE;
    const gaze_status status = tool_each_device(&o->tool, true, bench_device, o);
    tool_summary_print(&o->summary);
    return status;
}

static gaze_status bench_one(bench_options *o)
{
    gaze_context *context = NULL;
    double samples_per_second;
    gaze_status status = tool_context(&o->tool, !o->tool.reference, &context);
    if (status == GAZE_OK) status = bench(context, o, &samples_per_second);
    gaze_context_destroy(context);
    return status;
}

int command_bench(int argc, char **argv)
{
    bench_options options = {0};
    tool_parse(&parser_bench, "gaze bench", argc, argv, &options);
    const int code = tool_exit(options.all ? bench_all(&options) : bench_one(&options));
    return !code && options.failed ? GAZE_ERROR_DEVICE : code;
}
