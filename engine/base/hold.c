/* A folder that one process writes into at a time. */
#include "clock.h"
#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

enum { PAUSE_NS = 20000000 };

/* The lock is on the folder itself: no file is left behind, and the system lets go of it when the process
   ends, however it ends. */
gaze_status gz_folder_hold(const char *path, double seconds, int *hold)
{
    const double until = gz_seconds() + seconds;
    *hold = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (*hold < 0) return GAZE_OK; /* may be written but not listed */
    while (flock(*hold, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
        if (gz_seconds() >= until) {
            close(*hold);
            *hold = -1;
            return gz_fail(GAZE_ERROR_DATA,
                           "%s: another process writes into this folder (%g seconds were waited): expected "
                           "one at a time. Let it end, or give this one another folder",
                           path, seconds);
        }
        nanosleep(&(struct timespec){.tv_nsec = PAUSE_NS}, NULL);
    }
    return GAZE_OK;
}

void gz_folder_let_go(int hold)
{
    if (hold < 0) return;
    flock(hold, LOCK_UN); /* a child that was forked has the descriptor too */
    close(hold);
}
