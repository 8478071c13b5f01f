/* gaze_draw: pictures of maps that the caller has. */
#include "dump.h"

#include "../engine/io/image.h"

static const gaze_map_info *info_of(gaze_model *model, const char *name)
{
    const gaze_map_info *info;
    assert_done(gaze_find_map(model, name, &info));
    return info;
}

/* The map of all samples; free() its data. */
static gaze_array map_of(gaze_model *model, const char *name, const gaze_array *input)
{
    gaze_array map = {.name = name};
    assert_done(gaze_run(model, input, 1, &map, 1, 0));
    return map;
}

/* Sample `at` of a batch. */
static gaze_array one_of(const gaze_array *all, size_t at)
{
    gaze_array one = {.dtype = all->dtype, .rank = all->rank - 1};
    size_t count = 1;
    for (size_t i = 0; i < one.rank; i++) count *= one.shape[i] = all->shape[i + 1];
    one.data = (float *)all->data + at * count;
    return one;
}

static void assert_picture(const gaze_picture *picture, const char *file)
{
    gz_image image;
    assert_done(gz_image_read(file, &image));
    assert_int_equal(image.channels, 3);
    assert_true(image.height == picture->height && image.width == picture->width);
    assert_memory_equal(picture->rgb, image.pixels, 3 * image.height * image.width);
    gz_image_free(&image);
}

/* Sample 0, number 7 of the set, has the pixels of the file. */
static void assert_as_dumped(const char *text, const gaze_array *input, const char *name, const char *view,
                             const char *title, const char *file)
{
    report r;
    gaze_picture picture;
    gaze_model *model = open_model(text);
    gaze_array map = map_of(model, name, input);
    const gaze_array cells = one_of(&map, 0), image = one_of(input, 0);
    const gaze_dump_options options = {.out = scratch_path("dumped"), .map = name, .view = view};
    assert_done(dump(text, input, &options, &r));
    assert_done(
        gaze_draw(info_of(model, name), &cells, input == &images ? &image : NULL, title, &options, &picture));
    assert_picture(&picture, scratch_path(file));
    free(picture.rgb);
    free(map.data);
    gaze_close(model);
}

/* dump_attention's titles tell what the first sample is, and what it is taken for. */
static const char *title_of(const char *text, const gaze_array *input)
{
    static char title[160];
    const gaze_array *outputs;
    gaze_model *model = open_model(text);
    gaze_model_outputs(model, &outputs);
    gaze_array output = map_of(model, outputs->name, input);
    const float *p = output.data;
    const char *const *classes = gaze_model_classes(model);
    size_t best = 0;
    for (size_t i = 1; i < output.shape[1]; i++) best = p[i] > p[best] ? i : best;
    if (classes)
        snprintf(title, sizeof title, "%s: look, sample 7, true: %s, predicted: %s %.2f",
                 gaze_model_name(model), classes[0], classes[best], (double)p[best]);
    else
        snprintf(title, sizeof title, "%s: look, sample 7, true: 0, predicted: %zu", gaze_model_name(model),
                 best);
    free(output.data);
    gaze_close(model);
    return title;
}

static void pictures_have_the_pixels_of_gaze_dump(void **state)
{
    (void)state;
    const char *title = title_of(image_model, &images);
    assert_as_dumped(image_model, &images, "look", "overlay", title, "dumped/set.look.7.overlay.png");
    assert_as_dumped(image_model, &images, "look", "side", title, "dumped/set.look.7.side.png");
    assert_as_dumped(image_model, &images, "look", "map", title, "dumped/set.look.7.map.png");
    title = title_of(heads_model, &steps);
    assert_as_dumped(heads_model, &steps, "look", "heads", title, "dumped/set.look.7.heads.png");
    assert_as_dumped(heads_model, &steps, "look", "matrix", title, "dumped/set.look.7.matrix.png");
}

