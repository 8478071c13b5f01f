/* Is a graph so small that its kernels are done sooner by one thread than others are awake? */
#include "plan_parts.h"

/* Of one core: products a vector lane makes in a microsecond (two a cycle at some GHz, less what is lost),
   bytes that it moves in one. A cpu's threads take about WAKING_US to start and end together, a launch
   LAUNCH_US. Measured with PoCL on two cores (`gaze bench MODEL -b 1, 2, 4, 8`; ms on all threads and on
   one): 000 0.23 0.17, 0.33 0.33, 0.35 0.41, 0.51 0.80; 002 0.28 0.20, 0.39 0.27, 0.47 0.51, 1.10 1.03; 003
   0.21 0.14, 0.30 0.26, 0.41 0.47, 0.54 0.61; 004-text 0.19 0.11, 0.23 0.21, 0.36 0.41, 0.58 0.80. */
enum { FLOP_A_LANE = 6250, BYTES = 10000, WAKING_US = 175, LAUNCH_US = 1 };

static double microseconds(const gz_graph *graph, size_t width)
{
    double sum = 0;
    for (size_t n = 0; n < graph->n_nodes; n++) {
        const gz_cost cost = graph->nodes[n]->op->cost(graph->nodes[n]);
        const double arithmetic = cost.flop / (double)(FLOP_A_LANE * width), memory = cost.bytes / BYTES;
        sum += LAUNCH_US + (arithmetic > memory ? arithmetic : memory);
    }
    return sum;
}

gz_device *gz_plan_device(gz_device *device, const gz_graph *graph, const gz_plan_options *options)
{
    if (!device || options->isolate || options->force_family) return device;
    const gz_device_facts *facts = gz_device_facts_of(device);
    if (facts->family != GZ_FAMILY_CPU || facts->compute_units == 0) return device;
    const double alone = microseconds(graph, facts->vector_width);
    if (alone - alone / (double)facts->compute_units > WAKING_US) return device;
    gz_device *solo = gz_device_solo(device);
    return solo ? solo : device;
}
