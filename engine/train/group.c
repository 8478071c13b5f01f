#include "group.h"

#include "../base/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { TOGETHER_TAG = 0, MESSAGE_BYTES = 1024, PAUSE_NS = 20000 };
static const double ASK_SECONDS = 0.1, PATIENCE_SECONDS = 0.5;

gz_group *gz_group_open(const gaze_group *calls, gz_group *group)
{
    if (!calls || calls->ranks < 2) return NULL;
    *group = (gz_group){.calls = calls, .patience = PATIENCE_SECONDS};
    return group;
}

gaze_status gz_group_end(gz_group *group, gaze_status status)
{
    if (group && status != GAZE_OK && !group->agreed)
        group->calls->fail(group->calls->user, status, gaze_message());
    return status;
}

gz_share gz_group_share(const gz_group *group)
{
    return group ? (gz_share){group->calls->rank, group->calls->ranks} : (gz_share){0};
}

void gz_group_expect(gz_group *group, double seconds)
{
    group->patience = 3 * seconds > PATIENCE_SECONDS ? 3 * seconds : PATIENCE_SECONDS;
}

static gaze_status check(const char *wrong, const char *what)
{
    return wrong ? gz_fail(GAZE_ERROR_DEVICE, "%s: %s", what, wrong) : GAZE_OK;
}

static gaze_status send(gz_group *group, size_t to, int tag, const void *data, size_t bytes, void **request)
{
    return check(group->calls->send(group->calls->user, to, tag, data, bytes, request),
                 "sending to another process");
}

static gaze_status receive(gz_group *group, size_t from, int tag, void *data, size_t bytes, void **request)
{
    return check(group->calls->receive(group->calls->user, from, tag, data, bytes, request),
                 "receiving from another process");
}

gaze_status gz_group_begin(gz_group *group, int tag, const void *out, size_t stride, void *in, size_t bytes,
                           void **requests)
{
    const size_t ranks = group->calls->ranks;
    for (size_t r = 0; r < ranks; r++) {
        if (r == group->calls->rank) continue;
        GZ_TRY(receive(group, r, tag, (char *)in + r * bytes, bytes, &requests[r]));
        GZ_TRY(send(group, r, tag, (const char *)out + r * stride, bytes, &requests[ranks + r]));
    }
    return GAZE_OK;
}

gaze_status gz_group_test(gz_group *group, void **requests, size_t count, bool *done)
{
    *done = true;
    for (size_t i = 0; i < count; i++) {
        bool one = true;
        if (requests[i])
            GZ_TRY(check(group->calls->test(group->calls->user, &requests[i], &one),
                         "messages between the processes"));
        *done &= one;
    }
    return GAZE_OK;
}

/* Whoever ended us may have ended the others too: then nobody is left to stop together with. */
static gaze_status ask(gz_group *group, gz_waiting *waiting, double now)
{
    waiting->asked = now;
    if (!group->go_on || group->go_on(group->user)) return GAZE_OK;
    if (waiting->stopped == 0) waiting->stopped = now;
    if (now - waiting->stopped < group->patience || now - waiting->moved < group->patience) return GAZE_OK;
    return gz_fail(GAZE_ERROR_DEVICE,
                   "stopped without the other processes: %.1f seconds after they were told to stop they "
                   "haven't answered, or have ended",
                   now - waiting->stopped);
}

gaze_status gz_group_pause(gz_group *group, gz_waiting *waiting, bool moved)
{
    const double now = gz_seconds();
    if (waiting->moved == 0) waiting->asked = now;
    if (waiting->moved == 0 || moved) waiting->moved = now;
    if (now - waiting->asked >= ASK_SECONDS) GZ_TRY(ask(group, waiting, now));
    if (!moved) nanosleep(&(struct timespec){.tv_nsec = PAUSE_NS}, NULL);
    return GAZE_OK;
}

static gaze_status wait_for(gz_group *group, void **requests, size_t count)
{
    gz_waiting waiting = {0};
    for (;;) {
        bool done;
        GZ_TRY(gz_group_test(group, requests, count, &done));
        if (done) return GAZE_OK;
        GZ_TRY(gz_group_pause(group, &waiting, false));
    }
}

gaze_status gz_group_gather(gz_group *group, const void *mine, void *all, size_t bytes)
{
    const size_t ranks = group->calls->ranks;
    void **requests;
    gaze_status status;
    GZ_TRY(gz_allocate(2 * ranks, sizeof *requests, &requests));
    memcpy((char *)all + group->calls->rank * bytes, mine, bytes);
    GZ_GO(gz_group_begin(group, TOGETHER_TAG, mine, 0, all, bytes, requests));
    GZ_GO(wait_for(group, requests, 2 * ranks));
done:
    free(requests);
    return status;
}

gaze_status gz_group_broadcast(gz_group *group, void *data, size_t bytes)
{
    const size_t ranks = group->calls->ranks;
    void **requests;
    gaze_status status = GAZE_OK;
    GZ_TRY(gz_allocate(ranks, sizeof *requests, &requests));
    if (group->calls->rank) GZ_GO(receive(group, 0, TOGETHER_TAG, data, bytes, &requests[0]));
    for (size_t r = 1; r < ranks && !group->calls->rank; r++)
        GZ_GO(send(group, r, TOGETHER_TAG, data, bytes, &requests[r]));
    GZ_GO(wait_for(group, requests, ranks));
done:
    free(requests);
    return status;
}

typedef struct outcome {
    gaze_status status;
    char message[MESSAGE_BYTES];
} outcome;

/* A failure that all have, an unknown file say, is told as one. */
static gaze_status tell(gz_group *group, const outcome *all)
{
    size_t first = 0, failed = 0;
    for (size_t r = group->calls->ranks; r-- > 0;)
        if (all[r].status != GAZE_OK) first = r, failed++;
    if (!failed) return GAZE_OK;
    group->agreed = true;
    if (failed == group->calls->ranks) return gz_fail(all[0].status, "%s", all[0].message);
    return gz_fail(all[first].status, "rank %zu of %zu: %s", first, group->calls->ranks, all[first].message);
}

gaze_status gz_group_agree(gz_group *group, gaze_status status)
{
    outcome mine = {.status = status}, *all;
    if (!group) return status;
    if (status != GAZE_OK) snprintf(mine.message, sizeof mine.message, "%s", gaze_message());
    GZ_TRY(gz_allocate(group->calls->ranks, sizeof *all, &all));
    status = gz_group_gather(group, &mine, all, sizeof mine);
    if (status == GAZE_OK) status = tell(group, all);
    free(all);
    return status;
}
