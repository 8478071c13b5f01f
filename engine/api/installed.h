/* Models that were installed (installed.c). */
#ifndef GZ_INSTALLED_H
#define GZ_INSTALLED_H
#include "../base/file.h"

/* A path as it is; or, where nothing is there and it has no slash and doesn't end in .json, the file of
   gaze_models_folder() with that name, in the arena. Where that isn't there either, the message has the name
   that is nearest. */
gaze_status gz_installed_model(gz_arena *arena, const char *name, const char **path);

#endif
