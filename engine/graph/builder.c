#include "../device/choices.h"
#include "plan_parts.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const gz_device_facts *gz_builder_device(const gz_builder *builder)
{
    return gz_device_facts_of(builder->plan->device);
}
gz_family gz_builder_family(const gz_builder *builder) { return builder->family; }
bool gz_builder_is_gpu(const gz_builder *builder)
{
    return builder->family == GZ_FAMILY_GPU || builder->family == GZ_FAMILY_INTEL;
}
bool gz_builder_chooses(gz_builder *builder)
{
    const gz_plan_options *options = &builder->plan->options;
    return options->candidate || options->by || gz_choices_any(builder->plan->device);
}
bool gz_builder_stays(const gz_builder *builder, const gz_tensor *tensor)
{
    while (tensor->view) tensor = tensor->view;
    return !builder->plan->graph->training &&
           (tensor->role == GZ_PARAMETER || tensor->role == GZ_STATE || tensor->stays);
}

/* Does the node run once after weights are loaded? */
static bool runs_once(const gz_plan *plan)
{
    const gz_node *node = plan->graph->nodes[plan->node];
    return node->n_out && node->out[0]->stays;
}

gaze_status gz_builder_fail(gz_builder *builder, gaze_status status)
{
    if (builder->status == GAZE_OK) builder->status = status;
    return builder->status;
}

gaze_status gz_builder_status(const gz_builder *builder) { return builder->status; }

static gz_launch *new_launch(gz_builder *builder, const char *stem, const char *kernel, const char *options)
{
    gz_plan *plan = builder->plan;
    gz_launch *launch = gz_arena_allocate(plan->arena, sizeof *launch);
    if (!launch) return NULL;
    *launch = (gz_launch){.builder = builder,
                          .node = plan->graph->nodes[plan->node],
                          .at = plan->node,
                          .packing = runs_once(plan),
                          .work.groups = {1, 1, 1},
                          .work.group = {1, 1, 1}};
    launch->stem = gz_arena_copy(plan->arena, stem);
    launch->kernel_name = gz_arena_copy(plan->arena, kernel);
    launch->options = gz_arena_copy(plan->arena, options);
    return launch->stem && launch->kernel_name && launch->options ? launch : NULL;
}

gz_launch *gz_launch_add(gz_builder *builder, const char *stem, const char *kernel,
                         const char *options_format, ...)
{
    static _Thread_local gz_launch nowhere; /* what follows an error is written here and forgotten */
    gz_plan *plan = builder->plan;
    char options[512];
    va_list arguments;
    va_start(arguments, options_format);
    vsnprintf(options, sizeof options, options_format, arguments);
    va_end(arguments);
    nowhere = (gz_launch){.builder = builder};
    if (builder->status != GAZE_OK) return &nowhere;
    gz_launch *launch = new_launch(builder, stem, kernel, options);
    gaze_status status = launch ? gz_grow(&plan->launches, &plan->launches_capacity, plan->n_launches + 1,
                                          sizeof *plan->launches)
                                : GAZE_ERROR_DEVICE;
    if (gz_builder_fail(builder, status) != GAZE_OK) return &nowhere;
    return plan->launches[plan->n_launches++] = launch;
}

gz_launch *gz_call_add(gz_builder *builder, const char *library, gz_call *call, const void *state,
                       size_t bytes)
{
    gz_launch *launch = gz_launch_add(builder, library, library, "");
    void *copy = gz_arena_allocate(builder->plan->arena, bytes);
    if (!copy) {
        gz_builder_fail(builder, GAZE_ERROR_DEVICE);
        return launch;
    }
    memcpy(copy, state, bytes);
    launch->call = call;
    launch->state = copy;
    return launch;
}

void gz_launch_packs(gz_launch *launch, const gz_tensor *source)
{
    launch->packing = launch->packing || gz_builder_stays(launch->builder, source);
}

static void add_argument(gz_launch *launch, gz_argument argument)
{
    if (launch->n_arguments < GZ_MAX_ARGUMENTS)
        launch->arguments[launch->n_arguments++] = argument;
    else
        gz_builder_fail(launch->builder, gz_fail(GAZE_ERROR_DEVICE, "kernel %s: more than %d arguments",
                                                 launch->kernel_name, GZ_MAX_ARGUMENTS));
}

void gz_arg_tensor(gz_launch *launch, const gz_tensor *tensor)
{
    add_argument(launch, (gz_argument){GZ_ARG_TENSOR, {.tensor = tensor}});
}

