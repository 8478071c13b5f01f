/* gaze_run_report: what an example is: its title, its inputs, the names of its tokens. */
#include "run_report.h"

#include <string.h>

static gaze_status take_text(gz_reporting *r, gz_text *text, const char **out)
{
    *out = gz_text_keep(text, r->arena);
    return *out ? GAZE_OK : GAZE_ERROR_DEVICE;
}

/* Tokens of an answer or a label, up to the end token. */
static size_t length_of(const gz_reporting *r, const int32_t *tokens, size_t count)
{
    const gz_model_decode *how = &r->model->file->decode;
    size_t length = 0;
    while (length < count && !(how->has_end && tokens[length] == how->end)) length++;
    return length;
}

static gaze_status add_tokens(gz_reporting *r, gz_example *e, const char *name, const int32_t *tokens,
                              size_t count)
{
    gz_text text = {0};
    gz_fact *fact = &e->texts[e->n_texts++];
    fact->name = name;
    for (size_t i = 0; i < count; i++) gz_text_add(&text, "%s%d", i ? " " : "", (int)tokens[i]);
    return take_text(r, &text, &fact->value);
}

static const int32_t *label_of(const gz_reporting *r, size_t sample)
{
    return r->samples->labels ? r->samples->labels + sample * r->samples->label_count : NULL;
}

/* What the model wrote by itself, beside what the data has. */
static gaze_status add_answer(gz_reporting *r, const gz_dump *d, size_t sample, gz_example *e)
{
    const gaze_decoded *decoded = &d->decoded;
    const int32_t *label = label_of(r, sample);
    if (!decoded->tokens) return GAZE_OK;
    const int32_t *answer = decoded->tokens + sample * decoded->n_best * decoded->max_length;
    const size_t written = decoded->lengths[sample * decoded->n_best];
    GZ_TRY(add_tokens(r, e, "written", answer, written));
    if (!label) return GAZE_OK;
    const size_t length = length_of(r, label, r->samples->label_count);
    e->wrong = length != written || memcmp(label, answer, length * sizeof *label) != 0;
    return add_tokens(r, e, "expected", label, length);
}

/* Of tokens. */
static gaze_status add_evidence(gz_reporting *r, gz_example *e)
{
    const gaze_place *t = &e->truth;
    gz_fact *fact = &e->texts[e->n_texts++];
    fact->name = "evidence";
    fact->value = r->samples->n_inputs > 1
                      ? gz_arena_format(r->arena, "token %zu of %s, tokens %zu to %zu of %s", t->y0,
                                        r->samples->inputs[0].name, t->x0, t->x1, r->samples->inputs[1].name)
                      : gz_arena_format(r->arena, "tokens %zu to %zu", t->y0, t->y1);
    return fact->value ? GAZE_OK : GAZE_ERROR_DEVICE;
}

static gaze_status add_inputs(gz_reporting *r, const gz_dump *d, size_t sample, gz_example *e)
{
    const char *decodes = gaze_model_decodes(r->model);
    const gz_samples *s = r->samples;
    for (size_t i = 0; i < s->n_inputs; i++) {
        const gaze_array *x = &s->inputs[i];
        if (x->dtype == GAZE_INT32 && x->rank == 2 && !(decodes && strcmp(decodes, x->name) == 0))
            GZ_TRY(add_tokens(r, e, x->name, (const int32_t *)x->data + sample * x->shape[1], x->shape[1]));
        if (x->dtype == GAZE_FLOAT32 && x->rank == 3 && !e->steps.height) {
            const size_t steps = x->shape[1], features = x->shape[2];
            const float *values = (const float *)x->data + sample * steps * features;
            float *turned = gz_arena_allocate(r->arena, steps * features * sizeof *turned);
            if (!turned) return GAZE_ERROR_DEVICE;
            for (size_t t = 0; t < steps; t++)
                for (size_t f = 0; f < features; f++) turned[f * steps + t] = values[t * features + f];
            e->steps = (gz_map){.height = features, .width = steps, .values = turned};
        }
    }
    GZ_TRY(add_answer(r, d, sample, e));
    return e->truth.known && !e->photo.height && !e->steps.height ? add_evidence(r, e) : GAZE_OK;
}

/* "Coat", or "class 3" */
static void add_class(const gz_reporting *r, gz_text *title, const char *before, size_t number)
{
    char text[24];
    gz_text_add(title, "%s%s%s", before, r->facts.classes ? "" : "class ",
                gz_class_name(r->facts.classes, number, text));
}

static void say_class(gz_reporting *r, const gz_dump *d, size_t sample, gz_example *e, gz_text *title)
{
    const gz_dump_prediction *p = d->predictions ? &d->predictions[sample] : NULL;
    const int32_t *label = r->samples->label_count == 1 ? label_of(r, sample) : NULL;
    if (label) e->wrong = p && p->class != (size_t)*label;
    if (label) add_class(r, title, ": ", (size_t)*label);
    if (p && label && !e->wrong) gz_text_add(title, ", right");
    if (p && e->wrong) add_class(r, title, ", taken for ", p->class);
    if (p && !label) add_class(r, title, ": predicted ", p->class);
    if (p && p->probability >= 0) gz_text_add(title, " (%.2f)", p->probability);
}

static gaze_status make_title(gz_reporting *r, const gz_dump *d, size_t sample, gz_example *e)
{
    gz_text title = {0};
    gz_text_add(&title, "Sample %zu", gz_dump_index(d, sample));
    if (d->decoded.tokens)
        gz_text_add(&title, "%s", !r->samples->labels ? "" : e->wrong ? ": wrong" : ": right");
    else
        say_class(r, d, sample, e, &title);
    return take_text(r, &title, &e->title);
}

static void find_photo(gz_reporting *r, const gz_dump *d, size_t sample, gz_example *e)
{
    if (!r->photos) return;
    const size_t *shape = d->image->shape + 1;
    e->photo = (gz_photo){shape[0], shape[1], shape[2], r->photos + sample * shape[0] * shape[1] * shape[2]};
}

gaze_status gz_reporting_describe(gz_reporting *r, const gz_dump *d, size_t sample, gz_example *e)
{
    gaze_place *at = &e->truth;
    e->texts = gz_arena_allocate(r->arena, (r->samples->n_inputs + 3) * sizeof *e->texts);
    e->axes = gz_arena_allocate(r->arena, d->n_maps * sizeof *e->axes);
    if (!e->texts || !e->axes) return GAZE_ERROR_DEVICE;
    at->known =
        gaze_data_truth(r->data, r->facts.test, gz_dump_index(d, sample), &at->y0, &at->x0, &at->y1, &at->x1);
    find_photo(r, d, sample, e);
    GZ_TRY(add_inputs(r, d, sample, e));
    GZ_TRY(make_title(r, d, sample, e));
    for (size_t m = 0; m < d->n_maps; m++) GZ_TRY(gz_dump_names(d, &d->maps[m], sample, &e->axes[m]));
    return GAZE_OK;
}
