/* Embeddings and recurrent layers, and the dense that fuses with them. */
#include "models.h"

#define TEXT  "{'name': 'text', 'shape': [5], 'dtype': 'int32'}"
#define STEPS "{'name': 'x', 'shape': [5, 3]}"
#define EMBED "{'type': 'embedding', 'name': 'embed', 'input_dim': 7, 'output_dim': 3}"
/* Nothing changes, but the layer behind doesn't read the embedding. */
#define BETWEEN \
    "{'type': 'rescaling', 'name': 'twice', 'scale': 2},{'type': 'rescaling', 'name': 'half', 'scale': 0.5}"
#define DENSE "{'type': 'dense', 'name': 'wide', 'units': 4, 'activation': 'tanh'}"
#define BOTH                                                                                               \
    "{'type': 'bidirectional', 'name': 'both', 'layer': {'type': 'lstm', 'units': 4, 'return_sequences': " \
    "true}}"
#define POOL  "{'type': 'global_average_pool1d', 'name': 'pool'}"
#define CLASS "{'type': 'dense', 'name': 'last', 'units': 3, 'activation': 'softmax'}"
#define TRAINING \
    "'outputs': ['last'], 'loss': 'sparse_categorical_crossentropy', 'optimizer': {'type': 'sgd'}"
enum { IDS = 2 * 5, CLASSES = 2 * 3 };

static void set_all(small_run *run, double seed)
{
    static const int32_t ids[IDS] = {0, 6, 3, 3, 5, 1, 6, 0, 2, 6};
    float weights[256], x[2 * 5 * 3];
    fill_waves(weights, 256, 0.8, seed);
    for (size_t w = 0; w < run->built.n_weights; w++)
        set_weight(run, run->built.weights[w].name, weights + w);
    fill_waves(x, sizeof x / sizeof *x, 0.8, 0.3);
    const bool text = run->built.inputs[0]->dtype == GZ_I32;
    assert_ok(gz_plan_write(run->plan, run->built.inputs[0], text ? (const void *)ids : x));
}

static size_t nodes(const char *input, const char *layers, gz_build_options options, const char *op)
{
    return nodes_of(read_model(input, layers, TRAINING), options, op);
}

/* How many tensors are made once, when weights are loaded? */
static size_t staying(const char *layers, gz_build_options options)
{
    gz_model *m = read_model(TEXT, layers, TRAINING);
    gz_built built;
    options.slab_floats = 4096;
    assert_ok(gz_model_build(m, &options, &built));
    size_t count = 0;
    for (size_t i = 0; i < built.graph->n_tensors; i++) count += built.graph->tensors[i]->stays;
    gz_built_free(&built);
    gz_model_free(m);
    return count;
}

static void a_dense_of_an_embedding_becomes_a_table(void **state)
{
    (void)state;
    const char layers[] = EMBED "," DENSE "," POOL "," CLASS;
    const gz_build_options predict = {.batch = 1}, few = {.batch = 1, .training = true},
                           many = {.batch = 2, .training = true};
    assert_int_equal(staying(layers, predict), 1);
    assert_int_equal(staying(layers, few), 0);
    assert_int_equal(nodes(TEXT, layers, predict, "embedding"), 1);
    assert_int_equal(nodes(TEXT, layers, many, "embedding_gradient"), 1);
    assert_int_equal(staying(EMBED "," BOTH "," POOL "," CLASS, predict), 2);
    assert_int_equal(nodes(TEXT, EMBED "," BOTH "," POOL "," CLASS, predict, "embedding"), 2);
    assert_int_equal(nodes(TEXT, EMBED "," BOTH "," POOL "," CLASS, many, "embedding"), 2);
    assert_int_equal(nodes(TEXT, EMBED "," BOTH "," POOL "," CLASS, few, "embedding"), 1); /* 7 rows for 5 */
}

