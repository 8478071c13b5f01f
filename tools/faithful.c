/* gaze faithful MODEL --map NAME */
#include "commands.h"
#include "common.h"
#include "stop.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char command[] = "gaze faithful";

typedef struct arguments {
    tool_options tool;
    const char *model, *data, *weights, *plot;
    uint64_t seed;
    bool skip_bad, bar;
    gaze_adaptation adapt;
    gaze_faithful_options faithful;
} arguments;

enum { MAP = 256, PLOT, DATA, SAMPLES, STEPS, REMOVAL, REDUCE, SEED, WEIGHTS, SKIP_BAD };

static const struct argp_option options[] = {
    {"map", MAP, "NAME", 0, "the map that is put to the test (the model's only one)", 0},
    {"plot", PLOT, "FILE.png", 0, "the curves as a picture", 0},
    {"data", DATA, "TYPE:PATH", 0,
     "one of idx, cifar10, folder, csv, npy, safetensors, synthetic (the model's own)", 0},
    {"samples", SAMPLES, "N", 0, "the first N of the test part (200)", 0},
    {"steps", STEPS, "N", 0, "steps in which all is taken away (20)", 0},
    {"removal", REMOVAL, "WHAT", 0,
     "what plainly stands in the place of what was taken away, one of mean, zero (mean; token ids: zero)", 0},
    {"reduce", REDUCE, "HOW", 0,
     "how heads or channels become one map, one of mean, max, head:K (mean; channels: max)", 0},
    {"seed", SEED, "N", 0, "of synthetic data, of the random map, of noise (0)", 0},
    {"weights", WEIGHTS, "FILE", 0, "a .safetensors file (the run folder's, or the one beside the model)", 0},
    {"skip-bad", SKIP_BAD, NULL, 0, "leave damaged images of a folder out, and count them", 0},
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
    case MAP: a->faithful.map = text; return 0;
    case PLOT: a->plot = text; return 0;
    case DATA: a->data = text; return 0;
    case SAMPLES: a->faithful.samples = tool_size(state, "--samples", text); return 0;
    case STEPS: a->faithful.steps = tool_size(state, "--steps", text); return 0;
    case REMOVAL: a->faithful.removal = text; return 0;
    case REDUCE: a->faithful.reduce = text; return 0;
    case SEED: a->seed = a->faithful.seed = tool_seed(state, "--seed", text); return 0;
    case WEIGHTS: a->weights = text; return 0;
    case SKIP_BAD: a->skip_bad = true; return 0;
    case ARGP_KEY_ARG: return tool_model_argument(state, text, &a->model);
    case ARGP_KEY_END: tool_model_expected(state, a->model); return 0;
    default: return ARGP_ERR_UNKNOWN;
    }
}

const struct argp parser_faithful = {options,
                                     parse,
                                     "MODEL --map NAME",
                                     "Does the model need what a map says it looks at? Takes the input away "
                                     "and gives it back in the map's order, and "
                                     "compares with a random map and with Grad-CAM.\v"
                                     "Examples:\n"
                                     "  gaze faithful run --map attention --plot curves.png",
                                     tool_model_children,
                                     NULL,
                                     NULL};

static bool on_progress(void *user, size_t done, size_t samples)
{
    const arguments *a = user;
    if (a->bar) fprintf(stderr, done < samples ? "\r%zu/%zu samples" : "\r\033[K", done, samples);
    return !stop_asked();
}

static void print_area(double area, double error, double wins, bool random)
{
    printf("  %8.4f", area);
    if (isfinite(error))
        printf(" +-%6.4f", error);
    else
        printf("%9s", "");
    if (random)
        printf("%8s", "-");
    else
        printf(" %5.1f %%", 100 * wins);
}

