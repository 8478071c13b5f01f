/* What the loader reads, and whether each driver by itself loads and finds something. As ocl-icd and Khronos'
   loader look for them: /etc/OpenCL/vendors, or what $OCL_ICD_VENDORS or $OPENCL_VENDOR_PATH name. */
#include "../base/file.h"
#include "../base/text.h"
#include "doctor.h"

#include <dlfcn.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char FOLDER[] = "/etc/OpenCL/vendors";
enum { DRIVER_SECONDS = 60 };

/* Debian's package for a library. */
static const struct {
    const char *part, *package;
} packages[] = {{"libpocl", "pocl-opencl-icd"},         {"libigdrcl", "intel-opencl-icd"},
                {"libMesaOpenCL", "mesa-opencl-icd"},   {"libRusticlOpenCL", "mesa-opencl-icd"},
                {"libamdocl", "rocm-opencl-icd"},       {"libnvidia-opencl", "nvidia-opencl-icd"},
                {"libLLVM", "pocl-opencl-icd"},         {"libclang", "pocl-opencl-icd"},
                {"libigc", "intel-opencl-icd libigc1"}, {"libOpenCL", "ocl-icd-libopencl1"}};

typedef struct driver {
    const char *file; /* the .icd, or NULL where the variable names the library */
    const char *library;
} driver;

static const char *variable(const char *name)
{
    const char *value = getenv(name);
    return value && value[0] ? value : NULL;
}

static const char *package_of(const char *text)
{
    for (size_t i = 0; i < sizeof packages / sizeof *packages; i++)
        if (strstr(text, packages[i].part)) return packages[i].package;
    return NULL;
}

/* Only who may write its folder may take a file away. */
static const char *remove_file(gz_doctor *d, const char *path)
{
    char *folder = gz_arena_copy(d->arena, path), *slash = folder ? strrchr(folder, '/') : NULL;
    if (slash) slash[slash == folder] = 0;
    const bool own = access(slash ? folder : ".", W_OK) == 0;
    return gz_arena_format(d->arena, "%srm %s", own ? "" : "sudo ", gz_doctor_quoted(d, path));
}

/* Of a driver that doesn't load: installs what its message speaks of, or takes its .icd away. */
static const char *cure_of(gz_doctor *d, const driver *one, const char *message)
{
    const char *package = package_of(message);
    if (package) return gz_doctor_install(d, gz_arena_format(d->arena, "--reinstall %s", package));
    return one->file ? remove_file(d, one->file) : "unset OCL_ICD_VENDORS";
}

static const char *name_of(gz_doctor *d, const driver *one)
{
    const char *text =
        one->file ? gz_arena_format(d->arena, "%s: %s", one->file, one->library) : one->library;
    return text ? text : "";
}

static void tell_found(gz_doctor *d, const char *name, const gz_probe *probe)
{
    size_t devices = 0;
    const char *reason = NULL;
    for (size_t i = 0; i < probe->count; i++) {
        devices += probe->found[i].info.name != NULL;
        if (!probe->found[i].info.name && !reason) reason = probe->found[i].info.reason;
    }
    if (devices)
        gz_doctor_tell(d, GAZE_HEALTH_OK, NULL, "%s loads and has %zu device%s", name, devices,
                       devices == 1 ? "" : "s");
    else if (reason)
        gz_doctor_tell(d, GAZE_HEALTH_NOTE, NULL, "%s loads, but %s", name, reason);
    else
        gz_doctor_tell(d, GAZE_HEALTH_NOTE, NULL, "%s loads, but finds no hardware that it is for", name);
}

/* In a child: the driver alone. */
static void try_driver(gz_doctor *d, const void *user)
{
    const driver *one = user;
    const char *name = name_of(d, one);
    gz_probe *probe;
    void *library = dlopen(one->library, RTLD_NOW | RTLD_LOCAL);
    if (!library) {
        const char *message = gz_arena_copy(d->arena, dlerror());
        gz_doctor_tell(d, GAZE_HEALTH_WRONG, cure_of(d, one, message ? message : ""),
                       "%s can't be loaded: %s", name, message ? message : "out of memory");
        return;
    }
    if (!dlsym(library, "clGetExtensionFunctionAddress")) {
        gz_doctor_tell(d, GAZE_HEALTH_WRONG, cure_of(d, one, ""),
                       "%s is no OpenCL driver: it has no clGetExtensionFunctionAddress", name);
        return;
    }
    setenv("OCL_ICD_VENDORS", one->file ? one->file : one->library, 1);
    if (gz_probe_create(&probe) != GAZE_OK)
        gz_doctor_tell(d, GAZE_HEALTH_WRONG, NULL, "%s: %s", name, gaze_message());
    else
        tell_found(d, name, probe);
}

