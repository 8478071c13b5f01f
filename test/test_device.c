/* Finding, choosing and opening devices; memory. OpenCL is used in children only. */
#include "child.h"

#include "../engine/api/api.h"
#include "../engine/device/choose.h"

static char folder[64];

/* ---- Words, on devices made up here ---- */

static gz_found devices[] = {
    {.info = {.platform = "Alpha", .name = "Alpha CPU 9", .type = "cpu", .usable = true, .index = 0}},
    {.info = {.platform = "Broken", .platform_index = 1, .reason = "the platform has no device"}},
    {.info = {.platform = "Beta",
              .name = "Beta GPU 3",
              .type = "gpu",
              .platform_index = 2,
              .index = 1,
              .reason = "no compiler"}},
    {.info = {.platform = "Gamma",
              .name = "Gamma GPU 3",
              .type = "gpu",
              .usable = true,
              .platform_index = 3,
              .index = 2}},
    {.info = {.platform = "Gamma",
              .name = "Gamma GPU 3 Max",
              .type = "gpu",
              .usable = true,
              .platform_index = 3,
              .index = 3},
     .in_platform = 1},
};

static gz_probe made_up(size_t count) { return (gz_probe){.found = devices, .count = count}; }

static const char *chosen(const char *words)
{
    const gz_probe probe = made_up(5);
    const gz_found *found = NULL;
    return gz_choose(&probe, words, &found) == GAZE_OK ? found->info.name : NULL;
}

static void words_choose_by_type_number_pair_and_name(void **state)
{
    (void)state;
    assert_string_equal(chosen("auto"), "Gamma GPU 3");
    assert_string_equal(chosen("cpu"), "Alpha CPU 9");
    assert_string_equal(chosen("gpu"), "Gamma GPU 3");
    assert_string_equal(chosen("0"), "Alpha CPU 9");
    assert_string_equal(chosen("3"), "Gamma GPU 3 Max");
    assert_string_equal(chosen("3:1"), "Gamma GPU 3 Max");
    assert_string_equal(chosen("0:0"), "Alpha CPU 9");
    assert_string_equal(chosen("max"), "Gamma GPU 3 Max");
    assert_string_equal(chosen("alpha"), "Alpha CPU 9");
    assert_string_equal(chosen("gamma gpu 3"),
                        "Gamma GPU 3"); /* a whole name goes before a part of another */
}

static void assert_refused(const char *words, const char *why)
{
    assert_null(chosen(words));
    assert_non_null(strstr(gaze_message(), words));
    assert_non_null(strstr(gaze_message(), why));
    assert_non_null(strstr(gaze_message(), "3 (3:1) 'Gamma GPU 3 Max' (gpu, Gamma)"));
    assert_non_null(strstr(gaze_message(), "platform 1 'Broken', not usable: the platform has no device"));
}

static void refused_words_list_what_there_is(void **state)
{
    (void)state;
    assert_refused("gamma", "more than one");
    assert_refused("delta", "no device has this name");
    assert_refused("7", "there is none");
    assert_refused("3:2", "there is none");
    assert_refused("1:0", "there is none");
    assert_refused("1", "can't be used");
    assert_refused("beta", "can't be used");
}

static void the_environment_chooses_where_the_call_does_not(void **state)
{
    (void)state;
    setenv("GAZE_DEVICE", "3:1", 1);
    assert_string_equal(chosen(NULL), "Gamma GPU 3 Max");
    assert_string_equal(chosen("cpu"), "Alpha CPU 9");
    unsetenv("GAZE_DEVICE");
    assert_string_equal(chosen(NULL), "Gamma GPU 3");
}

static void auto_says_why(void **state)
{
    gz_probe probe = made_up(5);
    (void)state;
    assert_int_equal(gz_arena_create(&probe.arena), GAZE_OK);
    assert_int_equal(gz_choose_auto(&probe), GAZE_OK);
    assert_true(devices[3].info.chosen);
    assert_false(devices[0].info.chosen || devices[2].info.chosen || devices[4].info.chosen);
    assert_string_equal(devices[3].info.reason, "the first GPU that can be used");
    assert_string_equal(devices[0].info.reason, "a gpu (device 2) goes before a cpu");
    assert_string_equal(devices[4].info.reason, "device 2 is a gpu too and comes first");
    assert_string_equal(devices[2].info.reason, "no compiler");
    gz_arena_destroy(probe.arena);
}

/* ---- Drivers, as they are ---- */

static void use_vendors(const char *name)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    setenv("OCL_ICD_VENDORS", path, 1);
}

