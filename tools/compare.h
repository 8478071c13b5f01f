/* What gaze compare prints: a row a seed as soon as both runs are done, then what they come to. */
#ifndef TOOLS_COMPARE_H
#define TOOLS_COMPARE_H
#include "gaze.h"

typedef struct compare_table {
    bool json;
    const char *models[2]; /* as they were typed */
    bool begun;
    gaze_compare_run first; /* A's run of the row */
} compare_table;

void compare_row(compare_table *table, const gaze_compare_run *run, bool done);
void compare_end(compare_table *table, const gaze_comparison *found);

#endif
