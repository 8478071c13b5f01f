#include "device_parts.h"

#include <ctype.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_PLATFORMS = 64, MAX_DEVICES = 64 };

/* Drivers pad names with blanks. */
static char *trimmed(char *text)
{
    size_t length = strlen(text);
    while (length && isspace((unsigned char)text[length - 1])) text[--length] = 0;
    while (isspace((unsigned char)*text)) text++;
    return text;
}

/* Memory that is out is no fault of the driver's: gz_probe_create says it in the end. */
static char *room_for(gz_probe *probe, size_t bytes)
{
    char *room = gz_arena_allocate(probe->arena, bytes);
    if (!room) probe->status = GAZE_ERROR_DEVICE;
    return room;
}

/* CL_INVALID_VALUE: the driver is too old for the question. Any other error is a driver that fails, whose
   other answers are worth nothing either. */
static bool answered(gz_probe *probe, const char *call, cl_int code)
{
    if (code != CL_SUCCESS && code != CL_INVALID_VALUE && !probe->failed_call) {
        probe->failed_call = call;
        probe->code = code;
    }
    return code == CL_SUCCESS;
}

static const char *platform_text(gz_probe *probe, cl_platform_id platform, cl_platform_info what)
{
    static const char call[] = "clGetPlatformInfo";
    size_t size = 0;
    if (!answered(probe, call, clGetPlatformInfo(platform, what, 0, NULL, &size)) || size == 0) return "";
    char *text = room_for(probe, size + 1);
    if (!text || !answered(probe, call, clGetPlatformInfo(platform, what, size, text, NULL))) return "";
    return trimmed(text);
}

static bool ask(gz_probe *probe, cl_device_id device, cl_device_info what, size_t size, void *value,
                size_t *needed)
{
    return answered(probe, "clGetDeviceInfo", clGetDeviceInfo(device, what, size, value, needed));
}

static const char *device_text(gz_probe *probe, cl_device_id device, cl_device_info what)
{
    size_t size = 0;
    if (!ask(probe, device, what, 0, NULL, &size) || size == 0) return "";
    char *text = room_for(probe, size + 1);
    if (!text || !ask(probe, device, what, size, text, NULL)) return "";
    return trimmed(text);
}

/* 0 where the driver doesn't answer; the types that OpenCL gives for counts and sizes differ in width. */
static size_t device_uint(gz_probe *probe, cl_device_id device, cl_device_info what)
{
    cl_uint value = 0;
    return ask(probe, device, what, sizeof value, &value, NULL) ? value : 0;
}

static size_t device_ulong(gz_probe *probe, cl_device_id device, cl_device_info what)
{
    cl_ulong value = 0;
    if (!ask(probe, device, what, sizeof value, &value, NULL)) return 0;
    return value > SIZE_MAX ? SIZE_MAX : (size_t)value;
}

static size_t device_size(gz_probe *probe, cl_device_id device, cl_device_info what)
{
    size_t value = 0;
    return ask(probe, device, what, sizeof value, &value, NULL) ? value : 0;
}

static bool device_bool(gz_probe *probe, cl_device_id device, cl_device_info what)
{
    cl_bool value = CL_FALSE;
    return ask(probe, device, what, sizeof value, &value, NULL) && value;
}

static const char *type_name(gz_probe *probe, cl_device_id device)
{
    cl_device_type type = 0;
    if (!ask(probe, device, CL_DEVICE_TYPE, sizeof type, &type, NULL)) return NULL;
    if (type & CL_DEVICE_TYPE_CPU) return "cpu";
    return type & CL_DEVICE_TYPE_GPU ? "gpu" : "accelerator";
}

/* "OpenCL 1.1 ...": the floor is 1.2 */
static bool too_old(const char *version)
{
    int major = 0, minor = 0;
    const char *number = strncmp(version, "OpenCL ", 7) == 0 ? version + 7 : "";
    char *end;
    major = (int)strtol(number, &end, 10);
    if (*end == '.') minor = (int)strtol(end + 1, NULL, 10);
    return major < 1 || (major == 1 && minor < 2);
}

