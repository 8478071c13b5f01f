/* Files that are there completely or not at all. */
#include "file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { NAME_ATTEMPTS = 1000 };

struct gz_writer {
    gz_arena *arena; /* of the strings */
    FILE *stream;
    char *path;   /* as given, for messages */
    char *target; /* where a link leads */
    char *folder;
    char *temporary; /* NULL: `target` is a device or a pipe and is written directly */
};

static void writer_free(gz_writer *writer)
{
    gz_arena_destroy(writer->arena);
    free(writer);
}

/* Renaming over a link would replace the link: the file it leads to is meant. */
static gaze_status find_target(gz_writer *writer, bool *directly)
{
    struct stat facts;
    const char *target = writer->path;
    char *resolved = NULL;
    *directly = false;
    if (stat(writer->path, &facts) == 0) {
        if (S_ISDIR(facts.st_mode))
            return gz_fail(GAZE_ERROR_DATA, "%s: is a folder, expected a file to write", writer->path);
        *directly = !S_ISREG(facts.st_mode);
        resolved = realpath(writer->path, NULL);
        if (!resolved && !*directly) return gz_fail_errno(writer->path, "cannot be looked at");
        if (resolved) target = resolved;
    } else if (errno != ENOENT && errno != ENOTDIR) {
        return gz_fail_errno(writer->path, "cannot be written");
    }
    writer->target = gz_arena_copy(writer->arena, target);
    free(resolved);
    return writer->target ? GAZE_OK : GAZE_ERROR_DEVICE;
}

static gaze_status find_folder(gz_writer *writer)
{
    writer->folder = gz_arena_copy(writer->arena, writer->target);
    if (!writer->folder) return GAZE_ERROR_DEVICE;
    char *slash = strrchr(writer->folder, '/');
    if (!slash)
        strcpy(writer->folder, *writer->folder ? "." : "");
    else
        slash[slash == writer->folder] = 0;
    return GAZE_OK;
}

/* A lock says that the file is still being written; the system lets go of it when the process ends, however
   it ends. False: gz_writer_clean was quicker and removes the file. Some file systems have no locks. */
static bool hold(int descriptor)
{
    struct stat facts;
    if (flock(descriptor, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) return false;
    return fstat(descriptor, &facts) != 0 || facts.st_nlink > 0;
}

/* The name doesn't grow with the target's, which may be as long as names can be, and isn't used twice:
   gz_writer_clean must not take a new file for the old one. */
static gaze_status open_temporary(gz_writer *writer, int *descriptor)
{
    for (int attempt = 0; attempt < NAME_ATTEMPTS; attempt++) {
        char name[80];
        struct timespec now;
        clock_gettime(CLOCK_REALTIME, &now);
        snprintf(name, sizeof name, ".gaze-%ld-%lld-%09ld-%d.tmp", (long)getpid(), (long long)now.tv_sec,
                 now.tv_nsec, attempt);
        writer->temporary = gz_path_join(writer->arena, writer->folder, name);
        if (!writer->temporary) return GAZE_ERROR_DEVICE;
        *descriptor = open(writer->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (*descriptor >= 0 && hold(*descriptor)) return GAZE_OK;
        if (*descriptor >= 0)
            close(*descriptor);
        else if (errno != EEXIST)
            break;
    }
    return gz_fail_errno(writer->path, "cannot be written");
}

static gaze_status open_descriptor(gz_writer *writer, int *descriptor)
{
    bool directly;
    GZ_TRY(find_target(writer, &directly));
    GZ_TRY(find_folder(writer));
    if (!directly) return open_temporary(writer, descriptor);
    *descriptor = open(writer->target, O_WRONLY | O_CLOEXEC);
    return *descriptor >= 0 ? GAZE_OK : gz_fail_errno(writer->path, "cannot be written");
}

gaze_status gz_writer_open(const char *path, gz_writer **out)
{
    gaze_status status;
    int fd = -1;
    gz_writer *writer;
    GZ_TRY(gz_allocate(1, sizeof *writer, &writer));
    GZ_GO(gz_arena_create(&writer->arena));
    writer->path = gz_arena_copy(writer->arena, path);
    status = writer->path ? open_descriptor(writer, &fd) : GAZE_ERROR_DEVICE;
    if (status != GAZE_OK) goto done;
    writer->stream = fdopen(fd, "wb");
    if (!writer->stream) {
        status = gz_fail_errno(path, "cannot be written");
        close(fd);
        if (writer->temporary) unlink(writer->temporary);
    }
done:
    if (status == GAZE_OK)
        *out = writer;
    else
        writer_free(writer);
    return status;
}

FILE *gz_writer_stream(gz_writer *writer) { return writer->stream; }

gaze_status gz_writer_write(gz_writer *writer, const void *bytes, size_t size)
{
    if (size == 0 || fwrite(bytes, 1, size, writer->stream) == size) return GAZE_OK;
    return gz_fail_errno(writer->path, "cannot be written");
}

static bool flush_to_disk(gz_writer *writer)
{
    errno = 0;
    bool good = fflush(writer->stream) == 0 && !ferror(writer->stream);
    if (good && writer->temporary) good = fsync(fileno(writer->stream)) == 0;
    if (!good && errno == 0)
        errno = EIO; /* a write through the stream failed earlier, and its reason is lost */
    return good;
}

/* After a power cut the new name is there only if the folder was flushed. Some file systems can't (EINVAL).
 */
static bool flush_folder(const char *folder)
{
    const int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return errno == EACCES; /* may be written but not listed */
    const bool good = fsync(fd) == 0 || errno == EINVAL || errno == EROFS;
    const int reason = errno;
    close(fd);
    errno = reason;
    return good;
}

/* The lock goes with the stream, so the stream stays open until the file has its name. */
gaze_status gz_writer_commit(gz_writer *writer)
{
    gaze_status status = GAZE_OK;
    bool renamed = false;
    if (!flush_to_disk(writer)) {
        status = gz_fail_errno(writer->path, "cannot be written");
    } else if (writer->temporary) {
        renamed = rename(writer->temporary, writer->target) == 0;
        if (!renamed || !flush_folder(writer->folder))
            status = gz_fail_errno(writer->path, "cannot be put in place");
    }
    if (writer->temporary && !renamed) unlink(writer->temporary);
    if (fclose(writer->stream) != 0 && status == GAZE_OK)
        status = gz_fail_errno(writer->path, "cannot be written");
    writer_free(writer);
    return status;
}

void gz_writer_abandon(gz_writer *writer)
{
    if (!writer) return;
    fclose(writer->stream);
    if (writer->temporary) unlink(writer->temporary);
    writer_free(writer);
}

static bool is_temporary(const char *name)
{
    const size_t length = strlen(name);
    return length > 10 && !memcmp(name, ".gaze-", 6) && !strcmp(name + length - 4, ".tmp");
}

void gz_writer_clean(const char *folder)
{
    DIR *directory = opendir(folder);
    if (!directory) return;
    for (const struct dirent *e; (e = readdir(directory));) {
        if (!is_temporary(e->d_name)) continue;
        const int fd = openat(dirfd(directory), e->d_name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
        if (fd < 0) continue;
        if (flock(fd, LOCK_EX | LOCK_NB) == 0) unlinkat(dirfd(directory), e->d_name, 0);
        close(fd);
    }
    closedir(directory);
}
