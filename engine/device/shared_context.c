#include "shared_context.h"

#include <pthread.h>
#include <stdlib.h>

typedef struct shared {
    struct shared *next;
    cl_device_id device;
    cl_context context;
    size_t users;
} shared;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static shared *registry;

static gaze_status add(cl_platform_id platform, cl_device_id device, cl_device_id hosted, cl_context *out)
{
    const cl_context_properties properties[] = {CL_CONTEXT_PLATFORM, (cl_context_properties)platform, 0};
    const cl_device_id devices[] = {device, hosted};
    shared *fresh;
    cl_int code;
    GZ_TRY(gz_allocate(1, sizeof *fresh, &fresh));
    fresh->context = clCreateContext(properties, hosted ? 2 : 1, devices, NULL, NULL, &code);
    if (code != CL_SUCCESS) {
        free(fresh);
        return gz_cl_check(code, "clCreateContext");
    }
    fresh->device = device;
    fresh->users = 1;
    fresh->next = registry;
    registry = fresh;
    *out = fresh->context;
    return GAZE_OK;
}

gaze_status gz_shared_context_take(cl_platform_id platform, cl_device_id device, cl_device_id hosted,
                                   cl_context *out)
{
    gaze_status status = GAZE_OK;
    pthread_mutex_lock(&lock);
    shared *found = registry;
    while (found && found->device != device) found = found->next;
    if (found) {
        found->users++;
        *out = found->context;
    } else {
        status = add(platform, device, hosted, out);
    }
    pthread_mutex_unlock(&lock);
    return status;
}

void gz_shared_context_give_back(cl_context context)
{
    if (!context) return;
    pthread_mutex_lock(&lock);
    shared **place = &registry;
    while (*place && (*place)->context != context) place = &(*place)->next;
    shared *found = *place;
    if (found && --found->users == 0) {
        *place = found->next;
        clReleaseContext(found->context);
        free(found);
    }
    pthread_mutex_unlock(&lock);
}
