/* Small models and their dumps, for the tests of gaze_dump. */
#ifndef TEST_DUMP_H
#define TEST_DUMP_H
#include "scratch.h"

#include "../engine/gaze.h"

enum { SAMPLES = 3, HEIGHT = 6, WIDTH = 5, CELLS = HEIGHT * WIDTH, MOST = 64 };

static const char image_model[] =
    "{\"gaze_model\": 1, \"name\": \"small\", \"inputs\": [{\"name\": \"image\", \"shape\": [6, 5, 1]}], "
    "\"layers\": ["
    "{\"name\": \"gate\", \"type\": \"attention\", \"kind\": \"spatial\", \"kernel_size\": 1},"
    "{\"name\": \"look\", \"type\": \"attention\", \"kind\": \"additive_scale\", \"units\": 2},"
    "{\"name\": \"flat\", \"type\": \"flatten\"},"
    "{\"name\": \"class\", \"type\": \"dense\", \"units\": 2, \"activation\": \"softmax\"}],"
    "\"outputs\": [\"class\"], \"classes\": [\"Left\", \"Right\"]}";

static const char steps_model[] =
    "{\"gaze_model\": 1, \"name\": \"steps\", \"inputs\": [{\"name\": \"x\", \"shape\": [6, 5]}], "
    "\"layers\": ["
    "{\"name\": \"look\", \"type\": \"attention\", \"kind\": \"additive_pool\", \"units\": 2},"
    "{\"name\": \"class\", \"type\": \"dense\", \"units\": 3}], \"outputs\": [\"class\"]}";

static const char heads_model[] =
    "{\"gaze_model\": 1, \"name\": \"heads\", \"inputs\": [{\"name\": \"x\", \"shape\": [6, 5]}], "
    "\"layers\": ["
    "{\"name\": \"look\", \"type\": \"attention\", \"kind\": \"multi_head\", \"num_heads\": 2, \"key_dim\": "
    "3},"
    "{\"name\": \"flat\", \"type\": \"flatten\"}], \"outputs\": [\"flat\"]}";

static const char cells_model[] =
    "{\"gaze_model\": 1, \"name\": \"cells\", \"inputs\": [{\"name\": \"image\", \"shape\": [6, 5, 1]}], "
    "\"layers\": ["
    "{\"name\": \"conv\", \"type\": \"conv2d\", \"filters\": 3, \"kernel_size\": 2, \"activation\": "
    "\"relu\"},"
    "{\"name\": \"look\", \"type\": \"attention\", \"kind\": \"non_local\"},"
    "{\"name\": \"gate\", \"type\": \"attention\", \"kind\": \"soft_gate\"},"
    "{\"name\": \"flat\", \"type\": \"flatten\"}], \"outputs\": [\"flat\"]}";

static float values[SAMPLES * CELLS];
static const gaze_array images = {NULL, GAZE_FLOAT32, 4, {SAMPLES, HEIGHT, WIDTH, 1}, values};
static const gaze_array steps = {NULL, GAZE_FLOAT32, 3, {SAMPLES, HEIGHT, WIDTH}, values};

static gaze_context *context;

static inline int make(void **state)
{
    const gaze_context_options options = {.reference = true};
    for (size_t i = 0; i < SAMPLES * CELLS; i++) values[i] = (float)(i * 37 % 101) / 101;
    for (size_t i = CELLS; i < 2 * CELLS; i++) values[i] = 0.5f; /* sample 1: everywhere the same */
    if (scratch_make(state)) return -1;
    return gaze_context_create(&options, &context) == GAZE_OK ? 0 : -1;
}

static inline int clear(void **state)
{
    gaze_context_destroy(context);
    return scratch_remove(state);
}

static inline gaze_model *open_model(const char *text)
{
    gaze_model *model;
    assert_done(gaze_model_open(context, write_scratch("model.json", text, strlen(text)), NULL, &model));
    return model;
}

typedef struct report {
    char files[MOST][300], notes[MOST][300];
    size_t n_files, n_notes;
} report;

static inline void keep(void *user, const char *path, const char *note)
{
    report *r = user;
    if (path) snprintf(r->files[r->n_files++], 300, "%s", path);
    if (note) snprintf(r->notes[r->n_notes++], 300, "%s", note);
}

static inline gaze_status dump(const char *text, const gaze_array *input, const gaze_dump_options *options,
                               report *r)
{
    static const size_t indices[SAMPLES] = {7, 8, 20};
    static const int32_t labels[SAMPLES] = {0, 1, -1};
    gaze_model *model = open_model(text);
    *r = (report){.n_files = 0};
    const gaze_status status = gaze_dump(model, input, 1, "set", indices, labels, options, keep, r);
    gaze_close(model);
    return status;
}

static inline void assert_file(const report *r, size_t at, const char *name)
{
    assert_true(at < r->n_files);
    const char *slash = strrchr(r->files[at], '/');
    assert_string_equal(slash + 1, name);
    assert_true(gz_file_exists(r->files[at]));
}

static inline void read_all(const char *path, char **bytes, size_t *size)
{
    assert_done(gz_file_read(path, 1 << 24, bytes, size));
}

#endif
