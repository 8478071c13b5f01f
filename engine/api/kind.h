/* What kind.c, kind_build.c and kind_ops.c share: the struct behind gaze_builder. */
#ifndef GZ_KIND_H
#define GZ_KIND_H
#include "api.h"

struct gaze_builder {
    gz_build *build;
    const gz_layer *layer;
    const char *kind;
    const gz_flow *in; /* [n_in], those from "mask" at the end */
    size_t n_in;
};

#endif
