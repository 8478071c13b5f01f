/* Data sets of arrays in memory, training that keeps no files, and models saved as a whole. */
#include "dump.h"

#include "../engine/io/npy.h"

static const char two_inputs[] =
    "{\"gaze_model\": 1, \"name\": \"two\", \"inputs\": [{\"name\": \"x\", \"shape\": [3]}, "
    "{\"name\": \"ids\", \"shape\": [null], \"dtype\": \"int32\"}], \"layers\": ["
    "{\"name\": \"embed\", \"type\": \"embedding\", \"input_dim\": 20, \"output_dim\": 2, \"inputs\": "
    "[\"ids\"]},"
    "{\"name\": \"look\", \"type\": \"attention\", \"kind\": \"additive_pool\"},"
    "{\"name\": \"both\", \"type\": \"concatenate\", \"inputs\": [\"x\", \"look\"]},"
    "{\"name\": \"class\", \"type\": \"dense\", \"units\": 3, \"activation\": \"softmax\"}],"
    "\"outputs\": [\"class\"], \"loss\": \"sparse_categorical_crossentropy\","
    "\"optimizer\": {\"type\": \"adam\"}, \"train\": {\"batch_size\": 2, \"epochs\": 2}}";

static float x[12] = {0, .1f, .2f, .3f, .4f, .5f, .6f, .7f, .8f, .9f, 1, 1.1f},
             other_x[6] = {2, 3, 4, 5, 6, 7};
static int32_t ids[8] = {0, 1, 2, 3, 4, 5, 6, 7}, other_ids[4] = {10, 11, 12, 13};
static int32_t label[4] = {0, 2, 1, 2}, other_label[2] = {1, 0};

static const gaze_array train_inputs[2] = {{"x", GAZE_FLOAT32, 2, {4, 3}, x},
                                           {"ids", GAZE_INT32, 2, {4, 2}, ids}},
                        test_inputs[2] = {{"x", GAZE_FLOAT32, 2, {2, 3}, other_x},
                                          {"ids", GAZE_INT32, 2, {2, 2}, other_ids}},
                        train_label = {"label", GAZE_INT32, 1, {4}, label},
                        test_label = {"label", GAZE_INT32, 1, {2}, other_label};
static const gaze_data_arrays train_part = {train_inputs, 2, &train_label},
                              test_part = {test_inputs, 2, &test_label};

static void save(const char *part, const gaze_array *array)
{
    char name[64];
    assert_done(gz_folder_make(scratch_path(part), false));
    snprintf(name, sizeof name, "%s/%s.npy", part, array->name);
    assert_done(gz_npy_write(scratch_path(name), array));
}

static int save_files(void **state)
{
    if (make(state)) return -1;
    for (size_t i = 0; i < 2; i++) {
        save("train", &train_inputs[i]);
        save("test", &test_inputs[i]);
    }
    save("train", &train_label);
    save("test", &test_label);
    return 0;
}

static void train_and_predict(gaze_model *model, gaze_data *data, const char *out, float y[12])
{
    gaze_array result = {.name = "class"};
    gaze_metrics metrics;
    assert_done(gaze_train(model, data, &(gaze_train_options){.out = out}, &metrics));
    assert_int_equal(metrics.samples, 4);
    assert_done(gaze_run(model, train_inputs, 2, &result, 1, 0));
    memcpy(y, result.data, 12 * sizeof *y);
    free(result.data);
    gaze_data_close(data);
}

static void arrays_train_to_the_same_bits_as_files(void **state)
{
    (void)state;
    char spec[300];
    float of_files[12], of_arrays[12];
    gaze_model *model = open_model(two_inputs);
    gaze_data *data;
    snprintf(spec, sizeof spec, "npy:%s", scratch_folder);
    assert_done(gaze_data_open(model, spec, 0, &data));
    train_and_predict(model, data, scratch_path("run"), of_files);
    gaze_close(model);
    model = open_model(two_inputs);
    assert_done(gaze_data_from(model, &train_part, &test_part, false, &data));
    assert_string_equal(gaze_data_type(data), "memory");
    assert_int_equal(gaze_data_count(data, true), 2);
    train_and_predict(model, data, NULL, of_arrays);
    gaze_close(model);
    assert_memory_equal(of_files, of_arrays, sizeof of_files);
}

/* One training, then a second one that begins with the same weights. */
static void a_second_training_begins_with_a_fresh_optimizer(void **state)
{
    (void)state;
    float first[12], second[12];
    gaze_data *data;
    gaze_model *model = open_model(two_inputs);
    const char *weights = scratch_path("middle.safetensors"), *file = scratch_path("model.json");
    assert_done(gaze_data_from(model, &train_part, NULL, false, &data));
    train_and_predict(model, data, NULL, first);
    assert_done(gaze_model_save_weights(model, weights));
    assert_done(gaze_data_from(model, &train_part, NULL, false, &data));
    train_and_predict(model, data, NULL, first);
    gaze_close(model);
    assert_done(gaze_model_open(context, file, &(gaze_model_options){.weights = weights}, &model));
    assert_done(gaze_data_from(model, &train_part, NULL, false, &data));
    train_and_predict(model, data, NULL, second);
    gaze_close(model);
    for (size_t i = 0; i < 12; i++) /* files round what the references hold in double */
        assert_float_equal(first[i], second[i], 1e-6);
}

