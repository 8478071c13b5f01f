/* Grad-CAM against central differences in double, through a head that is written out here. */
#include "dump.h"

#include <math.h>

#include "../engine/io/safetensors.h"

enum {
    FILTERS = 3,
    ROWS = 4,
    COLUMNS = 4,
    FEATURES = ROWS * COLUMNS * FILTERS,
    POOLED = 2 * 2 * FILTERS,
    HIDDEN = 4,
    CLASSES = 3
};

/* conv [4,4,3] -> largest of 2 x 2 -> BETWEEN -> dense tanh -> dense softmax */
#define MODEL(BETWEEN)                                                                                     \
    "{\"gaze_model\": 1, \"name\": \"small\", \"inputs\": [{\"name\": \"image\", \"shape\": [6, 5, 1]}], " \
    "\"layers\": ["                                                                                        \
    "{\"name\": \"see\", \"type\": \"conv2d\", \"filters\": 3, \"kernel_size\": [3, 2], \"activation\": "  \
    "\"tanh\"},"                                                                                           \
    "{\"name\": \"pool\", \"type\": \"max_pool2d\", \"pool_size\": 2}," BETWEEN                            \
    "{\"name\": \"flat\", \"type\": \"flatten\"},"                                                         \
    "{\"name\": \"hidden\", \"type\": \"dense\", \"units\": 4, \"activation\": \"tanh\"},"                 \
    "{\"name\": \"class\", \"type\": \"dense\", \"units\": 3, \"activation\": \"softmax\"}],"              \
    "\"outputs\": [\"class\"], \"classes\": [\"Left\", \"Middle\", \"Right\"]}"
static const char conv_model[] = MODEL("");
/* Its variance is 1 as long as nothing is trained, its mean 0. */
static const char normalized_model[] =
    MODEL("{\"name\": \"normal\", \"type\": \"batch_normalization\", \"epsilon\": 3},");
enum { NORMALIZED_BY = 2 };

typedef struct head {
    const float *hidden, *hidden_bias, *class, *class_bias;
    double divisor; /* of what is pooled */
} head;

static double score(const head *h, const double *features, size_t class)
{
    double pooled[POOLED], sum = (double)h->class_bias[class];
    for (size_t y = 0; y < 2; y++)
        for (size_t x = 0; x < 2; x++)
            for (size_t f = 0; f < FILTERS; f++) {
                const double *a = features + (2 * y * COLUMNS + 2 * x) * FILTERS + f,
                             *b = a + COLUMNS * FILTERS;
                pooled[(y * 2 + x) * FILTERS + f] =
                    fmax(fmax(a[0], a[FILTERS]), fmax(b[0], b[FILTERS])) / h->divisor;
            }
    for (size_t u = 0; u < HIDDEN; u++) {
        double z = (double)h->hidden_bias[u];
        for (size_t i = 0; i < POOLED; i++) z += pooled[i] * (double)h->hidden[i * HIDDEN + u];
        sum += tanh(z) * (double)h->class[u * CLASSES + class];
    }
    return sum;
}

/* relu(sum_k a_k A_k), a_k the mean of differences of the score. */
static void expect_map(const head *h, const float *given, size_t class, double *map)
{
    const double step = 1e-6;
    double features[FEATURES], weights[FILTERS] = {0};
    for (size_t i = 0; i < FEATURES; i++) features[i] = (double)given[i];
    for (size_t i = 0; i < FEATURES; i++) {
        features[i] += step;
        const double above = score(h, features, class);
        features[i] -= 2 * step;
        const double below = score(h, features, class);
        features[i] += step;
        weights[i % FILTERS] += (above - below) / (2 * step) / (ROWS * COLUMNS);
    }
    for (size_t c = 0; c < ROWS * COLUMNS; c++) {
        map[c] = 0;
        for (size_t f = 0; f < FILTERS; f++) map[c] += weights[f] * features[c * FILTERS + f];
        map[c] = fmax(map[c], 0);
    }
}

static const float *weight_of(const gz_safetensors *file, const char *name)
{
    const gaze_array *array = gz_safetensors_find(file, name);
    assert_non_null(array);
    return array->data;
}

static void assert_cam(const gaze_array *cam, const gaze_array *features, const gz_safetensors *weights,
                       const int32_t *classes, double divisor)
{
    const head h = {weight_of(weights, "hidden.kernel"), weight_of(weights, "hidden.bias"),
                    weight_of(weights, "class.kernel"), weight_of(weights, "class.bias"), divisor};
    double expected[ROWS * COLUMNS], largest = 0;
    for (size_t b = 0; b < SAMPLES; b++) {
        expect_map(&h, (const float *)features->data + b * FEATURES, (size_t)classes[b], expected);
        for (size_t c = 0; c < ROWS * COLUMNS; c++) {
            const double found = (double)((const float *)cam->data)[b * ROWS * COLUMNS + c];
            largest = fmax(largest, expected[c]);
            if (!(fabs(found - expected[c]) <= 1e-6))
                fail_msg("sample %zu, cell %zu: %.9g, expected %.9g", b, c, found, expected[c]);
        }
    }
    assert_true(largest > 0.01); /* there was something to find */
}

