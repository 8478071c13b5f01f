/* safetensors (github.com/huggingface/safetensors, format.md): 8 bytes header size, JSON header, data.
   Little-endian. Read: F32, F64, F16, BF16, I32, I64, U8. Written: F32 and I32. Checked before memory is
   taken: header size <= 100 MB, offsets inside the file, no gaps, no overlaps, size = product of the shape.
 */
#ifndef GZ_SAFETENSORS_H
#define GZ_SAFETENSORS_H
#include "../base/file.h"

typedef struct gz_safetensors {
    gz_arena *arena;
    gaze_array *arrays;       /* in the order of their offsets; names and data belong to the arena */
    const char *const *types; /* as stored: "U8", ... */
    size_t count;
    const char *const *metadata; /* key, value, key, value, ..., NULL */
} gz_safetensors;
gaze_status gz_safetensors_read(const char *path, gz_safetensors *file);
void gz_safetensors_free(gz_safetensors *file);
const gaze_array *gz_safetensors_find(const gz_safetensors *file, const char *name);

/* metadata: key, value, ..., NULL; or NULL. Complete or not at all (gz_writer). */
gaze_status gz_safetensors_write(const char *path, const gaze_array *arrays, size_t count,
                                 const char *const *metadata);

#endif
