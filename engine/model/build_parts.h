/* What build.c and build_maps.c share: a model that is being built. */
#ifndef GZ_BUILD_PARTS_H
#define GZ_BUILD_PARTS_H
#include "build.h"

typedef struct gz_named_state { /* what a layer gives beside its output */
    const char *name;           /* "<layer>/<part>" */
    gz_tensor *value;
} gz_named_state;

struct gz_build {
    const gz_model *model;
    const gz_build_options *options;
    gz_built *built;
    gz_flow *flows; /* inputs, then layers */
    gz_named_state *states;
    size_t n_states, weights_capacity, maps_capacity, states_capacity, draws_capacity;
};

/* Every map that is asked for is one of the model's. */
gaze_status gz_build_check_maps(const gz_build *build);

#endif
