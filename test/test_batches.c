#include "scratch.h"

#include <pthread.h>
#include <signal.h>
#include <time.h>

#include "../engine/base/philox.h"
#include "../engine/data/data.h"

/* Data of `count` samples: the value of sample i is i, its label 10 i. Sample `bad` fails. */
typedef struct counting {
    size_t count, bad;
    size_t fetched; /* by the batches' thread, read after it has ended */
} counting;

static size_t count_of(const void *state, gz_part part)
{
    return part == GZ_TRAIN ? ((const counting *)state)->count : 0;
}

static gaze_status fetch_number(const void *state, gz_part part, size_t index, void *const *inputs,
                                int32_t *label)
{
    counting *c = (counting *)(uintptr_t)state;
    (void)part;
    c->fetched++;
    if (index == c->bad) return gz_fail(GAZE_ERROR_DATA, "file x: sample %zu is damaged", index);
    ((float *)inputs[0])[0] = ((float *)inputs[0])[1] = (float)index;
    *label = 10 * (int32_t)index;
    return GAZE_OK;
}

static const gz_data_type numbers = {.name = "numbers", .count = count_of, .fetch = fetch_number};
static gaze_array pair = {.name = "x", .rank = 1, .shape = {2}};

static gz_data make_data(counting *state)
{
    return (gz_data){.type = &numbers,
                     .state = state,
                     .n_inputs = 1,
                     .inputs = &pair,
                     .label_count = 1,
                     .has_labels = true};
}

/* Takes all batches, checks their samples, and returns how many samples there were; their numbers in order.
 */
static size_t take_all(const gz_data *data, gz_batches_options options, size_t *order, size_t room)
{
    gz_batches *batches;
    const gz_batch *batch;
    size_t taken = 0;
    assert_done(gz_batches_open(data, &options, &batches));
    for (;;) {
        assert_done(gz_batches_next(batches, &batch));
        if (!batch) break;
        assert_true(batch->count >= 1 && batch->count <= options.batch_size);
        for (size_t k = 0; k < batch->count && taken < room; k++) {
            const float *values = batch->inputs[0];
            order[taken] = (size_t)values[2 * k];
            assert_true(values[2 * k] == values[2 * k + 1]);
            assert_int_equal(batch->labels[k], 10 * order[taken]);
            taken++;
        }
    }
    assert_done(gz_batches_next(batches, &batch));
    assert_null(batch);
    gz_batches_close(batches);
    return taken;
}

static void an_epoch_has_each_sample_once_with_a_short_last_batch(void **state)
{
    (void)state;
    counting c = {.count = 10, .bad = SIZE_MAX};
    const gz_data data = make_data(&c);
    size_t order[20];
    assert_int_equal(take_all(&data, (gz_batches_options){.batch_size = 4, .epochs = 1}, order, 20), 10);
    for (size_t i = 0; i < 10; i++) assert_int_equal(order[i], i);
    gz_batches *batches;
    const gz_batch *batch;
    const size_t counts[3] = {4, 4, 2};
    assert_done(gz_batches_open(&data, &(gz_batches_options){.batch_size = 4, .epochs = 1}, &batches));
    for (size_t i = 0; i < 3; i++) {
        assert_done(gz_batches_next(batches, &batch));
        assert_int_equal(batch->count, counts[i]);
        assert_int_equal(batch->first, 4 * i);
    }
    gz_batches_close(batches);
}

static void the_order_of_an_epoch_is_the_permutation_of_seed_and_epoch(void **state)
{
    (void)state;
    counting c = {.count = 50, .bad = SIZE_MAX};
    const gz_data data = make_data(&c);
    const gz_batches_options options = {
        .batch_size = 8, .shuffle = true, .seed = 9, .first_epoch = 3, .epochs = 2};
    size_t order[100];
    uint32_t expected[50];
    assert_int_equal(take_all(&data, options, order, 100), 100);
    for (size_t epoch = 0; epoch < 2; epoch++) {
        gz_random_permutation(gz_key_make(9, "shuffle"), 3 + epoch, expected, 50);
        for (size_t i = 0; i < 50; i++) assert_int_equal(order[50 * epoch + i], expected[i]);
    }
}

static void going_on_in_the_middle_gives_what_would_have_come(void **state)
{
    (void)state;
    counting c = {.count = 50, .bad = SIZE_MAX};
    const gz_data data = make_data(&c);
    gz_batches_options options = {.batch_size = 8, .shuffle = true, .seed = 1, .epochs = 3};
    size_t whole[150], rest[150];
    assert_int_equal(take_all(&data, options, whole, 150), 150);
    for (size_t batch = 0; batch <= 7; batch++) {
        options = (gz_batches_options){
            .batch_size = 8, .shuffle = true, .seed = 1, .first_epoch = 1, .first_batch = batch, .epochs = 2};
        const size_t skipped = batch * 8 < 50 ? batch * 8 : 50;
        assert_int_equal(take_all(&data, options, rest, 150), 100 - skipped);
        assert_memory_equal(rest, whole + 50 + skipped, (100 - skipped) * sizeof *rest);
    }
}

