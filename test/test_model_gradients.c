/* Every layer and every attention kind as a part of a model: gradients of all weights in double, on the
   references, against differences. A layer before the one that is checked has weights too, so that gradients
   must also pass through. A new layer or kind without a case here fails. */
#include "models.h"

#include "../engine/verify/model_check.h"

#define STEPS    "{'name': 'x', 'shape': [5, 3]}"
#define IMAGE    "{'name': 'x', 'shape': [5, 6, 4]}"
#define TWO      STEPS ", {'name': 'z', 'shape': [4, 3]}"
#define IDS      "{'name': 'x', 'shape': [5], 'dtype': 'int32'}"
#define BEFORE   "{'name': 'before', 'type': 'dense', 'units': 4, 'activation': 'tanh'}, "
#define BEFORE_Z "{'name': 'other', 'type': 'dense', 'units': 4, 'inputs': ['z']}, "
#define BOTH     "{'name': 'before', 'type': 'dense', 'units': 4, 'inputs': ['x']}, " BEFORE_Z
#define CHECKED  "{'name': 'checked', 'type': "
#define KIND     CHECKED "'attention', 'kind': "

typedef struct gradient_case {
    const char *subject; /* layer type, or "attention: KIND" */
    const char *inputs, *layers;
} gradient_case;

