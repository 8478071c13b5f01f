/* Several processes that work as one: what is made of gaze_group's messages. Every call here is made by all
   of them, in the same order. */
#ifndef GZ_GROUP_H
#define GZ_GROUP_H
#include "../data/data.h"

typedef struct gz_group {
    const gaze_group *calls;
    /* Asked about ten times a second while others are waited for; false: a stop is wanted. NULL: never. */
    bool (*go_on)(void *user);
    void *user;
    double patience; /* seconds in which the others have to show up when a stop is wanted */
    bool agreed;     /* they all know what ended the work */
} gz_group;

/* For a group of more than one, or NULL: then *group is not looked at, and NULL comes back. */
gz_group *gz_group_open(const gaze_group *calls, gz_group *group);
/* After the work: a failure that the others don't know of ends them. Gives `status` back. group NULL: nothing
 * is done. */
gaze_status gz_group_end(gz_group *group, gaze_status status);

/* This process's share of the work; group NULL: all of it. */
gz_share gz_group_share(const gz_group *group);

/* Others may take a few times these seconds to show up. */
void gz_group_expect(gz_group *group, double seconds);

/* all [ranks][bytes]: everyone's `mine`. */
gaze_status gz_group_gather(gz_group *group, const void *mine, void *all, size_t bytes);
/* Rank 0's `data` becomes everyone's. */
gaze_status gz_group_broadcast(gz_group *group, void *data, size_t bytes);
/* GAZE_OK where all come with that; else everyone gets the status and the message of the first that failed.
   group NULL: `status` comes back. */
gaze_status gz_group_agree(gz_group *group, gaze_status status);

/* ---- Messages (exchange.c) ---- */

/* Messages of `bytes` between this process and each of the others: rank r's goes to in + r * bytes, and gets
   out + r * stride; stride 0: all get the same. requests: [2 * ranks], NULLs. */
gaze_status gz_group_begin(gz_group *group, int tag, const void *out, size_t stride, void *in, size_t bytes,
                           void **requests);
/* Are all of them done? NULL requests are. */
gaze_status gz_group_test(gz_group *group, void **requests, size_t count, bool *done);

/* Waiting in a loop that looks at several things; starts as {0}. */
typedef struct gz_waiting {
    double moved, asked, stopped; /* seconds: something came, go_on was asked and said no last */
} gz_waiting;
/* Nothing has moved, or something has: waits for a moment, or not. GAZE_ERROR_DEVICE: a stop is wanted, and
   the others are silent. */
gaze_status gz_group_pause(gz_group *group, gz_waiting *waiting, bool moved);

#endif
