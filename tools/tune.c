/* gaze tune: the fastest of Gaze's kernels for each op of a model's step on a device. */
#include "commands.h"
#include "common.h"

#include <string.h>

typedef struct tune_options {
    tool_options tool;
    const char *model;
    gaze_tune_options tune;
    bool show, forget;
} tune_options;

enum { BUDGET = 0x2000, SHOW, FORGET };

static const struct argp_option OPTIONS[] = {
    {"batch-size", 'b', "N", 0, "Samples a step (64)", 0},
    {"train", 't', NULL, 0, "Training steps in place of predictions", 0},
    {"budget", BUDGET, "S", 0, "How long to measure, in seconds (60)", 0},
    {"show", SHOW, NULL, 0, "Only list what was chosen for this device before", 0},
    {"forget", FORGET, NULL, 0, "Only forget it", 0},
    {0}};

static error_t parse(int key, char *argument, struct argp_state *state)
{
    tune_options *options = state->input;
    switch (key) {
    case ARGP_KEY_INIT: state->child_inputs[0] = &options->tool; return 0;
    case 'b': options->tune.batch_size = tool_size(state, "--batch-size", argument); return 0;
    case 't': options->tune.training = true; return 0;
    case BUDGET: options->tune.seconds = tool_number(state, "--budget", argument); return 0;
    case SHOW: options->show = true; return 0;
    case FORGET: options->forget = true; return 0;
    case ARGP_KEY_ARG: return tool_model_argument(state, argument, &options->model);
    case ARGP_KEY_END:
        if (options->show && options->forget) argp_error(state, "--show or --forget, not both");
        if (options->model && (options->show || options->forget))
            argp_error(state, "--show and --forget are about a device: leave MODEL away");
        if (!options->show && !options->forget) tool_model_expected(state, options->model);
        return 0;
    default: return ARGP_ERR_UNKNOWN;
    }
}

const struct argp parser_tune = {
    .options = OPTIONS,
    .parser = parse,
    .args_doc = "[MODEL]",
    .doc = "Measures, for each op and shape of the model's step, the kernels that Gaze has beside the usual "
           "one, in turns with it. What is at least 5 % faster, and right, is taken from then on for this "
           "device, driver and version, by all programs.\vOther kernels add in another order: results may "
           "differ in their last bits from those before, and are then again the same on every run.\n"
           "Examples:\n"
           "  gaze tune model.json --train --batch-size 32\n"
           "  gaze tune --show",
    .children = tool_children};

static double gain_of(const gaze_choice *c)
{
    const double usual = c->candidates[0].ms;
    return c->taken ? 100 * (usual - c->candidates[c->taken].ms) / usual : 0;
}

static void print_candidate(const gaze_choice *c, size_t n)
{
    const gaze_candidate *candidate = &c->candidates[n];
    printf("    %c %-28s", n == c->taken ? '*' : ' ', candidate->name);
    if (candidate->ms > 0)
        printf(" %9.4f ms", candidate->ms);
    else
        printf(" %s", candidate->failed ? "" : "not measured");
    if (n && n == c->taken) printf(", %.1f %% less", gain_of(c));
    if (n == 0) printf(", usual");
    if (candidate->failed) printf(", does not count: %s", candidate->failed);
    putchar('\n');
}

static void print_choice(const gaze_choice *c)
{
    printf("%s %s%s%s\n", c->op, c->shape, c->layers[0] ? ": " : "", c->layers);
    for (size_t n = 0; n < c->n_candidates; n++) print_candidate(c, n);
}

static void print_end(const gaze_tune_result *result, size_t taken)
{
    if (result->before_ms > 0)
        printf("the whole step: %.3f ms with the usual kernels, %.3f ms with those taken\n",
               result->before_ms, result->after_ms);
    if (result->slower)
        puts("that is slower: the usual kernels are taken");
    else if (!result->kept)
        printf("%zu of %zu choices changed, for nothing: there is no folder for caches to keep them in\n",
               taken, result->n_choices);
    else
        printf("%zu of %zu choices changed\n", taken, result->n_choices);
}

