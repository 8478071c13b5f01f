/* The work that devices are compared by, where there are several. */
#ifndef GZ_API_MEASURE_H
#define GZ_API_MEASURE_H
#include "../device/device.h"

/* A dense layer, forward, with its way to the device and back: kernels that nearly every model needs. A
   gz_measure_function. */
gaze_status gz_api_measure(gz_device *device, double *ms);

#endif
