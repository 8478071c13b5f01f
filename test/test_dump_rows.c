/* gaze_dump: some rows of a map of queries by keys. */
#include "dump.h"

static gaze_array read_map(const char *file)
{
    gaze_array map;
    assert_done(gaze_array_read(scratch_path(file), &map));
    return map;
}

static void about(const char *file, const char *says)
{
    char *text;
    size_t size;
    read_all(scratch_path(file), &text, &size);
    if (!strstr(text, says)) fail_msg("%s does not say %s:\n%s", file, says, text);
    free(text);
}

static void rows_are_written_and_drawn_alone(void **state)
{
    (void)state;
    report r;
    gaze_dump_options options = {.out = scratch_path("whole")};
    assert_done(dump(heads_model, &steps, &options, &r));
    options = (gaze_dump_options){.out = scratch_path("rows"), .query = "2..4", .reduce = "head:1"};
    assert_done(dump(heads_model, &steps, &options, &r));
    assert_file(&r, 2, "set.look.7.matrix.png");
    assert_file(&r, 3, "set.look.20.matrix.png");
    gaze_array whole = read_map("whole/set.look.npy"), rows = read_map("rows/set.look.npy");
    assert_true(rows.rank == 4 && rows.shape[1] == 1 && rows.shape[2] == 3 && rows.shape[3] == HEIGHT);
    for (size_t b = 0; b < SAMPLES; b++) /* [sample, head 1, queries 2 to 4, key] */
        assert_memory_equal((float *)rows.data + b * 3 * HEIGHT,
                            (float *)whole.data + ((b * 2 + 1) * HEIGHT + 2) * HEIGHT,
                            3 * HEIGHT * sizeof(float));
    about("whole/set.look.json", "\"part\": null");
    about("rows/set.look.json", "\"part\": {\"query\": 2, \"queries\": 3, \"of_queries\": 6, \"head\": 1, "
                                "\"heads\": 1, \"of_heads\": 2}");
    free(whole.data);
    free(rows.data);
}

/* Pixel (5, 0) is nearest to cell 4 * 4 + 0 of 5 x 4. */
static void the_cell_of_a_pixel_is_computed_alone(void **state)
{
    (void)state;
    report r;
    gaze_dump_options options = {.out = scratch_path("cells"), .map = "look", .view = "map"};
    assert_done(dump(cells_model, &images, &options, &r));
    options =
        (gaze_dump_options){.out = scratch_path("cell"), .map = "look", .view = "query", .query = "5,0"};
    assert_done(dump(cells_model, &images, &options, &r));
    gaze_array whole = read_map("cells/set.look.npy"), row = read_map("cell/set.look.npy");
    const size_t N = whole.shape[2];
    assert_true(N == 20 && row.rank == 3 && row.shape[1] == 1 && row.shape[2] == N);
    for (size_t b = 0; b < SAMPLES; b++)
        assert_memory_equal((float *)row.data + b * N, (float *)whole.data + (b * N + 16) * N,
                            N * sizeof(float));
    free(whole.data);
    free(row.data);
}

/* [6, 6] of open lengths, worked out whole, then cut. */
static void a_row_of_a_rollout_is_cut_out(void **state)
{
    (void)state;
    static const char open[] =
        "{\"gaze_model\": 1, \"name\": \"open\", \"inputs\": [{\"name\": \"x\", \"shape\": [null, 5]}], "
        "\"layers\": [{\"name\": \"look\", \"type\": \"attention\", \"kind\": \"multi_head\", "
        "\"num_heads\": 2, \"key_dim\": 3}], \"outputs\": [\"look\"]}";
    report r;
    gaze_dump_options options = {.out = scratch_path("rollout"), .map = "rollout", .view = "map"};
    assert_done(dump(open, &steps, &options, &r));
    gaze_array whole = read_map("rollout/set.rollout.npy");
    options = (gaze_dump_options){
        .out = scratch_path("rolled"), .map = "rollout", .view = "bars", .query = "4", .reduce = "head:0"};
    assert_done(dump(open, &steps, &options, &r));
    gaze_array row = read_map("rolled/set.rollout.npy");
    assert_true(row.rank == 3 && row.shape[1] == 1 && row.shape[2] == HEIGHT);
    assert_memory_equal(row.data, (float *)whole.data + 4 * HEIGHT, HEIGHT * sizeof(float));
    about("rolled/set.rollout.json", "\"part\": {\"query\": 4, \"queries\": 1, \"of_queries\": 6}");
    free(whole.data);
    free(row.data);
}

