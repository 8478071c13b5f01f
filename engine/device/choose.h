/* Which device a user's words mean. */
#ifndef GZ_CHOOSE_H
#define GZ_CHOOSE_H
#include "probe.h"

/* Marks what `auto` takes (info.chosen) and says of every usable device why it is or isn't (info.reason): the
   fastest of those that were measured (measure.h); where none was, the first GPU, then the first CPU. */
gaze_status gz_choose_auto(gz_probe *probe);

/* words: auto | cpu | gpu | index | platform:device | part of a name; NULL or "": $GAZE_DEVICE, then auto.
   After gz_choose_auto. None, more than one, or one that can't be used: the message lists what there is. */
gaze_status gz_choose(const gz_probe *probe, const char *words, const gz_found **out);

/* Do the words, or $GAZE_DEVICE in their place, leave the choice to us? */
bool gz_choose_is_auto(const char *words);

#endif
