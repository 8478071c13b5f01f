/* gaze predict of models that write sequences. */
#include "predict.h"

#include <math.h>
#include <string.h>

bool predict_writes(const predict_arguments *a, const gaze_model *model)
{
    const gaze_array *inputs;
    const size_t n_inputs = gaze_model_inputs(model, &inputs);
    return a->decode || a->max_length || (gaze_model_decodes(model) && a->n_inputs + 1 == n_inputs);
}

/* Inputs without names are the model's, in its order, but for the one that is written. */
static void name_inputs(const gaze_model *model, gaze_array *inputs, size_t count)
{
    const gaze_array *wanted;
    size_t i = 0;
    gaze_model_inputs(model, &wanted);
    for (size_t k = 0; k < count; k++, i++) {
        if (strcmp(wanted[i].name, gaze_model_decodes(model)) == 0) i++;
        if (!inputs[k].name) inputs[k].name = wanted[i].name;
    }
}

gaze_status predict_answers(const predict_arguments *a, gaze_model *model, gaze_array *inputs,
                            gaze_decoded *answers)
{
    const gaze_decode_options options = {
        .method = a->decode, .n_best = a->top, .max_length = a->max_length, .batch_size = a->batch_size};
    const gaze_status status = gaze_decode(model, inputs, a->n_inputs, &options, answers);
    if (status != GAZE_OK) return status;
    name_inputs(model, inputs, a->n_inputs);
    inputs[a->n_inputs] = answers->target;
    answers->target.data = NULL; /* the inputs own it now */
    return GAZE_OK;
}

typedef struct answer {
    const int32_t *tokens;
    size_t length;
    double log_probability;
} answer;

static void print_line(const gaze_model *model, size_t sample, const answer *one)
{
    printf("%zu ", sample);
    for (size_t t = 0; t < one->length; t++) {
        putchar(' ');
        predict_print_class(model, (size_t)one->tokens[t], false);
    }
    printf("  %.4f\n", exp(one->log_probability));
}

static void print_json(const gaze_model *model, const answer *one, bool first)
{
    printf("%s{\"tokens\": [", first ? "" : ", ");
    for (size_t t = 0; t < one->length; t++) printf("%s%d", t ? ", " : "", (int)one->tokens[t]);
    if (gaze_model_classes(model)) printf("], \"words\": [");
    for (size_t t = 0; gaze_model_classes(model) && t < one->length; t++) {
        if (t) printf(", ");
        predict_print_class(model, (size_t)one->tokens[t], true);
    }
    printf("], \"log_probability\": %.9g}", one->log_probability);
}

static void print_sample(bool json, const gaze_model *model, const gaze_decoded *answers, size_t sample)
{
    if (json) printf("{\"input\": %zu, \"answers\": [", sample);
    for (size_t n = 0; n < answers->n_best; n++) {
        const size_t at = sample * answers->n_best + n;
        const answer one = {answers->tokens + at * answers->max_length, answers->lengths[at],
                            answers->log_probability[at]};
        if (!isfinite(one.log_probability)) break; /* there are no more */
        if (json)
            print_json(model, &one, !n);
        else
            print_line(model, sample, &one);
    }
    if (json) printf("]}\n");
}

gaze_status predict_write_answers(const predict_arguments *a, const gaze_model *model,
                                  const gaze_decoded *answers)
{
    const gaze_array all = {.dtype = GAZE_INT32,
                            .rank = 3,
                            .shape = {answers->batch, answers->n_best, answers->max_length},
                            .data = answers->tokens};
    const gaze_array best = {.dtype = GAZE_INT32,
                             .rank = 2,
                             .shape = {answers->batch, answers->max_length},
                             .data = answers->tokens};
    if (a->output) return gaze_array_write(a->output, answers->n_best > 1 ? &all : &best);
    for (size_t b = 0; b < answers->batch; b++) print_sample(a->tool.json, model, answers, b);
    return GAZE_OK;
}
