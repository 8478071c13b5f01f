/* Variables that Gaze, its drivers and their loader look at. */
#include "environment.h"
#include "../base/file.h"
#include "../base/text.h"
#include "doctor.h"

#include <stdlib.h>
#include <string.h>

extern char **environ;

#define NAME(name, meaning) #name,
static const char *const names[] = {GAZE_ENVIRONMENT_LIST(NAME) NULL};
#undef NAME
#define MEANING(name, meaning) meaning,
static const char *const meanings[] = {GAZE_ENVIRONMENT_LIST(MEANING)};
#undef MEANING

static bool begins(const char *text, const char *with) { return strncmp(text, with, strlen(with)) == 0; }

static const char *unset(gz_doctor *d, const char *name)
{
    return gz_arena_format(d->arena, "unset %s", name);
}

const char *gz_doctor_unset_named(gz_doctor *d, const char *message)
{
    for (size_t i = 0; names[i]; i++)
        if (strstr(message, names[i]) && getenv(names[i])) return unset(d, names[i]);
    if (begins(message, "device '") && !d->options->device && getenv("GAZE_DEVICE"))
        return unset(d, "GAZE_DEVICE");
    return NULL;
}

static void tell_unknown(gz_doctor *d, const char *name, const char *value)
{
    const char *nearest = gz_nearest(name, names);
    const char *cure = nearest ? gz_arena_format(d->arena, "export %s=%s; unset %s", nearest,
                                                 gz_doctor_quoted(d, value), name)
                               : unset(d, name);
    gz_doctor_tell(d, GAZE_HEALTH_WRONG, cure, "%s=%s: nothing reads a variable of this name%s", name, value,
                   gz_did_you_mean(d->arena, name, names));
}

static void tell_own(gz_doctor *d, const char *name, const char *value)
{
    size_t i = 0;
    while (names[i] && strcmp(names[i], name) != 0) i++;
    if (!names[i])
        tell_unknown(d, name, value);
    else if (strcmp(name, "GAZE_KERNEL_DIR") == 0 && !gz_folder_exists(value))
        gz_doctor_tell(d, GAZE_HEALTH_STOPS, unset(d, name),
                       "GAZE_KERNEL_DIR=%s: there is no such folder, and kernels are read from it", value);
    else
        gz_doctor_tell(d, GAZE_HEALTH_NOTE, NULL, "%s=%s: %s", name, value, meanings[i]);
}

/* Of a driver or its loader. */
static bool is_drivers(const char *name)
{
    static const char *const beginnings[] = {"OCL_", "OPENCL_", "CL_", "POCL_", "RUSTICL_", "LD_", NULL};
    for (size_t i = 0; beginnings[i]; i++)
        if (begins(name, beginnings[i])) return true;
    return strcmp(name, "CUDA_VISIBLE_DEVICES") == 0;
}

/* What costs time or memory without need, unless someone looks for a fault. value NULL: any but 0. */
static const struct {
    const char *name, *value, *meaning;
} costly[] = {
    {"POCL_KERNEL_CACHE", "0", "PoCL keeps no compiled kernels, so every start compiles them"},
    {"POCL_AFFINITY", "0", "PoCL's threads may all be left on one processor"},
    {"POCL_DEBUG", NULL, "PoCL tells of its calls, which takes time"},
    {"POCL_TRACING", NULL, "PoCL writes down its calls, which takes time"},
    {"POCL_LEAVE_KERNEL_COMPILER_TEMP_FILES", NULL, "PoCL's cache grows by what its compiler leaves"},
};

static void tell_drivers(gz_doctor *d, const char *name, const char *value)
{
    for (size_t i = 0; i < sizeof costly / sizeof *costly; i++)
        if (strcmp(name, costly[i].name) == 0 &&
            (costly[i].value ? strcmp(value, costly[i].value) == 0 : strcmp(value, "0") != 0)) {
            gz_doctor_tell(d, GAZE_HEALTH_WRONG, unset(d, name), "%s=%s: %s", name, value, costly[i].meaning);
            return;
        }
    gz_doctor_tell(d, GAZE_HEALTH_NOTE, NULL, "%s=%s", name, value);
}

void gz_doctor_environment(gz_doctor *d)
{
    size_t count = 0;
    for (char **entry = environ; entry && *entry; entry++) {
        const char *equals = strchr(*entry, '=');
        if (!equals || !equals[1]) continue;
        const char *name = gz_arena_format(d->arena, "%.*s", (int)(equals - *entry), *entry);
        if (!name || (!begins(name, "GAZE_") && !is_drivers(name))) continue;
        count++;
        if (begins(name, "GAZE_"))
            tell_own(d, name, equals + 1);
        else
            tell_drivers(d, name, equals + 1);
    }
    if (!count) gz_doctor_tell(d, GAZE_HEALTH_OK, NULL, "no variable changes what Gaze or a driver does");
}
