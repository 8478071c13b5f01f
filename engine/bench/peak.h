/* The ceilings of a device, measured through the same runtime as the kernels: what percentages are of. Knows
 * device only. */
#ifndef GZ_PEAK_H
#define GZ_PEAK_H
#include "../device/device.h"

typedef struct gz_peak {
    double gflops; /* independent fused multiply-adds on native vectors, all compute units, 2 FLOP each */
    double copy_gbytes; /* GB/s read plus written, copying more than caches hold */
} gz_peak;

/* Takes about `seconds`, after a warm-up launch; the best repetition counts. */
gaze_status gz_peak_measure(gz_device *device, double seconds, gz_peak *peak);

#endif
