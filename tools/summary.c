/* gaze summary: layers, shapes, weights, work, and the memory plan. */
#include "commands.h"
#include "common.h"

#include <stdlib.h>

typedef struct summary_options {
    tool_options tool;
    gaze_adaptation adapt;
    const char *model;
    size_t batch_size;
    bool training;
} summary_options;

static const struct argp_option OPTIONS[] = {
    {"batch-size", 'b', "N", 0, "Samples a step (1)", 0},
    {"train", 't', NULL, 0, "A training step in place of a prediction", 0},
    {0}};

static error_t parse(int key, char *argument, struct argp_state *state)
{
    summary_options *options = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &options->tool;
        state->child_inputs[1] = &options->adapt;
        return 0;
    case 'b': options->batch_size = tool_size(state, "--batch-size", argument); return 0;
    case 't': options->training = true; return 0;
    case ARGP_KEY_ARG: return tool_model_argument(state, argument, &options->model);
    case ARGP_KEY_END: tool_model_expected(state, options->model); return 0;
    default: return ARGP_ERR_UNKNOWN;
    }
}

const struct argp parser_summary = {
    .options = OPTIONS,
    .parser = parse,
    .args_doc = "MODEL",
    .doc = "Layers, shapes, weights, work, and the memory plan. MODEL is a model file or a run folder.\v"
           "Examples:\n"
           "  gaze summary model.json --batch-size 64 --train",
    .children = tool_model_children};

int command_summary(int argc, char **argv)
{
    summary_options options = {0};
    gaze_context *context = NULL;
    gaze_model *model = NULL;
    char *text = NULL;
    tool_parse(&parser_summary, "gaze summary", argc, argv, &options);
    gaze_status status = tool_context(&options.tool, false, &context);
    if (status == GAZE_OK)
        status = gaze_model_open(context, options.model,
                                 &(gaze_model_options){.no_weights = true, .adapt = options.adapt}, &model);
    if (status == GAZE_OK)
        status = gaze_summary(model, options.batch_size, options.training, options.tool.json, &text);
    if (status == GAZE_OK) fputs(text, stdout);
    const int code = tool_exit(status);
    free(text);
    gaze_close(model);
    gaze_context_destroy(context);
    return code;
}
