/* Parts of gaze doctor on a machine that is made up: its etc, dev and sys lie in a folder. */
#include "child.h"

#include "../engine/base/file.h"
#include "../engine/doctor/folders.h"
#include "../engine/doctor/gpus.h"

#include <signal.h>

static char root[64];

typedef struct told {
    size_t count, n_wrong;
    gaze_health health;
    char found[GZ_MOST_TEXT], cure[GZ_MOST_TEXT];
} told;

static void keep(void *user, const gaze_finding *finding)
{
    told *t = user;
    t->count++;
    t->n_wrong += finding->health == GAZE_HEALTH_WRONG;
    t->health = finding->health;
    snprintf(t->found, sizeof t->found, "%s", finding->found);
    snprintf(t->cure, sizeof t->cure, "%s", finding->cure ? finding->cure : "");
}

static const gaze_context_options no_options = {0};

static gz_doctor doctor_of(told *t)
{
    gz_doctor d = {.root = root, .options = &no_options, .tell = keep, .user = t, .part = "test"};
    *t = (told){0};
    assert_int_equal(gz_arena_create(&d.arena), GAZE_OK);
    return d;
}

static void put(const char *path, const char *text)
{
    char whole[256];
    snprintf(whole, sizeof whole, "%s%s", root, path);
    *strrchr(whole, '/') = 0;
    assert_int_equal(gz_folder_make(whole, false), GAZE_OK);
    snprintf(whole, sizeof whole, "%s%s", root, path);
    assert_int_equal(gz_file_write(whole, text, strlen(text)), GAZE_OK);
}

static void put_gpu(const char *vendor)
{
    put("/sys/bus/pci/devices/0000:00:01.0/class", "0x060400\n");
    put("/sys/bus/pci/devices/0000:00:01.0/vendor", "0x1022\n");
    put("/sys/bus/pci/devices/0000:01:00.0/class", "0x030000\n");
    put("/sys/bus/pci/devices/0000:01:00.0/vendor", vendor);
}

static void a_gpu_without_a_device_file_wants_its_module(void **state)
{
    told t;
    gz_doctor d = doctor_of(&t);
    (void)state;
    put_gpu("0x1002\n");
    gz_doctor_permissions(&d);
    assert_int_equal(t.count, 1);
    assert_int_equal(t.health, GAZE_HEALTH_WRONG);
    assert_non_null(strstr(t.found, "AMD"));
    assert_string_equal(t.cure, "sudo modprobe amdgpu");
    gz_arena_destroy(d.arena);
}

static void a_gpu_that_opencl_does_not_offer_wants_its_driver(void **state)
{
    told t;
    gz_doctor d = doctor_of(&t);
    gz_found found[] = {{.info = {.name = "x", .type = "cpu", .vendor = "NVIDIA", .usable = true}}};
    gz_probe probe = {.found = found, .count = 1};
    (void)state;
    put_gpu("0x10de\n");
    gz_gpus_compare(&d, &probe);
    assert_int_equal(t.count, 1);
    assert_non_null(strstr(t.found, "NVIDIA"));
    assert_non_null(strstr(t.cure, "nvidia-opencl-icd"));
    found[0].info.type = "gpu";
    gz_gpus_compare(&d, &probe);
    assert_int_equal(t.count, 1);
    gz_arena_destroy(d.arena);
}

/* What a user who is not root is told; root may do everything. */
static bool a_user_is_told_the_group(void)
{
    char path[128];
    told t;
    gz_doctor d = doctor_of(&t);
    put("/dev/dri/renderD128", "");
    snprintf(path, sizeof path, "%s/dev/dri/renderD128", root);
    CHECK(chmod(path, 0660) == 0 && chmod(root, 0755) == 0);
    if (geteuid() == 0)
        CHECK(setgid(65534) == 0 && setuid(65534) == 0);
    else
        CHECK(chmod(path, 0060) == 0);
    gz_doctor_permissions(&d);
    CHECK(t.count == 1 && t.health == GAZE_HEALTH_WRONG);
    CHECK(strstr(t.found, "renderD128: Permission denied"));
    CHECK(strstr(t.cure, "sudo usermod -aG ") == t.cure);
    return true;
}

static void device_files_that_are_closed_want_a_group(void **state)
{
    (void)state;
    assert_child(a_user_is_told_the_group);
}

static bool a_user_is_told_the_owner(void)
{
    char path[128];
    const char *cure, *trouble;
    told t;
    gz_doctor d = doctor_of(&t);
    d.root = "";
    put("/closed/file", "");
    snprintf(path, sizeof path, "%s/closed", root);
    CHECK(chmod(path, 0555) == 0 && chmod(root, 0755) == 0);
    const bool other = geteuid() == 0;
    if (other) CHECK(chown(root, 65534, 65534) == 0 && setgid(65534) == 0 && setuid(65534) == 0);
    CHECK(setenv("HOME", root, 1) == 0 && unsetenv("POCL_CACHE_DIR") == 0);
    snprintf(path, sizeof path, "%s/closed/gaze", root);
    trouble = gz_folder_trouble(&d, path, &cure);
    CHECK(trouble && strstr(trouble, "/closed: no file can be made there: Permission denied"));
    CHECK(strstr(cure, other ? "sudo chown -R" : "chmod u+rwx") == cure);
    return true;
}

static void a_folder_of_others_wants_its_owner_changed(void **state)
{
    (void)state;
    assert_child(a_user_is_told_the_owner);
}

