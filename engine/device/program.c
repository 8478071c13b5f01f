/* The table of a device's programs: few, each built at most once. */
#include "build.h"
#include "program_parts.h"
#include "source.h"
#include "../base/clock.h"
#include "../base/file.h"
#include "../base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void gz_program_drop(gz_program *program)
{
    if (!program) return;
    if (program->program) clReleaseProgram(program->program);
    free(program->key.text);
    free(program->source);
    free(program->known);
    free(program->made.chars);
    gz_arena_destroy(program->arena);
    free(program);
}

static gz_program *find(const gz_device *device, const char *stem, const char *options)
{
    gz_program *p = device->programs;
    while (p && (strcmp(p->stem, stem) != 0 || strcmp(p->options, options) != 0)) p = p->next;
    return p;
}

/* A cache that can't be written costs time at the next start and no more. */
void gz_program_store(gz_device *device, const gz_program *program, const void *payload, size_t size)
{
    if (gz_cache_store(device->cache, &program->key, payload, size) != GAZE_OK)
        gz_device_log(device, GAZE_LOG_WARNING, "program '%s' is not cached: %s", program->stem,
                      gaze_message());
}

static void store_binary(gz_device *device, const gz_program *program)
{
    char *binary;
    size_t size;
    if (gz_build_read_binary(program->program, &binary, &size) != GAZE_OK) {
        gz_device_log(device, GAZE_LOG_WARNING, "program '%s' is not cached: %s", program->stem,
                      gaze_message());
        return;
    }
    gz_program_store(device, program, binary, size);
    free(binary);
}

static bool build_from_cache(gz_device *device, gz_program *program, const gz_build *build)
{
    char *binary;
    size_t size;
    if (!gz_cache_load(device->cache, &program->key, &binary, &size)) return false;
    const bool built = gz_build_binary(device, build, binary, size, &program->program);
    free(binary);
    return built;
}

static gaze_status build_binary_kind(gz_device *device, gz_program *program, const gz_build *build)
{
    if (build_from_cache(device, program, build)) return GAZE_OK;
    GZ_TRY(gz_build_source(device, build, &program->program));
    program->compiled = true;
    store_binary(device, program);
    return GAZE_OK;
}

static gaze_status build_driver_kind(gz_device *device, gz_program *program, const gz_build *build)
{
    size_t size;
    if (!gz_cache_load(device->cache, &program->key, &program->known, &size)) program->compiled = true;
    return gz_build_source(device, build, &program->program);
}

static gaze_status build_any_kind(gz_device *device, gz_program *program, const gz_build *build)
{
    switch (gz_cache_kind_of(device->cache)) {
    case GZ_CACHE_BINARY: return build_binary_kind(device, program, build);
    case GZ_CACHE_DRIVER: return build_driver_kind(device, program, build);
    case GZ_CACHE_NONE: break;
    }
    program->compiled = true;
    return gz_build_source(device, build, &program->program);
}

/* File names take no options: those that were given become a hash. */
static const char *program_name(gz_arena *arena, const char *stem, const char *options)
{
    if (!options[0]) return stem;
    return gz_arena_format(arena, "%s-%s", stem, gz_hash_bytes(options, strlen(options)).text);
}

void gz_device_options(const gz_device *device, char text[GZ_OPTIONS])
{
    snprintf(text, GZ_OPTIONS, "-cl-std=CL1.2 -cl-denorms-are-zero -w -DGAZE_WIDTH=%zu%s%s",
             device->facts.vector_width, device->cpu_kernels ? "" : " -DGAZE_NO_CPU",
             device->team ? " -DGAZE_PARTS" : "");
}

static gaze_status describe(const gz_device *device, gz_program *program)
{
    char common[GZ_OPTIONS];
    gz_device_options(device, common);
    program->name = program_name(program->arena, program->stem, program->options);
    program->all_options = gz_arena_format(program->arena, "%s%s%s%s", common, program->options[0] ? " " : "",
                                           program->options, program->entry ? " -DGAZE_ENTRY" : "");
    if (!program->name || !program->all_options) return GAZE_ERROR_DEVICE;
    return gz_cache_key_make(device->cache, program->all_options, program->source, &program->key);
}

static gaze_status write_source(gz_program *program)
{
    gz_text text = {0};
    size_t length;
    GZ_TRY(gz_source_assemble(program->stem, &program->source, &length));
    if (!program->entry) return GAZE_OK;
    gz_text_add(&text, "%s", program->source);
    gz_entry_write(program->entry, &text);
    free(program->source);
    program->source = NULL;
    return gz_text_take(&text, &program->source);
}

