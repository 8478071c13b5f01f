#include "api.h"
#include "measure.h"

#include <stdlib.h>

const char *gaze_version(void) { return GAZE_VERSION; }

gaze_status gaze_context_create(const gaze_context_options *options, gaze_context **out)
{
    static const gaze_context_options defaults = {0};
    const gaze_context_options *chosen = options ? options : &defaults;
    gaze_context *context;
    GZ_TRY(gz_allocate(1, sizeof *context, &context));
    context->reference = chosen->reference;
    context->profile = chosen->profile;
    context->memory_limit = chosen->memory_limit;
    context->log = chosen->log;
    context->log_user = chosen->log_user;
    context->group = chosen->group && chosen->group->ranks > 1 ? chosen->group : NULL;
    gaze_status status = gz_plugins_load(context);
    if (status == GAZE_OK && !chosen->reference)
        status = gz_device_open_measured(chosen, gz_api_measure, &context->device);
    if (status != GAZE_OK) {
        gaze_context_destroy(context);
        return status;
    }
    *out = context;
    return GAZE_OK;
}

void gaze_context_destroy(gaze_context *context)
{
    if (!context) return;
    gz_device_close(context->device);
    gz_kinds_free(&context->kinds);
    free(context);
}

void gaze_context_device(const gaze_context *context, gaze_device_info *info)
{
    static const gaze_device_info reference = {
        .platform = "none",
        .name = "C reference",
        .vendor = "Gaze",
        .version = GAZE_VERSION,
        .driver = GAZE_VERSION,
        .type = "reference",
        .family = "reference",
        .compute_units = 1,
        .vector_width = 1,
        .max_group = 1,
        .usable = true,
        .chosen = true,
        .reason = "the C references were asked for",
    };
    *info = context->device ? gz_device_facts_of(context->device)->info : reference;
}

void gaze_context_programs(const gaze_context *context, gaze_program_counts *counts)
{
    *counts = (gaze_program_counts){0};
    if (context->device) gz_device_programs(context->device, counts);
}

gaze_status gaze_devices(gaze_device_info **list, size_t *count)
{
    return gz_device_list(gz_api_measure, list, count);
}

void gaze_devices_free(gaze_device_info *list) { free(list); }
