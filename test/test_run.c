/* Opening and running models through gaze.h, in reference mode. */
#include "models.h"

#include <sys/stat.h>
#include <unistd.h>

#define LAYERS                                                                                           \
    "{'name': 'look', 'type': 'attention', 'kind': 'additive_scale', 'units': 2}, "                      \
    "{'name': 'flat', 'type': 'flatten'}, {'name': 'class', 'type': 'dense', 'units': 4, 'activation': " \
    "'softmax'}"

enum { SAMPLES = 5, VALUES = 60 };

static char folder[64], file[96], weights[96];
static gaze_context *context;
static float images[SAMPLES * VALUES];

static void write_model(const char *inputs, const char *layers, const char *rest)
{
    char *text = model_text(inputs, layers, rest);
    assert_ok(gz_file_write(file, text, strlen(text)));
    free(text);
}

static int setup(void **state)
{
    (void)state;
    snprintf(folder, sizeof folder, "/tmp/gaze-run-%ld", (long)getpid());
    snprintf(file, sizeof file, "%s/model.json", folder);
    snprintf(weights, sizeof weights, "%s/weights.safetensors", folder);
    mkdir(folder, 0700);
    for (size_t i = 0; i < SAMPLES * VALUES; i++) images[i] = (float)(i * 37 % 101) / 101;
    write_model(INPUT_IMAGE, LAYERS, OUTPUT_CLASS);
    const gaze_context_options options = {.reference = true};
    return gaze_context_create(&options, &context) == GAZE_OK ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    gaze_context_destroy(context);
    unlink(weights);
    unlink(file);
    rmdir(folder);
    return 0;
}

static gaze_model *open_seed(uint64_t seed)
{
    gaze_model *model = NULL;
    assert_ok(gaze_model_open(context, file, &(gaze_model_options){.seed = seed}, &model));
    return model;
}

static const gaze_array IMAGES = {NULL, GAZE_FLOAT32, 4, {SAMPLES, 6, 5, 2}, images};

static void pieces_give_what_the_whole_batch_gives(void **state)
{
    (void)state;
    gaze_model *model = open_seed(1);
    gaze_array whole[] = {{.name = "class"}, {.name = "look"}},
               pieces[] = {{.name = "look"}, {.name = "class"}};
    assert_ok(gaze_run(model, &IMAGES, 1, whole, 2, 0));
    assert_ok(gaze_run(model, &IMAGES, 1, pieces, 2, 2));
    assert_true(whole[0].rank == 2 && whole[0].shape[0] == SAMPLES && whole[0].shape[1] == 4);
    assert_true(whole[1].rank == 3 && whole[1].shape[0] == SAMPLES && whole[1].shape[1] == 6 &&
                whole[1].shape[2] == 5);
    assert_memory_equal(whole[0].data, pieces[1].data, SAMPLES * 4 * sizeof(float));
    assert_memory_equal(whole[1].data, pieces[0].data, SAMPLES * 30 * sizeof(float));
    for (size_t s = 0; s < SAMPLES; s++) {
        double sum = 0;
        for (size_t i = 0; i < 30; i++) sum += ((float *)whole[1].data)[s * 30 + i];
        assert_true(sum > 0.99999 && sum < 1.00001);
    }
    for (size_t i = 0; i < 2; i++) free(whole[i].data), free(pieces[i].data);
    gaze_close(model);
}

static void the_simple_calls_agree_with_gaze_run(void **state)
{
    (void)state;
    gaze_model *model = open_seed(1);
    float output[SAMPLES * 4], map[SAMPLES * 30];
    gaze_array results[] = {{.name = "class"}, {.name = "look"}};
    assert_ok(gaze_run(model, &IMAGES, 1, results, 2, 0));
    assert_ok(gaze_predict(model, SAMPLES, images, output));
    assert_ok(gaze_map(model, "look", SAMPLES, images, map));
    assert_memory_equal(results[0].data, output, sizeof output);
    assert_memory_equal(results[1].data, map, sizeof map);
    free(results[0].data);
    free(results[1].data);
    gaze_close(model);
}