static void assert_differences(const char *text, double divisor)
{
    static const int32_t classes[SAMPLES] = {2, 0, 1};
    float varied[SAMPLES * CELLS]; /* without equal neighbours, where max_pool2d has no derivative */
    const gaze_array pictures = {NULL, GAZE_FLOAT32, 4, {SAMPLES, HEIGHT, WIDTH, 1}, varied};
    const char *path = scratch_path("weights.safetensors");
    gaze_model *model = open_model(text);
    gaze_array cam = {0}, features = {.name = "layer:see"};
    gz_safetensors weights;
    assert_done(gaze_model_save_weights(model, path));
    assert_done(gz_safetensors_read(path, &weights));
    for (size_t i = 0; i < SAMPLES * CELLS; i++) varied[i] = (float)(i * 37 % 101) / 101;
    assert_done(gaze_run(model, &pictures, 1, &features, 1, 0));
    assert_done(gaze_grad_cam(model, &pictures, 1,
                              &(gaze_grad_cam_options){.classes = classes, .batch_size = 2}, &cam));
    assert_int_equal(cam.rank, 3);
    assert_int_equal(cam.shape[0] * 100 + cam.shape[1] * 10 + cam.shape[2],
                     SAMPLES * 100 + ROWS * 10 + COLUMNS);
    assert_cam(&cam, &features, &weights, classes, divisor);
    gz_safetensors_free(&weights);
    free(features.data);
    free(cam.data);
    gaze_close(model);
}

static void the_map_is_that_of_finite_differences(void **state)
{
    (void)state;
    assert_differences(conv_model, 1);
}

static void batch_normalization_may_lie_between(void **state)
{
    (void)state;
    assert_differences(normalized_model, NORMALIZED_BY);
}

static void run_named(gaze_model *model, const char *name, gaze_array *map)
{
    *map = (gaze_array){.name = name};
    assert_done(gaze_run(model, &images, 1, map, 1, 0));
}

static void assert_same(gaze_model *model, const char *one, const char *other, bool same)
{
    gaze_array a, b;
    run_named(model, one, &a);
    run_named(model, other, &b);
    assert_int_equal(memcmp(a.data, b.data, SAMPLES * ROWS * COLUMNS * sizeof(float)) == 0, same);
    free(a.data);
    free(b.data);
}

static void names_say_layer_and_class(void **state)
{
    (void)state;
    const gaze_map_info *info, *again;
    gaze_model *model = open_model(conv_model);
    assert_same(model, "gradcam", "map:gradcam:see", true);
    assert_same(model, "gradcam::1", "gradcam:see:Middle", true);
    assert_same(model, "gradcam::1", "gradcam::2", false);
    assert_done(gaze_find_map(model, "gradcam", &info));
    assert_string_equal(info->name, "gradcam:see");
    assert_string_equal(info->kind, "grad_cam");
    assert_int_equal(info->rank * 100 + info->shape[0] * 10 + info->shape[1], 244);
    assert_true(info->field.known && info->field.first[0] == 1 && info->field.first[1] == 0.5);
    assert_done(gaze_find_map(model, "gradcam:see", &again));
    assert_ptr_equal(info, again);
    gaze_close(model);
}

static void what_it_cannot_explain_is_refused(void **state)
{
    (void)state;
    const gaze_map_info *info;
    gaze_array map;
    gaze_model *model = open_model(conv_model), *steps_only = open_model(steps_model);
    assert_refused(gaze_find_map(model, "gradcam:se", &info), GAZE_ERROR_USAGE, "no layer 'se'",
                   "did you mean 'see'?", NULL);
    assert_refused(gaze_find_map(model, "gradcam:hidden", &info), GAZE_ERROR_USAGE, "'hidden' makes [4]",
                   NULL);
    assert_refused(gaze_find_map(model, "gradcam::3", &info), GAZE_ERROR_USAGE, "no class '3', expected 0..2",
                   NULL);
    assert_refused(gaze_find_map(model, "gradcma", &info), GAZE_ERROR_USAGE, "no map 'gradcma'",
                   "it has: gradcam", NULL);
    assert_refused(gaze_find_map(steps_only, "gradcam", &info), GAZE_ERROR_USAGE, "has no convolution", NULL);
    assert_refused(
        gaze_grad_cam(model, &images, 1, &(gaze_grad_cam_options){.classes = (int32_t[]){0, 1, 3}}, &map),
        GAZE_ERROR_USAGE, "sample 2 is asked for class 3", NULL);
    gaze_close(model);
    gaze_close(steps_only);
}

static void a_model_without_attention_is_dumped_with_it(void **state)
{
    (void)state;
    report r;
    assert_done(
        dump(conv_model, &images, &(gaze_dump_options){.out = scratch_path("cam"), .view = "side"}, &r));
    assert_file(&r, 0, "set.gradcam-see.npy");
    assert_file(&r, 2, "set.gradcam-see.7.side.png");
    assert_non_null(strstr(r.notes[0], "has no attention map: this is Grad-CAM, --map gradcam:see"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_map_is_that_of_finite_differences),
        cmocka_unit_test(batch_normalization_may_lie_between),
        cmocka_unit_test(names_say_layer_and_class),
        cmocka_unit_test(what_it_cannot_explain_is_refused),
        cmocka_unit_test(a_model_without_attention_is_dumped_with_it),
    };
    return cmocka_run_group_tests(tests, make, clear);
}