static const gradient_case cases[] = {
    {"dense", STEPS, BEFORE CHECKED "'dense', 'units': 3, 'activation': 'relu'}"},
    {"dense", STEPS, BEFORE CHECKED "'dense', 'units': 3, 'activation': 'gelu', 'use_bias': false}"},
    {"conv2d", IMAGE,
     BEFORE CHECKED "'conv2d', 'filters': 3, 'kernel_size': 3, 'padding': 'same', 'strides': 2}"},
    {"conv2d", IMAGE, BEFORE CHECKED "'conv2d', 'filters': 3, 'kernel_size': [2, 3], 'dilation_rate': 2}"},
    {"depthwise_conv2d", IMAGE,
     BEFORE CHECKED "'depthwise_conv2d', 'kernel_size': 3, 'depth_multiplier': 2}"},
    {"max_pool2d", IMAGE, BEFORE CHECKED "'max_pool2d', 'pool_size': 2}"},
    {"average_pool2d", IMAGE, BEFORE CHECKED "'average_pool2d', 'pool_size': 2, 'padding': 'same'}"},
    {"global_average_pool2d", IMAGE, BEFORE CHECKED "'global_average_pool2d'}"},
    {"global_max_pool2d", IMAGE, BEFORE CHECKED "'global_max_pool2d'}"},
    {"flatten", STEPS, BEFORE CHECKED "'flatten'}"},
    {"reshape", STEPS, BEFORE CHECKED "'reshape', 'target_shape': [4, 5]}"},
    {"concatenate", TWO, BOTH CHECKED "'concatenate', 'axis': 1, 'inputs': ['before', 'other']}"},
    {"add", STEPS,
     BEFORE "{'name': 'side', 'type': 'dense', 'units': 4, 'inputs': ['x']}, " CHECKED
            "'add', 'inputs': ['before', 'side']}"},
    {"multiply", STEPS,
     BEFORE "{'name': 'side', 'type': 'dense', 'units': 4, 'inputs': ['x']}, " CHECKED
            "'multiply', 'inputs': ['before', 'side']}"},
    {"activation", STEPS, BEFORE CHECKED "'activation', 'activation': 'softmax'}"},
    {"activation", STEPS, BEFORE CHECKED "'activation', 'activation': 'silu'}"},
    {"dropout", STEPS, BEFORE CHECKED "'dropout', 'rate': 0.4}"},
    {"conv1d", STEPS, BEFORE CHECKED "'conv1d', 'filters': 3, 'kernel_size': 4, 'padding': 'same'}"},
    {"max_pool1d", STEPS, BEFORE CHECKED "'max_pool1d', 'pool_size': 2}"},
    {"average_pool1d", STEPS, BEFORE CHECKED "'average_pool1d', 'pool_size': 2}"},
    {"time_distributed", STEPS, BEFORE CHECKED "'time_distributed', 'layer': {'type': 'dense', 'units': 3}}"},
    {"permute", STEPS, BEFORE CHECKED "'permute', 'dims': [2, 1]}"},
    {"zero_padding2d", IMAGE, BEFORE CHECKED "'zero_padding2d', 'padding': [[1, 2], [0, 1]]}"},
    {"cropping2d", IMAGE, BEFORE CHECKED "'cropping2d', 'cropping': [[1, 0], [0, 2]]}"},
    {"rescaling", STEPS, BEFORE CHECKED "'rescaling', 'scale': -0.5, 'offset': 2}"},
    {"repeat_vector", "{'name': 'x', 'shape': [3]}", BEFORE CHECKED "'repeat_vector', 'n': 3}"},
    {"lstm", STEPS, BEFORE CHECKED "'lstm', 'units': 3, 'return_sequences': true}"},
    {"lstm", STEPS, BEFORE CHECKED "'lstm', 'units': 3}"},
    {"gru", STEPS, BEFORE CHECKED "'gru', 'units': 3, 'return_sequences': true}"},
    {"gru", STEPS, BEFORE CHECKED "'gru', 'units': 3, 'reset_after': false}"},
    {"simple_rnn", STEPS, BEFORE CHECKED "'simple_rnn', 'units': 3, 'return_sequences': true}"},
    {"bidirectional", STEPS,
     BEFORE CHECKED
     "'bidirectional', 'merge_mode': 'mul', 'layer': {'type': 'gru', 'units': 3, 'return_sequences': true}}"},
    {"layer_normalization", STEPS, BEFORE CHECKED "'layer_normalization'}"},
    {"batch_normalization", STEPS, BEFORE CHECKED "'batch_normalization'}"},
    {"embedding", IDS, CHECKED "'embedding', 'input_dim': 7, 'output_dim': 3}"},
    {"embedding", IDS,
     CHECKED "'embedding', 'input_dim': 3, 'output_dim': 3, 'mask_zero': true}, "
             "{'name': 'masked', 'type': 'lstm', 'units': 2}"},
    {"position_embedding", STEPS, BEFORE CHECKED "'position_embedding', 'sequence_length': 6}"},
    {"global_average_pool1d", STEPS, BEFORE CHECKED "'global_average_pool1d'}"},
    {"global_max_pool1d", STEPS, BEFORE CHECKED "'global_max_pool1d'}"},

    {"attention: none", STEPS, BEFORE KIND "'none'}"},
    {"attention: additive_scale", IMAGE, BEFORE KIND "'additive_scale', 'units': 3}"},
    {"attention: additive_pool", STEPS, BEFORE KIND "'additive_pool', 'units': 3}"},
    {"attention: hard", STEPS, BEFORE KIND "'hard', 'units': 3}"},
    {"attention: spatial", IMAGE, BEFORE KIND "'spatial', 'kernel_size': 3}"},
    {"attention: soft_gate", STEPS, BEFORE KIND "'soft_gate'}"},
    {"attention: soft_gate", STEPS, BEFORE KIND "'soft_gate', 'gate': 'sigmoid', 'gate_rank': 2}"},
    {"attention: dot", TWO, BOTH KIND "'dot', 'use_scale': true, 'inputs': ['before', 'other']}"},
    {"attention: dot", TWO, BOTH KIND "'dot', 'tiled': true, 'inputs': ['before', 'other']}"},
    {"attention: dot", TWO, BOTH KIND "'dot', 'score_mode': 'concat', 'inputs': ['before', 'other']}"},
    {"attention: additive", TWO, BOTH KIND "'additive', 'inputs': ['before', 'other'], 'mask': 'causal'}"},
    {"attention: bahdanau", TWO, BOTH KIND "'bahdanau', 'units': 3, 'inputs': ['before', 'other']}"},
    {"attention: luong", TWO, BOTH KIND "'luong', 'score': 'general', 'inputs': ['before', 'other']}"},
    {"attention: luong", TWO, BOTH KIND "'luong', 'score': 'concat', 'inputs': ['before', 'other']}"},
    {"attention: local", STEPS, BEFORE KIND "'local', 'mode': 'm', 'window': 1}"},
    {"attention: local", TWO, BOTH KIND "'local', 'mode': 'p', 'window': 3, 'inputs': ['before', 'other']}"},
    {"attention: multi_head", TWO,
     BOTH KIND "'multi_head', 'num_heads': 2, 'key_dim': 3, 'value_dim': 2, 'inputs': ['before', 'other']}"},
    {"attention: multi_head", STEPS,
     BEFORE KIND "'multi_head', 'num_heads': 2, 'key_dim': 3, 'causal': true, 'tiled': true}"},
    {"attention: non_local", IMAGE, BEFORE KIND "'non_local'}"},
    {"attention: gate", IMAGE ", {'name': 'z', 'shape': [5, 6, 2]}",
     BOTH KIND "'gate', 'inputs': ['before', 'other']}"},
    {"attention: squeeze_excite", IMAGE, BEFORE KIND "'squeeze_excite', 'ratio': 2}"},
    {"attention: channel", IMAGE, BEFORE KIND "'channel', 'ratio': 2}"},
    {"attention: cbam", IMAGE, BEFORE KIND "'cbam', 'ratio': 2, 'kernel_size': 3}"},
    {"attention: efficient_channel", IMAGE, BEFORE KIND "'efficient_channel', 'kernel_size': 3}"},
};
enum { N_CASES = sizeof cases / sizeof *cases };

static size_t count_cases(const char *prefix, const char *name)
{
    char subject[96];
    size_t count = 0;
    snprintf(subject, sizeof subject, "%s%s", prefix, name);
    for (size_t i = 0; i < N_CASES; i++) count += !strcmp(cases[i].subject, subject);
    return count;
}

