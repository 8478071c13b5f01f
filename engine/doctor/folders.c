#include "folders.h"
#include "../base/file.h"
#include "../base/text.h"
#include "../device/cache.h"

#include <errno.h>
#include <fts.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

static const size_t LARGE = (size_t)1 << 30;
static const size_t ROOM = (size_t)64 << 20; /* programs of a few models with PoCL */

/* The folder, or the nearest one above it that is there. */
static char *nearest_existing(gz_doctor *d, const char *folder)
{
    struct stat facts;
    char *path = gz_arena_copy(d->arena, folder);
    while (path && stat(path, &facts) != 0) {
        char *slash = strrchr(path, '/');
        if (!slash) return gz_arena_copy(d->arena, ".");
        slash[slash == path] = 0;
    }
    return path;
}

/* Does it lie in this user's home? Elsewhere nobody is told to move anything or to change its owner: the
   nearest folder above a cache may be / itself. */
static bool is_at_home(const char *path)
{
    struct stat facts;
    const char *home = getenv("HOME");
    const size_t length = home ? strlen(home) : 0;
    return length > 1 && strncmp(path, home, length) == 0 && path[length] == '/' && path[length + 1] &&
           stat(home, &facts) == 0 && facts.st_uid == geteuid();
}

static const char *cure_of(gz_doctor *d, const char *path, int error)
{
    struct stat facts;
    const char *quoted = gz_doctor_quoted(d, path), *own = getenv("POCL_CACHE_DIR");
    if (own && strncmp(own, path, strlen(path)) == 0) return "unset POCL_CACHE_DIR";
    if (error == ENOTDIR && is_at_home(path))
        return gz_arena_format(d->arena, "mv %s %s.old", quoted, quoted);
    if (error == ENOSPC || error == EDQUOT) return gz_arena_format(d->arena, "df -h %s", quoted);
    if (error == EACCES && stat(path, &facts) == 0 && facts.st_uid == geteuid())
        return gz_arena_format(d->arena, "chmod u+rwx %s", quoted);
    if (error == EACCES && !d->root[0] && is_at_home(path))
        return gz_arena_format(d->arena,
                               "sudo chown -R \"$(id -un)\" %s   # or: export XDG_CACHE_HOME=FOLDER", quoted);
    return "export XDG_CACHE_HOME=\"$(mktemp -d)\"   # or another folder that can be written";
}

/* 0, or errno */
static int write_in(gz_doctor *d, const char *folder)
{
    char *name = gz_arena_format(d->arena, "%s/.gaze-doctor-XXXXXX", folder);
    if (!name) return ENOMEM;
    const int file = mkstemp(name);
    if (file < 0) return errno;
    const int error = write(file, name, 1) == 1 ? 0 : errno;
    close(file);
    unlink(name);
    return error;
}

const char *gz_folder_trouble(gz_doctor *d, const char *folder, const char **cure)
{
    const char *path = nearest_existing(d, folder);
    if (!path) return "out of memory";
    const int error = gz_folder_exists(path) ? write_in(d, path) : ENOTDIR;
    *cure = NULL;
    if (!error) return NULL;
    *cure = cure_of(d, path, error);
    const char *text =
        error == ENOTDIR
            ? gz_arena_format(d->arena, "%s is a file, expected a folder or nothing", path)
            : gz_arena_format(d->arena, "%s: no file can be made there: %s", path, strerror(error));
    return text ? text : "out of memory";
}

void gz_folder_measure(const char *folder, gz_folder_size *size)
{
    char *path = strdup(folder), *const paths[] = {path, NULL};
    FTS *walk = path ? fts_open(paths, FTS_PHYSICAL | FTS_NOCHDIR, NULL) : NULL;
    *size = (gz_folder_size){0};
    for (FTSENT *entry; walk && (entry = fts_read(walk));) {
        if (entry->fts_info != FTS_F) continue;
        size->files++;
        size->bytes += (size_t)entry->fts_statp->st_size;
    }
    if (walk) fts_close(walk);
    free(path);
}

static void tell_size(gz_doctor *d, const char *what, const char *folder)
{
    char size_text[24], free_text[24];
    gz_folder_size size;
    struct statvfs disk;
    const char *quoted = gz_doctor_quoted(d, folder);
    const bool known = statvfs(nearest_existing(d, folder), &disk) == 0;
    const size_t left = known ? (size_t)disk.f_bavail * disk.f_frsize : SIZE_MAX;
    gz_folder_measure(folder, &size);
    const bool tight = left<ROOM, large = size.bytes> LARGE;
    gz_doctor_tell(
        d,
        tight   ? GAZE_HEALTH_WRONG
        : large ? GAZE_HEALTH_NOTE
                : GAZE_HEALTH_OK,
        tight   ? gz_arena_format(d->arena, "df -h %s", quoted)
        : large ? gz_arena_format(d->arena, "rm -r %s   # what is needed is compiled again", quoted)
                : NULL,
        "%s: %s, writable, %zu file%s of %s, %s free", what, folder, size.files, size.files == 1 ? "" : "s",
        gz_bytes_text(size.bytes, size_text), known ? gz_bytes_text(left, free_text) : "unknown room");
}

static void look_at(gz_doctor *d, const char *what, const char *folder)
{
    const char *cure, *trouble = gz_folder_trouble(d, folder, &cure);
    if (trouble)
        gz_doctor_tell(d, GAZE_HEALTH_WRONG, cure, "%s: %s", what, trouble);
    else
        tell_size(d, what, folder);
}

void gz_doctor_folders(gz_doctor *d)
{
    const char *own, *pocl;
    if (gz_cache_folder(d->arena, &own) != GAZE_OK || gz_pocl_folder(d->arena, &pocl) != GAZE_OK) return;
    if (own)
        look_at(d, "programs, choices and measurements of devices", own);
    else
        gz_doctor_tell(d, GAZE_HEALTH_WRONG, "export HOME=\"$(getent passwd \"$(id -u)\" | cut -d: -f6)\"",
                       "neither XDG_CACHE_HOME nor HOME is set: nothing is kept, every start compiles and "
                       "measures again");
    look_at(d, "PoCL's compiled kernels", pocl);
}
