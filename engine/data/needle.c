/* synthetic:needle. Sequences [T,D] of noise, in which a few steps carry patterns. Feature 0 of a step is a
   mark: 1 at the needle, -1 at the other patterns (the distractors), noise elsewhere; the features after it
   are the pattern, one a class. The class is the needle's, and the distractors show other classes: the mark
   says where to look, the pattern what is there, and only one step has both. T is 50 and D 64 where the model
   leaves them open; a sequence has T/8 distractors, 1 to 16. Noise is uniform in -0.5..0.5 in steps of 1/256,
   so that the values are the same on every machine. */
#include "synthetic.h"

#include <inttypes.h>
#include <string.h>

enum {
    DEFAULT_STEPS = 50,
    DEFAULT_FEATURES = 64,
    DEFAULT_CLASSES = 10,
    LEAST_STEPS = 4,
    LEAST_FEATURES = 4,
    STEPS_A_DISTRACTOR = 8,
    MOST_DISTRACTORS = 16,
    PLACE_ATTEMPTS = 64,
    NOISE_A_DRAW = 16 /* bytes of four random words */
};

typedef struct needle_set {
    gz_key key;
    size_t steps, features, n_classes, n_distractors;
    size_t counts[GZ_N_PARTS];
} needle_set;

typedef struct scene {
    size_t n_patterns; /* the first one is the needle */
    size_t step[MOST_DISTRACTORS + 1], pattern[MOST_DISTRACTORS + 1];
} scene;

static bool taken(const scene *s, size_t step)
{
    for (size_t i = 0; i < s->n_patterns; i++)
        if (s->step[i] == step) return true;
    return false;
}

/* A pattern that finds no place is left out; the first one always finds one. */
static void place(const needle_set *set, scene *s, size_t pattern, gz_draw *draw)
{
    for (int attempt = 0; attempt < PLACE_ATTEMPTS; attempt++) {
        const size_t step = gz_draw_below(draw, set->steps);
        if (taken(s, step)) continue;
        s->step[s->n_patterns] = step;
        s->pattern[s->n_patterns++] = pattern;
        return;
    }
}

static scene draw_scene(const needle_set *set, gz_draw *draw)
{
    scene s = {0};
    const size_t label = gz_draw_below(draw, set->n_classes);
    place(set, &s, label, draw);
    for (size_t i = 0; i < set->n_distractors; i++) {
        const size_t other = gz_draw_below(draw, set->n_classes - 1);
        place(set, &s, other < label ? other : other + 1, draw);
    }
    return s;
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

static gaze_status needle_fetch(const void *state, gz_part part, size_t index, void *const *inputs,
                                int32_t *label)
{
    const needle_set *set = state;
    float *values = inputs[0];
    gz_draw draw = gz_draw_begin(set->key, part, index);
    const scene s = draw_scene(set, &draw);
    fill_with_noise(&draw, values, set->steps * set->features);
    for (size_t i = 0; i < s.n_patterns; i++) {
        float *step = values + s.step[i] * set->features;
        step[0] += i == 0 ? 1.0f : -1.0f;
        for (size_t d = 1; d < set->features; d++) step[d] += pattern_value(s.pattern[i], d);
    }
    *label = (int32_t)s.pattern[0];
    return GAZE_OK;
}

static bool needle_truth(const void *state, gz_part part, size_t index, gz_rectangle *rectangle)
{
    const needle_set *set = state;
    gz_draw draw = gz_draw_begin(set->key, part, index);
    const scene s = draw_scene(set, &draw);
    *rectangle = (gz_rectangle){.y0 = s.step[0], .y1 = s.step[0]};
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
    if (need->n_inputs != 1 || input->dtype != GAZE_FLOAT32 || input->rank != 2)
        return gz_fail(GAZE_ERROR_DATA,
                       "synthetic:needle makes float32 sequences [steps,features], but the model reads %zu "
                       "inputs, the first %s%s",
                       need->n_inputs, shape, input->dtype == GAZE_INT32 ? " of int32" : "");
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
    const size_t n = set->steps / STEPS_A_DISTRACTOR;
    set->n_distractors = n < 1 ? 1 : n > MOST_DISTRACTORS ? MOST_DISTRACTORS : n;
    set->n_classes = need->n_classes                   ? need->n_classes
                     : set->features > DEFAULT_CLASSES ? DEFAULT_CLASSES
                                                       : 2;
    gz_synthetic_counts(spec, set->counts);
}

static gaze_status needle_open(const gz_data_spec *spec, const gz_data_need *need, gz_data *data)
{
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
