/* synthetic:needle for models that read tokens. A text [T] of token ids holds pairs of a name and a word
   behind it, among words that mean nothing; the class is the word behind one name. With one input that name
   is always token 1; with two, a query and a text, it is the one name that the query holds, at any of its
   steps. The other pairs, distractors, have other names and any word. So neither the words alone nor their
   average tell the class.

   Tokens: 0 stands for nothing and never occurs, names follow, then the words of the classes, then those that
   mean nothing. T is 50, and the query's steps 4, where the model leaves them open. */
#include "synthetic.h"

#include <inttypes.h>
#include <string.h>

enum {
    N_TOKENS = 100,
    FIRST_NAME = 1,
    N_NAMES = 20,
    FIRST_CLASS = FIRST_NAME + N_NAMES,
    MOST_CLASSES = 50,
    DEFAULT_CLASSES = 10,
    DEFAULT_STEPS = 50,
    DEFAULT_QUERY_STEPS = 4,
    LEAST_STEPS = 4,
    STEPS_A_DISTRACTOR = 4
};

typedef struct text_set {
    gz_key key;
    size_t query_steps; /* 0: there is no query */
    size_t steps, n_classes;
    size_t counts[GZ_N_PARTS];
} text_set;

typedef struct needle {
    size_t label, name, step, query_step;
} needle;

static needle draw_needle(const text_set *set, gz_draw *draw)
{
    needle n = {.label = gz_draw_below(draw, set->n_classes), .step = gz_draw_below(draw, set->steps - 1)};
    if (!set->query_steps) return n;
    n.name = gz_draw_below(draw, N_NAMES);
    n.query_step = gz_draw_below(draw, set->query_steps);
    return n;
}

static int32_t draw_filler(const text_set *set, gz_draw *draw)
{
    const size_t first = FIRST_CLASS + set->n_classes;
    return (int32_t)(first + gz_draw_below(draw, N_TOKENS - first));
}

static void put_pair(size_t name, size_t label, int32_t *at)
{
    at[0] = (int32_t)(FIRST_NAME + name);
    at[1] = (int32_t)(FIRST_CLASS + label);
}

/* At most one pair has the needle's name. */
static void put_distractor(const text_set *set, const needle *n, gz_draw *draw, int32_t *at)
{
    const size_t other = gz_draw_below(draw, N_NAMES - 1);
    put_pair(other < n->name ? other : other + 1, gz_draw_below(draw, set->n_classes), at);
}

static gaze_status text_fetch(const void *state, gz_part part, size_t index, void *const *inputs,
                              int32_t *label)
{
    const text_set *set = state;
    int32_t *query = inputs[0], *text = inputs[set->query_steps ? 1 : 0];
    gz_draw draw = gz_draw_begin(set->key, part, index);
    const needle n = draw_needle(set, &draw);
    for (size_t t = 0; t < set->steps; t++) {
        const bool pair = !gz_draw_below(&draw, STEPS_A_DISTRACTOR), room = t + 1 < set->steps;
        if (t == n.step)
            put_pair(n.name, n.label, text + t++);
        else if (pair && room && t + 1 != n.step)
            put_distractor(set, &n, &draw, text + t++);
        else
            text[t] = draw_filler(set, &draw);
    }
    for (size_t t = 0; t < set->query_steps; t++) query[t] = draw_filler(set, &draw);
    if (set->query_steps) query[n.query_step] = (int32_t)(FIRST_NAME + n.name);
    *label = (int32_t)n.label;
    return GAZE_OK;
}

static bool text_truth(const void *state, gz_part part, size_t index, gz_rectangle *rectangle)
{
    const text_set *set = state;
    gz_draw draw = gz_draw_begin(set->key, part, index);
    const needle n = draw_needle(set, &draw);
    *rectangle = set->query_steps ? (gz_rectangle){n.query_step, n.step, n.query_step, n.step + 1}
                                  : (gz_rectangle){.y0 = n.step, .y1 = n.step + 1};
    return true;
}

static size_t text_count(const void *state, gz_part part) { return ((const text_set *)state)->counts[part]; }

static gaze_status check_need(const gz_data_need *need, const gz_data *data)
{
    bool fits = need->n_inputs <= 2;
    for (size_t i = 0; fits && i < need->n_inputs; i++)
        fits = data->inputs[i].dtype == GAZE_INT32 && data->inputs[i].rank == 1;
    if (!fits)
        return gz_fail(GAZE_ERROR_DATA,
                       "synthetic:needle makes int32 tokens [steps], or a query and a text of them, but the "
                       "model reads %zu inputs, the first %s of int32",
                       need->n_inputs,
                       gz_array_shape_text(data->arena, data->inputs->rank, data->inputs->shape, false));
    if (need->n_classes == 1 || need->n_classes > MOST_CLASSES || (need->n_classes && need->label_rank))
        return gz_fail(GAZE_ERROR_DATA,
                       "synthetic:needle has one label a sample and, with tokens, 2 to %d classes, but the "
                       "model has %zu%s",
                       MOST_CLASSES, need->n_classes, need->label_rank ? " a step" : "");
    const gaze_array *text = &data->inputs[need->n_inputs - 1];
    if (text->shape[0] && text->shape[0] < LEAST_STEPS)
        return gz_fail(GAZE_ERROR_DATA, "synthetic:needle needs at least %d steps of '%s', the model has %zu",
                       LEAST_STEPS, text->name, text->shape[0]);
    return GAZE_OK;
}

static void choose_sizes(const gz_data_spec *spec, const gz_data_need *need, gz_data *data, text_set *set)
{
    gaze_array *text = &data->inputs[need->n_inputs - 1], *query = need->n_inputs > 1 ? data->inputs : NULL;
    if (!text->shape[0]) text->shape[0] = DEFAULT_STEPS;
    if (query && !query->shape[0]) query->shape[0] = DEFAULT_QUERY_STEPS;
    set->steps = text->shape[0];
    set->query_steps = query ? query->shape[0] : 0;
    set->n_classes = need->n_classes ? need->n_classes : DEFAULT_CLASSES;
    gz_synthetic_counts(spec, set->counts);
}

static gaze_status text_open(const gz_data_spec *spec, const gz_data_need *need, gz_data *data)
{
    GZ_TRY(check_need(need, data));
    text_set *set = gz_arena_allocate(data->arena, sizeof *set);
    if (!set) return GAZE_ERROR_DEVICE;
    choose_sizes(spec, need, data, set);
    set->key = gz_key_make(spec->seed, "synthetic:needle of tokens");
    const char *text = gz_arena_format(
        data->arena, "synthetic:needle of tokens 1 %" PRIu64 " %zu %zu %zu %zu %zu", spec->seed,
        set->query_steps, set->steps, set->n_classes, set->counts[0], set->counts[1]);
    if (!text) return GAZE_ERROR_DEVICE;
    data->hash = gz_hash_bytes(text, strlen(text));
    data->state = set;
    data->has_labels = true;
    data->label_count = 1;
    return GAZE_OK;
}

const gz_data_type gz_needle_text = {
    .name = "needle", .open = text_open, .count = text_count, .fetch = text_fetch, .truth = text_truth};
