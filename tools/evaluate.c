/* gaze evaluate MODEL */
#include "commands.h"
#include "common.h"
#include "group.h"

#include <stdio.h>
#include <string.h>

static const char command[] = "gaze evaluate";

typedef struct arguments {
    tool_options tool;
    gaze_adaptation adapt;
    const char *model, *data, *weights, *decode;
    size_t batch_size;
    uint64_t seed;
    bool skip_bad;
} arguments;

enum { DATA = 256, WEIGHTS, BATCH_SIZE, SEED, SKIP_BAD, DECODE };

static const struct argp_option options[] = {
    {"data", DATA, "TYPE:PATH", 0,
     "one of idx, cifar10, folder, csv, npy, safetensors, synthetic (the model's own)", 0},
    {"weights", WEIGHTS, "FILE", 0, "a .safetensors file (the run folder's, or the one beside the model)", 0},
    {"batch-size", BATCH_SIZE, "N", 0, "samples at a time (64)", 0},
    {"decode", DECODE, "METHOD", 0,
     "how a model that writes sequences searches for its answers, one of greedy, beam:K (greedy)", 0},
    {"seed", SEED, "N", 0, "of synthetic data (0)", 0},
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
    case DATA: a->data = text; return 0;
    case WEIGHTS: a->weights = text; return 0;
    case BATCH_SIZE: a->batch_size = tool_size(state, "--batch-size", text); return 0;
    case SEED: a->seed = tool_seed(state, "--seed", text); return 0;
    case DECODE: a->decode = text; return 0;
    case SKIP_BAD: a->skip_bad = true; return 0;
    case ARGP_KEY_ARG: return tool_model_argument(state, text, &a->model);
    case ARGP_KEY_END: tool_model_expected(state, a->model); return 0;
    default: return ARGP_ERR_UNKNOWN;
    }
}

const struct argp parser_evaluate = {options,
                                     parse,
                                     "MODEL",
                                     "Loss, accuracy and a table per class over the test part of the data.\v"
                                     "Examples:\n"
                                     "  gaze evaluate run\n"
                                     "  gaze evaluate run --data folder:pictures",
                                     tool_model_children,
                                     NULL,
                                     NULL};

typedef struct class_counts {
    size_t samples, predicted, right;
} class_counts;

static class_counts count(const gaze_metrics *m, size_t k)
{
    class_counts c = {.right = m->confusion[k * m->n_classes + k]};
    for (size_t j = 0; j < m->n_classes; j++) {
        c.samples += m->confusion[k * m->n_classes + j];
        c.predicted += m->confusion[j * m->n_classes + k];
    }
    return c;
}

static double share(size_t part, size_t whole) { return whole ? (double)part / (double)whole : 0; }

/* The class that is most often said in place of class k; k itself when there is none. */
static size_t mistaken_for(const gaze_metrics *m, size_t k)
{
    size_t worst = k, most = 0;
    for (size_t j = 0; j < m->n_classes; j++) {
        const size_t n = m->confusion[k * m->n_classes + j];
        if (j != k && n > most) worst = j, most = n;
    }
    return worst;
}

static const char *class_name(const char *const *names, size_t k, char text[24])
{
    for (size_t i = 0; names && names[i]; i++)
        if (i == k) return names[i];
    snprintf(text, 24, "%zu", k);
    return text;
}

static void print_table(const char *const *names, const gaze_metrics *m, bool test)
{
    char name[24], other[24];
    printf("loss %.4f  accuracy %.4f  %s part, %zu samples, %.2f s\n\n", m->loss, m->accuracy,
           test ? "test" : "training", m->samples, m->seconds);
    printf("%-16s %8s %8s %9s  %s\n", "class", "samples", "recall", "precision", "most often taken for");
    for (size_t k = 0; k < m->n_classes; k++) {
        const class_counts c = count(m, k);
        const size_t wrong = mistaken_for(m, k);
        printf("%-16s %8zu %8.3f %9.3f", class_name(names, k, name), c.samples, share(c.right, c.samples),
               share(c.right, c.predicted));
        if (wrong != k)
            printf("  %s (%zu)", class_name(names, wrong, other), m->confusion[k * m->n_classes + wrong]);
        putchar('\n');
    }
}

