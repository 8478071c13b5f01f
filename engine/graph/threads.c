/* Is a graph so small that the host's threads have done its kernels before those of the driver are awake? */
#include "plan_parts.h"

#include <math.h>
#include <stdio.h>

/* Of one core: products a vector lane makes in a microsecond (two a cycle at some GHz, less what is lost),
   bytes that it moves in one, from memory or where all lie in the device's cache; LAUNCH_US for a launch. The
   driver's threads take WAKING_US for a launch to wake and to end together; the host's are awake, but UNEVEN
   of their time is lost, as they share launches in halves. Measured with PoCL on two cores (`gaze bench MODEL
   -b 1, 4, 16`; ms on the driver's threads and on the host's): 000 0.156 0.087, 0.485 0.316, 0.882 0.768;
   001-residual 0.267 0.192, 0.701 0.547, 2.293 2.145; 003 0.151 0.092, 0.280 0.200, 0.623 0.493; 002 0.242
   0.185, 0.383 0.285, 1.107 1.012; 004-text 0.148 0.079, 0.323 0.233, 0.981 0.765; 004-bilstm 0.187 0.122,
   0.311 0.211, 0.841 0.717; mha-block 2.6 2.6; of 64: 181 190. */
enum { FLOP_A_LANE = 6250, BYTES = 10000, CACHED_BYTES = 40000, WAKING_US = 12, LAUNCH_US = 1 };
static const double UNEVEN = 0.03;

static const char *const PLACES[] = {"threads of the driver", "threads of the host", NULL};
enum { DRIVER, HOST };

typedef struct work {
    double us, flop, bytes; /* us: of one core */
} work;

static work work_of(const gz_graph *graph, const gz_device_facts *facts)
{
    double from_memory = 0, from_cache = 0;
    work w = {0};
    for (size_t n = 0; n < graph->n_nodes; n++) {
        const gz_cost cost = gz_node_cost(graph->nodes[n]);
        const double arithmetic = cost.flop / (double)(FLOP_A_LANE * facts->vector_width);
        from_memory += LAUNCH_US + fmax(arithmetic, cost.bytes / BYTES);
        from_cache += LAUNCH_US + fmax(arithmetic, cost.bytes / CACHED_BYTES);
        w.flop += cost.flop;
        w.bytes += cost.bytes;
    }
    w.us = w.bytes <= (double)facts->cache_bytes ? from_cache : from_memory;
    return w;
}

static size_t usual_place(const gz_graph *graph, const gz_device_facts *facts, const work *w, size_t threads)
{
    const double won = (double)graph->n_nodes * WAKING_US, host = w->us / (double)threads,
                 driver = w->us / (double)facts->compute_units;
    return host * (1 + UNEVEN) - driver >= won ? DRIVER : HOST;
}

gaze_status gz_plan_find_device(gz_plan *plan, gz_device *device)
{
    char shape[120];
    size_t place;
    plan->device = device;
    if (!device || plan->options.isolate || plan->options.force_family) return GAZE_OK;
    const gz_device_facts *facts = gz_device_facts_of(device);
    const size_t threads = gz_device_hosted_threads(device);
    if (facts->family != GZ_FAMILY_CPU || facts->compute_units == 0 || threads == 0) return GAZE_OK;
    const work w = work_of(plan->graph, facts);
    const gz_candidates places = {PLACES, 1 << DRIVER | 1 << HOST,
                                  usual_place(plan->graph, facts, &w, threads)};
    snprintf(shape, sizeof shape, "of %zu ops, %.0f flop, %.0f bytes", plan->graph->n_nodes, w.flop, w.bytes);
    GZ_TRY(gz_plan_choose(plan, device, (gz_plan_choice){.op = "step", .candidates = places}, shape, &place));
    gz_device *hosted = place == HOST ? gz_device_hosted(device) : NULL;
    if (hosted) plan->device = hosted;
    return GAZE_OK;
}
