/* From complete source to a cl_program. */
#ifndef GZ_BUILD_H
#define GZ_BUILD_H
#include "device_parts.h"

typedef struct gz_build {
    const char *name;    /* for files and messages: "conv2d", or "conv2d-<hash of the options>" */
    const char *options; /* all of them */
    const char *source;
} gz_build;

/* Compiles. A failure's message has the compiler's log, the options, and where the source was kept. */
gaze_status gz_build_source(gz_device *device, const gz_build *build, cl_program *out);

/* From a binary of the disk cache; false where the driver no longer takes it. */
bool gz_build_binary(gz_device *device, const gz_build *build, const char *binary, size_t size,
                     cl_program *out);

/* The binary of a built program; free() it. */
gaze_status gz_build_read_binary(cl_program program, char **binary, size_t *size);

/* <folder>/<name>.cl and <name>.opts */
gaze_status gz_build_dump(const gz_build *build, const char *folder);

#endif
