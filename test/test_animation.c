/* The animation over a run's checkpoints. */
#include "dump.h"

static const char needle_model[] =
    "{\"gaze_model\": 1, \"name\": \"needle\", \"inputs\": [{\"name\": \"x\", \"shape\": [8, 5]}], "
    "\"layers\": ["
    "{\"name\": \"look\", \"type\": \"attention\", \"kind\": \"additive_pool\", \"units\": 3},"
    "{\"name\": \"class\", \"type\": \"dense\", \"units\": 3, \"activation\": \"softmax\"}],"
    "\"outputs\": [\"class\"], \"loss\": \"sparse_categorical_crossentropy\","
    "\"train\": {\"batch_size\": 20, \"epochs\": 3},"
    "\"data\": {\"type\": \"synthetic\", \"path\": \"needle\", \"train_count\": 60, \"test_count\": 20}}";

static void train(const char *folder, size_t keep)
{
    gaze_model *model = open_model(needle_model);
    gaze_data *data;
    assert_done(gaze_data_open(model, NULL, 1, &data));
    assert_done(
        gaze_train(model, data, &(gaze_train_options){.out = folder, .keep_checkpoints = keep}, NULL));
    gaze_data_close(data);
    gaze_close(model);
}

static void animate(const char *run, const char *out, const char *checkpoints, gaze_status expected,
                    report *r)
{
    gaze_model *model;
    gaze_array input, before = {.name = "class"}, after = {.name = "class"};
    gaze_data *data;
    *r = (report){.n_files = 0};
    assert_done(gaze_model_open(context, run, NULL, &model));
    assert_done(gaze_data_open(model, NULL, 1, &data));
    assert_done(gaze_data_sample(data, true, 3, &input, 1, NULL));
    assert_done(gaze_run(model, &input, 1, &before, 1, 0));
    const gaze_dump_options options = {.out = out, .view = "animation", .checkpoints = checkpoints};
    assert_int_equal(gaze_dump(model, &input, 1, "set", NULL, NULL, &options, keep, r), expected);
    assert_done(gaze_run(model, &input, 1, &after, 1, 0));
    assert_memory_equal(before.data, after.data, 3 * sizeof(float)); /* the model has its own weights again */
    free(before.data);
    free(after.data);
    free(input.data);
    gaze_data_close(data);
    gaze_close(model);
}

/* From the chunk acTL. */
static size_t count_frames(const char *path)
{
    char *bytes;
    size_t size;
    read_all(path, &bytes, &size);
    assert_memory_equal(bytes + 37, "acTL", 4);
    const size_t count = (size_t)(unsigned char)bytes[44];
    free(bytes);
    return count;
}

static void every_checkpoint_is_a_frame(void **state)
{
    (void)state;
    report r;
    char run[300];
    snprintf(run, sizeof run, "%s", scratch_path("run"));
    train(run, GAZE_ALL);
    animate(run, scratch_path("maps"), NULL, GAZE_OK, &r);
    assert_file(&r, 2, "set.look.0.animation.png");
    assert_int_equal(count_frames(r.files[2]), 4); /* before training, and after each of three epochs */
    assert_int_equal(r.n_notes, 0);
}

static void damaged_checkpoints_are_left_out(void **state)
{
    (void)state;
    report r;
    char run[300], cut[330];
    snprintf(run, sizeof run, "%s", scratch_path("damaged"));
    train(run, GAZE_ALL);
    snprintf(cut, sizeof cut, "%s/checkpoint-6.safetensors", run);
    assert_int_equal(truncate(cut, 900), 0);
    animate(run, scratch_path("fewer"), NULL, GAZE_OK, &r);
    assert_int_equal(count_frames(r.files[2]), 3);
    assert_non_null(strstr(r.notes[0], "checkpoint-6"));
}

static void only_as_many_checkpoints_stay_as_were_asked_for(void **state)
{
    (void)state;
    report r;
    char run[300];
    snprintf(run, sizeof run, "%s", scratch_path("two"));
    train(run, GAZE_ALL);
    train(run, 0); /* the same folder: what was there before is gone */
    assert_false(gz_file_exists(scratch_path("two/checkpoint-0.safetensors")));
    assert_false(gz_file_exists(scratch_path("two/checkpoint-3.safetensors")));
    assert_true(gz_file_exists(scratch_path("two/checkpoint-6.safetensors")));
    assert_true(gz_file_exists(scratch_path("two/checkpoint-9.safetensors")));
    animate(run, scratch_path("short"), run, GAZE_OK, &r);
    assert_int_equal(count_frames(r.files[2]), 2);
    assert_non_null(strstr(r.notes[0], "--keep-checkpoints all"));
    animate(run, scratch_path("none"), scratch_path("short"), GAZE_ERROR_DATA, &r);
    assert_non_null(strstr(gaze_message(), "no checkpoints"));
}

static void other_models_checkpoints_are_refused(void **state)
{
    (void)state;
    report r;
    char run[300];
    snprintf(run, sizeof run, "%s", scratch_path("other"));
    train(run, 0);
    assert_refused(
        dump(steps_model, &steps,
             &(gaze_dump_options){.out = scratch_path("x"), .view = "animation", .checkpoints = run}, &r),
        GAZE_ERROR_MODEL, "a checkpoint of another model", NULL);
    assert_refused(
        dump(steps_model, &steps, &(gaze_dump_options){.out = scratch_path("x"), .view = "animation"}, &r),
        GAZE_ERROR_USAGE, "needs a run folder with checkpoints", NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_checkpoint_is_a_frame),
        cmocka_unit_test(damaged_checkpoints_are_left_out),
        cmocka_unit_test(only_as_many_checkpoints_stay_as_were_asked_for),
        cmocka_unit_test(other_models_checkpoints_are_refused),
    };
    return cmocka_run_group_tests(tests, make, clear);
}
