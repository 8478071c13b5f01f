#include "folder_list.h"
#include "../base/bytes.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

enum { HEAD_BYTES = 32, PROBE_BYTES = 64, LONGEST_PATH = 4000 };

static int is_visible(const struct dirent *entry) { return entry->d_name[0] != '.'; }

static int is_image(const struct dirent *entry)
{
    const char *dot = strrchr(entry->d_name, '.');
    return is_visible(entry) && dot &&
           (!strcasecmp(dot, ".jpg") || !strcasecmp(dot, ".jpeg") || !strcasecmp(dot, ".png"));
}

/* By bytes, so that the order is the same everywhere. */
static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static gaze_status scan(const char *path, int (*wanted)(const struct dirent *), struct dirent ***entries,
                        size_t *count)
{
    const int n = scandir(path, entries, wanted, by_name);
    if (n < 0) return gz_fail_errno(path, "can't be listed");
    *count = (size_t)n;
    return GAZE_OK;
}

static void free_entries(struct dirent **entries, size_t count)
{
    for (size_t i = 0; i < count; i++) free(entries[i]);
    free(entries);
}

gaze_status gz_folder_classes(gz_arena *arena, const char *path, const char ***names, size_t *count)
{
    struct dirent **entries;
    size_t n = 0;
    GZ_TRY(scan(path, is_visible, &entries, &n));
    *names = gz_arena_allocate(arena, (n + 1) * sizeof **names);
    *count = 0;
    gaze_status status = *names ? GAZE_OK : GAZE_ERROR_DEVICE;
    for (size_t i = 0; i < n && status == GAZE_OK; i++) {
        const char *inside = gz_path_join(arena, path, entries[i]->d_name);
        gz_file_kind kind;
        status = inside ? gz_file_look(inside, &kind) : GAZE_ERROR_DEVICE;
        if (status == GAZE_OK && kind == GZ_FOLDER) (*names)[(*count)++] = strrchr(inside, '/') + 1;
    }
    free_entries(entries, n);
    if (status == GAZE_OK && *count == 0)
        return gz_fail(GAZE_ERROR_DATA, "%s: holds no folders, expected one of images for each class", path);
    return status;
}

static bool begins_like_an_image(const unsigned char *head, size_t size)
{
    static const unsigned char png[] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'},
                               jpeg[] = {0xff, 0xd8, 0xff};
    return (size >= HEAD_BYTES && memcmp(head, png, sizeof png) == 0 && gz_load_u32_big_endian(head + 16) &&
            gz_load_u32_big_endian(head + 20)) ||
           (size >= HEAD_BYTES && memcmp(head, jpeg, sizeof jpeg) == 0);
}

/* *what is NULL, or what is wrong with the file. */
static void look_into(int descriptor, gz_folder_file *file, const char **what)
{
    struct stat facts;
    unsigned char head[HEAD_BYTES], probe[PROBE_BYTES];
    *what = "is no file";
    if (fstat(descriptor, &facts) || !S_ISREG(facts.st_mode)) return;
    const ssize_t n_head = pread(descriptor, head, sizeof head, 0),
                  n_probe = pread(descriptor, probe, sizeof probe, facts.st_size / 2);
    *what = "can't be read";
    if (n_head < 0 || n_probe < 0) return;
    file->size = (uint64_t)facts.st_size;
    file->probe = gz_hash_number(probe, (size_t)n_probe, file->size);
    *what = begins_like_an_image(head, (size_t)n_head) ? NULL
            : n_head == 0                              ? "is empty"
                                                       : "is neither PNG nor JPEG by its first bytes";
}

static gaze_status add_bad(gz_arena *arena, const char *path, const char *what, gz_folder_bad *bad)
{
    if (bad->count++ == 0) bad->first = gz_arena_format(arena, "%s %s", path, what);
    return bad->first ? GAZE_OK : GAZE_ERROR_DEVICE;
}

static gaze_status add_name(gz_folder_part *part, const char *name, size_t *at)
{
    const size_t bytes = strlen(name) + 1;
    GZ_TRY(gz_grow(&part->names, &part->names_capacity, part->names_bytes + bytes, 1));
    *at = part->names_bytes;
    memcpy(part->names + *at, name, bytes);
    part->names_bytes += bytes;
    return GAZE_OK;
}

static gaze_status add_file(gz_arena *arena, gz_folder_part *part, const char *class_name, const char *name,
                            int32_t label, gz_folder_bad *bad)
{
    char path[LONGEST_PATH];
    gz_folder_file file = {.label = label};
    const char *what;
    const int length = snprintf(path, sizeof path, "%s/%s/%s", part->path, class_name, name);
    if (length < 0 || length >= LONGEST_PATH)
        return gz_fail(GAZE_ERROR_DATA, "%s/%s: the path of an image is longer than %d bytes", part->path,
                       class_name, LONGEST_PATH - 1);
    const int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (descriptor < 0) return add_bad(arena, path, strerror(errno), bad);
    look_into(descriptor, &file, &what);
    close(descriptor);
    if (what) return add_bad(arena, path, what, bad);
    GZ_TRY(add_name(part, path + strlen(part->path) + 1, &file.name));
    GZ_TRY(gz_grow(&part->files, &part->file_capacity, part->count + 1, sizeof *part->files));
    part->files[part->count++] = file;
    return GAZE_OK;
}

gaze_status gz_folder_add_class(gz_arena *arena, gz_folder_part *part, const char *class_name, int32_t label,
                                gz_folder_bad *bad)
{
    struct dirent **entries;
    size_t count = 0;
    const char *path = gz_path_join(arena, part->path, class_name);
    if (!path) return GAZE_ERROR_DEVICE;
    GZ_TRY(scan(path, is_image, &entries, &count));
    gaze_status status = GAZE_OK;
    for (size_t i = 0; i < count && status == GAZE_OK; i++)
        status = add_file(arena, part, class_name, entries[i]->d_name, label, bad);
    free_entries(entries, count);
    if (status == GAZE_OK && count == 0)
        return gz_fail(GAZE_ERROR_DATA, "%s: holds no images (.jpg, .jpeg or .png)", path);
    return status;
}

static int by_value(const void *a, const void *b)
{
    const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

static gaze_status sort_probes(const gz_folder_part *part, uint64_t **probes)
{
    GZ_TRY(gz_allocate(part->count, sizeof **probes, probes));
    for (size_t i = 0; i < part->count; i++) (*probes)[i] = part->files[i].probe;
    qsort(*probes, part->count, sizeof **probes, by_value);
    return GAZE_OK;
}

static void mark_twins(gz_folder_part *part, const uint64_t *probes, size_t count)
{
    for (size_t i = 0; i < part->count; i++)
        part->files[i].twin = bsearch(&part->files[i].probe, probes, count, sizeof *probes, by_value) != NULL;
}

gaze_status gz_folder_find_twins(gz_folder_part *train, gz_folder_part *test)
{
    uint64_t *of_train = NULL, *of_test = NULL;
    gaze_status status;
    GZ_GO(sort_probes(train, &of_train));
    GZ_GO(sort_probes(test, &of_test));
    mark_twins(train, of_test, test->count);
    mark_twins(test, of_train, train->count);
done:
    free(of_train);
    free(of_test);
    return status;
}

void gz_folder_free(gz_folder_part *part)
{
    free(part->files);
    free(part->names);
    *part = (gz_folder_part){0};
}
