/* Attention kinds that are registered through gaze.h, on the references. */
#include "scratch.h"

static void assert_says(gaze_status got, gaze_status expected, const char *const *words)
{
    if (got != expected) fail_msg("status %d, expected %d: %s", (int)got, (int)expected, gaze_message());
    for (; *words; words++)
        if (!strstr(gaze_message(), *words)) fail_msg("\"%s\" does not say \"%s\"", gaze_message(), *words);
}
#define SAYS(...) ((const char *const[]){__VA_ARGS__, NULL})

static gaze_context *reference(void)
{
    gaze_context *context = NULL;
    assert_done(gaze_context_create(&(gaze_context_options){.reference = true}, &context));
    return context;
}

typedef gaze_status build_function(gaze_builder *b, const void *options, gaze_tensor *const *in,
                                   gaze_tensor **out);

static gaze_attention_kind kind_of(const char *name, build_function *build)
{
    return (gaze_attention_kind){
        .version = GAZE_KIND_VERSION, .name = name, .min_inputs = 1, .max_inputs = 3, .build = build};
}

/* A model with one layer of kind "own" on x [4,3]. */
static gaze_status open_model(build_function *build, gaze_context **context, gaze_model **model)
{
    static const char text[] =
        "{\"gaze_model\": 1, \"inputs\": [{\"name\": \"x\", \"shape\": [4, 3]}],"
        "\"layers\": [{\"name\": \"a\", \"type\": \"attention\", \"kind\": \"own\"}], \"outputs\": [\"a\"]}";
    const char *path = write_scratch("own.json", text, sizeof text - 1);
    const gaze_attention_kind own = kind_of("own", build);
    *context = reference();
    assert_done(gaze_register_kind(*context, &own));
    *model = NULL;
    return gaze_model_open(*context, path, NULL, model);
}

static void assert_build_fails(build_function *build, const char *const *words)
{
    gaze_context *context;
    gaze_model *model;
    assert_says(open_model(build, &context, &model), GAZE_ERROR_MODEL, words);
    gaze_context_destroy(context);
}

static gaze_status identity(gaze_builder *b, const void *options, gaze_tensor *const *in, gaze_tensor **out)
{
    (void)b, (void)options;
    *out = in[0];
    return GAZE_OK;
}

static void a_kind_of_another_version_is_refused(void **state)
{
    (void)state;
    gaze_context *context = reference();
    gaze_attention_kind kind = kind_of("own", identity);
    kind.version++;
    assert_says(gaze_register_kind(context, &kind), GAZE_ERROR_USAGE, SAYS("version 2", "compile it again"));
    gaze_context_destroy(context);
}

static void names_are_taken_once(void **state)
{
    (void)state;
    gaze_context *context = reference();
    const gaze_attention_kind own = kind_of("own", identity), built_in = kind_of("dot", identity);
    assert_done(gaze_register_kind(context, &own));
    assert_says(gaze_register_kind(context, &own), GAZE_ERROR_USAGE, SAYS("'own'", "already"));
    assert_says(gaze_register_kind(context, &built_in), GAZE_ERROR_USAGE, SAYS("'dot'", "already"));
    gaze_context_destroy(context);
}

static void a_kind_needs_a_name_a_build_and_inputs(void **state)
{
    (void)state;
    gaze_context *context = reference();
    gaze_attention_kind kind = kind_of(NULL, identity);
    assert_says(gaze_register_kind(context, &kind), GAZE_ERROR_USAGE, SAYS("name"));
    kind = kind_of("own", NULL);
    assert_says(gaze_register_kind(context, &kind), GAZE_ERROR_USAGE, SAYS("build"));
    kind = kind_of("own", identity);
    kind.max_inputs = 9;
    assert_says(gaze_register_kind(context, &kind), GAZE_ERROR_USAGE, SAYS("1 to 9", "expected 1 to 3"));
    gaze_context_destroy(context);
}

static void another_context_does_not_know_it(void **state)
{
    (void)state;
    gaze_context *knows, *other = reference();
    gaze_model *model;
    assert_done(open_model(identity, &knows, &model));
    gaze_close(model);
    assert_says(gaze_model_open(other, scratch_path("own.json"), NULL, &model), GAZE_ERROR_MODEL,
                SAYS("\"own\"", "--plugin"));
    gaze_context_destroy(other);
    gaze_context_destroy(knows);
}

static gaze_status nothing(gaze_builder *b, const void *options, gaze_tensor *const *in, gaze_tensor **out)
{
    (void)b, (void)options, (void)in, (void)out;
    return GAZE_OK;
}

