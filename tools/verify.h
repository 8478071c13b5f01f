/* What the files of gaze verify share. */
#ifndef TOOLS_VERIFY_H
#define TOOLS_VERIFY_H
#include "common.h"

#include <sys/types.h>

typedef struct verify_options {
    tool_options tool;
    gaze_verify_options verify;
    const char *model, *weights, *report;
    bool all;
    size_t jobs; /* processes at once, with this one */

    /* What was found. */
    const gaze_device_info *device; /* with --all: the one that is verified now */
    tool_summary summary;           /* with --all: a line a device */
    double worst;                   /* on this device */
    size_t passed, failed;
    bool ended_early; /* a device could not be opened, or was lost */
} verify_options;

/* verify_ahead.c: processes that compile for a run of all ops on one device, which has yet to open it. */
typedef struct verify_ahead {
    pid_t children[4];
    size_t count;
    int end; /* closed: they are to end */
} verify_ahead;
size_t verify_usual_jobs(void);
void verify_ahead_start(const tool_options *tool, const gaze_verify_options *verify, size_t jobs,
                        verify_ahead *ahead);
void verify_ahead_end(verify_ahead *ahead);

void verify_print_line(verify_options *options, const gaze_verify_line *line);
void verify_print_counts(const verify_options *options);
/* Into the summary; reason: why the device ended early, or was not run on; NULL. */
void verify_summarise(verify_options *options, size_t passed, size_t failed, const char *reason);

#endif
