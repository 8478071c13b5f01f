#include "device_parts.h"
#include "../base/file.h"
#include "choose.h"
#include "clblast.h"
#include "measure.h"
#include "shared_context.h"
#include "team.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static gaze_status make_queue(gz_device *device)
{
    const cl_command_queue_properties properties = device->profile ? CL_QUEUE_PROFILING_ENABLE : 0;
    cl_int code;
    device->queue = clCreateCommandQueue(device->context, device->id, properties, &code);
    return gz_cl_check(code, "device '%s': clCreateCommandQueue", device->facts.info.name);
}

static void take_options(gz_device *device, const gaze_context_options *options)
{
    device->memory_limit = options->memory_limit ? options->memory_limit : SIZE_MAX;
    if (device->memory_limit < device->facts.global_bytes) device->facts.global_bytes = device->memory_limit;
    device->log = options->log;
    device->log_user = options->log_user;
    device->profile = options->profile;
}

/* user: where the gz_measure_function lies. */
static gaze_status measure_found(void *user, const gz_found *found, double *ms)
{
    gz_measure_function *const *measure = user;
    char index[24];
    const gaze_context_options options = {.device = index};
    gz_device *device;
    snprintf(index, sizeof index, "%zu", found->info.index);
    GZ_TRY(gz_device_open(&options, &device));
    const gaze_status status = (*measure)(device, ms);
    gz_device_close(device);
    return status;
}

gaze_status gz_device_measure(gz_probe *probe, gz_measure_function *measure)
{
    const char *folder;
    GZ_TRY(gz_cache_folder(probe->arena, &folder));
    return gz_measure_devices(probe, folder, measure ? measure_found : NULL, &measure);
}

static gaze_status open_chosen(gz_device *device, const gaze_context_options *options,
                               gz_measure_function *measure)
{
    const gz_found *found = NULL;
    GZ_TRY(gz_probe_create(&device->probe));
    GZ_TRY(gz_device_measure(device->probe, gz_choose_is_auto(options->device) ? measure : NULL));
    GZ_TRY(gz_choose_auto(device->probe));
    GZ_TRY(gz_choose(device->probe, options->device, &found));
    GZ_TRY(gz_probe_facts(found, &device->facts));
    take_options(device, options);
    device->cpu_kernels = device->facts.family == GZ_FAMILY_CPU;
    device->id = found->device;
    device->hosted_id = found->hosted;
    gaze_status status =
        gz_shared_context_take(found->platform, found->device, found->hosted, &device->context);
    if (status != GAZE_OK) return gz_fail_context(status, "device '%s'", found->info.name);
    GZ_TRY(make_queue(device));
    return gz_cache_open(&device->facts.info, &device->cache);
}

gaze_status gz_device_open(const gaze_context_options *options, gz_device **out)
{
    return gz_device_open_measured(options, NULL, out);
}

gaze_status gz_device_open_measured(const gaze_context_options *options, gz_measure_function *measure,
                                    gz_device **out)
{
    static const gaze_context_options defaults = {0};
    gz_device *device;
    GZ_TRY(gz_allocate(1, sizeof *device, &device));
    const gaze_status status = open_chosen(device, options ? options : &defaults, measure);
    if (status != GAZE_OK) {
        gz_device_close(device);
        return status;
    }
    gz_device_log(device, GAZE_LOG_INFO, "device %zu: %s (%s), %s", device->facts.info.index,
                  device->facts.info.name, device->facts.info.platform, device->facts.info.reason);
    *out = device;
    return GAZE_OK;
}

void gz_device_close_work(gz_device *device)
{
    if (!device) return;
    gz_team_destroy(device->team);
    if (device->queue) clFinish(device->queue);
    gz_programs_release(device);
    gz_cache_close(device->cache);
    if (device->queue) clReleaseCommandQueue(device->queue);
}

void gz_device_close(gz_device *device)
{
    if (!device || gz_device_forked()) return;
    gz_device_close_work(device->hosted);
    free(device->hosted);
    gz_device_close_work(device);
    gz_choices_free(&device->choices);
    gz_clblast_clear();
    gz_shared_context_give_back(device->context);
    gz_probe_destroy(device->probe);
    free(device);
}

const gz_device_facts *gz_device_facts_of(const gz_device *device) { return &device->facts; }

void gz_device_programs(const gz_device *device, gaze_program_counts *counts)
{
    *counts = device->counts;
    if (!device->hosted) return;
    counts->cached += device->hosted->counts.cached;
    counts->compiled += device->hosted->counts.compiled;
    counts->build_ms += device->hosted->counts.build_ms;
}

cl_context gz_device_context(const gz_device *device) { return device->context; }
cl_command_queue gz_device_queue(const gz_device *device) { return device->queue; }

void gz_device_force_family(gz_device *device, gz_family family)
{
    device->cpu_kernels = device->cpu_kernels || family == GZ_FAMILY_CPU;
    device->facts.family = family;
    device->facts.info.family = gz_family_name(family);
}

void gz_device_log(const gz_device *device, gaze_log_level level, const char *format, ...)
{
    char text[1024];
    if (!device->log) return;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    device->log(device->log_user, level, text);
}
