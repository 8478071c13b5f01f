/* Attention rollout: small products by hand, and the maps of models by their names. */
#include "dump.h"

#include <math.h>

#define PATCHES                                                                                            \
    "{\"name\": \"patches\", \"type\": \"conv2d\", \"filters\": 4, \"kernel_size\": [3, 2], \"strides\": " \
    "[3, 2]},"                                                                                             \
    "{\"name\": \"tokens\", \"type\": \"reshape\", \"target_shape\": [4, 4]},"
#define BLOCKS                                                                                               \
    "{\"name\": \"one\", \"type\": \"attention\", \"kind\": \"multi_head\", \"num_heads\": 2, \"key_dim\": " \
    "3},"                                                                                                    \
    "{\"name\": \"two\", \"type\": \"attention\", \"kind\": \"multi_head\", \"num_heads\": 1, \"key_dim\": " \
    "3},"                                                                                                    \
    "{\"name\": \"flat\", \"type\": \"flatten\"}], \"outputs\": [\"flat\"]}"

static const char patches_model[] = "{\"gaze_model\": 1, \"name\": \"patches\", \"inputs\": [{\"name\": "
                                    "\"image\", \"shape\": [6, 5, 1]}], \"layers\": [" PATCHES BLOCKS;

static const char class_token_model[] =
    "{\"gaze_model\": 1, \"name\": \"classed\", \"inputs\": [{\"name\": \"image\", \"shape\": [6, 5, 1]}, "
    "{\"name\": \"start\", "
    "\"shape\": [1, 4]}], \"layers\": [{\"name\": \"first\", \"type\": \"activation\", \"activation\": "
    "\"linear\", \"inputs\": "
    "[\"start\"]}, {\"name\": \"patches\", \"type\": \"conv2d\", \"filters\": 4, \"kernel_size\": [3, 2], "
    "\"strides\": [3, 2], "
    "\"inputs\": [\"image\"]}, {\"name\": \"tokens\", \"type\": \"reshape\", \"target_shape\": [4, 4]}, "
    "{\"name\": \"all\", \"type\": \"concatenate\", \"axis\": 1, \"inputs\": [\"first\", "
    "\"tokens\"]}, " BLOCKS;

static const char unlike_model[] = "{\"gaze_model\": 1, \"name\": \"unlike\", \"inputs\": [{\"name\": \"x\", "
                                   "\"shape\": [6, 5]}], \"layers\": ["
                                   "{\"name\": \"zero\", \"type\": \"attention\", \"kind\": \"multi_head\", "
                                   "\"num_heads\": 1, \"key_dim\": 3},"
                                   "{\"name\": \"half\", \"type\": \"max_pool1d\", \"pool_size\": 2}," BLOCKS;

static void assert_values(const gaze_array *found, const float *expected, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!(fabsf(((const float *)found->data)[i] - expected[i]) <= 1e-6F))
            fail_msg("value %zu is %.9g, expected %.9g", i, (double)((const float *)found->data)[i],
                     (double)expected[i]);
}

static void blocks_are_multiplied_from_the_last_to_the_first(void **state)
{
    (void)state;
    float first[] = {1, 0, 0, 1,
                     0, 1, 1, 0};  /* two heads; their mean is 1/2 everywhere: A = 3/4 1/4, 1/4 3/4 */
    float second[] = {1, 0, 1, 0}; /* A = 1 0, 1/2 1/2 */
    const gaze_array maps[2] = {{"a", GAZE_FLOAT32, 4, {1, 2, 2, 2}, first},
                                {"b", GAZE_FLOAT32, 3, {1, 2, 2}, second}};
    gaze_array rollout = {.name = NULL};
    assert_done(gaze_rollout(maps, 2, &rollout));
    assert_int_equal(rollout.rank * 1000 + rollout.shape[0] * 100 + rollout.shape[1] * 10 + rollout.shape[2],
                     3122);
    assert_values(&rollout, (const float[]){0.75F, 0.25F, 0.5F, 0.5F}, 4);
    free(rollout.data);
}

static void a_query_that_sees_nothing_stays_what_it_is(void **state)
{
    (void)state;
    float map[] = {0, 0, 0.5F, 0.5F};
    gaze_array rollout = {.name = NULL};
    assert_done(gaze_rollout(&(gaze_array){"a", GAZE_FLOAT32, 3, {1, 2, 2}, map}, 1, &rollout));
    assert_values(&rollout, (const float[]){1, 0, 0.25F, 0.75F}, 4);
    free(rollout.data);
}

