/* gaze_decode: what was asked for and given, and the memory for it. */
#include "decode.h"
#include "../base/text.h"
#include "inputs.h"

#include <stdlib.h>
#include <string.h>

enum { DEFAULT_ROWS = 64, WIDEST = 1000 };

const char *gaze_model_decodes(const gaze_model *model) { return model->file->decode.input; }

static gaze_status parse_method(const char *method, size_t *width)
{
    *width = 1;
    if (!method || strcmp(method, "greedy") == 0) return GAZE_OK;
    if (strncmp(method, "beam:", 5) == 0 && gz_parse_size(method + 5, width) && *width >= 1 &&
        *width <= WIDEST)
        return GAZE_OK;
    return gz_fail(GAZE_ERROR_USAGE,
                   "decoding by '%s' is unknown, expected greedy, or beam:K with K from 1 to %d", method,
                   WIDEST);
}

/* ---- What was given ---- */

static gaze_status too_many(const gaze_model *m, size_t n_given)
{
    return gz_fail(
        GAZE_ERROR_USAGE,
        "%zu inputs were given, decoding with the model '%s' takes %zu: all but '%s', which it writes",
        n_given, m->file->name, m->file->n_inputs - 1, m->file->decode.input);
}

/* Its number among the model's inputs. */
static gaze_status find_given(const gz_decoding *d, const char *name, size_t position, size_t *found)
{
    const gaze_model *m = d->model;
    size_t i = 0;
    if (!name) { /* the next that is not written */
        *found = position + (position >= d->how->at);
        return *found < m->file->n_inputs ? GAZE_OK : too_many(m, position + 1);
    }
    while (i < m->file->n_inputs && strcmp(m->inputs[i].name, name) != 0) i++;
    *found = i;
    if (i == d->how->at)
        return gz_fail(GAZE_ERROR_USAGE, "input '%s' is what decoding writes: leave it out", name);
    if (i < m->file->n_inputs) return GAZE_OK;
    return gz_fail(GAZE_ERROR_USAGE, "the model '%s' has no input '%s'", m->file->name, name);
}

static gaze_status take_inputs(gz_decoding *d, const gaze_array *inputs, size_t n_given)
{
    const gaze_model *m = d->model;
    gz_shape sample;
    d->batch = n_given && inputs[0].rank ? inputs[0].shape[0] : 1;
    if (!d->batch) return gz_fail(GAZE_ERROR_DATA, "the model '%s' was given no samples", m->file->name);
    for (size_t i = 0; i < n_given; i++) {
        size_t at;
        GZ_TRY(find_given(d, inputs[i].name, i, &at));
        if (d->given[at].data)
            return gz_fail(GAZE_ERROR_USAGE, "input '%s' was given twice", m->inputs[at].name);
        if (!inputs[i].rank || inputs[i].shape[0] != d->batch)
            return gz_fail(GAZE_ERROR_DATA,
                           "input '%s' holds %zu samples, expected %zu, as many as the first",
                           m->inputs[at].name, inputs[i].rank ? inputs[i].shape[0] : 0, d->batch);
        GZ_TRY(gz_input_expect(&m->inputs[at], &inputs[i], &sample));
        d->given[at] = inputs[i];
        d->given[at].name = m->inputs[at].name;
    }
    for (size_t i = 0; i < d->n_inputs; i++)
        if (i != d->how->at && !d->given[i].data)
            return gz_fail(GAZE_ERROR_USAGE, "input '%s' is missing", m->inputs[i].name);
    return GAZE_OK;
}

/* The steps of the input that is written, and how many of them may be used. */
static gaze_status choose_length(gz_decoding *d, size_t *steps)
{
    const size_t fixed = d->model->file->inputs[d->how->at].shape.dim[0];
    d->max_length = d->options->max_length ? d->options->max_length
                    : d->how->max_length   ? d->how->max_length
                                           : fixed;
    *steps = fixed ? fixed : d->max_length;
    if (!d->max_length)
        return gz_fail(GAZE_ERROR_USAGE,
                       "how long may answers be? The model '%s' leaves the steps of its input '%s' open: "
                       "give a maximum length, "
                       "or write \"max_length\" into its \"decode\"",
                       d->model->file->name, d->how->input);
    if (d->max_length <= *steps) return GAZE_OK;
    return gz_fail(GAZE_ERROR_USAGE, "answers of up to %zu tokens do not fit the %zu steps of the input '%s'",
                   d->max_length, *steps, d->how->input);
}

/* ---- Memory ---- */

