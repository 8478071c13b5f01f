/* Lifetimes of tensors, who shares whose memory, and the offsets. */
#include "plan_parts.h"

#include <stdlib.h>
#include <string.h>

static size_t tensor_count(const gz_plan *plan) { return plan->graph->n_tensors + plan->n_scratch; }

static gz_tensor *tensor_at(const gz_plan *plan, size_t index)
{
    return index < plan->graph->n_tensors ? plan->graph->tensors[index]
                                          : plan->scratch[index - plan->graph->n_tensors];
}

gz_placement *gz_plan_placement(const gz_plan *plan, const gz_tensor *tensor)
{
    while (tensor->view) tensor = tensor->view;
    return &plan->placements[tensor->index];
}

static bool lives_in_store(const gz_tensor *tensor)
{
    return tensor->role == GZ_PARAMETER || tensor->role == GZ_STATE || tensor->is_gradient;
}

static void touch(gz_plan *plan, const gz_tensor *tensor, size_t node)
{
    gz_placement *p = gz_plan_placement(plan, tensor);
    if (node < p->birth) p->birth = node;
    if (node > p->death) p->death = node;
    while (tensor->view && !tensor->keep) tensor = tensor->view;
    if (tensor->keep) p->death = plan->graph->n_nodes;
}

static void find_lifetimes(gz_plan *plan)
{
    const gz_graph *graph = plan->graph;
    for (size_t i = 0; i < tensor_count(plan); i++) {
        const gz_tensor *tensor = tensor_at(plan, i);
        plan->placements[i] = (gz_placement){.tensor = tensor, .birth = SIZE_MAX};
        plan->placements[i].in_store = lives_in_store(tensor);
    }
    for (size_t n = 0; n < graph->n_nodes; n++) {
        const gz_node *node = graph->nodes[n];
        for (size_t i = 0; i < node->n_in; i++)
            if (node->in[i]) touch(plan, node->in[i], n);
        for (size_t i = 0; i < node->n_out; i++) touch(plan, node->out[i], n);
        for (size_t i = 0; i < plan->n_scratch; i++)
            if (plan->scratch[i]->producer == node) touch(plan, plan->scratch[i], n);
    }
    for (size_t i = 0; i < tensor_count(plan); i++) { /* a view that is kept keeps what is behind it */
        const gz_tensor *tensor = tensor_at(plan, i);
        if (tensor->keep && gz_plan_placement(plan, tensor)->birth != SIZE_MAX)
            touch(plan, tensor, gz_plan_placement(plan, tensor)->birth);
    }
}

/* Inputs are written before a run and packed weights once: nothing may share their memory. */
static void pin(gz_plan *plan, gz_placement *p)
{
    p->pinned = true;
    p->birth = 0;
    p->death = plan->graph->n_nodes;
}

static size_t tensor_bytes(const gz_tensor *tensor) { return gz_shape_count(tensor->shape) * 4; }

static size_t new_block(gz_plan *plan, const gz_placement *p)
{
    size_t bytes = tensor_bytes(p->tensor);
    if (plan->options.isolate) bytes = gz_round_up(bytes, GZ_GUARD_BYTES) + 2 * GZ_GUARD_BYTES;
    plan->blocks[plan->n_blocks] = (gz_block){.bytes = bytes, .birth = p->birth, .death = p->death};
    if (plan->options.isolate) {
        plan->blocks[plan->n_blocks].birth = 0;
        plan->blocks[plan->n_blocks].death = plan->graph->n_nodes;
    }
    return plan->n_blocks++;
}

/* The input whose memory output 0 of the node may take over, or NULL. */
static const gz_placement *giver(const gz_plan *plan, size_t n)
{
    const gz_node *node = plan->graph->nodes[n];
    const gz_placement *out = node->n_out ? gz_plan_placement(plan, node->out[0]) : NULL;
    if (!out || out->in_store || plan->options.isolate) return NULL;
    for (size_t i = 0; i < node->n_in; i++) {
        if (!(node->op->in_place >> i & 1) || !node->in[i]) continue;
        const gz_placement *in = gz_plan_placement(plan, node->in[i]);
        if (!in->in_store && !in->pinned && in->death == n &&
            tensor_bytes(in->tensor) == tensor_bytes(out->tensor))
            return in;
    }
    return NULL;
}

