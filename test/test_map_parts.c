/* Parts of maps of queries by keys: the rows of the whole map, and no others. */
#include "scratch.h"

#include "../engine/gaze.h"

enum { SAMPLES = 3, STEPS = 7, DEPTH = 4, HEADS = 2 };

static float values[SAMPLES * STEPS * DEPTH];
static int32_t ids[SAMPLES * STEPS];
static const gaze_array sequences = {NULL, GAZE_FLOAT32, 3, {SAMPLES, STEPS, DEPTH}, values},
                        tokens = {NULL, GAZE_INT32, 2, {SAMPLES, STEPS}, ids};
static gaze_context *context;

static int make(void **state)
{
    for (size_t i = 0; i < SAMPLES * STEPS * DEPTH; i++) values[i] = (float)(i * 37 % 101) / 50 - 1;
    for (size_t i = 0; i < SAMPLES * STEPS; i++) ids[i] = i % 3 ? (int32_t)(1 + i % 5) : 0;
    if (scratch_make(state)) return -1;
    return gaze_context_create(&(gaze_context_options){.reference = true}, &context) == GAZE_OK ? 0 : -1;
}

static int clear(void **state)
{
    gaze_context_destroy(context);
    return scratch_remove(state);
}

#define SEQUENCE "{\"name\": \"x\", \"shape\": [null, 4]}", ""
#define TOKENS                                                                                            \
    "{\"name\": \"x\", \"shape\": [7], \"dtype\": \"int32\"}",                                            \
        "{\"name\": \"e\", \"type\": \"embedding\", \"input_dim\": 6, \"output_dim\": 4, \"mask_zero\": " \
        "true},"

static gaze_model *open_kind(const char *input, const char *before, const char *keys)
{
    char text[1024];
    gaze_model *model;
    snprintf(
        text, sizeof text,
        "{\"gaze_model\": 1, \"name\": \"m\", \"inputs\": [%s], \"layers\": [%s {\"name\": \"a\", \"type\": "
        "\"attention\", %s}], \"outputs\": [\"a\"]}",
        input, before, keys);
    assert_done(gaze_model_open(context, write_scratch("model.json", text, strlen(text)),
                                &(gaze_model_options){.seed = 5}, &model));
    return model;
}

static gaze_array run(gaze_model *model, const gaze_array *input, const char *name, const gaze_map_part *part)
{
    gaze_array map = {.name = name};
    const gaze_run_options options = {.batch_size = 2, .parts = part, .n_parts = part != NULL};
    assert_done(gaze_run_with(model, input, 1, &map, 1, &options));
    return map;
}

/* Queries 2 to 4, of the second head where there are heads. */
static void check_rows(gaze_model *model, const gaze_array *input, const char *name)
{
    const char *own = strchr(name, ':') + 1;
    gaze_array whole = run(model, input, name, NULL);
    const bool heads = whole.rank == 4;
    const gaze_map_part part = {own, heads, heads, 2, 3};
    gaze_array rows = run(model, input, name, &part);
    assert_int_equal(rows.rank, whole.rank);
    assert_int_equal(rows.shape[rows.rank - 2], 3);
    if (heads) assert_int_equal(rows.shape[1], 1);
    const size_t N = whole.shape[whole.rank - 1], H = heads ? HEADS : 1;
    double sum = 0;
    for (size_t b = 0; b < SAMPLES; b++)
        for (size_t i = 0; i < 3 * N; i++) {
            const float want = ((float *)whole.data)[((b * H + H - 1) * STEPS + 2) * N + i];
            sum += want;
            if (memcmp(&want, (float *)rows.data + b * 3 * N + i, 4))
                fail_msg("sample %zu, value %zu is %g, expected %g", b, i,
                         (double)((float *)rows.data)[b * 3 * N + i], (double)want);
        }
    assert_true(sum > 1);
    free(whole.data);
    free(rows.data);
}

