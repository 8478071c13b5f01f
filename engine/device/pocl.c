/* What PoCL is told by the environment before it looks for its devices. */
#define _GNU_SOURCE /* sched_getaffinity */
#include "device_parts.h"

#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* PoCL's thread i goes to CPU i: the process ends where that CPU isn't there, and one that it may not use
   (taskset, containers) would be taken all the same. */
static bool may_use_all_cpus(void)
{
#ifdef __linux__
    const long online = sysconf(_SC_NPROCESSORS_ONLN);
    cpu_set_t allowed;
    if (online < 1 || sched_getaffinity(0, sizeof allowed, &allowed) != 0) return false;
    for (long i = 0; i < online; i++)
        if (i >= CPU_SETSIZE || !CPU_ISSET((size_t)i, &allowed)) return false;
    return true;
#else
    return false;
#endif
}

/* Without it Linux may leave all of PoCL's threads on one CPU. PoCL reads it once, at the first OpenCL call
 * of the process. */
static void set_environment(void)
{
    gz_device_is_used_here();
    if (!getenv("POCL_MAX_PTHREAD_COUNT") && may_use_all_cpus()) setenv("POCL_AFFINITY", "1", 0);
}

void gz_pocl_prepare(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, set_environment);
}

/* PoCL's device `pthread` wakes threads of its own for every batch of commands, which costs more than a small
   model's kernels. Its device `basic` runs them on the thread that waits for them, but has to be asked for
   before PoCL looks for its devices. Only where the user has not chosen devices, of a PoCL whose names these
   are, and which has no other devices to lose. */
static const char HOSTED_DEVICES[] = "pthread basic";

void gz_pocl_ask_for_hosted(const char *version)
{
    if (strstr(version, " PoCL 3.") && !strstr(version, "CUDA") && !strstr(version, "TCE"))
        setenv("POCL_DEVICES", HOSTED_DEVICES, 0);
}

bool gz_pocl_is_hosted(const gaze_device_info *info)
{
    const char *devices = getenv("POCL_DEVICES");
    return devices && strcmp(devices, HOSTED_DEVICES) == 0 && strncmp(info->name, "basic-", 6) == 0;
}