static void the_number_ahead_changes_nothing(void **state)
{
    (void)state;
    counting c = {.count = 33, .bad = SIZE_MAX};
    const gz_data data = make_data(&c);
    gz_batches_options options = {.batch_size = 5, .shuffle = true, .seed = 4, .epochs = 4};
    size_t usual[132], other[132];
    assert_int_equal(take_all(&data, options, usual, 132), 132);
    for (options.ahead = 1; options.ahead < 40; options.ahead += 9) {
        assert_int_equal(take_all(&data, options, other, 132), 132);
        assert_memory_equal(usual, other, sizeof usual);
    }
}

static void only_so_many_samples_are_fetched_ahead(void **state)
{
    (void)state;
    counting c = {.count = 1000, .bad = SIZE_MAX};
    const gz_data data = make_data(&c);
    gz_batches *batches;
    const gz_batch *batch;
    assert_done(gz_batches_open(&data, &(gz_batches_options){.batch_size = 10, .ahead = 2}, &batches));
    assert_done(gz_batches_next(batches, &batch));
    nanosleep(&(struct timespec){.tv_nsec = 50000000}, NULL);
    gz_batches_close(batches);
    assert_in_range(c.fetched, 10, 30);
}

static void a_batch_stays_untouched_until_the_next_is_asked_for(void **state)
{
    (void)state;
    counting c = {.count = 1000, .bad = SIZE_MAX};
    const gz_data data = make_data(&c);
    gz_batches *batches;
    const gz_batch *batch;
    assert_done(gz_batches_open(&data, &(gz_batches_options){.batch_size = 1, .ahead = 1}, &batches));
    for (size_t i = 0; i < 20; i++) {
        assert_done(gz_batches_next(batches, &batch));
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
        assert_true(*(float *)batch->inputs[0] == (float)i);
    }
    gz_batches_close(batches);
}

static void a_limit_takes_the_first_samples(void **state)
{
    (void)state;
    counting c = {.count = 1000, .bad = SIZE_MAX};
    const gz_data data = make_data(&c);
    size_t order[40], sum = 0;
    const gz_batches_options options = {.batch_size = 8, .shuffle = true, .limit = 20, .epochs = 1};
    assert_int_equal(take_all(&data, options, order, 40), 20);
    for (size_t i = 0; i < 20; i++) sum += order[i];
    assert_int_equal(sum, 190);
}

static void a_batch_larger_than_the_part_takes_no_more_memory_than_the_part(void **state)
{
    (void)state;
    counting c = {.count = 7, .bad = SIZE_MAX};
    const gz_data data = make_data(&c);
    size_t order[7];
    assert_int_equal(take_all(&data, (gz_batches_options){.batch_size = SIZE_MAX / 8, .epochs = 1}, order, 7),
                     7);
}

static void without_an_end_epochs_go_on(void **state)
{
    (void)state;
    counting c = {.count = 3, .bad = SIZE_MAX};
    const gz_data data = make_data(&c);
    gz_batches *batches;
    const gz_batch *batch;
    assert_done(gz_batches_open(&data, &(gz_batches_options){.batch_size = 2, .shuffle = true}, &batches));
    for (size_t i = 0; i < 500; i++) {
        assert_done(gz_batches_next(batches, &batch));
        assert_non_null(batch);
        assert_int_equal(batch->first, i % 2 * 2);
    }
    gz_batches_close(batches);
}

static void an_error_of_the_thread_arrives_with_its_message_after_the_good_batches(void **state)
{
    (void)state;
    counting c = {.count = 10, .bad = 5};
    const gz_data data = make_data(&c);
    gz_batches *batches;
    const gz_batch *batch;
    assert_done(gz_batches_open(&data, &(gz_batches_options){.batch_size = 2, .epochs = 1}, &batches));
    for (int i = 0; i < 2; i++) {
        assert_done(gz_batches_next(batches, &batch));
        assert_non_null(batch);
    }
    for (int again = 0; again < 2; again++)
        assert_refused(gz_batches_next(batches, &batch), GAZE_ERROR_DATA, "file x: sample 5 is damaged",
                       NULL);
    gz_batches_close(batches);
}

static void closing_early_leaves_nothing_behind(void **state)
{
    (void)state;
    for (size_t taken = 0; taken < 20; taken++) {
        counting c = {.count = 100, .bad = SIZE_MAX};
        const gz_data data = make_data(&c);
        gz_batches *batches;
        const gz_batch *batch;
        assert_done(gz_batches_open(&data, &(gz_batches_options){.batch_size = 3}, &batches));
        for (size_t i = 0; i < taken; i++) assert_done(gz_batches_next(batches, &batch));
        gz_batches_close(batches);
    }
    gz_batches_close(NULL);
}

static pthread_t interrupted;
static void note_thread(int signal_number)
{
    (void)signal_number;
    interrupted = pthread_self();
}

