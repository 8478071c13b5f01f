/* Findings of a child process, told as the parent's own. */
#include "doctor.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { POLL_MS = 100 };

/* A finding on its way: whole or not at all, since pipes keep writes of this size together. */
typedef struct note {
    gaze_health health;
    bool has_cure;
    char part[32], found[GZ_MOST_TEXT], cure[GZ_MOST_TEXT];
} note;

_Static_assert(sizeof(note) <= 4096, "PIPE_BUF");

static void send(void *user, const gaze_finding *finding)
{
    const int *pipe = user;
    note n = {.health = finding->health, .has_cure = finding->cure};
    snprintf(n.part, sizeof n.part, "%s", finding->part);
    snprintf(n.found, sizeof n.found, "%s", finding->found);
    snprintf(n.cure, sizeof n.cure, "%s", finding->cure ? finding->cure : "");
    if (write(*pipe, &n, sizeof n) != (ssize_t)sizeof n) _exit(EXIT_FAILURE);
}

static _Noreturn void be_child(gz_doctor *d, gz_doctor_work *work, const void *user, int pipe)
{
    d->tell = send;
    d->user = &pipe;
    work(d, user);
    _exit(EXIT_SUCCESS); /* nothing of the parent's is flushed twice, no driver tidies up */
}

/* false: nothing within what is left of the time. It is counted in polls, so that a process that was stopped
   for a while, or a machine that slept, does not take its driver for one that hangs. */
static bool wait_for(int pipe, size_t *left_polls)
{
    for (; *left_polls; --*left_polls) {
        struct pollfd ready = {.fd = pipe, .events = POLLIN};
        if (poll(&ready, 1, POLL_MS) > 0) return true;
    }
    return false;
}

/* *end: the child has closed its end. */
static bool take_note(gz_doctor *d, int pipe, size_t *left_polls, bool *end)
{
    note n;
    size_t have = 0;
    while (have < sizeof n) {
        if (!wait_for(pipe, left_polls)) return false;
        const ssize_t got = read(pipe, (char *)&n + have, sizeof n - have);
        if (got < 0 && errno == EINTR) continue;
        *end = got <= 0;
        if (*end) return true;
        have += (size_t)got;
    }
    d->part = n.part;
    gz_doctor_tell(d, n.health, n.has_cure ? n.cure : NULL, "%s", n.found);
    return true;
}

static gz_ending follow(gz_doctor *d, pid_t child, int pipe, double seconds, int *signal)
{
    size_t left_polls = (size_t)(seconds * 1000) / POLL_MS;
    const char *part = d->part;
    bool end = false, in_time = true;
    int how = 0;
    while (in_time && !end) in_time = take_note(d, pipe, &left_polls, &end);
    d->part = part;
    if (!in_time) kill(child, SIGKILL);
    while (waitpid(child, &how, 0) < 0 && errno == EINTR) continue;
    if (!in_time) return GZ_HUNG;
    if (!WIFSIGNALED(how)) return WEXITSTATUS(how) == EXIT_SUCCESS ? GZ_ENDED : GZ_CRASHED;
    *signal = WTERMSIG(how);
    return GZ_CRASHED;
}

gz_ending gz_doctor_child(gz_doctor *d, gz_doctor_work *work, const void *user, double seconds, int *signal)
{
    int ends[2];
    *signal = 0;
    if (pipe(ends) != 0) return GZ_NOT_STARTED;
    const pid_t child = fork();
    if (child == 0) {
        close(ends[0]);
        be_child(d, work, user, ends[1]);
    }
    close(ends[1]);
    const gz_ending ending = child < 0 ? GZ_NOT_STARTED : follow(d, child, ends[0], seconds, signal);
    close(ends[0]);
    return ending;
}
