/* One OpenCL context per device in a process, counted: some drivers hold much memory for each, and binaries
   and buffers stay comparable. This is the library's only mutable global. */
#ifndef GZ_SHARED_CONTEXT_H
#define GZ_SHARED_CONTEXT_H
#include "device.h"

/* hosted: one more device of the platform in the same context, or NULL. */
gaze_status gz_shared_context_take(cl_platform_id platform, cl_device_id device, cl_device_id hosted,
                                   cl_context *out);
void gz_shared_context_give_back(cl_context context); /* NULL is fine */

#endif
