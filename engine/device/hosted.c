/* A device and its hosted one: one memory, two queues of which one has work at a time. */
#include "device_parts.h"
#include "team.h"

#include <stdlib.h>

char *gz_hosted_name(gz_arena *arena, const char *device)
{
    return gz_arena_format(arena, "%s, threads of the host", device);
}

static gaze_status take_facts(gz_device *hosted, const gz_device *device)
{
    hosted->facts = device->facts;
    hosted->facts.compute_units = hosted->facts.info.compute_units = gz_team_threads(hosted->team);
    hosted->facts.info.name = gz_hosted_name(device->probe->arena, device->facts.info.name);
    return hosted->facts.info.name ? GAZE_OK : GAZE_ERROR_DEVICE;
}

static gaze_status open_hosted(gz_device *device, gz_device *hosted)
{
    cl_int code;
    *hosted = (gz_device){.id = device->hosted_id,
                          .context = device->context,
                          .whole = device,
                          .memory_limit = device->memory_limit,
                          .cpu_kernels = device->cpu_kernels,
                          .profile = device->profile,
                          .log = device->log,
                          .log_user = device->log_user};
    GZ_TRY(gz_team_create(hosted, gz_device_hosted_threads(device), hosted->profile, &hosted->team));
    GZ_TRY(take_facts(hosted, device));
    hosted->queue = clCreateCommandQueue(hosted->context, hosted->id,
                                         hosted->profile ? CL_QUEUE_PROFILING_ENABLE : 0, &code);
    GZ_TRY(gz_cl_check(code, "device '%s': clCreateCommandQueue", hosted->facts.info.name));
    return gz_cache_open(&hosted->facts.info, &hosted->cache);
}

size_t gz_device_hosted_threads(const gz_device *device)
{
    if (!device->hosted_id && !device->whole) return 0;
    return device->facts.compute_units < GZ_TEAM_MOST ? device->facts.compute_units : GZ_TEAM_MOST;
}

bool gz_device_is_hosted(const gz_device *device) { return device->whole != NULL; }

gz_device *gz_device_hosted(gz_device *device)
{
    gz_device *hosted;
    if (device->whole) return device;
    if (device->hosted || !device->hosted_id) return device->hosted;
    if (gz_allocate(1, sizeof *hosted, &hosted) != GAZE_OK) return NULL;
    if (open_hosted(device, hosted) == GAZE_OK) return device->hosted = hosted;
    gz_device_log(device, GAZE_LOG_WARNING, "small plans run on all threads: %s", gaze_message());
    device->hosted_id = NULL;
    gz_device_close_work(hosted);
    free(hosted);
    return NULL;
}

gaze_status gz_device_turn(gz_device *device)
{
    gz_device *whole = device->whole ? device->whole : device, *other = whole->active;
    whole->active = device;
    if (device->team) gz_team_call(device->team);
    return other && other != device ? gz_device_finish(other) : GAZE_OK;
}
