/* Files and folders. A stream becomes one whose reads and writes come through here, so that each of them can
   fail, a write in its middle. */
#include "faults.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define FAIL_AS(call, error, value)     \
    if (fault_here(FAULT_FILE, call)) { \
        fault_errno(error);             \
        return value;                   \
    }

static int keep_descriptor(int fd)
{
    if (fd >= 0) live_add(LIVE_FILE, (uintptr_t)fd + 1, 0, fault_count(FAULT_FILE));
    return fd;
}

int __real_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...)
{
    va_list more;
    va_start(more, flags);
    const mode_t mode = flags & O_CREAT ? va_arg(more, mode_t) : 0;
    va_end(more);
    FAIL_AS("open", EACCES, -1)
    return keep_descriptor(__real_open(path, flags, mode));
}

int __real_openat(int folder, const char *name, int flags, ...);
int __wrap_openat(int folder, const char *name, int flags, ...);
int __wrap_openat(int folder, const char *name, int flags, ...)
{
    FAIL_AS("openat", EACCES, -1)
    return keep_descriptor(__real_openat(folder, name, flags & ~O_CREAT));
}

int __real_close(int fd);
int __wrap_close(int fd);
int __wrap_close(int fd)
{
    live_remove(LIVE_FILE, (uintptr_t)fd + 1, NULL);
    const int result = __real_close(fd);
    FAIL_AS("close", EIO, -1)
    return result;
}

ssize_t __real_read(int fd, void *bytes, size_t size);
ssize_t __wrap_read(int fd, void *bytes, size_t size);
ssize_t __wrap_read(int fd, void *bytes, size_t size)
{
    FAIL_AS("read", EIO, -1)
    return __real_read(fd, bytes, size);
}

ssize_t __real_pread(int fd, void *bytes, size_t size, off_t at);
ssize_t __wrap_pread(int fd, void *bytes, size_t size, off_t at);
ssize_t __wrap_pread(int fd, void *bytes, size_t size, off_t at)
{
    FAIL_AS("pread", EIO, -1)
    return __real_pread(fd, bytes, size, at);
}

