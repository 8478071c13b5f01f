/* What the files behind device.h share. */
#ifndef GZ_DEVICE_PARTS_H
#define GZ_DEVICE_PARTS_H
#include "cache.h"
#include "choices.h"
#include "probe.h"

typedef struct gz_program gz_program; /* program.c */
typedef struct gz_team gz_team;       /* team.h */

/* choices.h */
typedef struct gz_choices {
    bool open;      /* what is on disk has been read */
    const char *by; /* the candidate that $GAZE_CHOICES names, or NULL */
    gz_cache *cache;
    gz_arena *arena; /* of the list's texts */
    gaze_chosen *list;
    size_t count, capacity;
} gz_choices;
/* The text of an entry, which is changed. false: damaged, and there are no choices. */
bool gz_choices_read(gz_choices *choices, char *text);
void gz_choices_free(gz_choices *choices);

struct gz_device {
    gz_probe *probe; /* of the strings in facts */
    gz_device_facts facts;
    cl_device_id id;
    cl_context context;
    cl_command_queue queue;
    cl_device_id hosted_id; /* gz_device_hosted, or NULL */
    gz_device *hosted;      /* made when first asked for */
    gz_device *whole;       /* of a hosted device: the one that it belongs to */
    gz_team *team;          /* of a hosted device */
    gz_device *active;      /* of the two, the one whose queue may have work; NULL: none has */
    bool profile;
    size_t memory_limit; /* bytes: the user's, or SIZE_MAX */
    size_t allocated;    /* bytes */
    gz_cache *cache;
    gz_program *programs;
    bool cpu_kernels;   /* programs hold the kernels of the cpu family; common.h says why not always */
    bool alone;         /* a program of several files did not compile: each file is a program */
    char hung[64];      /* the program that was given up (compile.h): no other is tried; "": none */
    gz_choices choices; /* of a hosted device: not used */
    gaze_program_counts counts;
    bool ran; /* something was read back: kernels have been run, not only made */
    gaze_log_function *log;
    void *log_user;
};

/* To be called once, before the first OpenCL call. */
void gz_device_is_used_here(void);
bool gz_device_is_used(void); /* was it, here or in the process that this one is a fork of? */

/* What PoCL is told by the environment (pocl.c): before the first OpenCL call; once a PoCL's version is
 * known; and whether a device is there because of that. */
void gz_pocl_prepare(void);
void gz_pocl_ask_for_hosted(const char *version);
bool gz_pocl_is_hosted(const gaze_device_info *info);

/* Fills the probe with what was measured before, and measures what wasn't; measure NULL: not that. */
gaze_status gz_device_measure(gz_probe *probe, gz_measure_function *measure);

/* Ends what a device or its hosted one has of its own: team, programs, cache, queue. NULL is fine. */
void gz_device_close_work(gz_device *device);

/* Tells the cache which kernels were used, and releases all programs. */
void gz_programs_release(gz_device *device);

#endif
