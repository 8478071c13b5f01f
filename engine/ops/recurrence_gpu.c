#include "recurrence_gpu.h"
#include "dense.h"

enum { MOST_SAMPLES = 4 }; /* 8 spill registers on AMD's, NVIDIA's and Intel's GPUs */
/* More weights than one unit reads in the time of a launch: then a launch a step, which all units share. */
enum { MANY_WEIGHTS = 512 * 1024 / sizeof(float), STEP_UNITS = 64, MOST_LAUNCHES = 1024 };

/* Floating point operations that one unit of a slow GPU does in 200 ms */
static const double launch_flop = 2e9;

static size_t least(size_t a, size_t b) { return a < b ? a : b; }

static bool is_step_by_step(gz_recurrence_size size, size_t steps)
{
    return size.G * size.U * size.U > MANY_WEIGHTS && steps <= MOST_LAUNCHES;
}

/* As few samples as keep all units busy; all that there are, where units of the layer keep them busy. */
static size_t samples_of(const gz_builder *builder, gz_recurrence_size size, bool step_by_step)
{
    const size_t units = gz_builder_device(builder)->compute_units;
    size_t samples = 1;
    while (samples < MOST_SAMPLES && samples < size.B && (step_by_step || samples * units < size.B))
        samples *= 2;
    return samples;
}

bool gz_recurrence_share_of(const gz_builder *builder, gz_recurrence_kind kind, gz_recurrence_size size,
                            size_t vectors, size_t steps, gz_recurrence_share *share)
{
    const gz_device_facts *facts = gz_builder_device(builder);
    const bool step_by_step = is_step_by_step(size, steps);
    const size_t bytes = vectors * size.U * sizeof(float);
    if (!gz_builder_is_gpu(builder) || kind == GZ_GRU_RESET_BEFORE || bytes > facts->local_bytes)
        return false;
    size_t samples = samples_of(builder, size, step_by_step);
    while (samples * bytes > facts->local_bytes) samples /= 2;
    const double flop = 2 * (double)(samples * size.G * size.U) * (double)size.U;
    *share =
        (gz_recurrence_share){.samples = samples,
                              .units = step_by_step ? STEP_UNITS : size.U,
                              .steps = step_by_step || flop > launch_flop ? 1 : (size_t)(launch_flop / flop)};
    share->lanes = least(least(gz_round_up(share->units, 32), 256), facts->max_group);
    return true;
}

gz_launch *gz_recurrence_gpu_launch(gz_builder *builder, const char *stem, const char *kernel,
                                    gz_recurrence_size size, gz_recurrence_share share)
{
    gz_launch *launch =
        gz_launch_add(builder, stem, kernel, "-DGATES=%zu -DSAMPLES=%zu", size.G, share.samples);
    gz_launch_groups(launch, gz_groups(size.B, share.samples), gz_groups(size.U, share.units), 1, share.lanes,
                     1, 1);
    return launch;
}

const gz_tensor *gz_recurrence_turn_gpu(gz_builder *builder, const gz_tensor *kernel, gz_recurrence_size size,
                                        gz_recurrence_share share)
{
    const size_t count = size.G * size.U * size.U;
    const gz_tensor *turned = gz_scratch_packed(builder, kernel, count);
    gz_launch *launch =
        gz_recurrence_gpu_launch(builder, "recurrence_gradient_gpu", "recurrence_turn_gpu", size, share);
    gz_launch_packs(launch, kernel);
    gz_arg_tensor(launch, kernel);
    gz_arg_tensor(launch, turned);
    gz_arg_int(launch, size.U);
    gz_arg_int(launch, size.G * size.U);
    gz_launch_items(launch, count);
    return turned;
}
