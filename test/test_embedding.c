#include "on_device.h"

static gz_tensor *ids_of(gz_shape shape) { return input_of(GZ_I32, shape); }

static void embedding_looks_rows_up(void **state)
{
    (void)state;
    gz_tensor *ids = ids_of(GZ_SHAPE(2, 2)), *table = input(GZ_SHAPE(3, 2)), *y;
    assert_ok(gz_embedding(graph, ids, table, &y));
    assert_true(gz_shape_equal(y->shape, GZ_SHAPE(2, 2, 2)));
    make_plan(KEEP(y));
    write_labels(ids, 2, 0, 1, 2);
    write_values(table, 1, 2, 3, 4, 5, 6);
    run_plan();
    assert_reads(y, 0, 5, 6, 1, 2, 3, 4, 5, 6);
}

static void embedding_gradient_adds_repeated_ids_and_zeroes_the_others(void **state)
{
    (void)state;
    gz_tensor *ids = ids_of(GZ_SHAPE(1, 4)), *dy = input(GZ_SHAPE(1, 4, 1)), *dtable;
    assert_ok(gz_embedding_gradient(graph, ids, dy, 5, &dtable));
    make_plan(KEEP(dtable));
    write_labels(ids, 3, 0, 3, 3);
    write_values(dy, 1, 10, 100, 1000);
    run_plan();
    assert_reads(dtable, 0, 10, 0, 0, 1101, 0);
}

/* 1e8 + 1 - 1e8 is 0 in float32 from the left, 1 in any order that adds the large ones first. */
static void embedding_gradient_adds_in_the_order_of_positions(void **state)
{
    (void)state;
    gz_tensor *ids = ids_of(GZ_SHAPE(3)), *dy = input(GZ_SHAPE(3, 1)), *dtable;
    assert_ok(gz_embedding_gradient(graph, ids, dy, 1, &dtable));
    make_plan(KEEP(dtable));
    write_labels(ids, 0, 0, 0);
    write_values(dy, 1e8f, 1, -1e8f);
    run_plan();
    assert_reads(dtable, 0, 0);
}

static void ids_must_be_integers(void **state)
{
    (void)state;
    gz_tensor *y;
    assert_int_equal(gz_embedding(graph, input(GZ_SHAPE(2)), input(GZ_SHAPE(3, 2)), &y), GAZE_ERROR_MODEL);
    assert_non_null(strstr(gaze_message(), "expected int32"));
}

static void add_bias_adds_one_vector_to_every_row(void **state)
{
    (void)state;
    gz_tensor *x = input(GZ_SHAPE(2, 1, 3)), *bias = input(GZ_SHAPE(3)), *y;
    assert_ok(gz_add_bias(graph, x, bias, &y));
    make_plan(KEEP(y));
    write_values(x, 1, 2, 3, 4, 5, 6);
    write_values(bias, 0.5f, 0, -3);
    run_plan();
    assert_reads(y, 0, 1.5f, 2, 0, 4.5f, 5, 3);
}

#define HOLDS_ITS_CASES(name)                        \
    static void name##_holds_its_cases(void **state) \
    {                                                \
        (void)state;                                 \
        verify_op(&gz_op_##name);                    \
    }
HOLDS_ITS_CASES(embedding)
HOLDS_ITS_CASES(embedding_gradient)
HOLDS_ITS_CASES(not_equal_zero)
HOLDS_ITS_CASES(mask_or)
HOLDS_ITS_CASES(add_bias)

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_graph, close_graph)
int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(embedding_looks_rows_up),
        TEST(embedding_gradient_adds_repeated_ids_and_zeroes_the_others),
        TEST(embedding_gradient_adds_in_the_order_of_positions),
        TEST(ids_must_be_integers),
        TEST(add_bias_adds_one_vector_to_every_row),
        TEST(embedding_holds_its_cases),
        TEST(embedding_gradient_holds_its_cases),
        TEST(not_equal_zero_holds_its_cases),
        TEST(mask_or_holds_its_cases),
        TEST(add_bias_holds_its_cases),
    };
    return cmocka_run_group_tests(tests, open_device, close_device);
}