static void a_model_tells_its_inputs_outputs_and_maps(void **state)
{
    (void)state;
    gaze_model *model = open_seed(1);
    const gaze_array *arrays;
    const gaze_map_info *maps;
    assert_int_equal(gaze_model_inputs(model, &arrays), 1);
    assert_string_equal(arrays->name, "image");
    assert_true(arrays->rank == 4 && arrays->shape[0] == 0 && arrays->shape[1] == 6);
    assert_int_equal(gaze_model_outputs(model, &arrays), 1);
    assert_true(arrays->rank == 2 && arrays->shape[1] == 4);
    assert_int_equal(gaze_model_maps(model, &maps), 1);
    assert_string_equal(maps->kind, "additive_scale");
    assert_true(maps->rank == 2 && maps->shape[0] == 6 && maps->shape[1] == 5);
    assert_string_equal(gaze_model_name(model), "model");
    assert_int_equal(strlen(gaze_model_hash(model)), 16);
    assert_null(gaze_model_classes(model));
    gaze_close(model);
}

static void a_run_folder_brings_its_weights(void **state)
{
    (void)state;
    float first[SAMPLES * 4], other[SAMPLES * 4], again[SAMPLES * 4];
    gaze_model *model = open_seed(1);
    assert_ok(gaze_predict(model, SAMPLES, images, first));
    assert_ok(gaze_model_save_weights(model, weights));
    gaze_close(model);
    model = open_seed(2); /* the file, not its folder: nothing named model.safetensors lies beside it */
    assert_ok(gaze_predict(model, SAMPLES, images, other));
    gaze_close(model);
    assert_memory_not_equal(first, other, sizeof first);
    assert_ok(gaze_model_open(context, folder, &(gaze_model_options){.seed = 2}, &model));
    assert_ok(gaze_predict(model, SAMPLES, images, again));
    gaze_close(model);
    assert_memory_equal(first, again, sizeof first);
}

static void an_open_dimension_is_told_and_taken(void **state)
{
    (void)state;
    write_model("{'name': 'x', 'shape': [null, 2]}",
                "{'name': 'look', 'type': 'attention', 'kind': 'additive_pool'}, {'name': 'class', 'type': "
                "'dense', 'units': 4}",
                OUTPUT_CLASS);
    gaze_model *model = open_seed(1);
    const gaze_map_info *maps;
    const gaze_array *inputs, *outputs;
    gaze_model_maps(model, &maps);
    gaze_model_inputs(model, &inputs);
    gaze_model_outputs(model, &outputs);
    assert_true(maps->rank == 1 && maps->shape[0] == 0);
    assert_true(inputs->shape[1] == 0 && inputs->shape[2] == 2 && outputs->shape[1] == 4);
    for (size_t T = 3; T <= 20; T += 17) {
        const gaze_array x = {"x", GAZE_FLOAT32, 3, {2, T, 2}, images};
        gaze_array map = {.name = "look"};
        assert_ok(gaze_run(model, &x, 1, &map, 1, 0));
        assert_true(map.rank == 2 && map.shape[1] == T);
        free(map.data);
    }
    float output[4];
    assert_int_equal(gaze_predict(model, 1, images, output), GAZE_ERROR_USAGE);
    gaze_close(model);
}

static void refuse(gaze_model *model, gaze_status status, const gaze_array *input, const char *result,
                   const char *word)
{
    gaze_array results[] = {{.name = "class"}, {.name = result}};
    assert_int_equal(gaze_run(model, input, input ? 1 : 0, results, 2, 0), status);
    assert_message(word, NULL);
    assert_null(results[0].data);
}

static void wrong_inputs_and_results_are_named(void **state)
{
    (void)state;
    gaze_model *model = open_seed(1);
    gaze_array wrong = IMAGES;
    refuse(model, GAZE_ERROR_USAGE, &IMAGES, "lokk", "did you mean 'look'?");
    wrong.name = "imgae";
    refuse(model, GAZE_ERROR_USAGE, &wrong, "look", "did you mean 'image'?");
    wrong = IMAGES;
    wrong.shape[1] = 5;
    refuse(model, GAZE_ERROR_DATA, &wrong, "look", "[5,5,5,2]");
    wrong = IMAGES;
    wrong.shape[0] = 0;
    refuse(model, GAZE_ERROR_DATA, &wrong, "look", "'image'");
    wrong = IMAGES;
    wrong.dtype = GAZE_INT32;
    refuse(model, GAZE_ERROR_DATA, &wrong, "look", "int32");
    refuse(model, GAZE_ERROR_USAGE, NULL, "look", "'image' is missing");
    gaze_close(model);
}

