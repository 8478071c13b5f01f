/* gaze_faithful: the curves of each map with each removal. */
#include "faithful.h"

#include "../faithful/order.h"
#include "../statistics/paired.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { DEFAULT_SAMPLES = 200, DEFAULT_STEPS = 20, DELETION = 0, INSERTION = 1 };

/* While samples are gone through. */
typedef struct pass {
    gz_faithful *f;
    size_t rows;                     /* of a batch: steps + 1 of deletion, then as many of insertion */
    gaze_array batch[GZ_MAX_INPUTS]; /* [rows, ...] */
    double *curve;                   /* [rows] of one sample */
    double *areas[2];                /* [n_curves, samples] of deletion, insertion */
    bool softmax;                    /* the output's values are not probabilities */
} pass;

gaze_status gz_faithful_fetch(const gz_faithful *f, size_t index, gz_faithful_sample *sample)
{
    gaze_place *at = &sample->truth;
    sample->index = index;
    at->known = gaze_data_truth(f->data, f->to->test, index, &at->y0, &at->x0, &at->y1, &at->x1);
    return gaze_data_sample(f->data, f->to->test, index, sample->inputs, f->n_inputs, &sample->label);
}

void gz_faithful_release(gz_faithful_sample *sample)
{
    for (size_t i = 0; i < GZ_MAX_INPUTS; i++) free(sample->inputs[i].data);
}

static size_t values_of(const gaze_array *array)
{
    size_t count = 1;
    for (size_t i = 1; i < array->rank; i++) count *= array->shape[i];
    return count;
}

static gaze_status allocate_curves(pass *p)
{
    gaze_faithful_result *to = p->f->to;
    to->n_curves = to->n_maps * GZ_FAITHFUL_REMOVALS;
    GZ_TRY(gz_allocate(to->n_curves, sizeof *to->curves, &to->curves));
    for (size_t c = 0; c < to->n_curves; c++) {
        to->curves[c].map = to->maps[c % to->n_maps];
        to->curves[c].removal = p->f->removals[c / to->n_maps];
        GZ_TRY(gz_allocate(to->steps + 1, sizeof(double), &to->curves[c].deletion));
        GZ_TRY(gz_allocate(to->steps + 1, sizeof(double), &to->curves[c].insertion));
    }
    for (size_t i = 0; i < 2; i++)
        GZ_TRY(gz_allocate(to->n_curves * to->samples, sizeof(double), &p->areas[i]));
    return GAZE_OK;
}

/* Inputs that nothing is taken from are the same in every row. */
static gaze_status repeat_inputs(pass *p, const gz_faithful_sample *sample)
{
    for (size_t i = 0; i < p->f->n_inputs; i++) {
        const gaze_array *one = &sample->inputs[i];
        const size_t bytes = values_of(one) * sizeof(float);
        void *data = p->batch[i].data;
        if (!data) GZ_TRY(gz_allocate(p->rows, bytes, &data));
        p->batch[i] = *one;
        p->batch[i].shape[0] = p->rows;
        p->batch[i].data = data;
        for (size_t r = 0; r < p->rows; r++) memcpy((char *)data + r * bytes, one->data, bytes);
    }
    return GAZE_OK;
}

/* Deletion at step k: the first k steps' parts are away. Insertion: all others are. */
static void fill_rows(pass *p, size_t removal, const uint32_t *order, const gz_faithful_sample *sample,
                      const gz_faithful_sample *other)
{
    gz_faithful *f = p->f;
    const size_t parts = gz_faithful_count(f), steps = f->to->steps;
    gaze_array *target = &p->batch[f->target];
    const size_t bytes = values_of(target) * sizeof(float);
    for (size_t r = 0; r < p->rows; r++) {
        const bool insertion = r > steps;
        const size_t k = insertion ? r - steps - 1 : r, first = (k * parts + steps / 2) / steps;
        for (size_t i = 0; i < parts; i++) f->removed[order[i]] = insertion ? i >= first : i < first;
        gz_faithful_take(f, removal, sample, other, (char *)target->data + r * bytes);
    }
}

