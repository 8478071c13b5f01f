/* Which families of kernels are verified on a device, and where a family has kernels of its own. */
#ifndef GZ_FAMILIES_H
#define GZ_FAMILIES_H
#include "verify.h"

/* The device's own family, then plain; `whole`: then the others that can run there (cpu's kernels are for
   cpus alone). The family alone where GAZE_FAMILY names it. Returns how many. */
size_t gz_verify_families(const gz_device *device, bool whole, gz_family families[GZ_N_FAMILIES]);

/* Sets *own: does `family` launch other kernels for this case than the family that it builds on (intel on
   gpu, gpu on plain), so that it is worth a run of its own? True for cpu and plain, for the device's own
   family, and where the kernels can't be chosen, to say so. Nothing is compiled. */
gaze_status gz_verify_has_own(gz_device *device, gz_family family, const gz_op *op, const gz_case *c,
                              bool *own);

#endif