static void more_shapes_than_kept_plans_still_run(void **state)
{
    (void)state;
    gaze_model *model = open_seed(1);
    float output[SAMPLES * 4], alone[4];
    assert_ok(gaze_predict(model, SAMPLES, images, output));
    for (size_t round = 0; round < 3; round++)
        for (size_t size = 1; size <= SAMPLES; size++)
            for (int with_map = 0; with_map < 2; with_map++) {
                gaze_array results[] = {{.name = "class"}, {.name = "look"}};
                assert_ok(gaze_run(model, &IMAGES, 1, results, 1 + (size_t)with_map, size));
                assert_memory_equal(results[0].data, output, sizeof output);
                free(results[0].data);
                if (with_map) free(results[1].data);
            }
    assert_ok(gaze_predict(model, 1, images + VALUES, alone));
    assert_memory_equal(alone, output + 4, sizeof alone);
    gaze_close(model);
}

static void a_summary_of_training_and_prediction_is_made(void **state)
{
    (void)state;
    gaze_model *model = open_seed(1);
    char *text = NULL;
    assert_ok(gaze_summary(model, 3, true, false, &text));
    assert_non_null(strstr(text, "training, batch 3"));
    free(text);
    assert_ok(gaze_summary(model, 0, false, true, &text));
    assert_non_null(strstr(text, "\"batch_size\": 1"));
    free(text);
    gaze_close(model);
}

static void a_missing_model_is_named(void **state)
{
    (void)state;
    gaze_model *model = NULL;
    assert_int_not_equal(gaze_model_open(context, "/tmp/no-such-model.json", NULL, &model), GAZE_OK);
    assert_message("/tmp/no-such-model.json", NULL);
    assert_null(model);
}

static void the_output_of_any_layer_can_be_had(void **state)
{
    (void)state;
    gaze_model *model = open_seed(1);
    gaze_array results[] = {{.name = "layer:look"},
                            {.name = "layer:flat"},
                            {.name = "map:look"},
                            {.name = "layer:class"},
                            {.name = "class"}};
    assert_ok(gaze_run(model, &IMAGES, 1, results, 5, 2));
    const float *look = results[0].data, *flat = results[1].data, *map = results[2].data;
    assert_int_equal(results[0].rank, 4);
    assert_int_equal(results[1].rank, 2);
    assert_memory_equal(look, flat, SAMPLES * VALUES * sizeof *look); /* the same values, as one row */
    for (size_t i = 0; i < SAMPLES * VALUES; i++)                     /* additive_scale: N a_t h_t */
        assert_float_equal(look[i], 30 * map[i / 2] * images[i], 1e-5);
    assert_memory_equal(results[3].data, results[4].data, SAMPLES * 4 * sizeof(float));
    for (size_t i = 0; i < 5; i++) free(results[i].data);
    gaze_close(model);
}

static void a_layer_that_is_not_there_is_refused_with_the_nearest(void **state)
{
    (void)state;
    gaze_model *model = open_seed(1);
    gaze_array result = {.name = "layer:flt"};
    assert_int_equal(gaze_run(model, &IMAGES, 1, &result, 1, 0), GAZE_ERROR_USAGE);
    assert_message("no layer 'flt'", "did you mean 'flat'?", NULL);
    gaze_close(model);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(pieces_give_what_the_whole_batch_gives),
        TEST(the_output_of_any_layer_can_be_had),
        TEST(a_layer_that_is_not_there_is_refused_with_the_nearest),
        TEST(the_simple_calls_agree_with_gaze_run),
        TEST(a_model_tells_its_inputs_outputs_and_maps),
        TEST(a_run_folder_brings_its_weights),
        TEST(an_open_dimension_is_told_and_taken),
        TEST(wrong_inputs_and_results_are_named),
        TEST(more_shapes_than_kept_plans_still_run),
        TEST(a_summary_of_training_and_prediction_is_made),
        TEST(a_missing_model_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
