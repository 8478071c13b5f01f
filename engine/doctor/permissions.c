/* Device files of GPUs: there, and open to this user. */
#include "doctor.h"
#include "gpus.h"

#include <errno.h>
#include <glob.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* AMD's compute, every kernel driver's rendering, NVIDIA's, Windows' in WSL */
static const char *const patterns[] = {"/dev/kfd", "/dev/dri/renderD*", "/dev/nvidiactl", "/dev/nvidia[0-9]*",
                                       "/dev/dxg"};
enum { N_PATTERNS = sizeof patterns / sizeof *patterns };

static const char *user_name(void)
{
    const struct passwd *user = getpwuid(getuid());
    return user ? user->pw_name : "\"$(id -un)\"";
}

/* The group that may, or the file for all: where its group may not either, as with root's own files. */
static const char *cure_of(gz_doctor *d, const char *path)
{
    struct stat facts;
    const struct group *group;
    if (stat(path, &facts) == 0 && (facts.st_mode & 060) == 060 && (group = getgrgid(facts.st_gid)))
        return gz_arena_format(d->arena, "sudo usermod -aG %s %s   # then log in again", group->gr_name,
                               user_name());
    return gz_arena_format(d->arena, "sudo chmod a+rw %s", gz_doctor_quoted(d, path));
}

static void look_at(gz_doctor *d, const char *path)
{
    if (access(path, R_OK | W_OK) == 0) {
        gz_doctor_tell(d, GAZE_HEALTH_OK, NULL, "%s can be read and written", path);
        return;
    }
    const char *why = strerror(errno);
    gz_doctor_tell(d, GAZE_HEALTH_WRONG, cure_of(d, path), "%s: %s: the GPU behind it can't be used by '%s'",
                   path, why, user_name());
}

static size_t look_at_all(gz_doctor *d, const char *pattern)
{
    glob_t found;
    if (glob(gz_doctor_path(d, pattern), 0, NULL, &found) != 0) return 0;
    const size_t count = found.gl_pathc;
    for (size_t i = 0; i < count; i++) look_at(d, found.gl_pathv[i]);
    globfree(&found);
    return count;
}

void gz_doctor_permissions(gz_doctor *d)
{
    gz_gpus gpus;
    size_t count = 0;
    for (size_t i = 0; i < N_PATTERNS; i++) count += look_at_all(d, patterns[i]);
    if (count) return;
    gz_gpus_find(d, &gpus);
    for (size_t i = 0; i < gpus.count; i++)
        gz_doctor_tell(
            d, GAZE_HEALTH_WRONG, gz_arena_format(d->arena, "sudo modprobe %s", gpus.list[i]->module),
            "there is a GPU of %s, but no device file (/dev/dri/renderD*, /dev/kfd, /dev/nvidia*): its "
            "kernel driver isn't loaded; or this is a container that wasn't given them (--device)",
            gpus.list[i]->vendor);
    if (!gpus.count)
        gz_doctor_tell(d, GAZE_HEALTH_OK, NULL,
                       "no device file of a GPU, and no GPU: nothing needs a permission");
}
