#include "build.h"
#include "../base/file.h"
#include "compile.h"

#include <stdlib.h>
#include <string.h>

enum { LOG_IN_MESSAGE = 2400 };
static const char NOT_KEPT[] = "not kept (no folder to write to)";

/* The compiler's log in the arena; "" where there is none. */
static const char *build_log(gz_device *device, cl_program program, gz_arena *arena)
{
    size_t size = 0;
    if (clGetProgramBuildInfo(program, device->id, CL_PROGRAM_BUILD_LOG, 0, NULL, &size) != CL_SUCCESS ||
        !size)
        return "";
    char *log = gz_arena_allocate(arena, size + 1);
    if (!log ||
        clGetProgramBuildInfo(program, device->id, CL_PROGRAM_BUILD_LOG, size, log, NULL) != CL_SUCCESS)
        return "";
    return log;
}

static gaze_status dump_part(const gz_build *build, const char *folder, const char *extension,
                             const char *text, const char *end)
{
    gaze_status status;
    gz_arena *arena;
    GZ_TRY(gz_arena_create(&arena));
    const char *path = gz_arena_format(arena, "%s/%s.%s", folder, build->name, extension);
    const char *all = gz_arena_format(arena, "%s%s", text, end);
    status = path && all ? gz_file_write(path, all, strlen(all)) : GAZE_ERROR_DEVICE;
    gz_arena_destroy(arena);
    return status;
}

gaze_status gz_build_dump(const gz_build *build, const char *folder)
{
    GZ_TRY(gz_folder_make(folder, false));
    GZ_TRY(dump_part(build, folder, "cl", build->source, ""));
    return dump_part(build, folder, "opts", build->options, "\n");
}

/* Where a source that doesn't compile can be looked at. */
static const char *keep_source(const gz_build *build, gz_arena *arena)
{
    const char *folder = getenv("GAZE_DUMP_PROGRAMS"), *cache;
    if (gz_cache_folder(arena, &cache) != GAZE_OK) return NOT_KEPT;
    if (!folder || !folder[0]) folder = cache ? gz_path_join(arena, cache, "failed") : NULL;
    if (!folder || gz_build_dump(build, folder) != GAZE_OK) return NOT_KEPT;
    const char *path = gz_arena_format(arena, "kept in %s/%s.cl", folder, build->name);
    return path ? path : "";
}

static gaze_status fail_build(gz_device *device, const gz_build *build, cl_program program, cl_int code)
{
    gz_arena *arena;
    if (gz_cl_advice(code)[0]) /* not the source's fault */
        return gz_cl_check(code, "program '%s': clBuildProgram for device '%s'", build->name,
                           device->facts.info.name);
    GZ_TRY(gz_arena_create(&arena));
    const char *log = build_log(device, program, arena), *kept = keep_source(build, arena);
    const gaze_status status =
        gz_fail(GAZE_ERROR_DEVICE,
                "program '%s' does not compile on device '%s': clBuildProgram: %s (%d)\noptions: %s\n"
                "source: %s\nlog: %.*s%s",
                build->name, device->facts.info.name, gz_cl_error_name(code), (int)code, build->options, kept,
                LOG_IN_MESSAGE, log, strlen(log) > LOG_IN_MESSAGE ? "..." : "");
    gz_arena_destroy(arena);
    return status;
}

gaze_status gz_build_source(gz_device *device, const gz_build *build, cl_program *out)
{
    cl_int code;
    cl_program program =
        clCreateProgramWithSource(device->context, 1, (const char **)&build->source, NULL, &code);
    GZ_TRY(gz_cl_check(code, "program '%s': clCreateProgramWithSource", build->name));
    gaze_status status = gz_compile(device, build, &program, &code);
    if (status == GAZE_OK && code != CL_SUCCESS) status = fail_build(device, build, program, code);
    if (status == GAZE_OK)
        *out = program;
    else if (program)
        clReleaseProgram(program);
    return status;
}

bool gz_build_binary(gz_device *device, const gz_build *build, const char *binary, size_t size,
                     cl_program *out)
{
    const unsigned char *bytes = (const unsigned char *)binary;
    cl_int accepted = CL_SUCCESS, code;
    cl_program program =
        clCreateProgramWithBinary(device->context, 1, &device->id, &size, &bytes, &accepted, &code);
    if (code != CL_SUCCESS) return false;
    if (accepted == CL_SUCCESS && gz_compile(device, build, &program, &code) == GAZE_OK &&
        code == CL_SUCCESS) {
        *out = program;
        return true;
    }
    if (program) clReleaseProgram(program);
    return false;
}

gaze_status gz_build_read_binary(cl_program program, char **binary, size_t *size)
{
    size_t bytes = 0;
    char *buffer;
    GZ_TRY(gz_cl_check(clGetProgramInfo(program, CL_PROGRAM_BINARY_SIZES, sizeof bytes, &bytes, NULL),
                       "clGetProgramInfo(CL_PROGRAM_BINARY_SIZES)"));
    if (bytes == 0)
        return gz_fail(GAZE_ERROR_DEVICE, "clGetProgramInfo: the driver has no binary of a built program");
    GZ_TRY(gz_allocate(bytes, 1, &buffer));
    const cl_int code = clGetProgramInfo(program, CL_PROGRAM_BINARIES, sizeof buffer, &buffer, NULL);
    if (code != CL_SUCCESS) {
        free(buffer);
        return gz_cl_check(code, "clGetProgramInfo(CL_PROGRAM_BINARIES)");
    }
    *binary = buffer;
    *size = bytes;
    return GAZE_OK;
}