static void print_table(const gaze_faithful_result *r)
{
    printf("%zu %s samples, %zu parts each, %zu steps; probability of the predicted class %.4f", r->samples,
           r->test ? "test" : "training", r->parts, r->steps, r->probability);
    if (r->labelled) printf(", right in %.1f %%", 100 * (double)r->right / (double)r->labelled);
    printf("\n\n%-8s %-20s    %-23s    %s\n", "", "", "deletion area", "insertion area");
    printf("%-8s %-20s    %-23s    %s\n", "removal", "map", "low is true", "high is true");
    for (size_t c = 0; c < r->n_curves; c++) {
        const gaze_faithful_curves *curve = &r->curves[c];
        const bool random = !strcmp(curve->map, r->maps[1]);
        printf("%-8s %-20s", curve->removal, curve->map);
        print_area(curve->deletion_area, curve->deletion_error, curve->deletion_wins, random);
        print_area(curve->insertion_area, curve->insertion_error, curve->insertion_wins, random);
        putchar('\n');
    }
    printf("\n+- is the standard error over samples; %% of samples in which the map does better than the "
           "random one.\n");
    if (r->placed) {
        printf("\npoints at the true place, of %zu samples:", r->placed);
        for (size_t m = 0; m < r->n_maps; m++)
            printf("  %s %.3f", r->maps[m], (double)r->pointed[m] / (double)r->placed);
        putchar('\n');
    }
    printf("\n%s\n", r->note);
}

static void print_numbers(const char *key, const double *values, size_t count)
{
    printf(", \"%s\": [", key);
    for (size_t i = 0; i < count; i++) {
        if (i) printf(", ");
        tool_json_number(stdout, values[i]);
    }
    printf("]");
}

static void print_number(const char *key, double value)
{
    printf(", \"%s\": ", key);
    tool_json_number(stdout, value);
}

static void print_curves(const gaze_faithful_curves *c, size_t steps)
{
    printf("{\"map\": ");
    tool_json_text(stdout, c->map);
    printf(", \"removal\": \"%s\"", c->removal);
    print_number("deletion_area", c->deletion_area);
    print_number("deletion_error", c->deletion_error);
    print_number("deletion_wins", c->deletion_wins);
    print_number("insertion_area", c->insertion_area);
    print_number("insertion_error", c->insertion_error);
    print_number("insertion_wins", c->insertion_wins);
    print_numbers("deletion", c->deletion, steps + 1);
    print_numbers("insertion", c->insertion, steps + 1);
    printf("}\n");
}

static void print_json(const gaze_faithful_result *r)
{
    printf("{\"samples\": %zu, \"part\": \"%s\", \"parts\": %zu, \"steps\": %zu, \"labelled\": %zu, "
           "\"right\": %zu",
           r->samples, r->test ? "test" : "train", r->parts, r->steps, r->labelled, r->right);
    print_number("probability", r->probability);
    printf(", \"note\": ");
    tool_json_text(stdout, r->note);
    printf("}\n");
    for (size_t c = 0; c < r->n_curves; c++) print_curves(&r->curves[c], r->steps);
    for (size_t m = 0; m < r->n_maps && r->placed; m++) {
        printf("{\"map\": ");
        tool_json_text(stdout, r->maps[m]);
        printf(", \"placed\": %zu, \"pointed\": %zu}\n", r->placed, r->pointed[m]);
    }
}

static gaze_status plot(const arguments *a, const gaze_model *model, const gaze_faithful_result *r)
{
    char title[256];
    if (!a->plot) return GAZE_OK;
    snprintf(title, sizeof title, "Map %s of %s", r->maps[0], gaze_model_name(model));
    return gaze_faithful_plot(r, title, a->plot);
}

static gaze_status faithful(arguments *a)
{
    gaze_context *context = NULL;
    gaze_model *model = NULL;
    gaze_data *data = NULL;
    gaze_faithful_result result = {0};
    const gaze_model_options opening = {.weights = a->weights, .seed = a->seed, .adapt = a->adapt};
    const gaze_data_options from = {.spec = a->data, .seed = a->seed, .skip_bad = a->skip_bad};
    gaze_status status = tool_context(&a->tool, false, &context);
    if (status == GAZE_OK) status = gaze_model_open(context, a->model, &opening, &model);
    if (status == GAZE_OK) status = gaze_data_open_with(model, &from, &data);
    if (status == GAZE_OK) status = gaze_faithful(model, data, &a->faithful, &result);
    if (status == GAZE_OK) status = plot(a, model, &result);
    if (status == GAZE_OK) (a->tool.json ? print_json : print_table)(&result);
    gaze_faithful_free(&result);
    gaze_data_close(data);
    gaze_close(model);
    gaze_context_destroy(context);
    return status;
}

int command_faithful(int argc, char **argv)
{
    arguments a = {.faithful.progress = on_progress};
    tool_parse(&parser_faithful, command, argc, argv, &a);
    a.bar = !a.tool.quiet && !a.tool.json && isatty(STDERR_FILENO);
    a.faithful.user = &a;
    stop_catch();
    return tool_exit(faithful(&a));
}
