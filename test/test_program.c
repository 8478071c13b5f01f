/* Programs: sources, options, builds that fail, dumps. OpenCL is used in children only. */
#include "child.h"

#include "../engine/base/file.h"
#include "../engine/device/device.h"
#include "../engine/base/embedded.h"
#include "../engine/device/source.h"

static char folder[64];
static char kernels[128], dump[128];

static const char fill_source[] =
    "#include \"common.h\"\n"
    "#include \"value.h\"\n"
    "#include \"common.h\"\n"
    "#ifndef PLUS\n"
    "#define PLUS 0\n"
    "#endif\n"
    "__kernel void fill(__global int *x) { x[get_global_id(0)] = VALUE + PLUS; }\n"
    "__kernel void width(__global int *x) { x[get_global_id(0)] = GAZE_WIDTH; }\n";

static int make_folders(void **state)
{
    (void)state;
    isolate_environment(temporary_folder(folder));
    snprintf(kernels, sizeof kernels, "%s/kernels", folder);
    snprintf(dump, sizeof dump, "%s/dump", folder);
    if (mkdir(kernels, 0700) != 0) return -1;
    write_text(kernels, "fill.cl", fill_source);
    write_text(kernels, "value.h", "#ifndef VALUE_H\n#define VALUE_H\n#define VALUE 40\n#endif\n");
    write_text(
        kernels, "wrong.cl",
        "#include \"common.h\"\n__kernel void wrong(__global int *x)\n{\n    x[0] = undeclared_name;\n}\n");
    write_text(kernels, "lost.cl", "#include \"common.h\"\n#include \"nowhere.h\"\n");
    write_text(kernels, "endless.cl", "#include \"endless.cl\"\n");
    setenv("GAZE_KERNEL_DIR", kernels, 1);
    return 0;
}

static int remove_folders(void **state)
{
    (void)state;
    remove_folder(folder);
    return 0;
}

/* Runs a kernel of fill.cl over 3 items. */
static bool run(gz_device *device, const char *kernel_name, const char *options, int32_t values[3])
{
    cl_kernel kernel;
    cl_mem memory;
    const size_t items = 3;
    CHECK(gz_device_allocate(device, 12, &memory) == GAZE_OK);
    CHECK(gz_device_kernel(device, "fill", kernel_name, options, &kernel) == GAZE_OK);
    CHECK(clSetKernelArg(kernel, 0, sizeof memory, &memory) == CL_SUCCESS);
    CHECK(clEnqueueNDRangeKernel(gz_device_queue(device), kernel, 1, NULL, &items, NULL, 0, NULL, NULL) ==
          CL_SUCCESS);
    CHECK(gz_device_read(device, memory, 0, values, 12) == GAZE_OK);
    clReleaseKernel(kernel);
    gz_device_release(device, memory);
    return true;
}

/* ---- Sources ---- */

static size_t count_of(const char *text, const char *part)
{
    size_t count = 0;
    for (; (text = strstr(text, part)); text++) count++;
    return count;
}

static void includes_are_put_in_once(void **state)
{
    char *text;
    size_t length;
    (void)state;
    assert_int_equal(gz_source_assemble("fill", &text, &length), GAZE_OK);
    assert_int_equal(length, strlen(text));
    assert_int_equal(count_of(text, "#include"), 0);
    assert_int_equal(count_of(text, "#line 1 \"common.h\""), 1);
    assert_int_equal(count_of(text, "#define VALUE 40"), 1);
    assert_true(strstr(text, "gaze_philox") < strstr(text, "#define VALUE 40"));
    assert_true(strstr(text, "#define VALUE 40") < strstr(text, "void fill"));
    free(text);
}

static void files_come_from_the_folder_before_the_library(void **state)
{
    char *text;
    size_t length;
    (void)state;
    write_text(kernels, "common.h", "/* another common.h */\n");
    assert_int_equal(gz_source_assemble("fill", &text, &length), GAZE_OK);
    assert_non_null(strstr(text, "another common.h"));
    assert_null(strstr(text, "gaze_philox"));
    free(text);
    char path[256];
    snprintf(path, sizeof path, "%s/common.h", kernels);
    unlink(path);
}

