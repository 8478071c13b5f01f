/* Values that are known without running the model: initializers, and what is computed from them and from
   shapes. */
#ifndef GZ_ONNX_CONSTANT_H
#define GZ_ONNX_CONSTANT_H
#include "proto.h"

enum { GZ_ONNX_RANK = 8 };

/* Either floats or whole numbers (of any ONNX type; booleans are 0 and 1). Where `uniform` is set, one
   element stands for all: dimensions may then be as large as they like. */
typedef struct gz_constant {
    size_t rank, dim[GZ_ONNX_RANK];
    bool uniform;
    bool narrow; /* it was bfloat16: what is made like it would be rounded */
    float *f;    /* or NULL: */
    int64_t *i;  /* one of the two */
} gz_constant;

/* Elements that are stored: 1 of a uniform one. The constant was checked when it was made. */
size_t gz_constant_stored(const gz_constant *c);
size_t gz_constant_count(const gz_constant *c); /* SIZE_MAX where it doesn't fit */
double gz_constant_at(const gz_constant *c, size_t index);
void gz_constant_set(gz_constant *c, size_t index, double value);

/* A new constant of this type and shape, zeros. `limit`: elements that may be taken at most; the message is
 * about those. */
gaze_status gz_constant_make(gz_arena *arena, bool whole, size_t rank, const size_t *dim, size_t limit,
                             gz_constant **out);
gaze_status gz_constant_uniform(gz_arena *arena, bool whole, size_t rank, const size_t *dim, double value,
                                gz_constant **out);

/* Have all elements one value? */
bool gz_constant_is_uniform(const gz_constant *c, double *value);

/* Element i of the result is element `first` + sum of its indices times `step` of c. A result of more than
   `limit` elements fails. */
gaze_status gz_constant_pick(gz_arena *arena, const gz_constant *c, size_t rank, const size_t *dim,
                             const ptrdiff_t *step, size_t first, size_t limit, gz_constant **out);
/* Steps from element to element along each axis. */
void gz_constant_steps(const gz_constant *c, ptrdiff_t step[GZ_ONNX_RANK]);

/* An initializer or an attribute's tensor. External data are read from the folder of `path` alone. */
gaze_status gz_constant_read(gz_arena *arena, const char *path, const Onnx__TensorProto *tensor,
                             gz_constant **out);
/* external.c: `size` bytes of a tensor whose data lie in another file. */
gaze_status gz_external_read(gz_arena *arena, const char *path, const Onnx__TensorProto *tensor, size_t size,
                             const uint8_t **bytes);

#endif
