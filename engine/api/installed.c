/* Models by their name alone. */
#include "api.h"
#include "installed.h"

#include <stdlib.h>
#include <string.h>

#ifndef GAZE_MODELS_FOLDER
#define GAZE_MODELS_FOLDER "/usr/local/share/gaze/models" // where installation puts them
#endif

const char *gaze_models_folder(void)
{
    const char *given = getenv("GAZE_MODELS");
    return given && given[0] ? given : GAZE_MODELS_FOLDER;
}

gaze_status gz_installed_model(gz_arena *arena, const char *name, const char **path)
{
    gz_file_kind kind;
    GZ_TRY(gz_file_look(name, &kind));
    *path = name;
    if (kind != GZ_NOTHING || strchr(name, '/')) return GAZE_OK;
    const char *file = gz_arena_format(arena, "%s/%s.json", gaze_models_folder(), name);
    if (!file) return GAZE_ERROR_DEVICE;
    if (gz_file_exists(file)) *path = file;
    return GAZE_OK;
}