static void sources_that_are_not_there_are_named(void **state)
{
    char *text;
    size_t length;
    (void)state;
    assert_int_equal(gz_source_assemble("nothing", &text, &length), GAZE_ERROR_DEVICE);
    assert_non_null(strstr(gaze_message(), "nothing.cl"));
    assert_int_equal(gz_source_assemble("lost", &text, &length), GAZE_ERROR_DEVICE);
    assert_non_null(strstr(gaze_message(), "nowhere.h, included by lost.cl"));
    setenv("GAZE_KERNEL_DIR", "/nowhere", 1);
    assert_int_equal(gz_source_assemble("fill", &text, &length), GAZE_ERROR_USAGE);
    assert_non_null(strstr(gaze_message(), "GAZE_KERNEL_DIR=/nowhere"));
    setenv("GAZE_KERNEL_DIR", kernels, 1);
}

static void a_file_that_includes_itself_ends(void **state)
{
    char *text;
    size_t length;
    (void)state;
    assert_int_equal(gz_source_assemble("endless", &text, &length), GAZE_OK);
    assert_int_equal(count_of(text, "#line 1"), 1);
    free(text);
}

static void the_library_has_every_kernel_file(void **state)
{
    (void)state;
    DIR *cl = opendir(SOURCE_DIR "/cl");
    assert_non_null(cl);
    size_t files = 0;
    for (struct dirent *entry; (entry = readdir(cl));) {
        const char *dot = strrchr(entry->d_name, '.');
        files += dot && (strcmp(dot, ".cl") == 0 || strcmp(dot, ".h") == 0);
    }
    closedir(cl);
    assert_true(files > 1);
    assert_int_equal(gz_n_embedded_kernels, files);
    for (size_t i = 0; i < gz_n_embedded_kernels; i++) {
        char path[512], *bytes;
        size_t size;
        snprintf(path, sizeof path, "%s/cl/%s", SOURCE_DIR, gz_embedded_kernels[i].name);
        assert_int_equal(gz_file_read(path, 1 << 24, &bytes, &size), GAZE_OK);
        assert_int_equal(size, gz_embedded_kernels[i].size);
        assert_memory_equal(bytes, gz_embedded_kernels[i].bytes, size + 1);
        free(bytes);
    }
}

/* ---- Builds ---- */

static bool options_make_programs(void)
{
    gz_device *device;
    gaze_program_counts counts;
    int32_t values[3];
    CHECK(gz_device_open(NULL, &device) == GAZE_OK);
    CHECK(run(device, "fill", "", values));
    CHECK(values[0] == 40 && values[2] == 40);
    CHECK(run(device, "fill", "-DPLUS=2", values));
    CHECK(values[0] == 42 && values[2] == 42);
    CHECK(run(device, "width", "-DPLUS=2", values));
    CHECK((size_t)values[1] == gz_device_facts_of(device)->vector_width);
    CHECK(run(device, "fill", NULL, values));
    CHECK(values[0] == 40);
    gz_device_programs(device, &counts);
    CHECK(counts.compiled + counts.cached ==
          2); /* one for each set of options, however often it is asked for */
    CHECK(counts.build_ms > 0);
    gz_device_close(device);
    return true;
}

static bool a_failed_build_shows_log_options_and_source(void)
{
    gz_device *device;
    cl_kernel kernel;
    char kept[256], *text;
    size_t size;
    CHECK(gz_device_open(NULL, &device) == GAZE_OK);
    CHECK(gz_device_kernel(device, "wrong", "wrong", "-DUNUSED=7", &kernel) == GAZE_ERROR_DEVICE);
    CHECK(strstr(gaze_message(), "undeclared_name"));
    CHECK(strstr(gaze_message(), "wrong.cl:4"));
    CHECK(strstr(gaze_message(), "CL_BUILD_PROGRAM_FAILURE"));
    CHECK(strstr(gaze_message(), "-cl-std=CL1.2 -cl-denorms-are-zero -w -DGAZE_WIDTH="));
    CHECK(strstr(gaze_message(), "-DUNUSED=7"));
    CHECK(sscanf(strstr(gaze_message(), "source: kept in "), "source: kept in %255s", kept) == 1);
    CHECK(gz_file_read(kept, 1 << 20, &text, &size) == GAZE_OK);
    CHECK(strstr(text, "undeclared_name"));
    free(text);
    gz_device_close(device);
    return true;
}