gaze_status gz_program_prepare(const gz_device *device, const char *stem, const char *options,
                               const gz_call_form *calls, size_t n_calls, gz_program **out)
{
    gaze_status status;
    gz_program *program;
    GZ_TRY(gz_allocate(1, sizeof *program, &program));
    GZ_GO(gz_arena_create(&program->arena));
    program->stem = gz_arena_copy(program->arena, stem);
    program->options = gz_arena_copy(program->arena, options);
    GZ_GO(program->stem && program->options ? GAZE_OK : GAZE_ERROR_DEVICE);
    if (n_calls) GZ_GO(gz_entry_make(program->arena, calls, n_calls, &program->entry));
    GZ_GO(write_source(program));
    GZ_GO(describe(device, program));
    *out = program;
    program = NULL;
done:
    gz_program_drop(program);
    return status;
}

gaze_status gz_program_build(gz_device *device, gz_program *program)
{
    gaze_status status = GAZE_OK;
    const double start = gz_seconds();
    const char *dump = getenv("GAZE_DUMP_PROGRAMS");
    const gz_build build = {program->name, program->all_options, program->source};
    if (dump && dump[0]) GZ_GO(gz_build_dump(&build, dump));
    GZ_GO(build_any_kind(device, program, &build));
    const double ms = 1e3 * (gz_seconds() - start);
    device->counts.build_ms += ms;
    *(program->compiled ? &device->counts.compiled : &device->counts.cached) += 1;
    gz_device_log(device, GAZE_LOG_DEBUG, "program '%s': %s in %.1f ms", build.name,
                  program->compiled ? "compiled" : "cached", ms);
    free(program->source);
    program->source = NULL;
    program->next = device->programs;
    device->programs = program;
    program = NULL;
done:
    gz_program_drop(program);
    return status;
}

/* Is the name a line of the list? */
static bool has_line(const char *list, const char *name)
{
    const size_t length = strlen(name);
    for (const char *line = list; line && *line; line = strchr(line, '\n') + 1) {
        if (strncmp(line, name, length) == 0 && line[length] == '\n') return true;
        if (!strchr(line, '\n')) return false;
    }
    return false;
}

/* PoCL compiles a kernel when it is first enqueued: one that no earlier process used makes its program count
 * as compiled. */
void gz_program_note_kernel(gz_device *device, gz_program *program, const char *kernel)
{
    if (gz_cache_kind_of(device->cache) != GZ_CACHE_DRIVER) return;
    if (has_line(program->known, kernel) || has_line(program->made.chars, kernel)) return;
    gz_text_add(&program->made, "%s\n", kernel);
    if (program->compiled) return;
    program->compiled = true;
    device->counts.cached--;
    device->counts.compiled++;
}

static gaze_status program_of(gz_device *device, const char *stem, const char *options, gz_program **out)
{
    *out = options[0] ? find(device, stem, options) : gz_program_joined(device, stem);
    if (*out) return GAZE_OK;
    GZ_TRY(gz_program_prepare(device, stem, options, NULL, 0, out));
    return gz_program_build(device, *out);
}

gaze_status gz_device_kernel(gz_device *device, const char *stem, const char *kernel, const char *options,
                             cl_kernel *out)
{
    cl_int code;
    gz_program *program;
    if (!options) options = "";
    GZ_TRY(gz_device_check_process());
    GZ_TRY(program_of(device, stem, options, &program));
    cl_kernel made = clCreateKernel(program->program, kernel, &code);
    GZ_TRY(gz_cl_check(code, "clCreateKernel('%s') of program '%s' (options '%s')", kernel, stem, options));
    gz_program_note_kernel(device, program, kernel);
    *out = made;
    return GAZE_OK;
}

/* Kernels that were only made have not been compiled yet: nothing is noted before something was read back. */
static void store_kernel_names(gz_device *device, gz_program *program)
{
    if (!device->ran || !program->made.length) return;
    if (program->known) gz_text_add(&program->made, "%s", program->known);
    if (program->made.status == GAZE_OK)
        gz_program_store(device, program, program->made.chars, program->made.length);
}

void gz_programs_release(gz_device *device)
{
    for (gz_program *p = device->programs, *next; p; p = next) {
        next = p->next;
        if (gz_cache_kind_of(device->cache) == GZ_CACHE_DRIVER) store_kernel_names(device, p);
        gz_program_drop(p);
    }
    device->programs = NULL;
}
