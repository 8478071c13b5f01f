/* Steps of training that several processes share, with threads for processes, each with a context of its own.
 */
#include "models.h"

#include "../engine/train/exchange.h"
#include "local_group.h"

enum { SAMPLES = 17, VALUES = 60, STEPS = 3, MOST_FLOATS = 1 << 16 };

static const char PLAIN[] =
    "{'name': 'conv', 'type': 'conv2d', 'filters': 5, 'kernel_size': 3, 'activation': 'relu'},"
    "{'name': 'flat', 'type': 'flatten'}, {'name': 'hidden', 'type': 'dense', 'units': 9},"
    "{'name': 'class', 'type': 'dense', 'units': 3, 'activation': 'softmax'}";
static const char MOVING[] =
    "{'name': 'conv', 'type': 'conv2d', 'filters': 5, 'kernel_size': 3, 'activation': 'relu'},"
    "{'name': 'normal', 'type': 'batch_normalization'}, {'name': 'flat', 'type': 'flatten'},"
    "{'name': 'dropped', 'type': 'dropout', 'rate': 0.3},"
    "{'name': 'class', 'type': 'dense', 'units': 3, 'activation': 'softmax'}";

/* One process's training, and what it ends with. */
typedef struct trainee {
    const char *layers;
    size_t bucket_floats;
    float parameters[MOST_FLOATS], state[MOST_FLOATS];
    size_t n_parameters, n_state, buckets;
    gz_sums sums;
} trainee;

/* Sizes of the batches, one after the other: shares of different sizes, and empty ones. */
static const size_t BATCHES[STEPS] = {8, 8, 1};

static void fill(float *images, int32_t *labels)
{
    for (size_t i = 0; i < SAMPLES * VALUES; i++) images[i] = (float)((i * 7919) % 101) / 101 - 0.5f;
    for (size_t i = 0; i < SAMPLES; i++) labels[i] = (int32_t)(i % 3);
}

typedef struct bench {
    gz_device *device;
    gz_model *model;
    gz_store *store;
    gz_built probe;
    gz_exchange *exchange;
    gz_step_pair steps;
} bench;

static gaze_status set_up(bench *b, const trainee *t, gz_step_base *base)
{
    size_t open = 0;
    GZ_TRY(gz_device_open(&(gaze_context_options){0}, &b->device));
    GZ_TRY(parse_model(INPUT_IMAGE, t->layers,
                       "'outputs': ['class'], 'loss': 'sparse_categorical_crossentropy', "
                       "'optimizer': {'type': 'adam', 'learning_rate': 0.01, 'epsilon': 0.1}",
                       &b->model));
    GZ_TRY(gz_store_create(b->device, &b->store));
    GZ_TRY(gz_model_probe(b->model, &open, &b->probe));
    GZ_TRY(gz_weights_declare(&b->probe, b->store));
    GZ_TRY(gz_store_allocate(b->store, true, 2));
    GZ_TRY(gz_weights_initialize(&b->probe, 5, b->store));
    base->device = b->device;
    base->model = b->model;
    base->store = b->store;
    base->optimizer = &b->model->optimizer;
    return GAZE_OK;
}

static void tear_down(bench *b)
{
    gz_exchange_destroy(b->exchange);
    gz_step_pair_free(&b->steps);
    gz_built_free(&b->probe);
    gz_store_destroy(b->store);
    gz_model_free(b->model);
    gz_device_close(b->device);
}

static size_t share(const gz_group *group, size_t whole, size_t *first)
{
    *first = group ? gz_share_first(whole, group->calls->rank, group->calls->ranks) : 0;
    return (group ? gz_share_first(whole, group->calls->rank + 1, group->calls->ranks) : whole) - *first;
}

static gaze_status one_step(bench *b, trainee *t, const gz_step_base *base, size_t number, size_t at)
{
    static float images[SAMPLES * VALUES];
    int32_t labels[SAMPLES];
    size_t first, own, usual = share(base->group, BATCHES[0], &first);
    fill(images, labels);
    own = share(base->group, BATCHES[number], &first);
    void *inputs[] = {images + (at + first) * VALUES};
    const gz_batch batch = {own, BATCHES[number], at + first, inputs, labels + at + first};
    gz_step *step = &b->steps.whole;
    gz_shared known;
    if (own) GZ_TRY(gz_step_pair_make(base, &b->steps, usual, true, own, &step));
    if (!base->group) return gz_step_run(base, step, &batch, number + 1);
    if (!b->exchange) GZ_TRY(gz_exchange_create(base->group, b->store, step, t->bucket_floats, &b->exchange));
    GZ_TRY(own ? gz_step_write(base, step, &batch, number + 1)
               : gz_step_write_numbers(base, step, number + 1));
    GZ_TRY(gz_exchange_run(b->exchange, &(gz_shared_step){step, BATCHES[number], number == 1}, &known));
    t->sums = known.sums;
    t->buckets = gz_exchange_buckets(b->exchange);
    return known.stop == (number == 1) ? GAZE_OK : gz_fail(GAZE_ERROR_DATA, "step %zu: a stop", number);
}