static void maps_that_do_not_fit_together_are_refused(void **state)
{
    (void)state;
    float map[9] = {0};
    const gaze_array maps[2] = {{"a", GAZE_FLOAT32, 3, {1, 2, 2}, map},
                                {"b", GAZE_FLOAT32, 3, {1, 3, 3}, map}};
    const gaze_array wide = {"c", GAZE_FLOAT32, 3, {1, 2, 3}, map};
    gaze_array rollout;
    assert_refused(gaze_rollout(maps, 2, &rollout), GAZE_ERROR_USAGE,
                   "'b' has 1 samples of 3 tokens, expected 1 of 2", NULL);
    assert_refused(gaze_rollout(&wide, 1, &rollout), GAZE_ERROR_USAGE, "'c' is not [batch,T,T]", NULL);
    assert_refused(gaze_rollout(maps, 0, &rollout), GAZE_ERROR_USAGE, "no maps", NULL);
}

static void its_rows_lie_on_the_image(void **state)
{
    (void)state;
    gaze_model *model = open_model(patches_model);
    const gaze_map_info *info;
    gaze_array found[5] = {{.name = "one"},
                           {.name = "two"},
                           {.name = "rollout"},
                           {.name = "rollout:mean"},
                           {.name = "rollout:2"}};
    gaze_array expected = {.name = NULL};
    assert_done(gaze_run(model, &images, 1, found, 5, 2));
    assert_done(gaze_rollout(found, 2, &expected));
    assert_values(&found[2], expected.data, SAMPLES * 16);
    for (size_t b = 0; b < SAMPLES; b++) {
        const float *rows = (const float *)expected.data + b * 16;
        float mean[4];
        for (size_t j = 0; j < 4; j++) mean[j] = (rows[j] + rows[4 + j] + rows[8 + j] + rows[12 + j]) / 4;
        assert_values(&(gaze_array){.data = (float *)found[3].data + 4 * b}, mean, 4);
        assert_values(&(gaze_array){.data = (float *)found[4].data + 4 * b}, rows + 8, 4);
    }
    assert_done(gaze_find_map(model, "rollout:mean", &info));
    assert_int_equal(info->axes, GAZE_MAP_POSITIONS);
    assert_int_equal(info->rank * 100 + info->shape[0] * 10 + info->shape[1], 222);
    assert_true(info->field.known && info->field.step[0] == 3 && info->field.step[1] == 2 &&
                info->sums_to_one);
    assert_done(gaze_find_map(model, "rollout", &info));
    assert_int_equal(info->axes, GAZE_MAP_QUERY_KEY);
    for (size_t i = 0; i < 5; i++) free(found[i].data);
    free(expected.data);
    gaze_close(model);
}

static void a_class_token_has_no_cell(void **state)
{
    (void)state;
    float start[SAMPLES * 4] = {0.5F, -1, 2, 0, 1, 1, -1, 0.25F, -3, 0, 1, 1};
    const gaze_array inputs[2] = {images, {NULL, GAZE_FLOAT32, 3, {SAMPLES, 1, 4}, start}};
    gaze_model *model = open_model(class_token_model);
    gaze_array whole = {.name = "rollout"}, row = {.name = "rollout:0"}, *both[2] = {&whole, &row};
    for (size_t i = 0; i < 2; i++) assert_done(gaze_run(model, inputs, 2, both[i], 1, 0));
    assert_int_equal(whole.shape[1], 5);
    assert_int_equal(row.rank * 100 + row.shape[1] * 10 + row.shape[2], 322);
    for (size_t b = 0; b < SAMPLES; b++)
        assert_values(&(gaze_array){.data = (float *)row.data + 4 * b},
                      (const float *)whole.data + 25 * b + 1, 4);
    free(whole.data);
    free(row.data);
    gaze_close(model);
}

static void what_has_no_rollout_is_refused(void **state)
{
    (void)state;
    const gaze_map_info *info;
    gaze_model *model = open_model(patches_model), *pooled = open_model(steps_model),
               *unlike = open_model(unlike_model);
    assert_refused(gaze_find_map(model, "rollout:4", &info), GAZE_ERROR_USAGE, "no query 4, expected 0..3",
                   NULL);
    assert_refused(gaze_find_map(model, "rollout:max", &info), GAZE_ERROR_USAGE, "'max'", "rollout:mean",
                   NULL);
    assert_refused(gaze_find_map(pooled, "rollout", &info), GAZE_ERROR_USAGE, "no self-attention", NULL);
    assert_refused(gaze_find_map(unlike, "rollout", &info), GAZE_ERROR_USAGE,
                   "'one' is between 3 tokens, 'zero' between 6", NULL);
    gaze_close(model);
    gaze_close(pooled);
    gaze_close(unlike);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks_are_multiplied_from_the_last_to_the_first),
        cmocka_unit_test(a_query_that_sees_nothing_stays_what_it_is),
        cmocka_unit_test(maps_that_do_not_fit_together_are_refused),
        cmocka_unit_test(its_rows_lie_on_the_image),
        cmocka_unit_test(a_class_token_has_no_cell),
        cmocka_unit_test(what_has_no_rollout_is_refused),
    };
    return cmocka_run_group_tests(tests, make, clear);
}
