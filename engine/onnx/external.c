/* Tensors whose data lie in another file: in the model's folder or below it, reached without links. */
#include "../base/text.h"
#include "constant.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct place {
    const char *location;
    size_t offset, length;
    bool has_length;
} place;

static gaze_status refuse(const char *path, const Onnx__TensorProto *t, const char *location, const char *why)
{
    return gz_fail(GAZE_ERROR_DATA, "%s: the data of tensor '%s' are said to lie in '%s', %s", path,
                   gz_proto_text(t->name), location, why);
}

static gaze_status read_place(const char *path, const Onnx__TensorProto *t, place *p)
{
    *p = (place){.location = NULL};
    for (size_t i = 0; i < t->n_external_data; i++) {
        const char *key = gz_proto_text(t->external_data[i]->key),
                   *value = gz_proto_text(t->external_data[i]->value);
        bool good = true;
        if (!strcmp(key, "location")) p->location = value;
        if (!strcmp(key, "offset")) good = gz_parse_size(value, &p->offset);
        if (!strcmp(key, "length")) p->has_length = good = gz_parse_size(value, &p->length);
        if (!good)
            return gz_fail(GAZE_ERROR_DATA, "%s: tensor '%s': external %s '%s', expected a whole number",
                           path, gz_proto_text(t->name), key, value);
    }
    if (p->location && *p->location) return GAZE_OK;
    return gz_fail(GAZE_ERROR_DATA, "%s: tensor '%s' lies in another file that isn't named", path,
                   gz_proto_text(t->name));
}

/* No way out by its words: not from the root, nothing that goes up. */
static bool stays_inside(const char *location)
{
    if (*location == '/' || strchr(location, '\\')) return false;
    for (const char *part = location; part; part = strchr(part, '/')) {
        if (*part == '/') part++;
        const size_t length = strcspn(part, "/");
        if (!length || (length == 2 && !memcmp(part, "..", 2))) return false;
    }
    return true;
}

/* Folder by folder, so that no link is followed on the way either. */
static int open_below(const char *path, char *location)
{
    const char *slash = strrchr(path, '/');
    char folder[4096];
    if (slash && (size_t)(slash - path) + 2 > sizeof folder) return -1;
    if (slash)
        memcpy(folder, path, (size_t)(slash - path) + 1), folder[slash - path + 1] = 0;
    else
        strcpy(folder, ".");
    int at = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    for (char *part = location, *next; at >= 0 && part; part = next) {
        next = strchr(part, '/');
        if (next) *next++ = 0;
        const int below =
            openat(at, part, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | (next ? O_DIRECTORY : O_NONBLOCK));
        close(at);
        at = below;
    }
    return at;
}

static bool read_all(int file, uint8_t *bytes, size_t size, size_t offset)
{
    while (size) {
        const ssize_t n = pread(file, bytes, size, (off_t)offset);
        if (n <= 0) return false;
        bytes += n, offset += (size_t)n, size -= (size_t)n;
    }
    return true;
}

gaze_status gz_external_read(gz_arena *arena, const char *path, const Onnx__TensorProto *t, size_t size,
                             const uint8_t **bytes)
{
    place p;
    struct stat about;
    uint8_t *data;
    GZ_TRY(read_place(path, t, &p));
    if (!stays_inside(p.location))
        return refuse(path, t, p.location, "expected a file in the model's folder");
    if (p.has_length && p.length != size)
        return refuse(path, t, p.location, "with a length that its dimensions don't have");
    char *words = gz_arena_copy(arena, p.location);
    if (!words) return GAZE_ERROR_DEVICE;
    const int file = open_below(path, words);
    gaze_status status = GAZE_OK;
    if (file < 0 || fstat(file, &about) || !S_ISREG(about.st_mode))
        status = refuse(path, t, p.location, "which can't be read, is no file, or is reached by a link");
    else if (about.st_nlink > 1)
        status = refuse(path, t, p.location,
                        "which has a second name (a hard link); copy it to a file of its own");
    else if (p.offset > (size_t)about.st_size || size > (size_t)about.st_size - p.offset)
        status = refuse(path, t, p.location, "which ends before them");
    else if (!(data = gz_arena_allocate(arena, size)))
        status = GAZE_ERROR_DEVICE;
    else if (!read_all(file, data, size, p.offset))
        status = refuse(path, t, p.location, "which can't be read to their end");
    else
        *bytes = data;
    if (file >= 0) close(file);
    return status;
}
