/* The cases of a quick run: few and small. */
#ifndef GZ_PICK_H
#define GZ_PICK_H
#include "verify.h"

/* Sets picked[i] for each of the op's cases. The picked ones are not heavy, and between them they launch
   every kernel, have all attributes, and fill inputs in every way, that the cases which aren't heavy do; a
   case whose kernels can't be chosen is picked too, to say so. Nothing is compiled. `brief`, for simulators:
   they launch every kernel, with little work where there is a choice. */
gaze_status gz_verify_pick(gz_device *device, gz_family family, const gz_op *op, bool brief, bool *picked);

#endif
