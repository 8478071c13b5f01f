/* What program.c and join.c share. */
#ifndef GZ_PROGRAM_PARTS_H
#define GZ_PROGRAM_PARTS_H
#include "device_parts.h"
#include "entry.h"

struct gz_program {
    gz_program *next;
    gz_arena *arena;
    const char *stem, *options;     /* as they were asked for */
    const gz_entry *entry;          /* its one kernel calls all others; NULL: each is a kernel */
    const char *name, *all_options; /* as the driver gets them */
    char *source;                   /* until it's built */
    cl_program program;
    gz_cache_key key;
    bool compiled; /* counted as compiled, not as cached */

    /* GZ_CACHE_DRIVER: names of kernels, each followed by a line's end */
    char *known;  /* compiled by an earlier process; NULL: no entry */
    gz_text made; /* in this one, without those */
};

/* A program of some files that isn't built yet; its key is known. calls: of its entry; none: each kernel is
 * one. */
gaze_status gz_program_prepare(const gz_device *device, const char *stem, const char *options,
                               const gz_call_form *calls, size_t n_calls, gz_program **out);
/* Builds it and puts it into the device's table; a failure drops it. */
gaze_status gz_program_build(gz_device *device, gz_program *program);
void gz_program_drop(gz_program *program); /* NULL is fine */

/* Keeps it in the cache; what can't be kept is logged. */
void gz_program_store(gz_device *device, const gz_program *program, const void *payload, size_t size);

/* The program without options that has this file's kernels, alone or with other files; NULL: none. */
gz_program *gz_program_joined(const gz_device *device, const char *stem);

void gz_program_note_kernel(gz_device *device, gz_program *program, const char *kernel);

#endif
