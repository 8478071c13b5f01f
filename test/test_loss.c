#include "on_device.h"

static void cross_entropy_holds_its_cases(void **state)
{
    (void)state;
    verify_op(&gz_op_cross_entropy);
}

static void cross_entropy_gradient_holds_its_cases(void **state)
{
    (void)state;
    verify_op(&gz_op_cross_entropy_gradient);
}

static void softmax_cross_entropy_holds_its_cases(void **state)
{
    (void)state;
    verify_op(&gz_op_softmax_cross_entropy);
}

static void softmax_cross_entropy_gradient_holds_its_cases(void **state)
{
    (void)state;
    verify_op(&gz_op_softmax_cross_entropy_gradient);
}

static void metrics_holds_its_cases(void **state)
{
    (void)state;
    verify_op(&gz_op_metrics);
}

/* -ln 0.5 and -ln 0.25; their mean */
static void cross_entropy_is_the_mean_over_rows(void **state)
{
    (void)state;
    gz_tensor *p = input(GZ_SHAPE(2, 3)), *label = input_of(GZ_I32, GZ_SHAPE(2)), *loss, *rows;
    assert_ok(gz_cross_entropy(graph, p, label, &loss, &rows));
    make_plan(KEEP(loss, rows));
    write_values(p, 0.25f, 0.5f, 0.25f, 0.25f, 0.5f, 0.25f);
    write_labels(label, 1, 2);
    run_plan();
    assert_reads(rows, 1e-6, 0.693147181f, 1.38629436f);
    assert_reads(loss, 1e-6, 1.03972077f);
}

/* -ln 1e-7 = 16.118096; the gradient of a clipped probability is 0 */
static void cross_entropy_clips_as_keras(void **state)
{
    (void)state;
    gz_tensor *p = input(GZ_SHAPE(2, 2)), *label = input(GZ_SHAPE(2, 2)), *loss, *rows, *dp[2] = {0};
    assert_ok(gz_cross_entropy(graph, p, label, &loss, &rows));
    gz_tensor *dloss = input(GZ_SHAPE(1)), *dout[2] = {dloss, NULL};
    assert_ok(gz_op_cross_entropy.gradient(graph, loss->producer, dout, (bool[]){true, false}, dp));
    make_plan(KEEP(rows, dp[0]));
    write_values(p, 0, 1, 0.5f, 0.5f);
    write_values(label, 1, 0, 0, 1);
    write_values(dloss, 1);
    run_plan();
    assert_reads(rows, 1e-5, 16.118096f, 0.693147181f);
    assert_reads(dp[0], 1e-6, 0, 0, 0, -1);
}

/* logits (0, ln 3): p = (1/4, 3/4); (p - onehot) / rows */
static void softmax_cross_entropy_by_hand(void **state)
{
    (void)state;
    gz_tensor *x = input(GZ_SHAPE(2, 2)), *label = input_of(GZ_I32, GZ_SHAPE(2)), *loss, *rows, *p,
              *dx[2] = {0};
    assert_ok(gz_softmax_cross_entropy(graph, x, label, &loss, &rows, &p));
    gz_tensor *dloss = input(GZ_SHAPE(1)), *dout[3] = {dloss, NULL, NULL};
    assert_ok(gz_op_softmax_cross_entropy.gradient(graph, loss->producer, dout, (bool[]){true, false}, dx));
    make_plan(KEEP(loss, rows, p, dx[0]));
    write_values(x, 0, 1.09861229f, 0, 1.09861229f);
    write_labels(label, 0, 1);
    write_values(dloss, 1);
    run_plan();
    assert_reads(rows, 1e-6, 1.38629436f, 0.287682072f);
    assert_reads(loss, 1e-6, 0.836988216f);
    assert_reads(p, 1e-7, 0.25f, 0.75f, 0.25f, 0.75f);
    assert_reads(dx[0], 1e-7, -0.375f, 0.375f, 0.125f, -0.125f);
}