static void look_at(gz_doctor *d, const driver *one)
{
    int signal;
    const gz_ending ending = gz_doctor_child(d, try_driver, one, DRIVER_SECONDS, &signal);
    const char *name = name_of(d, one), *cure = cure_of(d, one, one->library);
    if (ending == GZ_CRASHED)
        gz_doctor_tell(d, GAZE_HEALTH_WRONG, cure,
                       "%s ends the process (signal %d) when it looks for devices: %s", name, signal,
                       signal ? strsignal(signal) : "it calls exit");
    if (ending == GZ_HUNG)
        gz_doctor_tell(d, GAZE_HEALTH_WRONG, cure, "%s had not found its devices after %d s", name,
                       DRIVER_SECONDS);
    if (ending == GZ_NOT_STARTED)
        gz_doctor_tell(d, GAZE_HEALTH_WRONG, "ulimit -u", "%s: no process can be started to try it", name);
}

static void look_at_file(gz_doctor *d, const char *path)
{
    const driver one = {path, gz_doctor_first_line(d, path)};
    if (access(path, R_OK) != 0)
        gz_doctor_tell(d, GAZE_HEALTH_WRONG,
                       gz_arena_format(d->arena, "sudo chmod a+r %s", gz_doctor_quoted(d, path)),
                       "%s can't be read", path);
    else if (!one.library || !one.library[0])
        gz_doctor_tell(d, GAZE_HEALTH_WRONG, cure_of(d, &one, path),
                       "%s is empty: expected the name of a driver's library", path);
    else
        look_at(d, &one);
}

/* What the loader does where it finds nothing is the devices' to tell. */
static void look_in(gz_doctor *d, const char *folder, const char *cure)
{
    glob_t found;
    const char *pattern = gz_arena_format(d->arena, "%s/*.icd", folder);
    if (!pattern || glob(pattern, 0, NULL, &found) != 0) {
        gz_doctor_tell(d, GAZE_HEALTH_WRONG, cure, "%s %s", folder,
                       gz_folder_exists(folder) ? "has no .icd file: the loader finds no driver there"
                                                : "is not there: the loader finds no driver");
        return;
    }
    for (size_t i = 0; i < found.gl_pathc; i++) look_at_file(d, found.gl_pathv[i]);
    globfree(&found);
}

static void look_at_chosen(gz_doctor *d, const char *chosen, const char *folder)
{
    const driver library = {NULL, chosen};
    const char *inside = gz_arena_format(d->arena, "%s/%s", folder, chosen);
    if (gz_folder_exists(chosen))
        look_in(d, chosen, "unset OCL_ICD_VENDORS");
    else if (!gz_ends_with(chosen, ".icd"))
        look_at(d, &library);
    else if (inside && !strchr(chosen, '/') && gz_file_exists(inside))
        look_at_file(d, inside);
    else if (gz_file_exists(chosen))
        look_at_file(d, chosen);
    else
        gz_doctor_tell(d, GAZE_HEALTH_WRONG, "unset OCL_ICD_VENDORS",
                       "OCL_ICD_VENDORS=%s: there is no such file", chosen);
}

void gz_doctor_drivers(gz_doctor *d)
{
    const char *chosen = variable("OCL_ICD_VENDORS"), *path = variable("OPENCL_VENDOR_PATH"),
               *folder = path ? path : gz_doctor_path(d, FOLDER);
    if (chosen)
        look_at_chosen(d, chosen, folder);
    else
        look_in(d, folder, path ? "unset OPENCL_VENDOR_PATH" : gz_doctor_install(d, "pocl-opencl-icd"));
}
