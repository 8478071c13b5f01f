/* Gives a fuzz target the files that are named, and those in the folders that are named: regression without
   libFuzzer. A file may take neither more than SECONDS of the processor nor, where no sanitizer needs address
   space itself, more memory than MOST_BYTES. */
#include "fuzz.h"

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <unistd.h>

enum { SECONDS = 20, MOST_BYTES = 192 << 20 };

static char current[1024];

static void too_slow(int number)
{
    static const char text[] = ": still not done; the fuzz target hangs\n";
    (void)number;
    if (write(STDERR_FILENO, current, strlen(current)) < 0 || write(STDERR_FILENO, text, sizeof text - 1) < 0)
        _exit(2);
    _exit(1);
}

static void watch(int seconds)
{
    const struct itimerval timer = {.it_value = {.tv_sec = seconds}};
    setitimer(ITIMER_PROF, &timer, NULL);
}

static void limit_memory(void)
{
#ifndef __SANITIZE_ADDRESS__
    const struct rlimit limit = {MOST_BYTES, MOST_BYTES};
    setrlimit(RLIMIT_DATA, &limit);
#endif
}

/* The input lies in memory of exactly its size, so that a byte too far is seen. */
static bool feed_file(const char *path)
{
    char *bytes;
    size_t size;
    uint8_t *exact;
    snprintf(current, sizeof current, "%s", path);
    if (gz_file_read(path, MOST_BYTES, &bytes, &size) != GAZE_OK || gz_allocate(size, 1, &exact) != GAZE_OK) {
        fprintf(stderr, "%s\n", gaze_message());
        return false;
    }
    if (size) memcpy(exact, bytes, size);
    free(bytes);
    watch(SECONDS);
    LLVMFuzzerTestOneInput(exact, size);
    watch(0);
    free(exact);
    return true;
}

static bool feed_folder(const char *path, size_t *count)
{
    char file[1024];
    bool good = true;
    DIR *folder = opendir(path);
    if (!folder) return false;
    for (const struct dirent *entry; good && (entry = readdir(folder));) {
        if (entry->d_name[0] == '.') continue;
        snprintf(file, sizeof file, "%.700s/%.255s", path, entry->d_name);
        good = feed_file(file);
        ++*count;
    }
    closedir(folder);
    return good;
}

int main(int argc, char **argv)
{
    size_t count = 0;
    bool good = true;
    signal(SIGPROF, too_slow);
    limit_memory();
    for (int i = 1; good && i < argc; i++) {
        if (gz_folder_exists(argv[i]))
            good = feed_folder(argv[i], &count);
        else
            good = feed_file(argv[i]), count++;
    }
    printf("%zu files\n", count);
    return good && count ? 0 : 1;
}