static void huge_logits_stay_finite(void **state)
{
    (void)state;
    gz_tensor *x = input(GZ_SHAPE(2, 3)), *label = input_of(GZ_I32, GZ_SHAPE(2)), *loss, *rows, *p;
    assert_ok(gz_softmax_cross_entropy(graph, x, label, &loss, &rows, &p));
    make_plan(KEEP(rows, p));
    write_values(x, 1e4f, -1e4f, 0, 1e4f, -1e4f, 0);
    write_labels(label, 0, 1);
    run_plan();
    assert_reads(rows, 1e-3, 0, 2e4f);
    assert_reads(p, 0, 1, 0, 0, 1, 0, 0);
}

static void one_hot_labels_give_the_sparse_loss(void **state)
{
    (void)state;
    gz_tensor *x = input(GZ_SHAPE(2, 3)), *sparse = input_of(GZ_I32, GZ_SHAPE(2)),
              *dense = input(GZ_SHAPE(2, 3)), *loss;
    gz_tensor *rows[2];
    float got[2][2];
    assert_ok(gz_softmax_cross_entropy(graph, x, sparse, &loss, &rows[0], NULL));
    assert_ok(gz_softmax_cross_entropy(graph, x, dense, &loss, &rows[1], NULL));
    make_plan(KEEP(rows[0], rows[1]));
    write_values(x, 1, -2, 0.5f, 3, 4, -5);
    write_labels(sparse, 2, 0);
    write_values(dense, 0, 0, 1, 1, 0, 0);
    run_plan();
    read_values(rows[0], got[0]);
    read_values(rows[1], got[1]);
    for (size_t i = 0; i < 2; i++) assert_true(got[0][i] > 0.5f && fabsf(got[0][i] - got[1][i]) < 1e-6f);
}

/* Two runs: losses 0.5 + 1.5, one of two correct (the first of equal maxima counts), twice. */
static void metrics_add_up_over_runs(void **state)
{
    (void)state;
    gz_tensor *rows = input(GZ_SHAPE(2)), *p = input(GZ_SHAPE(2, 3)), *label = input_of(GZ_I32, GZ_SHAPE(2)),
              *sums = input(GZ_SHAPE(4));
    assert_ok(gz_metrics(graph, rows, p, label, sums));
    make_plan(KEEP(sums));
    write_values(rows, 0.5f, 1.5f);
    write_values(p, 0.4f, 0.4f, 0.2f, 0.4f, 0.4f, 0.2f);
    write_labels(label, 0, 1);
    write_values(sums, 0, 0, 0, 0);
    run_plan();
    run_plan();
    assert_reads(sums, 0, 4, 2, 4, 0);
}

static void a_label_of_another_shape_is_refused(void **state)
{
    (void)state;
    gz_tensor *x = input(GZ_SHAPE(2, 3)), *loss;
    assert_int_equal(gz_softmax_cross_entropy(graph, x, input_of(GZ_I32, GZ_SHAPE(3)), &loss, NULL, NULL),
                     GAZE_ERROR_MODEL);
    assert_non_null(strstr(gaze_message(), "int32 label has shape [3], expected [2]"));
    assert_int_equal(gz_cross_entropy(graph, x, input(GZ_SHAPE(2)), &loss, NULL), GAZE_ERROR_MODEL);
    assert_non_null(strstr(gaze_message(), "float32 label has shape [2], expected [2,3]"));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_graph, close_graph)
    const struct CMUnitTest tests[] = {
        TEST(cross_entropy_holds_its_cases),
        TEST(cross_entropy_gradient_holds_its_cases),
        TEST(softmax_cross_entropy_holds_its_cases),
        TEST(softmax_cross_entropy_gradient_holds_its_cases),
        TEST(metrics_holds_its_cases),
        TEST(cross_entropy_is_the_mean_over_rows),
        TEST(cross_entropy_clips_as_keras),
        TEST(softmax_cross_entropy_by_hand),
        TEST(huge_logits_stay_finite),
        TEST(one_hot_labels_give_the_sparse_loss),
        TEST(metrics_add_up_over_runs),
        TEST(a_label_of_another_shape_is_refused),
    };
    return cmocka_run_group_tests(tests, open_device, close_device);
}
