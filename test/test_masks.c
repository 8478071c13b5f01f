/* Ids, embeddings and the masks that they make, through the layers (in reference mode). */
#include "models.h"
#include "../engine/model/ids.h"

#define TOKENS "{'name': 'a', 'shape': [4], 'dtype': 'int32'}, {'name': 'b', 'shape': [4], 'dtype': 'int32'}"
#define EMBED(name, input, zero)                                                                         \
    "{'name': '" name "', 'type': 'embedding', 'input_dim': 5, 'output_dim': 2, 'inputs': '" input "', " \
    "'mask_zero': " zero "}, "

static small_run run;

/* `mask` is looked at as the weights of additive pooling with all weights 0: equal shares for the steps that
 * count. */
static void open_model(const char *layers)
{
    char all[1024];
    snprintf(all, sizeof all, "%s%s%s%s", EMBED("ea", "a", "true"), EMBED("eb", "b", "true"),
             EMBED("plain", "b", "false"), layers);
    static const char *const maps[] = {"look"};
    const gz_build_options options = {.batch = 1, .maps = maps, .n_maps = 1};
    start(&run, read_model(TOKENS, all, "'outputs': ['look']"), &options);
    assert_ok(gz_plan_write(run.plan, run.built.inputs[0], (int32_t[]){1, 0, 3, 0}));
    assert_ok(gz_plan_write(run.plan, run.built.inputs[1], (int32_t[]){4, 2, 0, 0}));
    assert_ok(gz_plan_run(run.plan));
}

static int close_model(void **state)
{
    (void)state;
    finish(&run);
    run = (small_run){0};
    return 0;
}

static void assert_shares(const float *expected, size_t n)
{
    float got[16];
    assert_int_equal(gz_shape_count(run.built.maps[0].tensor->shape), n);
    assert_ok(gz_plan_read(run.plan, run.built.maps[0].tensor, got));
    for (size_t i = 0; i < n; i++)
        if (got[i] < expected[i] - 1e-6f || got[i] > expected[i] + 1e-6f)
            fail_msg("step %zu has %g, expected %g", i, (double)got[i], (double)expected[i]);
}
#define SHARES(...) assert_shares((float[]){__VA_ARGS__}, sizeof((float[]){__VA_ARGS__}) / sizeof(float))
#define LOOK        "{'name': 'look', 'type': 'attention', 'kind': 'additive_pool'}"

static void mask_zero_masks_id_0(void **state)
{
    (void)state;
    open_model("{'name': 'same', 'type': 'activation', 'activation': 'tanh', 'inputs': 'ea'}, " LOOK);
    SHARES(0.5f, 0, 0.5f, 0);
}

static void without_mask_zero_every_step_counts(void **state)
{
    (void)state;
    open_model("{'name': 'same', 'type': 'activation', 'activation': 'tanh', 'inputs': 'plain'}, " LOOK);
    SHARES(0.25f, 0.25f, 0.25f, 0.25f);
}

static void add_joins_masks_with_or(void **state)
{
    (void)state;
    open_model("{'name': 'sum', 'type': 'add', 'inputs': ['ea', 'eb']}, " LOOK);
    SHARES(1.0f / 3, 1.0f / 3, 1.0f / 3, 0);
}

static void multiply_has_no_mask_if_one_input_has_none(void **state)
{
    (void)state;
    open_model("{'name': 'product', 'type': 'multiply', 'inputs': ['ea', 'plain']}, " LOOK);
    SHARES(0.25f, 0.25f, 0.25f, 0.25f);
}

static void concatenate_on_the_features_joins_with_or(void **state)
{
    (void)state;
    open_model("{'name': 'wide', 'type': 'concatenate', 'inputs': ['ea', 'eb']}, " LOOK);
    SHARES(1.0f / 3, 1.0f / 3, 1.0f / 3, 0);
}

static void concatenate_of_steps_appends_masks(void **state)
{
    (void)state;
    open_model("{'name': 'long', 'type': 'concatenate', 'axis': 1, 'inputs': ['ea', 'plain']}, " LOOK);
    SHARES(1.0f / 6, 0, 1.0f / 6, 0, 1.0f / 6, 1.0f / 6, 1.0f / 6, 1.0f / 6);
}

static void conv1d_drops_the_mask(void **state)
{
    (void)state;
    open_model("{'name': 'c', 'type': 'conv1d', 'filters': 2, 'kernel_size': 1, 'inputs': 'ea'}, " LOOK);
    SHARES(0.25f, 0.25f, 0.25f, 0.25f);
}

