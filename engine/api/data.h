#ifndef GZ_API_DATA_H
#define GZ_API_DATA_H
#include "../data/data.h"

struct gaze_data {
    gz_arena *arena;
    gz_data_spec spec;
    gz_data *data;
    size_t bad; /* damaged samples that the log has told of */
};

/* Tells the log of damaged samples that were left out since the last call. */
void gz_api_log_bad(const gaze_context *context, gaze_data *data);

#endif
