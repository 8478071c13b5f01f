/* gaze_dump: which views a map has, and what the options do to them. */
#include "dump.h"

static void a_sequence_is_drawn_as_a_strip_and_bars(void **state)
{
    (void)state;
    report r;
    assert_done(dump(steps_model, &steps, &(gaze_dump_options){.out = scratch_path("steps")}, &r));
    assert_file(&r, 0, "set.look.npy");
    assert_file(&r, 2, "set.look.7.map.png");
    assert_file(&r, 3, "set.look.7.bars.png");
    assert_file(&r, 4, "set.look.20.map.png");
    assert_file(&r, 6, "set.look.sheet.png");
    assert_int_equal(r.n_files, 7);
}

static void a_sequence_with_names_is_also_written_as_words(void **state)
{
    (void)state;
    static const char *const names[] = {"a", "<b>", "c", "d", "e", "f", NULL};
    report r;
    char *page;
    size_t size;
    assert_done(
        dump(steps_model, &steps, &(gaze_dump_options){.out = scratch_path("words"), .tokens = names}, &r));
    assert_file(&r, 4, "set.look.7.text.png");
    assert_file(&r, 5, "set.look.7.html");
    read_all(scratch_path("words/set.look.7.html"), &page, &size);
    assert_non_null(strstr(page, "&#60;b&#62;<sup>0."));
    free(page);
}

static void classes_have_the_names_of_the_data_where_the_model_has_none(void **state)
{
    (void)state;
    static const char *const names[] = {"Sitting", "Standing", "Walking", NULL};
    report r;
    char *page;
    size_t size;
    assert_done(dump(steps_model, &steps,
                     &(gaze_dump_options){.out = scratch_path("classes"), .view = "html", .classes = names},
                     &r));
    read_all(scratch_path("classes/set.look.7.html"), &page, &size);
    assert_non_null(strstr(page, "sample 7, true: Sitting, predicted: "));
    free(page);
    read_all(scratch_path("classes/set.look.20.html"), &page, &size);
    assert_null(strstr(page, "true:"));
    free(page);
}

static void one_query_is_a_sequence(void **state)
{
    (void)state;
    report r;
    char *page;
    size_t size;
    gaze_array map;
    char value[64];
    const gaze_dump_options options = {
        .out = scratch_path("query"), .view = "html", .query = "4", .reduce = "head:1"};
    assert_done(dump(heads_model, &steps, &options, &r));
    assert_done(gaze_array_read(scratch_path("query/set.look.npy"), &map));
    read_all(scratch_path("query/set.look.7.html"), &page, &size);
    assert_non_null(strstr(page, "The row of query 4."));
    assert_int_equal(map.shape[2], 1);          /* no other query is shown, so no other is computed */
    for (size_t key = 0; key < HEIGHT; key++) { /* [sample 0, head 1, query 4, key] */
        snprintf(value, sizeof value, "step %zu: %.6g\"", key, ((const float *)map.data)[key]);
        assert_non_null(strstr(page, value));
    }
    free(page);
    free(map.data);
}

static void queries_that_do_not_exist_are_refused(void **state)
{
    (void)state;
    report r;
    const char *out = scratch_path("no-query");
    assert_refused(
        dump(heads_model, &steps, &(gaze_dump_options){.out = out, .view = "bars", .query = "6"}, &r),
        GAZE_ERROR_USAGE, "map 'look' has no query 6, expected 0..5", NULL);
    assert_refused(
        dump(heads_model, &steps, &(gaze_dump_options){.out = out, .view = "bars", .query = "x"}, &r),
        GAZE_ERROR_USAGE, "the query is 'x'", NULL);
    assert_refused(dump(heads_model, &steps, &(gaze_dump_options){.out = out, .view = "bars"}, &r),
                   GAZE_ERROR_USAGE, "view 'bars' needs a map over a sequence", NULL);
}

static void queries_by_keys_are_drawn_as_a_matrix_and_heads_as_a_grid(void **state)
{
    (void)state;
    report r;
    assert_done(dump(heads_model, &steps, &(gaze_dump_options){.out = scratch_path("heads")}, &r));
    assert_file(&r, 0, "set.look.npy");
    assert_file(&r, 2, "set.look.7.matrix.png");
    assert_file(&r, 3, "set.look.7.heads.png");
    assert_file(&r, 4, "set.look.20.matrix.png");
    assert_file(&r, r.n_files - 1, "set.look.sheet.png");
    assert_int_equal(r.n_files, 2 + 2 * 2 + 1); /* sample 1 is constant */
    assert_int_equal(r.n_notes, 1);
}

