#include "plan_parts.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static bool updates_store(const gz_graph *graph)
{
    for (size_t n = 0; n < graph->n_nodes; n++)
        if (graph->nodes[n]->op->updates) return true;
    return false;
}

/* The seed of every gradient, and other ones. */
static gaze_status fill_constants(gz_plan *plan)
{
    for (size_t i = 0; i < plan->graph->n_tensors; i++) {
        const gz_tensor *tensor = plan->graph->tensors[i];
        if (tensor->role != GZ_INPUT || tensor->view || strcmp(tensor->name, GZ_CONSTANT_ONE)) continue;
        const size_t count = gz_shape_count(tensor->shape);
        const float one = 1;
        uint32_t *ones, bits = 1;
        if (tensor->dtype == GZ_F32) memcpy(&bits, &one, sizeof bits);
        GZ_TRY(gz_allocate(count, sizeof *ones, &ones));
        for (size_t k = 0; k < count; k++) ones[k] = bits;
        const gaze_status status = gz_plan_write(plan, tensor, ones);
        free(ones);
        GZ_TRY(status);
    }
    return GAZE_OK;
}

static gaze_status build(gz_plan *plan, gz_device *device)
{
    GZ_TRY(gz_arena_create(&plan->arena));
    GZ_TRY(gz_plan_find_device(plan, device));
    GZ_TRY(gz_allocate(plan->graph->n_nodes, sizeof *plan->amplification, &plan->amplification));
    if (plan->device) GZ_TRY(gz_plan_prepare(plan));
    GZ_TRY(gz_plan_place(plan));
    if (plan->options.dry) return plan->device ? gz_plan_check_fits(plan) : GAZE_OK;
    if (plan->device)
        GZ_TRY(gz_plan_bind(plan));
    else
        GZ_TRY(gz_plan_bind_reference(plan));
    if (plan->options.isolate) GZ_TRY(gz_plan_poison(plan, NAN));
    return fill_constants(plan);
}

gaze_status gz_plan_create(gz_device *device, gz_graph *graph, gz_store *store,
                           const gz_plan_options *options, gz_plan **out)
{
    gz_plan *plan;
    GZ_TRY(gz_allocate(1, sizeof *plan, &plan));
    if (options) plan->options = *options;
    plan->graph = graph;
    plan->store = store;
    plan->family = device ? gz_device_facts_of(device)->family : GZ_FAMILY_PLAIN;
    if (plan->options.force_family) plan->family = *plan->options.force_family;
    plan->packed_version = SIZE_MAX;
    plan->trains = store && updates_store(graph);
    const gaze_status status = build(plan, device);
    if (status == GAZE_OK)
        *out = plan;
    else
        gz_plan_destroy(plan);
    return status;
}

void gz_plan_destroy(gz_plan *plan)
{
    if (!plan) return;
    if (plan->device)
        gz_plan_unbind(plan);
    else
        gz_plan_unbind_reference(plan);
    free(plan->placements);
    free(plan->blocks);
    free(plan->buffer_bytes);
    free(plan->amplification);
    free(plan->listing);
    free(plan->choices);
    free(plan->timings);
    gz_moments_free(&plan->moments);
    free(plan->launches);
    free(plan->scratch);
    gz_arena_destroy(plan->arena);
    free(plan);
}

gz_device *gz_plan_runs_on(const gz_plan *plan) { return plan->device; }

double gz_plan_amplification(const gz_plan *plan, const gz_node *node)
{
    for (size_t n = 0; n < plan->graph->n_nodes; n++)
        if (plan->graph->nodes[n] == node && plan->amplification[n] > 0) return plan->amplification[n];
    return 1;
}

gaze_status gz_plan_launches(gz_plan *plan, const gz_plan_launch **list, size_t *count)
{
    if (!plan->timings) GZ_TRY(gz_allocate(plan->n_launches, sizeof *plan->timings, &plan->timings));
    if (plan->device && plan->options.profile) GZ_TRY(gz_device_finish(plan->device));
    for (size_t i = 0; i < plan->n_launches; i++) {
        const gz_launch *launch = plan->launches[i];
        plan->timings[i] = (gz_plan_launch){
            launch->node, launch->stem, launch->kernel_name, launch->options, 0, launch->packing, {0}};
        gz_command_times *times = &plan->timings[i].times;
        *times = launch->times;
        if (launch->event)
            GZ_TRY(gz_cl_check(gz_event_times(launch->event, times), "clGetEventProfilingInfo of %s",
                               launch->kernel_name));
        plan->timings[i].ns = (double)(times->end - times->start);
    }
    *list = plan->timings;
    *count = plan->n_launches;
    return GAZE_OK;
}