/* Other views beside it show the whole map. */
static void a_query_beside_a_matrix_leaves_the_map_whole(void **state)
{
    (void)state;
    report r;
    const gaze_dump_options options = {.out = scratch_path("both"), .query = "4"};
    assert_done(dump(heads_model, &steps, &options, &r));
    gaze_array whole = read_map("both/set.look.npy");
    assert_int_equal(whole.shape[2], HEIGHT);
    free(whole.data);
}

static void names_are_those_of_the_rows(void **state)
{
    (void)state;
    static const char *const names[] = {"a", "b", "c", "d", "e", "f", NULL};
    report r;
    gaze_dump_options options = {
        .out = scratch_path("names"), .view = "html", .query = "4", .tokens = names, .reduce = "head:0"};
    assert_done(dump(heads_model, &steps, &options, &r));
    about("names/set.look.7.html", "The row of query 4, &#39;e&#39;.");
}

static void ranges_of_no_rows_are_refused(void **state)
{
    (void)state;
    report r;
    gaze_dump_options options = {.out = scratch_path("no-rows"), .query = "4..6"};
    assert_refused(dump(heads_model, &steps, &options, &r), GAZE_ERROR_USAGE,
                   "map 'look' has no query 6, expected 0..5", NULL);
    options.query = "4..3";
    assert_refused(dump(heads_model, &steps, &options, &r), GAZE_ERROR_USAGE, "the query is '4..3'", NULL);
    options =
        (gaze_dump_options){.out = scratch_path("no-rows"), .view = "bars", .query = "1", .reduce = "head:2"};
    assert_refused(dump(heads_model, &steps, &options, &r), GAZE_ERROR_USAGE,
                   "map 'look' has no head 2, expected 0..1", NULL);
}

/* 2 heads, 12,000 steps: 1.07 GiB, refused before anything is computed. */
static void a_map_that_is_too_large_names_the_way_out(void **state)
{
    (void)state;
    enum { LONG = 12000 };
    static const char model[] =
        "{\"gaze_model\": 1, \"name\": \"long\", \"inputs\": [{\"name\": \"x\", \"shape\": [null, 2]}], "
        "\"layers\": [{\"name\": \"look\", \"type\": \"attention\", \"kind\": \"multi_head\", "
        "\"num_heads\": 2, \"key_dim\": 1}], \"outputs\": [\"look\"]}";
    const gaze_array input = {NULL, GAZE_FLOAT32, 3, {1, LONG, 2}, calloc(LONG * 2, sizeof(float))};
    report r;
    assert_refused(dump(model, &input, &(gaze_dump_options){.out = scratch_path("long")}, &r),
                   GAZE_ERROR_USAGE, "map 'look' takes 1.1 GiB for 1 sample", "some of its 12000 queries",
                   "--query 0..3 --reduce head:0", NULL);
    free(input.data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_are_written_and_drawn_alone),
        cmocka_unit_test(the_cell_of_a_pixel_is_computed_alone),
        cmocka_unit_test(a_row_of_a_rollout_is_cut_out),
        cmocka_unit_test(a_query_beside_a_matrix_leaves_the_map_whole),
        cmocka_unit_test(names_are_those_of_the_rows),
        cmocka_unit_test(ranges_of_no_rows_are_refused),
        cmocka_unit_test(a_map_that_is_too_large_names_the_way_out),
    };
    return cmocka_run_group_tests(tests, make, clear);
}