static double probability(const float *row, size_t classes, size_t class, bool softmax)
{
    double sum = 0;
    if (!softmax) return row[class];
    for (size_t k = 0; k < classes; k++) sum += exp((double)row[k] - (double)row[class]);
    return 1 / sum;
}

static gaze_status run_rows(pass *p)
{
    const gaze_array *outputs;
    gaze_model_outputs(p->f->model, &outputs);
    gaze_array result = {.name = outputs[0].name};
    GZ_TRY(gaze_run(p->f->model, p->batch, p->f->n_inputs, &result, 1, p->rows));
    const size_t classes = result.shape[1];
    for (size_t r = 0; r < p->rows; r++)
        p->curve[r] = probability((const float *)result.data + r * classes, classes, p->f->prediction.class,
                                  p->softmax);
    free(result.data);
    return GAZE_OK;
}

static void keep_curve(pass *p, size_t number, size_t sample)
{
    gaze_faithful_result *to = p->f->to;
    const size_t steps = to->steps;
    const double *curve = p->curve;
    for (size_t k = 0; k <= steps; k++) {
        to->curves[number].deletion[k] += curve[k] / (double)to->samples;
        to->curves[number].insertion[k] += curve[steps + 1 + k] / (double)to->samples;
    }
    p->areas[DELETION][number * to->samples + sample] = gz_area(curve, steps);
    p->areas[INSERTION][number * to->samples + sample] = gz_area(curve + steps + 1, steps);
}

static void count_sample(gz_faithful *f, const gz_faithful_sample *sample)
{
    gaze_faithful_result *to = f->to;
    const gaze_place *at = &sample->truth;
    to->labelled += sample->label >= 0;
    to->right += sample->label >= 0 && (size_t)sample->label == f->prediction.class;
    if (!at->known) return;
    to->placed++;
    for (size_t m = 0; m < to->n_maps; m++) {
        const double y = f->parts.height > 1 ? f->scores[m].peak[0] : f->scores[m].peak[1],
                     x = f->parts.height > 1 ? f->scores[m].peak[1] : (double)at->x0;
        to->pointed[m] +=
            y >= (double)at->y0 && y <= (double)at->y1 && x >= (double)at->x0 && x <= (double)at->x1;
    }
}

static gaze_status follow(pass *p, const gz_faithful_sample *sample, const gz_faithful_sample *other)
{
    gaze_faithful_result *to = p->f->to;
    GZ_TRY(gz_faithful_score(p->f, sample));
    if (!sample->index) p->softmax = p->f->prediction.probability < 0;
    count_sample(p->f, sample);
    GZ_TRY(repeat_inputs(p, sample));
    for (size_t c = 0; c < to->n_curves; c++) {
        fill_rows(p, c / to->n_maps, p->f->scores[c % to->n_maps].order, sample, other);
        GZ_TRY(run_rows(p));
        keep_curve(p, c, sample->index);
    }
    to->probability += p->curve[0] / (double)to->samples;
    return GAZE_OK;
}

/* Any other sample of the part. */
static size_t other_of(const gz_faithful *f, size_t index)
{
    const size_t count = gaze_data_count(f->data, f->to->test);
    const size_t apart = count > 1 ? 1 + gz_random_u32(f->key, UINT64_MAX, index) % (count - 1) : 0;
    return (index + apart) % count;
}

static gaze_status go_through(pass *p)
{
    gz_faithful *f = p->f;
    const gaze_faithful_options *o = f->options;
    for (size_t i = 0; i < f->to->samples; i++) {
        gz_faithful_sample sample = {0}, other = {0};
        gaze_status status = gz_faithful_fetch(f, i, &sample);
        if (status == GAZE_OK && f->ids) status = gz_faithful_fetch(f, other_of(f, i), &other);
        if (status == GAZE_OK) status = follow(p, &sample, &other);
        gz_faithful_release(&sample);
        gz_faithful_release(&other);
        if (status != GAZE_OK) return status;
        if (o->progress && !o->progress(o->user, i + 1, f->to->samples))
            return gz_fail(GAZE_INTERRUPTED, "interrupted after %zu of %zu samples", i + 1, f->to->samples);
    }
    return GAZE_OK;
}

