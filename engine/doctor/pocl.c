/* PoCL: its version, and whether it takes all processors. */
#include "../device/cache.h"
#include "doctor.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_MAJOR = 3 }; /* the oldest that the tests have run on */

/* "3.1+debian" */
static void tell_version(gz_doctor *d, const char *version)
{
    const bool old = strtol(version, NULL, 10) < FIRST_MAJOR;
    gz_doctor_tell(d, old ? GAZE_HEALTH_WRONG : GAZE_HEALTH_OK,
                   old ? gz_doctor_install(d, "pocl-opencl-icd") : NULL, "version %s%s", version,
                   old ? ", older than what Gaze was tested with" : "");
}

static void tell_threads(gz_doctor *d, const gaze_device_info *info)
{
    const size_t processors = gz_doctor_processors();
    const bool limited = getenv("POCL_MAX_PTHREAD_COUNT") != NULL;
    if (strcmp(info->type, "cpu") != 0) return;
    if (processors && info->compute_units < processors)
        gz_doctor_tell(d, GAZE_HEALTH_WRONG, limited ? "unset POCL_MAX_PTHREAD_COUNT" : "gaze devices",
                       "%zu thread%s of work for %zu processors", info->compute_units,
                       info->compute_units == 1 ? "" : "s", processors);
    else if (processors && info->compute_units > processors)
        gz_doctor_tell(d, GAZE_HEALTH_WRONG,
                       gz_arena_format(d->arena, "export POCL_MAX_PTHREAD_COUNT=%zu", processors),
                       "%zu threads take turns on %zu processor%s", info->compute_units, processors,
                       processors == 1 ? "" : "s");
    else
        gz_doctor_tell(d, GAZE_HEALTH_OK, NULL, "%zu thread%s of work, one for each processor",
                       info->compute_units, info->compute_units == 1 ? "" : "s");
}

void gz_doctor_pocl(gz_doctor *d, const gz_probe *probe)
{
    for (size_t i = 0; i < probe->count; i++) {
        const gaze_device_info *info = &probe->found[i].info;
        if (!info->usable || !gz_is_pocl(info)) continue;
        tell_version(d, info->driver);
        tell_threads(d, info);
        break;
    }
}
