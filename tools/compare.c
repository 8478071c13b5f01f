/* gaze compare A B --out DIR */
#include "commands.h"
#include "common.h"
#include "compare.h"
#include "group.h"
#include "progress.h"
#include "stop.h"

#include <stdlib.h>
#include <unistd.h>

static const char command[] = "gaze compare";

typedef struct arguments {
    tool_options tool;
    const char *models[2];
    gaze_compare_options compare;
} arguments;

enum { OUT = 256, SEEDS, DATA, EPOCHS, STEPS, BATCH_SIZE, OPTIMIZER, LEARNING_RATE, SEED, SKIP_BAD };

static const struct argp_option options[] = {
    {"out", OUT, "DIR", 0, "folder for all runs, which go on where they are there already (needed)", 0},
    {"seeds", SEEDS, "N", 0, "how many (3)", 0},
    {"seed", SEED, "N", 0, "the first of them (1)", 0},
    {"data", DATA, "TYPE:PATH", 0,
     "one of idx, cifar10, folder, csv, npy, safetensors, synthetic (the models' own, which must be the "
     "same)",
     0},
    {"epochs", EPOCHS, "N", 0, "times through the data (each model's own)", 0},
    {"steps", STEPS, "N", 0, "stop after N updates in all", 0},
    {"batch-size", BATCH_SIZE, "N", 0, "samples an update (each model's own)", 0},
    {"optimizer", OPTIMIZER, "NAME", 0,
     "one of sgd, adam, adamw, rmsprop; with Keras' defaults (each model's own)", 0},
    {"learning-rate", LEARNING_RATE, "X", 0, "how far an update goes (each model's own)", 0},
    {"skip-bad", SKIP_BAD, NULL, 0, "leave damaged images of a folder out, and count them", 0},
    {0},
};

static error_t parse(int key, char *text, struct argp_state *state)
{
    arguments *a = state->input;
    gaze_train_options *train = &a->compare.train;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &a->tool;
        state->child_inputs[1] = &a->compare.adapt;
        return 0;
    case OUT: train->out = text; return 0;
    case SEEDS: a->compare.seeds = tool_size(state, "--seeds", text); return 0;
    case DATA: a->compare.data.spec = text; return 0;
    case EPOCHS: train->epochs = tool_size(state, "--epochs", text); return 0;
    case STEPS: train->steps = tool_size(state, "--steps", text); return 0;
    case BATCH_SIZE: train->batch_size = tool_size(state, "--batch-size", text); return 0;
    case OPTIMIZER: train->optimizer = text; return 0;
    case LEARNING_RATE: train->learning_rate = tool_number(state, "--learning-rate", text); return 0;
    case SEED: a->compare.data.seed = tool_seed(state, "--seed", text); return 0;
    case SKIP_BAD: a->compare.data.skip_bad = true; return 0;
    case ARGP_KEY_ARG:
        if (state->arg_num > 1) return ARGP_ERR_UNKNOWN;
        a->models[state->arg_num] = text;
        return 0;
    case ARGP_KEY_END:
        if (!a->models[1]) argp_error(state, "which models? Give two model files or run folders");
        if (!train->out) argp_error(state, "where to? Give --out DIR");
        return 0;
    default: return ARGP_ERR_UNKNOWN;
    }
}

const struct argp parser_compare = {
    options,
    parse,
    "MODEL MODEL --out DIR",
    "Trains two models on the same data with several seeds, and says how far their results on the test part "
    "lie apart, beside how far each is apart from itself.\v"
    "Examples:\n"
    "  gaze compare with.json without.json --seeds 5 --out runs",
    tool_model_children,
    NULL,
    NULL};

typedef struct shown {
    progress progress;
    compare_table table;
} shown;

/* Only the bar: epochs are in each run's log.csv. */
static bool on_progress(void *user, const gaze_progress *now)
{
    shown *s = user;
    if (now->epoch_end)
        progress_end(&s->progress);
    else
        progress_show(&s->progress, now);
    return !stop_asked();
}

static void on_run(void *user, const gaze_compare_run *run, bool done)
{
    shown *s = user;
    progress_end(&s->progress);
    compare_row(&s->table, run, done);
}

static gaze_status compare(arguments *a, shown *s)
{
    gaze_context *context = NULL;
    gaze_comparison found = {0};
    gaze_status status = tool_context(&a->tool, false, &context);
    a->compare.train.progress = on_progress;
    a->compare.train.user = s;
    a->compare.run = on_run;
    a->compare.user = s;
    stop_catch();
    if (status == GAZE_OK) status = gaze_compare(context, a->models[0], a->models[1], &a->compare, &found);
    progress_end(&s->progress);
    if (status == GAZE_OK) compare_end(&s->table, &found);
    gaze_comparison_free(&found);
    gaze_context_destroy(context);
    return status;
}

int command_compare(int argc, char **argv)
{
    const char **words = stop_typed_words(argc, argv);
    if (!words) return GAZE_ERROR_DEVICE;
    arguments a = {.compare = {.data.seed = 1, .train = {.argc = argc + 1, .argv = words}}};
    tool_parse(&parser_compare, command, argc, argv, &a);
    shown s = {.progress = {.bar = !a.tool.quiet && !a.tool.json && isatty(STDERR_FILENO)},
               .table = {.json = a.tool.json, .models = {a.models[0], a.models[1]}}};
    const bool refused = tool_group_refuses();
    const gaze_status status = refused ? GAZE_ERROR_USAGE : compare(&a, &s);
    const int code = refused ? (int)status : tool_exit(status);
    if (status == GAZE_INTERRUPTED) stop_print_resume(a.compare.train.argc, words, NULL);
    free(words);
    return code;
}
