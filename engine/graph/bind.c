/* Memory is taken, kernels are made, and every argument is set once. */
#include "../base/text.h"
#include "plan_parts.h"

#include <stdlib.h>
#include <string.h>

enum { PLAIN_GROUP = 64 };

gaze_status gz_plan_in_store(const gz_plan *plan, const gz_tensor *base, gz_slab *slab, size_t *offset)
{
    static const char prefix[] = "slab:";
    const gz_tensor *weight = base->is_gradient ? base->of : base;
    *offset = 0;
    if (!strncmp(base->name, prefix, sizeof prefix - 1)) {
        const char *which = base->name + sizeof prefix - 1;
        if (!strcmp(which, "parameter"))
            *slab = GZ_SLAB_PARAMETER;
        else if (!strcmp(which, "gradient"))
            *slab = GZ_SLAB_GRADIENT;
        else
            *slab = (gz_slab)(GZ_SLAB_MOMENT + (which[strlen(which) - 1] - '0'));
        return GAZE_OK;
    }
    const gz_store_entry *entry = plan->store ? gz_store_find(plan->store, weight->name) : NULL;
    if (!entry) return gz_fail(GAZE_ERROR_MODEL, "weight '%s' has no memory", weight->name);
    *slab = base->is_gradient             ? GZ_SLAB_GRADIENT
            : entry->role == GZ_PARAMETER ? GZ_SLAB_PARAMETER
                                          : GZ_SLAB_STATE;
    *offset = entry->offset;
    return GAZE_OK;
}

static gaze_status sub_buffer(cl_mem parent, size_t origin, size_t bytes, const char *name, cl_mem *out)
{
    const cl_buffer_region region = {origin, bytes};
    cl_int code;
    *out = clCreateSubBuffer(parent, CL_MEM_READ_WRITE, CL_BUFFER_CREATE_TYPE_REGION, &region, &code);
    return gz_cl_check(code, "clCreateSubBuffer of %zu bytes at %zu for '%s'", bytes, origin, name);
}

static gaze_status bind_memory(gz_plan *plan, gz_placement *p)
{
    const size_t bytes = gz_shape_count(p->tensor->shape) * 4;
    if (p->in_store) {
        gz_slab slab;
        size_t offset;
        GZ_TRY(gz_plan_in_store(plan, p->tensor, &slab, &offset));
        const cl_mem memory = gz_store_memory(plan->store, slab);
        if (!memory)
            return gz_fail(GAZE_ERROR_MODEL, "'%s' has no memory: the weights were not made for training",
                           p->tensor->name);
        return sub_buffer(memory, offset * sizeof(float), bytes, p->tensor->name, &p->memory);
    }
    const gz_block *block = &plan->blocks[p->block];
    const size_t guard = plan->options.isolate ? GZ_GUARD_BYTES : 0;
    return sub_buffer(plan->buffers[block->buffer], block->offset + guard, bytes, p->tensor->name,
                      &p->memory);
}

/* The largest group that the device and the built kernel allow. */
static size_t most_items(const gz_plan *plan, const gz_launch *launch)
{
    const size_t most = gz_device_facts_of(plan->device)->max_group;
    size_t of_kernel = most;
    clGetKernelWorkGroupInfo(launch->work.kernel, NULL, CL_KERNEL_WORK_GROUP_SIZE, sizeof of_kernel,
                             &of_kernel, NULL);
    return of_kernel < most ? of_kernel : most;
}

static gaze_status choose_group(gz_plan *plan, gz_launch *launch)
{
    size_t group = launch->items ? PLAIN_GROUP : launch->work.group[0];
    if (!launch->items && !launch->may_shrink) return GAZE_OK;
    if (launch->items && plan->family == GZ_FAMILY_CPU) group = 1;
    if (group > 1)
        for (const size_t most = most_items(plan, launch); group > most && group > 1;) group /= 2;
    launch->work.group[0] = group;
    if (launch->items) launch->work.groups[0] = (launch->items + group - 1) / group;
    return GAZE_OK;
}

static gaze_status memory_of(gz_plan *plan, const gz_launch *launch, size_t i, cl_mem *memory)
{
    const gz_tensor *tensor = launch->arguments[i].value.tensor;
    *memory = gz_plan_placement(plan, tensor)->memory;
    return *memory ? GAZE_OK
                   : gz_fail(GAZE_ERROR_MODEL, "kernel %s: '%s' has no memory", launch->kernel_name,
                             tensor->name);
}