static void a_batch_is_a_sheet(void **state)
{
    (void)state;
    gaze_picture one, sheet;
    gaze_model *model = open_model(image_model);
    gaze_array map = map_of(model, "look", &images);
    const gaze_map_info *info = info_of(model, "look");
    const gaze_array values_of_one = one_of(&map, 0), image = one_of(&images, 0);
    assert_done(gaze_draw(info, &map, &images, NULL, NULL, &sheet));
    assert_done(gaze_draw(info, &values_of_one, &image, NULL, NULL, &one));
    assert_int_not_equal(sheet.width, one.width);
    assert_refused(gaze_draw(info, &map, &images, NULL, &(gaze_dump_options){.view = "overlay"}, &one),
                   GAZE_ERROR_USAGE, "3 samples", "overlay", NULL);
    free(sheet.rgb);
    free(one.rgb);
    free(map.data);
    gaze_close(model);
}

static void one_query_is_drawn_as_bars(void **state)
{
    (void)state;
    gaze_picture first, second;
    gaze_model *model = open_model(heads_model);
    gaze_array map = map_of(model, "look", &steps);
    const gaze_map_info *info = info_of(model, "look");
    const gaze_array values_of_one = one_of(&map, 0);
    static const char *const words[] = {"a", "b", "c", "d", "e", "f", NULL};
    gaze_dump_options options = {.view = "bars", .query = "1", .tokens = words};
    assert_done(gaze_draw(info, &values_of_one, NULL, NULL, &options, &first));
    options.query = "2";
    assert_done(gaze_draw(info, &values_of_one, NULL, NULL, &options, &second));
    assert_true(first.width != second.width || first.height != second.height ||
                memcmp(first.rgb, second.rgb, 3 * first.width * first.height));
    free(first.rgb);
    free(second.rgb);
    options.query = "6";
    assert_refused(gaze_draw(info, &values_of_one, NULL, NULL, &options, &first), GAZE_ERROR_USAGE,
                   "no query 6, expected 0..5", NULL);
    options.query = "1..3";
    assert_refused(gaze_draw(info, &values_of_one, NULL, NULL, &options, &first), GAZE_ERROR_USAGE, "1..3",
                   NULL);
    free(map.data);
    gaze_close(model);
}

static void what_does_not_fit_or_cannot_be_drawn_is_refused(void **state)
{
    (void)state;
    gaze_picture picture;
    gaze_model *model = open_model(image_model);
    gaze_array map = map_of(model, "look", &images);
    const gaze_map_info *info = info_of(model, "look");
    gaze_array values_of_one = one_of(&map, 0), constant = one_of(&map, 1), image = one_of(&images, 0);
    assert_refused(gaze_draw(info, &constant, &image, NULL, NULL, &picture), GAZE_ERROR_DATA,
                   "every value is 0.0333", NULL);
    assert_refused(
        gaze_draw(info, &values_of_one, NULL, NULL, &(gaze_dump_options){.view = "overlay"}, &picture),
        GAZE_ERROR_USAGE, "overlay", "an input of shape", NULL);
    assert_refused(
        gaze_draw(info, &values_of_one, NULL, NULL, &(gaze_dump_options){.view = "matrx"}, &picture),
        GAZE_ERROR_USAGE, "did you mean", "matrix", NULL);
    assert_refused(gaze_draw(info, &map, &image, NULL, NULL, &picture), GAZE_ERROR_DATA, "as many", NULL);
    image.shape[2] = 2;
    assert_refused(gaze_draw(info, &values_of_one, &image, NULL, NULL, &picture), GAZE_ERROR_DATA,
                   "[height,width", NULL);
    values_of_one.shape[0] = 5;
    assert_refused(gaze_draw(info, &values_of_one, NULL, NULL, NULL, &picture), GAZE_ERROR_DATA, "'look'",
                   "the map's shape", NULL);
    free(map.data);
    gaze_close(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pictures_have_the_pixels_of_gaze_dump),
        cmocka_unit_test(a_batch_is_a_sheet),
        cmocka_unit_test(one_query_is_drawn_as_bars),
        cmocka_unit_test(what_does_not_fit_or_cannot_be_drawn_is_refused),
    };
    return cmocka_run_group_tests(tests, make, clear);
}