static void global_average_pool1d_leaves_masked_steps_out(void **state)
{
    (void)state;
    const gz_build_options options = {.batch = 2};
    float y[4];
    start(&run,
          read_model(TOKENS, EMBED("ea", "a", "true") "{'name': 'pool', 'type': 'global_average_pool1d'}",
                     "'outputs': ['pool']"),
          &options);
    set_weight(&run, "ea.embeddings", (float[]){100, 100, 1, 2, 3, 4, 5, 6, 7, 8});
    assert_ok(gz_plan_write(run.plan, run.built.inputs[0], (int32_t[]){0, 1, 3, 0, 0, 0, 0, 0}));
    assert_ok(gz_plan_run(run.plan));
    assert_ok(gz_plan_read(run.plan, run.built.outputs[0], y));
    assert_true(y[0] == 3 && y[1] == 4);
    assert_true(y[2] == 0 && y[3] == 0); /* no step counts */
}

static void position_embedding_adds_its_first_rows(void **state)
{
    (void)state;
    const gz_build_options options = {.batch = 2};
    float x[24], y[24];
    start(&run,
          read_model(INPUT_STEPS, "{'name': 'p', 'type': 'position_embedding', 'sequence_length': 5}",
                     "'outputs': ['p']"),
          &options);
    float rows[15];
    for (size_t i = 0; i < 24; i++) x[i] = (float)i;
    for (size_t i = 0; i < 15; i++) rows[i] = 100 * (float)i;
    set_weight(&run, "p.embeddings", rows);
    assert_ok(gz_plan_write(run.plan, run.built.inputs[0], x));
    assert_ok(gz_plan_run(run.plan));
    assert_ok(gz_plan_read(run.plan, run.built.outputs[0], y));
    for (size_t i = 0; i < 24; i++) assert_true(y[i] == x[i] + rows[i % 12]);
}

static void position_embedding_refuses_more_steps_than_it_has(void **state)
{
    (void)state;
    assert_refused(INPUT_STEPS, "{'name': 'p', 'type': 'position_embedding', 'sequence_length': 3}",
                   "'outputs': ['p']", "'p'", "4 steps", "is 3");
}

static void embeddings_refuse_values_that_are_no_ids(void **state)
{
    (void)state;
    assert_refused(INPUT_STEPS, "{'name': 'e', 'type': 'embedding', 'input_dim': 5, 'output_dim': 2}",
                   "'outputs': ['e']", "'e'", "'x'", "int32");
}

/* The smallest table that an input reaches, also through another layer. */
static void ids_beyond_the_smallest_table_are_named(void **state)
{
    (void)state;
    const gz_build_options options = {.batch = 2};
    start(&run,
          read_model("{'name': 'a', 'shape': [2, 2], 'dtype': 'int32'}",
                     "{'name': 'turned', 'type': 'permute', 'dims': [2, 1]},"
                     "{'name': 'small', 'type': 'embedding', 'input_dim': 3, 'output_dim': 1},"
                     "{'name': 'large', 'type': 'embedding', 'input_dim': 9, 'output_dim': 1, 'inputs': 'a'}",
                     "'outputs': ['small']"),
          &options);
    assert_ok(gz_ids_check(run.model, &run.built, 0, (int32_t[]){0, 1, 2, 0, 0, 1, 2, 2}, 0));
    assert_int_equal(gz_ids_check(run.model, &run.built, 0, (int32_t[]){0, 1, 2, 0, 0, 1, 3, 0}, 64),
                     GAZE_ERROR_DATA);
    assert_message("'a'", "sample 65", "[1,0]", "id 3", "0 to 2", "'small'", NULL);
    assert_int_equal(gz_ids_check(run.model, &run.built, 0, (int32_t[]){0, 1, 2, -1, 0, 1, 3, 0}, 0),
                     GAZE_ERROR_DATA);
    assert_message("sample 0", "[1,1]", "id -1", NULL);
}

int main(void)
{
#define OPEN(name) cmocka_unit_test_teardown(name, close_model)
    const struct CMUnitTest tests[] = {
        OPEN(mask_zero_masks_id_0),
        OPEN(without_mask_zero_every_step_counts),
        OPEN(add_joins_masks_with_or),
        OPEN(multiply_has_no_mask_if_one_input_has_none),
        OPEN(concatenate_on_the_features_joins_with_or),
        OPEN(concatenate_of_steps_appends_masks),
        OPEN(conv1d_drops_the_mask),
        OPEN(global_average_pool1d_leaves_masked_steps_out),
        OPEN(position_embedding_adds_its_first_rows),
        cmocka_unit_test(position_embedding_refuses_more_steps_than_it_has),
        cmocka_unit_test(embeddings_refuse_values_that_are_no_ids),
        OPEN(ids_beyond_the_smallest_table_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