/* n: where it stands in the kernel. */
static gaze_status set_argument(gz_plan *plan, gz_launch *launch, size_t i, cl_uint n)
{
    const gz_argument *a = &launch->arguments[i];
    cl_int code = CL_SUCCESS;
    switch (a->kind) {
    case GZ_ARG_TENSOR: {
        cl_mem memory = NULL;
        if (a->value.tensor) GZ_TRY(memory_of(plan, launch, i, &memory));
        code = clSetKernelArg(launch->work.kernel, n, sizeof memory, a->value.tensor ? &memory : NULL);
        break;
    }
    case GZ_ARG_INT:
        code = clSetKernelArg(launch->work.kernel, n, sizeof a->value.integer, &a->value.integer);
        break;
    case GZ_ARG_ULONG:
        code = clSetKernelArg(launch->work.kernel, n, sizeof a->value.ulong_, &a->value.ulong_);
        break;
    case GZ_ARG_FLOAT:
        code = clSetKernelArg(launch->work.kernel, n, sizeof a->value.real, &a->value.real);
        break;
    case GZ_ARG_LOCAL: code = clSetKernelArg(launch->work.kernel, n, a->value.local_bytes, NULL); break;
    }
    return gz_cl_check(code, "clSetKernelArg %zu of kernel %s (%s.cl)", i, launch->kernel_name, launch->stem);
}

static gaze_status bind_call(gz_plan *plan, gz_launch *launch)
{
    launch->memory = gz_arena_allocate(plan->arena, launch->n_arguments * sizeof *launch->memory);
    if (!launch->memory) return GAZE_ERROR_DEVICE;
    for (size_t i = 0; i < launch->n_arguments; i++) GZ_TRY(memory_of(plan, launch, i, &launch->memory[i]));
    return GAZE_OK;
}

/* Is it a kernel of the cpu family (GAZE_ONE in cl/), of groups of one item? PoCL compiles a kernel once more
   for launches of 2^16 groups in a direction, and confuses who uses which copy where both are on their way:
   those stay by themselves. */
static bool is_one(const gz_plan *plan, const gz_launch *launch)
{
    enum { MOST_GROUPS = 1 << 15 };
    const gz_work *work = &launch->work;
    for (int axis = 0; axis < 3; axis++)
        if (work->group[axis] != 1 || work->groups[axis] > MOST_GROUPS) return false;
    return plan->family == GZ_FAMILY_CPU && !launch->call && !launch->options[0] && !launch->items &&
           !launch->may_shrink;
}

static gz_call_form form_of(const gz_launch *launch, char kinds[GZ_MAX_ARGUMENTS + 1])
{
    static const char letters[] = {[GZ_ARG_TENSOR] = 'p',
                                   [GZ_ARG_INT] = 'i',
                                   [GZ_ARG_ULONG] = 'u',
                                   [GZ_ARG_FLOAT] = 'f',
                                   [GZ_ARG_LOCAL] = 'l'};
    for (size_t i = 0; i < launch->n_arguments; i++) kinds[i] = letters[launch->arguments[i].kind];
    kinds[launch->n_arguments] = 0;
    return (gz_call_form){launch->stem, launch->kernel_name, kinds};
}

/* A kernel of the launch's own. */
static gaze_status bind_kernel(gz_plan *plan, gz_launch *launch)
{
    GZ_TRY(gz_device_kernel(plan->device, launch->stem, launch->kernel_name, launch->options,
                            &launch->work.kernel));
    GZ_TRY(choose_group(plan, launch));
    for (size_t i = 0; i < launch->n_arguments; i++) GZ_TRY(set_argument(plan, launch, i, (cl_uint)i));
    return GAZE_OK;
}

static gaze_status bind_entry(gz_plan *plan, gz_launch *launch, const gz_entry *entry,
                              const gz_call_form *form)
{
    cl_int words[GZ_ENTRY_WORDS] = {0};
    for (size_t i = 0; i < launch->n_arguments; i++) {
        const gz_argument *a = &launch->arguments[i];
        if (a->kind == GZ_ARG_TENSOR || a->kind == GZ_ARG_LOCAL)
            GZ_TRY(set_argument(plan, launch, i, gz_entry_place(entry, form, i)));
        else
            memcpy(&words[gz_entry_word(form, i)], &a->value,
                   a->kind == GZ_ARG_ULONG ? sizeof(cl_ulong) : sizeof(cl_int));
    }
    return gz_entry_fill(entry, form, words, launch->work.kernel);
}