static double share_below(const double *a, const double *b, size_t n)
{
    size_t below = 0;
    for (size_t i = 0; i < n; i++) below += a[i] < b[i];
    return (double)below / (double)n;
}

static void sum_up(pass *p)
{
    gaze_faithful_result *to = p->f->to;
    const size_t n = to->samples;
    for (size_t c = 0; c < to->n_curves; c++) {
        gaze_faithful_curves *curve = &to->curves[c];
        const size_t random = c - c % to->n_maps + GZ_FAITHFUL_RANDOM;
        const double *deletion = p->areas[DELETION] + c * n, *insertion = p->areas[INSERTION] + c * n;
        curve->deletion_area = gz_mean(deletion, n);
        curve->insertion_area = gz_mean(insertion, n);
        curve->deletion_error = gz_deviation(deletion, n) / sqrt((double)n);
        curve->insertion_error = gz_deviation(insertion, n) / sqrt((double)n);
        curve->deletion_wins = share_below(deletion, p->areas[DELETION] + random * n, n);
        curve->insertion_wins = share_below(p->areas[INSERTION] + random * n, insertion, n);
    }
}

static gaze_status choose_samples(gz_faithful *f)
{
    gaze_faithful_result *to = f->to;
    to->test = gaze_data_count(f->data, true) > 0;
    const size_t available = gaze_data_count(f->data, to->test),
                 asked = f->options->samples ? f->options->samples : DEFAULT_SAMPLES;
    if (!available) return gz_fail(GAZE_ERROR_DATA, "the data has no samples");
    to->samples = asked < available ? asked : available;
    return GAZE_OK;
}

static void choose_steps(gz_faithful *f)
{
    const size_t asked = f->options->steps ? f->options->steps : DEFAULT_STEPS;
    f->to->parts = gz_faithful_count(f);
    f->to->steps = asked < f->to->parts ? asked : f->to->parts;
}

/* Strings of the result outlive the arena. */
static gaze_status write_note(gz_faithful *f)
{
    gz_text text = {0};
    gz_text_add(&text, "%s%s", f->described, f->said);
    if (f->no_grad_cam) gz_text_add(&text, " Left out: %s.", f->no_grad_cam);
    return gz_text_take(&text, &f->to->note);
}

static gaze_status measure(gz_faithful *f, pass *p)
{
    GZ_TRY(gz_arena_create(&f->arena));
    GZ_TRY(choose_samples(f));
    GZ_TRY(gz_faithful_choose(f));
    choose_steps(f);
    GZ_TRY(gz_faithful_learn(f));
    p->rows = 2 * (f->to->steps + 1);
    GZ_TRY(gz_allocate(p->rows, sizeof *p->curve, &p->curve));
    GZ_TRY(allocate_curves(p));
    GZ_TRY(go_through(p));
    sum_up(p);
    return write_note(f);
}

gaze_status gaze_faithful(gaze_model *model, gaze_data *data, const gaze_faithful_options *options,
                          gaze_faithful_result *result)
{
    gaze_faithful_result found = {0};
    gz_faithful f = {.model = model,
                     .data = data,
                     .options = options,
                     .key = gz_key_make(options->seed, "faithful"),
                     .to = &found};
    pass p = {.f = &f};
    const gaze_status status = measure(&f, &p);
    for (size_t i = 0; i < GZ_MAX_INPUTS; i++) free(p.batch[i].data);
    for (size_t i = 0; i < 2; i++) free(p.areas[i]);
    free(p.curve);
    gz_imputer_free(f.imputer);
    gz_arena_destroy(f.arena);
    if (status == GAZE_OK)
        *result = found;
    else
        gaze_faithful_free(&found);
    return status;
}

void gaze_faithful_free(gaze_faithful_result *result)
{
    for (size_t c = 0; result->curves && c < result->n_curves; c++) {
        free(result->curves[c].deletion);
        free(result->curves[c].insertion);
    }
    for (size_t m = 0; m < GAZE_FAITHFUL_MAPS; m++) free(result->maps[m]);
    free(result->curves);
    free(result->note);
    *result = (gaze_faithful_result){0};
}
