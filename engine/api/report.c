#include "report.h"
#include "../base/clock.h"
#include "../verify/report.h"

gaze_status gz_tell_begin(gz_told *told, gaze_context *context, const gaze_verify_options *options)
{
    gaze_device_info info;
    char built_with[GZ_OPTIONS] = "";
    *told = (gz_told){.options = options, .context = context, .start = gz_seconds()};
    gaze_context_programs(context, &told->programs);
    if (!options->report) return GAZE_OK;
    gaze_context_device(context, &info);
    if (context->device) gz_device_options(context->device, built_with);
    return gz_report_begin(options->report, &info, built_with);
}

void gz_tell(void *user, const gaze_verify_line *line)
{
    gz_told *told = user;
    if (told->options->line) told->options->line(told->options->user, line);
    if (told->options->report && told->status == GAZE_OK)
        told->status = gz_report_add(told->options->report, line);
}

gaze_status gz_tell_end(gz_told *told, gaze_status status)
{
    gaze_program_counts programs;
    if (!told->options->report) return status;
    gaze_context_programs(told->context, &programs);
    programs.compiled -= told->programs.compiled;
    programs.cached -= told->programs.cached;
    if (status == GAZE_OK) status = told->status;
    return gz_report_end(told->options->report, status, gz_seconds() - told->start, &programs);
}
