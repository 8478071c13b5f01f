/* Training as it goes: a bar on stderr where that is a terminal, a line an epoch on stdout. */
#ifndef PROGRESS_H
#define PROGRESS_H
#include "gaze.h"

typedef struct progress {
    bool bar, json;
    bool drawn; /* the bar is on the screen */
} progress;

void progress_show(progress *shown, const gaze_progress *now);
void progress_end(progress *shown);

#endif
