#include "plan_parts.h"
#include "../base/clock.h"

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

static gaze_status build(gz_plan *plan)
{
    GZ_TRY(gz_arena_create(&plan->arena));
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
    plan->device = gz_plan_device(device, graph, &plan->options);
    plan->graph = graph;
    plan->store = store;
    plan->family = device ? gz_device_facts_of(device)->family : GZ_FAMILY_PLAIN;
    if (plan->options.force_family) plan->family = *plan->options.force_family;
    plan->packed_version = SIZE_MAX;
    plan->trains = store && updates_store(graph);
    const gaze_status status = build(plan);
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
    free(plan->timings);
    gz_moments_free(&plan->moments);
    free(plan->launches);
    free(plan->scratch);
    gz_arena_destroy(plan->arena);
    free(plan);
}

gz_device *gz_plan_runs_on(const gz_plan *plan) { return plan->device; }

static void to_double(const gz_tensor *tensor, const void *values, double *out)
{
    const size_t count = gz_shape_count(tensor->shape);
    for (size_t i = 0; i < count; i++)
        out[i] = tensor->dtype == GZ_I32 ? (double)((const int32_t *)values)[i]
                                         : (double)((const float *)values)[i];
}

static void from_double(const gz_tensor *tensor, const double *values, void *out)
{
    const size_t count = gz_shape_count(tensor->shape);
    for (size_t i = 0; i < count; i++) {
        if (tensor->dtype == GZ_I32)
            ((int32_t *)out)[i] = (int32_t)values[i];
        else
            ((float *)out)[i] = (float)values[i];
    }
}

static gaze_status stage(gz_placement *p, size_t bytes, void **values, cl_event **written)
{
    if (!p->staging) GZ_TRY(gz_allocate(1, sizeof *p->staging, &p->staging));
    gz_staging *s = p->staging;
    const size_t slot = s->next++ % GZ_STAGES;
    if (!s->values[slot]) GZ_TRY(gz_allocate(bytes, 1, &s->values[slot]));
    if (s->written[slot]) {
        GZ_TRY(gz_cl_check(clWaitForEvents(1, &s->written[slot]), "clWaitForEvents for input '%s'",
                           p->tensor->name));
        clReleaseEvent(s->written[slot]);
        s->written[slot] = NULL;
    }
    *values = s->values[slot];
    *written = &s->written[slot];
    return GAZE_OK;
}

gaze_status gz_plan_write(gz_plan *plan, const gz_tensor *input, const void *values)
{
    gz_placement *p = gz_plan_placement(plan, input);
    const size_t bytes = gz_shape_count(input->shape) * 4;
    if (!plan->device) {
        to_double(input, values, p->host);
        return GAZE_OK;
    }
    void *copy;
    cl_event *written;
    gz_moment moment = {.kind = GZ_MOMENT_WRITE, .name = input->name, .bytes = bytes, .begin = gz_seconds()};
    GZ_TRY(gz_device_check_process());
    GZ_TRY(gz_device_turn(plan->device));
    GZ_TRY(stage(p, bytes, &copy, &written));
    memcpy(copy, values, bytes);
    GZ_TRY(gz_cl_check(clEnqueueWriteBuffer(gz_device_queue(plan->device), p->memory, CL_FALSE, 0, bytes,
                                            copy, 0, NULL, written),
                       "clEnqueueWriteBuffer of %zu bytes for input '%s'", bytes, input->name));
    return gz_moment_add(plan, moment, *written);
}

static gaze_status enqueue(gz_plan *plan, gz_launch *launch)
{
    size_t global[3];
    cl_event *event = plan->options.profile ? &launch->event : NULL;
    for (size_t i = 0; i < 3; i++) global[i] = launch->groups[i] * launch->group[i];
    if (launch->event) {
        clReleaseEvent(launch->event);
        launch->event = NULL;
    }
    const cl_command_queue queue = gz_device_queue(plan->device);
    if (launch->call)
        return gz_cl_check(launch->call(launch->state, queue, launch->memory, event), "%s for layer '%s'",
                           launch->kernel_name, launch->node->name);
    const cl_int code =
        clEnqueueNDRangeKernel(queue, launch->kernel, 3, NULL, global, launch->group, 0, NULL, event);
    return gz_cl_check(code,
                       "clEnqueueNDRangeKernel of %s (%s.cl) over %zu x %zu x %zu in groups of %zu x %zu x "
                       "%zu for layer '%s'",
                       launch->kernel_name, launch->stem, global[0], global[1], global[2], launch->group[0],
                       launch->group[1], launch->group[2], launch->node->name);
}

static gaze_status enqueue_recorded(gz_plan *plan, gz_launch *launch)
{
    gz_moment moment = {.kind = GZ_MOMENT_LAUNCH,
                        .name = launch->kernel_name,
                        .node = launch->node,
                        .stem = launch->stem,
                        .begin = gz_seconds()};
    memcpy(moment.groups, launch->groups, sizeof moment.groups);
    memcpy(moment.group, launch->group, sizeof moment.group);
    GZ_TRY(enqueue(plan, launch));
    return gz_moment_add(plan, moment, launch->event);
}

gaze_status gz_plan_run_nodes(gz_plan *plan, size_t first, size_t end)
{
    if (plan->trains) gz_store_touch(plan->store);
    if (!plan->device) return gz_plan_run_reference(plan, first, end);
    GZ_TRY(gz_device_check_process());
    GZ_TRY(gz_device_turn(plan->device));
    const size_t version = plan->store ? gz_store_version(plan->store) : 0;
    const bool pack = version != plan->packed_version;
    for (size_t i = 0; i < plan->n_launches; i++) {
        gz_launch *launch = plan->launches[i];
        if (launch->at < first || launch->at >= end || (launch->packing && !pack)) continue;
        GZ_TRY(plan->options.record ? enqueue_recorded(plan, launch) : enqueue(plan, launch));
    }
    if (end == plan->graph->n_nodes) plan->packed_version = version;
    return gz_device_flush(plan->device);
}

gaze_status gz_plan_run(gz_plan *plan) { return gz_plan_run_nodes(plan, 0, plan->graph->n_nodes); }

static gaze_status read_recorded(gz_plan *plan, const gz_tensor *tensor, void *values)
{
    const size_t bytes = gz_shape_count(tensor->shape) * 4;
    const gz_moment wait = {.kind = GZ_MOMENT_WAIT, .name = "", .begin = gz_seconds()};
    GZ_TRY(gz_device_finish(plan->device));
    GZ_TRY(gz_moment_add(plan, wait, NULL));
    const gz_moment copy = {
        .kind = GZ_MOMENT_READ, .name = tensor->name, .bytes = bytes, .begin = gz_seconds()};
    GZ_TRY(gz_device_read(plan->device, gz_plan_placement(plan, tensor)->memory, 0, values, bytes));
    return gz_moment_add(plan, copy, NULL);
}

gaze_status gz_plan_read(gz_plan *plan, const gz_tensor *tensor, void *values)
{
    const gz_placement *p = gz_plan_placement(plan, tensor);
    if (plan->device && plan->options.record) return read_recorded(plan, tensor, values);
    if (plan->device)
        return gz_device_read(plan->device, p->memory, 0, values, gz_shape_count(tensor->shape) * 4);
    from_double(tensor, p->host, values);
    return GAZE_OK;
}

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
        if (!launch->event) continue;
        GZ_TRY(gz_command_time(launch->event, launch->kernel_name, times));
        plan->timings[i].ns = (double)(times->end - times->start);
    }
    *list = plan->timings;
    *count = plan->n_launches;
    return GAZE_OK;
}
