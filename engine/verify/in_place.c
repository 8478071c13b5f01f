#include "in_place.h"
#include "../ops/ops.h"

typedef struct sharing {
    const gz_trial *trial;
    size_t i;
    gz_graph *graph;
    gz_plan *plan;
    gz_tensor *given[GZ_MAX_INPUTS]; /* written by the host */
    gz_tensor
        *in[GZ_MAX_INPUTS]; /* of the op: input i is made by a node, so that its memory is free afterwards */
    gz_tensor *out[GZ_MAX_OUTPUTS];
} sharing;

static gaze_status build(sharing *s)
{
    const gz_trial *trial = s->trial;
    GZ_TRY(gz_graph_create(trial->graph->training, &s->graph));
    s->graph->scope = "verify";
    for (size_t k = 0; k < trial->c->n_in; k++) {
        if (!trial->values[k]) continue;
        GZ_TRY(gz_graph_tensor(s->graph, GZ_INPUT, "in", trial->c->dtype[k], trial->c->in[k], &s->given[k]));
        s->in[k] = s->given[k];
    }
    GZ_TRY(gz_scale(s->graph, s->given[s->i], 1, &s->in[s->i]));
    GZ_TRY(gz_graph_node(s->graph, trial->op, trial->c->attr, trial->op->attr_bytes, s->in, trial->c->n_in,
                         s->out, trial->op->n_out));
    s->out[0]->keep = true;
    return GAZE_OK;
}

static const gz_plan_tensor *place_of(const gz_plan *plan, const gz_tensor *tensor)
{
    const gz_plan_tensor *list;
    const size_t count = gz_plan_tensors(plan, &list);
    for (size_t i = 0; i < count; i++)
        if (list[i].tensor == tensor) return &list[i];
    return NULL;
}

static bool is_shared(const sharing *s)
{
    const gz_plan_tensor *in = place_of(s->plan, s->in[s->i]), *out = place_of(s->plan, s->out[0]);
    return in && out && in->offset == out->offset;
}

static gaze_status run(sharing *s, float *values)
{
    for (size_t k = 0; k < s->trial->c->n_in; k++)
        if (s->given[k]) GZ_TRY(gz_plan_write(s->plan, s->given[k], s->trial->values[k]));
    GZ_TRY(gz_plan_run(s->plan));
    return gz_plan_read(s->plan, s->out[0], values);
}

gaze_status gz_run_in_place(gz_device *device, gz_family family, const gz_trial *trial, size_t i,
                            float *values, bool *shared)
{
    sharing s = {.trial = trial, .i = i};
    const gz_plan_options options = {.force_family = &family};
    gaze_status status;
    GZ_GO(build(&s));
    GZ_GO(gz_plan_create(device, s.graph, NULL, &options, &s.plan));
    *shared = is_shared(&s);
    if (*shared) GZ_GO(run(&s, values));
done:
    gz_plan_destroy(s.plan);
    gz_graph_destroy(s.graph);
    return status;
}