static bool an_unknown_kernel_is_named(void)
{
    gz_device *device;
    cl_kernel kernel;
    CHECK(gz_device_open(NULL, &device) == GAZE_OK);
    CHECK(gz_device_kernel(device, "fill", "fil", "", &kernel) == GAZE_ERROR_DEVICE);
    CHECK(strstr(gaze_message(), "clCreateKernel('fil') of program 'fill'"));
    CHECK(strstr(gaze_message(), "CL_INVALID_KERNEL_NAME"));
    gz_device_close(device);
    return true;
}

static bool programs_are_dumped(void)
{
    gz_device *device;
    int32_t values[3];
    char path[256], *text;
    size_t size;
    setenv("GAZE_DUMP_PROGRAMS", dump, 1);
    CHECK(gz_device_open(NULL, &device) == GAZE_OK);
    CHECK(run(device, "fill", "", values));
    CHECK(run(device, "fill", "-DPLUS=2", values));
    gz_device_close(device);
    snprintf(path, sizeof path, "%s/fill.cl", dump);
    CHECK(gz_file_read(path, 1 << 20, &text, &size) == GAZE_OK);
    CHECK(strstr(text, "gaze_philox") && strstr(text, "void fill"));
    free(text);
    snprintf(path, sizeof path, "%s/fill-%s.opts", dump, gz_hash_bytes("-DPLUS=2", 8).text);
    CHECK(gz_file_read(path, 1 << 20, &text, &size) == GAZE_OK);
    CHECK(strstr(text, "-cl-std=CL1.2 -cl-denorms-are-zero -w -DGAZE_WIDTH=") == text && strstr(text, " -DPLUS=2\n"));
    free(text);
    return true;
}

static bool common_functions_compile_at_every_width(void)
{
    static const char *const widths[] = {"4", "8", "16"};
    for (int i = 0; i < 3; i++) {
        gz_device *device;
        int32_t values[3];
        setenv("GAZE_WIDTH", widths[i], 1);
        CHECK(gz_device_open(NULL, &device) == GAZE_OK);
        CHECK(run(device, "width", "", values));
        CHECK(values[0] == atoi(widths[i]));
        gz_device_close(device);
    }
    return true;
}

/* ---- All files in one program ---- */

/* But for what a slow machine is told. */
static void count_warnings(void *user, gaze_log_level level, const char *message)
{
    if (level > GAZE_LOG_WARNING || strstr(message, "is still compiling it after")) return;
    fprintf(stderr, "%s\n", message);
    ++*(int *)user;
}

/* Makes every kernel of cl/<stem>.cl; their names are asked of a program of the stem alone. */
static bool make_all_kernels(gz_device *device, const char *stem)
{
    char *source, names[8192], *rest = NULL;
    size_t length;
    cl_int code;
    CHECK(gz_source_assemble(stem, &source, &length) == GAZE_OK);
    cl_program program =
        clCreateProgramWithSource(gz_device_context(device), 1, (const char **)&source, NULL, &code);
    CHECK(code == CL_SUCCESS);
    CHECK(clBuildProgram(program, 0, NULL, "-cl-std=CL1.2", NULL, NULL) == CL_SUCCESS);
    CHECK(clGetProgramInfo(program, CL_PROGRAM_KERNEL_NAMES, sizeof names, names, NULL) == CL_SUCCESS);
    for (char *name = strtok_r(names, ";", &rest); name; name = strtok_r(NULL, ";", &rest)) {
        cl_kernel kernel;
        CHECK(gz_device_kernel(device, stem, name, "", &kernel) == GAZE_OK);
        clReleaseKernel(kernel);
    }
    clReleaseProgram(program);
    free(source);
    return true;
}

