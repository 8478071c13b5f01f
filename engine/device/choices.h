/* Which candidate makes an op of a shape on a device, where gaze tune has measured another one than the usual
   to be faster. What was chosen is kept on disk among the programs (cache.h) and counts for that device,
   driver and version of this library. Without it the usual candidates make everything, so that bits don't
   change by themselves. A device and its hosted one have one list, the device's. */
#ifndef GZ_CHOICES_H
#define GZ_CHOICES_H
#include "device.h"

/* The name of the candidate that is to be taken for the key where it is possible, or NULL: what
   $GAZE_CHOICES names for everything ("usual": nothing), else what was kept. */
const char *gz_choices_find(gz_device *device, const char *key);

/* Is there any? Without one, what takes time to find out about candidates need not be known. */
bool gz_choices_any(gz_device *device);

/* All that were chosen; the device's, until the next call. */
size_t gz_choices_list(gz_device *device, const gaze_chosen **list);

/* Takes the place of what was chosen for the key; candidate NULL: nothing is chosen. */
gaze_status gz_choices_put(gz_device *device, const gaze_chosen *chosen);

void gz_choices_clear(gz_device *device);

/* Writes the list to disk in one step. *kept: false where caches have no folder. */
gaze_status gz_choices_keep(gz_device *device, bool *kept);

#endif
