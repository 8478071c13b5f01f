/* synthetic:copy and synthetic:reverse. A sequence of S random tokens has to be written down again, in the
   same order or backwards. Tokens are 0 .. K-1, K being the classes of the model's output (12 where it has
   none): 0 is the end and what follows it, 1 the start, the others are symbols; a source holds symbols alone.

   A model with two int32 inputs gets the source [S] as its first and, for teacher forcing, the target [T] as
   its second: a 1, then the labels of the steps before. A model with one input gets the source alone. There
   is a label a step, [T]: the S tokens to write, then, where T > S, zeros. S is 10 where the model leaves it
   open, and T is as long as S (with one input it always is). */
#include "synthetic.h"

#include <inttypes.h>
#include <string.h>

enum { END, START, FIRST_SYMBOL, LEAST_TOKENS = 4, DEFAULT_TOKENS = 12, DEFAULT_STEPS = 10 };

typedef struct sequence_set {
    gz_key key;
    bool reverse, forcing; /* forcing: there is a second input */
    size_t n_tokens, source_steps, target_steps;
    size_t counts[GZ_N_PARTS];
} sequence_set;

static gaze_status sequence_fetch(const void *state, gz_part part, size_t index, void *const *inputs,
                                  int32_t *label)
{
    const sequence_set *set = state;
    const size_t n = set->source_steps;
    int32_t *source = inputs[0], *target = set->forcing ? inputs[1] : NULL;
    gz_draw draw = gz_draw_begin(set->key, part, index);
    for (size_t s = 0; s < n; s++)
        source[s] = FIRST_SYMBOL + (int32_t)gz_draw_below(&draw, set->n_tokens - FIRST_SYMBOL);
    for (size_t t = 0; t < set->target_steps; t++)
        label[t] = t >= n ? END : source[set->reverse ? n - 1 - t : t];
    for (size_t t = 0; target && t < set->target_steps; t++) target[t] = t ? label[t - 1] : START;
    return GAZE_OK;
}

static size_t sequence_count(const void *state, gz_part part)
{
    return ((const sequence_set *)state)->counts[part];
}

static gaze_status check_need(const char *name, const gz_data_need *need, gz_data *data)
{
    const gaze_array *inputs = data->inputs;
    bool fits = need->n_inputs == 1 || need->n_inputs == 2;
    for (size_t i = 0; fits && i < need->n_inputs; i++)
        fits = inputs[i].dtype == GAZE_INT32 && inputs[i].rank == 1;
    if (!fits)
        return gz_fail(
            GAZE_ERROR_DATA,
            "synthetic:%s makes int32 tokens, [steps] as a source and [steps] as a target, but the "
            "model reads %zu inputs, the first %s%s",
            name, need->n_inputs, gz_array_shape_text(data->arena, inputs->rank, inputs->shape, false),
            inputs->dtype == GAZE_INT32 ? " of int32" : " of float32");
    if (!need->n_classes || (need->label_rank == 1 && need->n_classes >= LEAST_TOKENS)) return GAZE_OK;
    return gz_fail(GAZE_ERROR_DATA,
                   "synthetic:%s has one label a step and at least %d tokens (end, start, two symbols), but "
                   "the model's output has %zu classes%s",
                   name, LEAST_TOKENS, need->n_classes, need->label_rank ? "" : " and one label a sample");
}

static gaze_status choose_sizes(const char *name, const gz_data_need *need, gz_data *data, sequence_set *set)
{
    gaze_array *source = &data->inputs[0], *target = &data->inputs[need->n_inputs - 1];
    if (!source->shape[0]) source->shape[0] = DEFAULT_STEPS;
    if (!target->shape[0]) target->shape[0] = source->shape[0];
    set->forcing = need->n_inputs == 2;
    set->source_steps = source->shape[0];
    set->target_steps = target->shape[0];
    set->n_tokens = need->n_classes ? need->n_classes : DEFAULT_TOKENS;
    if (set->target_steps >= set->source_steps) return GAZE_OK;
    return gz_fail(
        GAZE_ERROR_DATA,
        "synthetic:%s: the target '%s' has %zu steps, expected at least the %zu of the source '%s'", name,
        target->name, set->target_steps, set->source_steps, source->name);
}

static gaze_status open_sequences(const char *name, const gz_data_spec *spec, const gz_data_need *need,
                                  gz_data *data)
{
    GZ_TRY(check_need(name, need, data));
    sequence_set *set = gz_arena_allocate(data->arena, sizeof *set);
    const char *full = gz_arena_format(data->arena, "synthetic:%s", name);
    if (!set || !full) return GAZE_ERROR_DEVICE;
    GZ_TRY(choose_sizes(name, need, data, set));
    set->key = gz_key_make(spec->seed, full);
    set->reverse = strcmp(name, "reverse") == 0;
    gz_synthetic_counts(spec, set->counts);
    const char *text =
        gz_arena_format(data->arena, "%s 1 %" PRIu64 " %zu %zu %zu %zu %zu", full, spec->seed,
                        set->source_steps, set->target_steps, set->n_tokens, set->counts[0], set->counts[1]);
    if (!text) return GAZE_ERROR_DEVICE;
    data->hash = gz_hash_bytes(text, strlen(text));
    data->state = set;
    data->has_labels = true;
    data->label_count = set->target_steps;
    return GAZE_OK;
}

static gaze_status copy_open(const gz_data_spec *spec, const gz_data_need *need, gz_data *data)
{
    return open_sequences("copy", spec, need, data);
}

static gaze_status reverse_open(const gz_data_spec *spec, const gz_data_need *need, gz_data *data)
{
    return open_sequences("reverse", spec, need, data);
}

const gz_data_type gz_synthetic_copy = {
    .name = "copy", .open = copy_open, .count = sequence_count, .fetch = sequence_fetch};
const gz_data_type gz_synthetic_reverse = {
    .name = "reverse", .open = reverse_open, .count = sequence_count, .fetch = sequence_fetch};
