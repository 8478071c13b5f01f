/* What folder.c and folder_open.c share. */
#ifndef GZ_DATA_FOLDER_H
#define GZ_DATA_FOLDER_H
#include "folder_list.h"
#include "resize.h"

#include <pthread.h>

enum { GZ_BAD_MESSAGE = 512 };

/* Damaged files: those that opening found, and those found when they were decoded, each counted once. */
typedef struct gz_found_bad {
    pthread_mutex_t mutex;
    unsigned char *known[GZ_N_PARTS]; /* [count] */
    size_t count;
    char first[GZ_BAD_MESSAGE];
} gz_found_bad;

/* The state of the data. */
typedef struct gz_folder {
    gz_folder_part parts[GZ_N_PARTS];
    gz_sample_size size;
    float table[256]; /* bytes as floats */
    bool skip_bad;
    gz_found_bad *bad; /* changes while samples are fetched */
} gz_folder;

gaze_status gz_folder_open(const gz_data_spec *spec, const gz_data_need *need, gz_data *data);

#endif
