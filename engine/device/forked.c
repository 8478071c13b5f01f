/* A driver's threads and locks are those of the process that used it first; fork() copies the memory alone.
 */
#include "device_parts.h"

#include <unistd.h>

static pid_t user; /* set once, by the process that makes the first OpenCL call */

void gz_device_is_used_here(void) { user = getpid(); }

bool gz_device_is_used(void) { return user != 0; }

bool gz_device_forked(void) { return user && user != getpid(); }

gaze_status gz_device_check_process(void)
{
    if (!gz_device_forked()) return GAZE_OK;
    return gz_fail(GAZE_ERROR_DEVICE,
                   "this process is a fork of one that had used OpenCL already: drivers don't work in it. "
                   "Fork before the first context or list of devices, start another program (exec), or take "
                   "a reference context");
}
