/* Contexts of the reference in threads of their own: no driver, so that the host code is all there is to
   race. Each has a thread for its batches, too. */
#include "users.h"

static void threads_train_the_same_bits_as_one_alone(void **state)
{
    user alone = {.name = "alone", .reference = true}, users[3] = {{.name = "one", .reference = true},
                                                                   {.name = "two", .reference = true},
                                                                   {.name = "three", .reference = true}};
    (void)state;
    assert_true(train_whole(&alone));
    assert_true(all_at_once(users, 3));
    for (int i = 0; i < 3; i++) assert_memory_equal(users[i].output, alone.output, sizeof alone.output);
}

/* Each fails in a way of its own, over and over. */
static void *fail_in_thread(void *name)
{
    char path[160];
    for (int i = 0; i < 200; i++) {
        gaze_context *context;
        gaze_model *model;
        path_of(path, name);
        if (gaze_context_create(&(gaze_context_options){.reference = true}, &context) != GAZE_OK) return NULL;
        const gaze_status status = gaze_model_open(context, path, NULL, &model);
        gaze_context_destroy(context);
        if (status == GAZE_OK || !strstr(gaze_message(), name)) return NULL;
    }
    return name;
}

static void each_thread_has_its_own_message(void **state)
{
    pthread_t threads[2];
    char names[2][24] = {"not-there.json", "missing-too.json"};
    (void)state;
    for (int i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, fail_in_thread, names[i]), 0);
    for (int i = 0; i < 2; i++) {
        void *name;
        assert_int_equal(pthread_join(threads[i], &name), 0);
        assert_ptr_equal(name, names[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(threads_train_the_same_bits_as_one_alone),
        cmocka_unit_test(each_thread_has_its_own_message),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_all);
}
