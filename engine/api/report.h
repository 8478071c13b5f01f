/* What gaze_verify and gaze_verify_model tell: the caller's function and the report. */
#ifndef GZ_API_REPORT_H
#define GZ_API_REPORT_H
#include "api.h"

typedef struct gz_told {
    const gaze_verify_options *options; /* never NULL */
    const gaze_context *context;
    double start;
    gaze_program_counts programs; /* before */
    gaze_status status;           /* of the report; sticks */
} gz_told;

gaze_status gz_tell_begin(gz_told *told, gaze_context *context, const gaze_verify_options *options);
/* A gaze_verify_function; user: the gz_told. */
void gz_tell(void *told, const gaze_verify_line *line);
/* Returns the run's status, or the report's where that is all that failed. */
gaze_status gz_tell_end(gz_told *told, gaze_status status);

#endif