static gaze_status bind_launch(gz_plan *plan, gz_launch *launch)
{
    char kinds[GZ_MAX_ARGUMENTS + 1];
    const gz_call_form form = form_of(launch, kinds);
    const gz_entry *entry = NULL;
    if (launch->call) return bind_call(plan, launch);
    if (is_one(plan, launch)) GZ_TRY(gz_device_entry(plan->device, &form, &entry, &launch->work.kernel));
    return entry ? bind_entry(plan, launch, entry, &form) : bind_kernel(plan, launch);
}

gaze_status gz_plan_check_fits(const gz_plan *plan)
{
    gz_plan_memory use;
    char needed[24], there[24];
    gz_plan_memory_use(plan, &use);
    const size_t total = use.peak_bytes + use.store_bytes,
                 device = gz_device_facts_of(plan->device)->global_bytes;
    const size_t limit = plan->options.memory_limit && plan->options.memory_limit < device
                             ? plan->options.memory_limit
                             : device;
    if (total <= limit) return GAZE_OK;
    return gz_fail(GAZE_ERROR_DEVICE,
                   "this needs %s of device memory (%zu bytes for values, %zu for weights), there are %s: "
                   "take a smaller batch or input",
                   gz_bytes_text(total, needed), use.peak_bytes, use.store_bytes,
                   gz_bytes_text(limit, there));
}

static gaze_status expect_programs(gz_plan *plan)
{
    gaze_status status;
    gz_call_form *calls;
    char(*kinds)[GZ_MAX_ARGUMENTS + 1] = NULL;
    size_t n = 0;
    GZ_TRY(gz_allocate(plan->n_launches, sizeof *calls, &calls));
    GZ_GO(gz_allocate(plan->n_launches, sizeof *kinds, &kinds));
    for (size_t i = 0; i < plan->n_launches; i++) {
        const gz_launch *launch = plan->launches[i];
        if (launch->options[0] || launch->call) continue;
        calls[n] = form_of(launch, kinds[n]);
        if (!is_one(plan, launch)) calls[n].kinds = NULL;
        n++;
    }
    gz_device_expect(plan->device, calls, n);
done:
    free(kinds);
    free(calls);
    return status;
}

gaze_status gz_plan_bind(gz_plan *plan)
{
    GZ_TRY(gz_plan_check_fits(plan));
    GZ_TRY(gz_allocate(plan->n_buffers, sizeof *plan->buffers, &plan->buffers));
    for (size_t i = 0; i < plan->n_buffers; i++)
        if (plan->buffer_bytes[i])
            GZ_TRY(gz_device_allocate(plan->device, plan->buffer_bytes[i], &plan->buffers[i]));
    for (size_t i = 0; i < plan->graph->n_tensors + plan->n_scratch; i++) {
        gz_placement *p = &plan->placements[i];
        if (!p->tensor->view && p->birth != SIZE_MAX) GZ_TRY(bind_memory(plan, p));
    }
    GZ_TRY(expect_programs(plan));
    for (size_t i = 0; i < plan->n_launches; i++) GZ_TRY(bind_launch(plan, plan->launches[i]));
    return GAZE_OK;
}

static void free_staging(gz_staging *staging)
{
    if (!staging) return;
    for (size_t i = 0; i < GZ_STAGES; i++) {
        if (staging->written[i]) {
            clWaitForEvents(1, &staging->written[i]);
            clReleaseEvent(staging->written[i]);
        }
        free(staging->values[i]);
    }
    free(staging);
}

void gz_plan_unbind(gz_plan *plan)
{
    if (gz_device_forked()) return;
    /* No message: where the plan is given up because of an error, that one counts. */
    if (plan->n_launches) clFinish(gz_device_queue(plan->device));
    for (size_t i = 0; i < plan->n_launches; i++) {
        if (plan->launches[i]->event) clReleaseEvent(plan->launches[i]->event);
        if (plan->launches[i]->work.kernel) clReleaseKernel(plan->launches[i]->work.kernel);
    }
    for (size_t i = 0; plan->placements && i < plan->graph->n_tensors + plan->n_scratch; i++) {
        free_staging(plan->placements[i].staging);
        if (plan->placements[i].memory) clReleaseMemObject(plan->placements[i].memory);
    }
    for (size_t i = 0; plan->buffers && i < plan->n_buffers; i++)
        gz_device_release(plan->device, plan->buffers[i]);
    free(plan->buffers);
}
