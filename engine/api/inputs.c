/* The inputs of a run: which is which, and whether they fit. */
#include "inputs.h"
#include "../base/text.h"
#include "../model/ids.h"

#include <stdlib.h>
#include <string.h>

static gaze_status unknown_input(const gaze_model *m, const char *name)
{
    const size_t n = m->file->n_inputs;
    const char **names = gz_arena_allocate(m->file->arena, (n + 1) * sizeof *names);
    if (!names) return GAZE_ERROR_DEVICE;
    for (size_t i = 0; i < n; i++) names[i] = m->inputs[i].name;
    return gz_fail(GAZE_ERROR_USAGE, "the model '%s' has no input '%s'%s", m->file->name, name,
                   gz_did_you_mean(m->file->arena, name, names));
}

static gaze_status find_input(const gaze_model *m, const gaze_array *given, size_t position, size_t *found)
{
    const size_t n = m->file->n_inputs;
    size_t i = position;
    if (given->name)
        for (i = 0; i < n && strcmp(m->inputs[i].name, given->name) != 0;) i++;
    *found = i;
    if (i < n) return GAZE_OK;
    if (given->name) return unknown_input(m, given->name);
    return gz_fail(GAZE_ERROR_USAGE, "%zu inputs were given, the model '%s' has %zu", position + 1,
                   m->file->name, n);
}

const char *gz_type_name(gaze_dtype dtype) { return dtype == GAZE_INT32 ? "int32" : "float32"; }

gaze_status gz_input_expect(const gaze_array *expected, const gaze_array *given, gz_shape *sample)
{
    char found[96], wanted[96];
    if (given->dtype != expected->dtype)
        return gz_fail(GAZE_ERROR_DATA, "input '%s' is %s, expected %s", expected->name,
                       gz_type_name(given->dtype), gz_type_name(expected->dtype));
    gz_shape shape = {.rank = given->rank}, want = {.rank = expected->rank};
    memcpy(shape.dim, given->shape, shape.rank * sizeof *shape.dim);
    memcpy(want.dim, expected->shape, want.rank * sizeof *want.dim);
    bool fits = shape.rank == want.rank;
    for (size_t i = 0; fits && i < shape.rank; i++)
        fits = shape.dim[i] && (!want.dim[i] || want.dim[i] == shape.dim[i]);
    if (!fits)
        return gz_fail(GAZE_ERROR_DATA,
                       "input '%s' has the shape %s, expected %s (?: any size; the batch comes first)",
                       expected->name, gz_shape_text(shape, found), gz_shape_text_open(want, wanted));
    sample->rank = shape.rank - 1;
    memcpy(sample->dim, shape.dim + 1, sample->rank * sizeof *sample->dim);
    return GAZE_OK;
}

static gaze_status match(const gaze_model *m, const gaze_array *given, size_t n_given, gz_inputs *inputs)
{
    for (size_t i = 0; i < n_given; i++) {
        size_t at;
        GZ_TRY(find_input(m, &given[i], i, &at));
        if (inputs->arrays[at])
            return gz_fail(GAZE_ERROR_USAGE, "input '%s' was given twice", m->inputs[at].name);
        GZ_TRY(gz_input_expect(&m->inputs[at], &given[i], &inputs->shapes[at]));
        inputs->arrays[at] = &given[i];
        if (!i) inputs->batch = given[i].shape[0];
        if (given[i].shape[0] != inputs->batch)
            return gz_fail(GAZE_ERROR_DATA, "input '%s' holds %zu samples and '%s' %zu, expected as many",
                           m->inputs[at].name, given[i].shape[0],
                           given[0].name ? given[0].name : m->inputs[0].name, inputs->batch);
    }
    for (size_t i = 0; i < m->file->n_inputs; i++)
        if (!inputs->arrays[i]) return gz_fail(GAZE_ERROR_USAGE, "input '%s' is missing", m->inputs[i].name);
    return GAZE_OK;
}

gaze_status gz_inputs_match(const gaze_model *m, const gaze_array *given, size_t n_given, gz_inputs *inputs)
{
    *inputs = (gz_inputs){0};
    GZ_TRY(gz_allocate(m->file->n_inputs, sizeof *inputs->arrays, &inputs->arrays));
    GZ_TRY(gz_allocate(m->file->n_inputs, sizeof *inputs->shapes, &inputs->shapes));
    return match(m, given, n_given, inputs);
}

void gz_inputs_free(gz_inputs *inputs)
{
    free(inputs->arrays);
    free(inputs->shapes);
    *inputs = (gz_inputs){0};
}

size_t gz_samples_bytes(const gz_tensor *x, size_t samples)
{
    return gz_shape_count(x->shape) / x->shape.dim[0] * samples * 4;
}

static const void *values_of(const gz_inputs *inputs, const gz_built *built, size_t i, size_t first)
{
    return (const char *)inputs->arrays[i]->data + gz_samples_bytes(built->inputs[i], first);
}

gaze_status gz_inputs_lend(const gz_inputs *inputs, const gaze_model *m, const gz_built *built, gz_plan *plan,
                           size_t first)
{
    for (size_t i = 0; i < m->file->n_inputs; i++)
        GZ_TRY(gz_ids_check(m->file, built, i, values_of(inputs, built, i, first), first));
    for (size_t i = 0; i < m->file->n_inputs; i++)
        GZ_TRY(gz_plan_lend(plan, built->inputs[i], values_of(inputs, built, i, first)));
    return GAZE_OK;
}