static bool opening_without_platform_says_what_to_install(void)
{
    gz_device *device;
    use_vendors("none");
    CHECK(gz_device_open(NULL, &device) == GAZE_ERROR_DEVICE);
    CHECK(strstr(gaze_message(), "apt-get install pocl-opencl-icd"));
    CHECK(strstr(gaze_message(), "intel-opencl-icd"));
    return true;
}

static bool listing_without_platform_is_empty(void)
{
    gaze_device_info *list;
    size_t count = 99;
    use_vendors("none");
    CHECK(gaze_devices(&list, &count) == GAZE_OK);
    CHECK(count == 0);
    gaze_devices_free(list);
    return true;
}

static bool reference_mode_needs_no_platform(void)
{
    gaze_context *context;
    gaze_device_info info;
    const gaze_context_options options = {.reference = true};
    use_vendors("none");
    CHECK(gaze_context_create(&options, &context) == GAZE_OK);
    gaze_context_device(context, &info);
    CHECK(strcmp(info.type, "reference") == 0);
    gaze_context_destroy(context);
    return true;
}

static const gaze_device_info *of_platform(const gaze_device_info *list, size_t count, const char *platform)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(list[i].platform, platform) == 0) return &list[i];
    return NULL;
}

static bool listed_as(const gaze_device_info *info, const char *name, const char *reason)
{
    if (!info || info->usable || info->chosen || !strstr(info->reason, reason)) return false;
    return name ? info->name && strcmp(info->name, name) == 0 : !info->name;
}

static bool broken_drivers_are_listed_with_the_reason(void)
{
    gaze_device_info *list;
    size_t count, usable = 0, best = 0;
    use_vendors("broken");
    CHECK(gaze_devices(&list, &count) == GAZE_OK);
    CHECK(listed_as(of_platform(list, count, "Failing"), NULL, "clGetDeviceIDs: CL_OUT_OF_RESOURCES (-5)"));
    CHECK(listed_as(of_platform(list, count, "Empty"), NULL, "the platform has no device"));
    CHECK(listed_as(of_platform(list, count, "No Compiler"), "Fake GPU", "no compiler"));
    for (size_t i = 0; i < count; i++) {
        usable += list[i].usable;
        best += list[i].chosen;
    }
    CHECK(usable >= 1 && best == 1);
    gaze_devices_free(list);
    return true;
}

static bool broken_drivers_are_skipped(void)
{
    gz_device *device;
    use_vendors("broken");
    CHECK(gz_device_open(NULL, &device) == GAZE_OK);
    CHECK(gz_device_facts_of(device)->info.usable);
    gz_device_close(device);
    return true;
}

static bool a_device_without_compiler_is_refused_by_name(void)
{
    gz_device *device;
    const gaze_context_options options = {.device = "fake gpu"};
    use_vendors("broken");
    CHECK(gz_device_open(&options, &device) == GAZE_ERROR_DEVICE);
    CHECK(strstr(gaze_message(), "not usable: the driver has no compiler for it"));
    return true;
}

/* The system's drivers, the fake ones, and a name that leads nowhere. */
static int make_vendor_folders(void **state)
{
    char path[128], command[256];
    (void)state;
    isolate_environment(temporary_folder(folder));
    snprintf(path, sizeof path, "%s/none", folder);
    if (mkdir(path, 0700) != 0) return -1;
    snprintf(path, sizeof path, "%s/broken", folder);
    snprintf(command, sizeof command, "cp -r /etc/OpenCL/vendors %s", path);
    if (system(command) != 0) return -1;
    write_text(path, "fake.icd", FAKE_ICD "\n");
    write_text(path, "missing.icd", "libthere-is-no-such-driver.so\n");
    return 0;
}

static int remove_vendor_folders(void **state)
{
    (void)state;
    remove_folder(folder);
    return 0;
}

static void no_platform_is_an_error_that_says_what_to_install(void **state)
{
    (void)state;
    assert_child(opening_without_platform_says_what_to_install);
    assert_child(listing_without_platform_is_empty);
    assert_child(reference_mode_needs_no_platform);
}

static void broken_platforms_cost_nothing_but_themselves(void **state)
{
    (void)state;
    assert_child(broken_drivers_are_listed_with_the_reason);
    assert_child(broken_drivers_are_skipped);
    assert_child(a_device_without_compiler_is_refused_by_name);
}

/* ---- An open device ---- */

