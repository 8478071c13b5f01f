#include "verify.h"

#include <math.h>

static void print_of_model(const gaze_verify_line *line)
{
    printf("%-40s %-11s worst %7.5f of its limit%s\n", line->op, line->family, line->worst,
           line->failed ? "  FAILED" : "");
    if (line->failed) printf("  %s\n", line->first_failure);
}

static void print_text(const gaze_verify_line *line)
{
    printf("%-32s %-6s %3zu cases %5zu checks  worst %6.3f of its limit %9.1f ms%s\n", line->op, line->family,
           line->cases, line->checks, line->worst, line->ms, line->failed ? "  FAILED" : "");
    if (line->failed) printf("  %zu failed; first: %s\n", line->failed, line->first_failure);
}

static void print_json(const verify_options *options, const gaze_verify_line *line)
{
    putchar('{');
    if (options->device) printf("\"device\": %zu, ", options->device->index);
    fputs("\"op\": ", stdout);
    tool_json_text(stdout, line->op);
    printf(", \"family\": \"%s\", \"cases\": %zu, \"checks\": %zu, \"failed\": %zu, \"worst\": ",
           line->family, line->cases, line->checks, line->failed);
    tool_json_number(stdout, line->worst);
    printf(", \"ms\": %.3f, \"first_failure\": ", line->ms);
    tool_json_text(stdout, line->first_failure);
    puts("}");
}

void verify_print_line(verify_options *options, const gaze_verify_line *line)
{
    options->worst = fmax(options->worst, line->worst);
    if (options->tool.json)
        print_json(options, line);
    else if (options->model)
        print_of_model(line);
    else
        print_text(line);
    fflush(stdout);
}

void verify_print_counts(const verify_options *options)
{
    printf(options->tool.json ? "{\"passed\": %zu, \"failed\": %zu}\n" : "%zu passed, %zu failed\n",
           options->passed, options->failed);
}

static void summarise_json(FILE *to, const verify_options *o, size_t passed, size_t failed,
                           const char *reason)
{
    tool_json_device(to, o->device);
    fprintf(to, ", \"passed\": %zu, \"failed\": %zu, \"worst\": ", passed, failed);
    tool_json_number(to, o->worst);
    fputs(", \"error\": ", to);
    tool_json_text(to, reason);
    fputs("}\n", to);
}

void verify_summarise(verify_options *o, size_t passed, size_t failed, const char *reason)
{
    FILE *to = o->summary.stream;
    if (o->tool.json)
        summarise_json(to, o, passed, failed, reason);
    else if (reason)
        fprintf(to, "device %zu, %s: %s%s\n", o->device->index, o->device->name,
                o->device->usable ? "" : "not usable: ", reason);
    else
        fprintf(to, "device %zu, %s: %zu passed, %zu failed, worst %.3f of its limit\n", o->device->index,
                o->device->name, passed, failed, o->worst);
}