static gaze_status map_without_axes(gaze_builder *b, const void *options, gaze_tensor *const *in,
                                    gaze_tensor **out)
{
    (void)options;
    *out = in[0];
    return gaze_build_map(b, "part", in[0], &(gaze_map_note){.meaning = "x"});
}

static gaze_status map_of_another_shape(gaze_builder *b, const void *options, gaze_tensor *const *in,
                                        gaze_tensor **out)
{
    (void)options;
    *out = in[0];
    return gaze_build_map(b, NULL, in[0], &(gaze_map_note){.axes = GAZE_MAP_CHANNELS});
}

static gaze_status wrong_kernel(gaze_builder *b, const void *options, gaze_tensor *const *in,
                                gaze_tensor **out)
{
    (void)options;
    gaze_tensor *kernel;
    GAZE_TRY(gaze_build_weight(b, "kernel", GAZE_SHAPE(7, 2), GAZE_GLOROT_UNIFORM, &kernel));
    return gaze_op_dense(b, in[0], kernel, NULL, GAZE_LINEAR, out);
}

static gaze_status wrong_reshape(gaze_builder *b, const void *options, gaze_tensor *const *in,
                                 gaze_tensor **out)
{
    (void)options;
    return gaze_op_reshape(b, in[0], GAZE_SHAPE(1, 5), out);
}

static gaze_status wrong_matmul(gaze_builder *b, const void *options, gaze_tensor *const *in,
                                gaze_tensor **out)
{
    (void)options;
    return gaze_op_matmul(b, in[0], false, in[0], false, 1, out);
}

static gaze_status add_one(gaze_builder *b, const void *options, gaze_tensor *const *in, gaze_tensor **out)
{
    (void)options;
    return gaze_op_add(b, in, 1, out);
}

static gaze_status wrong_activation(gaze_builder *b, const void *options, gaze_tensor *const *in,
                                    gaze_tensor **out)
{
    (void)options;
    return gaze_op_activation(b, in[0], (gaze_activation)77, out);
}

static gaze_status third_input(gaze_builder *b, const void *options, gaze_tensor *const *in,
                               gaze_tensor **out)
{
    gaze_tensor *mask;
    (void)options, (void)in;
    return gaze_build_tokens(b, 2, out, &mask);
}

static gaze_status own_message(gaze_builder *b, const void *options, gaze_tensor *const *in,
                               gaze_tensor **out)
{
    (void)options, (void)out;
    return gaze_build_fail(b, "needs %zu steps or more", gaze_tensor_shape(in[0]).dim[1] + 1);
}

static gaze_status same_weight_twice(gaze_builder *b, const void *options, gaze_tensor *const *in,
                                     gaze_tensor **out)
{
    gaze_tensor *w;
    (void)options;
    *out = in[0];
    GAZE_TRY(gaze_build_weight(b, "w", GAZE_SHAPE(2), GAZE_ONES, &w));
    return gaze_build_weight(b, "w", GAZE_SHAPE(2), GAZE_ONES, &w);
}

static gaze_status wrong_scores(gaze_builder *b, const void *options, gaze_tensor *const *in,
                                gaze_tensor **out)
{
    gaze_query_key seen;
    (void)options;
    GAZE_TRY(gaze_build_query_key(b, &seen));
    return gaze_build_attend(b, &seen, false, in[0], NULL, out);
}

static void what_does_not_fit_is_named(void **state)
{
    (void)state;
    assert_build_fails(nothing, SAYS("own.json", "layer 'a'", "no output"));
    assert_build_fails(map_without_axes, SAYS("layer 'a'", "'a/part'", "axes"));
    assert_build_fails(map_of_another_shape, SAYS("layer 'a'", "'channels'", "[4,3]", "[channels]"));
    assert_build_fails(wrong_kernel, SAYS("'a'", "dense", "[7,2]"));
    assert_build_fails(wrong_reshape, SAYS("[1,5]"));
    assert_build_fails(wrong_matmul, SAYS("'a'", "matmul"));
    assert_build_fails(add_one, SAYS("layer 'a'", "add of 1", "2 to 8"));
    assert_build_fails(wrong_activation, SAYS("layer 'a'", "77"));
    assert_build_fails(third_input, SAYS("layer 'a'", "input number 2 of 1"));
    assert_build_fails(own_message, SAYS("own.json", "layer 'a'", "needs 5 steps"));
    assert_build_fails(same_weight_twice, SAYS("a.w"));
    assert_build_fails(wrong_scores, SAYS("layer 'a'", "[4,3]", "[4,4]"));
}

