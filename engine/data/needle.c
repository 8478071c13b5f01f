/* synthetic:needle. Sequences [T,D] of noise, in which about a third of the steps carry patterns. Feature 0
   of a step is a mark: 1 at the needle, -1 at the other patterns (the distractors), noise elsewhere; the
   features after it are the pattern, one a class. The class is the needle's; distractors show any class. So
   the mark says where to look and the pattern what is there, and neither an average nor what was seen last is
   worth anything. T is 50 and D 64 where the model leaves them open. Noise is uniform in -0.5..0.5 in steps
   of 1/256, so that the values are the same on every machine. */
#include "synthetic.h"

#include <inttypes.h>
#include <string.h>

enum {
    DEFAULT_STEPS = 50,
    DEFAULT_FEATURES = 64,
    DEFAULT_CLASSES = 10,
    LEAST_STEPS = 4,
    LEAST_FEATURES = 4,
    STEPS_A_DISTRACTOR = 3,
    NOISE_A_DRAW = 16 /* bytes of four random words */
};

typedef struct needle_set {
    gz_key key;
    size_t steps, features, n_classes;
    size_t counts[GZ_N_PARTS];
} needle_set;

typedef struct needle {
    size_t step, label;
} needle;

static needle draw_needle(const needle_set *set, gz_draw *draw)
{
    const size_t label = gz_draw_below(draw, set->n_classes);
    return (needle){.label = label, .step = gz_draw_below(draw, set->steps)};
}

/* Walsh functions: any two of them differ in half of 2^n features. */
static float pattern_value(size_t pattern, size_t feature)
{
    size_t both = (pattern + 1) & feature, odd = 0;
    for (; both; both &= both - 1) odd ^= 1;
    return odd ? -1 : 1;
}

/* From counters with the top bit set, which the words of a draw never have. */
static void fill_with_noise(const gz_draw *draw, float *values, size_t count)
{
    uint32_t random[4];
    for (size_t i = 0; i < count; i++) {
        const uint32_t counter[4] = {(uint32_t)(i / NOISE_A_DRAW), 1u << 31, (uint32_t)draw->stream,
                                     (uint32_t)(draw->stream >> 32)};
        if (i % NOISE_A_DRAW == 0) gz_philox(draw->key, counter, random);
        const uint32_t byte = random[i % 4] >> 8 * (i % NOISE_A_DRAW / 4) & 0xff;
        values[i] = (float)byte / 256 - 0.5f;
    }
}

static void add_pattern(size_t pattern, float mark, size_t n_features, float *step)
{
    step[0] += mark;
    for (size_t d = 1; d < n_features; d++) step[d] += pattern_value(pattern, d);
}

static gaze_status needle_fetch(const void *state, gz_part part, size_t index, void *const *inputs,
                                int32_t *label)
{
    const needle_set *set = state;
    float *values = inputs[0];
    gz_draw draw = gz_draw_begin(set->key, part, index);
    const needle n = draw_needle(set, &draw);
    fill_with_noise(&draw, values, set->steps * set->features);
    for (size_t t = 0; t < set->steps; t++) {
        const size_t pattern = gz_draw_below(&draw, STEPS_A_DISTRACTOR * set->n_classes);
        float *step = values + t * set->features;
        if (t == n.step)
            add_pattern(n.label, 1, set->features, step);
        else if (pattern < set->n_classes)
            add_pattern(pattern, -1, set->features, step);
    }
    *label = (int32_t)n.label;
    return GAZE_OK;
}

static bool needle_truth(const void *state, gz_part part, size_t index, gz_rectangle *rectangle)
{
    const needle_set *set = state;
    gz_draw draw = gz_draw_begin(set->key, part, index);
    const needle n = draw_needle(set, &draw);
    *rectangle = (gz_rectangle){.y0 = n.step, .y1 = n.step};
    return true;
}

static size_t needle_count(const void *state, gz_part part)
{
    return ((const needle_set *)state)->counts[part];
}

static gaze_status check_need(const gz_data_need *need, gz_data *data)
{
    const gaze_array *input = data->inputs;
    const char *shape = gz_array_shape_text(data->arena, input->rank, input->shape, false);
    if (need->n_inputs != 1 || input->rank != 2)
        return gz_fail(GAZE_ERROR_DATA,
                       "synthetic:needle makes float32 sequences [steps,features] or int32 tokens [steps], "
                       "but the model reads %zu "
                       "inputs, the first %s",
                       need->n_inputs, shape);
    if ((input->shape[0] && input->shape[0] < LEAST_STEPS) ||
        (input->shape[1] && input->shape[1] < LEAST_FEATURES))
        return gz_fail(GAZE_ERROR_DATA,
                       "synthetic:needle needs at least %d steps of %d features, expected by the model: %s",
                       LEAST_STEPS, LEAST_FEATURES, shape);
    const size_t features = input->shape[1] ? input->shape[1] : DEFAULT_FEATURES;
    if (need->n_classes == 1 || need->n_classes >= features || (need->n_classes && need->label_rank))
        return gz_fail(
            GAZE_ERROR_DATA,
            "synthetic:needle has one label a sample and, with %zu features, 2 to %zu classes, but "
            "the model has %zu%s",
            features, features - 1, need->n_classes, need->label_rank ? " a step" : "");
    return GAZE_OK;
}

static void choose_sizes(const gz_data_spec *spec, const gz_data_need *need, gaze_array *input,
                         needle_set *set)
{
    if (!input->shape[0]) input->shape[0] = DEFAULT_STEPS;
    if (!input->shape[1]) input->shape[1] = DEFAULT_FEATURES;
    set->steps = input->shape[0];
    set->features = input->shape[1];
    set->n_classes = need->n_classes                   ? need->n_classes
                     : set->features > DEFAULT_CLASSES ? DEFAULT_CLASSES
                                                       : 2;
    gz_synthetic_counts(spec, set->counts);
}

static gaze_status needle_open(const gz_data_spec *spec, const gz_data_need *need, gz_data *data)
{
    if (data->inputs->dtype == GAZE_INT32) {
        data->type = &gz_needle_text;
        return data->type->open(spec, need, data);
    }
    GZ_TRY(check_need(need, data));
    needle_set *set = gz_arena_allocate(data->arena, sizeof *set);
    if (!set) return GAZE_ERROR_DEVICE;
    choose_sizes(spec, need, data->inputs, set);
    set->key = gz_key_make(spec->seed, "synthetic:needle");
    const char *text =
        gz_arena_format(data->arena, "synthetic:needle 1 %" PRIu64 " %zu %zu %zu %zu %zu", spec->seed,
                        set->steps, set->features, set->n_classes, set->counts[0], set->counts[1]);
    if (!text) return GAZE_ERROR_DEVICE;
    data->hash = gz_hash_bytes(text, strlen(text));
    data->state = set;
    data->has_labels = true;
    data->label_count = 1;
    return GAZE_OK;
}

const gz_data_type gz_synthetic_needle = {.name = "needle",
                                          .open = needle_open,
                                          .count = needle_count,
                                          .fetch = needle_fetch,
                                          .truth = needle_truth};