static void all_draws_every_view_that_fits(void **state)
{
    (void)state;
    report r;
    assert_done(
        dump(heads_model, &steps, &(gaze_dump_options){.out = scratch_path("all"), .view = "all"}, &r));
    assert_file(&r, 2, "set.look.7.map.png");
    assert_file(&r, 3, "set.look.7.matrix.png");
    assert_false(gz_file_exists(scratch_path("all/set.look.7.overlay.png")));
}

/* The bytes of sample 7's matrix. */
static void dump_matrix(const gaze_dump_options *options, char **bytes, size_t *size)
{
    report r;
    gaze_dump_options own = *options;
    own.out = scratch_path("matrix");
    own.view = "matrix";
    assert_done(dump(heads_model, &steps, &own, &r));
    read_all(scratch_path("matrix/set.look.7.matrix.png"), bytes, size);
}

static void assert_same_picture(const gaze_dump_options *one, const gaze_dump_options *two, bool same)
{
    char *a, *b;
    size_t a_size, b_size;
    dump_matrix(one, &a, &a_size);
    dump_matrix(two, &b, &b_size);
    assert_int_equal(a_size == b_size && !memcmp(a, b, a_size), same);
    free(a);
    free(b);
}

static void heads_are_merged_as_asked(void **state)
{
    (void)state;
    const gaze_dump_options usual = {0}, mean = {.reduce = "mean"}, max = {.reduce = "max"},
                            one = {.reduce = "head:0"}, other = {.reduce = "head:1"};
    assert_same_picture(&usual, &mean, true);
    assert_same_picture(&mean, &max, false);
    assert_same_picture(&one, &other, false);
    assert_same_picture(&one, &max, false);
}

static void reductions_that_do_not_fit_are_refused(void **state)
{
    (void)state;
    report r;
    const char *out = scratch_path("reduce");
    assert_refused(dump(heads_model, &steps, &(gaze_dump_options){.out = out, .reduce = "maen"}, &r),
                   GAZE_ERROR_USAGE, "did you mean 'mean'?", NULL);
    assert_refused(dump(heads_model, &steps, &(gaze_dump_options){.out = out, .reduce = "head:2"}, &r),
                   GAZE_ERROR_USAGE, "map 'look' has no head 2, expected 0..1", NULL);
    assert_refused(dump(heads_model, &steps, &(gaze_dump_options){.out = out, .reduce = "head:"}, &r),
                   GAZE_ERROR_USAGE, "unknown reduction 'head:'", NULL);
}

static void tokens_name_queries_and_keys(void **state)
{
    (void)state;
    static const char *const six[] = {"a", "b", "c", "d", "e", "f", NULL}, *const five[] = {"a", "b", "c",
                                                                                            "d", "e", NULL};
    report r;
    const gaze_dump_options none = {0}, both = {.tokens = six}, rows = {.query_tokens = six},
                            each = {.query_tokens = six, .value_tokens = six};
    assert_same_picture(&none, &both, false);
    assert_same_picture(&rows, &both, false);
    assert_same_picture(&each, &both, true);
    assert_refused(
        dump(heads_model, &steps, &(gaze_dump_options){.out = scratch_path("five"), .tokens = five}, &r),
        GAZE_ERROR_DATA, "map 'look' has 6 queries, but 5 tokens were given", NULL);
}

static void a_view_that_no_map_has_says_what_it_needs(void **state)
{
    (void)state;
    report r;
    const char *out = scratch_path("needs");
    assert_refused(dump(steps_model, &steps, &(gaze_dump_options){.out = out, .view = "matrix"}, &r),
                   GAZE_ERROR_USAGE, "view 'matrix' needs a map of queries by keys", NULL);
    assert_refused(dump(image_model, &images, &(gaze_dump_options){.out = out, .view = "heads"}, &r),
                   GAZE_ERROR_USAGE, "several heads or channels", NULL);
}

