#include "device.h"

#include <stdarg.h>
#include <stdio.h>

/* OpenCL 1.2's codes, and the ICD loader's. */
#define ERROR_LIST(X)                               \
    X(CL_SUCCESS)                                   \
    X(CL_DEVICE_NOT_FOUND)                          \
    X(CL_DEVICE_NOT_AVAILABLE)                      \
    X(CL_COMPILER_NOT_AVAILABLE)                    \
    X(CL_MEM_OBJECT_ALLOCATION_FAILURE)             \
    X(CL_OUT_OF_RESOURCES)                          \
    X(CL_OUT_OF_HOST_MEMORY)                        \
    X(CL_PROFILING_INFO_NOT_AVAILABLE)              \
    X(CL_MEM_COPY_OVERLAP)                          \
    X(CL_IMAGE_FORMAT_MISMATCH)                     \
    X(CL_IMAGE_FORMAT_NOT_SUPPORTED)                \
    X(CL_BUILD_PROGRAM_FAILURE)                     \
    X(CL_MAP_FAILURE)                               \
    X(CL_MISALIGNED_SUB_BUFFER_OFFSET)              \
    X(CL_EXEC_STATUS_ERROR_FOR_EVENTS_IN_WAIT_LIST) \
    X(CL_COMPILE_PROGRAM_FAILURE)                   \
    X(CL_LINKER_NOT_AVAILABLE)                      \
    X(CL_LINK_PROGRAM_FAILURE)                      \
    X(CL_DEVICE_PARTITION_FAILED)                   \
    X(CL_KERNEL_ARG_INFO_NOT_AVAILABLE)             \
    X(CL_INVALID_VALUE)                             \
    X(CL_INVALID_DEVICE_TYPE)                       \
    X(CL_INVALID_PLATFORM)                          \
    X(CL_INVALID_DEVICE)                            \
    X(CL_INVALID_CONTEXT)                           \
    X(CL_INVALID_QUEUE_PROPERTIES)                  \
    X(CL_INVALID_COMMAND_QUEUE)                     \
    X(CL_INVALID_HOST_PTR)                          \
    X(CL_INVALID_MEM_OBJECT)                        \
    X(CL_INVALID_IMAGE_FORMAT_DESCRIPTOR)           \
    X(CL_INVALID_IMAGE_SIZE)                        \
    X(CL_INVALID_SAMPLER)                           \
    X(CL_INVALID_BINARY)                            \
    X(CL_INVALID_BUILD_OPTIONS)                     \
    X(CL_INVALID_PROGRAM)                           \
    X(CL_INVALID_PROGRAM_EXECUTABLE)                \
    X(CL_INVALID_KERNEL_NAME)                       \
    X(CL_INVALID_KERNEL_DEFINITION)                 \
    X(CL_INVALID_KERNEL)                            \
    X(CL_INVALID_ARG_INDEX)                         \
    X(CL_INVALID_ARG_VALUE)                         \
    X(CL_INVALID_ARG_SIZE)                          \
    X(CL_INVALID_KERNEL_ARGS)                       \
    X(CL_INVALID_WORK_DIMENSION)                    \
    X(CL_INVALID_WORK_GROUP_SIZE)                   \
    X(CL_INVALID_WORK_ITEM_SIZE)                    \
    X(CL_INVALID_GLOBAL_OFFSET)                     \
    X(CL_INVALID_EVENT_WAIT_LIST)                   \
    X(CL_INVALID_EVENT)                             \
    X(CL_INVALID_OPERATION)                         \
    X(CL_INVALID_GL_OBJECT)                         \
    X(CL_INVALID_BUFFER_SIZE)                       \
    X(CL_INVALID_MIP_LEVEL)                         \
    X(CL_INVALID_GLOBAL_WORK_SIZE)                  \
    X(CL_INVALID_PROPERTY)                          \
    X(CL_INVALID_IMAGE_DESCRIPTOR)                  \
    X(CL_INVALID_COMPILER_OPTIONS)                  \
    X(CL_INVALID_LINKER_OPTIONS)                    \
    X(CL_INVALID_DEVICE_PARTITION_COUNT)            \
    X(CL_PLATFORM_NOT_FOUND_KHR)

#ifndef CL_PLATFORM_NOT_FOUND_KHR
#define CL_PLATFORM_NOT_FOUND_KHR -1001
#endif

const char *gz_cl_error_name(cl_int code)
{
    switch (code) {
#define NAME(symbol) \
    case symbol: return #symbol;
        ERROR_LIST(NAME)
#undef NAME
    }
    return "an error of the driver's own";
}

const char *gz_cl_advice(cl_int code)
{
    switch (code) {
    case CL_DEVICE_NOT_AVAILABLE:
        return ". The device is gone: unplugged, asleep, reset, or taken by another program. See what 'gaze "
               "devices' finds now; restart the driver or the machine, or take another --device";
    case CL_OUT_OF_RESOURCES:
        return ". The device has run out of memory or registers, or its driver has reset it: a smaller "
               "--batch-size needs less; if that does not help restart the driver, or take another --device";
    case CL_MEM_OBJECT_ALLOCATION_FAILURE:
        return ". The device has no memory left: a smaller --batch-size needs less, and other programs may "
               "hold "
               "some; or take another --device";
    case CL_INVALID_COMMAND_QUEUE:
        return ". The driver has given up what it was to run, and has often reset the device: restart the "
               "program; "
               "if it happens again update the driver, try GAZE_FAMILY=plain, or take another --device";
    case CL_OUT_OF_HOST_MEMORY: return ". The machine has no memory left for the driver";
    default: return "";
    }
}

gaze_status gz_cl_check(cl_int code, const char *format, ...)
{
    if (code == CL_SUCCESS) return GAZE_OK;
    char call[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(call, sizeof call, format, arguments);
    va_end(arguments);
    return gz_fail(GAZE_ERROR_DEVICE, "%s: %s (%d)%s", call, gz_cl_error_name(code), (int)code,
                   gz_cl_advice(code));
}