/* NULL, and probe->status, when memory is out. */
static const char *reason_of_failure(gz_probe *probe, const char *call, cl_int code)
{
    const char *reason = gz_arena_format(probe->arena, "the driver fails: %s: %s (%d)", call,
                                         gz_cl_error_name(code), (int)code);
    if (!reason) probe->status = GAZE_ERROR_DEVICE;
    return reason;
}

static const char *reason_of_age(gz_probe *probe, const char *version)
{
    const char *reason = gz_arena_format(probe->arena, "it offers '%s', OpenCL 1.2 is needed", version);
    if (!reason) probe->status = GAZE_ERROR_DEVICE;
    return reason;
}

/* Why the device can't be used, or NULL. */
static const char *unusable(gz_probe *probe, cl_device_id device, const gaze_device_info *info)
{
    const bool available = device_bool(probe, device, CL_DEVICE_AVAILABLE),
               compiler = device_bool(probe, device, CL_DEVICE_COMPILER_AVAILABLE),
               little = device_bool(probe, device, CL_DEVICE_ENDIAN_LITTLE);
    if (probe->failed_call) return reason_of_failure(probe, probe->failed_call, probe->code);
    if (!info->type || !info->name[0]) return "the driver does not answer clGetDeviceInfo";
    if (!available) return "the driver says that it is not available";
    if (!compiler) return "the driver has no compiler for it";
    if (!little) return "it is big-endian";
    if (too_old(info->version)) return reason_of_age(probe, info->version);
    if (!info->compute_units || !info->max_group || !info->global_bytes || !info->max_allocation_bytes)
        return "the driver reports no compute unit or no memory";
    return NULL;
}

/* The native width: Intel's CPU runtime says 1 for the preferred one. */
static size_t vector_width(gz_probe *probe, cl_device_id device)
{
    const size_t width = device_uint(probe, device, CL_DEVICE_NATIVE_VECTOR_WIDTH_FLOAT);
    return width >= 16 ? 16 : width >= 8 ? 8 : 4;
}

static void describe(gz_probe *probe, gz_found *found)
{
    gaze_device_info *info = &found->info;
    cl_device_id device = found->device;
    info->name = device_text(probe, device, CL_DEVICE_NAME);
    info->vendor = device_text(probe, device, CL_DEVICE_VENDOR);
    info->version = device_text(probe, device, CL_DEVICE_VERSION);
    info->driver = device_text(probe, device, CL_DRIVER_VERSION);
    info->compiler = device_text(probe, device, CL_DEVICE_OPENCL_C_VERSION);
    info->extensions = device_text(probe, device, CL_DEVICE_EXTENSIONS);
    info->type = type_name(probe, device);
    info->compute_units = device_uint(probe, device, CL_DEVICE_MAX_COMPUTE_UNITS);
    info->vector_width = vector_width(probe, device);
    info->global_bytes = device_ulong(probe, device, CL_DEVICE_GLOBAL_MEM_SIZE);
    info->local_bytes = device_ulong(probe, device, CL_DEVICE_LOCAL_MEM_SIZE);
    info->max_allocation_bytes = device_ulong(probe, device, CL_DEVICE_MAX_MEM_ALLOC_SIZE);
    info->max_group = device_size(probe, device, CL_DEVICE_MAX_WORK_GROUP_SIZE);
    info->reason = unusable(probe, device, info);
    info->usable = !info->reason;
    if (!info->type) info->type = "accelerator";
    info->family = gz_family_name(strcmp(info->type, "cpu") == 0 ? GZ_FAMILY_CPU : GZ_FAMILY_PLAIN);
}

static gaze_status add(gz_probe *probe, cl_platform_id platform, size_t platform_index, gz_found **out)
{
    GZ_TRY(gz_grow(&probe->found, &probe->capacity, probe->count + 1, sizeof *probe->found));
    gz_found *found = &probe->found[probe->count++];
    *found = (gz_found){.platform = platform};
    probe->failed_call = NULL; /* what is asked from here on is about this one */
    found->info.platform = platform_text(probe, platform, CL_PLATFORM_NAME);
    found->info.platform_index = platform_index;
    *out = found;
    return GAZE_OK;
}

