/* gaze predict MODEL --input FILE */
#include "commands.h"
#include "common.h"
#include "predict.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char command[] = "gaze predict";

typedef predict_arguments arguments;
enum { MOST_INPUTS = PREDICT_MOST_INPUTS, MOST_MAPS = PREDICT_MOST_MAPS };

enum { WEIGHTS = 256, OUTPUT, OUTPUT_MAP, TOP, BATCH_SIZE, DECODE, MAX_LENGTH };

static const struct argp_option options[] = {
    {"input", 'i', "NAME=FILE", 0,
     ".npy (batch first), .png or .jpg; NAME= may be left out where there is one input", 0},
    {"weights", WEIGHTS, "FILE", 0, "a .safetensors file (the run folder's, or the one beside the model)", 0},
    {"output", 'o', "FILE.npy", 0, "write the first output instead of printing classes", 0},
    {"output-map", OUTPUT_MAP, "NAME=FILE.npy", 0, "write a map, batch first", 0},
    {"top", TOP, "K", 0, "print the K most probable classes, or answers (1)", 0},
    {"decode", DECODE, "METHOD", 0,
     "how a model that writes sequences searches for the answer, one of greedy, beam:K (greedy, where the "
     "input "
     "that it writes is not given)",
     0},
    {"max-length", MAX_LENGTH, "N", 0, "tokens of an answer, its end among them (what the model says)", 0},
    {"batch-size", BATCH_SIZE, "N", 0, "samples at a time (64)", 0},
    {0},
};

static error_t keep(const struct argp_state *state, const char *option, char *text, char **list,
                    size_t *count, size_t most)
{
    if (*count == most) argp_error(state, "%s is given more than %zu times", option, most);
    list[(*count)++] = text;
    return 0;
}

static error_t parse(int key, char *text, struct argp_state *state)
{
    arguments *a = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &a->tool;
        state->child_inputs[1] = &a->adapt;
        return 0;
    case 'i': return keep(state, "--input", text, a->inputs, &a->n_inputs, MOST_INPUTS);
    case WEIGHTS: a->weights = text; return 0;
    case 'o': a->output = text; return 0;
    case OUTPUT_MAP:
        if (!strchr(text, '=')) argp_error(state, "--output-map %s: expected NAME=FILE.npy", text);
        return keep(state, "--output-map", text, a->maps, &a->n_maps, MOST_MAPS);
    case TOP: a->top = tool_size(state, "--top", text); return 0;
    case DECODE: a->decode = text; return 0;
    case MAX_LENGTH: a->max_length = tool_size(state, "--max-length", text); return 0;
    case BATCH_SIZE: a->batch_size = tool_size(state, "--batch-size", text); return 0;
    case ARGP_KEY_ARG: return tool_model_argument(state, text, &a->model);
    case ARGP_KEY_END:
        tool_model_expected(state, a->model);
        if (!a->n_inputs) argp_error(state, "predict what? Give --input FILE");
        return 0;
    default: return ARGP_ERR_UNKNOWN;
    }
}

const struct argp parser_predict = {
    options,
    parse,
    "MODEL --input FILE",
    "Class and probability per input, or the whole output as an array.\v"
    "Examples:\n"
    "  gaze predict run --input boot.png --top 3\n"
    "  gaze predict run --input x.npy --output y.npy --output-map attention=map.npy",
    tool_model_children,
    NULL,
    NULL};

void predict_print_class(const gaze_model *model, size_t k, bool json)
{
    const char *const *names = gaze_model_classes(model);
    const char *name = NULL;
    for (size_t i = 0; names && names[i]; i++)
        if (i == k) name = names[i];
    if (json && name)
        tool_json_text(stdout, name);
    else if (name)
        printf("%s", name);
    else
        printf("%zu", k);
}

/* Position of the largest value that is not yet taken. */
static size_t next_best(const float *p, size_t classes, const bool *taken)
{
    size_t best = classes;
    for (size_t k = 0; k < classes; k++)
        if (!taken[k] && (best == classes || p[k] > p[best])) best = k;
    return best;
}

static gaze_status print_row(const gaze_model *model, size_t row, const float *p, size_t classes,
                             const arguments *a)
{
    bool *taken = calloc(classes, sizeof *taken);
    if (!taken) return tool_no_memory();
    const bool json = a->tool.json;
    const size_t top = a->top ? a->top : 1;
    printf(json ? "{\"input\": %zu, \"classes\": [" : "%zu", row);
    for (size_t i = 0; i < top && i < classes; i++) {
        const size_t k = next_best(p, classes, taken);
        taken[k] = true;
        printf(json ? (i ? ", {\"class\": " : "{\"class\": ") : "  ");
        predict_print_class(model, k, json);
        if (json)
            printf(", \"index\": %zu, \"probability\": %.9g}", k, (double)p[k]);
        else
            printf(" %.4f", (double)p[k]);
    }
    printf(json ? "]}\n" : "\n");
    free(taken);
    return GAZE_OK;
}

