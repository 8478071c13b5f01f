#include "models.h"

#include <math.h>

/* One op on inputs, by its reference. */
typedef struct op_run {
    gz_graph *graph;
    gz_tensor *in[4], *out;
    gz_plan *plan;
} op_run;

static void add_input(op_run *r, size_t i, gz_dtype dtype, gz_shape shape)
{
    assert_ok(gz_graph_tensor(r->graph, GZ_INPUT, "in", dtype, shape, &r->in[i]));
}

static void start_op(op_run *r)
{
    r->out->keep = true;
    assert_ok(gz_plan_create(NULL, r->graph, NULL, &(gz_plan_options){0}, &r->plan));
}

static void finish_op(op_run *r)
{
    gz_plan_destroy(r->plan);
    gz_graph_destroy(r->graph);
}

enum { ROWS = 4000 };

static void open_draw(op_run *r, const int32_t step[4])
{
    static float a[ROWS][2];
    *r = (op_run){0};
    assert_ok(gz_graph_create(true, &r->graph));
    add_input(r, 0, GZ_F32, GZ_SHAPE(ROWS, 2));
    add_input(r, 1, GZ_I32, GZ_SHAPE(4));
    assert_ok(gz_draw_one(r->graph, r->in[0], r->in[1], (uint32_t[]){1, 2}, &r->out));
    start_op(r);
    for (size_t b = 0; b < ROWS; b++) {
        a[b][0] = 0.25f;
        a[b][1] = 0.75f;
    }
    assert_ok(gz_plan_write(r->plan, r->in[0], a));
    assert_ok(gz_plan_write(r->plan, r->in[1], step));
    assert_ok(gz_plan_run(r->plan));
}

/* 4 standard deviations of a mean of 4000 are 0.027. */
static void values_are_drawn_as_often_as_they_are_likely(void **state)
{
    (void)state;
    static float y[ROWS][2];
    op_run r;
    open_draw(&r, (int32_t[4]){7});
    assert_ok(gz_plan_read(r.plan, r.out, y));
    double second = 0;
    for (size_t b = 0; b < ROWS; b++) {
        assert_true(y[b][0] + y[b][1] == 1);
        second += (double)y[b][1] / ROWS;
    }
    if (fabs(second - 0.75) > 0.027) fail_msg("drawn with frequency %g, expected 0.75", second);
    finish_op(&r);
}

static void another_step_draws_others(void **state)
{
    (void)state;
    static float first[ROWS][2], other[ROWS][2];
    op_run r;
    open_draw(&r, (int32_t[4]){7});
    assert_ok(gz_plan_read(r.plan, r.out, first));
    finish_op(&r);
    open_draw(&r, (int32_t[4]){8});
    assert_ok(gz_plan_read(r.plan, r.out, other));
    finish_op(&r);
    assert_true(memcmp(first, other, sizeof first) != 0);
}

/* The average so far is 1 / 2: (2 - 0.5) / (1 sample * 0.75). */
static void a_choice_learns_from_what_its_loss_has_above_the_average(void **state)
{
    (void)state;
    float da[2], average[2];
    op_run r = {0};
    assert_ok(gz_graph_create(true, &r.graph));
    add_input(&r, 0, GZ_F32, GZ_SHAPE(1, 2));
    add_input(&r, 1, GZ_F32, GZ_SHAPE(1, 2));
    add_input(&r, 2, GZ_F32, GZ_SHAPE(1));
    add_input(&r, 3, GZ_F32, GZ_SHAPE(2));
    assert_ok(gz_reinforce(r.graph, r.in[0], r.in[1], r.in[2], r.in[3], &r.out));
    start_op(&r);
    assert_ok(gz_plan_write(r.plan, r.in[0], (float[]){0.25f, 0.75f}));
    assert_ok(gz_plan_write(r.plan, r.in[1], (float[]){0, 1}));
    assert_ok(gz_plan_write(r.plan, r.in[2], (float[]){2}));
    assert_ok(gz_plan_write(r.plan, r.in[3], (float[]){0.25f, 0.5f}));
    assert_ok(gz_plan_run(r.plan));
    assert_ok(gz_plan_read(r.plan, r.out, da));
    assert_ok(gz_plan_read(r.plan, r.in[3], average));
    assert_true(da[0] == 0 && fabsf(da[1] - 2) < 1e-6f);
    assert_true(fabsf(average[0] - 0.425f) < 1e-6f && fabsf(average[1] - 0.55f) < 1e-6f);
    finish_op(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_are_drawn_as_often_as_they_are_likely),
        cmocka_unit_test(another_step_draws_others),
        cmocka_unit_test(a_choice_learns_from_what_its_loss_has_above_the_average),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
