/* What measures a map: the order in which parts are taken away, what stands in their place, areas, and all of
   it on a small model. */
#include <math.h>

#include "scratch.h"

#include "../engine/faithful/impute.h"
#include "../engine/faithful/order.h"
#include "../engine/gaze.h"

static void assert_near(double found, double expected, double limit)
{
    if (!(fabs(found - expected) <= limit)) fail_msg("%.9g, expected %.9g", found, expected);
}

static void order_goes_from_the_largest_and_ends_with_what_is_no_number(void **state)
{
    (void)state;
    uint32_t order[5];
    assert_done(gz_order((const float[]){0.5f, NAN, 2, -1, 1}, 5, gz_key_make(1, "a"), 0, order));
    assert_memory_equal(order, ((const uint32_t[]){2, 4, 0, 3, 1}), sizeof order);
}

static void equal_scores_are_in_random_order(void **state)
{
    (void)state;
    enum { N = 64 };
    const float scores[N] = {0};
    uint32_t one[N], again[N], other[N], sum = 0;
    assert_done(gz_order(scores, N, gz_key_make(1, "a"), 0, one));
    assert_done(gz_order(scores, N, gz_key_make(1, "a"), 0, again));
    assert_done(gz_order(scores, N, gz_key_make(1, "a"), 1, other));
    assert_memory_equal(one, again, sizeof one);
    assert_memory_not_equal(one, other, sizeof one);
    for (size_t i = 0; i < N; i++) sum += one[i];
    assert_int_equal(sum, N * (N - 1) / 2);
}

static void area_is_that_of_trapezoids(void **state)
{
    (void)state;
    assert_near(gz_area((const double[]){1, 0}, 1), 0.5, 1e-15);
    assert_near(gz_area((const double[]){1, 0.5, 0.5, 0, 0}, 4), 0.375, 1e-15);
}

static void impute(gz_parts parts, const bool *removed, float *values)
{
    gz_imputer *imputer;
    assert_done(gz_imputer_create(&parts, &imputer));
    gz_impute(imputer, removed, (const float[]){7, 8}, values);
    gz_imputer_free(imputer);
}

static void one_pixel_becomes_the_weighted_mean_of_its_neighbours(void **state)
{
    (void)state;
    float image[9] = {12, 6, 24, 18, 99, 30, 36, 42, 48}, corner[4] = {99, 10, 20, 40};
    const bool middle[9] = {[4] = true}, first[4] = {true};
    impute((gz_parts){3, 3, 1}, middle, image);
    assert_near(image[4], (6 + 18 + 30 + 42) / 6.0 + (12 + 24 + 36 + 48) / 12.0, 1e-4);
    impute((gz_parts){2, 2, 1}, first, corner); /* 1/6, 1/6 and 1/12, scaled up to 1 */
    assert_near(corner[0], (2 * 10 + 2 * 20 + 40) / 5.0, 1e-4);
}

static void steps_between_known_ones_lie_on_a_line(void **state)
{
    (void)state;
    float values[16] = {9, 9, 1, -1, 9, 9, 9, 9, 9, 9, 3, -9, 9, 9, 9, 9};
    const bool removed[8] = {true, false, true, true, true, false, true, true};
    const double expected[8] = {1, 1, 1.5, 2, 2.5, 3, 3, 3};
    impute((gz_parts){1, 8, 2}, removed, values);
    for (size_t t = 0; t < 8; t++) {
        assert_near(values[2 * t], expected[t], 1e-4);
        assert_near(values[2 * t + 1], 3 - 4 * expected[t], 1e-4);
    }
}

/* A plane solves the equations wherever the removed pixels touch no border. */
static void a_plane_comes_back(void **state)
{
    (void)state;
    enum { SIDE = 12 };
    float values[SIDE * SIDE];
    bool removed[SIDE * SIDE] = {false};
    for (size_t y = 0; y < SIDE; y++)
        for (size_t x = 0; x < SIDE; x++) {
            removed[y * SIDE + x] = y > 0 && x > 0 && y < SIDE - 1 && x < SIDE - 1;
            values[y * SIDE + x] = removed[y * SIDE + x] ? 99 : (float)(3 * y) - (float)x;
        }
    impute((gz_parts){SIDE, SIDE, 1}, removed, values);
    for (size_t y = 0; y < SIDE; y++)
        for (size_t x = 0; x < SIDE; x++) assert_near(values[y * SIDE + x], 3 * (double)y - (double)x, 1e-3);
}

static void where_nothing_is_left_the_other_values_stand(void **state)
{
    (void)state;
    float values[4] = {1, 2, 3, 4};
    impute((gz_parts){1, 2, 2}, (const bool[]){true, true}, values);
    assert_memory_equal(values, ((const float[]){7, 8, 7, 8}), sizeof values);
}