/* Everything that gaze.h has, each once, so that shapes are what it says. */
static gaze_status everything(gaze_builder *b, const void *options, gaze_tensor *const *in, gaze_tensor **out)
{
    gaze_tensor *h, *mask, *x, *y, *w, *both[2];
    (void)options;
    GAZE_TRY(gaze_build_tokens(b, 0, &h, &mask)); /* [B,4,3] */
    const size_t B = gaze_tensor_shape(h).dim[0];
    if (gaze_build_inputs(b) != 1 || mask) return gaze_build_fail(b, "has one input without a mask");
    GAZE_TRY(gaze_build_weight(b, "gamma", GAZE_SHAPE(3), GAZE_ONES, &w));
    GAZE_TRY(gaze_op_layer_normalization(b, h, w, NULL, 1e-3, &x));
    GAZE_TRY(gaze_op_permute(b, x, (size_t[]){2, 1}, 2, &y)); /* [B,3,4] */
    GAZE_TRY(gaze_op_matmul(b, x, false, y, false, 0.5, &y)); /* [B,4,4] */
    GAZE_TRY(gaze_op_softmax(b, y, NULL, &y));
    GAZE_TRY(gaze_op_matmul(b, y, false, h, false, 1, &y)); /* [B,4,3] */
    GAZE_TRY(gaze_op_additive_scores(b, h, y, NULL, &x));   /* [B,4,4] */
    GAZE_TRY(gaze_op_slice(b, x, 2, 1, 3, &x));             /* [B,4,3] */
    both[0] = x;
    both[1] = y;
    GAZE_TRY(gaze_op_add(b, both, 2, &x));
    GAZE_TRY(gaze_op_multiply(b, both, 2, &y));
    both[0] = x;
    both[1] = y;
    GAZE_TRY(gaze_op_concatenate(b, both, 2, 2, &x)); /* [B,4,6] */
    GAZE_TRY(gaze_op_reshape(b, x, GAZE_SHAPE(B, 2, 2, 6), &x));
    GAZE_TRY(gaze_build_weight(b, "conv", GAZE_SHAPE(3, 3, 6, 3), GAZE_GLOROT_UNIFORM, &w));
    GAZE_TRY(gaze_op_conv2d(b, x, w, NULL, GAZE_SILU, &x)); /* [B,2,2,3] */
    GAZE_TRY(gaze_op_reshape(b, x, GAZE_SHAPE(B, 4, 3), &x));
    GAZE_TRY(gaze_op_reduce_tokens(b, x, GAZE_MEAN, &y)); /* [B,3] */
    GAZE_TRY(gaze_op_activation(b, y, GAZE_SIGMOID, &y));
    GAZE_TRY(
        gaze_build_map(b, "channels", y, &(gaze_map_note){.axes = GAZE_MAP_CHANNELS, .meaning = "gates"}));
    GAZE_TRY(gaze_op_scale_channels(b, x, y, &x));
    GAZE_TRY(gaze_op_reduce_features(b, x, GAZE_SUM, &y)); /* [B,4,1] */
    GAZE_TRY(gaze_op_scale(b, y, 2, &y));
    GAZE_TRY(gaze_op_scale_rows(b, x, y, &x));
    GAZE_TRY(gaze_build_weight(b, "s", (gaze_shape){.rank = 0}, GAZE_ONES, &w));
    GAZE_TRY(gaze_op_scale_by(b, x, w, &x));
    GAZE_TRY(gaze_op_reshape(b, y, GAZE_SHAPE(B, 4), &y));
    GAZE_TRY(gaze_op_weighted_sum(b, y, x, &y)); /* [B,3] */
    GAZE_TRY(gaze_op_scale_channels(b, in[0], y, out));
    return GAZE_OK;
}

static void every_call_works_and_has_a_right_gradient(void **state)
{
    (void)state;
    gaze_context *context;
    gaze_model *model;
    assert_done(open_model(everything, &context, &model));
    size_t passed = 0, failed = 0;
    assert_done(gaze_verify_model(model, NULL, &passed, &failed));
    assert_int_equal(passed, 3);
    assert_int_equal(failed, 0);
    const gaze_map_info *maps;
    assert_int_equal(gaze_model_maps(model, &maps), 1);
    assert_string_equal(maps->name, "a/channels");
    assert_string_equal(maps->kind, "own");
    assert_string_equal(gaze_map_axes_name(maps->axes), "channels");
    gaze_close(model);
    gaze_context_destroy(context);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_kind_of_another_version_is_refused),
        cmocka_unit_test(names_are_taken_once),
        cmocka_unit_test(a_kind_needs_a_name_a_build_and_inputs),
        cmocka_unit_test(another_context_does_not_know_it),
        cmocka_unit_test(what_does_not_fit_is_named),
        cmocka_unit_test(every_call_works_and_has_a_right_gradient),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
