/* Memory and processors that this process may use. */
#define _GNU_SOURCE /* sched_getaffinity */
#include "../base/text.h"
#include "doctor.h"

#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

/* A training of the tutorials' models with its driver and compiler; and the addresses that LLVM and PoCL
 * take. */
static const size_t NEEDED = (size_t)512 << 20, ADDRESSES = (size_t)1 << 30;

/* "MemAvailable:  123 kB" of /proc/meminfo in bytes; 0: not known. */
static size_t meminfo(gz_doctor *d, const char *word)
{
    char line[128];
    size_t kib = 0;
    const size_t length = strlen(word);
    FILE *file = fopen(gz_doctor_path(d, "/proc/meminfo"), "r");
    if (!file) return 0;
    while (!kib && fgets(line, sizeof line, file))
        if (strncmp(line, word, length) == 0) (void)sscanf(line + length, "%zu", &kib);
    fclose(file);
    return kib << 10;
}

/* Bytes in a file of the control group; 0: none, or no limit. */
static size_t group_bytes(gz_doctor *d, const char *path)
{
    size_t bytes = 0;
    const char *line = gz_doctor_first_line(d, gz_doctor_path(d, path));
    return line && gz_parse_size(line, &bytes) ? bytes : 0;
}

static void tell_free(gz_doctor *d)
{
    static const char holders[] = "ps -eo rss,pid,args --sort=-rss | head";
    char one[24], two[24];
    size_t left = meminfo(d, "MemAvailable:"), all = meminfo(d, "MemTotal:");
    const size_t limit = group_bytes(d, "/sys/fs/cgroup/memory.max"),
                 used = group_bytes(d, "/sys/fs/cgroup/memory.current");
    if (!all) return;
    if (limit && limit < all) {
        all = limit;
        if (limit - (used < limit ? used : limit) < left) left = limit - (used < limit ? used : limit);
    }
    const bool enough = left >= NEEDED;
    gz_doctor_tell(d, enough ? GAZE_HEALTH_OK : GAZE_HEALTH_WRONG, enough ? NULL : holders,
                   "%s of %s are free%s", gz_bytes_text(left, one), gz_bytes_text(all, two),
                   enough ? "" : "; training wants about half a GiB. The command shows who holds the rest");
}

static void tell_limit(gz_doctor *d)
{
    char text[24];
    struct rlimit limit;
    if (getrlimit(RLIMIT_AS, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return;
    const bool tight = limit.rlim_cur < ADDRESSES;
    gz_doctor_tell(d, tight ? GAZE_HEALTH_WRONG : GAZE_HEALTH_NOTE, tight ? "ulimit -v unlimited" : NULL,
                   "the shell limits this process to %s of addresses%s",
                   gz_bytes_text((size_t)limit.rlim_cur, text),
                   tight ? ": OpenCL's compilers take more" : "");
}

size_t gz_doctor_processors(void)
{
#ifdef __linux__
    cpu_set_t allowed;
    if (sched_getaffinity(0, sizeof allowed, &allowed) == 0) return (size_t)CPU_COUNT(&allowed);
#endif
    return 0;
}

static void tell_processors(gz_doctor *d)
{
    const long online = sysconf(_SC_NPROCESSORS_ONLN);
    const size_t usable = gz_doctor_processors();
    if (!usable) return;
    if ((long)usable < online)
        gz_doctor_tell(d, GAZE_HEALTH_NOTE, NULL,
                       "this process may use %zu of %ld processors (taskset, or a container's limit)", usable,
                       online);
    else
        gz_doctor_tell(d, GAZE_HEALTH_OK, NULL, "%ld processors", online);
}

void gz_doctor_memory(gz_doctor *d)
{
    tell_free(d);
    tell_limit(d);
    tell_processors(d);
}
