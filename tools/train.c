/* gaze train MODEL --out DIR */
#include "commands.h"
#include "common.h"
#include "group.h"
#include "progress.h"
#include "stop.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char command[] = "gaze train";

typedef struct arguments {
    tool_options tool;
    gaze_adaptation adapt;
    const char *model, *data, *weights;
    uint64_t seed;
    bool skip_bad;
    gaze_train_options train;
} arguments;

enum {
    OUT = 256,
    DATA,
    EPOCHS,
    STEPS,
    BATCH_SIZE,
    OPTIMIZER,
    LEARNING_RATE,
    SEED,
    WEIGHTS,
    RESUME,
    CHECKPOINT_SECONDS,
    SKIP_BAD,
    KEEP_CHECKPOINTS
};

static const struct argp_option options[] = {
    {"out", OUT, "DIR", 0,
     "run folder: model.json, weights.safetensors, run.json, log.csv, checkpoint-* (needed)", 0},
    {"data", DATA, "TYPE:PATH", 0,
     "one of idx, cifar10, folder, csv, npy, safetensors, synthetic (the model's own)", 0},
    {"epochs", EPOCHS, "N", 0, "times through the data (the model's own)", 0},
    {"steps", STEPS, "N", 0, "stop after N updates in all", 0},
    {"batch-size", BATCH_SIZE, "N", 0, "samples an update, over all processes of mpirun (the model's own)",
     0},
    {"optimizer", OPTIMIZER, "NAME", 0,
     "one of sgd, adam, adamw, rmsprop; with Keras' defaults (the model's own)", 0},
    {"learning-rate", LEARNING_RATE, "X", 0, "how far an update goes (the model's own)", 0},
    {"seed", SEED, "N", 0, "of initial weights, order and dropout (0)", 0},
    {"weights", WEIGHTS, "FILE", 0, "begin with these instead of initial weights", 0},
    {"resume", RESUME, NULL, 0, "go on from the newest checkpoint in the run folder", 0},
    {"skip-bad", SKIP_BAD, NULL, 0, "leave damaged images of a folder out, and count them", 0},
    {"keep-checkpoints", KEEP_CHECKPOINTS, "N|all", 0,
     "the newest N stay, at least 2, or all, and one of the weights before training (2, none before)", 0},
    {"checkpoint-seconds", CHECKPOINT_SECONDS, "N", 0, "between checkpoints within an epoch (60)", 0},
    {0},
};

static error_t parse(int key, char *text, struct argp_state *state)
{
    arguments *a = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &a->tool;
        state->child_inputs[1] = &a->adapt;
        return 0;
    case OUT: a->train.out = text; return 0;
    case DATA: a->data = text; return 0;
    case EPOCHS: a->train.epochs = tool_size(state, "--epochs", text); return 0;
    case STEPS: a->train.steps = tool_size(state, "--steps", text); return 0;
    case BATCH_SIZE: a->train.batch_size = tool_size(state, "--batch-size", text); return 0;
    case OPTIMIZER: a->train.optimizer = text; return 0;
    case LEARNING_RATE: a->train.learning_rate = tool_number(state, "--learning-rate", text); return 0;
    case SEED: a->seed = tool_seed(state, "--seed", text); return 0;
    case WEIGHTS: a->weights = text; return 0;
    case RESUME: a->train.resume = true; return 0;
    case SKIP_BAD: a->skip_bad = true; return 0;
    case KEEP_CHECKPOINTS:
        a->train.keep_checkpoints =
            strcmp(text, "all") == 0 ? GAZE_ALL : tool_size(state, "--keep-checkpoints", text);
        return 0;
    case CHECKPOINT_SECONDS:
        a->train.checkpoint_seconds = tool_size(state, "--checkpoint-seconds", text);
        return 0;
    case ARGP_KEY_ARG: return tool_model_argument(state, text, &a->model);
    case ARGP_KEY_END:
        tool_model_expected(state, a->model);
        if (!a->train.out) argp_error(state, "where to? Give --out DIR");
        return 0;
    default: return ARGP_ERR_UNKNOWN;
    }
}

const struct argp parser_train = {options,
                                  parse,
                                  "MODEL --out DIR",
                                  "Trains a model. One line an epoch on stdout.\v"
                                  "Examples:\n"
                                  "  gaze train model.json --out run --seed 1\n"
                                  "  gaze train model.json --data folder:pictures --num_classes 6 --out run\n"
                                  "  gaze train model.json --out run --resume",
                                  tool_model_children,
                                  NULL,
                                  NULL};

static bool on_progress(void *user, const gaze_progress *now)
{
    if (user) progress_show(user, now);
    return !stop_asked();
}

static const char WORK[] = "train together, each on its part of every batch";

/* shown NULL: another process shows it. */
static gaze_status train(arguments *a, tool_group *group, progress *shown)
{
    gaze_context *context = NULL;
    gaze_model *model = NULL;
    gaze_data *data = NULL;
    gaze_metrics last;
    const gaze_model_options opening = {
        .weights = a->weights, .no_weights = !a->weights, .seed = a->seed, .adapt = a->adapt};
    const gaze_data_options from = {.spec = a->data, .seed = a->seed, .skip_bad = a->skip_bad};
    gaze_status status = tool_context(&a->tool, false, &context);
    if (status == GAZE_OK) status = gaze_model_open(context, a->model, &opening, &model);
    if (status == GAZE_OK) status = gaze_data_open_with(model, &from, &data);
    status = tool_group_agree(group, status);
    if (status == GAZE_OK) status = tool_group_introduce(group, &a->tool, context, WORK);
    a->train.progress = on_progress;
    a->train.user = shown;
    stop_catch();
    if (status == GAZE_OK) status = gaze_train(model, data, &a->train, &last);
    if (shown) progress_end(shown);
    gaze_data_close(data);
    gaze_close(model);
    gaze_context_destroy(context);
    return status;
}

int command_train(int argc, char **argv)
{
    const char **words = stop_typed_words(argc, argv);
    if (!words) return GAZE_ERROR_DEVICE;
    arguments a = {.train = {.argc = argc + 1, .argv = words}};
    tool_group_parse(&parser_train, command, argc, argv, &a);
    progress shown = {.json = a.tool.json, .bar = !a.tool.quiet && !a.tool.json && isatty(STDERR_FILENO)};
    tool_group group;
    gaze_status status = tool_group_join(&group, &a.tool);
    const bool speaks = tool_group_speaks(&group);
    if (status == GAZE_OK) status = train(&a, &group, speaks ? &shown : NULL);
    const int code = tool_group_exit(&group, status);
    if (status == GAZE_INTERRUPTED && speaks)
        stop_print_resume(a.train.argc, words, a.train.resume ? NULL : "--resume");
    tool_group_leave(&group);
    free(words);
    return code;
}
