#include "file.h"
#include "text.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#define XXH_STATIC_LINKING_ONLY /* for a state that needs no allocation */
#include <xxhash.h>

enum { PIECE_BYTES = 65536 };

static gaze_status too_large(const char *path, size_t limit)
{
    char text[24];
    return gz_fail(GAZE_ERROR_DATA, "%s: larger than the %s that are read at most", path,
                   gz_bytes_text(limit, text));
}

/* Opens for reading; *size is the size of a regular file, 0 of a pipe or device. */
static gaze_status open_for_reading(const char *path, int *descriptor, size_t *size)
{
    struct stat facts;
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return gz_fail_errno(path, "cannot be opened");
    if (fstat(fd, &facts) != 0) {
        gz_fail_errno(path, "cannot be read");
    } else if (S_ISDIR(facts.st_mode)) {
        gz_fail(GAZE_ERROR_DATA, "%s: is a folder, expected a file", path);
    } else if (S_ISREG(facts.st_mode) && (uintmax_t)facts.st_size >= SIZE_MAX) {
        too_large(path, SIZE_MAX - 1);
    } else {
        *descriptor = fd;
        *size = S_ISREG(facts.st_mode) ? (size_t)facts.st_size : 0;
        return GAZE_OK;
    }
    close(fd);
    return GAZE_ERROR_DATA;
}

/* Up to `size` bytes; fewer only at the end of the file. */
static gaze_status read_some(const char *path, int descriptor, char *bytes, size_t size, size_t *got)
{
    *got = 0;
    while (*got < size) {
        const ssize_t n = read(descriptor, bytes + *got, size - *got);
        if (n == 0) break;
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return gz_fail_errno(path, "cannot be read");
        *got += (size_t)n;
    }
    return GAZE_OK;
}

gaze_status gz_file_read(const char *path, size_t limit, char **bytes, size_t *size)
{
    gaze_status status;
    char *buffer = NULL;
    size_t expected, capacity = 0, used = 0, got = 0;
    int fd = -1;
    GZ_TRY(open_for_reading(path, &fd, &expected));
    if (expected > limit) {
        status = too_large(path, limit);
        goto done;
    }
    do { /* a pipe has no size, and a file may grow: read until there is no more */
        const size_t wanted = used < expected ? expected - used : PIECE_BYTES;
        GZ_GO(gz_grow(&buffer, &capacity, used + wanted + 1, 1));
        GZ_GO(read_some(path, fd, buffer + used, capacity - used - 1, &got));
        used += got;
        if (used > limit) {
            status = too_large(path, limit);
            goto done;
        }
    } while (used + 1 == capacity);
    buffer[used] = 0;
    *bytes = buffer;
    *size = used;
    buffer = NULL;
done:
    free(buffer);
    close(fd);
    return status;
}

gaze_status gz_file_write(const char *path, const void *bytes, size_t size)
{
    gz_writer *writer;
    GZ_TRY(gz_writer_open(path, &writer));
    const gaze_status status = gz_writer_write(writer, bytes, size);
    if (status == GAZE_OK) return gz_writer_commit(writer);
    gz_writer_abandon(writer);
    return status;
}

gaze_status gz_file_try(const char *path)
{
    gz_writer *writer;
    GZ_TRY(gz_writer_open(path, &writer));
    gz_writer_abandon(writer);
    return GAZE_OK;
}

bool gz_file_exists(const char *path)
{
    struct stat facts;
    return stat(path, &facts) == 0 && !S_ISDIR(facts.st_mode);
}

bool gz_folder_exists(const char *path)
{
    struct stat facts;
    return stat(path, &facts) == 0 && S_ISDIR(facts.st_mode);
}

gaze_status gz_file_look(const char *path, gz_file_kind *kind)
{
    struct stat facts;
    *kind = GZ_NOTHING;
    if (stat(path, &facts) == 0)
        *kind = S_ISDIR(facts.st_mode) ? GZ_FOLDER : GZ_FILE;
    else if (errno != ENOENT && errno != ENOTDIR)
        return gz_fail_errno(path, "cannot be looked at");
    return GAZE_OK;
}

static gaze_status make_one(const char *path, mode_t mode)
{
    if (mkdir(path, mode) == 0 || gz_folder_exists(path)) return GAZE_OK;
    if (errno == EEXIST) return gz_fail(GAZE_ERROR_DATA, "%s: is a file, expected a folder or nothing", path);
    return gz_fail_errno(path, "the folder cannot be made");
}

gaze_status gz_folder_make(const char *path, bool private_)
{
    const mode_t mode = private_ ? 0700 : 0777;
    char *part;
    GZ_TRY(gz_allocate(strlen(path) + 1, 1, &part));
    strcpy(part, path);
    gaze_status status = GAZE_OK;
    for (char *c = part; status == GAZE_OK && *c; c++) {
        if (*c != '/' || c == part) continue;
        *c = 0;
        status = make_one(part, mode);
        *c = '/';
    }
    free(part);
    if (status == GAZE_OK) status = make_one(path, mode);
    if (status == GAZE_OK) gz_writer_clean(path);
    return status;
}

char *gz_path_join(gz_arena *arena, const char *folder, const char *name)
{
    const size_t length = strlen(folder);
    const char *slash = length && folder[length - 1] != '/' ? "/" : "";
    return gz_arena_format(arena, "%s%s%s", folder, slash, name);
}

char *gz_path_stem(gz_arena *arena, const char *path)
{
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    char *stem = gz_arena_copy(arena, name);
    char *dot = stem ? strrchr(stem, '.') : NULL;
    if (dot && dot != stem) *dot = 0;
    return stem;
}

gaze_status gz_cache_folder(gz_arena *arena, const char **folder)
{
    const char *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
    *folder = NULL;
    if (cache && cache[0] == '/')
        *folder = gz_path_join(arena, cache, "gaze");
    else if (home && home[0])
        *folder = gz_path_join(arena, home, ".cache/gaze");
    else
        return GAZE_OK;
    return *folder ? GAZE_OK : GAZE_ERROR_DEVICE;
}

static gz_hash hash_text(XXH64_hash_t value)
{
    gz_hash hash;
    snprintf(hash.text, sizeof hash.text, "%016" PRIx64, (uint64_t)value);
    return hash;
}

gz_hash gz_hash_bytes(const void *bytes, size_t size) { return hash_text(XXH3_64bits(bytes, size)); }

uint64_t gz_hash_number(const void *bytes, size_t size, uint64_t seed)
{
    return XXH3_64bits_withSeed(bytes, size, seed);
}

gaze_status gz_hash_file(const char *path, gz_hash *hash)
{
    gaze_status status;
    char piece[PIECE_BYTES];
    size_t size, got;
    int fd;
    XXH3_state_t state;
    XXH3_64bits_reset(&state);
    GZ_TRY(open_for_reading(path, &fd, &size));
    do {
        GZ_GO(read_some(path, fd, piece, sizeof piece, &got));
        XXH3_64bits_update(&state, piece, got);
    } while (got == sizeof piece);
    *hash = hash_text(XXH3_64bits_digest(&state));
done:
    close(fd);
    return status;
}