static void print_json(const char *const *names, const gaze_metrics *m, bool test)
{
    char name[24];
    printf("{\"loss\": %.9g, \"accuracy\": %.9g, \"part\": \"%s\", \"samples\": %zu, \"seconds\": %.3f}\n",
           m->loss, m->accuracy, test ? "test" : "train", m->samples, m->seconds);
    for (size_t k = 0; k < m->n_classes; k++) {
        const class_counts c = count(m, k);
        printf("{\"class\": ");
        tool_json_text(stdout, class_name(names, k, name));
        printf(", \"samples\": %zu, \"recall\": %.9g, \"precision\": %.9g, \"predicted\": [", c.samples,
               share(c.right, c.samples), share(c.right, c.predicted));
        for (size_t j = 0; j < m->n_classes; j++)
            printf("%s%zu", j ? ", " : "", m->confusion[k * m->n_classes + j]);
        printf("]}\n");
    }
}

/* Before the table of a model that reads its answers while it is taught: what it writes by itself. */
static gaze_status print_answers(const arguments *a, gaze_model *model, gaze_data *data, bool speaks)
{
    const char *method = a->decode ? a->decode : "greedy";
    const gaze_decode_options how = {.method = method, .batch_size = a->batch_size};
    gaze_decode_metrics m;
    bool test;
    if (!a->decode && !gaze_model_decodes(model)) return GAZE_OK;
    const gaze_status status = gaze_evaluate_decoded(model, data, &how, &test, &m);
    if (status != GAZE_OK || !speaks) return status;
    if (a->tool.json)
        printf("{\"decode\": \"%s\", \"exact\": %.9g, \"exact_samples\": %zu, \"part\": \"%s\", "
               "\"samples\": %zu, \"seconds\": %.3f}\n",
               method, share(m.exact, m.samples), m.exact, test ? "test" : "train", m.samples, m.seconds);
    else
        printf("exact answers %.4f  %zu of %zu, written by the model alone (%s), %s part, %.2f s\n",
               share(m.exact, m.samples), m.exact, m.samples, method, test ? "test" : "training", m.seconds);
    return GAZE_OK;
}

static gaze_status evaluate(const arguments *a, tool_group *group)
{
    const bool speaks = tool_group_speaks(group);
    gaze_context *context = NULL;
    gaze_model *model = NULL;
    gaze_data *data = NULL;
    gaze_metrics metrics = {0};
    bool test;
    const gaze_model_options opening = {.weights = a->weights, .seed = a->seed, .adapt = a->adapt};
    const gaze_data_options from = {.spec = a->data, .seed = a->seed, .skip_bad = a->skip_bad};
    gaze_status status = tool_context(&a->tool, false, &context);
    if (status == GAZE_OK) status = gaze_model_open(context, a->model, &opening, &model);
    if (status == GAZE_OK) status = gaze_data_open_with(model, &from, &data);
    status = tool_group_agree(group, status);
    if (status == GAZE_OK) status = tool_group_introduce(group, &a->tool, context, "share the samples");
    if (status == GAZE_OK) status = print_answers(a, model, data, speaks);
    if (status == GAZE_OK) status = gaze_evaluate(model, data, a->batch_size, &test, &metrics);
    if (status == GAZE_OK && speaks)
        (a->tool.json ? print_json : print_table)(
            gaze_model_classes(model) ? gaze_model_classes(model) : gaze_data_classes(data), &metrics, test);
    gaze_metrics_free(&metrics);
    gaze_data_close(data);
    gaze_close(model);
    gaze_context_destroy(context);
    return status;
}

int command_evaluate(int argc, char **argv)
{
    arguments a = {0};
    tool_group_parse(&parser_evaluate, command, argc, argv, &a);
    tool_group group;
    gaze_status status = tool_group_join(&group, &a.tool);
    if (status == GAZE_OK) status = evaluate(&a, &group);
    const int code = tool_group_exit(&group, status);
    tool_group_leave(&group);
    return code;
}
