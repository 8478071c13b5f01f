/* What a plan's calls do and when, on the host's clock and on the device's. */
#include "../base/clock.h"
#include "plan_parts.h"

#include <stdlib.h>

static void release_events(gz_moments *moments)
{
    for (size_t i = 0; i < moments->count; i++)
        if (moments->events[i]) clReleaseEvent(moments->events[i]);
    moments->count = 0;
}

void gz_moments_free(gz_moments *moments)
{
    if (!gz_device_forked()) release_events(moments);
    free(moments->list);
    free(moments->events);
    *moments = (gz_moments){0};
}

gaze_status gz_moment_add(gz_plan *plan, gz_moment moment, cl_event event)
{
    gz_moments *m = &plan->moments;
    if (!plan->options.record) return GAZE_OK;
    moment.end = gz_seconds();
    if (m->told) release_events(m);
    m->told = false;
    GZ_TRY(gz_grow(&m->list, &m->list_capacity, m->count + 1, sizeof *m->list));
    GZ_TRY(gz_grow(&m->events, &m->events_capacity, m->count + 1, sizeof *m->events));
    if (event) GZ_TRY(gz_cl_check(clRetainEvent(event), "clRetainEvent of %s", moment.name));
    m->list[m->count] = moment;
    m->events[m->count++] = event;
    return GAZE_OK;
}

gaze_status gz_plan_moments(gz_plan *plan, const gz_moment **list, size_t *count)
{
    gz_moments *m = &plan->moments;
    if (plan->device) GZ_TRY(gz_device_finish(plan->device));
    for (size_t i = 0; i < m->count; i++)
        if (m->events[i])
            GZ_TRY(gz_cl_check(gz_event_times(m->events[i], &m->list[i].times),
                               "clGetEventProfilingInfo of %s", m->list[i].name));
    m->told = true;
    *list = m->list;
    *count = m->count;
    return GAZE_OK;
}
