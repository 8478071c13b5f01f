/* gaze report RUN --out report.html */
#include "commands.h"
#include "common.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char command[] = "gaze report";

typedef struct arguments {
    tool_options tool;
    const char *model, *data, *weights;
    uint64_t seed;
    bool has_seed, skip_bad;
    gaze_run_report_options report;
} arguments;

enum { OUT = 256, MAP, EXAMPLES, DATA, WEIGHTS, BATCH_SIZE, SAMPLES, SEED, WITHOUT, SKIP_BAD };

static const struct argp_option options[] = {
    {"out", OUT, "FILE.html", 0, "the page (needed)", 0},
    {"map", MAP, "NAME", 0, "a map that is put to the test, and shown (the model's last)", 0},
    {"examples", EXAMPLES, "N", 0, "samples whose maps are shown (12)", 0},
    {"samples", SAMPLES, "N", 0, "for that test, the first N (200)", 0},
    {"without", WITHOUT, "PART", 0,
     "leave out one of examples, faithful, profile, verify; may be given again", 0},
    {"data", DATA, "TYPE:PATH", 0,
     "one of idx, cifar10, folder, csv, npy, safetensors, synthetic (the run's, or the model's own)", 0},
    {"weights", WEIGHTS, "FILE", 0, "a .safetensors file (the run folder's, or the one beside the model)", 0},
    {"batch-size", BATCH_SIZE, "N", 0, "samples at a time (64)", 0},
    {"seed", SEED, "N", 0, "of synthetic data and of what is drawn for the test (the run's, or 0)", 0},
    {"skip-bad", SKIP_BAD, NULL, 0, "leave damaged images of a folder out, and count them", 0},
    {0},
};

static unsigned part_named(const struct argp_state *state, const char *word)
{
#define REPORT_PART(symbol, value, name) \
    if (strcmp(word, #name) == 0) return symbol;
    GAZE_REPORT_PART_LIST(REPORT_PART)
#undef REPORT_PART
    argp_error(state, "--without is '%s', expected examples, faithful, profile or verify", word);
    return 0;
}

static error_t parse(int key, char *text, struct argp_state *state)
{
    arguments *a = state->input;
    switch (key) {
    case ARGP_KEY_INIT: state->child_inputs[0] = &a->tool; return 0;
    case OUT: a->report.out = text; return 0;
    case MAP: a->report.map = text; return 0;
    case EXAMPLES: a->report.examples = tool_size(state, "--examples", text); return 0;
    case SAMPLES: a->report.samples = tool_size(state, "--samples", text); return 0;
    case WITHOUT: a->report.without |= part_named(state, text); return 0;
    case DATA: a->data = text; return 0;
    case WEIGHTS: a->weights = text; return 0;
    case BATCH_SIZE: a->report.batch_size = tool_size(state, "--batch-size", text); return 0;
    case SEED:
        a->seed = tool_seed(state, "--seed", text);
        a->has_seed = true;
        return 0;
    case SKIP_BAD: a->skip_bad = true; return 0;
    case ARGP_KEY_ARG: return tool_model_argument(state, text, &a->model);
    case ARGP_KEY_END:
        tool_model_expected(state, a->model);
        if (!a->report.out) argp_error(state, "where to? Give --out FILE.html");
        return 0;
    default: return ARGP_ERR_UNKNOWN;
    }
}

const struct argp parser_report = {
    options,
    parse,
    "MODEL --out FILE.html",
    "What there is to know of a run, or of a model file with its weights, as one page "
    "that needs no network.\v"
    "Examples:\n"
    "  gaze report run --out report.html",
    tool_children,
    NULL,
    NULL};

static void tell(void *user, const char *what)
{
    const tool_options *tool = user;
    if (!tool->quiet && isatty(STDERR_FILENO)) fprintf(stderr, "%s\n", what);
}

static void print_result(const arguments *a)
{
    if (!a->tool.json) {
        puts(a->report.out);
        return;
    }
    fputs("{\"report\": ", stdout);
    tool_json_text(stdout, a->report.out);
    puts("}");
}

static gaze_status report(arguments *a)
{
    gaze_context *context = NULL;
    gaze_model *model = NULL;
    gaze_data *data = NULL;
    const gaze_model_options opening = {.weights = a->weights};
    gaze_status status = tool_context(&a->tool, !a->tool.reference, &context);
    if (status == GAZE_OK) status = gaze_model_open(context, a->model, &opening, &model);
    if (status == GAZE_OK && !a->has_seed && !gaze_model_run_seed(model, &a->seed)) a->seed = 0;
    const gaze_data_options from = {.spec = a->data, .seed = a->seed, .skip_bad = a->skip_bad};
    if (status == GAZE_OK) status = gaze_data_open_with(model, &from, &data);
    a->report.seed = a->seed;
    a->report.begins = tell;
    a->report.user = &a->tool;
    if (status == GAZE_OK) status = gaze_run_report(model, data, &a->report);
    if (status == GAZE_OK) print_result(a);
    gaze_data_close(data);
    gaze_close(model);
    gaze_context_destroy(context);
    return status;
}

int command_report(int argc, char **argv)
{
    char *words = tool_words(argc, argv);
    arguments a = {.report.command = words};
    if (!words) return tool_exit(tool_no_memory());
    tool_parse(&parser_report, command, argc, argv, &a);
    const int code = tool_exit(report(&a));
    free(words);
    return code;
}
