/* Is a graph so small that its kernels are done sooner by one thread than others are awake? */
#include "plan_parts.h"

#include <math.h>

/* Of one core: products a vector lane makes in a microsecond (two a cycle at some GHz, less what is lost),
   bytes that it moves in one, from memory or where all lie in the device's cache. A cpu's threads take about
   WAKING_US to start and end together, by this measure, a launch LAUNCH_US. Measured with PoCL on two cores
   (`gaze bench MODEL -b 1, 2`; ms on all threads and on one): 000 0.156 0.137, 0.235 0.269; 001-baseline
   0.081 0.059, 0.114 0.106; 001-spatial 0.216 0.196, 0.312 0.345; 001-residual 0.267 0.283, 0.419 0.532; 002
   0.242 0.202, 0.283 0.268; 003 0.151 0.127, 0.240 0.247; 004-text 0.148 0.105, 0.202 0.195; 004-bilstm 0.187
   0.127, 0.233 0.181. */
enum { FLOP_A_LANE = 6250, BYTES = 10000, CACHED_BYTES = 40000, WAKING_US = 240, LAUNCH_US = 1 };

static double microseconds(const gz_graph *graph, const gz_device_facts *facts)
{
    double from_memory = 0, from_cache = 0, touched = 0;
    for (size_t n = 0; n < graph->n_nodes; n++) {
        const gz_cost cost = graph->nodes[n]->op->cost(graph->nodes[n]);
        const double arithmetic = cost.flop / (double)(FLOP_A_LANE * facts->vector_width);
        from_memory += LAUNCH_US + fmax(arithmetic, cost.bytes / BYTES);
        from_cache += LAUNCH_US + fmax(arithmetic, cost.bytes / CACHED_BYTES);
        touched += cost.bytes;
    }
    return touched <= (double)facts->cache_bytes ? from_cache : from_memory;
}

gz_device *gz_plan_device(gz_device *device, const gz_graph *graph, const gz_plan_options *options)
{
    if (!device || options->isolate || options->force_family) return device;
    const gz_device_facts *facts = gz_device_facts_of(device);
    if (facts->family != GZ_FAMILY_CPU || facts->compute_units == 0) return device;
    const double alone = microseconds(graph, facts);
    if (alone - alone / (double)facts->compute_units > WAKING_US) return device;
    gz_device *solo = gz_device_solo(device);
    return solo ? solo : device;
}
