/* Threads of the host that make a launch together, on a device that runs kernels in the thread that enqueues
   them (a hosted device): each takes parts of the launch and enqueues them on a queue of its own. A driver's
   own threads sleep between launches, and to wake them takes longer than a small launch; these wait awake for
   a moment. Which thread makes which part makes no difference to the values. */
#ifndef GZ_TEAM_H
#define GZ_TEAM_H
#include "device.h"

typedef struct gz_team gz_team;

enum { GZ_TEAM_MOST = 4 }; /* threads: parts of small launches are small, and all wait for the last one */

/* A team of the caller's thread and `threads` - 1 more, at most GZ_TEAM_MOST in all; those start with the
   first launch. profile: launches can be timed. */
gaze_status gz_team_create(gz_device *device, size_t threads, bool profile, gz_team **out);
void gz_team_destroy(gz_team *team); /* NULL is fine */

size_t gz_team_threads(const gz_team *team); /* 1: the others could not be started */

/* Launches are about to come: whoever sleeps may wake meanwhile. */
void gz_team_call(gz_team *team);

/* Runs the launch; it is done on return. Kernels are built with GAZE_PARTS. How many parts it has goes by
   what it took last time. times: NULL, or when its first part began and its last one ended. Gives an OpenCL
   error code. */
cl_int gz_team_run(gz_team *team, gz_work *work, gz_command_times *times);

#endif
