/* What a folder of images holds, without decoding any. */
#ifndef GZ_DATA_FOLDER_LIST_H
#define GZ_DATA_FOLDER_LIST_H
#include "types.h"

typedef struct gz_folder_file {
    size_t name;          /* "class/file": where it begins in names */
    uint64_t size, probe; /* probe: hash of the size and a few bytes from the middle */
    int32_t label;
    bool twin; /* a file of the other part has the same probe */
} gz_folder_file;

typedef struct gz_folder_part {
    const char *path; /* NULL: there is no such part */
    gz_folder_file *files;
    char *names;
    size_t count, file_capacity, names_bytes, names_capacity;
} gz_folder_part;

/* Files that are no images by their first bytes. */
typedef struct gz_folder_bad {
    size_t count;
    const char *first; /* the message about the first one; in the arena */
} gz_folder_bad;

/* The folders in `path`, hidden ones apart, sorted; NULL-terminated, in the arena. */
gaze_status gz_folder_classes(gz_arena *arena, const char *path, const char ***names, size_t *count);

/* Appends the class's images (.jpg, .jpeg, .png in any case), sorted by name. *bad goes on counting. */
gaze_status gz_folder_add_class(gz_arena *arena, gz_folder_part *part, const char *class_name, int32_t label,
                                gz_folder_bad *bad);

/* Finds the twins of two parts. */
gaze_status gz_folder_find_twins(gz_folder_part *train, gz_folder_part *test);

void gz_folder_free(gz_folder_part *part);

#endif