static bool facts_fit_the_kernels(void)
{
    gz_device *device;
    CHECK(gz_device_open(NULL, &device) == GAZE_OK);
    const gz_device_facts *facts = gz_device_facts_of(device);
    CHECK(facts->vector_width == 4 || facts->vector_width == 8 || facts->vector_width == 16);
    CHECK(facts->base_align_bytes >= 128 && facts->compute_units > 0 && facts->max_group > 0);
    CHECK(facts->family == (strcmp(facts->info.type, "cpu") == 0 ? GZ_FAMILY_CPU : GZ_FAMILY_PLAIN));
    gz_device_force_family(device, GZ_FAMILY_GPU);
    CHECK(facts->family == GZ_FAMILY_GPU && strcmp(facts->info.family, "gpu") == 0);
    gz_device_close(device);
    return true;
}

static bool environment_forces_width_and_family(void)
{
    gz_device *device;
    setenv("GAZE_WIDTH", "4", 1);
    setenv("GAZE_FAMILY", "intel", 1);
    CHECK(gz_device_open(NULL, &device) == GAZE_OK);
    CHECK(gz_device_facts_of(device)->vector_width == 4);
    CHECK(gz_device_facts_of(device)->family == GZ_FAMILY_INTEL);
    gz_device_close(device);
    setenv("GAZE_WIDTH", "5", 1);
    CHECK(gz_device_open(NULL, &device) == GAZE_ERROR_USAGE);
    CHECK(strstr(gaze_message(), "GAZE_WIDTH=5"));
    unsetenv("GAZE_WIDTH");
    setenv("GAZE_FAMILY", "tpu", 1);
    CHECK(gz_device_open(NULL, &device) == GAZE_ERROR_USAGE);
    CHECK(strstr(gaze_message(), "GAZE_FAMILY=tpu"));
    return true;
}

static bool has_kernel(gz_device *device, const char *name)
{
    cl_kernel kernel;
    if (gz_device_kernel(device, "peak", name, "", &kernel) != GAZE_OK) return false;
    clReleaseKernel(kernel);
    return true;
}

static bool plain_family_has_plain_kernels_alone(void)
{
    gz_device *device;
    setenv("GAZE_FAMILY", "plain", 1);
    CHECK(gz_device_open(NULL, &device) == GAZE_OK);
    CHECK(has_kernel(device, "gaze_peak_plain"));
    CHECK(!has_kernel(device, "gaze_peak"));
    CHECK(strstr(gaze_message(), "CL_INVALID_KERNEL_NAME"));
    gz_device_close(device);
    return true;
}

static bool cpu_family_has_both_for_verification(void)
{
    gz_device *device;
    setenv("GAZE_FAMILY", "cpu", 1);
    CHECK(gz_device_open(NULL, &device) == GAZE_OK);
    CHECK(has_kernel(device, "gaze_peak_plain") && has_kernel(device, "gaze_peak"));
    gz_device_close(device);
    return true;
}

static bool family_forced_later_has_its_kernels(void)
{
    gz_device *device;
    setenv("GAZE_FAMILY", "plain", 1);
    CHECK(gz_device_open(NULL, &device) == GAZE_OK);
    gz_device_force_family(device, GZ_FAMILY_CPU);
    CHECK(has_kernel(device, "gaze_peak"));
    gz_device_close(device);
    return true;
}

static void kernels_of_the_cpu_family_are_compiled_for_it_alone(void **state)
{
    (void)state;
    assert_child(plain_family_has_plain_kernels_alone);
    assert_child(cpu_family_has_both_for_verification);
    assert_child(family_forced_later_has_its_kernels);
}

static void facts_are_asked_or_forced(void **state)
{
    (void)state;
    assert_child(facts_fit_the_kernels);
    assert_child(environment_forces_width_and_family);
}

static bool memory_is_zeroed_and_counted(void)
{
    gz_device *device;
    cl_mem memory;
    unsigned char bytes[6] = {9, 9, 9, 9, 9, 9};
    CHECK(gz_device_open(NULL, &device) == GAZE_OK);
    CHECK(gz_device_allocate(device, 1001, &memory) == GAZE_OK);
    CHECK(gz_device_allocated(device) == 1004);
    CHECK(gz_device_read(device, memory, 995, bytes, 6) == GAZE_OK);
    for (int i = 0; i < 6; i++) CHECK(bytes[i] == 0);
    CHECK(gz_device_write(device, memory, 500, "gaze", 4) == GAZE_OK);
    CHECK(gz_device_read(device, memory, 499, bytes, 6) == GAZE_OK);
    CHECK(memcmp(bytes, "\0gaze", 6) == 0);
    CHECK(gz_device_read(device, memory, 1000, bytes, 6) == GAZE_ERROR_DEVICE);
    CHECK(strstr(gaze_message(), "clEnqueueReadBuffer of 6 bytes at 1000: CL_INVALID_VALUE"));
    gz_device_release(device, memory);
    gz_device_release(device, NULL);
    CHECK(gz_device_allocated(device) == 0);
    gz_device_close(device);
    return true;
}

