/* Models that were installed (installed.c). */
#ifndef GZ_INSTALLED_H
#define GZ_INSTALLED_H
#include "../base/file.h"

/* A path as it is; or, where nothing is there and it has no slash, the file of gaze_models_folder() with that
 * name, if there is one: in the arena, or `name` itself. */
gaze_status gz_installed_model(gz_arena *arena, const char *name, const char **path);

#endif
