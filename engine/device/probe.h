/* What OpenCL offers on this machine, broken platforms included. */
#ifndef GZ_PROBE_H
#define GZ_PROBE_H
#include "device.h"

/* A device, or a platform that has none to offer (info.name is NULL; then it is not usable, and info.reason
 * says why). */
typedef struct gz_found {
    gaze_device_info info;
    cl_platform_id platform;
    cl_device_id device;
    cl_device_id hosted; /* the same cores by the calling thread alone (probe.c), or NULL */
    size_t in_platform;  /* position among the platform's devices */
    double ms;           /* of the work that all are measured with (measure.h); 0: not measured */
    const char *failed;  /* why there is no measurement, or NULL */
} gz_found;

typedef struct gz_probe {
    gz_arena *arena; /* of the strings */
    gz_found *found;
    size_t count, capacity;
    gaze_status status;      /* of the memory for the strings */
    const char *failed_call; /* while a platform or device is described: the first that failed, or NULL */
    cl_int code;             /* of that call */
    const char *measured_in; /* the file of the measurements, or NULL */
} gz_probe;

/* The reason of a platform that works and has no device to offer. */
#define GZ_NO_DEVICE "the platform has no device"

/* Fails only when host memory is out: whatever a driver does wrong becomes a reason. */
gaze_status gz_probe_create(gz_probe **out);
void gz_probe_destroy(gz_probe *probe); /* NULL is fine */

/* Reads the facts that kernels ask for; GAZE_WIDTH and GAZE_FAMILY override. */
gaze_status gz_probe_facts(const gz_found *found, gz_device_facts *facts);

#endif
