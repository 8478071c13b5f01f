/* A small model that writes sequences, in reference mode, with initial weights. */
#ifndef TEST_WRITER_H
#define TEST_WRITER_H
#include "models.h"

#include "../engine/api/api.h"

#include <sys/stat.h>
#include <unistd.h>

#define SOURCE      "{'name': 'source', 'shape': [3], 'dtype': 'int32'}"
#define TARGET      "{'name': 'target', 'shape': [4], 'dtype': 'int32'}"
#define OPEN_TARGET "{'name': 'target', 'shape': [null], 'dtype': 'int32'}"
#define READER                                                                                         \
    "{'name': 'words', 'type': 'embedding', 'input_dim': 4, 'output_dim': 5, 'inputs': ['source']}, "  \
    "{'name': 'encoder', 'type': 'gru', 'units': 6, 'return_sequences': true, 'return_state': true}, " \
    "{'name': 'written', 'type': 'embedding', 'input_dim': 4, 'output_dim': 5, 'inputs': ['target']}, "
#define WRITER                                                                                             \
    READER "{'name': 'decoder', 'type': 'gru', 'units': 6, 'return_sequences': true, 'initial_state': "    \
           "['encoder/state_h']}, "                                                                        \
           "{'name': 'look', 'type': 'attention', 'kind': 'luong', 'score': 'dot', 'inputs': ['decoder', " \
           "'encoder']}, {'name': 'join', 'type': 'concatenate', 'inputs': ['look', 'decoder']}, "
#define TOKEN  "{'name': 'token', 'type': 'dense', 'units': 4, 'activation': 'softmax'}"
#define DECODE "'outputs': ['token'], 'decode': {'input': 'target', 'start_token': 1, 'end_token': 0}"

enum { SAMPLES = 5, STEPS = 4, TOKENS = 4, END = 0, START = 1, ALL = 256 };

static char folder[64], file[96];
static gaze_context *context;
static gaze_model *model;
static int32_t sources[SAMPLES][3];
static const gaze_array SOURCES = {NULL, GAZE_INT32, 2, {SAMPLES, 3}, sources};

static inline int setup(void **state)
{
    (void)state;
    snprintf(folder, sizeof folder, "/tmp/gaze-decode-%ld", (long)getpid());
    snprintf(file, sizeof file, "%s/model.json", folder);
    mkdir(folder, 0700);
    for (size_t b = 0; b < SAMPLES; b++)
        for (size_t s = 0; s < 3; s++) sources[b][s] = (int32_t)((7 * b + 3 * s * s + s) % TOKENS);
    const gaze_context_options options = {.reference = true};
    return gaze_context_create(&options, &context) == GAZE_OK ? 0 : -1;
}

static inline int clean(void **state)
{
    (void)state;
    gaze_close(model);
    model = NULL;
    gaze_context_destroy(context);
    unlink(file);
    return rmdir(folder);
}

/* Initial weights make all tokens about as likely; larger ones make the answers differ. */
static inline void enlarge_weights(void)
{
    const size_t count = gz_store_slab_floats(model->store, GZ_SLAB_PARAMETER);
    float *values = malloc(count * sizeof *values);
    assert_ok(gz_api_weights(model, false, 0));
    assert_ok(gz_store_read(model->store, GZ_SLAB_PARAMETER, 0, values, count));
    for (size_t i = 0; i < count; i++) values[i] *= 8;
    assert_ok(gz_store_write(model->store, GZ_SLAB_PARAMETER, 0, values, count));
    free(values);
}

static inline void open_model(const char *inputs, const char *layers, const char *rest)
{
    char *text = model_text(inputs, layers, rest);
    assert_ok(gz_file_write(file, text, strlen(text)));
    free(text);
    assert_ok(gaze_model_open(context, file, &(gaze_model_options){.seed = 1}, &model));
    enlarge_weights();
}

static inline void open_writer(void) { open_model(SOURCE ", " TARGET, WRITER TOKEN, DECODE); }

static inline void decode(const gaze_decode_options *options, gaze_decoded *decoded)
{
    assert_ok(gaze_decode(model, &SOURCES, 1, options, decoded));
}

static inline void assert_fails(gaze_status expected, const gaze_decode_options *options, const char *word)
{
    gaze_decoded decoded = {0};
    assert_int_equal(gaze_decode(model, &SOURCES, 1, options, &decoded), expected);
    assert_message(word, NULL);
    assert_null(decoded.tokens);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, clean)

#endif