static const char look[] =
    "{\"gaze_model\": 1, \"name\": \"look\", \"inputs\": [{\"name\": \"image\", \"shape\": [16, 16, 1]}], "
    "\"layers\": [{\"name\": \"conv\", \"type\": \"conv2d\", \"filters\": 2, \"kernel_size\": 3},"
    "{\"name\": \"look\", \"type\": \"attention\", \"kind\": \"spatial\", \"kernel_size\": 3},"
    "{\"name\": \"squeeze\", \"type\": \"attention\", \"kind\": \"squeeze_excite\", \"ratio\": 1},"
    "{\"name\": \"flat\", \"type\": \"flatten\"},"
    "{\"name\": \"class\", \"type\": \"dense\", \"units\": 4}], \"outputs\": [\"class\"], "
    "\"data\": {\"type\": \"synthetic\", \"path\": \"patch\"}}";

static gaze_status measure(const gaze_faithful_options *options, gaze_faithful_result *result)
{
    const gaze_context_options reference = {.reference = true};
    gaze_context *context;
    gaze_model *model;
    gaze_data *data;
    assert_done(gaze_context_create(&reference, &context));
    assert_done(gaze_model_open(context, write_scratch("look.json", look, strlen(look)), NULL, &model));
    assert_done(gaze_data_open(model, NULL, 0, &data));
    const gaze_status status = gaze_faithful(model, data, options, result);
    gaze_data_close(data);
    gaze_close(model);
    gaze_context_destroy(context);
    return status;
}

static const gaze_faithful_options small = {.map = "look", .samples = 3, .steps = 4};

static void curves_begin_and_end_alike(void **state)
{
    (void)state;
    gaze_faithful_result r;
    assert_done(measure(&small, &r));
    assert_true(r.n_maps == 3 && r.n_curves == 6 && r.parts == 256 && r.placed == 3 && r.labelled == 3);
    assert_string_equal(r.maps[2], "gradcam:conv");
    for (size_t c = 0; c < r.n_curves; c++) {
        const gaze_faithful_curves *one = &r.curves[c], *first = &r.curves[c / 3 * 3];
        assert_near(one->deletion[0], r.probability, 1e-12);
        assert_near(one->insertion[4], r.probability, 1e-12);
        assert_near(one->deletion[4], one->insertion[0], 1e-12);
        assert_near(one->deletion[4], first->deletion[4], 1e-12);
        assert_near(one->deletion_area, gz_area(one->deletion, 4), 1e-12);
        assert_true(one->deletion[2] > 0 && one->deletion[2] < 1); /* scores went through a softmax */
    }
    assert_string_equal(r.curves[0].removal, "mean");
    assert_string_equal(r.curves[3].removal, "road");
    assert_done(gaze_faithful_plot(&r, "look", scratch_path("plot.png")));
    assert_true(gz_file_exists(scratch_path("plot.png")));
    gaze_faithful_free(&r);
}

static void the_same_seed_gives_the_same_curves(void **state)
{
    (void)state;
    gaze_faithful_result a, b;
    assert_done(measure(&small, &a));
    assert_done(measure(&small, &b));
    for (size_t c = 0; c < a.n_curves; c++)
        assert_memory_equal(a.curves[c].deletion, b.curves[c].deletion, 5 * sizeof(double));
    gaze_faithful_free(&a);
    gaze_faithful_free(&b);
}

static void what_has_no_place_or_no_name_is_refused(void **state)
{
    (void)state;
    gaze_faithful_result r;
    gaze_faithful_options o = small;
    o.map = "squeeze";
    assert_refused(measure(&o, &r), GAZE_ERROR_USAGE, "squeeze", "no place", NULL);
    o.map = "lok";
    assert_refused(measure(&o, &r), GAZE_ERROR_USAGE, "did you mean 'look'?", NULL);
    o.map = NULL;
    assert_refused(measure(&o, &r), GAZE_ERROR_USAGE, "2 maps", NULL);
    o.map = "look";
    o.removal = "noise";
    assert_refused(measure(&o, &r), GAZE_ERROR_USAGE, "'noise'", "mean or zero", NULL);
}

static bool stop_at_once(void *user, size_t done, size_t samples)
{
    (void)user, (void)samples;
    return done < 1;
}

static void it_can_be_stopped(void **state)
{
    (void)state;
    gaze_faithful_result r;
    gaze_faithful_options o = small;
    o.progress = stop_at_once;
    assert_refused(measure(&o, &r), GAZE_INTERRUPTED, "1 of 3 samples", NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(order_goes_from_the_largest_and_ends_with_what_is_no_number),
        cmocka_unit_test(equal_scores_are_in_random_order),
        cmocka_unit_test(area_is_that_of_trapezoids),
        cmocka_unit_test(one_pixel_becomes_the_weighted_mean_of_its_neighbours),
        cmocka_unit_test(steps_between_known_ones_lie_on_a_line),
        cmocka_unit_test(a_plane_comes_back),
        cmocka_unit_test(where_nothing_is_left_the_other_values_stand),
        cmocka_unit_test(curves_begin_and_end_alike),
        cmocka_unit_test(the_same_seed_gives_the_same_curves),
        cmocka_unit_test(what_has_no_place_or_no_name_is_refused),
        cmocka_unit_test(it_can_be_stopped),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
