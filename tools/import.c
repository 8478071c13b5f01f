/* gaze import: an ONNX model as a model file with its weights. */
#include "commands.h"
#include "common.h"

#include <stdlib.h>

enum { MOST_SIZES = 16, KEY_BATCH_AXIS = 256, KEY_SIZE, KEY_SOFTMAX, KEY_JSON };

typedef struct import_options {
    const char *model, *out;
    const char *sizes[MOST_SIZES + 1];
    size_t n_sizes;
    gaze_import_options import;
} import_options;

static const struct argp_option OPTIONS[] = {
    {"out", 'o', "DIR", 0, "write DIR/model.json and DIR/model.safetensors", 0},
    {"batch-axis", KEY_BATCH_AXIS, "[INPUT=]N", 0, "the axis of an input that has the samples (0)", 0},
    {"size", KEY_SIZE, "NAME=N", 0, "a size that the file leaves open, by its name there", 0},
    {"softmax", KEY_SOFTMAX, NULL, 0, "put a softmax behind the first output, which holds logits", 0},
    {"json", KEY_JSON, NULL, 0, "results as JSON, one object", 0},
    {0}};

static error_t parse(int key, char *argument, struct argp_state *state)
{
    import_options *options = state->input;
    switch (key) {
    case 'o': options->out = argument; return 0;
    case KEY_BATCH_AXIS: options->import.batch_axis = argument; return 0;
    case KEY_SOFTMAX: options->import.softmax = true; return 0;
    case KEY_JSON: options->import.json = true; return 0;
    case KEY_SIZE:
        if (options->n_sizes == MOST_SIZES) argp_error(state, "more than %d times --size", MOST_SIZES);
        options->sizes[options->n_sizes++] = argument;
        return 0;
    case ARGP_KEY_ARG: return tool_model_argument(state, argument, &options->model);
    case ARGP_KEY_END:
        if (!options->model) argp_error(state, "which model? Give an ONNX file");
        if (!options->out) argp_error(state, "where to? Give --out DIR");
        return 0;
    default: return ARGP_ERR_UNKNOWN;
    }
}

const struct argp parser_import = {.options = OPTIONS,
                                   .parser = parse,
                                   .args_doc = "MODEL.onnx --out DIR",
                                   .doc =
                                       "Makes a model file of an ONNX model. What the importer can't take is "
                                       "listed completely, and then nothing is written.\v"
                                       "Examples:\n"
                                       "  gaze import net.onnx --out net\n"
                                       "  gaze summary net/model.json"};

/* Behind the message: the nodes that it is about. */
static void keep_line(void *user, const char *line) { fprintf(user, "%s\n", line); }

int command_import(int argc, char **argv)
{
    import_options options = {0};
    tool_summary refused;
    char *report = NULL;
    tool_parse(&parser_import, "gaze import", argc, argv, &options);
    if (!tool_summary_open(&refused)) return GAZE_ERROR_DEVICE;
    options.import.sizes = options.sizes;
    options.import.refused = keep_line;
    options.import.user = refused.stream;
    const gaze_status status = gaze_import(options.model, options.out, &options.import, &report);
    if (status == GAZE_OK) fputs(report, stdout);
    const int code = tool_exit(status);
    fflush(refused.stream);
    if (code && refused.size) fputs(refused.text, stderr);
    fclose(refused.stream);
    free(refused.text);
    free(report);
    return code;
}