static void signals_go_to_the_callers_threads(void **state)
{
    (void)state;
    counting c = {.count = 100, .bad = SIZE_MAX};
    const gz_data data = make_data(&c);
    gz_batches *batches;
    struct sigaction action = {.sa_handler = note_thread};
    sigset_t usr1, before;
    sigaction(SIGUSR1, &action, NULL);
    sigemptyset(&usr1);
    sigaddset(&usr1, SIGUSR1);
    assert_done(gz_batches_open(&data, &(gz_batches_options){.batch_size = 3}, &batches));
    pthread_sigmask(SIG_BLOCK, &usr1, &before); /* another thread that takes it would get it now */
    kill(getpid(), SIGUSR1);
    nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    assert_true(pthread_equal(interrupted, pthread_self()));
    gz_batches_close(batches);
}

static void wrong_options_are_refused(void **state)
{
    (void)state;
    counting c = {.count = 10, .bad = SIZE_MAX};
    const gz_data data = make_data(&c);
    gz_batches *batches;
    assert_refused(gz_batches_open(&data, &(gz_batches_options){.batch_size = 0}, &batches), GAZE_ERROR_USAGE,
                   "batch size is 0", NULL);
    assert_refused(gz_batches_open(&data, &(gz_batches_options){.part = GZ_TEST, .batch_size = 1}, &batches),
                   GAZE_ERROR_DATA, "no test part", NULL);
}

/* The samples of every batch of one rank; -1 ends a batch. */
static size_t take_share(gz_batches_options options, size_t rank, size_t ranks, int *list)
{
    counting c = {.count = 10, .bad = SIZE_MAX};
    const gz_data data = make_data(&c);
    gz_batches *batches;
    const gz_batch *batch;
    size_t n = 0;
    options.share = (gz_share){rank, ranks};
    assert_done(gz_batches_open(&data, &options, &batches));
    for (;;) {
        assert_done(gz_batches_next(batches, &batch));
        if (!batch) break;
        for (size_t k = 0; k < batch->count; k++) list[n++] = batch->labels[k] / 10;
        list[n++] = -1;
    }
    gz_batches_close(batches);
    return n;
}

static void assert_shares(gz_batches_options options, size_t ranks, const int *const *expected)
{
    for (size_t r = 0; r < ranks; r++) {
        int list[40];
        const size_t n = take_share(options, r, ranks, list);
        for (size_t i = 0; i < n; i++) assert_int_equal(list[i], expected[r][i]);
        assert_int_equal(expected[r][n], -2);
    }
}

/* Batches of 4, 4 and 2. */
static void ranks_cut_each_batch_in_training(void **state)
{
    (void)state;
    const gz_batches_options options = {.batch_size = 4, .epochs = 1, .training = true};
    assert_shares(options, 2,
                  (const int *[]){(int[]){0, 1, -1, 4, 5, -1, 8, -1, -2}, //
                                  (int[]){2, 3, -1, 6, 7, -1, 9, -1, -2}});
    assert_shares(options, 3,
                  (const int *[]){(int[]){0, 1, -1, 4, 5, -1, 8, -1, -2}, //
                                  (int[]){2, -1, 6, -1, 9, -1, -2},       //
                                  (int[]){3, -1, 7, -1, -1, -2}});
}

static void ranks_take_turns_at_batches_otherwise(void **state)
{
    (void)state;
    const gz_batches_options options = {.batch_size = 4, .epochs = 1};
    assert_shares(options, 2,
                  (const int *[]){(int[]){0, 1, 2, 3, -1, 8, 9, -1, -2}, //
                                  (int[]){4, 5, 6, 7, -1, -2}});
    assert_shares(options, 4,
                  (const int *[]){(int[]){0, 1, 2, 3, -1, -2}, (int[]){4, 5, 6, 7, -1, -2}, //
                                  (int[]){8, 9, -1, -2}, (int[]){-2}});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_epoch_has_each_sample_once_with_a_short_last_batch),
        cmocka_unit_test(the_order_of_an_epoch_is_the_permutation_of_seed_and_epoch),
        cmocka_unit_test(going_on_in_the_middle_gives_what_would_have_come),
        cmocka_unit_test(the_number_ahead_changes_nothing),
        cmocka_unit_test(only_so_many_samples_are_fetched_ahead),
        cmocka_unit_test(a_batch_stays_untouched_until_the_next_is_asked_for),
        cmocka_unit_test(a_limit_takes_the_first_samples),
        cmocka_unit_test(a_batch_larger_than_the_part_takes_no_more_memory_than_the_part),
        cmocka_unit_test(without_an_end_epochs_go_on),
        cmocka_unit_test(an_error_of_the_thread_arrives_with_its_message_after_the_good_batches),
        cmocka_unit_test(closing_early_leaves_nothing_behind),
        cmocka_unit_test(signals_go_to_the_callers_threads),
        cmocka_unit_test(wrong_options_are_refused),
        cmocka_unit_test(ranks_cut_each_batch_in_training),
        cmocka_unit_test(ranks_take_turns_at_batches_otherwise),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
