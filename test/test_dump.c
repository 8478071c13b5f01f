#include <math.h>
/* gaze_dump: which files it writes, what is in them, and what it says. */
#include "scratch.h"

#include "../engine/gaze.h"

enum { SAMPLES = 3, HEIGHT = 6, WIDTH = 5, CELLS = HEIGHT * WIDTH, MOST = 64 };

static const char image_model[] =
    "{\"gaze_model\": 1, \"name\": \"small\", \"inputs\": [{\"name\": \"image\", \"shape\": [6, 5, 1]}], "
    "\"layers\": ["
    "{\"name\": \"gate\", \"type\": \"attention\", \"kind\": \"spatial\", \"kernel_size\": 1},"
    "{\"name\": \"look\", \"type\": \"attention\", \"kind\": \"additive_scale\", \"units\": 2},"
    "{\"name\": \"flat\", \"type\": \"flatten\"},"
    "{\"name\": \"class\", \"type\": \"dense\", \"units\": 2, \"activation\": \"softmax\"}],"
    "\"outputs\": [\"class\"], \"classes\": [\"Left\", \"Right\"]}";

static const char steps_model[] =
    "{\"gaze_model\": 1, \"name\": \"steps\", \"inputs\": [{\"name\": \"x\", \"shape\": [6, 5]}], "
    "\"layers\": ["
    "{\"name\": \"look\", \"type\": \"attention\", \"kind\": \"additive_pool\", \"units\": 2},"
    "{\"name\": \"class\", \"type\": \"dense\", \"units\": 3}], \"outputs\": [\"class\"]}";

static const char heads_model[] =
    "{\"gaze_model\": 1, \"name\": \"heads\", \"inputs\": [{\"name\": \"x\", \"shape\": [6, 5]}], "
    "\"layers\": ["
    "{\"name\": \"look\", \"type\": \"attention\", \"kind\": \"multi_head\", \"num_heads\": 2, \"key_dim\": "
    "3},"
    "{\"name\": \"flat\", \"type\": \"flatten\"}], \"outputs\": [\"flat\"]}";

static const char cells_model[] =
    "{\"gaze_model\": 1, \"name\": \"cells\", \"inputs\": [{\"name\": \"image\", \"shape\": [6, 5, 1]}], "
    "\"layers\": ["
    "{\"name\": \"conv\", \"type\": \"conv2d\", \"filters\": 3, \"kernel_size\": 2, \"activation\": "
    "\"relu\"},"
    "{\"name\": \"look\", \"type\": \"attention\", \"kind\": \"non_local\"},"
    "{\"name\": \"gate\", \"type\": \"attention\", \"kind\": \"soft_gate\"},"
    "{\"name\": \"flat\", \"type\": \"flatten\"}], \"outputs\": [\"flat\"]}";

static float values[SAMPLES * CELLS];
static const gaze_array images = {NULL, GAZE_FLOAT32, 4, {SAMPLES, HEIGHT, WIDTH, 1}, values};
static const gaze_array steps = {NULL, GAZE_FLOAT32, 3, {SAMPLES, HEIGHT, WIDTH}, values};

static gaze_context *context;

static int make(void **state)
{
    const gaze_context_options options = {.reference = true};
    for (size_t i = 0; i < SAMPLES * CELLS; i++) values[i] = (float)(i * 37 % 101) / 101;
    for (size_t i = CELLS; i < 2 * CELLS; i++) values[i] = 0.5f; /* sample 1: everywhere the same */
    if (scratch_make(state)) return -1;
    return gaze_context_create(&options, &context) == GAZE_OK ? 0 : -1;
}

static int clear(void **state)
{
    gaze_context_destroy(context);
    return scratch_remove(state);
}

static gaze_model *open_model(const char *text)
{
    gaze_model *model;
    assert_done(gaze_model_open(context, write_scratch("model.json", text, strlen(text)), NULL, &model));
    return model;
}

typedef struct report {
    char files[MOST][300], notes[MOST][300];
    size_t n_files, n_notes;
} report;

static void keep(void *user, const char *path, const char *note)
{
    report *r = user;
    if (path) snprintf(r->files[r->n_files++], 300, "%s", path);
    if (note) snprintf(r->notes[r->n_notes++], 300, "%s", note);
}

static gaze_status dump(const char *text, const gaze_array *input, const gaze_dump_options *options,
                        report *r)
{
    static const size_t indices[SAMPLES] = {7, 8, 20};
    static const int32_t labels[SAMPLES] = {0, 1, -1};
    gaze_model *model = open_model(text);
    *r = (report){.n_files = 0};
    const gaze_status status = gaze_dump(model, input, 1, "set", indices, labels, options, keep, r);
    gaze_close(model);
    return status;
}

