/* Device memory, and what goes to and from it. */
#include "device_parts.h"
#include "../base/text.h"

static gaze_status refuse(const gz_device *device, size_t bytes, const char *limit, size_t limit_bytes)
{
    char asked[24], most[24], used[24];
    return gz_fail(
        GAZE_ERROR_DEVICE,
        "device '%s': %s of memory were asked for, %s allows %s (in use: %s). A smaller batch needs less",
        device->facts.info.name, gz_bytes_text(bytes, asked), limit, gz_bytes_text(limit_bytes, most),
        gz_bytes_text(device->allocated, used));
}

/* Some drivers accept anything here and fail, or kill the process, at the first kernel that touches the
 * memory. */
static gaze_status check_fits(const gz_device *device, size_t bytes)
{
    const gz_device_facts *facts = &device->facts;
    size_t total;
    if (bytes > facts->max_allocation_bytes)
        return refuse(device, bytes, "the largest buffer (CL_DEVICE_MAX_MEM_ALLOC_SIZE)",
                      facts->max_allocation_bytes);
    if (!gz_add(device->allocated, bytes, &total) || total > facts->global_bytes)
        return refuse(device, bytes,
                      device->memory_limit == facts->global_bytes ? "the memory limit" : "the device",
                      facts->global_bytes);
    return GAZE_OK;
}

/* Filling with zeros is also what makes a lazily allocating driver say now that it has no memory. */
gaze_status gz_device_clear(gz_device *device, cl_mem memory, size_t bytes)
{
    const cl_uint zero = 0;
    char text[24];
    GZ_TRY(gz_device_turn(device));
    const cl_int code =
        clEnqueueFillBuffer(device->queue, memory, &zero, sizeof zero, 0, bytes, 0, NULL, NULL);
    return gz_cl_check(code, "device '%s': clEnqueueFillBuffer of %s", device->facts.info.name,
                       gz_bytes_text(bytes, text));
}

gaze_status gz_device_allocate(gz_device *device, size_t bytes, cl_mem *out)
{
    cl_int code;
    char text[24];
    GZ_TRY(gz_device_check_process());
    if (device->whole) return gz_device_allocate(device->whole, bytes, out);
    if (bytes > SIZE_MAX - sizeof(cl_uint))
        return refuse(device, bytes, "the device", device->facts.global_bytes);
    bytes = gz_round_up(bytes ? bytes : 1, sizeof(cl_uint));
    GZ_TRY(check_fits(device, bytes));
    cl_mem memory = clCreateBuffer(device->context, CL_MEM_READ_WRITE, bytes, NULL, &code);
    GZ_TRY(gz_cl_check(code, "device '%s': clCreateBuffer of %s", device->facts.info.name,
                       gz_bytes_text(bytes, text)));
    const gaze_status status = gz_device_clear(device, memory, bytes);
    if (status != GAZE_OK) {
        clReleaseMemObject(memory);
        return status;
    }
    device->allocated += bytes;
    *out = memory;
    return GAZE_OK;
}

void gz_device_release(gz_device *device, cl_mem memory)
{
    size_t bytes = 0;
    if (!memory || gz_device_forked()) return;
    if (device->whole) device = device->whole;
    if (clGetMemObjectInfo(memory, CL_MEM_SIZE, sizeof bytes, &bytes, NULL) != CL_SUCCESS) bytes = 0;
    device->allocated -= bytes < device->allocated ? bytes : device->allocated;
    clReleaseMemObject(memory);
}

size_t gz_device_allocated(const gz_device *device) { return device->allocated; }

static gaze_status copy_in(gz_device *device, cl_mem memory, size_t offset, const void *bytes, size_t size,
                           cl_bool waits)
{
    GZ_TRY(gz_device_check_process());
    GZ_TRY(gz_device_turn(device));
    const cl_int code =
        clEnqueueWriteBuffer(device->queue, memory, waits, offset, size, bytes, 0, NULL, NULL);
    return gz_cl_check(code, "device '%s': clEnqueueWriteBuffer of %zu bytes at %zu", device->facts.info.name,
                       size, offset);
}

static gaze_status copy_out(gz_device *device, cl_mem memory, size_t offset, void *bytes, size_t size,
                            cl_bool waits, cl_event *done)
{
    GZ_TRY(gz_device_check_process());
    GZ_TRY(gz_device_turn(device));
    const cl_int code = clEnqueueReadBuffer(device->queue, memory, waits, offset, size, bytes, 0, NULL, done);
    return gz_cl_check(code, "device '%s': clEnqueueReadBuffer of %zu bytes at %zu", device->facts.info.name,
                       size, offset);
}

gaze_status gz_device_write(gz_device *device, cl_mem memory, size_t offset, const void *bytes, size_t size)
{
    return size == 0 ? GAZE_OK : copy_in(device, memory, offset, bytes, size, CL_TRUE);
}

gaze_status gz_device_read(gz_device *device, cl_mem memory, size_t offset, void *bytes, size_t size)
{
    if (size == 0) return GAZE_OK;
    GZ_TRY(copy_out(device, memory, offset, bytes, size, CL_TRUE, NULL));
    device->ran = true;
    return GAZE_OK;
}

gaze_status gz_device_read_later(gz_device *device, cl_mem memory, size_t offset, void *bytes, size_t size,
                                 cl_event *done)
{
    return copy_out(device, memory, offset, bytes, size, CL_FALSE, done);
}

gaze_status gz_device_write_later(gz_device *device, cl_mem memory, size_t offset, const void *bytes,
                                  size_t size)
{
    return copy_in(device, memory, offset, bytes, size, CL_FALSE);
}

gaze_status gz_device_flush(gz_device *device)
{
    return gz_cl_check(clFlush(device->queue), "device '%s': clFlush", device->facts.info.name);
}

gaze_status gz_event_take(cl_event *event, bool wait, bool *done)
{
    cl_int state = CL_COMPLETE;
    if (wait) GZ_TRY(gz_cl_check(clWaitForEvents(1, event), "clWaitForEvents"));
    GZ_TRY(gz_cl_check(clGetEventInfo(*event, CL_EVENT_COMMAND_EXECUTION_STATUS, sizeof state, &state, NULL),
                       "clGetEventInfo"));
    *done = state <= CL_COMPLETE;
    if (!*done) return GAZE_OK;
    clReleaseEvent(*event);
    *event = NULL;
    return gz_cl_check(state, "a copy from the device");
}

gaze_status gz_device_finish(gz_device *device)
{
    GZ_TRY(gz_device_check_process());
    return gz_cl_check(clFinish(device->queue), "device '%s': clFinish", device->facts.info.name);
}
