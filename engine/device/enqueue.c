#include "device_parts.h"
#include "team.h"

cl_int gz_device_enqueue(gz_device *device, gz_work *work, cl_event *event, gz_command_times *times)
{
    size_t global[3];
    if (device->team) {
        if (event) *event = NULL;
        return gz_team_run(device->team, work, event ? times : NULL);
    }
    for (size_t i = 0; i < 3; i++) global[i] = work->groups[i] * work->group[i];
    work->failed = "clEnqueueNDRangeKernel";
    return clEnqueueNDRangeKernel(device->queue, work->kernel, 3, NULL, global, work->group, 0, NULL, event);
}

static cl_int time_of(cl_event event, cl_profiling_info what, uint64_t *ns)
{
    cl_ulong value = 0;
    const cl_int code = clGetEventProfilingInfo(event, what, sizeof value, &value, NULL);
    *ns = value;
    return code;
}

cl_int gz_event_times(cl_event event, gz_command_times *times)
{
    cl_int code = time_of(event, CL_PROFILING_COMMAND_QUEUED, &times->queued);
    if (code == CL_SUCCESS) code = time_of(event, CL_PROFILING_COMMAND_START, &times->start);
    return code == CL_SUCCESS ? time_of(event, CL_PROFILING_COMMAND_END, &times->end) : code;
}
