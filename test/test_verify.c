/* Verification must fail for each way in which a kernel can be wrong. The ops and kernels here are made for
 * that. */
#include "scratch.h"

#include <math.h>

#include "../engine/graph/builder.h"
#include "../engine/verify/verify.h"

static const char KERNELS[] = "#include \"common.h\"\n"
                              "#define KERNEL(name, body) \\\n"
                              "__kernel void name(__global float *x, __global float *y, int n) { const int i "
                              "= get_global_id(0); if (i < n) { body } }\n"
                              "KERNEL(right, y[i] = sqrt(x[i]);)\n"
                              "KERNEL(imprecise, y[i] = sqrt(x[i]) * 1.00001f;)\n"
                              "KERNEL(one_too_many, y[i] = sqrt(x[i]); if (i == n - 1) y[n] = 0;)\n"
                              "KERNEL(one_before, y[i] = sqrt(x[i]); if (i == 0) y[-1] = 0;)\n"
                              "KERNEL(nothing, )\n"
                              "KERNEL(all_but_the_last, if (i < n - 1) y[i] = sqrt(x[i]);)\n"
                              "KERNEL(careless_with_input, y[i] = sqrt(x[i]); x[i] = 1;)\n"
                              "KERNEL(swallows_nan, y[i] = sqrt(fmax(x[i], 0.0f));)\n"
                              "KERNEL(makes_nan, y[i] = i == 3 ? NAN : sqrt(x[i]);)\n"
                              "KERNEL(makes_infinity, y[i] = i == 3 ? INFINITY : sqrt(x[i]);)\n"
                              "KERNEL(wrong_index, y[i] = sqrt(x[i == n - 1 ? 0 : i]);)\n"
                              "KERNEL(does_not_compile, y[i] = no_such_name;)\n";

typedef struct root_attr {
    char kernel[32];
} root_attr;

static gaze_status infer(gz_graph *graph, gz_node *node)
{
    return gz_node_output(graph, node, 0, GZ_F32, node->in[0]->shape);
}

static void reference(const gz_node *node, double *const *in, double *const *out)
{
    const size_t count = gz_shape_count(node->in[0]->shape);
    for (size_t i = 0; i < count; i++) out[0][i] = sqrt(in[0][i]);
}

/* Only the kernel that this run is about is in its program: the one that does not compile spoils no other. */
static gaze_status prepare(const gz_node *node, gz_builder *builder)
{
    const root_attr *attr = node->attr;
    const size_t count = gz_shape_count(node->in[0]->shape);
    gz_launch *launch = gz_launch_add(builder, attr->kernel, attr->kernel, "%s", "");
    gz_arg_tensor(launch, node->in[0]);
    gz_arg_tensor(launch, node->out[0]);
    gz_arg_int(launch, count);
    gz_launch_items(launch, count);
    return gz_builder_status(builder);
}

static gz_limit limit(const gz_node *node, size_t i)
{
    (void)node, (void)i;
    return (gz_limit){GZ_RELATIVE, 3};
}

static const gz_op ROOT = {.name = "root",
                           .n_out = 1,
                           .attr_bytes = sizeof(root_attr),
                           .infer = infer,
                           .reference = reference,
                           .prepare = prepare,
                           .limit = limit};

static gz_device *device;

/* Each kernel as <kernel>.cl of its own. */
static void write_kernel(const char *kernel)
{
    char text[4096], word[64], name[64];
    const char *definitions = strstr(KERNELS, "KERNEL(right");
    snprintf(word, sizeof word, "KERNEL(%s,", kernel);
    const char *line = strstr(KERNELS, word);
    assert_non_null(line);
    snprintf(text, sizeof text, "%.*s%.*s\n", (int)(definitions - KERNELS), KERNELS, (int)strcspn(line, "\n"),
             line);
    snprintf(name, sizeof name, "%s.cl", kernel);
    write_scratch(name, text, strlen(text));
}

static gz_verify_result verify_filled(const char *kernel, gz_fill fill)
{
    root_attr attr = {0};
    gz_verify_result result = {0};
    const gz_case c = {.in = {{2, {5, 37}}}, .n_in = 1, .attr = &attr, .fill = fill};
    snprintf(attr.kernel, sizeof attr.kernel, "%s", kernel);
    write_kernel(kernel);
    assert_done(gz_verify_case(device, GZ_FAMILY_PLAIN, &ROOT, &c, &result));
    return result;
}

