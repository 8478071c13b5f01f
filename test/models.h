/* Small models for tests, written with ' for ". */
#ifndef TEST_MODELS_H
#define TEST_MODELS_H
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../engine/graph/plan.h"
#include "../engine/model/model.h"
#include "../engine/model/weights.h"

#define INPUT_IMAGE  "{'name': 'image', 'shape': [6, 5, 2]}"
#define INPUT_STEPS  "{'name': 'x', 'shape': [4, 3]}"
#define OUTPUT_CLASS "'outputs': ['class'], 'loss': 'sparse_categorical_crossentropy'"

/* A whole model file. */
static inline char *model_text(const char *inputs, const char *layers, const char *rest)
{
    const size_t size = strlen(inputs) + strlen(layers) + strlen(rest) + 100;
    char *text = malloc(size);
    snprintf(text, size, "{'gaze_model': 1, 'inputs': [%s], 'layers': [%s], %s}", inputs, layers, rest);
    for (char *c = text; *c; c++)
        if (*c == '\'') *c = '"';
    return text;
}

static inline gaze_status parse_model(const char *inputs, const char *layers, const char *rest,
                                      gz_model **model)
{
    char *text = model_text(inputs, layers, rest);
    gaze_status status = gz_model_parse("small.json", text, strlen(text), model);
    free(text);
    return status;
}

/* The message has all of the words (NULL ends them). */
static inline void assert_message(const char *first, ...)
{
    va_list words;
    va_start(words, first);
    for (const char *word = first; word; word = va_arg(words, const char *)) {
        if (strstr(gaze_message(), word)) continue;
        va_end(words);
        fail_msg("\"%s\" does not name \"%s\"", gaze_message(), word);
    }
    va_end(words);
}

static inline void assert_ok(gaze_status status)
{
    if (status != GAZE_OK) fail_msg("status %d: %s", (int)status, gaze_message());
}

/* The model must be refused, as it is read or as it is built. */
#define assert_refused(inputs, layers, rest, ...)                                                \
    do {                                                                                         \
        gz_model *refused_ = NULL;                                                               \
        gaze_status status_ = parse_model(inputs, layers, rest, &refused_);                      \
        if (status_ == GAZE_OK)                                                                  \
            status_ = gz_model_build(refused_, &(gz_build_options){.batch = 2}, &(gz_built){0}); \
        assert_int_equal(status_, GAZE_ERROR_MODEL);                                             \
        assert_message("small.json", __VA_ARGS__, NULL);                                         \
        gz_model_free(refused_);                                                                 \
    } while (0)

static inline gz_model *read_model(const char *inputs, const char *layers, const char *rest)
{
    gz_model *model = NULL;
    assert_ok(parse_model(inputs, layers, rest, &model));
    return model;
}

static inline gz_tensor *layer_output(const gz_model *model, const gz_built *built, const char *name)
{
    for (size_t i = 0; i < model->n_layers; i++)
        if (!strcmp(model->layers[i].name, name)) return built->layers[i];
    fail_msg("no layer '%s'", name);
    return NULL;
}

static inline size_t count_nodes(const gz_built *built, const char *op)
{
    size_t count = 0;
    for (size_t i = 0; i < built->graph->n_nodes; i++) count += !strcmp(built->graph->nodes[i]->op->name, op);
    return count;
}

/* How many nodes of `op` does the model's build have? Frees the model. */
static inline size_t nodes_of(gz_model *model, gz_build_options options, const char *op)
{
    gz_built built;
    if (!options.slab_floats) options.slab_floats = 8192;
    assert_ok(gz_model_build(model, &options, &built));
    const size_t count = count_nodes(&built, op);
    gz_built_free(&built);
    gz_model_free(model);
    return count;
}

static inline void fill_waves(float *values, size_t count, double height, double step)
{
    for (size_t i = 0; i < count; i++) values[i] = (float)(height * sin(1 + step * (double)(i * i % 991)));
}

/* The references count in double: what is left is the rounding of what is read. */
static inline void expect_same(const float *a, const float *b, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!(fabs((double)a[i] - (double)b[i]) <= 1e-7 * (1 + fabs((double)a[i]))))
            fail_msg("%zu: %.9g and %.9g", i, (double)a[i], (double)b[i]);
}

/* A build with its weights in a store, run by the references. Weights start as zeros. */
typedef struct small_run {
    gz_model *model;
    gz_built built;
    gz_store *store;
    gz_plan *plan;
} small_run;

static inline void start(small_run *run, gz_model *model, const gz_build_options *options)
{
    *run = (small_run){.model = model};
    assert_ok(gz_store_create(NULL, &run->store));
    gz_built probe = {0};
    size_t open = 0;
    assert_ok(gz_model_probe(model, &open, &probe));
    assert_ok(gz_weights_declare(&probe, run->store));
    assert_ok(gz_store_allocate(run->store, options->training, gz_optimizer_moments(&model->optimizer.attr)));
    gz_built_free(&probe);
    gz_build_options all = *options;
    all.slab_floats = gz_store_slab_floats(run->store, GZ_SLAB_PARAMETER);
    assert_ok(gz_model_build(model, &all, &run->built));
    assert_ok(gz_plan_create(NULL, run->built.graph, run->store, &(gz_plan_options){0}, &run->plan));
}

static inline void finish(small_run *run)
{
    gz_plan_destroy(run->plan);
    gz_built_free(&run->built);
    gz_store_destroy(run->store);
    gz_model_free(run->model);
}

/* A step of gradient descent on labels 2 and 0 by a batch of two, of which `write` gave weights and input.
   The weights after it; returns how many. */
static inline size_t take_step(gz_model *model, gz_build_options options, void (*write)(small_run *run),
                               float *weights, size_t room)
{
    small_run run;
    options.training = true;
    options.batch = 2;
    start(&run, model, &options);
    write(&run);
    assert_ok(gz_plan_write(run.plan, run.built.label, (int32_t[]){2, 0}));
    assert_ok(gz_plan_write(run.plan, run.built.hyper, (float[]){0.5f, 0.5f, 0, 0}));
    assert_ok(gz_plan_run(run.plan));
    const size_t count = gz_store_slab_floats(run.store, GZ_SLAB_PARAMETER);
    assert_true(count <= room);
    assert_ok(gz_store_read(run.store, GZ_SLAB_PARAMETER, 0, weights, count));
    finish(&run);
    return count;
}

static inline void set_weight(small_run *run, const char *name, const float *values)
{
    const gz_store_entry *entry = gz_store_find(run->store, name);
    assert_non_null(entry);
    const gz_slab slab = entry->role == GZ_PARAMETER ? GZ_SLAB_PARAMETER : GZ_SLAB_STATE;
    assert_ok(gz_store_write(run->store, slab, entry->offset, values, gz_shape_count(entry->shape)));
}

#endif