static void a_query_of_the_image_is_drawn_on_it(void **state)
{
    (void)state;
    report r;
    const gaze_dump_options pixel = {.out = scratch_path("pixel"),
                                     .map = "look",
                                     .view = "query",
                                     .query = "5,0"},
                            cell = {
                                .out = scratch_path("cell"), .map = "look", .view = "query", .query = "16"};
    char *a, *b;
    size_t a_size, b_size;
    assert_done(dump(cells_model, &images, &pixel, &r));
    assert_file(&r, 2, "set.look.7.query.png");
    assert_done(
        dump(cells_model, &images, &cell, &r)); /* 5 x 4 cells: pixel (5, 0) is nearest to cell 4 * 4 + 0 */
    read_all(scratch_path("pixel/set.look.7.query.png"), &a, &a_size);
    read_all(scratch_path("cell/set.look.7.query.png"), &b, &b_size);
    assert_true(a_size == b_size && !memcmp(a, b, a_size));
    free(a);
    free(b);
}

static void queries_off_the_image_are_refused(void **state)
{
    (void)state;
    report r;
    gaze_dump_options options = {.out = scratch_path("off"), .map = "look", .view = "query", .query = "6,0"};
    assert_refused(dump(cells_model, &images, &options, &r), GAZE_ERROR_USAGE, "(6, 0) is no pixel", "6 x 5",
                   NULL);
    options.query = "20";
    assert_refused(dump(cells_model, &images, &options, &r), GAZE_ERROR_USAGE, "no query 20, expected 0..19",
                   NULL);
    options.query = NULL;
    assert_refused(dump(cells_model, &images, &options, &r), GAZE_ERROR_USAGE, "view 'query' needs a query",
                   NULL);
}

static void panels_show_what_goes_into_a_layer_and_what_comes_out(void **state)
{
    (void)state;
    report r;
    assert_done(dump(cells_model, &images,
                     &(gaze_dump_options){.out = scratch_path("panels"), .view = "panels"}, &r));
    assert_file(&r, 4, "set.gate.7.panels.png");
    assert_int_equal(r.n_notes, 1); /* look's map has no place on the image */
    assert_non_null(strstr(r.notes[0], "map look: view 'panels' needs"));
    assert_done(dump(image_model, &images,
                     &(gaze_dump_options){.out = scratch_path("input"), .map = "gate", .view = "panels"},
                     &r));
    assert_file(&r, 2, "set.gate.7.panels.png"); /* its layer gets the input itself */
}

static void a_layer_that_makes_no_image_has_no_panels(void **state)
{
    (void)state;
    static const char pooled[] =
        "{\"gaze_model\": 1, \"inputs\": [{\"name\": \"image\", \"shape\": [6, 5, 1]}], \"layers\": ["
        "{\"name\": \"look\", \"type\": \"attention\", \"kind\": \"additive_pool\"}], \"outputs\": "
        "[\"look\"]}";
    report r;
    const gaze_dump_options options = {.out = scratch_path("pooled"), .view = "panels"};
    assert_refused(dump(pooled, &images, &options, &r), GAZE_ERROR_USAGE, "view 'panels' needs features",
                   NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sequence_is_drawn_as_a_strip_and_bars),
        cmocka_unit_test(a_sequence_with_names_is_also_written_as_words),
        cmocka_unit_test(classes_have_the_names_of_the_data_where_the_model_has_none),
        cmocka_unit_test(one_query_is_a_sequence),
        cmocka_unit_test(queries_that_do_not_exist_are_refused),
        cmocka_unit_test(queries_by_keys_are_drawn_as_a_matrix_and_heads_as_a_grid),
        cmocka_unit_test(all_draws_every_view_that_fits),
        cmocka_unit_test(heads_are_merged_as_asked),
        cmocka_unit_test(reductions_that_do_not_fit_are_refused),
        cmocka_unit_test(tokens_name_queries_and_keys),
        cmocka_unit_test(a_view_that_no_map_has_says_what_it_needs),
        cmocka_unit_test(a_query_of_the_image_is_drawn_on_it),
        cmocka_unit_test(queries_off_the_image_are_refused),
        cmocka_unit_test(panels_show_what_goes_into_a_layer_and_what_comes_out),
        cmocka_unit_test(a_layer_that_makes_no_image_has_no_panels),
    };
    return cmocka_run_group_tests(tests, make, clear);
}