static gz_verify_result verify(const char *kernel) { return verify_filled(kernel, GZ_FILL_POSITIVE); }

static void assert_fails(gz_verify_result result, const char *says)
{
    assert_true(result.failed > 0);
    if (!strstr(result.where, says)) fail_msg("\"%s\" does not say \"%s\"", result.where, says);
}

static void right_kernel_passes(void **state)
{
    (void)state;
    const gz_verify_result result = verify("right");
    if (result.failed) fail_msg("%s", result.where);
    assert_int_equal(result.checks,
                     12); /* values, finite, guards, repeat, inputs, plan: in training and in prediction */
    assert_true(result.worst <= 1);
}

static void special_values_pass_where_they_agree(void **state)
{
    (void)state;
    const gz_verify_result result = verify_filled("right", GZ_FILL_SPECIAL);
    if (result.failed) fail_msg("%s", result.where);
}

static void small_error_is_caught_with_place_and_limit(void **state)
{
    (void)state;
    const gz_verify_result result = verify("imprecise");
    assert_fails(result, "output 0 [");
    assert_fails(result, "expected");
    assert_fails(result, "limit");
    assert_true(result.worst > 1);
}

static void float_behind_the_output_is_caught(void **state)
{
    (void)state;
    assert_fails(verify("one_too_many"), "behind");
}

static void float_before_the_output_is_caught(void **state)
{
    (void)state;
    assert_fails(verify("one_before"), "before");
}

static void kernel_that_writes_nothing_is_caught(void **state)
{
    (void)state;
    assert_fails(verify("nothing"), "185 of 185");
}

static void one_value_not_written_is_caught(void **state)
{
    (void)state;
    assert_fails(verify("all_but_the_last"), "output 0 [4,36] is nan");
}

static void changed_input_is_caught(void **state)
{
    (void)state;
    assert_fails(verify("careless_with_input"), "changed input 0");
}

static void missing_nan_is_caught(void **state)
{
    (void)state;
    assert_fails(verify_filled("swallows_nan", GZ_FILL_UNIFORM), "are not finite where they should be");
}

static void nan_out_of_nowhere_is_caught(void **state)
{
    (void)state;
    assert_fails(verify("makes_nan"), "output 0 [0,3] is nan");
}

static void infinity_out_of_nowhere_is_caught(void **state)
{
    (void)state;
    assert_fails(verify("makes_infinity"), "output 0 [0,3] is inf");
}

static void one_wrong_index_is_caught(void **state)
{
    (void)state;
    assert_fails(verify("wrong_index"), "1 of 185 are wrong");
}

static void kernel_that_does_not_build_fails_its_case_alone(void **state)
{
    (void)state;
    const gz_verify_result result = verify("does_not_compile");
    assert_fails(result, "does_not_compile");
    assert_int_equal(result.failed, 2);
    assert_int_equal(verify("right").failed, 0);
}

static void data_is_the_same_in_every_run(void **state)
{
    (void)state;
    assert_string_equal(verify("imprecise").where, verify("imprecise").where);
}

static int open_device(void **state)
{
    if (scratch_make(state) != 0 || setenv("GAZE_KERNEL_DIR", scratch_folder, 1) != 0) return -1;
    return gz_device_open(&(gaze_context_options){0}, &device) == GAZE_OK ? 0 : -1;
}

static int close_device(void **state)
{
    gz_device_close(device);
    return scratch_remove(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(right_kernel_passes),
        cmocka_unit_test(special_values_pass_where_they_agree),
        cmocka_unit_test(small_error_is_caught_with_place_and_limit),
        cmocka_unit_test(float_behind_the_output_is_caught),
        cmocka_unit_test(float_before_the_output_is_caught),
        cmocka_unit_test(kernel_that_writes_nothing_is_caught),
        cmocka_unit_test(one_value_not_written_is_caught),
        cmocka_unit_test(changed_input_is_caught),
        cmocka_unit_test(missing_nan_is_caught),
        cmocka_unit_test(nan_out_of_nowhere_is_caught),
        cmocka_unit_test(infinity_out_of_nowhere_is_caught),
        cmocka_unit_test(one_wrong_index_is_caught),
        cmocka_unit_test(kernel_that_does_not_build_fails_its_case_alone),
        cmocka_unit_test(data_is_the_same_in_every_run),
    };
    return cmocka_run_group_tests_name("verify", tests, open_device, close_device);
}
