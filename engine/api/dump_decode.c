/* gaze_dump of models that write sequences: answers in the place of the input that is written, and the tokens
   that are written there as the names of a map's queries. */
#include "dump.h"

#include <string.h>

/* Is it the input that the model writes? Without names inputs are the model's, in its order. */
static bool is_written(const gz_dump *d, size_t i)
{
    const gz_model *file = d->model->file;
    const char *name = d->inputs[i].name;
    return name ? strcmp(name, file->decode.input) == 0
                : d->n_inputs == file->n_inputs && i == file->decode.at;
}

static bool is_given(const gz_dump *d)
{
    for (size_t i = 0; i < d->n_inputs; i++)
        if (is_written(d, i)) return true;
    return false;
}

/* All but the one that is written, under their names; behind them is room for that one. */
static gaze_status leave_out(gz_dump *d, gaze_array **others, size_t *count)
{
    const gz_model *file = d->model->file;
    size_t model_input = 0;
    *others = gz_arena_allocate(d->arena, (d->n_inputs + 1) * sizeof **others);
    if (!*others) return GAZE_ERROR_DEVICE;
    *count = 0;
    for (size_t i = 0; i < d->n_inputs; i++) {
        if (is_written(d, i)) continue;
        gaze_array *one = &(*others)[(*count)++];
        *one = d->inputs[i];
        if (model_input == file->decode.at) model_input++;
        if (!one->name && model_input < file->n_inputs) one->name = file->inputs[model_input].name;
        model_input++;
    }
    return GAZE_OK;
}

gaze_status gz_dump_decode(gz_dump *d)
{
    const gaze_decode_options options = {.method = d->options->decode};
    gaze_array *inputs = NULL;
    size_t count = 0;
    if (!d->options->decode && (!d->model->file->decode.input || is_given(d))) return GAZE_OK;
    if (d->model->file->decode.input) GZ_TRY(leave_out(d, &inputs, &count));
    GZ_TRY(gaze_decode(d->model, inputs, count, &options, &d->decoded));
    inputs[count] = d->decoded.target;
    d->inputs = inputs;
    d->n_inputs = count + 1;
    return GAZE_OK;
}

static int32_t likeliest(const float *p, size_t n_tokens)
{
    size_t best = 0;
    for (size_t k = 1; k < n_tokens; k++)
        if (p[k] > p[best]) best = k;
    return (int32_t)best;
}

/* The token of an answer that was decoded; else the likeliest one. */
static int32_t token_at(const gz_dump *d, size_t sample, size_t t)
{
    const gaze_decoded *decoded = &d->decoded;
    const gaze_array *p = &d->results[0];
    if (decoded->tokens && t < decoded->max_length) return decoded->tokens[sample * decoded->max_length + t];
    return likeliest((const float *)p->data + (sample * p->shape[1] + t) * p->shape[2], p->shape[2]);
}

gaze_status gz_dump_find_written(gz_dump *d)
{
    const gaze_array *p = &d->results[0];
    if (!d->model->file->decode.input) return GAZE_OK;
    int32_t *tokens = gz_arena_allocate(d->arena, d->batch * p->shape[1] * sizeof *tokens);
    if (!tokens) return GAZE_ERROR_DEVICE;
    for (size_t b = 0; b < d->batch; b++)
        for (size_t t = 0; t < p->shape[1]; t++) tokens[b * p->shape[1] + t] = token_at(d, b, t);
    d->written_tokens =
        (gaze_array){.dtype = GAZE_INT32, .rank = 2, .shape = {d->batch, p->shape[1]}, .data = tokens};
    return GAZE_OK;
}
