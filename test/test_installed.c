/* Models that are found by their name. */
#include "scratch.h"
#include "../engine/api/installed.h"
#include "../engine/base/memory.h"

static gz_arena *arena;

static const char *found(const char *name)
{
    const char *path;
    assert_done(gz_installed_model(arena, name, &path));
    return path;
}

static void a_name_is_looked_for_in_the_folder_of_models(void **state)
{
    (void)state;
    const char *file = write_scratch("net.json", "{}", 2);
    setenv("GAZE_MODELS", scratch_folder, 1);
    assert_string_equal(gaze_models_folder(), scratch_folder);
    assert_string_equal(found("net"), file);
}

static void a_name_that_is_not_there_has_a_nearest_one(void **state)
{
    const char *path;
    (void)state;
    write_scratch("fashion.json", "{}", 2);
    setenv("GAZE_MODELS", scratch_folder, 1);
    assert_int_equal(gz_installed_model(arena, "fashoin", &path), GAZE_ERROR_MODEL);
    assert_non_null(
        strstr(gaze_message(), "fashoin: there is no such run folder, and no model of this name in "));
    assert_non_null(strstr(gaze_message(), ", did you mean 'fashion'?"));
    setenv("GAZE_MODELS", "/nowhere", 1);
    assert_int_equal(gz_installed_model(arena, "fashoin", &path), GAZE_ERROR_MODEL);
    assert_non_null(strstr(gaze_message(), "in /nowhere; expected a model file (.json)"));
    assert_string_equal(found("fashoin.json"), "fashoin.json"); /* opening it will say what is wrong */
}

static void a_path_is_none_of_their_names(void **state)
{
    (void)state;
    write_scratch("deep.json", "{}", 2);
    setenv("GAZE_MODELS", scratch_folder, 1);
    assert_string_equal(found("./deep"), "./deep");
}

static void what_lies_here_comes_first(void **state)
{
    (void)state;
    write_scratch("here.json", "{}", 2);
    setenv("GAZE_MODELS", scratch_folder, 1);
    assert_int_equal(chdir(scratch_folder), 0);
    assert_string_not_equal(found("here"), "here");
    assert_int_equal(mkdir("here", 0777), 0); /* a run folder */
    assert_string_equal(found("here"), "here");
}

static void without_the_variable_it_is_where_installation_puts_them(void **state)
{
    (void)state;
    unsetenv("GAZE_MODELS");
    const char *folder = gaze_models_folder(), *end = "/gaze/models";
    assert_string_equal(folder + strlen(folder) - strlen(end), end);
    setenv("GAZE_MODELS", "", 1);
    assert_string_equal(gaze_models_folder(), folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_name_is_looked_for_in_the_folder_of_models),
        cmocka_unit_test(a_name_that_is_not_there_has_a_nearest_one),
        cmocka_unit_test(a_path_is_none_of_their_names),
        cmocka_unit_test(what_lies_here_comes_first),
        cmocka_unit_test(without_the_variable_it_is_where_installation_puts_them),
    };
    if (gz_arena_create(&arena) != GAZE_OK) return 1;
    const int failed = cmocka_run_group_tests(tests, scratch_make, scratch_remove);
    gz_arena_destroy(arena);
    return failed;
}