static void every_layer_and_kind_has_a_case(void **state)
{
    (void)state;
    for (const gz_layer_type *const *type = gz_layer_types; *type; type++)
        if (*type != &gz_layer_attention && !count_cases("", (*type)->type))
            fail_msg("layer type '%s' has no case", (*type)->type);
    for (const gz_attention_kind *const *kind = gz_attention_kinds; *kind; kind++)
        if (!count_cases("attention: ", (*kind)->kind))
            fail_msg("attention kind '%s' has no case", (*kind)->kind);
}

/* The layer or kind that the case is about is in its model. */
static bool is_about(const gz_model *model, const char *subject)
{
    for (size_t i = 0; i < model->n_layers; i++) {
        const char *kind = gz_attention_kind_of(&model->layers[i]);
        if (kind ? !strncmp(subject, "attention: ", 11) && !strcmp(kind, subject + 11)
                 : !strcmp(model->layers[i].type->type, subject))
            return true;
    }
    return false;
}

static gz_verify_result check(const char *inputs, const char *layers, const char *last, const char *subject)
{
    char outputs[96];
    snprintf(outputs, sizeof outputs, "'outputs': ['%s']", last);
    gz_model *model = read_model(inputs, layers, outputs);
    if (!is_about(model, subject)) fail_msg("the case of '%s' has none", subject);
    gz_shape shapes[GZ_MAX_INPUTS];
    for (size_t i = 0; i < model->n_inputs; i++) shapes[i] = model->inputs[i].shape;
    gz_verify_result result = {0};
    assert_ok(gz_model_check(model, &(gz_model_check_options){.batch = 3, .inputs = shapes}, &result));
    gz_model_free(model);
    return result;
}

static void gradients_agree_with_differences(void **state)
{
    const gradient_case *c = *state;
    const char *last = strstr(c->layers, "'masked'") ? "masked" : "checked";
    const gz_verify_result result = check(c->inputs, c->layers, last, c->subject);
    if (result.failed)
        fail_msg("%s: %zu of %zu checks failed: %s", c->subject, result.failed, result.checks, result.where);
    assert_true(result.checks > 0);
    print_message("%s: %zu weights, worst %.1e of its limit\n", c->subject, result.checks, result.worst);
}

/* softmax whose gradient is twice what it should be */
static gaze_status doubled(gz_graph *graph, const gz_node *node, gz_tensor *const *dout, const bool *wanted,
                           gz_tensor **din)
{
    gz_tensor *right;
    (void)wanted;
    GZ_TRY(gz_softmax_gradient(graph, node->out[0], dout[0], &right));
    return gz_scale(graph, right, 2, &din[0]);
}

static gz_op wrong_softmax;

static gaze_status read_nothing(gz_json *json, void *options)
{
    (void)json, (void)options;
    return GAZE_OK;
}

static gaze_status build_wrong(gz_build *b, const gz_layer *layer, const void *options, const gz_flow *in,
                               size_t n_in, gz_flow *out)
{
    (void)layer, (void)options, (void)n_in;
    wrong_softmax = gz_op_softmax;
    wrong_softmax.gradient = doubled;
    *out = *in;
    return gz_graph_node(gz_build_graph(b), &wrong_softmax, &(gz_softmax_attr){0}, sizeof(gz_softmax_attr),
                         (gz_tensor *[]){in->x, NULL, NULL, NULL}, 4, &out->x, 1);
}

static void a_wrong_gradient_in_a_kind_is_caught(void **state)
{
    (void)state;
    static const gz_attention_kind wrong = {"wrong", sizeof(void *), 1, 1, read_nothing, build_wrong},
                                   *const kinds[] = {&wrong, NULL};
    char *text = model_text(STEPS, BEFORE KIND "'wrong'}", "'outputs': ['checked']");
    gz_model *model;
    assert_ok(gz_model_parse_with("wrong.json", text, strlen(text), kinds, &model));
    free(text);
    gz_verify_result result = {0};
    assert_ok(gz_model_check(model, &(gz_model_check_options){.inputs = &model->inputs[0].shape}, &result));
    assert_int_equal(result.checks, 2);
    assert_int_equal(result.failed, 2);
    assert_non_null(strstr(result.where, "before.kernel"));
    gz_model_free(model);
}

int main(void)
{
    struct CMUnitTest tests[N_CASES + 2] = {
        cmocka_unit_test(every_layer_and_kind_has_a_case),
        cmocka_unit_test(a_wrong_gradient_in_a_kind_is_caught),
    };
    for (size_t i = 0; i < N_CASES; i++)
        tests[i + 2] = (struct CMUnitTest){.name = cases[i].subject,
                                           .test_func = gradients_agree_with_differences,
                                           .initial_state = (void *)(uintptr_t)&cases[i]};
    return _cmocka_run_group_tests("model gradients", tests, N_CASES + 2, NULL, NULL);
}
