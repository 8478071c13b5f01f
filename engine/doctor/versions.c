/* What this library was built from and runs with. */
#define _GNU_SOURCE /* dladdr */
#include "../device/clblast.h"
#include "doctor.h"

#include <cjson/cJSON.h>
#include <dlfcn.h>
#include <png.h>
#include <stdio.h>
/* jpeglib.h wants stdio.h before it */
#include <jpeglib.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <xxhash.h>
#include <zlib.h>
#ifdef GAZE_ONNX
#include <protobuf-c/protobuf-c.h>
#endif

#define QUOTE_(x) #x
#define QUOTE(x)  QUOTE_(x)
#if defined(__clang__)
#define COMPILER __VERSION__
#elif defined(__GNUC__)
#define COMPILER "gcc " __VERSION__
#else
#define COMPILER "an unknown compiler"
#endif
#ifdef __OPTIMIZE__
static const bool optimized = true;
#else
static const bool optimized = false;
#endif

static const char *file_of(const void *address)
{
    Dl_info info;
    return dladdr(address, &info) && info.dli_fname ? info.dli_fname : "unknown";
}

static void tell_own(gz_doctor *d)
{
    struct utsname system;
    const bool known = uname(&system) == 0;
    static const char here = 0;
    gz_doctor_tell(d, GAZE_HEALTH_OK, NULL, "gaze " GAZE_VERSION " in %s, built with " COMPILER "%s%s%s%s",
                   file_of(&here), known ? ", on " : "", known ? system.sysname : "", known ? " " : "",
                   known ? system.machine : "");
    if (!optimized)
        gz_doctor_tell(d, GAZE_HEALTH_WRONG,
                       "cmake -S . -B build -DCMAKE_BUILD_TYPE=Release && make -C build",
                       "this library was built without optimization: what runs on the host is several times "
                       "slower");
}

static void tell_libraries(gz_doctor *d)
{
    const unsigned xxhash = XXH_versionNumber();
    union { /* ISO C has no way from a function's address to an object's */
        cl_int(CL_API_CALL *function)(cl_uint, cl_platform_id *, cl_uint *);
        const void *address;
    } loader = {clGetPlatformIDs};
    gz_doctor_tell(d, GAZE_HEALTH_OK, NULL, "OpenCL loader in %s", file_of(loader.address));
    gz_doctor_tell(
        d, GAZE_HEALTH_OK, NULL,
        "libpng %s, libjpeg-turbo " QUOTE(LIBJPEG_TURBO_VERSION) ", zlib %s, cJSON %s, xxHash %u.%u.%u",
        png_get_libpng_ver(NULL), zlibVersion(), cJSON_Version(), xxhash / 10000, xxhash / 100 % 100,
        xxhash % 100);
    if (strncmp(png_get_libpng_ver(NULL), PNG_LIBPNG_VER_STRING, 3) != 0)
        gz_doctor_tell(d, GAZE_HEALTH_STOPS, "make clean && make",
                       "libpng is %s, this library was built for " PNG_LIBPNG_VER_STRING,
                       png_get_libpng_ver(NULL));
}

static void tell_options(gz_doctor *d)
{
#ifdef GAZE_ONNX
    gz_doctor_tell(d, GAZE_HEALTH_OK, NULL, "'gaze import' is in, with protobuf-c %s", protobuf_c_version());
#else
    const char *packages = gz_doctor_install(d, "protobuf-c-compiler libprotobuf-c-dev libonnx-dev");
    gz_doctor_tell(d, GAZE_HEALTH_NOTE, gz_arena_format(d->arena, "%s; make", packages),
                   "built without 'gaze import'");
#endif
    if (gz_clblast_there())
        gz_doctor_tell(d, GAZE_HEALTH_OK, NULL, "CLBlast is there: GPUs may use its products of matrices");
    else
        gz_doctor_tell(
            d, GAZE_HEALTH_NOTE, gz_doctor_install(d, "libclblast1"),
            "CLBlast isn't there: it is only for GPUs, where some products of matrices are faster by it");
}

void gz_doctor_versions(gz_doctor *d)
{
    tell_own(d);
    tell_libraries(d);
    tell_options(d);
}