/* Calls that take paths or descriptors and answer with 0 or -1. */
#define ON_PATH(call, error, parameters, arguments) \
    int __real_##call parameters;                   \
    int __wrap_##call parameters;                   \
    int __wrap_##call parameters                    \
    {                                               \
        FAIL_AS(#call, error, -1)                   \
        return __real_##call arguments;             \
    }
ON_PATH(stat, EIO, (const char *path, struct stat *facts), (path, facts))
ON_PATH(fstat, EIO, (int fd, struct stat *facts), (fd, facts))
ON_PATH(fchmod, EPERM, (int fd, mode_t mode), (fd, mode))
ON_PATH(flock, ENOLCK, (int fd, int operation), (fd, operation))
ON_PATH(fsync, EIO, (int fd), (fd))
ON_PATH(rename, EIO, (const char *from, const char *to), (from, to))
ON_PATH(unlink, EPERM, (const char *path), (path))
ON_PATH(unlinkat, EPERM, (int folder, const char *name, int flags), (folder, name, flags))
ON_PATH(mkdir, ENOSPC, (const char *path, mode_t mode), (path, mode))

DIR *__real_opendir(const char *path);
DIR *__wrap_opendir(const char *path);
DIR *__wrap_opendir(const char *path)
{
    FAIL_AS("opendir", EACCES, NULL)
    DIR *folder = __real_opendir(path);
    if (folder) live_add(LIVE_FILE, (uintptr_t)folder, 0, fault_count(FAULT_FILE));
    return folder;
}

struct dirent *__real_readdir(DIR *folder);
struct dirent *__wrap_readdir(DIR *folder);
struct dirent *__wrap_readdir(DIR *folder)
{
    FAIL_AS("readdir", EIO, NULL)
    return __real_readdir(folder);
}

int __real_closedir(DIR *folder);
int __wrap_closedir(DIR *folder);
int __wrap_closedir(DIR *folder)
{
    live_remove(LIVE_FILE, (uintptr_t)folder, NULL);
    const int result = __real_closedir(folder);
    FAIL_AS("closedir", EIO, -1)
    return result;
}

typedef int fault_wanted(const struct dirent *);
typedef int fault_order(const struct dirent **, const struct dirent **);
int __real_scandir(const char *path, struct dirent ***list, fault_wanted *wanted, fault_order *order);
int __wrap_scandir(const char *path, struct dirent ***list, fault_wanted *wanted, fault_order *order);
int __wrap_scandir(const char *path, struct dirent ***list, fault_wanted *wanted, fault_order *order)
{
    FAIL_AS("scandir", EACCES, -1)
    const int count = __real_scandir(path, list, wanted, order);
    if (count < 0) return count;
    live_add(LIVE_MEMORY, (uintptr_t)*list, 0, fault_count(FAULT_MEMORY));
    for (int i = 0; i < count; i++)
        live_add(LIVE_MEMORY, (uintptr_t)(*list)[i], 0, fault_count(FAULT_MEMORY));
    return count;
}

/* ---- Streams; the cookie is the descriptor. ---- */

static int descriptor(void *cookie) { return (int)(intptr_t)cookie; }

static ssize_t stream_read(void *cookie, char *bytes, size_t size)
{
    FAIL_AS("read", EIO, -1)
    return __real_read(descriptor(cookie), bytes, size);
}

static ssize_t stream_write(void *cookie, const char *bytes, size_t size)
{
    const bool fails = fault_here(FAULT_FILE, "write");
    const size_t wanted = fails ? size / 2 : size;
    size_t written = 0;
    while (written < wanted) {
        const ssize_t n = write(descriptor(cookie), bytes + written, wanted - written);
        if (n <= 0) break;
        written += (size_t)n;
    }
    if (!fails) return written == size ? (ssize_t)size : 0;
    fault_errno(ENOSPC);
    return 0;
}

static int stream_close(void *cookie)
{
    const int result = __real_close(descriptor(cookie));
    FAIL_AS("fclose", EIO, -1)
    return result;
}

static FILE *make_stream(int fd, const char *mode)
{
    static const cookie_io_functions_t functions = {
        .read = stream_read, .write = stream_write, .close = stream_close};
    FILE *stream = fopencookie((void *)(intptr_t)fd, mode, functions);
    if (stream) live_add(LIVE_FILE, (uintptr_t)stream, (size_t)fd, fault_count(FAULT_FILE));
    return stream;
}

FILE *__wrap_fdopen(int fd, const char *mode);
FILE *__wrap_fdopen(int fd, const char *mode)
{
    FAIL_AS("fdopen", EMFILE, NULL)
    live_remove(LIVE_FILE, (uintptr_t)fd + 1, NULL);
    return make_stream(fd, mode);
}

/* For reading alone, as gaze does: it writes through fdopen. */
FILE *__wrap_fopen(const char *path, const char *mode);
FILE *__wrap_fopen(const char *path, const char *mode)
{
    FAIL_AS("fopen", EACCES, NULL)
    const int fd = __real_open(path, O_RDONLY);
    return fd < 0 ? NULL : make_stream(fd, mode);
}

int __real_fclose(FILE *stream);
int __wrap_fclose(FILE *stream);
int __wrap_fclose(FILE *stream)
{
    live_remove(LIVE_FILE, (uintptr_t)stream, NULL);
    return __real_fclose(stream);
}

int __real_fileno(FILE *stream);
int __wrap_fileno(FILE *stream);
int __wrap_fileno(FILE *stream)
{
    size_t fd;
    return live_find(LIVE_FILE, (uintptr_t)stream, &fd) ? (int)fd : __real_fileno(stream);
}

/* The others are flushed through stream_write. */
int __real_fflush(FILE *stream);
int __wrap_fflush(FILE *stream);
int __wrap_fflush(FILE *stream)
{
    if (stream == stdout) FAIL_AS("fflush", ENOSPC, EOF)
    return __real_fflush(stream);
}

FILE *__real_open_memstream(char **text, size_t *size);
FILE *__wrap_open_memstream(char **text, size_t *size);
FILE *__wrap_open_memstream(char **text, size_t *size)
{
    if (fault_here(FAULT_MEMORY, "open_memstream")) return fault_errno(ENOMEM), NULL;
    FILE *stream = __real_open_memstream(text, size);
    if (stream) live_add(LIVE_FILE, (uintptr_t)stream, 0, fault_count(FAULT_FILE));
    return stream;
}