/* A home that isn't there: the nearest folder above it is /, which nobody should own. */
static bool a_user_is_told_nothing_of_the_root(void)
{
    const char *cure, *trouble;
    told t;
    gz_doctor d = doctor_of(&t);
    d.root = "";
    if (geteuid() == 0) CHECK(setgid(65534) == 0 && setuid(65534) == 0);
    CHECK(setenv("HOME", "/nonexistent", 1) == 0 && unsetenv("POCL_CACHE_DIR") == 0);
    trouble = gz_folder_trouble(&d, "/nonexistent/.cache/gaze", &cure);
    CHECK(trouble && strstr(trouble, "/: no file can be made there: Permission denied") == trouble);
    CHECK(strstr(cure, "export XDG_CACHE_HOME=") == cure && !strstr(cure, "sudo"));
    trouble = gz_folder_trouble(&d, "/etc/passwd/gaze", &cure);
    CHECK(trouble && strstr(trouble, "/etc/passwd is a file") == trouble);
    CHECK(strstr(cure, "export XDG_CACHE_HOME=") == cure);
    return true;
}

static void nobody_is_told_to_own_what_lies_outside_of_the_home(void **state)
{
    (void)state;
    assert_child(a_user_is_told_nothing_of_the_root);
}

static void a_full_memory_group_is_less_than_the_machine(void **state)
{
    told t;
    gz_doctor d = doctor_of(&t);
    (void)state;
    put("/proc/meminfo", "MemTotal:       16000000 kB\nMemFree: 9 kB\nMemAvailable:   12000000 kB\n");
    gz_doctor_memory(&d);
    assert_int_equal(t.health, GAZE_HEALTH_OK);
    put("/sys/fs/cgroup/memory.max", "1073741824\n");
    put("/sys/fs/cgroup/memory.current", "1000000000\n");
    t = (told){0};
    gz_doctor_memory(&d);
    assert_true(t.count >= 1);
    assert_int_equal(t.n_wrong, 1);
    gz_arena_destroy(d.arena);
}

static void a_machine_without_a_driver_is_told_the_package(void **state)
{
    told t;
    gz_doctor d = doctor_of(&t);
    (void)state;
    unsetenv("OCL_ICD_VENDORS");
    unsetenv("OPENCL_VENDOR_PATH");
    gz_doctor_drivers(&d);
    assert_int_equal(t.count, 1);
    assert_int_equal(t.health, GAZE_HEALTH_WRONG);
    assert_non_null(strstr(t.found, "/etc/OpenCL/vendors is not there: the loader finds no driver"));
    assert_non_null(strstr(t.cure, "pocl-opencl-icd"));
    gz_arena_destroy(d.arena);
}

static void words_are_quoted_for_the_shell(void **state)
{
    told t;
    gz_doctor d = doctor_of(&t);
    (void)state;
    assert_string_equal(gz_doctor_quoted(&d, "/a/b-c.icd"), "/a/b-c.icd");
    assert_string_equal(gz_doctor_quoted(&d, "a b"), "'a b'");
    assert_string_equal(gz_doctor_quoted(&d, "it's $HOME"), "'it'\\''s $HOME'");
    assert_string_equal(gz_doctor_quoted(&d, ""), "''");
    gz_arena_destroy(d.arena);
}

static void crash(gz_doctor *d, const void *user)
{
    (void)user;
    gz_doctor_tell(d, GAZE_HEALTH_NOTE, "do", "before");
    abort();
}

static void hang(gz_doctor *d, const void *user)
{
    (void)user;
    gz_doctor_tell(d, GAZE_HEALTH_NOTE, NULL, "before");
    for (;;) pause();
}

static void a_child_that_crashes_or_hangs_has_told_what_it_knew(void **state)
{
    told t;
    int signal;
    gz_doctor d = doctor_of(&t);
    (void)state;
    assert_int_equal(gz_doctor_child(&d, crash, NULL, 60, &signal), GZ_CRASHED);
    assert_int_equal(signal, SIGABRT);
    assert_int_equal(t.count, 1);
    assert_string_equal(t.found, "before");
    assert_string_equal(t.cure, "do");
    assert_int_equal(gz_doctor_child(&d, hang, NULL, 0.2, &signal), GZ_HUNG);
    assert_int_equal(t.count, 2);
    assert_string_equal(d.part, "test");
    gz_arena_destroy(d.arena);
}

static int make_root(void **state)
{
    (void)state;
    temporary_folder(root);
    return 0;
}

static int remove_root(void **state)
{
    char path[128];
    (void)state;
    snprintf(path, sizeof path, "%s/closed", root);
    (void)chmod(path, 0755);
    remove_folder(root);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_gpu_without_a_device_file_wants_its_module),
        cmocka_unit_test(a_gpu_that_opencl_does_not_offer_wants_its_driver),
        cmocka_unit_test(device_files_that_are_closed_want_a_group),
        cmocka_unit_test(a_folder_of_others_wants_its_owner_changed),
        cmocka_unit_test(nobody_is_told_to_own_what_lies_outside_of_the_home),
        cmocka_unit_test(a_full_memory_group_is_less_than_the_machine),
        cmocka_unit_test(a_machine_without_a_driver_is_told_the_package),
        cmocka_unit_test(words_are_quoted_for_the_shell),
        cmocka_unit_test(a_child_that_crashes_or_hangs_has_told_what_it_knew),
    };
    return cmocka_run_group_tests(tests, make_root, remove_root);
}
