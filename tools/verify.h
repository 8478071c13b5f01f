/* What the files of gaze verify share. */
#ifndef TOOLS_VERIFY_H
#define TOOLS_VERIFY_H
#include "common.h"

typedef struct verify_options {
    tool_options tool;
    gaze_verify_options verify;
    const char *model, *weights, *report;
    bool all;

    /* What was found. */
    const gaze_device_info *device; /* with --all: the one that is verified now */
    tool_summary summary;           /* with --all: a line a device */
    double worst;                   /* on this device */
    size_t passed, failed;
    bool ended_early; /* a device could not be opened, or was lost */
} verify_options;

void verify_print_line(verify_options *options, const gaze_verify_line *line);
void verify_print_counts(const verify_options *options);
/* Into the summary; reason: why the device ended early, or was not run on; NULL. */
void verify_summarise(verify_options *options, size_t passed, size_t failed, const char *reason);

#endif