static gaze_status train(trainee *t, gz_group *group)
{
    gaze_array image = {.name = "image", .rank = 3, .shape = {6, 5, 2}};
    gz_data data = {.n_inputs = 1, .inputs = &image, .label_count = 1, .has_labels = true};
    gz_step_base base = {.data = &data, .seed = 3, .group = group};
    bench b = {0};
    gaze_status status = set_up(&b, t, &base);
    for (size_t i = 0, at = 0; i < STEPS && status == GAZE_OK; at += BATCHES[i++])
        status = one_step(&b, t, &base, i, at);
    if (status == GAZE_OK) {
        t->n_parameters = gz_store_slab_floats(b.store, GZ_SLAB_PARAMETER);
        t->n_state = gz_store_slab_floats(b.store, GZ_SLAB_STATE);
        status = gz_store_read(b.store, GZ_SLAB_PARAMETER, 0, t->parameters, t->n_parameters);
    }
    if (status == GAZE_OK && (!group || group->calls->rank == 0)) status = gz_sums_read(b.store, &t->sums);
    if (status == GAZE_OK) status = gz_sums_clear(b.store); /* rank 0's alone are not zero */
    if (status == GAZE_OK) status = gz_store_read(b.store, GZ_SLAB_STATE, 0, t->state, t->n_state);
    tear_down(&b);
    return status;
}

static gaze_status train_member(member *m)
{
    gz_group opened;
    return train(m->user, gz_group_open(&m->calls, &opened));
}

/* What rank 0 ends with; all others end with the same. */
static trainee *train_together(size_t ranks, const char *layers, size_t bucket_floats)
{
    trainee *all = shared_memory(LOCAL_MOST * sizeof *all);
    void *users[LOCAL_MOST];
    for (size_t r = 0; r < ranks; r++) {
        all[r].layers = layers;
        all[r].bucket_floats = bucket_floats;
        users[r] = &all[r];
    }
    member *members = local_group(ranks, train_member, users);
    work_in_processes(members);
    for (size_t r = 0; r < ranks; r++) {
        if (members[r].status != GAZE_OK) fail_msg("rank %zu: %s", r, members[r].message);
        assert_memory_equal(all[r].parameters, all[0].parameters, sizeof all[r].parameters);
        assert_memory_equal(all[r].state, all[0].state, sizeof all[r].state);
        assert_true(all[r].sums.rows == SAMPLES);
    }
    disband(members);
    return all;
}

static void forget(trainee *all) { munmap(all, LOCAL_MOST * sizeof *all); }

static float largest_difference(const float *a, const float *b, size_t count)
{
    float most = 0;
    for (size_t i = 0; i < count; i++) {
        const float d = a[i] > b[i] ? a[i] - b[i] : b[i] - a[i];
        if (!(d <= most)) most = d;
    }
    return most;
}

static void shares_train_as_the_whole_batch_does(void **state)
{
    (void)state;
    trainee *alone = train_together(1, PLAIN, 0);
    for (size_t ranks = 2; ranks <= LOCAL_MOST; ranks++) {
        trainee *shared = train_together(ranks, PLAIN, GZ_BUCKET_FLOATS);
        assert_true(largest_difference(alone->parameters, shared->parameters, alone->n_parameters) < 1e-6);
        assert_true(largest_difference((float[]){(float)alone->sums.loss},
                                       (float[]){(float)shared->sums.loss}, 1) < 1e-5);
        assert_true(alone->sums.correct == shared->sums.correct);
        forget(shared);
    }
    forget(alone);
}

static void the_same_ranks_give_the_same_bits(void **state)
{
    (void)state;
    trainee *a = train_together(3, MOVING, GZ_BUCKET_FLOATS),
            *b = train_together(3, MOVING, GZ_BUCKET_FLOATS);
    assert_memory_equal(a->parameters, b->parameters, sizeof a->parameters);
    assert_memory_equal(a->state, b->state, sizeof a->state);
    forget(a);
    forget(b);
}

static void bits_do_not_depend_on_the_buckets(void **state)
{
    (void)state;
    trainee *one = train_together(2, MOVING, GZ_BUCKET_FLOATS), *many = train_together(2, MOVING, 50);
    assert_int_equal(one->buckets, 2);
    assert_true(many->buckets > 8);
    assert_memory_equal(one->parameters, many->parameters, sizeof one->parameters);
    assert_memory_equal(one->state, many->state, sizeof one->state);
    forget(one);
    forget(many);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shares_train_as_the_whole_batch_does),
        cmocka_unit_test(the_same_ranks_give_the_same_bits),
        cmocka_unit_test(bits_do_not_depend_on_the_buckets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
