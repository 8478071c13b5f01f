/* The driver's compiler, with an eye on the clock: some take minutes, and some never come back. */
#ifndef GZ_COMPILE_H
#define GZ_COMPILE_H
#include "build.h"

/* clBuildProgram; its code in *code. The log says after 5 s, and every minute, what is waited for. After 600
   s, or $GAZE_BUILD_SECONDS, this fails, and at once for every later program of the device. No compiler can
   be stopped: *program is NULL then, and stays the compiler's. */
gaze_status gz_compile(gz_device *device, const gz_build *build, cl_program *program, cl_int *code);

/* Was a program of the device given up? */
bool gz_compiler_hangs(const gz_device *device);

#endif
