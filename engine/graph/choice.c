#include "../base/text.h"
#include "../device/choices.h"
#include "plan_parts.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static bool is_possible(const gz_candidates *c, size_t i)
{
    return c->names[i] && (i == c->usual || c->possible >> i & 1);
}

size_t gz_candidate_at(const gz_candidates *c, size_t n)
{
    if (n == 0) return c->usual;
    for (size_t i = 0; c->names[i]; i++)
        if (i != c->usual && is_possible(c, i) && --n == 0) return i;
    return SIZE_MAX;
}

size_t gz_candidates_count(const gz_candidates *c)
{
    size_t n = 0;
    while (gz_candidate_at(c, n) != SIZE_MAX) n++;
    return n;
}

static size_t by_name(const gz_candidates *c, const char *name)
{
    for (size_t i = 0; name && c->names[i]; i++)
        if (is_possible(c, i) && strcmp(c->names[i], name) == 0) return i;
    return c->usual;
}

static size_t by_number(const gz_candidates *c, size_t n)
{
    const size_t i = gz_candidate_at(c, n);
    return i == SIZE_MAX ? c->usual : i;
}

static gaze_status make_key(gz_plan *plan, gz_device *device, gz_plan_choice *choice, const char *shape)
{
    char *key = gz_arena_format(
        plan->arena, "%s %s%s %s %s", plan->graph->training ? "training" : "prediction",
        gz_family_name(plan->family), gz_device_is_hosted(device) ? "/host" : "", choice->op, shape);
    if (!key) return GAZE_ERROR_DEVICE;
    choice->key = key;
    choice->shape = key + strlen(key) - strlen(shape);
    return GAZE_OK;
}

gaze_status gz_plan_choose(gz_plan *plan, gz_device *device, gz_plan_choice choice, const char *shape,
                           size_t *taken)
{
    const size_t number = choice.node ? plan->options.candidate : plan->options.place;
    *taken = choice.candidates.usual;
    if (gz_candidates_count(&choice.candidates) < 2) return GAZE_OK;
    GZ_TRY(make_key(plan, device, &choice, shape));
    if (number)
        *taken = by_number(&choice.candidates, number - 1);
    else
        *taken = by_name(&choice.candidates,
                         plan->options.by ? plan->options.by : gz_choices_find(device, choice.key));
    choice.taken = *taken;
    GZ_TRY(gz_grow(&plan->choices, &plan->choices_capacity, plan->n_choices + 1, sizeof *plan->choices));
    plan->choices[plan->n_choices++] = choice;
    return GAZE_OK;
}

size_t gz_builder_choose(gz_builder *builder, gz_candidates candidates, const char *shape_format, ...)
{
    gz_plan *plan = builder->plan;
    const gz_node *node = plan->graph->nodes[plan->node];
    size_t taken = candidates.usual;
    gz_text text = {0};
    char *shape = NULL;
    va_list arguments;
    va_start(arguments, shape_format);
    gz_text_add_list(&text, shape_format, arguments);
    va_end(arguments);
    gaze_status status = gz_text_take(&text, &shape);
    if (status == GAZE_OK)
        status = gz_plan_choose(
            plan, plan->device,
            (gz_plan_choice){.node = node, .op = node->op->name, .candidates = candidates}, shape, &taken);
    free(shape);
    gz_builder_fail(builder, status);
    return taken;
}

size_t gz_plan_choices(const gz_plan *plan, const gz_plan_choice **list)
{
    *list = plan->choices;
    return plan->n_choices;
}
