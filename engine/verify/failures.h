/* The messages of failed checks, in full. Those that say the same of several cases ("case 3, cpu kernels,
   training: <message>") are one, which names all of these: a kernel that doesn't compile has one log. */
#ifndef GZ_FAILURES_H
#define GZ_FAILURES_H
#include "../base/text.h"

typedef struct gz_failure {
    gz_text cases; /* "case 3, cpu kernels, training; case 4, cpu kernels, training"; empty: of no case */
    char *message;
} gz_failure;

/* Starts as {0}. Errors stick. */
typedef struct gz_failures {
    gz_failure *list;
    size_t count, capacity;
    gaze_status status;
} gz_failures;

/* text: what stands before the first ": ", if it begins with "case ", is the case. */
void gz_failures_add(gz_failures *failures, const char *text);
/* "<cases>: <message>" each, in the arena. */
gaze_status gz_failures_texts(const gz_failures *failures, gz_arena *arena, const char ***texts);
void gz_failures_free(gz_failures *failures);

#endif
