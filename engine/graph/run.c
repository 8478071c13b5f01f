/* What goes to the device, and comes from it, in every step. */
#include "../base/clock.h"
#include "plan_parts.h"

#include <stdlib.h>
#include <string.h>

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

/* What was lent is the caller's again: after an error nothing waits for the device but this. */
static gaze_status give_back(gz_plan *plan, gaze_status status)
{
    if (plan->lent && status != GAZE_OK) {
        clFinish(gz_device_queue(plan->device));
        plan->lent = false;
    }
    return status;
}

static gaze_status enqueue_write(gz_plan *plan, const gz_tensor *input, const void *values, cl_event *written)
{
    const size_t bytes = gz_shape_count(input->shape) * 4;
    return gz_cl_check(clEnqueueWriteBuffer(gz_device_queue(plan->device),
                                            gz_plan_placement(plan, input)->memory, CL_FALSE, 0, bytes,
                                            values, 0, NULL, written),
                       "clEnqueueWriteBuffer of %zu bytes for input '%s'", bytes, input->name);
}

static gz_moment write_begins(const gz_tensor *input)
{
    return (gz_moment){.kind = GZ_MOMENT_WRITE,
                       .name = input->name,
                       .bytes = gz_shape_count(input->shape) * 4,
                       .begin = gz_seconds()};
}

static gaze_status write_copy(gz_plan *plan, const gz_tensor *input, const void *values)
{
    const gz_moment moment = write_begins(input);
    void *copy;
    cl_event *written;
    GZ_TRY(gz_device_check_process());
    GZ_TRY(gz_device_turn(plan->device));
    GZ_TRY(stage(gz_plan_placement(plan, input), moment.bytes, &copy, &written));
    memcpy(copy, values, moment.bytes);
    GZ_TRY(enqueue_write(plan, input, copy, written));
    return gz_moment_add(plan, moment, *written);
}

gaze_status gz_plan_write(gz_plan *plan, const gz_tensor *input, const void *values)
{
    if (plan->device) return give_back(plan, write_copy(plan, input, values));
    to_double(input, values, gz_plan_host(plan, input));
    return GAZE_OK;
}

static gaze_status write_lent(gz_plan *plan, const gz_tensor *input, const void *values)
{
    const gz_moment moment = write_begins(input);
    cl_event written = NULL;
    GZ_TRY(gz_device_check_process());
    GZ_TRY(gz_device_turn(plan->device));
    GZ_TRY(enqueue_write(plan, input, values, plan->options.record ? &written : NULL));
    plan->lent = true;
    const gaze_status status = gz_moment_add(plan, moment, written);
    if (written) clReleaseEvent(written);
    return status;
}

gaze_status gz_plan_lend(gz_plan *plan, const gz_tensor *input, const void *values)
{
    if (!plan->device) return gz_plan_write(plan, input, values);
    return give_back(plan, write_lent(plan, input, values));
}

static gaze_status enqueue(gz_plan *plan, gz_launch *launch)
{
    cl_event *event = plan->options.profile ? &launch->event : NULL;
    gz_work *work = &launch->work;
    if (launch->event) {
        clReleaseEvent(launch->event);
        launch->event = NULL;
    }
    if (launch->call)
        return gz_cl_check(launch->call(launch->state, gz_device_queue(plan->device), launch->memory, event),
                           "%s for layer '%s'", launch->kernel_name, launch->node->name);
    const cl_int code = gz_device_enqueue(plan->device, work, event, &launch->times);
    return gz_cl_check(code, "%s of %s (%s.cl) over %zu x %zu x %zu groups of %zu x %zu x %zu for layer '%s'",
                       work->failed, launch->kernel_name, launch->stem, work->groups[0], work->groups[1],
                       work->groups[2], work->group[0], work->group[1], work->group[2], launch->node->name);
}

static gaze_status enqueue_recorded(gz_plan *plan, gz_launch *launch)
{
    gz_moment moment = {.kind = GZ_MOMENT_LAUNCH,
                        .name = launch->kernel_name,
                        .node = launch->node,
                        .stem = launch->stem,
                        .begin = gz_seconds()};
    memcpy(moment.groups, launch->work.groups, sizeof moment.groups);
    memcpy(moment.group, launch->work.group, sizeof moment.group);
    GZ_TRY(enqueue(plan, launch));
    moment.times = launch->times;
    return gz_moment_add(plan, moment, launch->event);
}

static gaze_status launch_nodes(gz_plan *plan, size_t first, size_t end)
{
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

gaze_status gz_plan_run_nodes(gz_plan *plan, size_t first, size_t end)
{
    if (plan->trains) gz_store_touch(plan->store);
    if (!plan->device) return gz_plan_run_reference(plan, first, end);
    return give_back(plan, launch_nodes(plan, first, end));
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
    if (!plan->device) {
        from_double(tensor, p->host, values);
        return GAZE_OK;
    }
    const gaze_status status = plan->options.record ? read_recorded(plan, tensor, values)
                                                    : gz_device_read(plan->device, p->memory, 0, values,
                                                                     gz_shape_count(tensor->shape) * 4);
    GZ_TRY(give_back(plan, status));
    plan->lent = false;
    return GAZE_OK;
}
