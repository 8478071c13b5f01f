/* Entries of the caches that no device, driver or version of today will ask for again. */
#include "../base/file.h"
#include "../base/text.h"
#include "../device/cache.h"
#include "doctor.h"

#include <glob.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct totals {
    size_t good, stale, stale_bytes, removed;
} totals;

/* What keys of a device hold, and of its hosted one where it has one. */
static bool add_keys(gz_doctor *d, const gz_found *found, const char **texts, size_t *count)
{
    gaze_device_info info = found->info;
    if (!info.name) return true;
    if (!(texts[(*count)++] = gz_cache_device(d->arena, &info))) return false;
    return !found->hosted || ((info.name = gz_hosted_name(d->arena, info.name)) &&
                              (texts[(*count)++] = gz_cache_device(d->arena, &info)));
}

/* What keys of today's devices hold, NULL-terminated. */
static const char **devices_of(gz_doctor *d, const gz_probe *probe)
{
    const char **texts = gz_arena_allocate(d->arena, (2 * probe->count + 1) * sizeof *texts);
    size_t count = 0;
    for (size_t i = 0; texts && i < probe->count; i++)
        if (!add_keys(d, &probe->found[i], texts, &count)) return NULL;
    return texts;
}

static void look_at(gz_doctor *d, const char *path, const char *const *devices, totals *t)
{
    struct stat facts;
    if (stat(path, &facts) != 0 || !S_ISREG(facts.st_mode)) return;
    if (gz_cache_is_of(path, devices)) {
        t->good++;
        return;
    }
    t->stale++;
    t->stale_bytes += (size_t)facts.st_size;
    if (d->clean && unlink(path) == 0) t->removed++;
}

static void look_in(gz_doctor *d, gz_cache_kind kind, const char *const *devices, totals *t)
{
    const char *folder;
    glob_t found;
    if (gz_cache_entries(d->arena, kind, &folder) != GAZE_OK || !folder) return;
    const char *pattern = gz_path_join(d->arena, folder, "*");
    if (!pattern || glob(pattern, GLOB_NOSORT, NULL, &found) != 0) return;
    for (size_t i = 0; i < found.gl_pathc; i++) look_at(d, found.gl_pathv[i], devices, t);
    globfree(&found);
}

void gz_doctor_entries(gz_doctor *d, const gz_probe *probe)
{
    char text[24];
    totals t = {0};
    const char *const *devices = devices_of(d, probe);
    if (!devices) return;
    look_in(d, GZ_CACHE_BINARY, devices, &t);
    look_in(d, GZ_CACHE_DRIVER, devices, &t);
    if (!t.stale)
        gz_doctor_tell(d, GAZE_HEALTH_OK, NULL, "%zu, all of drivers that are here", t.good);
    else if (t.removed == t.stale)
        gz_doctor_tell(d, GAZE_HEALTH_OK, NULL, "%zu of drivers that are here; removed %zu others, %s",
                       t.good, t.removed, gz_bytes_text(t.stale_bytes, text));
    else
        gz_doctor_tell(
            d, GAZE_HEALTH_NOTE, "gaze doctor --clean",
            "%zu of drivers that are here; %zu (%s) damaged or of drivers that aren't, which nothing reads",
            t.good, t.stale, gz_bytes_text(t.stale_bytes, text));
}
