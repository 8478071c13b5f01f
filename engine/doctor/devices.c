/* All drivers together, as every program of Gaze has them: in one child, since they may end it. */
#include "../device/cache.h"
#include "doctor.h"
#include "environment.h"
#include "folders.h"
#include "gpus.h"

#include <stdlib.h>
#include <string.h>

enum { SECONDS = 300 }; /* a first trial compiles: minutes with some GPUs' drivers */

static const char *or_nothing(const char *text) { return text ? text : ""; }

/* PoCL has no device where it can't write its cache, or was told to take others; it says neither. */
static const char *pocl_trouble(gz_doctor *d, const char **cure)
{
    const char *folder, *devices = getenv("POCL_DEVICES"), *trouble = NULL;
    *cure = NULL;
    if (gz_pocl_folder(d->arena, &folder) == GAZE_OK) trouble = gz_folder_trouble(d, folder, cure);
    if (trouble) return or_nothing(gz_arena_format(d->arena, " (its cache: %s)", trouble));
    if (!devices) return "";
    *cure = "unset POCL_DEVICES";
    return or_nothing(gz_arena_format(d->arena, " (POCL_DEVICES=%s)", devices));
}

/* Mesa's rusticl drives nothing that it isn't told to. */
static const char *rusticl_cure(const gaze_device_info *info)
{
    if (strcmp(info->platform, "rusticl") != 0 || getenv("RUSTICL_ENABLE")) return NULL;
    return "export RUSTICL_ENABLE=radeonsi   # AMD; iris: Intel; nouveau: NVIDIA; panfrost: Mali";
}

static void tell_platform(gz_doctor *d, const gaze_device_info *info)
{
    const char *cure = rusticl_cure(info), *why = gz_is_pocl(info) ? pocl_trouble(d, &cure) : "";
    const bool harmless = !cure && strcmp(or_nothing(info->reason), GZ_NO_DEVICE) == 0;
    gz_doctor_tell(d, harmless ? GAZE_HEALTH_NOTE : GAZE_HEALTH_WRONG, cure, "platform %zu, %s: %s%s",
                   info->platform_index, info->platform, or_nothing(info->reason), why);
}

static void tell_device(gz_doctor *d, const gaze_device_info *info)
{
    if (!info->name)
        tell_platform(d, info);
    else if (info->usable)
        gz_doctor_tell(d, GAZE_HEALTH_OK, NULL, "device %zu: %s (%s, %s), driver %s", info->index, info->name,
                       info->type, info->platform, info->driver);
    else
        gz_doctor_tell(d, GAZE_HEALTH_WRONG, NULL, "device %zu, %s (%s), can't be used: %s", info->index,
                       info->name, info->platform, or_nothing(info->reason));
}

/* Why there is no device at all: the loader was sent elsewhere, PoCL is in trouble, or nothing is installed.
 */
static const char *cure_of_none(gz_doctor *d, const gz_probe *probe)
{
    const char *cure = NULL;
    for (size_t i = 0; i < probe->count && !cure; i++)
        if (gz_is_pocl(&probe->found[i].info)) (void)pocl_trouble(d, &cure);
    if (cure) return cure;
    if (!probe->count && getenv("OCL_ICD_VENDORS")) return "unset OCL_ICD_VENDORS";
    if (!probe->count && getenv("OPENCL_VENDOR_PATH")) return "unset OPENCL_VENDOR_PATH";
    return gz_doctor_install(d, "pocl-opencl-icd");
}

static bool any_usable(const gz_probe *probe)
{
    for (size_t i = 0; i < probe->count; i++)
        if (probe->found[i].info.usable) return true;
    return false;
}

static void try_out(gz_doctor *d)
{
    char text[GZ_MOST_TEXT] = "";
    if (d->trial(d->options, text) == GAZE_OK)
        gz_doctor_tell(d, GAZE_HEALTH_OK, NULL, "%s", text);
    else
        gz_doctor_tell(d, GAZE_HEALTH_STOPS, gz_doctor_unset_named(d, gaze_message()), "%s", gaze_message());
}

static void look_at_all(gz_doctor *d, const void *user)
{
    gz_probe *probe;
    (void)user;
    if (gz_probe_create(&probe) != GAZE_OK) {
        gz_doctor_tell(d, GAZE_HEALTH_STOPS, NULL, "%s", gaze_message());
        return;
    }
    for (size_t i = 0; i < probe->count; i++) tell_device(d, &probe->found[i].info);
    gz_gpus_compare(d, probe);
    if (!any_usable(probe)) {
        gz_doctor_tell(d, GAZE_HEALTH_STOPS, cure_of_none(d, probe),
                       "%s. Until then --reference computes in C, slowly",
                       probe->count ? "no device can be used" : "OpenCL has no platform");
        return;
    }
    d->part = "PoCL";
    gz_doctor_pocl(d, probe);
    d->part = "cache's entries";
    gz_doctor_entries(d, probe);
    d->part = "trial";
    try_out(d);
}

void gz_doctor_devices(gz_doctor *d)
{
    static const char each[] = "gaze verify --all --quick   # which device's driver it is";
    int signal;
    switch (gz_doctor_child(d, look_at_all, NULL, SECONDS, &signal)) {
    case GZ_CRASHED:
        gz_doctor_tell(d, GAZE_HEALTH_STOPS, each, "a driver ended the process behind what was told last: %s",
                       signal ? strsignal(signal) : "it called exit");
        break;
    case GZ_HUNG:
        gz_doctor_tell(d, GAZE_HEALTH_STOPS, each, "a driver had not answered after %d s", SECONDS);
        break;
    case GZ_NOT_STARTED:
        gz_doctor_tell(d, GAZE_HEALTH_STOPS, "ulimit -u", "no process can be started to try the drivers");
        break;
    case GZ_ENDED: break;
    }
}