static void arrays_without_names_are_taken_in_their_order(void **state)
{
    (void)state;
    gaze_array nameless[2] = {train_inputs[0], train_inputs[1]};
    gaze_model *model = open_model(two_inputs);
    gaze_data *data;
    nameless[0].name = nameless[1].name = NULL;
    assert_done(gaze_data_from(model, &(gaze_data_arrays){nameless, 2, NULL}, NULL, false, &data));
    gaze_data_close(data);
    gaze_close(model);
}

static void what_does_not_fit_is_refused_by_name(void **state)
{
    (void)state;
    gaze_model *model = open_model(two_inputs);
    gaze_data *data;
    gaze_array wrong[2] = {train_inputs[0], train_inputs[1]}, floats = train_label;
    wrong[0].shape[1] = 2;
    assert_refused(gaze_data_from(model, &(gaze_data_arrays){wrong, 2, &train_label}, NULL, false, &data),
                   GAZE_ERROR_DATA, "'x'", "[4,2]", "[samples,3]", NULL);
    wrong[0] = train_inputs[0];
    wrong[1].name = "idz";
    assert_refused(gaze_data_from(model, &(gaze_data_arrays){wrong, 2, &train_label}, NULL, false, &data),
                   GAZE_ERROR_DATA, "no array", "'ids'", NULL);
    assert_refused(gaze_data_from(model, &(gaze_data_arrays){wrong, 1, &train_label}, NULL, false, &data),
                   GAZE_ERROR_DATA, "1 arrays", "2 inputs", NULL);
    floats.dtype = GAZE_FLOAT32;
    assert_refused(gaze_data_from(model, &(gaze_data_arrays){train_inputs, 2, &floats}, NULL, false, &data),
                   GAZE_ERROR_DATA, "label", "floats", NULL);
    assert_refused(
        gaze_data_from(model, &train_part, &(gaze_data_arrays){test_inputs, 2, NULL}, false, &data),
        GAZE_ERROR_DATA, "only the training part has labels", NULL);
    gaze_close(model);
}

static void samples_in_both_parts_are_refused_unless_allowed(void **state)
{
    (void)state;
    gaze_model *model = open_model(two_inputs);
    gaze_data *data;
    assert_refused(gaze_data_from(model, &train_part, &train_part, false, &data), GAZE_ERROR_DATA,
                   "sample 0 of the training part is sample 0 of the test part", NULL);
    assert_done(gaze_data_from(model, &train_part, &train_part, true, &data));
    gaze_data_close(data);
    gaze_close(model);
}

static bool stop(void *user, const gaze_progress *progress)
{
    (void)user, (void)progress;
    return false;
}

static void without_a_folder_a_stop_says_so_and_resume_is_refused(void **state)
{
    (void)state;
    gaze_model *model = open_model(two_inputs);
    gaze_data *data;
    assert_done(gaze_data_from(model, &train_part, NULL, false, &data));
    assert_refused(gaze_train(model, data, &(gaze_train_options){.progress = stop}, NULL), GAZE_INTERRUPTED,
                   "interrupted after 2 updates", NULL);
    assert_null(strstr(gaze_message(), "checkpoint"));
    assert_refused(gaze_train(model, data, &(gaze_train_options){.resume = true}, NULL), GAZE_ERROR_USAGE,
                   "need a folder", NULL);
    gaze_data_close(data);
    gaze_close(model);
}

static void a_saved_model_opens_with_its_weights(void **state)
{
    (void)state;
    const gaze_model_options seeded = {.seed = 5}, adapted = {.seed = 5, .adapt = {.n_classes = 4}};
    const char *file = write_scratch("model.json", two_inputs, strlen(two_inputs)),
               *folder = scratch_path("saved/here");
    gaze_array a = {.name = "class"}, b = {.name = "class"};
    gaze_model *model, *again;
    assert_done(gaze_model_open(context, file, &adapted, &model));
    assert_done(gaze_model_save(model, folder));
    assert_done(gaze_model_open(context, folder, NULL, &again));
    assert_done(gaze_run(model, train_inputs, 2, &a, 1, 0));
    assert_done(gaze_run(again, train_inputs, 2, &b, 1, 0));
    assert_int_equal(b.shape[1], 4);
    assert_memory_equal(a.data, b.data, 16 * sizeof(float));
    assert_int_equal(entries_in(folder), 2);
    free(a.data);
    free(b.data);
    gaze_close(again);
    gaze_close(model);
    assert_done(gaze_model_open(context, file, &seeded, &model));
    assert_refused(gaze_model_save(model, scratch_path("model.json/below")), GAZE_ERROR_DATA, "model.json",
                   NULL);
    gaze_close(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arrays_train_to_the_same_bits_as_files),
        cmocka_unit_test(a_second_training_begins_with_a_fresh_optimizer),
        cmocka_unit_test(arrays_without_names_are_taken_in_their_order),
        cmocka_unit_test(what_does_not_fit_is_refused_by_name),
        cmocka_unit_test(samples_in_both_parts_are_refused_unless_allowed),
        cmocka_unit_test(without_a_folder_a_stop_says_so_and_resume_is_refused),
        cmocka_unit_test(a_saved_model_opens_with_its_weights),
    };
    return cmocka_run_group_tests(tests, save_files, clear);
}
