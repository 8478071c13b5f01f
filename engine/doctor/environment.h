/* Every variable of the environment that Gaze reads, and what it does. */
#ifndef GZ_ENVIRONMENT_H
#define GZ_ENVIRONMENT_H
#include "doctor.h"

#define GZ_ENVIRONMENT_LIST(X)                                                            \
    X(GAZE_BUILD_SECONDS, "how long a driver's compiler may take for a program")          \
    X(GAZE_DEVICE, "the device where none is asked for")                                  \
    X(GAZE_DUMP_PROGRAMS, "programs are written to this folder before they are compiled") \
    X(GAZE_FAMILY, "kernels of this family are taken on every device")                    \
    X(GAZE_KERNEL_DIR, "kernels are read from this folder, not from the library")         \
    X(GAZE_LIBRARY, "the library that the Python package loads")                          \
    X(GAZE_PLUGINS, "libraries with attention kinds that every program loads")            \
    X(GAZE_PRODUCTS, "whose products of matrices are taken: own, clblast or measured")    \
    X(GAZE_PROGRAM_CACHE, "how built programs are kept: binary, driver or none")          \
    X(GAZE_WIDTH, "floats in a vector, in place of the device's own")

/* "unset NAME" for the variable that a message speaks of, or NULL. */
const char *gz_doctor_unset_named(gz_doctor *d, const char *message);

#endif
