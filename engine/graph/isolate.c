/* Verification's view of memory: guard words around every tensor, NaN or another value inside those that a
 * kernel must write. */
#include "plan_parts.h"

#include <stdlib.h>
#include <string.h>

static const uint32_t GUARD_WORD = 0x7FC0DEAD; /* NaN as float32 */

static gaze_status fill(gz_plan *plan, const gz_block *block, size_t offset, size_t bytes, uint32_t word)
{
    if (!bytes) return GAZE_OK;
    return gz_cl_check(clEnqueueFillBuffer(gz_device_queue(plan->device), plan->buffers[block->buffer], &word,
                                           sizeof word, block->offset + offset, bytes, 0, NULL, NULL),
                       "clEnqueueFillBuffer of %zu bytes", bytes);
}

static bool guarded(const gz_plan *plan, size_t i)
{
    const gz_placement *p = &plan->placements[i];
    return !p->tensor->view && !p->in_store && p->birth != SIZE_MAX;
}

gaze_status gz_plan_poison(gz_plan *plan, float value)
{
    uint32_t word;
    memcpy(&word, &value, sizeof word);
    if (!plan->device || !plan->options.isolate) return GAZE_OK;
    GZ_TRY(gz_device_turn(plan->device));
    for (size_t i = 0; i < plan->graph->n_tensors + plan->n_scratch; i++) {
        if (!guarded(plan, i)) continue;
        const gz_placement *p = &plan->placements[i];
        const gz_block *block = &plan->blocks[p->block];
        const size_t bytes = gz_shape_count(p->tensor->shape) * 4, end = GZ_GUARD_BYTES + bytes;
        GZ_TRY(fill(plan, block, 0, GZ_GUARD_BYTES, GUARD_WORD));
        GZ_TRY(fill(plan, block, end, block->bytes - end, GUARD_WORD));
        if (p->tensor->role != GZ_INPUT) GZ_TRY(fill(plan, block, GZ_GUARD_BYTES, bytes, word));
    }
    plan->packed_version = SIZE_MAX;
    return gz_device_finish(plan->device);
}

static gaze_status check(const gz_tensor *tensor, const uint32_t *words, size_t count, const char *where)
{
    for (size_t i = 0; i < count; i++)
        if (words[i] != GUARD_WORD)
            return gz_fail(GAZE_ERROR_DEVICE, "a kernel wrote %s '%s': guard word %zu of %zu is 0x%08X",
                           where, tensor->name, i, count, words[i]);
    return GAZE_OK;
}

static gaze_status check_tensor(gz_plan *plan, const gz_placement *p)
{
    const gz_block *block = &plan->blocks[p->block];
    const size_t end = GZ_GUARD_BYTES + gz_shape_count(p->tensor->shape) * 4, after = block->bytes - end;
    uint32_t *words;
    gaze_status status;
    GZ_TRY(gz_allocate(GZ_GUARD_BYTES + after, 1, &words));
    const cl_mem buffer = plan->buffers[block->buffer];
    GZ_GO(gz_device_read(plan->device, buffer, block->offset, words, GZ_GUARD_BYTES));
    GZ_GO(check(p->tensor, words, GZ_GUARD_BYTES / 4, "before"));
    GZ_GO(gz_device_read(plan->device, buffer, block->offset + end, words, after));
    GZ_GO(check(p->tensor, words, after / 4, "behind"));
done:
    free(words);
    return status;
}

gaze_status gz_plan_check_guards(gz_plan *plan)
{
    if (!plan->device || !plan->options.isolate) return GAZE_OK;
    for (size_t i = 0; i < plan->graph->n_tensors + plan->n_scratch; i++)
        if (guarded(plan, i)) GZ_TRY(check_tensor(plan, &plan->placements[i]));
    return GAZE_OK;
}
