#ifndef GZ_API_DATA_H
#define GZ_API_DATA_H
#include "../data/data.h"

struct gaze_data {
    gz_arena *arena;
    gz_data_spec spec;
    gz_data *data;
};

#endif