static gaze_status allocate_out(const gz_decoding *d, size_t steps)
{
    gaze_decoded *out = d->out;
    size_t answers, tokens, read;
    if (!gz_multiply(d->batch, out->n_best, &answers) || !gz_multiply(answers, d->max_length, &tokens) ||
        !gz_multiply(d->batch, steps, &read))
        return gz_fail_memory(SIZE_MAX);
    out->batch = d->batch;
    out->max_length = d->max_length;
    out->target =
        (gaze_array){.name = d->how->input, .dtype = GAZE_INT32, .rank = 2, .shape = {d->batch, steps}};
    GZ_TRY(gz_allocate(read, sizeof(int32_t), &out->target.data));
    GZ_TRY(gz_allocate(tokens, sizeof *out->tokens, &out->tokens));
    GZ_TRY(gz_allocate(answers, sizeof *out->lengths, &out->lengths));
    return gz_allocate(answers, sizeof *out->log_probability, &out->log_probability);
}

static gaze_status allocate_piece(gz_decoding *d)
{
    GZ_TRY(gz_allocate(d->n_inputs, sizeof *d->rows, &d->rows));
    d->given[d->how->at] = d->out->target;
    for (size_t i = 0; i < d->n_inputs; i++) {
        d->rows[i] = d->given[i];
        d->rows[i].data = NULL;
        GZ_TRY(gz_allocate(d->piece * d->width, gz_sample_bytes(&d->given[i]), &d->rows[i].data));
    }
    GZ_TRY(gz_allocate(d->piece, sizeof *d->beams, &d->beams));
    for (size_t i = 0; i < d->piece; i++)
        GZ_TRY(gz_beam_create(d->width, d->max_length, d->how->has_end ? &d->how->end : NULL, &d->beams[i]));
    return GAZE_OK;
}

static void free_piece(gz_decoding *d)
{
    for (size_t i = 0; d->rows && i < d->n_inputs; i++) free(d->rows[i].data);
    for (size_t i = 0; d->beams && i < d->piece; i++) gz_beam_free(&d->beams[i]);
    free(d->given);
    free(d->rows);
    free(d->beams);
}

static gaze_status decode_all(gz_decoding *d, const gaze_array *inputs, size_t n_given)
{
    size_t steps;
    GZ_TRY(gz_allocate(d->n_inputs, sizeof *d->given, &d->given));
    GZ_TRY(take_inputs(d, inputs, n_given));
    GZ_TRY(choose_length(d, &steps));
    const size_t rows = d->options->batch_size ? d->options->batch_size : DEFAULT_ROWS;
    d->piece = rows / d->width ? rows / d->width : 1;
    if (d->piece > d->batch) d->piece = d->batch;
    GZ_TRY(allocate_out(d, steps));
    GZ_TRY(allocate_piece(d));
    for (size_t first = 0; first < d->batch; first += d->piece)
        GZ_TRY(gz_decode_piece(d, first, d->batch - first < d->piece ? d->batch - first : d->piece));
    return GAZE_OK;
}

gaze_status gaze_decode(gaze_model *model, const gaze_array *inputs, size_t n_inputs,
                        const gaze_decode_options *options, gaze_decoded *decoded)
{
    static const gaze_decode_options usual = {0};
    gaze_decoded out = {0};
    gz_decoding d = {
        .model = model, .how = &model->file->decode, .options = options ? options : &usual, .out = &out};
    d.n_inputs = model->file->n_inputs;
    out.n_best = d.options->n_best ? d.options->n_best : 1;
    if (!d.how->input)
        return gz_fail(GAZE_ERROR_MODEL,
                       "%s has no \"decode\", so it writes no sequences: add \"decode\": {\"input\": NAME, "
                       "\"start_token\": N, \"end_token\": N}, the input that is the answer so far",
                       model->file->path);
    GZ_TRY(parse_method(d.options->method, &d.width));
    if (out.n_best > d.width)
        return gz_fail(GAZE_ERROR_USAGE, "the %zu best answers were asked for: decode by beam:%zu or wider",
                       out.n_best, out.n_best);
    const gaze_status status = decode_all(&d, inputs, n_inputs);
    free_piece(&d);
    if (status == GAZE_OK)
        *decoded = out;
    else
        gaze_decoded_free(&out);
    return status;
}

void gaze_decoded_free(gaze_decoded *decoded)
{
    free(decoded->tokens);
    free(decoded->lengths);
    free(decoded->log_probability);
    free(decoded->target.data);
    *decoded = (gaze_decoded){0};
}
