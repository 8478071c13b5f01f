/* NumPy's .npy, versions 1 to 3, little-endian, C order: <f4 <f8 <i4 <i8 |u1 |b1 are read (as float32 or
 * int32); <f4 and <i4 written. */
#ifndef GZ_NPY_H
#define GZ_NPY_H
#include "../base/file.h"

/* Is it an .npy file, by its first bytes? */
gaze_status gz_npy_recognize(const char *path, bool *is_npy);
/* free() array->data. array->name is left alone. f8 becomes float32; i8 becomes int32 (out of range is an
 * error); u1, b1 int32. */
gaze_status gz_npy_read(const char *path, gaze_array *array);
gaze_status gz_npy_write(const char *path, const gaze_array *array);

/* Header only: dtype, rank, shape and where the data begins. For large files that are read in pieces. */
typedef struct gz_npy_header {
    char type[4]; /* "<f4" ... */
    size_t item_bytes, data_offset;
    gaze_array array; /* dtype (as it would be read), rank, shape; data NULL */
} gz_npy_header;
/* bytes: the file's beginning, at least its whole header. */
gaze_status gz_npy_parse(const char *path, const char *bytes, size_t size, gz_npy_header *header);
/* The whole file, its size checked against its header: items from *bytes + header->data_offset on; free()
 * *bytes. */
gaze_status gz_npy_load(const char *path, gz_npy_header *header, char **bytes, size_t *size);
/* Converts `count` items from `source` (type as in the header) to 4-byte float or int32. `first` is for
 * messages. */
gaze_status gz_npy_convert(const char *path, const gz_npy_header *header, const void *source, size_t first,
                           size_t count, void *out);

#endif