/* Fails when two files of cl/ define the same name so that they can't be compiled together. */
static bool all_files_make_one_program(void)
{
    gz_device *device;
    gaze_program_counts counts;
    int warnings = 0;
    const gaze_context_options options = {
        .device = "portable computing", .log = count_warnings, .log_user = &warnings};
    unsetenv("GAZE_KERNEL_DIR");
    setenv("GAZE_PROGRAM_CACHE", "driver", 1);
    CHECK(gz_device_open(&options, &device) == GAZE_OK);
    char stems[128][64];
    gz_call_form list[128];
    size_t n = 0;
    for (size_t i = 0; i < gz_n_embedded_kernels; i++) {
        const char *dot = strrchr(gz_embedded_kernels[i].name, '.');
        if (strcmp(dot, ".cl") != 0) continue;
        CHECK(n < sizeof list / sizeof *list);
        snprintf(stems[n], sizeof stems[n], "%.*s", (int)(dot - gz_embedded_kernels[i].name),
                 gz_embedded_kernels[i].name);
        list[n] = (gz_call_form){stems[n], "", NULL};
        n++;
    }
    gz_device_expect(device, list, n);
    for (size_t i = 0; i < n; i++) CHECK(make_all_kernels(device, list[i].stem));
    gz_device_programs(device, &counts);
    CHECK(counts.compiled + counts.cached == 1);
    CHECK(warnings == 0);
    gz_device_close(device);
    return true;
}

static void all_kernel_files_fit_in_one_program(void **state)
{
    (void)state;
    assert_child(all_files_make_one_program);
}

static bool expected_files_share_a_program_and_others_have_their_own(void)
{
    gz_device *device;
    gaze_program_counts counts;
    cl_kernel kernel[3];
    const gaze_context_options options = {.device = "portable computing"};
    unsetenv("GAZE_KERNEL_DIR");
    setenv("GAZE_PROGRAM_CACHE", "driver", 1);
    CHECK(gz_device_open(&options, &device) == GAZE_OK);
    gz_device_expect(device,
                     (const gz_call_form[]){{"pool", "", NULL}, {"rows", "", NULL}, {"pool", "", NULL}}, 3);
    /* one is there, and one makes no group */
    gz_device_expect(device, (const gz_call_form[]){{"rows", "", NULL}, {"loss", "", NULL}}, 2);
    CHECK(gz_device_kernel(device, "pool", "max_pool_slabs", "", &kernel[0]) == GAZE_OK);
    CHECK(gz_device_kernel(device, "rows", "row_dot_slabs", "", &kernel[1]) == GAZE_OK);
    gz_device_programs(device, &counts);
    CHECK(counts.compiled + counts.cached == 1);
    CHECK(gz_device_kernel(device, "loss", "loss_mean", "", &kernel[2]) == GAZE_OK);
    gz_device_programs(device, &counts);
    CHECK(counts.compiled + counts.cached == 2);
    for (int i = 0; i < 3; i++) clReleaseKernel(kernel[i]);
    gz_device_close(device);
    return true;
}

/* A ulong begins at an even word; memory of both kinds is apart. */
static bool words_of_calls_are_packed(void)
{
    const gz_call_form call = {"none", "none", "piuplfu"};
    CHECK(gz_entry_word(&call, 1) == 1);
    CHECK(gz_entry_word(&call, 2) == 2);
    CHECK(gz_entry_word(&call, 5) == 4);
    CHECK(gz_entry_word(&call, 6) == 6);
    return true;
}

static const gz_call_form CALLS[] = {
    {"rows", "scale_rows_slabs", "pppfiiii"},  {"time", "shift_time_slabs", "pppiiiii"},
    {"rows", "row_dot_slabs", "pppfiiii"},     {"rows", "scale_rows_slabs", "pppfiiii"},
    {"time", "after_first_slabs", "pppiiiii"}, {"time", "reverse_time_slabs", "ppiiiii"}};

static bool has_entry(gz_device *device, const gz_call_form *call)
{
    const gz_entry *entry;
    cl_kernel kernel;
    if (gz_device_entry(device, call, &entry, &kernel) != GAZE_OK || !entry) return false;
    clReleaseKernel(kernel);
    return true;
}

/* Opens a device, and expects the first `count` calls. */
static gaze_status expect_calls(size_t count, gz_device **device)
{
    const gaze_context_options options = {.device = "portable computing"};
    unsetenv("GAZE_KERNEL_DIR");
    setenv("GAZE_PROGRAM_CACHE", "driver", 1);
    const gaze_status status = gz_device_open(&options, device);
    if (status == GAZE_OK) gz_device_expect(*device, CALLS, count);
    return status;
}