void gz_arg_int(gz_launch *launch, size_t value)
{
    if (value > INT32_MAX)
        gz_builder_fail(launch->builder,
                        gz_fail(GAZE_ERROR_DEVICE,
                                "kernel %s: argument %zu is %zu, at most 2^31 - 1 is possible",
                                launch->kernel_name ? launch->kernel_name : "?", launch->n_arguments, value));
    add_argument(launch, (gz_argument){GZ_ARG_INT, {.integer = (cl_int)value}});
}

void gz_arg_signed(gz_launch *launch, int value)
{
    add_argument(launch, (gz_argument){GZ_ARG_INT, {.integer = value}});
}
void gz_arg_ulong(gz_launch *launch, size_t value)
{
    add_argument(launch, (gz_argument){GZ_ARG_ULONG, {.ulong_ = value}});
}
void gz_arg_float(gz_launch *launch, double value)
{
    add_argument(launch, (gz_argument){GZ_ARG_FLOAT, {.real = (float)value}});
}
void gz_arg_local(gz_launch *launch, size_t bytes)
{
    add_argument(launch, (gz_argument){GZ_ARG_LOCAL, {.local_bytes = bytes}});
}

void gz_launch_groups(gz_launch *launch, size_t groups_x, size_t groups_y, size_t groups_z, size_t group_x,
                      size_t group_y, size_t group_z)
{
    launch->work.groups[0] = groups_x;
    launch->work.groups[1] = groups_y;
    launch->work.groups[2] = groups_z;
    launch->work.group[0] = group_x;
    launch->work.group[1] = group_y;
    launch->work.group[2] = group_z;
    launch->items = 0;
}

void gz_launch_may_shrink(gz_launch *launch) { launch->may_shrink = true; }

void gz_launch_items(gz_launch *launch, size_t items) { launch->items = items; }

void gz_builder_amplification(gz_builder *builder, double amplification)
{
    builder->plan->amplification[builder->plan->node] = amplification;
}

static gz_tensor *new_scratch(gz_builder *builder, size_t n_floats, bool packed)
{
    gz_plan *plan = builder->plan;
    if (builder->status != GAZE_OK) return NULL;
    const gz_node *node = plan->graph->nodes[plan->node];
    gz_tensor *tensor = gz_arena_allocate(plan->arena, sizeof *tensor);
    char *name =
        gz_arena_format(plan->arena, "%s:%s %s", node->name, node->op->name, packed ? "packed" : "scratch");
    gaze_status status = tensor && name ? gz_grow(&plan->scratch, &plan->scratch_capacity,
                                                  plan->n_scratch + 1, sizeof *plan->scratch)
                                        : GAZE_ERROR_DEVICE;
    if (status == GAZE_OK && n_floats > SIZE_MAX / sizeof(float) / 2) status = gz_fail_memory(SIZE_MAX);
    if (gz_builder_fail(builder, status) != GAZE_OK) return NULL;
    *tensor = (gz_tensor){.name = name, .dtype = GZ_F32, .role = GZ_VALUE, .keep = packed};
    tensor->shape = GZ_SHAPE(n_floats ? n_floats : 1);
    tensor->index = plan->graph->n_tensors + plan->n_scratch;
    tensor->producer = plan->graph->nodes[plan->node];
    return plan->scratch[plan->n_scratch++] = tensor;
}

gz_tensor *gz_scratch(gz_builder *builder, size_t n_floats) { return new_scratch(builder, n_floats, false); }
gz_tensor *gz_scratch_packed(gz_builder *builder, const gz_tensor *source, size_t n_floats)
{
    return new_scratch(builder, n_floats, gz_builder_stays(builder, source) && !runs_once(builder->plan));
}

gaze_status gz_plan_prepare(gz_plan *plan)
{
    gz_builder builder = {.plan = plan, .family = plan->family};
    for (plan->node = 0; plan->node < plan->graph->n_nodes; plan->node++) {
        const gz_node *node = plan->graph->nodes[plan->node];
        const size_t before = plan->n_launches;
        gaze_status status = gz_builder_fail(&builder, node->op->prepare(node, &builder));
        if (status != GAZE_OK)
            return gz_fail_context(status, "layer '%s': op %s", node->name, node->op->name);
        for (size_t i = before; i < plan->n_launches; i++) plan->launches[i]->builder = NULL;
    }
    return GAZE_OK;
}
