/* gaze verify: a line an op and family, or a weight, output and map of a model; the first failure of each;
 * then the counts. */
#include "commands.h"
#include "common.h"
#include "verify.h"

#include <stdlib.h>

enum { QUICK = 0x2000, BRIEF, WEIGHTS, REPORT, ALL, JOBS };

static const struct argp_option OPTIONS[] = {
    {"op", 'o', "NAME", 0, "Only this op", 0},
    {"quick", QUICK, NULL, 0, "Small cases that between them run every kernel in all its modes: seconds", 0},
    {"brief", BRIEF, NULL, 0, "For simulators: few cases, of every kernel of all families", 0},
    {"jobs", JOBS, "N", 0, "Processes that compile at once (as many as there are cores, at most 4)", 0},
    {"all", ALL, NULL, 0, "On every device of this machine, one table each", 0},
    {"report", REPORT, "FILE", 0, "Write all of it to FILE.html or FILE.json, for a bug report", 0},
    {"weights", WEIGHTS, "FILE", 0, "of the model (the run folder's, or the one beside the model)", 0},
    {0}};

static void check_together(const struct argp_state *state, const verify_options *o)
{
    if (o->model && (o->verify.op || o->verify.quick || o->verify.brief))
        argp_error(state, "--op, --quick and --brief are for kernels, not for a model");
    if (o->all && o->tool.device) argp_error(state, "--all is every device, --device is one");
    if (o->all && o->tool.n_plugins) argp_error(state, "--plugin goes with one device, not with --all");
}

static error_t parse(int key, char *argument, struct argp_state *state)
{
    verify_options *options = state->input;
    switch (key) {
    case ARGP_KEY_INIT: state->child_inputs[0] = &options->tool; return 0;
    case 'o': options->verify.op = argument; return 0;
    case QUICK: options->verify.quick = true; return 0;
    case BRIEF: options->verify.brief = true; return 0;
    case ALL: options->all = true; return 0;
    case JOBS: options->jobs = tool_size(state, "--jobs", argument); return 0;
    case REPORT: options->report = argument; return 0;
    case WEIGHTS: options->weights = argument; return 0;
    case ARGP_KEY_ARG: return tool_model_argument(state, argument, &options->model);
    case ARGP_KEY_END: check_together(state, options); return 0;
    default: return ARGP_ERR_UNKNOWN;
    }
}

const struct argp parser_verify = {.options = OPTIONS,
                                   .parser = parse,
                                   .args_doc = "[MODEL]",
                                   .doc =
                                       "Runs every kernel, forward and gradient, against the C reference on "
                                       "a device. With MODEL: that model's "
                                       "gradients against differences in double, and its outputs, maps and "
                                       "gradients on the device against the "
                                       "reference."
                                       "\vExit status 5 when a check failed.\n"
                                       "Examples:\n"
                                       "  gaze verify --quick\n"
                                       "  gaze verify --all --report report.html\n"
                                       "  gaze verify run",
                                   .children = tool_children};

static void print_line(void *user, const gaze_verify_line *line) { verify_print_line(user, line); }

static gaze_status verify(gaze_context *context, const verify_options *options, size_t *passed,
                          size_t *failed)
{
    const gaze_model_options opening = {.weights = options->weights};
    gaze_model *model = NULL;
    if (!options->model) return gaze_verify(context, &options->verify, passed, failed);
    gaze_status status = gaze_model_open(context, options->model, &opening, &model);
    if (status == GAZE_OK) status = gaze_verify_model(model, &options->verify, passed, failed);
    gaze_close(model);
    return status;
}

/* A wrong call or file is the same on every device; what a driver does wrong is this one's. */
static bool is_of_device(gaze_status status) { return status == GAZE_ERROR_DEVICE; }

static gaze_status verify_device(void *user, const gaze_device_info *device, gaze_context *context,
                                 const char *reason)
{
    verify_options *o = user;
    size_t passed = 0, failed = 0;
    gaze_status status = GAZE_OK;
    o->device = device;
    o->worst = 0;
    if (!o->tool.json) tool_print_device(device);
    if (context)
        status = verify(context, o, &passed, &failed);
    else if (o->verify.report)
        GAZE_TRY(gaze_report_skip(o->verify.report, device, reason));
    if (status != GAZE_OK && !is_of_device(status)) return status;
    o->ended_early |= status != GAZE_OK || (!context && device->usable);
    verify_summarise(o, passed, failed, status != GAZE_OK ? gaze_message() : reason);
    o->passed += passed;
    o->failed += failed;
    return GAZE_OK;
}

static gaze_status run_all(verify_options *o)
{
    if (!tool_summary_open(&o->summary)) return GAZE_ERROR_DEVICE;
    const gaze_status status = tool_each_device(&o->tool, false, verify_device, o);
    tool_summary_print(&o->summary);
    return status;
}

static gaze_status run_one(verify_options *o)
{
    gaze_context *context = NULL;
    verify_ahead ahead;
    verify_ahead_start(&o->tool, &o->verify, o->model || o->tool.reference ? 1 : o->jobs, &ahead);
    gaze_status status = tool_context(&o->tool, false, &context);
    if (status == GAZE_OK) status = verify(context, o, &o->passed, &o->failed);
    verify_ahead_end(&ahead);
    gaze_context_destroy(context);
    return status;
}

/* Of a run that ended early too. */
static int write_report(const verify_options *o, int code)
{
    if (!o->verify.report) return code;
    const int written = tool_exit(gaze_report_write(o->verify.report));
    return code ? code : written;
}

int command_verify(int argc, char **argv)
{
    verify_options o = {.verify = {.line = print_line, .user = &o}, .jobs = verify_usual_jobs()};
    char *words = tool_words(argc, argv);
    tool_parse(&parser_verify, "gaze verify", argc, argv, &o);
    gaze_status status = o.report ? gaze_report_open(o.report, words, &o.verify.report) : GAZE_OK;
    if (status == GAZE_OK) status = o.all ? run_all(&o) : run_one(&o);
    const int code = write_report(&o, tool_exit(status));
    if (status == GAZE_OK) verify_print_counts(&o);
    gaze_report_free(o.verify.report);
    free(words);
    if (code) return code;
    return o.failed || o.ended_early ? GAZE_ERROR_DEVICE : 0;
}
