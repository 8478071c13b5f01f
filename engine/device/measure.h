/* What `auto` goes by where several devices can be used: the time of each for the same work, measured once.
 */
#ifndef GZ_MEASURE_H
#define GZ_MEASURE_H
#include "probe.h"

typedef gaze_status gz_measure_found(void *user, const gz_found *found, double *ms);

/* Sets ms or failed of every usable device; where only one is usable, nothing. What was measured lies in
   <folder>/devices, and counts as long as devices, drivers, this library's version, GAZE_FAMILY and
   GAZE_WIDTH are the same. Others are measured with `measure`; NULL: they stay as they are. A device whose
   driver ends the process is not measured again: the file says beforehand who is at it. A file that can't be
   written costs the time again at the next start. folder NULL: nothing is kept. */
gaze_status gz_measure_devices(gz_probe *probe, const char *folder, gz_measure_found *measure, void *user);

#endif
