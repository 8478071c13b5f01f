/* Samples that lie in memory as arrays: what the types npy and safetensors share. */
#ifndef GZ_DATA_ARRAYS_H
#define GZ_DATA_ARRAYS_H
#include "../io/number.h"
#include "types.h"

/* One array of one part: [samples, ...]. */
typedef struct gz_column {
    const char *place; /* the file, or the file and the tensor, for messages; NULL: there is no such array */
    gz_number type;    /* as held: F32, I32 or U8 */
    bool bytes;        /* stored as unsigned bytes: scaled where floats are wanted */
    size_t rank, shape[GAZE_MAX_RANK];
    const void *items;
    void *owned; /* free(); NULL where somebody else does */
} gz_column;

typedef struct gz_columns {
    size_t count;
    gz_column *inputs; /* one for each input, in the arena of the data; NULL: there is no such part */
    gz_column label;
} gz_columns;

/* The state of the data. */
typedef struct gz_arrays {
    gz_columns parts[GZ_N_PARTS];
    gz_arena *arenas[GZ_N_PARTS]; /* of files that hold the items; NULL: none */
    size_t n_inputs, label_count;
    size_t *values;     /* of each input in a sample */
    gaze_dtype *dtypes; /* of each input as wanted */
    float table[256];   /* bytes as floats */
} gz_arrays;

/* Makes the state, and room for the columns of the training part, and of the test part if there is one. */
gaze_status gz_arrays_create(const gz_data_spec *spec, bool has_test, gz_data *data, gz_arrays **out);

/* Once the columns are there: checks them against the need and each other, and completes `data` but for its
 * hash. */
gaze_status gz_arrays_complete(const gz_data_need *need, gz_data *data);

/* For the tables of the types. */
void gz_arrays_close(void *state);
size_t gz_arrays_count(const void *state, gz_part part);
gaze_status gz_arrays_fetch(const void *state, gz_part part, size_t index, void *const *inputs,
                            int32_t *label);
uint64_t gz_arrays_sample_hash(const void *state, gz_part part, size_t index);

#endif
