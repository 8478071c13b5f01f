#include "peak.h"
#include "../base/clock.h"

enum {
    CHAINS = 12,    /* as in peak.cl */
    ROUNDS = 40000, /* of the cpu kernel: some milliseconds */
    PLAIN_ROUNDS = 4000,
    CPU_ITEMS_PER_UNIT = 4,
    PLAIN_GROUPS_PER_UNIT = 32,
    COPY_BYTES = 96 << 20,   /* read and written: past the last cache */
    CPU_COPY_FLOATS = 65536, /* by one item */
};

typedef struct ceiling {
    gz_device *device;
    cl_kernel kernel;
    size_t groups, group;
    double work; /* of a launch: FLOP or bytes */
} ceiling;

static gaze_status launch(const ceiling *c)
{
    const size_t global = c->groups * c->group;
    GZ_TRY(gz_device_turn(c->device));
    GZ_TRY(gz_cl_check(clEnqueueNDRangeKernel(gz_device_queue(c->device), c->kernel, 1, NULL, &global,
                                              &c->group, 0, NULL, NULL),
                       "clEnqueueNDRangeKernel of peak.cl over %zu in groups of %zu", global, c->group));
    return gz_device_finish(c->device);
}

/* Best rate in work per nanosecond. */
static gaze_status best_rate(const ceiling *c, double seconds, double *rate)
{
    GZ_TRY(launch(c));
    const double begin = gz_seconds();
    *rate = 0;
    do {
        const double start = gz_seconds();
        GZ_TRY(launch(c));
        const double now = c->work / (gz_seconds() - start) * 1e-9;
        if (now > *rate) *rate = now;
    } while (gz_seconds() - begin < seconds);
    return GAZE_OK;
}

static gaze_status set(cl_kernel kernel, cl_uint index, size_t bytes, const void *value)
{
    return gz_cl_check(clSetKernelArg(kernel, index, bytes, value), "clSetKernelArg %u of peak.cl", index);
}

static bool is_cpu(const gz_device_facts *facts) { return facts->family == GZ_FAMILY_CPU; }

static size_t plain_group(const gz_device_facts *facts)
{
    size_t group = 64;
    while (group > facts->max_group && group > 1) group /= 2;
    return group;
}

static gaze_status measure_gflops(gz_device *device, double seconds, double *gflops)
{
    const gz_device_facts *facts = gz_device_facts_of(device);
    const bool cpu = is_cpu(facts);
    const cl_int rounds = cpu ? ROUNDS : PLAIN_ROUNDS;
    ceiling c = {.device = device, .group = cpu ? 1 : plain_group(facts)};
    c.groups = facts->compute_units * (cpu ? CPU_ITEMS_PER_UNIT : PLAIN_GROUPS_PER_UNIT);
    const size_t items = c.groups * c.group, width = cpu ? facts->vector_width : 1;
    c.work = 2.0 * CHAINS * rounds * (double)items * (double)width;
    cl_mem out = NULL;
    gaze_status status;
    GZ_GO(gz_device_kernel(device, "peak", cpu ? "gaze_peak" : "gaze_peak_plain", "", &c.kernel));
    GZ_GO(gz_device_allocate(device, items * sizeof(float), &out));
    GZ_GO(set(c.kernel, 0, sizeof out, &out));
    GZ_GO(set(c.kernel, 1, sizeof rounds, &rounds));
    GZ_GO(best_rate(&c, seconds, gflops));
done:
    gz_device_release(device, out);
    if (c.kernel) clReleaseKernel(c.kernel);
    return status;
}

static gaze_status measure_copy(gz_device *device, double seconds, double *gbytes)
{
    const gz_device_facts *facts = gz_device_facts_of(device);
    const bool cpu = is_cpu(facts);
    ceiling c = {.device = device, .group = cpu ? 1 : plain_group(facts), .work = COPY_BYTES};
    const size_t floats = COPY_BYTES / 2 / sizeof(float);
    c.groups = floats / (cpu ? CPU_COPY_FLOATS : 4 * c.group);
    cl_mem from = NULL, to = NULL;
    const cl_int n = CPU_COPY_FLOATS;
    gaze_status status;
    GZ_GO(gz_device_kernel(device, "peak", cpu ? "gaze_copy" : "gaze_copy_plain", "", &c.kernel));
    GZ_GO(gz_device_allocate(device, floats * sizeof(float), &from));
    GZ_GO(gz_device_allocate(device, floats * sizeof(float), &to));
    GZ_GO(set(c.kernel, 0, sizeof from, &from));
    GZ_GO(set(c.kernel, 1, sizeof to, &to));
    if (cpu) GZ_GO(set(c.kernel, 2, sizeof n, &n));
    GZ_GO(best_rate(&c, seconds, gbytes));
done:
    gz_device_release(device, from);
    gz_device_release(device, to);
    if (c.kernel) clReleaseKernel(c.kernel);
    return status;
}

gaze_status gz_peak_measure(gz_device *device, double seconds, gz_peak *peak)
{
    GZ_TRY(measure_gflops(device, seconds / 2, &peak->gflops));
    return gz_fail_context(measure_copy(device, seconds / 2, &peak->copy_gbytes),
                           "measuring the device's ceilings");
}
