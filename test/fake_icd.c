/* An OpenCL driver with three platforms, as broken ones are met: one whose clGetDeviceIDs fails, one without
   a device, and one with a device that has no compiler. */
#define CL_TARGET_OPENCL_VERSION 120
#include <CL/cl.h>
#include <CL/cl_ext.h>
#include <CL/cl_icd.h>
#include <string.h>

enum { FAILING, EMPTY, NO_COMPILER, N_PLATFORMS };

/* Every OpenCL object begins with the loader's table. */
struct _cl_platform_id {
    const cl_icd_dispatch *dispatch;
    int kind;
};
struct _cl_device_id {
    const cl_icd_dispatch *dispatch;
};

static cl_int answer(const void *value, size_t bytes, size_t size, void *out, size_t *needed)
{
    if (needed) *needed = bytes;
    if (!out) return CL_SUCCESS;
    if (size < bytes) return CL_INVALID_VALUE;
    memcpy(out, value, bytes);
    return CL_SUCCESS;
}

static cl_int answer_text(const char *text, size_t size, void *out, size_t *needed)
{
    return answer(text, strlen(text) + 1, size, out, needed);
}

static const char *const names[N_PLATFORMS] = {"Failing", "Empty", "No Compiler"};

static cl_int CL_API_CALL platform_info(cl_platform_id platform, cl_platform_info what, size_t size,
                                        void *out, size_t *needed)
{
    switch (what) {
    case CL_PLATFORM_NAME: return answer_text(names[platform->kind], size, out, needed);
    case CL_PLATFORM_VERSION: return answer_text("OpenCL 1.2 fake", size, out, needed);
    case CL_PLATFORM_PROFILE: return answer_text("FULL_PROFILE", size, out, needed);
    case CL_PLATFORM_VENDOR: return answer_text("Nobody", size, out, needed);
    case CL_PLATFORM_EXTENSIONS: return answer_text("cl_khr_icd", size, out, needed);
    case CL_PLATFORM_ICD_SUFFIX_KHR: return answer_text("FAKE", size, out, needed);
    default: return CL_INVALID_VALUE;
    }
}

static cl_int CL_API_CALL device_info(cl_device_id device, cl_device_info what, size_t size, void *out,
                                      size_t *needed)
{
    const cl_uint one = 1;
    const cl_ulong bytes = 1 << 30;
    const size_t group = 256;
    const cl_bool yes = CL_TRUE, no = CL_FALSE;
    const cl_device_type type = CL_DEVICE_TYPE_GPU;
    (void)device;
    switch (what) {
    case CL_DEVICE_NAME: return answer_text("  Fake GPU ", size, out, needed);
    case CL_DEVICE_VENDOR: return answer_text("Nobody", size, out, needed);
    case CL_DEVICE_VERSION: return answer_text("OpenCL 1.2 fake", size, out, needed);
    case CL_DRIVER_VERSION: return answer_text("1", size, out, needed);
    case CL_DEVICE_TYPE: return answer(&type, sizeof type, size, out, needed);
    case CL_DEVICE_AVAILABLE:
    case CL_DEVICE_ENDIAN_LITTLE: return answer(&yes, sizeof yes, size, out, needed);
    case CL_DEVICE_COMPILER_AVAILABLE: return answer(&no, sizeof no, size, out, needed);
    case CL_DEVICE_MAX_COMPUTE_UNITS:
    case CL_DEVICE_NATIVE_VECTOR_WIDTH_FLOAT: return answer(&one, sizeof one, size, out, needed);
    case CL_DEVICE_GLOBAL_MEM_SIZE:
    case CL_DEVICE_LOCAL_MEM_SIZE:
    case CL_DEVICE_MAX_MEM_ALLOC_SIZE: return answer(&bytes, sizeof bytes, size, out, needed);
    case CL_DEVICE_MAX_WORK_GROUP_SIZE: return answer(&group, sizeof group, size, out, needed);
    default: return CL_INVALID_VALUE;
    }
}

static cl_int CL_API_CALL device_ids(cl_platform_id platform, cl_device_type type, cl_uint size,
                                     cl_device_id *out, cl_uint *count);

static const cl_icd_dispatch dispatch = {
    .clGetPlatformInfo = platform_info,
    .clGetDeviceIDs = device_ids,
    .clGetDeviceInfo = device_info,
};
static struct _cl_platform_id platforms[N_PLATFORMS] = {
    {&dispatch, FAILING}, {&dispatch, EMPTY}, {&dispatch, NO_COMPILER}};
static struct _cl_device_id gpu = {&dispatch};

static cl_int CL_API_CALL device_ids(cl_platform_id platform, cl_device_type type, cl_uint size,
                                     cl_device_id *out, cl_uint *count)
{
    (void)type;
    if (platform->kind == FAILING) return CL_OUT_OF_RESOURCES;
    if (platform->kind == EMPTY) return CL_DEVICE_NOT_FOUND;
    if (count) *count = 1;
    if (out && size) *out = &gpu;
    return CL_SUCCESS;
}

static cl_int CL_API_CALL platform_ids(cl_uint size, cl_platform_id *out, cl_uint *count)
{
    if (count) *count = N_PLATFORMS;
    for (cl_uint i = 0; out && i < size && i < N_PLATFORMS; i++) out[i] = &platforms[i];
    return CL_SUCCESS;
}

/* What the loader looks up by name. */
__attribute__((visibility("default"))) void *CL_API_CALL clGetExtensionFunctionAddress(const char *name)
{
    union {
        cl_int(CL_API_CALL *function)(cl_uint, cl_platform_id *, cl_uint *);
        void *address;
    } ids = {platform_ids};
    union {
        cl_int(CL_API_CALL *function)(cl_platform_id, cl_platform_info, size_t, void *, size_t *);
        void *address;
    } info = {platform_info};
    if (strcmp(name, "clIcdGetPlatformIDsKHR") == 0) return ids.address;
    return strcmp(name, "clGetPlatformInfo") == 0 ? info.address : NULL;
}
