/* gaze_faithful: what stands in the place of what was taken away. */
#include "faithful.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double NOISE = 0.01; /* Rong et al. 2022: sd of the noise, as a part of the range of values */

static gaze_status choose(gz_faithful *f)
{
    static const char *const words[] = {"mean", "zero", NULL};
    const char *asked = f->options->removal ? f->options->removal : f->ids ? "zero" : "mean";
    const bool mean = strcmp(asked, "mean") == 0;
    if (!mean && strcmp(asked, "zero") != 0)
        return gz_fail(GAZE_ERROR_USAGE, "unknown removal '%s'%s (expected mean or zero)", asked,
                       gz_did_you_mean(f->arena, asked, words));
    if (mean && f->ids)
        return gz_fail(GAZE_ERROR_USAGE,
                       "the input holds token ids, which have no mean: expected removal zero");
    f->removals[GZ_FAITHFUL_PLAIN] = mean ? "mean" : "zero";
    f->removals[GZ_FAITHFUL_OTHER] = f->ids ? "drawn" : "road";
    return GAZE_OK;
}

static gaze_status describe(gz_faithful *f)
{
    const char *first = strcmp(f->removals[GZ_FAITHFUL_PLAIN], "mean") == 0
                            ? "mean: each channel's mean over the samples"
                        : f->ids ? "zero: token 0"
                                 : "zero: 0";
    const char *second =
        f->ids ? "drawn: another sample's token in the same place"
               : gz_arena_format(f->arena,
                                 "road: the weighted mean of what is left around it (Rong et al. 2022), with "
                                 "noise of sd %.3g",
                                 f->noise);
    f->described =
        second ? gz_arena_format(f->arena, "In the place of what was taken away: %s; %s.", first, second)
               : NULL;
    return f->described ? GAZE_OK : GAZE_ERROR_DEVICE;
}

static void add_up(const gz_faithful *f, const float *values, double *sums, double range[2])
{
    const size_t channels = f->parts.channels, count = gz_faithful_count(f) * channels;
    for (size_t i = 0; i < count; i++) {
        sums[i % channels] += values[i];
        range[0] = fmin(range[0], values[i]);
        range[1] = fmax(range[1], values[i]);
    }
}

static gaze_status learn_values(gz_faithful *f)
{
    const size_t channels = f->parts.channels;
    double *sums, range[2] = {INFINITY, -INFINITY};
    gaze_status status = GAZE_OK;
    f->mean = gz_arena_allocate(f->arena, channels * sizeof *f->mean);
    sums = gz_arena_allocate(f->arena, channels * sizeof *sums);
    if (!f->mean || !sums) return GAZE_ERROR_DEVICE;
    for (size_t i = 0; i < f->to->samples && status == GAZE_OK; i++) {
        gz_faithful_sample sample = {0};
        status = gz_faithful_fetch(f, i, &sample);
        if (status == GAZE_OK) add_up(f, sample.inputs[f->target].data, sums, range);
        gz_faithful_release(&sample);
    }
    for (size_t c = 0; c < channels; c++)
        f->mean[c] = (float)(sums[c] / (double)(f->to->samples * gz_faithful_count(f)));
    f->noise = NOISE * (range[1] - range[0]);
    return status;
}

gaze_status gz_faithful_learn(gz_faithful *f)
{
    GZ_TRY(choose(f));
    f->removed = gz_arena_allocate(f->arena, gz_faithful_count(f) * sizeof *f->removed);
    if (!f->removed) return GAZE_ERROR_DEVICE;
    if (!f->ids) {
        GZ_TRY(learn_values(f));
        GZ_TRY(gz_imputer_create(&f->parts, &f->imputer));
    }
    return describe(f);
}

/* The noise of a value is the same in every map's curves. */
static void impute(gz_faithful *f, size_t sample, float *row)
{
    const size_t channels = f->parts.channels, count = gz_faithful_count(f);
    gz_impute(f->imputer, f->removed, f->mean, row);
    for (size_t i = 0; i < count * channels; i++)
        if (f->removed[i / channels]) row[i] += (float)(f->noise * gz_random_normal(f->key, sample, i));
}

static void put_plain(const gz_faithful *f, float *row)
{
    const size_t channels = f->parts.channels, count = gz_faithful_count(f);
    const bool mean = strcmp(f->removals[GZ_FAITHFUL_PLAIN], "mean") == 0;
    for (size_t i = 0; i < count * channels; i++)
        if (f->removed[i / channels]) row[i] = mean ? f->mean[i % channels] : 0;
}

static void put_tokens(const gz_faithful *f, const int32_t *tokens, int32_t *row)
{
    for (size_t i = 0; i < gz_faithful_count(f); i++)
        if (f->removed[i]) row[i] = tokens ? tokens[i] : 0;
}

void gz_faithful_take(gz_faithful *f, size_t removal, const gz_faithful_sample *sample,
                      const gz_faithful_sample *other, void *row)
{
    const size_t values = gz_faithful_count(f) * f->parts.channels;
    memcpy(row, sample->inputs[f->target].data, values * sizeof(float));
    if (f->ids)
        put_tokens(f, removal == GZ_FAITHFUL_PLAIN ? NULL : other->inputs[f->target].data, row);
    else if (removal == GZ_FAITHFUL_PLAIN)
        put_plain(f, row);
    else
        impute(f, sample->index, row);
}
