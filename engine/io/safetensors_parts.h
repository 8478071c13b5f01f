/* A safetensors file while it is read: what safetensors.c and safetensors_entries.c share. */
#ifndef GZ_SAFETENSORS_PARTS_H
#define GZ_SAFETENSORS_PARTS_H
#include "safetensors.h"
#include "json_text.h"
#include "number.h"

#include <stdio.h>

typedef struct gz_tensor_entry {
    const char *name;
    gz_number type;
    size_t begin, end; /* in the data */
    size_t rank, shape[GAZE_MAX_RANK];
} gz_tensor_entry;

typedef struct gz_tensor_file {
    const char *path;
    FILE *file;
    size_t header_bytes, data_bytes;
    char *header;
    cJSON *root;
    gz_tensor_entry *entries;
    size_t count;
} gz_tensor_file;

/* The entries of the header, in the order of their data, which they cover without gaps; names are checked
 * too. */
gaze_status gz_safetensors_entries(gz_tensor_file *file);
const char *gz_safetensors_type(gz_number type); /* "F32" */

#endif
