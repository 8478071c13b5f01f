#include "resident.h"

#include <stdio.h>

/* Linux counts it from the program's start (VmHWM); ru_maxrss would begin with the parent's, before exec. */
size_t gz_resident_peak(void)
{
    char line[128];
    size_t kib = 0;
    FILE *file = fopen("/proc/self/status", "r");
    if (!file) return 0;
    while (!kib && fgets(line, sizeof line, file)) (void)sscanf(line, "VmHWM: %zu kB", &kib);
    fclose(file);
    return kib * 1024;
}
