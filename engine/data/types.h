/* What data.c and the types of data share. */
#ifndef GZ_DATA_TYPES_H
#define GZ_DATA_TYPES_H
#include "data.h"

extern const gz_data_type gz_data_idx, gz_data_cifar10, gz_data_csv, gz_data_folder, gz_data_memory,
    gz_data_npy, gz_data_safetensors, gz_data_synthetic;

enum { GZ_N_PARTS = 2 };

/* What the bytes 0..255 are as floats: "0..1" (NULL: this), "-1..1", "none". */
gaze_status gz_scale_table(gz_arena *arena, const char *scale, float table[256]);

/* "[28,28,1]" of `rank` dimensions, "?" for open ones, behind "samples," where `samples` is set; "" when
 * memory is out. */
const char *gz_array_shape_text(gz_arena *arena, size_t rank, const size_t *shape, bool samples);

/* "a, b or c" of a NULL-terminated list. */
const char *gz_list_text(gz_arena *arena, const char *const *words);

/* The error of a label that is none of 0..n_classes-1: `place` is the file. */
gaze_status gz_label_refuse(const char *place, size_t sample, int64_t label, size_t n_classes);

#endif
