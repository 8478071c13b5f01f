/* The values that outlive a run: parameters, their gradients, optimizer moments (slabs of one layout), and
   other state. Shared by all plans of a model (one a batch size, one for prediction, one for training). Host
   copies are float32. */
#ifndef GZ_STORE_H
#define GZ_STORE_H
#include "graph.h"
#include "../device/device.h"

typedef struct gz_store gz_store;

/* device NULL: the reference mode (values are kept as double on the host). */
gaze_status gz_store_create(gz_device *device, gz_store **out);
void gz_store_destroy(gz_store *store); /* NULL is fine */

/* Declares a value by its name before gz_store_allocate. Declaring it again with the same shape is fine; with
 * another, an error. */
gaze_status gz_store_declare(gz_store *store, const char *name, gz_role role, gz_shape shape);

/* One slab for the parameters; with `training` one more for gradients and `moments` for the optimizer.
 * Zeroed. */
gaze_status gz_store_allocate(gz_store *store, bool training, size_t moments);

/* gz_store_bytes then tells what that would take; nothing is taken. */
gaze_status gz_store_expect(gz_store *store, bool training, size_t moments);

size_t gz_store_count(const gz_store *store);
typedef struct gz_store_entry {
    const char *name;
    gz_role role; /* GZ_PARAMETER or GZ_STATE */
    gz_shape shape;
    size_t offset; /* in floats, in the parameter slab or the state slab */
} gz_store_entry;
const gz_store_entry *gz_store_at(const gz_store *store, size_t i);
const gz_store_entry *gz_store_find(const gz_store *store, const char *name); /* NULL if there is none */

/* Slabs: floats in all (with the padding between tensors, which stays zero). */
typedef enum gz_slab {
    GZ_SLAB_PARAMETER,
    GZ_SLAB_STATE,
    GZ_SLAB_GRADIENT,
    GZ_SLAB_MOMENT
} gz_slab; /* moment i: GZ_SLAB_MOMENT + i */
size_t gz_store_slab_floats(const gz_store *store, gz_slab slab);
cl_mem gz_store_memory(const gz_store *store, gz_slab slab);
double *gz_store_host(const gz_store *store, gz_slab slab); /* reference mode */

/* `count` floats from `offset` of a slab, to and from the host. Blocking. */
gaze_status gz_store_read(const gz_store *store, gz_slab slab, size_t offset, float *values, size_t count);
gaze_status gz_store_write(gz_store *store, gz_slab slab, size_t offset, const float *values, size_t count);

/* Zeros in a whole slab; nothing where the store hasn't got it. */
gaze_status gz_store_clear(gz_store *store, gz_slab slab);

/* Bytes of all slabs on the device. */
size_t gz_store_bytes(const gz_store *store);

/* Raised by every change of the parameters (gz_store_write, a plan that trains), so that plans know to pack
 * again. */
size_t gz_store_version(const gz_store *store);
void gz_store_touch(gz_store *store);

#endif