static gaze_status add_platform_without_devices(gz_probe *probe, cl_platform_id platform,
                                                size_t platform_index, cl_int code)
{
    gz_found *found;
    GZ_TRY(add(probe, platform, platform_index, &found));
    found->info.version = platform_text(probe, platform, CL_PLATFORM_VERSION);
    found->info.vendor = platform_text(probe, platform, CL_PLATFORM_VENDOR);
    if (code == CL_SUCCESS || code == CL_DEVICE_NOT_FOUND)
        found->info.reason = GZ_NO_DEVICE;
    else
        found->info.reason = reason_of_failure(probe, "clGetDeviceIDs", code);
    return found->info.reason ? GAZE_OK : GAZE_ERROR_DEVICE;
}

/* Takes the device without threads, if there is one, from the list, and gives it to the platform's others. */
static void fold_hosted(gz_probe *probe, size_t first, size_t *next_index)
{
    size_t hosted = first;
    while (hosted < probe->count && !gz_pocl_is_hosted(&probe->found[hosted].info)) hosted++;
    if (probe->count - first < 2 || hosted == probe->count) return;
    const cl_device_id device = probe->found[hosted].info.usable ? probe->found[hosted].device : NULL;
    for (size_t i = hosted; i + 1 < probe->count; i++) {
        probe->found[i] = probe->found[i + 1];
        probe->found[i].info.index--;
    }
    probe->count--;
    --*next_index;
    for (size_t i = first; i < probe->count; i++) probe->found[i].hosted = device;
}

static gaze_status probe_platform(gz_probe *probe, cl_platform_id platform, size_t platform_index,
                                  size_t *next_index)
{
    cl_device_id devices[MAX_DEVICES];
    cl_uint count = 0;
    const size_t first = probe->count;
    gz_pocl_ask_for_hosted(platform_text(probe, platform, CL_PLATFORM_VERSION));
    const cl_int code = clGetDeviceIDs(platform, CL_DEVICE_TYPE_ALL, MAX_DEVICES, devices, &count);
    if (code != CL_SUCCESS || count == 0)
        return add_platform_without_devices(probe, platform, platform_index, code);
    for (cl_uint i = 0; i < count && i < MAX_DEVICES; i++) {
        gz_found *found;
        GZ_TRY(add(probe, platform, platform_index, &found));
        found->device = devices[i];
        found->in_platform = i;
        found->info.index = (*next_index)++;
        describe(probe, found);
    }
    fold_hosted(probe, first, next_index);
    return GAZE_OK;
}

/* Drivers make themselves ready at the first call; PoCL 3.1 tells a second thread that comes meanwhile that
 * there are no devices, or crashes. */
static pthread_mutex_t first_calls = PTHREAD_MUTEX_INITIALIZER;

static gaze_status probe_all(gz_probe *probe)
{
    cl_platform_id platforms[MAX_PLATFORMS];
    cl_uint count = 0;
    size_t next_index = 0;
    if (!answered(probe, "clGetPlatformIDs", clGetPlatformIDs(MAX_PLATFORMS, platforms, &count)))
        return GAZE_OK; /* there are none for gz_choose, which says why */
    for (cl_uint i = 0; i < count && i < MAX_PLATFORMS; i++)
        GZ_TRY(probe_platform(probe, platforms[i], i, &next_index));
    return probe->status;
}

gaze_status gz_probe_create(gz_probe **out)
{
    gaze_status status;
    gz_probe *probe;
    gz_pocl_prepare();
    GZ_TRY(gz_device_check_process());
    GZ_TRY(gz_allocate(1, sizeof *probe, &probe));
    GZ_GO(gz_arena_create(&probe->arena));
    pthread_mutex_lock(&first_calls);
    status = probe_all(probe);
    pthread_mutex_unlock(&first_calls);
    if (status != GAZE_OK) goto done;
    *out = probe;
    probe = NULL;
done:
    gz_probe_destroy(probe);
    return status;
}

void gz_probe_destroy(gz_probe *probe)
{
    if (!probe) return;
    gz_arena_destroy(probe->arena);
    free(probe->found);
    free(probe);
}
