/* What op->prepare talks to: which device, which kernels, with which arguments, how much scratch memory.
   Errors stick: the first failed call is what gz_builder_status returns, later calls do nothing. So prepare
   reads top-down: check, choose, set arguments, launch. */
#ifndef GZ_BUILDER_H
#define GZ_BUILDER_H
#include "../device/device.h"
#include "choice.h"

typedef struct gz_launch gz_launch;

/* The device's facts: family, vector width, local memory, ... */
const gz_device_facts *gz_builder_device(const gz_builder *builder);

/* The kernel family to use: gz_builder_device()->family, unless verification forces another (GAZE_FAMILY). */
gz_family gz_builder_family(const gz_builder *builder);
bool gz_builder_is_gpu(
    const gz_builder *builder); /* gpu or intel, which takes gpu's kernels where it has none */

/* Has the tensor the same values in every run: is it a weight, a view of one, or made of weights alone
   (gz_tensor.stays, by launches given to gz_launch_packs), of a prediction? */
bool gz_builder_stays(const gz_builder *builder, const gz_tensor *tensor);

/* A launch of kernel `kernel` from cl/<stem>.cl built with "-D..." options (printf style, may be "").
   Arguments are set in order with gz_arg_*. Never NULL (a sticky error gives a launch that goes nowhere). */
gz_launch *gz_launch_add(gz_builder *builder, const char *stem, const char *kernel,
                         const char *options_format, ...) GZ_PRINTF(4, 5);

/* A library's call in place of a kernel: enqueues its work on `queue`. memory: of the tensors set by
   gz_arg_tensor, in order. Gives an OpenCL error code; event: NULL, or where the event of its end goes.
   `bytes` of `state` are copied. */
typedef cl_int gz_call(const void *state, cl_command_queue queue, const cl_mem *memory, cl_event *event);
gz_launch *gz_call_add(gz_builder *builder, const char *library, gz_call *call, const void *state,
                       size_t bytes);

/* Which candidate makes the node's op? At most once a node. The shape: all that the kernels' time depends on,
   printf style. */
size_t gz_builder_choose(gz_builder *builder, gz_candidates candidates, const char *shape_format, ...)
    GZ_PRINTF(3, 4);
/* Can it be another than the usual one? Else what takes time to find out about candidates can be left. */
bool gz_builder_chooses(gz_builder *builder);

/* All that this launch writes is scratch of gz_scratch_packed for the same source: while the source stays, it
   runs once after weights are loaded instead of in every run, as all launches of a node do whose output
   stays. */
void gz_launch_packs(gz_launch *launch, const gz_tensor *source);

void gz_arg_tensor(gz_launch *launch, const gz_tensor *tensor); /* NULL tensor: a null pointer argument */
void gz_arg_int(gz_launch *launch, size_t value); /* int in the kernel; too large sticks as an error */
void gz_arg_signed(gz_launch *launch, int value);
void gz_arg_ulong(gz_launch *launch, size_t value);
void gz_arg_float(gz_launch *launch, double value);
void gz_arg_local(gz_launch *launch, size_t bytes);

/* Global sizes in work-groups times group size; the group size is given. (1,1,1) groups: one item a group. */
void gz_launch_groups(gz_launch *launch, size_t groups_x, size_t groups_y, size_t groups_z, size_t group_x,
                      size_t group_y, size_t group_z);
/* The group of gz_launch_groups may be halved until the built kernel allows it: the kernel asks for its size.
 */
void gz_launch_may_shrink(gz_launch *launch);
/* At least `items` work-items in x, rounded up; the group size is chosen for the device (1 for the cpu
 * family). Kernels guard. */
void gz_launch_items(gz_launch *launch, size_t items);

/* The amplification of the sum limit by this variant (Winograd F(2,3): 8, F(4,3): 128), kept for
 * verification. */
void gz_builder_amplification(gz_builder *builder, double amplification);

/* A float tensor that only this node's launches see: live during the node. */
gz_tensor *gz_scratch(gz_builder *builder, size_t n_floats);
/* For what is made of `source` alone, by launches given to gz_launch_packs: while the source stays, it lives
   as long as the plan. */
gz_tensor *gz_scratch_packed(gz_builder *builder, const gz_tensor *source, size_t n_floats);

/* An error found by prepare itself. */
gaze_status gz_builder_fail(gz_builder *builder, gaze_status status);
gaze_status gz_builder_status(const gz_builder *builder);

#endif
