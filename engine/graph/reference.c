/* The same graph without OpenCL: every op's C reference, in double. */
#include "plan_parts.h"

#include <stdlib.h>

gaze_status gz_plan_bind_reference(gz_plan *plan)
{
    for (size_t i = 0; i < plan->graph->n_tensors; i++) {
        gz_placement *p = &plan->placements[i];
        if (p->tensor->view || p->birth == SIZE_MAX) continue;
        if (!p->in_store) {
            GZ_TRY(gz_allocate(gz_shape_count(p->tensor->shape), sizeof(double), &p->host));
            continue;
        }
        gz_slab slab;
        size_t offset;
        GZ_TRY(gz_plan_in_store(plan, p->tensor, &slab, &offset));
        if (!gz_store_host(plan->store, slab))
            return gz_fail(GAZE_ERROR_MODEL, "'%s' has no memory: the weights were not made for training",
                           p->tensor->name);
        p->host = gz_store_host(plan->store, slab) + offset;
        p->borrowed = true;
    }
    return GAZE_OK;
}

void gz_plan_unbind_reference(gz_plan *plan)
{
    for (size_t i = 0; plan->placements && i < plan->graph->n_tensors; i++)
        if (!plan->placements[i].borrowed) free(plan->placements[i].host);
}

double *gz_plan_host(gz_plan *plan, const gz_tensor *tensor) { return gz_plan_placement(plan, tensor)->host; }

gaze_status gz_plan_run_reference(gz_plan *plan, size_t first, size_t end)
{
    for (size_t n = first; n < end; n++) {
        const gz_node *node = plan->graph->nodes[n];
        double *in[GZ_MAX_INPUTS] = {0}, *out[GZ_MAX_OUTPUTS] = {0};
        for (size_t i = 0; i < node->n_in; i++) in[i] = node->in[i] ? gz_plan_host(plan, node->in[i]) : NULL;
        for (size_t i = 0; i < node->n_out; i++) out[i] = gz_plan_host(plan, node->out[i]);
        node->op->reference(node, in, out);
    }
    return GAZE_OK;
}
