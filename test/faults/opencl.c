/* Every OpenCL call that gaze makes. A release that fails has released, a wait that fails has waited: what a
   driver does wrong there is to say so. */
#define CL_TARGET_OPENCL_VERSION 120
#define CL_USE_DEPRECATED_OPENCL_1_2_APIS
#include "faults.h"

#include <CL/cl.h>
#include <time.h>

static bool fails(const char *call, cl_int *code)
{
    *code = CL_SUCCESS;
    if (!fault_here(FAULT_OPENCL, call)) return false;
    *code = fault_current()->code ? fault_current()->code : CL_OUT_OF_RESOURCES;
    return true;
}

static void *keep(void *object)
{
    if (object) live_add(LIVE_OPENCL, (uintptr_t)object, 0, fault_count(FAULT_OPENCL));
    return object;
}

/* Calls that answer with a code, and take nothing. */
#define ASKS(call, parameters, arguments)     \
    cl_int __real_##call parameters;          \
    cl_int __wrap_##call parameters;          \
    cl_int __wrap_##call parameters           \
    {                                         \
        cl_int code;                          \
        if (fails(#call, &code)) return code; \
        return __real_##call arguments;       \
    }
/* The same, done all the same. */
#define DOES(call, parameters, arguments)            \
    cl_int __real_##call parameters;                 \
    cl_int __wrap_##call parameters;                 \
    cl_int __wrap_##call parameters                  \
    {                                                \
        cl_int code;                                 \
        const cl_int done = __real_##call arguments; \
        return fails(#call, &code) ? code : done;    \
    }
#define GIVES_BACK(call, type)                                      \
    cl_int __real_##call(type object);                              \
    cl_int __wrap_##call(type object);                              \
    cl_int __wrap_##call(type object)                               \
    {                                                               \
        cl_int code;                                                \
        if (!live_remove(LIVE_OPENCL, (uintptr_t)object, NULL))     \
            live_add(LIVE_OPENCL, 1, 0, -1); /* given back twice */ \
        const cl_int done = __real_##call(object);                  \
        return fails(#call, &code) ? code : done;                   \
    }
#define TAKES(call, type)                           \
    cl_int __real_##call(type object);              \
    cl_int __wrap_##call(type object);              \
    cl_int __wrap_##call(type object)               \
    {                                               \
        cl_int code;                                \
        if (fails(#call, &code)) return code;       \
        code = __real_##call(object);               \
        if (code == CL_SUCCESS) (void)keep(object); \
        return code;                                \
    }
/* Calls that make an object; their last parameter is cl_int *error. */
#define MAKES(type, call, parameters, arguments)                        \
    type __real_##call parameters;                                      \
    type __wrap_##call parameters;                                      \
    type __wrap_##call parameters                                       \
    {                                                                   \
        cl_int code;                                                    \
        if (!fails(#call, &code)) return keep(__real_##call arguments); \
        if (error) *error = code;                                       \
        return NULL;                                                    \
    }
/* Calls whose last parameter is cl_event *event. */
#define ENQUEUES(call, parameters, arguments)          \
    cl_int __real_##call parameters;                   \
    cl_int __wrap_##call parameters;                   \
    cl_int __wrap_##call parameters                    \
    {                                                  \
        cl_int code;                                   \
        if (fails(#call, &code)) return code;          \
        code = __real_##call arguments;                \
        if (code == CL_SUCCESS && event) keep(*event); \
        return code;                                   \
    }

ASKS(clGetPlatformIDs, (cl_uint n, cl_platform_id *out, cl_uint *count), (n, out, count))
ASKS(clGetPlatformInfo, (cl_platform_id p, cl_platform_info w, size_t n, void *v, size_t *s), (p, w, n, v, s))
ASKS(clGetDeviceIDs, (cl_platform_id p, cl_device_type t, cl_uint n, cl_device_id *d, cl_uint *c),
     (p, t, n, d, c))
ASKS(clGetDeviceInfo, (cl_device_id d, cl_device_info w, size_t n, void *v, size_t *s), (d, w, n, v, s))
ASKS(clGetProgramInfo, (cl_program p, cl_program_info w, size_t n, void *v, size_t *s), (p, w, n, v, s))
ASKS(clGetProgramBuildInfo,
     (cl_program p, cl_device_id d, cl_program_build_info w, size_t n, void *v, size_t *s),
     (p, d, w, n, v, s))
ASKS(clGetKernelWorkGroupInfo,
     (cl_kernel k, cl_device_id d, cl_kernel_work_group_info w, size_t n, void *v, size_t *s),
     (k, d, w, n, v, s))
ASKS(clGetMemObjectInfo, (cl_mem m, cl_mem_info w, size_t n, void *v, size_t *s), (m, w, n, v, s))
ASKS(clGetEventProfilingInfo, (cl_event e, cl_profiling_info w, size_t n, void *v, size_t *s),
     (e, w, n, v, s))
ASKS(clGetEventInfo, (cl_event e, cl_event_info w, size_t n, void *v, size_t *s), (e, w, n, v, s))
ASKS(clSetKernelArg, (cl_kernel k, cl_uint i, size_t n, const void *v), (k, i, n, v))
DOES(clFinish, (cl_command_queue q), (q))
DOES(clFlush, (cl_command_queue q), (q))
DOES(clWaitForEvents, (cl_uint n, const cl_event *events), (n, events))
GIVES_BACK(clReleaseContext, cl_context)
GIVES_BACK(clReleaseCommandQueue, cl_command_queue)
GIVES_BACK(clReleaseProgram, cl_program)
GIVES_BACK(clReleaseKernel, cl_kernel)
GIVES_BACK(clReleaseMemObject, cl_mem)
GIVES_BACK(clReleaseEvent, cl_event)
TAKES(clRetainEvent, cl_event)

typedef void(CL_CALLBACK context_notify)(const char *, const void *, size_t, void *);
typedef void(CL_CALLBACK build_notify)(cl_program, void *);
MAKES(cl_context, clCreateContext,
      (const cl_context_properties *p, cl_uint n, const cl_device_id *d, context_notify *f, void *u,
       cl_int *error),
      (p, n, d, f, u, error))
MAKES(cl_command_queue, clCreateCommandQueue,
      (cl_context c, cl_device_id d, cl_command_queue_properties p, cl_int *error), (c, d, p, error))
MAKES(cl_program, clCreateProgramWithSource,
      (cl_context c, cl_uint n, const char **s, const size_t *l, cl_int *error), (c, n, s, l, error))
MAKES(cl_program, clCreateProgramWithBinary,
      (cl_context c, cl_uint n, const cl_device_id *d, const size_t *l, const unsigned char **b, cl_int *s,
       cl_int *error),
      (c, n, d, l, b, s, error))
MAKES(cl_kernel, clCreateKernel, (cl_program p, const char *name, cl_int *error), (p, name, error))
MAKES(cl_mem, clCreateBuffer, (cl_context c, cl_mem_flags f, size_t n, void *h, cl_int *error),
      (c, f, n, h, error))
MAKES(cl_mem, clCreateSubBuffer,
      (cl_mem m, cl_mem_flags f, cl_buffer_create_type t, const void *r, cl_int *error), (m, f, t, r, error))
ENQUEUES(clEnqueueNDRangeKernel,
         (cl_command_queue q, cl_kernel k, cl_uint n, const size_t *o, const size_t *g, const size_t *l,
          cl_uint e, const cl_event *w, cl_event *event),
         (q, k, n, o, g, l, e, w, event))
ENQUEUES(clEnqueueReadBuffer,
         (cl_command_queue q, cl_mem m, cl_bool b, size_t o, size_t n, void *p, cl_uint e, const cl_event *w,
          cl_event *event),
         (q, m, b, o, n, p, e, w, event))
ENQUEUES(clEnqueueWriteBuffer,
         (cl_command_queue q, cl_mem m, cl_bool b, size_t o, size_t n, const void *p, cl_uint e,
          const cl_event *w, cl_event *event),
         (q, m, b, o, n, p, e, w, event))
ENQUEUES(clEnqueueFillBuffer,
         (cl_command_queue q, cl_mem m, const void *p, size_t s, size_t o, size_t n, cl_uint e,
          const cl_event *w, cl_event *event),
         (q, m, p, s, o, n, e, w, event))

cl_int __real_clBuildProgram(cl_program p, cl_uint n, const cl_device_id *d, const char *o, build_notify *f,
                             void *u);
cl_int __wrap_clBuildProgram(cl_program p, cl_uint n, const cl_device_id *d, const char *o, build_notify *f,
                             void *u);
cl_int __wrap_clBuildProgram(cl_program p, cl_uint n, const cl_device_id *d, const char *o, build_notify *f,
                             void *u)
{
    cl_int code;
    const double seconds = fault_current()->sleeps;
    const struct timespec time = {(time_t)seconds, (long)(1e9 * (seconds - (double)(time_t)seconds))};
    if (fails("clBuildProgram", &code) && seconds == 0) return code;
    if (code != CL_SUCCESS) nanosleep(&time, NULL);
    return __real_clBuildProgram(p, n, d, o, f, u);
}