static void assign_blocks(gz_plan *plan)
{
    for (size_t i = 0; i < tensor_count(plan); i++) {
        gz_placement *p = &plan->placements[i];
        if (p->tensor->view || p->in_store || (p->birth == SIZE_MAX && p->tensor->role != GZ_INPUT)) continue;
        const bool packed = p->tensor->stays || (i >= plan->graph->n_tensors && p->tensor->keep);
        if (p->tensor->role != GZ_INPUT && !packed) continue;
        pin(plan, p);
        p->block = new_block(plan, p);
    }
    for (size_t n = 0; n < plan->graph->n_nodes; n++) {
        const gz_node *node = plan->graph->nodes[n];
        for (size_t i = 0; i < node->n_out; i++) {
            gz_placement *p = gz_plan_placement(plan, node->out[i]);
            if (p->in_store || p->pinned) continue;
            const gz_placement *from = i == 0 ? giver(plan, n) : NULL;
            p->block = from ? from->block : new_block(plan, p);
            if (from && p->death > plan->blocks[p->block].death) plan->blocks[p->block].death = p->death;
        }
    }
    for (size_t i = 0; i < plan->n_scratch; i++) {
        gz_placement *p = &plan->placements[plan->graph->n_tensors + i];
        if (!p->pinned) p->block = new_block(plan, p);
    }
}

static gaze_status list_tensors(gz_plan *plan)
{
    GZ_TRY(gz_allocate(tensor_count(plan), sizeof *plan->listing, &plan->listing));
    for (size_t i = 0; i < tensor_count(plan); i++) {
        const gz_placement *p = &plan->placements[i];
        if (p->tensor->view || p->in_store || p->birth == SIZE_MAX) continue;
        size_t offset = plan->blocks[p->block].offset;
        for (size_t b = 0; b < plan->blocks[p->block].buffer; b++) offset += plan->buffer_bytes[b];
        plan->listing[plan->n_listing++] =
            (gz_plan_tensor){p->tensor, offset, tensor_bytes(p->tensor), p->birth, p->death};
    }
    return GAZE_OK;
}

static size_t alignment_of(const gz_plan *plan)
{
    return plan->device ? gz_device_facts_of(plan->device)->base_align_bytes : 128;
}

gaze_status gz_plan_place(gz_plan *plan)
{
    const size_t largest =
        plan->device ? gz_device_facts_of(plan->device)->max_allocation_bytes : SIZE_MAX / 2;
    GZ_TRY(gz_allocate(tensor_count(plan), sizeof *plan->placements, &plan->placements));
    GZ_TRY(gz_allocate(tensor_count(plan), sizeof *plan->blocks, &plan->blocks));
    find_lifetimes(plan);
    assign_blocks(plan);
    GZ_TRY(gz_memory_plan(plan->blocks, plan->n_blocks, alignment_of(plan), largest, &plan->buffer_bytes,
                          &plan->n_buffers));
    return list_tensors(plan);
}

size_t gz_plan_tensors(const gz_plan *plan, const gz_plan_tensor **list)
{
    *list = plan->listing;
    return plan->n_listing;
}

void gz_plan_memory_use(const gz_plan *plan, gz_plan_memory *use)
{
    *use = (gz_plan_memory){.store_bytes = plan->store ? gz_store_bytes(plan->store) : 0};
    for (size_t i = 0; i < plan->n_buffers; i++) use->peak_bytes += plan->buffer_bytes[i];
    for (size_t i = 0; i < plan->n_listing; i++) {
        use->naive_bytes += gz_round_up(plan->listing[i].bytes, alignment_of(plan));
        if (gz_plan_placement(plan, plan->listing[i].tensor)->pinned)
            use->pinned_bytes += plan->listing[i].bytes;
    }
}
