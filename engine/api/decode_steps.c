/* gaze_decode, one piece of the batch: at each step a run of the whole model on what was written so far. */
#include "decode.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double LEAK = 1e-5; /* probabilities that differ by more are not the same */

size_t gz_sample_bytes(const gaze_array *array)
{
    size_t bytes = 4;
    for (size_t i = 1; i < array->rank; i++) bytes *= array->shape[i];
    return bytes;
}

static void repeat_inputs(gz_decoding *d, size_t first, size_t count)
{
    for (size_t i = 0; i < d->n_inputs; i++) {
        const size_t bytes = gz_sample_bytes(&d->given[i]);
        d->rows[i].shape[0] = count * d->width;
        for (size_t row = 0; i != d->how->at && row < count * d->width; row++)
            memcpy((char *)d->rows[i].data + row * bytes,
                   (const char *)d->given[i].data + (first + row / d->width) * bytes, bytes);
    }
}

/* What the model reads while it writes the answer's next token: the start token, the answer, then `fill`. */
static void write_target(const gz_decoding *d, const gz_answer *answer, int32_t fill, int32_t *target)
{
    const size_t steps = d->out->target.shape[1];
    target[0] = d->how->start;
    for (size_t t = 1; t < steps; t++) target[t] = t <= answer->length ? answer->tokens[t - 1] : fill;
}

static int32_t usual_fill(const gz_decoding *d) { return d->how->has_end ? d->how->end : d->how->start; }

/* A beam with few answers so far leaves rows over: they repeat its first. */
static gaze_status run_step(gz_decoding *d, size_t count, int32_t fill, gaze_array *p)
{
    const size_t steps = d->out->target.shape[1];
    int32_t *target = d->rows[d->how->at].data;
    for (size_t row = 0; row < count * d->width; row++) {
        const gz_beam *beam = &d->beams[row / d->width];
        const size_t i = row % d->width;
        write_target(d, &beam->answers[i < beam->count ? i : 0], fill, target + row * steps);
    }
    *p = (gaze_array){.name = d->model->outputs[0].name};
    return gaze_run(d->model, d->rows, d->n_inputs, p, 1, d->options->batch_size);
}

static gaze_status check_probabilities(const gz_decoding *d, const float *p, size_t n_tokens, size_t step)
{
    double sum = 0;
    bool negative = false;
    for (size_t k = 0; k < n_tokens; k++) {
        sum += (double)p[k];
        negative |= p[k] < 0;
    }
    if (!isfinite(sum))
        return gz_fail(GAZE_ERROR_NOT_FINITE, "the output '%s' is not finite at step %zu of an answer",
                       d->model->outputs[0].name, step);
    if (!negative && fabs(sum - 1) < 1e-3) return GAZE_OK;
    return gz_fail(
        GAZE_ERROR_MODEL,
        "the output '%s' is not made of probabilities: at step %zu of an answer its values sum to %g; "
        "expected a layer with \"activation\": \"softmax\"",
        d->model->outputs[0].name, step, sum);
}

/* A model that looks ahead has learned to copy what it is meant to write. */
static gaze_status check_leak(gz_decoding *d, size_t count, const gaze_array *p)
{
    const size_t stride = p->shape[1] * p->shape[2];
    const int32_t usual = usual_fill(d), other = d->how->start != usual ? d->how->start : usual ? 0 : 1;
    double most = 0;
    gaze_array again;
    GZ_TRY(run_step(d, count, other, &again));
    for (size_t i = 0; i < count * d->width * p->shape[2]; i++) {
        const size_t at = i / p->shape[2] * stride + i % p->shape[2];
        most =
            fmax(most, fabs((double)((const float *)p->data)[at] - (double)((const float *)again.data)[at]));
    }
    free(again.data);
    if (most <= LEAK) return GAZE_OK;
    return gz_fail(
        GAZE_ERROR_MODEL,
        "the first step of the output '%s' changes with later steps of the input '%s', so answers cannot be "
        "written token by token: attention over it needs \"mask\": \"causal\", and no layer may read it "
        "backwards or pool its steps",
        d->model->outputs[0].name, d->how->input);
}

static gaze_status advance(gz_decoding *d, size_t count, size_t step, const gaze_array *p)
{
    const size_t n_tokens = p->shape[2], stride = p->shape[1] * n_tokens;
    for (size_t i = 0; i < count; i++) {
        const float *here = (const float *)p->data + i * d->width * stride + step * n_tokens;
        for (size_t k = 0; k < d->beams[i].count; k++)
            GZ_TRY(check_probabilities(d, here + k * stride, n_tokens, step));
        gz_beam_step(&d->beams[i], here, stride, n_tokens);
    }
    return GAZE_OK;
}

static bool all_done(const gz_decoding *d, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!gz_beam_done(&d->beams[i])) return false;
    return true;
}

static void keep_answers(const gz_decoding *d, size_t sample, const gz_beam *beam)
{
    gaze_decoded *out = d->out;
    const int32_t end = d->how->has_end ? d->how->end : 0;
    for (size_t n = 0; n < out->n_best; n++) {
        const size_t at = sample * out->n_best + n;
        const gz_answer none = {.log_p = -INFINITY}, *answer = n < beam->count ? &beam->answers[n] : &none;
        out->lengths[at] = answer->length;
        out->log_probability[at] = answer->log_p;
        for (size_t t = 0; t < d->max_length; t++)
            out->tokens[at * d->max_length + t] = t < answer->length ? answer->tokens[t] : end;
    }
    const size_t steps = out->target.shape[1];
    write_target(d, &beam->answers[0], usual_fill(d), (int32_t *)out->target.data + sample * steps);
}

gaze_status gz_decode_piece(gz_decoding *d, size_t first, size_t count)
{
    repeat_inputs(d, first, count);
    for (size_t i = 0; i < count; i++) gz_beam_begin(&d->beams[i]);
    for (size_t step = 0; step < d->max_length && !all_done(d, count); step++) {
        gaze_array p;
        GZ_TRY(run_step(d, count, usual_fill(d), &p));
        gaze_status status = first || step ? GAZE_OK : check_leak(d, count, &p);
        if (status == GAZE_OK) status = advance(d, count, step, &p);
        free(p.data);
        GZ_TRY(status);
    }
    for (size_t i = 0; i < count; i++) keep_answers(d, first + i, &d->beams[i]);
    return GAZE_OK;
}
