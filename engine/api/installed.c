/* Models by their name alone. */
#include "api.h"
#include "installed.h"
#include "../base/text.h"

#include <dirent.h>
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

static int is_model(const struct dirent *entry) { return gz_ends_with(entry->d_name, ".json"); }

/* ", did you mean 'X'?" of the models that are there, or "". */
static const char *nearest_model(gz_arena *arena, const char *name)
{
    struct dirent **entries = NULL;
    const int found = scandir(gaze_models_folder(), &entries, is_model, alphasort);
    const size_t count = found > 0 ? (size_t)found : 0;
    const char **names = gz_arena_allocate(arena, (count + 1) * sizeof *names);
    for (size_t i = 0; i < count; i++) {
        if (names) names[i] = gz_path_stem(arena, entries[i]->d_name);
        if (names && !names[i]) names = NULL;
        free(entries[i]);
    }
    free(entries);
    return names ? gz_did_you_mean(arena, name, names) : "";
}

gaze_status gz_installed_model(gz_arena *arena, const char *name, const char **path)
{
    gz_file_kind kind;
    GZ_TRY(gz_file_look(name, &kind));
    *path = name;
    if (kind != GZ_NOTHING || strchr(name, '/') || gz_ends_with(name, ".json")) return GAZE_OK;
    const char *file = gz_arena_format(arena, "%s/%s.json", gaze_models_folder(), name);
    if (!file) return GAZE_ERROR_DEVICE;
    *path = file;
    if (gz_file_exists(file)) return GAZE_OK;
    return gz_fail(
        GAZE_ERROR_MODEL,
        "%s: there is no such run folder, and no model of this name in %s%s; expected a model file "
        "(.json), a run folder, or the name of an installed model",
        name, gaze_models_folder(), nearest_model(arena, name));
}