static void print_json_choice(const gaze_choice *c)
{
    fputs("{\"op\": ", stdout);
    tool_json_text(stdout, c->op);
    fputs(", \"shape\": ", stdout);
    tool_json_text(stdout, c->shape);
    fputs(", \"layers\": ", stdout);
    tool_json_text(stdout, c->layers);
    fputs(", \"candidates\": [", stdout);
    for (size_t n = 0; n < c->n_candidates; n++) {
        printf("%s{\"name\": ", n ? ", " : "");
        tool_json_text(stdout, c->candidates[n].name);
        printf(", \"ms\": %.6f, \"failed\": ", c->candidates[n].ms);
        tool_json_text(stdout, c->candidates[n].failed);
        putchar('}');
    }
    fputs("], \"taken\": ", stdout);
    tool_json_text(stdout, c->candidates[c->taken].name);
    printf(", \"gain_percent\": %.2f}\n", gain_of(c));
}

/* How many others than the usual ones were taken, and how many candidates were wrong. */
static void count(const gaze_tune_result *result, size_t *taken, size_t *failed)
{
    *taken = *failed = 0;
    for (size_t i = 0; i < result->n_choices; i++) {
        *taken += result->choices[i].taken > 0;
        for (size_t n = 0; n < result->choices[i].n_candidates; n++)
            *failed += result->choices[i].candidates[n].failed != NULL;
    }
}

static gaze_status print_result(const tune_options *options, const gaze_tune_result *result)
{
    size_t taken, failed;
    count(result, &taken, &failed);
    for (size_t i = 0; i < result->n_choices; i++)
        (options->tool.json ? print_json_choice : print_choice)(&result->choices[i]);
    if (options->tool.json)
        printf("{\"choices\": %zu, \"taken\": %zu, \"failed\": %zu, \"before_ms\": %.6f, \"after_ms\": %.6f, "
               "\"slower\": %s, \"kept\": %s}\n",
               result->n_choices, taken, failed, result->before_ms, result->after_ms,
               result->slower ? "true" : "false", result->kept ? "true" : "false");
    else
        print_end(result, taken);
    if (failed)
        fprintf(stderr, "%s: %zu candidates failed and are not taken: run gaze verify\n", tool_name(),
                failed);
    return failed ? GAZE_ERROR_DEVICE : GAZE_OK;
}

static gaze_status tune(const tune_options *options, gaze_context *context, bool *failed)
{
    const gaze_tune_result *result = NULL;
    gaze_model *model = NULL;
    gaze_status status = gaze_model_open(context, options->model, NULL, &model);
    if (status == GAZE_OK) status = gaze_tune(model, &options->tune, &result);
    if (status == GAZE_OK) *failed = print_result(options, result) != GAZE_OK;
    gaze_tune_free(result);
    gaze_close(model);
    return status;
}

static void print_chosen(const tune_options *options, const gaze_chosen *c)
{
    if (!options->tool.json) {
        printf("%s: %s, %.1f %% less (%.4f, %.4f ms)\n", c->key, c->candidate,
               100 * (c->usual_ms - c->ms) / c->usual_ms, c->usual_ms, c->ms);
        return;
    }
    fputs("{\"key\": ", stdout);
    tool_json_text(stdout, c->key);
    fputs(", \"taken\": ", stdout);
    tool_json_text(stdout, c->candidate);
    printf(", \"usual_ms\": %.6f, \"ms\": %.6f}\n", c->usual_ms, c->ms);
}

static gaze_status show(const tune_options *options, gaze_context *context)
{
    const gaze_chosen *list;
    size_t count;
    const gaze_status status = gaze_tuned(context, &list, &count);
    if (status != GAZE_OK) return status;
    for (size_t i = 0; i < count; i++) print_chosen(options, &list[i]);
    if (!options->tool.json) printf("%zu choices are kept for this device\n", count);
    return GAZE_OK;
}

int command_tune(int argc, char **argv)
{
    tune_options options = {0};
    gaze_context *context = NULL;
    bool failed = false;
    tool_parse(&parser_tune, "gaze tune", argc, argv, &options);
    gaze_status status = tool_context(&options.tool, true, &context);
    if (status == GAZE_OK)
        status = options.show     ? show(&options, context)
                 : options.forget ? gaze_tuned_forget(context)
                                  : tune(&options, context, &failed);
    gaze_context_destroy(context);
    const int code = tool_exit(status);
    return !code && failed ? GAZE_ERROR_DEVICE : code;
}