static bool what_cannot_fit_is_refused(void)
{
    gz_device *device;
    cl_mem memory;
    CHECK(gz_device_open(NULL, &device) == GAZE_OK);
    const size_t most = gz_device_facts_of(device)->max_allocation_bytes;
    CHECK(gz_device_allocate(device, most + 1, &memory) == GAZE_ERROR_DEVICE);
    CHECK(strstr(gaze_message(), "CL_DEVICE_MAX_MEM_ALLOC_SIZE"));
    CHECK(gz_device_allocate(device, SIZE_MAX, &memory) == GAZE_ERROR_DEVICE);
    CHECK(gz_device_allocated(device) == 0);
    gz_device_close(device);
    return true;
}

static bool the_users_limit_is_kept(void)
{
    gz_device *device;
    cl_mem first, second;
    const gaze_context_options options = {.memory_limit = 1 << 20};
    CHECK(gz_device_open(&options, &device) == GAZE_OK);
    CHECK(gz_device_allocate(device, 700000, &first) == GAZE_OK);
    CHECK(gz_device_allocate(device, 400000, &second) == GAZE_ERROR_DEVICE);
    CHECK(strstr(gaze_message(), "the memory limit allows 1 MiB"));
    gz_device_release(device, first);
    CHECK(gz_device_allocate(device, 400000, &second) == GAZE_OK);
    gz_device_release(device, second);
    gz_device_close(device);
    return true;
}

static void memory_is_accounted_before_it_is_taken(void **state)
{
    (void)state;
    assert_child(memory_is_zeroed_and_counted);
    assert_child(what_cannot_fit_is_refused);
    assert_child(the_users_limit_is_kept);
}

static bool two_contexts_at_once(void)
{
    gaze_context *a, *b;
    gaze_device_info info;
    CHECK(gaze_context_create(NULL, &a) == GAZE_OK);
    CHECK(gaze_context_create(NULL, &b) == GAZE_OK);
    CHECK(gz_device_context(a->device) == gz_device_context(b->device));
    gaze_context_destroy(a);
    gaze_context_device(b, &info);
    CHECK(info.usable && info.name[0]);
    gaze_context_destroy(b);
    return true;
}

static void contexts_share_the_device(void **state)
{
    (void)state;
    assert_child(two_contexts_at_once);
}

static void error_codes_have_names(void **state)
{
    (void)state;
    assert_string_equal(gz_cl_error_name(CL_SUCCESS), "CL_SUCCESS");
    assert_string_equal(gz_cl_error_name(-5), "CL_OUT_OF_RESOURCES");
    assert_string_equal(gz_cl_error_name(-68), "CL_INVALID_DEVICE_PARTITION_COUNT");
    assert_string_equal(gz_cl_error_name(-1001), "CL_PLATFORM_NOT_FOUND_KHR");
    assert_string_equal(gz_cl_error_name(-12345), "an error of the driver's own");
    assert_int_equal(gz_cl_check(CL_SUCCESS, "no call"), GAZE_OK);
    assert_int_equal(gz_cl_check(-61, "clCreateBuffer of %d bytes", 8), GAZE_ERROR_DEVICE);
    assert_string_equal(gaze_message(), "clCreateBuffer of 8 bytes: CL_INVALID_BUFFER_SIZE (-61)");
    assert_int_equal(gz_cl_check(-4, "clCreateBuffer of %d bytes", 8), GAZE_ERROR_DEVICE);
    assert_string_equal(
        gaze_message(),
        "clCreateBuffer of 8 bytes: CL_MEM_OBJECT_ALLOCATION_FAILURE (-4). The device has no "
        "memory left: a smaller --batch-size needs less, and other programs may hold some; or "
        "take another --device");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_choose_by_type_number_pair_and_name),
        cmocka_unit_test(refused_words_list_what_there_is),
        cmocka_unit_test(the_environment_chooses_where_the_call_does_not),
        cmocka_unit_test(auto_says_why),
        cmocka_unit_test(no_platform_is_an_error_that_says_what_to_install),
        cmocka_unit_test(broken_platforms_cost_nothing_but_themselves),
        cmocka_unit_test(facts_are_asked_or_forced),
        cmocka_unit_test(kernels_of_the_cpu_family_are_compiled_for_it_alone),
        cmocka_unit_test(memory_is_accounted_before_it_is_taken),
        cmocka_unit_test(contexts_share_the_device),
        cmocka_unit_test(error_codes_have_names),
    };
    return cmocka_run_group_tests(tests, make_vendor_folders, remove_vendor_folders);
}
