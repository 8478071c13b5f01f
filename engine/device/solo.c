/* A device and its solo: one memory, two queues of which one has work at a time. */
#include "device_parts.h"
#include "team.h"

#include <stdlib.h>

char *gz_solo_name(gz_arena *arena, const char *device)
{
    return gz_arena_format(arena, "%s, threads of the host", device);
}

static gaze_status take_facts(gz_device *solo, const gz_device *device)
{
    solo->facts = device->facts;
    solo->facts.compute_units = solo->facts.info.compute_units = gz_team_threads(solo->team);
    solo->facts.info.name = gz_solo_name(device->probe->arena, device->facts.info.name);
    return solo->facts.info.name ? GAZE_OK : GAZE_ERROR_DEVICE;
}

static gaze_status open_solo(gz_device *device, gz_device *solo)
{
    cl_int code;
    *solo = (gz_device){.id = device->solo_id,
                        .context = device->context,
                        .whole = device,
                        .memory_limit = device->memory_limit,
                        .cpu_kernels = device->cpu_kernels,
                        .profile = device->profile,
                        .log = device->log,
                        .log_user = device->log_user};
    GZ_TRY(gz_team_create(solo, gz_device_solo_threads(device), solo->profile, &solo->team));
    GZ_TRY(take_facts(solo, device));
    solo->queue =
        clCreateCommandQueue(solo->context, solo->id, solo->profile ? CL_QUEUE_PROFILING_ENABLE : 0, &code);
    GZ_TRY(gz_cl_check(code, "device '%s': clCreateCommandQueue", solo->facts.info.name));
    return gz_cache_open(&solo->facts.info, &solo->cache);
}

size_t gz_device_solo_threads(const gz_device *device)
{
    if (!device->solo_id && !device->whole) return 0;
    return device->facts.compute_units < GZ_TEAM_MOST ? device->facts.compute_units : GZ_TEAM_MOST;
}

bool gz_device_is_solo(const gz_device *device) { return device->whole != NULL; }

gz_device *gz_device_solo(gz_device *device)
{
    gz_device *solo;
    if (device->whole) return device;
    if (device->solo || !device->solo_id) return device->solo;
    if (gz_allocate(1, sizeof *solo, &solo) != GAZE_OK) return NULL;
    if (open_solo(device, solo) == GAZE_OK) return device->solo = solo;
    gz_device_log(device, GAZE_LOG_WARNING, "small plans run on all threads: %s", gaze_message());
    device->solo_id = NULL;
    gz_device_close_work(solo);
    free(solo);
    return NULL;
}

gaze_status gz_device_turn(gz_device *device)
{
    gz_device *whole = device->whole ? device->whole : device, *other = whole->active;
    whole->active = device;
    if (device->team) gz_team_call(device->team);
    return other && other != device ? gz_device_finish(other) : GAZE_OK;
}
