/* What program.c and join.c share. */
#ifndef GZ_PROGRAM_PARTS_H
#define GZ_PROGRAM_PARTS_H
#include "device_parts.h"
#include "entry.h"

struct gz_program {
    gz_program *next;
    gz_arena *arena;
    const char *stem, *options; /* as they were asked for */
    const gz_entry *entry;      /* its one kernel calls all others; NULL: each is a kernel */
    cl_program program;
    gz_cache_key key;
    bool compiled; /* counted as compiled, not as cached */

    /* GZ_CACHE_DRIVER: names of kernels, each followed by a line's end */
    char *known;  /* compiled by an earlier process; NULL: no entry */
    gz_text made; /* in this one, without those */
};

/* Builds a program and puts it into the device's table. calls: of its entry; none: each kernel is one. */
gaze_status gz_program_add(gz_device *device, const char *stem, const char *options,
                           const gz_call_form *calls, size_t n_calls, gz_program **out);

/* The program without options that has this file's kernels, alone or with other files; NULL: none. */
gz_program *gz_program_joined(const gz_device *device, const char *stem);

void gz_program_note_kernel(gz_device *device, gz_program *program, const char *kernel);

#endif
