/* Plugins: shared libraries that register attention kinds. */
#include "../base/text.h"
#include "api.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

typedef gaze_status plugin_function(gaze_context *context);

static gaze_status fail(const char *path, const char *what)
{
    const char *why = dlerror();
    return gz_fail(GAZE_ERROR_USAGE, "plugin '%s': %s: %s", path, what, why ? why : "no reason is given");
}

static void tell(const gaze_context *context, const char *path, size_t first)
{
    for (size_t i = first; context->log && i < context->kinds.count; i++) {
        gz_text text = {0};
        char *line;
        gz_text_add(&text, "plugin '%s': attention kind '%s'", path, context->kinds.list[i]->kind);
        if (gz_text_take(&text, &line) != GAZE_OK) return;
        context->log(context->log_user, GAZE_LOG_INFO, line);
        free(line);
    }
}

/* POSIX promises that a function fits where dlsym's void * does; ISO C has no cast for it. */
static plugin_function *entry_of(void *library)
{
    plugin_function *entry = NULL;
    void *symbol = dlsym(library, "gaze_plugin");
    memcpy(&entry, &symbol, sizeof symbol);
    return entry;
}

/* "file.so" is in the working folder, not where the system keeps its libraries. */
static gaze_status open_library(const char *path, void **library)
{
    char *place;
    gz_text text = {0};
    gz_text_add(&text, "%s%s", strchr(path, '/') ? "" : "./", path);
    GZ_TRY(gz_text_take(&text, &place));
    *library = dlopen(place, RTLD_NOW | RTLD_LOCAL);
    free(place);
    return *library ? GAZE_OK : fail(path, "cannot be loaded");
}

gaze_status gaze_load_plugin(gaze_context *context, const char *path)
{
    gz_kinds *kinds = &context->kinds;
    const size_t first = kinds->count;
    void *library;
    GZ_TRY(gz_grow(&kinds->libraries, &kinds->capacity, kinds->n_libraries + 1, sizeof *kinds->libraries));
    GZ_TRY(open_library(path, &library));
    kinds->libraries[kinds->n_libraries++] = library; /* also after a failure: some kinds may be there */
    plugin_function *entry = entry_of(library);
    if (!entry) return fail(path, "defines no gaze_plugin");
    GZ_TRY(gz_fail_context(entry(context), "plugin '%s'", path));
    tell(context, path, first);
    return GAZE_OK;
}

gaze_status gz_plugins_load(gaze_context *context)
{
    const char *paths = getenv("GAZE_PLUGINS");
    char *list, *rest, *path;
    gaze_status status = GAZE_OK;
    if (!paths) return GAZE_OK;
    GZ_TRY(gz_allocate(strlen(paths) + 1, 1, &list));
    strcpy(list, paths);
    for (path = strtok_r(list, ":", &rest); path && status == GAZE_OK; path = strtok_r(NULL, ":", &rest))
        status = gz_fail_context(gaze_load_plugin(context, path), "GAZE_PLUGINS");
    free(list);
    return status;
}

void gz_kinds_free(gz_kinds *kinds)
{
    gz_arena_destroy(kinds->arena);
    for (size_t i = kinds->n_libraries; i-- > 0;) dlclose(kinds->libraries[i]);
    free(kinds->libraries);
    *kinds = (gz_kinds){0};
}