static bool expected_calls_share_a_kernel(void)
{
    gz_device *device;
    gaze_program_counts counts;
    const gz_entry *entry;
    cl_kernel kernel;
    cl_uint n = 0;
    const cl_int words[GZ_ENTRY_WORDS] = {0};
    CHECK(expect_calls(4, &device) == GAZE_OK); /* three kernels: as many as it takes would be four */
    CHECK(!has_entry(device, &CALLS[0]));
    gz_device_close(device);
    CHECK(expect_calls(5, &device) == GAZE_OK);
    for (size_t i = 0; i < 5; i++) CHECK(has_entry(device, &CALLS[i]));
    CHECK(!has_entry(device, &CALLS[5]));
    CHECK(gz_device_entry(device, &CALLS[1], &entry, &kernel) == GAZE_OK && entry);
    CHECK(gz_entry_place(entry, &CALLS[1], 2) == 2);
    CHECK(gz_entry_word(&CALLS[1], 3) == 1); /* behind the call's number */
    CHECK(gz_entry_word(&CALLS[0], 7) == 5);
    CHECK(gz_entry_fill(entry, &CALLS[1], words, kernel) == GAZE_OK);
    CHECK(clGetKernelInfo(kernel, CL_KERNEL_NUM_ARGS, sizeof n, &n, NULL) == CL_SUCCESS);
    CHECK(n == 3 + 2); /* three of memory, six words in two vectors */
    clReleaseKernel(kernel);
    CHECK(gz_device_kernel(device, "time", "shift_time_slabs", "", &kernel) == GAZE_OK);
    clReleaseKernel(kernel);
    gz_device_programs(device, &counts);
    CHECK(counts.compiled + counts.cached == 2);
    gz_device_close(device);
    return true;
}

/* After the first, whose own entry stays. */
static bool another_plan_of_the_same_files_shares_kernels(void)
{
    gz_device *device;
    CHECK(expect_calls(5, &device) == GAZE_OK);
    gz_device_close(device);
    CHECK(expect_calls(6, &device) == GAZE_OK);
    for (size_t i = 0; i < 6; i++) CHECK(!has_entry(device, &CALLS[i]));
    gz_device_close(device);
    CHECK(expect_calls(5, &device) == GAZE_OK);
    for (size_t i = 0; i < 5; i++) CHECK(has_entry(device, &CALLS[i]));
    gz_device_close(device);
    return true;
}

static void another_plan_of_the_same_files_has_no_entry(void **state)
{
    (void)state;
    assert_child(another_plan_of_the_same_files_shares_kernels);
}

static void calls_that_are_expected_share_a_kernel(void **state)
{
    (void)state;
    assert_true(words_of_calls_are_packed());
    assert_child(expected_calls_share_a_kernel);
}

static void files_that_are_expected_share_a_program(void **state)
{
    (void)state;
    assert_child(expected_files_share_a_program_and_others_have_their_own);
}

static void a_program_is_built_once_for_each_set_of_options(void **state)
{
    (void)state;
    assert_child(options_make_programs);
    assert_child(common_functions_compile_at_every_width);
}

static void a_kernel_that_does_not_compile_tells_all(void **state)
{
    (void)state;
    assert_child(a_failed_build_shows_log_options_and_source);
    assert_child(an_unknown_kernel_is_named);
}

static void final_sources_can_be_dumped(void **state)
{
    (void)state;
    assert_child(programs_are_dumped);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(includes_are_put_in_once),
        cmocka_unit_test(files_come_from_the_folder_before_the_library),
        cmocka_unit_test(sources_that_are_not_there_are_named),
        cmocka_unit_test(a_file_that_includes_itself_ends),
        cmocka_unit_test(the_library_has_every_kernel_file),
        cmocka_unit_test(a_program_is_built_once_for_each_set_of_options),
        cmocka_unit_test(a_kernel_that_does_not_compile_tells_all),
        cmocka_unit_test(final_sources_can_be_dumped),
        cmocka_unit_test(all_kernel_files_fit_in_one_program),
        cmocka_unit_test(calls_that_are_expected_share_a_kernel),
        cmocka_unit_test(another_plan_of_the_same_files_has_no_entry),
        cmocka_unit_test(files_that_are_expected_share_a_program),
    };
    return cmocka_run_group_tests(tests, make_folders, remove_folders);
}
