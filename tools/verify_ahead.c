/* Most of a first run's time compilers take, one kernel after the other. So other processes go through the
   ops from the last to the first, tell nothing, and leave what they compile in the cache on disk, where the
   run that tells finds it. */
#include "common.h"
#include "verify.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

/* A run that finds everything in the cache is over, or nearly so, before the others begin. */
enum { MOST_JOBS = 4, WAIT_MS = 3000 };

size_t verify_usual_jobs(void)
{
    const long cores = sysconf(_SC_NPROCESSORS_ONLN);
    return cores < 1 ? 1 : cores > MOST_JOBS ? MOST_JOBS : (size_t)cores;
}

/* The run that tells is over: it has closed the other end. */
static void stop_at_end(int end, int wait_ms)
{
    struct pollfd closed = {.fd = end, .events = POLLIN};
    if (poll(&closed, 1, wait_ms) != 0) _exit(0);
}

/* Between ops, so that no file of a driver stays half written. */
static void after_op(void *user, const gaze_verify_line *line)
{
    (void)line;
    stop_at_end(*(const int *)user, 0);
}

static void compile(const tool_options *tool, const gaze_verify_options *verify, size_t part, size_t parts,
                    int end)
{
    const int nowhere = open("/dev/null", O_WRONLY);
    if (nowhere < 0 || dup2(nowhere, STDOUT_FILENO) < 0 || dup2(nowhere, STDERR_FILENO) < 0) return;
    gaze_verify_options ahead = {.quick = verify->quick,
                                 .brief = !verify->quick,
                                 .part = part,
                                 .parts = parts,
                                 .line = after_op,
                                 .user = &end};
    gaze_context *context = NULL;
    size_t passed, failed;
    if (tool_context(tool, false, &context) == GAZE_OK) (void)gaze_verify(context, &ahead, &passed, &failed);
    gaze_context_destroy(context);
}

void verify_ahead_start(const tool_options *tool, const gaze_verify_options *verify, size_t jobs,
                        verify_ahead *ahead)
{
    int ends[2];
    *ahead = (verify_ahead){.end = -1};
    if (jobs < 2 || verify->op || verify->brief || pipe(ends) != 0) return;
    ahead->end = ends[1];
    for (size_t i = 0; i + 1 < jobs && i < MOST_JOBS; i++) {
        const pid_t child = fork();
        if (child == 0) {
            close(ends[1]);
            stop_at_end(ends[0], WAIT_MS);
            compile(tool, verify, i, jobs - 1, ends[0]);
            _exit(0);
        }
        if (child > 0) ahead->children[ahead->count++] = child;
    }
    close(ends[0]);
}

void verify_ahead_end(verify_ahead *ahead)
{
    if (ahead->end >= 0) close(ahead->end);
    for (size_t i = 0; i < ahead->count; i++) waitpid(ahead->children[i], NULL, 0);
    *ahead = (verify_ahead){.end = -1};
}
