/* Contexts in one process, one after the other, in turns and in threads of their own; and processes that
   fork. All that uses OpenCL is done in children: see child.h. */
#include "users.h"

static bool trains_alone(void) { return train_whole(&(user){.name = "alone"}); }

static bool predictions_take_turns(void)
{
    user alone = {0}, a = {0}, b = {0};
    CHECK(begin(&alone) && predict(&alone));
    end(&alone);
    CHECK(begin(&a) && begin(&b));
    for (int i = 0; i < 20; i++) {
        CHECK(predict(&a) && predict(&b));
        CHECK(memcmp(a.output, alone.output, sizeof a.output) == 0);
        CHECK(memcmp(b.output, alone.output, sizeof b.output) == 0);
    }
    end(&a);
    CHECK(predict(&b));
    CHECK(memcmp(b.output, alone.output, sizeof b.output) == 0);
    end(&b);
    return true;
}

/* b predicts each time that a reports, in the midst of a's training. */
static bool predict_meanwhile(void *u, const gaze_progress *progress)
{
    (void)progress;
    return predict(u);
}

static bool one_trains_while_another_predicts(void)
{
    user a = {.name = "meanwhile"}, b = {0};
    char out[160];
    gaze_data *data;
    CHECK(begin(&a) && begin(&b));
    path_of(out, a.name);
    CHECK(gaze_data_open_with(a.model, &(gaze_data_options){.seed = 3}, &data) == GAZE_OK);
    const gaze_train_options options = {
        .out = out, .epochs = 2, .batch_size = 32, .progress = predict_meanwhile, .user = &b};
    CHECK(gaze_train(a.model, data, &options, NULL) == GAZE_OK);
    gaze_data_close(data);
    end(&a);
    end(&b);
    return same_weights("alone", "meanwhile");
}

static bool threads_train_on_one_device(void)
{
    return all_at_once((user[]){{.name = "one"}, {.name = "two"}, {.name = "three"}}, 3);
}

/* PoCL's device without threads beside the usual one. */
static bool threads_train_on_two_devices(void)
{
    setenv("POCL_DEVICES", "basic pthread", 1);
    return all_at_once((user[]){{.device = "0", .name = "first"}, {.device = "1", .name = "second"}}, 2);
}

static void contexts_do_not_disturb_each_other(void **state)
{
    (void)state;
    assert_child(trains_alone);
    assert_child(predictions_take_turns);
    assert_child(one_trains_while_another_predicts);
    assert_child(threads_train_on_one_device);
    assert_child(threads_train_on_two_devices);
}

static bool forks_first(void)
{
    pid_t children[3];
    static const char *const names[] = {"child-0", "child-1", "child-2"};
    for (int i = 0; i < 3; i++) {
        children[i] = fork();
        if (children[i] == 0) _exit(train_whole(&(user){.name = names[i]}) ? 0 : 1);
    }
    for (int i = 0; i < 3; i++) CHECK(child_is_good(children[i]) && same_weights("alone", names[i]));
    return true;
}

/* Also where the parent trains afterwards. */
static bool forks_first_and_trains_too(void)
{
    const pid_t child = fork();
    if (child == 0) _exit(train_whole(&(user){.name = "child"}) ? 0 : 1);
    CHECK(train_whole(&(user){.name = "parent"}));
    CHECK(child_is_good(child));
    return same_weights("alone", "parent") && same_weights("alone", "child");
}

static void a_fork_before_the_first_context_trains(void **state)
{
    (void)state;
    assert_child(trains_alone);
    assert_child(forks_first);
    assert_child(forks_first_and_trains_too);
}

/* What a context of the parent's, and a new one, say in the child; the reference works. */
static bool refused_after_the_fork(user *inherited)
{
    float input[INPUTS] = {0};
    gaze_context *context;
    gaze_device_info *list;
    size_t count;
    CHECK(gaze_predict(inherited->model, SAMPLES, input, inherited->output) == GAZE_ERROR_DEVICE);
    CHECK(strstr(gaze_message(), "fork"));
    CHECK(gaze_context_create(NULL, &context) == GAZE_ERROR_DEVICE);
    CHECK(strstr(gaze_message(), "fork"));
    CHECK(gaze_devices(&list, &count) == GAZE_ERROR_DEVICE);
    end(inherited);
    user reference = {.reference = true};
    CHECK(begin(&reference) && predict(&reference));
    end(&reference);
    return true;
}

static bool forks_with_a_context(void)
{
    user u = {0};
    CHECK(begin(&u) && predict(&u));
    for (int way = 0; way < 2; way++) {
        const pid_t child = fork();
        if (child == 0) {
            alarm(60); /* a hang is a failure */
            const int code = refused_after_the_fork(&u) ? 0 : 1;
            if (way) exit(code); /* with what libraries do at the end */
            _exit(code);
        }
        CHECK(child_is_good(child));
        CHECK(predict(&u));
    }
    end(&u);
    return true;
}

static void a_fork_after_it_is_told_and_does_not_hang(void **state)
{
    (void)state;
    assert_child(forks_with_a_context);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(contexts_do_not_disturb_each_other),
        cmocka_unit_test(a_fork_before_the_first_context_trains),
        cmocka_unit_test(a_fork_after_it_is_told_and_does_not_hang),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_all);
}