static gaze_status print_classes(const gaze_model *model, const gaze_array *output, const arguments *a)
{
    const size_t classes = output->shape[output->rank - 1];
    size_t rows = 1;
    for (size_t i = 0; i + 1 < output->rank; i++) rows *= output->shape[i];
    for (size_t r = 0; r < rows; r++) {
        const gaze_status status = print_row(model, r, (const float *)output->data + r * classes, classes, a);
        if (status != GAZE_OK) return status;
    }
    return GAZE_OK;
}

static gaze_status write_maps(const gaze_array *results, char *const *files, const arguments *a)
{
    gaze_status status = GAZE_OK;
    for (size_t i = 0; status == GAZE_OK && i < a->n_maps; i++)
        status = gaze_array_write(files[i], &results[i + 1]);
    return status;
}

static gaze_status write_results(const gaze_model *model, const gaze_array *results, const arguments *a)
{
    return a->output ? gaze_array_write(a->output, &results[0]) : print_classes(model, &results[0], a);
}

/* "NAME=FILE" is cut in two; the result's name becomes "map:NAME", which free() takes. */
static gaze_status ask_for_map(char *text, gaze_array *result, char **file)
{
    *file = strrchr(text, '=');
    *(*file)++ = 0;
    const size_t size = strlen(text) + sizeof "map:";
    char *name = malloc(size);
    if (!name) return tool_no_memory();
    snprintf(name, size, "map:%s", text);
    result->name = name;
    return GAZE_OK;
}

static gaze_status predict(arguments *a, gaze_model *model, gaze_array *inputs, gaze_array *results)
{
    char *files[MOST_MAPS];
    const char *files_read[MOST_INPUTS];
    const gaze_array *outputs;
    gaze_model_outputs(model, &outputs);
    results[0].name = outputs[0].name;
    for (size_t i = 0; i < a->n_maps; i++) {
        const gaze_status asked = ask_for_map(a->maps[i], &results[i + 1], &files[i]);
        if (asked != GAZE_OK) return asked;
    }
    for (size_t i = 0; i < a->n_inputs; i++) {
        const char *equals = strchr(a->inputs[i], '=');
        files_read[i] = equals ? equals + 1 : a->inputs[i];
        const gaze_status status = tool_read_input(model, i, a->inputs[i], &inputs[i]);
        if (status != GAZE_OK) return status;
    }
    gaze_decoded answers = {0};
    const bool writes = predict_writes(a, model);
    gaze_status status = writes ? predict_answers(a, model, inputs, &answers) : GAZE_OK;
    if (status == GAZE_OK && (!writes || a->n_maps))
        status = gaze_run(model, inputs, a->n_inputs + writes, results, a->n_maps + 1, a->batch_size);
    for (size_t i = 0; status == GAZE_ERROR_DATA && i < a->n_inputs; i++)
        fprintf(stderr, "%s: input %zu was read from %s\n", command, i, files_read[i]);
    if (status == GAZE_OK) status = write_maps(results, files, a);
    if (status == GAZE_OK)
        status = writes ? predict_write_answers(a, model, &answers) : write_results(model, results, a);
    gaze_decoded_free(&answers);
    return status;
}

static gaze_status open_and_predict(arguments *a)
{
    gaze_context *context = NULL;
    gaze_model *model = NULL;
    gaze_array inputs[MOST_INPUTS] = {0}, results[MOST_MAPS + 1] = {0};
    const gaze_model_options opening = {.weights = a->weights, .adapt = a->adapt};
    gaze_status status = tool_context(&a->tool, false, &context);
    if (status == GAZE_OK) status = gaze_model_open(context, a->model, &opening, &model);
    if (status == GAZE_OK) status = predict(a, model, inputs, results);
    for (size_t i = 0; i < MOST_INPUTS; i++) free(inputs[i].data);
    for (size_t i = 0; i <= MOST_MAPS; i++) free(results[i].data);
    for (size_t i = 1; i <= MOST_MAPS; i++) free((char *)(uintptr_t)results[i].name);
    gaze_close(model);
    gaze_context_destroy(context);
    return status;
}

int command_predict(int argc, char **argv)
{
    arguments a = {0};
    tool_parse(&parser_predict, command, argc, argv, &a);
    return tool_exit(open_and_predict(&a));
}
