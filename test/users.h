/* Users of a small model, each with a context of its own, in threads or processes; and the folder that their
   runs lie in. */
#ifndef USERS_H
#define USERS_H
#include "child.h"

#include "../engine/gaze.h"

#include <pthread.h>

static char folder[64];

static const char MODEL[] =
    "{\"gaze_model\": 1, \"inputs\": [{\"name\": \"x\", \"shape\": [16, 16, 1]}], \"layers\": ["
    "{\"name\": \"conv\", \"type\": \"conv2d\", \"filters\": 8, \"kernel_size\": 3, \"padding\": \"same\"},"
    "{\"name\": \"normalized\", \"type\": \"batch_normalization\"},"
    "{\"name\": \"attention\", \"type\": \"attention\", \"kind\": \"spatial\", \"kernel_size\": 7},"
    "{\"name\": \"pool\", \"type\": \"global_max_pool2d\"},"
    "{\"name\": \"class\", \"type\": \"dense\", \"units\": 4, \"activation\": \"softmax\"}],"
    "\"outputs\": [\"class\"], \"loss\": \"sparse_categorical_crossentropy\", \"optimizer\": {\"type\": "
    "\"adam\"},"
    "\"data\": {\"type\": \"synthetic\", \"path\": \"patch\", \"train_count\": 80, \"test_count\": 16}}";

enum { SAMPLES = 3, INPUTS = SAMPLES * 16 * 16, CLASSES = 4 };

static inline void path_of(char path[160], const char *name) { snprintf(path, 160, "%s/%s", folder, name); }

typedef struct user {
    gaze_context *context;
    gaze_model *model;
    const char *device, *name; /* name: of the run folder */
    bool reference, done;
    float output[SAMPLES * CLASSES];
} user;

static inline bool begin(user *u)
{
    char path[160];
    const gaze_context_options options = {.device = u->device, .reference = u->reference};
    path_of(path, "model.json");
    CHECK(gaze_context_create(&options, &u->context) == GAZE_OK);
    CHECK(gaze_model_open(u->context, path, &(gaze_model_options){.no_weights = true, .seed = 3},
                          &u->model) == GAZE_OK);
    return true;
}

static inline void end(user *u)
{
    gaze_close(u->model);
    gaze_context_destroy(u->context);
}

static inline bool predict(user *u)
{
    float input[INPUTS];
    for (int i = 0; i < INPUTS; i++) input[i] = (float)(i * 7 % 31) / 31;
    CHECK(gaze_predict(u->model, SAMPLES, input, u->output) == GAZE_OK);
    return true;
}

static inline bool train(user *u)
{
    char out[160];
    gaze_data *data;
    path_of(out, u->name);
    CHECK(gaze_data_open_with(u->model, &(gaze_data_options){.seed = 3}, &data) == GAZE_OK);
    const gaze_train_options options = {.out = out, .epochs = 2, .batch_size = 32};
    CHECK(gaze_train(u->model, data, &options, NULL) == GAZE_OK);
    gaze_data_close(data);
    return predict(u);
}

static inline bool train_whole(user *u)
{
    CHECK(begin(u) && train(u));
    end(u);
    return u->done = true;
}

static inline void *in_thread(void *u) { return train_whole(u) ? u : NULL; }

static inline bool read_weights(const char *name, char bytes[1 << 16], size_t *size)
{
    char path[220];
    snprintf(path, sizeof path, "%s/%s/weights.safetensors", folder, name);
    FILE *file = fopen(path, "rb");
    CHECK(file);
    *size = fread(bytes, 1, 1 << 16, file);
    fclose(file);
    CHECK(*size > 1000 && *size < 1 << 16);
    return true;
}

static inline bool same_weights(const char *a, const char *b)
{
    static char of_a[1 << 16], of_b[1 << 16];
    size_t size_a, size_b;
    CHECK(read_weights(a, of_a, &size_a) && read_weights(b, of_b, &size_b));
    CHECK(size_a == size_b && memcmp(of_a, of_b, size_a) == 0);
    return true;
}

/* Each in a thread of its own; all end with the weights of the run "alone". */
static inline bool all_at_once(user *users, size_t count)
{
    pthread_t threads[4];
    for (size_t i = 0; i < count; i++) CHECK(pthread_create(&threads[i], NULL, in_thread, &users[i]) == 0);
    for (size_t i = 0; i < count; i++) CHECK(pthread_join(threads[i], NULL) == 0);
    for (size_t i = 0; i < count; i++) CHECK(users[i].done && same_weights("alone", users[i].name));
    return true;
}

static inline int make_folder(void **state)
{
    (void)state;
    temporary_folder(folder);
    isolate_environment(folder);
    write_text(folder, "model.json", MODEL);
    return 0;
}

static inline int remove_all(void **state)
{
    (void)state;
    remove_folder(folder);
    return 0;
}

#endif
