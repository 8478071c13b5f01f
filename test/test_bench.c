/* gaze_bench without a device: the figures that need none, and what it leaves behind. */
#include "scratch.h"

#include <math.h>

#define MODEL(REST)                                                                                         \
    "{\"gaze_model\": 1, \"inputs\": [{\"name\": \"image\", \"shape\": [6, 5, 2]}], \"layers\": ["          \
    "{\"name\": \"look\", \"type\": \"attention\", \"kind\": \"additive_scale\", \"units\": 2}, "           \
    "{\"name\": \"flat\", \"type\": \"flatten\"}, {\"name\": \"drop\", \"type\": \"dropout\", \"rate\": "   \
    "0.5}, "                                                                                                \
    "{\"name\": \"class\", \"type\": \"dense\", \"units\": 4, \"activation\": \"softmax\"}], \"outputs\": " \
    "[\"class\"]" REST "}"

static gaze_context *context;
static gaze_model *model;

static gaze_model *open_text(const char *text)
{
    gaze_model *opened = NULL;
    const char *path = write_scratch("model.json", text, strlen(text));
    assert_done(gaze_model_open(context, path, &(gaze_model_options){.seed = 3}, &opened));
    return opened;
}

static int setup(void **state)
{
    if (scratch_make(state) != 0) return -1;
    return gaze_context_create(&(gaze_context_options){.reference = true}, &context) == GAZE_OK ? 0 : -1;
}

static int teardown(void **state)
{
    gaze_context_destroy(context);
    return scratch_remove(state);
}

static int open_model(void **state)
{
    (void)state;
    model = open_text(MODEL(", \"loss\": \"sparse_categorical_crossentropy\""));
    return 0;
}

static int close_model(void **state)
{
    (void)state;
    gaze_close(model);
    model = NULL;
    return 0;
}

static gaze_bench_result bench(bool training)
{
    gaze_bench_result result;
    assert_done(gaze_bench(
        model, &(gaze_bench_options){.training = training, .batch_size = 8, .seconds = 0.02}, &result));
    return result;
}

static void samples_per_second_are_the_batch_by_the_median_step(void **state)
{
    (void)state;
    gaze_bench_result result = bench(false);
    assert_true(result.samples_per_second > 0);
    assert_true(fabs(result.samples_per_second * result.step_ms * 1e-3 - 8) < 1e-6);
    assert_true(result.memory_bytes > 0);
    gaze_bench_free(&result);
}

static void training_step_works_more_than_a_prediction(void **state)
{
    (void)state;
    gaze_bench_result prediction = bench(false), training = bench(true);
    assert_true(training.flop > 1.5 * prediction.flop);
    gaze_bench_free(&prediction);
    gaze_bench_free(&training);
}

static void reference_has_no_kernels_and_no_peak(void **state)
{
    (void)state;
    gaze_bench_result result = bench(true);
    assert_int_equal(result.n_lines, 0);
    assert_true(result.peak_gflops == 0 && result.copy_gbytes == 0);
    gaze_bench_free(&result);
}

static void weights_are_as_before_after_training_on_noise(void **state)
{
    char *before, *after;
    size_t n_before, n_after;
    const char *first = scratch_path("first.safetensors"), *second = scratch_path("second.safetensors");
    (void)state;
    assert_done(gaze_model_save_weights(model, first));
    gaze_bench_result result = bench(true);
    assert_done(gaze_model_save_weights(model, second));
    assert_done(gz_file_read(first, 1 << 20, &before, &n_before));
    assert_done(gz_file_read(second, 1 << 20, &after, &n_after));
    assert_int_equal(n_before, n_after);
    assert_memory_equal(before, after, n_before);
    free(before);
    free(after);
    gaze_bench_free(&result);
}

static void training_without_a_loss_is_refused(void **state)
{
    gaze_bench_result result;
    gaze_model *other = open_text(MODEL(""));
    (void)state;
    assert_refused(gaze_bench(other, &(gaze_bench_options){.training = true}, &result), GAZE_ERROR_MODEL,
                   "loss", "model.json", NULL);
    gaze_close(other);
}

static void verification_needs_a_device(void **state)
{
    size_t passed, failed;
    (void)state;
    assert_refused(gaze_verify(context, NULL, &passed, &failed), GAZE_ERROR_USAGE, "reference", NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(samples_per_second_are_the_batch_by_the_median_step, open_model,
                                        close_model),
        cmocka_unit_test_setup_teardown(training_step_works_more_than_a_prediction, open_model, close_model),
        cmocka_unit_test_setup_teardown(reference_has_no_kernels_and_no_peak, open_model, close_model),
        cmocka_unit_test_setup_teardown(weights_are_as_before_after_training_on_noise, open_model,
                                        close_model),
        cmocka_unit_test(training_without_a_loss_is_refused),
        cmocka_unit_test(verification_needs_a_device),
    };
    return cmocka_run_group_tests_name("bench", tests, setup, teardown);
}