static void assert_file(const report *r, size_t at, const char *name)
{
    assert_true(at < r->n_files);
    const char *slash = strrchr(r->files[at], '/');
    assert_string_equal(slash + 1, name);
    assert_true(gz_file_exists(r->files[at]));
}

static void read_all(const char *path, char **bytes, size_t *size)
{
    assert_done(gz_file_read(path, 1 << 24, bytes, size));
}

static void raw_values_of_every_map_come_before_any_picture(void **state)
{
    (void)state;
    report r;
    assert_done(dump(image_model, &images, &(gaze_dump_options){.out = scratch_path("a/b")}, &r));
    assert_file(&r, 0, "set.gate.npy");
    assert_file(&r, 1, "set.gate.json");
    assert_file(&r, 2, "set.look.npy");
    assert_file(&r, 3, "set.look.json");
    assert_file(&r, 4, "set.gate.7.overlay.png");
    assert_file(&r, 5, "set.gate.7.map.png");
    assert_file(&r, 6, "set.gate.7.side.png");
    assert_file(&r, r.n_files - 1, "set.look.sheet.png");
    assert_int_equal(r.n_files, 4 + 2 * (2 * 3 + 1)); /* two of three samples can be drawn */
    assert_int_equal(entries_in(scratch_path("a/b")), r.n_files);
}

static void a_constant_map_is_said_in_words(void **state)
{
    (void)state;
    report r;
    assert_done(
        dump(image_model, &images, &(gaze_dump_options){.out = scratch_path("words"), .map = "look"}, &r));
    assert_int_equal(r.n_notes, 1);
    assert_non_null(strstr(r.notes[0], "map look, sample 8: every value is 0.0333"));
    assert_false(gz_file_exists(scratch_path("words/set.look.8.map.png")));
}

static void the_array_is_what_the_model_says(void **state)
{
    (void)state;
    report r;
    gaze_array array;
    float map[SAMPLES * CELLS];
    assert_done(
        dump(image_model, &images, &(gaze_dump_options){.out = scratch_path("raw"), .map = "look"}, &r));
    assert_done(gaze_array_read(scratch_path("raw/set.look.npy"), &array));
    gaze_model *model = open_model(image_model);
    assert_done(gaze_map(model, "look", SAMPLES, values, map));
    gaze_close(model);
    assert_true(array.rank == 3 && array.shape[0] == SAMPLES && array.shape[1] == HEIGHT &&
                array.shape[2] == WIDTH);
    assert_memory_equal(array.data, map, sizeof map);
    free(array.data);
}

static void the_json_says_what_the_array_is(void **state)
{
    (void)state;
    static const char *const words[] = {"\"map\": \"look\"",
                                        "\"kind\": \"additive_scale\"",
                                        "\"shape\": [3, 6, 5]",
                                        "\"sum\": ",
                                        "\"min\": 0.0",
                                        "\"max\": 0.0",
                                        "\"not_finite\": 0",
                                        "\"first\": [0, 0], \"step\": [1, 1]",
                                        "\"scaling\": \"percentile\"",
                                        "\"index\": 20",
                                        "\"label\": 1",
                                        "\"predicted\": ",
                                        "\"name\": \"small\", \"hash\": \"",
                                        "\"type\": \"reference\""};
    report r;
    size_t size;
    const gaze_dump_options options = {
        .out = scratch_path("json"), .map = "look", .scale = "percentile", .view = "map"};
    assert_done(dump(image_model, &images, &options, &r));
    char *json;
    read_all(scratch_path("json/set.look.json"), &json, &size);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (!strstr(json, words[i])) fail_msg("no %s in %s", words[i], json);
    const char *sum = strstr(json, words[3]);
    assert_float_equal(strtod(sum + strlen(words[3]), NULL), SAMPLES, 1e-5);
    free(json);
}

