#include "gpus.h"

#include <glob.h>
#include <stdlib.h>
#include <string.h>

static const gz_gpu_maker makers[] = {
    {0x1002, "AMD", "Advanced Micro Devices", "amdgpu", "mesa-opencl-icd"},
    {0x8086, "Intel", "Intel", "i915", "intel-opencl-icd"},
    {0x10de, "NVIDIA", "NVIDIA", "nvidia", "nvidia-opencl-icd"},
};
enum { N_MAKERS = sizeof makers / sizeof *makers, DISPLAY = 0x03 };

/* "0x030000" */
static unsigned number_in(gz_doctor *d, const char *folder, const char *name)
{
    const char *path = gz_arena_format(d->arena, "%s/%s", folder, name);
    const char *line = path ? gz_doctor_first_line(d, path) : NULL;
    return line ? (unsigned)strtoul(line, NULL, 16) : 0;
}

static const gz_gpu_maker *maker_of(gz_doctor *d, const char *device)
{
    if (number_in(d, device, "class") >> 16 != DISPLAY) return NULL;
    const unsigned vendor = number_in(d, device, "vendor");
    for (size_t i = 0; i < N_MAKERS; i++)
        if (makers[i].number == vendor) return &makers[i];
    return NULL;
}

static bool has(const gz_gpus *gpus, const gz_gpu_maker *maker)
{
    for (size_t i = 0; i < gpus->count; i++)
        if (gpus->list[i] == maker) return true;
    return false;
}

void gz_gpus_find(gz_doctor *d, gz_gpus *gpus)
{
    glob_t found;
    gpus->count = 0;
    if (glob(gz_doctor_path(d, "/sys/bus/pci/devices/*"), 0, NULL, &found) != 0) return;
    for (size_t i = 0; i < found.gl_pathc && gpus->count < GZ_MOST_GPUS; i++) {
        const gz_gpu_maker *maker = maker_of(d, found.gl_pathv[i]);
        if (maker && !has(gpus, maker)) gpus->list[gpus->count++] = maker;
    }
    globfree(&found);
}

static bool is_by(const gaze_device_info *device, const gz_gpu_maker *maker)
{
    return device->name && device->usable && strcmp(device->type, "gpu") == 0 &&
           (strncmp(device->vendor, maker->vendor, strlen(maker->vendor)) == 0 ||
            strncmp(device->vendor, maker->other_vendor, strlen(maker->other_vendor)) == 0);
}

void gz_gpus_compare(gz_doctor *d, const gz_probe *probe)
{
    gz_gpus gpus;
    gz_gpus_find(d, &gpus);
    for (size_t g = 0; g < gpus.count; g++) {
        bool offered = false;
        for (size_t i = 0; i < probe->count; i++) offered |= is_by(&probe->found[i].info, gpus.list[g]);
        if (!offered)
            gz_doctor_tell(d, GAZE_HEALTH_WRONG, gz_doctor_install(d, gpus.list[g]->package),
                           "there is a GPU of %s that OpenCL doesn't offer", gpus.list[g]->vendor);
    }
}