static void rows_are_those_of_the_whole_map(void **state)
{
    (void)state;
    static const char *const kinds[] = {
        "\"kind\": \"multi_head\", \"num_heads\": 2, \"key_dim\": 3, \"tiled\": true",
        "\"kind\": \"multi_head\", \"num_heads\": 2, \"key_dim\": 3, \"tiled\": true, \"causal\": true",
        "\"kind\": \"multi_head\", \"num_heads\": 2, \"key_dim\": 3, \"tiled\": false, \"causal\": true",
        "\"kind\": \"dot\", \"tiled\": true, \"mask\": \"causal\"",
        "\"kind\": \"luong\", \"score\": \"general\", \"tiled\": true",
        "\"kind\": \"additive\", \"mask\": \"causal\"",
        "\"kind\": \"bahdanau\"",
        "\"kind\": \"local\", \"mode\": \"m\", \"window\": 1",
    };
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        gaze_model *model = open_kind(SEQUENCE, kinds[i]);
        check_rows(model, &sequences, "map:a");
        gaze_close(model);
        model = open_kind(TOKENS, kinds[i]);
        check_rows(model, &tokens, "map:a");
        gaze_close(model);
    }
}

static void what_is_worked_out_from_maps_is_cut(void **state)
{
    (void)state;
    gaze_model *model = open_kind(SEQUENCE, "\"kind\": \"multi_head\", \"num_heads\": 2, \"key_dim\": 3");
    check_rows(model, &sequences, "map:rollout");
    gaze_close(model);
}

/* The plan of other rows, or of the whole, is another one. */
static void one_part_after_another(void **state)
{
    (void)state;
    gaze_model *model = open_kind(SEQUENCE, "\"kind\": \"dot\", \"tiled\": true");
    gaze_array whole = run(model, &sequences, "map:a", NULL);
    for (size_t query = 0; query < STEPS; query++) {
        gaze_array row = run(model, &sequences, "map:a", &(gaze_map_part){"a", .query = query, .queries = 1});
        assert_memory_equal(row.data, (float *)whole.data + query * STEPS, STEPS * sizeof(float));
        free(row.data);
    }
    gaze_array rest = run(model, &sequences, "map:a", &(gaze_map_part){"a", .query = 5});
    assert_int_equal(rest.shape[1], 2);
    free(rest.data);
    free(whole.data);
    gaze_close(model);
}

static void refuse(gaze_model *model, gaze_map_part part, const char *says)
{
    gaze_array map = {.name = "map:a"};
    assert_refused(gaze_run_with(model, &sequences, 1, &map, 1, &(gaze_run_options){0, &part, 1}),
                   GAZE_ERROR_USAGE, says, NULL);
    assert_null(map.data);
}

static void parts_that_a_map_has_not_got_are_refused(void **state)
{
    (void)state;
    for (size_t tiled = 0; tiled < 2; tiled++) {
        char keys[128];
        snprintf(keys, sizeof keys,
                 "\"kind\": \"multi_head\", \"num_heads\": 2, \"key_dim\": 3, \"tiled\": %s",
                 tiled ? "true" : "false");
        gaze_model *model = open_kind(SEQUENCE, keys);
        refuse(model, (gaze_map_part){"a", .query = 7, .queries = 1},
               "map 'a' has no query 7, expected 0..6");
        refuse(model, (gaze_map_part){"a", .query = 5, .queries = 4},
               "map 'a' has no query 8, expected 0..6");
        refuse(model, (gaze_map_part){"a", .head = 2, .heads = 1}, "map 'a' has no head 2, expected 0..1");
        refuse(model, (gaze_map_part){"b", .queries = 1}, "the model 'm' has no map 'b'");
        gaze_close(model);
    }
    gaze_model *model = open_kind(SEQUENCE, "\"kind\": \"additive_scale\"");
    refuse(model, (gaze_map_part){"a", .queries = 1}, "map 'a' is not one of queries by keys");
    gaze_close(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_are_those_of_the_whole_map),
        cmocka_unit_test(what_is_worked_out_from_maps_is_cut),
        cmocka_unit_test(one_part_after_another),
        cmocka_unit_test(parts_that_a_map_has_not_got_are_refused),
    };
    return cmocka_run_group_tests(tests, make, clear);
}