static void same_input_gives_the_same_bytes(void **state)
{
    (void)state;
    report one, two;
    assert_done(dump(image_model, &images, &(gaze_dump_options){.out = scratch_path("one")}, &one));
    assert_done(dump(image_model, &images, &(gaze_dump_options){.out = scratch_path("two")}, &two));
    assert_int_equal(one.n_files, two.n_files);
    for (size_t i = 0; i < one.n_files; i++) {
        size_t a_size, b_size;
        char *a, *b;
        read_all(one.files[i], &a, &a_size);
        read_all(two.files[i], &b, &b_size);
        assert_int_equal(a_size, b_size);
        assert_memory_equal(a, b, a_size);
        free(a);
        free(b);
    }
}

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
    for (size_t key = 0; key < HEIGHT; key++) { /* [sample 0, head 1, query 4, key] */
        snprintf(value, sizeof value, "step %zu: %.6g\"", key,
                 ((const float *)map.data)[(6 + 4) * HEIGHT + key]);
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

static void wrong_words_are_refused_with_the_nearest(void **state)
{
    (void)state;
    report r;
    const char *out = scratch_path("refused");
    assert_refused(dump(image_model, &images, &(gaze_dump_options){.out = out, .map = "loook"}, &r),
                   GAZE_ERROR_USAGE, "did you mean 'look'?", "gate, look", NULL);
    assert_refused(dump(image_model, &images, &(gaze_dump_options){.out = out, .view = "ovrlay"}, &r),
                   GAZE_ERROR_USAGE, "did you mean 'overlay'?", NULL);
    assert_refused(dump(image_model, &images, &(gaze_dump_options){.out = out, .colors = "grey"}, &r),
                   GAZE_ERROR_USAGE, "did you mean 'gray'?", NULL);
    assert_refused(dump(image_model, &images, &(gaze_dump_options){.out = NULL}, &r), GAZE_ERROR_USAGE,
                   "folder", NULL);
    assert_refused(dump(steps_model, &steps, &(gaze_dump_options){.out = out, .view = "side"}, &r),
                   GAZE_ERROR_USAGE, "view 'side' needs an input", NULL);
    assert_false(gz_folder_exists(out));
}

static void an_input_of_another_shape_is_named_before_any_view(void **state)
{
    (void)state;
    report r;
    assert_refused(
        dump(image_model, &steps, &(gaze_dump_options){.out = scratch_path("shape"), .view = "side"}, &r),
        GAZE_ERROR_DATA, "input 'image' has the shape", NULL);
    assert_int_equal(r.n_files, 0);
}

static void a_folder_that_cannot_be_made_is_named(void **state)
{
    (void)state;
    report r;
    write_scratch("file", "x", 1);
    assert_refused(dump(image_model, &images, &(gaze_dump_options){.out = scratch_path("file/below")}, &r),
                   GAZE_ERROR_DATA, "file", "folder", NULL);
    assert_int_equal(r.n_files, 0);
}

static void where_an_output_and_a_map_share_a_name_the_map_is_dumped(void **state)
{
    (void)state;
    static const char shared[] =
        "{\"gaze_model\": 1, \"inputs\": [{\"name\": \"image\", \"shape\": [6, 5, 1]}], \"layers\": ["
        "{\"name\": \"look\", \"type\": \"attention\", \"kind\": \"additive_scale\"}], \"outputs\": "
        "[\"look\"]}";
    report r;
    gaze_array map = {0};
    assert_int_equal(dump(shared, &images, &(gaze_dump_options){.out = scratch_path("shared")}, &r), GAZE_OK);
    assert_int_equal(gaze_array_read(scratch_path("shared/set.look.npy"), &map), GAZE_OK);
    assert_int_equal(map.rank, 3); /* the output would have a last axis of 1 */
    double sum = 0;
    for (size_t i = 0; i < 30; i++) sum += ((const float *)map.data)[i];
    assert_true(fabs(sum - 1) < 1e-5);
    free(map.data);
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
        cmocka_unit_test(raw_values_of_every_map_come_before_any_picture),
        cmocka_unit_test(a_constant_map_is_said_in_words),
        cmocka_unit_test(the_array_is_what_the_model_says),
        cmocka_unit_test(the_json_says_what_the_array_is),
        cmocka_unit_test(same_input_gives_the_same_bytes),
        cmocka_unit_test(a_sequence_is_drawn_as_a_strip_and_bars),
        cmocka_unit_test(a_sequence_with_names_is_also_written_as_words),
        cmocka_unit_test(one_query_is_a_sequence),
        cmocka_unit_test(queries_that_do_not_exist_are_refused),
        cmocka_unit_test(wrong_words_are_refused_with_the_nearest),
        cmocka_unit_test(an_input_of_another_shape_is_named_before_any_view),
        cmocka_unit_test(a_folder_that_cannot_be_made_is_named),
        cmocka_unit_test(where_an_output_and_a_map_share_a_name_the_map_is_dumped),
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
