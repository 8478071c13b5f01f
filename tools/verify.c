/* gaze verify: a line an op and family, or a weight, output and map of a model; the first failure of each;
 * then the counts. */
#include "commands.h"
#include "common.h"

enum { QUICK = 0x2000, WEIGHTS };

typedef struct verify_options {
    tool_options tool;
    gaze_verify_options verify;
    const char *model, *weights;
} verify_options;

static const struct argp_option OPTIONS[] = {
    {"op", 'o', "NAME", 0, "Only this op", 0},
    {"quick", QUICK, NULL, 0, "Small cases only", 0},
    {"weights", WEIGHTS, "FILE", 0, "of the model (the run folder's, or the one beside the model)", 0},
    {0}};

static error_t parse(int key, char *argument, struct argp_state *state)
{
    verify_options *options = state->input;
    switch (key) {
    case ARGP_KEY_INIT: state->child_inputs[0] = &options->tool; return 0;
    case 'o': options->verify.op = argument; return 0;
    case QUICK: options->verify.quick = true; return 0;
    case WEIGHTS: options->weights = argument; return 0;
    case ARGP_KEY_ARG:
        if (options->model) return ARGP_ERR_UNKNOWN;
        options->model = argument;
        return 0;
    case ARGP_KEY_END:
        if (options->model && (options->verify.op || options->verify.quick))
            argp_error(state, "--op and --quick are for kernels, not for a model");
        return 0;
    default: return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp ARGP = {.options = OPTIONS,
                                 .parser = parse,
                                 .args_doc = "[MODEL]",
                                 .doc = "Runs every kernel, forward and gradient, against the C reference on "
                                        "a device. With MODEL: that model's "
                                        "gradients against differences in double, and its outputs, maps and "
                                        "gradients on the device against the "
                                        "reference."
                                        "\vExit status 5 when a check failed.",
                                 .children = tool_children};

static void print_of_model(const gaze_verify_line *line)
{
    printf("%-40s %-11s worst %7.5f of its limit%s\n", line->op, line->family, line->worst,
           line->failed ? "  FAILED" : "");
    if (line->failed) printf("  %s\n", line->first_failure);
}

static void print_text(const gaze_verify_line *line)
{
    printf("%-32s %-6s %3zu cases %5zu checks  worst %6.3f of its limit %9.1f ms%s\n", line->op, line->family,
           line->cases, line->checks, line->worst, line->ms, line->failed ? "  FAILED" : "");
    if (line->failed) printf("  %zu failed; first: %s\n", line->failed, line->first_failure);
}

static void print_json(const gaze_verify_line *line)
{
    printf(
        "{\"op\": \"%s\", \"family\": \"%s\", \"cases\": %zu, \"checks\": %zu, \"failed\": %zu, \"worst\": ",
        line->op, line->family, line->cases, line->checks, line->failed);
    tool_json_number(stdout, line->worst);
    printf(", \"ms\": %.3f, \"first_failure\": ", line->ms);
    tool_json_text(stdout, line->first_failure);
    puts("}");
}

static void print_line(void *user, const gaze_verify_line *line)
{
    const verify_options *options = user;
    if (options->tool.json)
        print_json(line);
    else if (options->model)
        print_of_model(line);
    else
        print_text(line);
    fflush(stdout);
}

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

int command_verify(int argc, char **argv)
{
    verify_options options = {.verify = {.line = print_line, .user = &options}};
    gaze_context *context = NULL;
    size_t passed = 0, failed = 0;
    tool_parse(&ARGP, "gaze verify", argc, argv, &options);
    gaze_status status = tool_context(&options.tool, false, &context);
    if (status == GAZE_OK) status = verify(context, &options, &passed, &failed);
    if (status == GAZE_OK)
        printf(options.tool.json ? "{\"passed\": %zu, \"failed\": %zu}\n" : "%zu passed, %zu failed\n",
               passed, failed);
    const int code = tool_exit(status);
    gaze_context_destroy(context);
    if (code) return code;
    return failed ? GAZE_ERROR_DEVICE : 0;
}