static void larger_tables_and_what_stands_between_stay(void **state)
{
    (void)state;
    const char large[] =
        "{'type': 'embedding', 'name': 'embed', 'input_dim': 161, 'output_dim': 3}," DENSE "," POOL "," CLASS;
    assert_int_equal(staying(large, (gz_build_options){.batch = 1}), 0);
    assert_int_equal(staying(large, (gz_build_options){.batch = 2}), 1);
    assert_int_equal(staying(EMBED "," BETWEEN "," DENSE "," POOL "," CLASS, (gz_build_options){.batch = 2}),
                     0);
}

static void an_embedding_that_others_read_is_made_too(void **state)
{
    (void)state;
    const char *const kept[] = {"embed"};
    const gz_build_options keeps = {.batch = 2, .layers = kept, .n_layers = 1};
    assert_int_equal(nodes(TEXT, EMBED "," DENSE "," POOL "," CLASS, keeps, "embedding"), 2);
}

static void a_recurrence_multiplies_its_input(void **state)
{
    (void)state;
    const char layers[] = BOTH "," POOL "," CLASS;
    assert_int_equal(nodes(STEPS, layers, (gz_build_options){.batch = 2}, "dense"), 0);
    assert_int_equal(nodes(STEPS, layers, (gz_build_options){.batch = 2, .training = true}, "dense"), 1);
    assert_int_equal(nodes(STEPS, layers, (gz_build_options){.batch = 2, .gradients = true}, "dense"), 3);
}

static void predict(const char *input, const char *layers, gz_build_options options, float y[CLASSES])
{
    small_run run;
    options.batch = 2;
    start(&run, read_model(input, layers, TRAINING), &options);
    for (int again = 0; again < 2; again++) { /* with other weights: what is made of them is made again */
        set_all(&run, again ? 0.7 : 0.2);
        assert_ok(gz_plan_run(run.plan));
    }
    assert_ok(gz_plan_read(run.plan, run.built.outputs[0], y));
    finish(&run);
}

static void predictions_are_those_of_nodes_apart(void **state)
{
    (void)state;
    static const char *const models[][2] = {{TEXT, EMBED "," DENSE "," POOL "," CLASS},
                                            {TEXT, EMBED "," BOTH "," POOL "," CLASS},
                                            {STEPS, BOTH "," POOL "," CLASS}};
    for (size_t i = 0; i < sizeof models / sizeof *models; i++) {
        float fused[CLASSES], apart[CLASSES];
        predict(models[i][0], models[i][1], (gz_build_options){0}, fused);
        predict(models[i][0], models[i][1], (gz_build_options){.gradients = true}, apart);
        assert_true(fabsf(fused[0] - fused[3]) > 1e-4f); /* they say something of the input */
        expect_same(fused, apart, CLASSES);
    }
}

static void set_usual(small_run *run) { set_all(run, 0.7); }

static size_t step(const char *layers, float *weights, size_t room)
{
    return take_step(read_model(TEXT, layers, TRAINING), (gz_build_options){0}, set_usual, weights, room);
}

static void a_table_learns_as_its_embedding(void **state)
{
    (void)state;
    static const char *const models[][2] = {
        {EMBED "," DENSE "," POOL "," CLASS, EMBED "," BETWEEN "," DENSE "," POOL "," CLASS},
        {EMBED "," BOTH "," POOL "," CLASS, EMBED "," BETWEEN "," BOTH "," POOL "," CLASS}};
    for (size_t i = 0; i < sizeof models / sizeof *models; i++) {
        float table[1024], apart[1024];
        const size_t count = step(models[i][0], table, 1024);
        assert_int_equal(step(models[i][1], apart, 1024), count);
        expect_same(table, apart, count);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_dense_of_an_embedding_becomes_a_table),
        cmocka_unit_test(larger_tables_and_what_stands_between_stay),
        cmocka_unit_test(an_embedding_that_others_read_is_made_too),
        cmocka_unit_test(a_recurrence_multiplies_its_input),
        cmocka_unit_test(predictions_are_those_of_nodes_apart),
        cmocka_unit_test(a_table_learns_as_its_embedding),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
