/* A child process with an environment of its own. OpenCL must not be used in a process that forks later, so
   tests of the device do all of it in children. */
#ifndef CHILD_H
#define CHILD_H
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define CHECK(condition)                                                                                   \
    do {                                                                                                   \
        if (!(condition)) {                                                                                \
            fprintf(stderr, "%s:%d: %s\n  message: %s\n", __FILE__, __LINE__, #condition, gaze_message()); \
            return false;                                                                                  \
        }                                                                                                  \
    } while (0)

typedef bool child_function(void);

/* What a child ran is counted, which _exit would leave out: make coverage. */
#ifdef GAZE_COVERAGE
void __gcov_dump(void);
#else
static inline void __gcov_dump(void) {}
#endif

static inline pid_t start_child(child_function *function)
{
    fflush(NULL);
    const pid_t pid = fork();
    if (pid != 0) return pid;
    const bool good = function();
    __gcov_dump();
    _exit(good ? 0 : 1);
}

static inline bool child_is_good(pid_t pid)
{
    int status = 0;
    return pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static inline void assert_child(child_function *function)
{
    assert_true(child_is_good(start_child(function)));
}

static inline const char *temporary_folder(char path[64])
{
    strcpy(path, "/tmp/gaze-test-XXXXXX");
    assert_non_null(mkdtemp(path));
    return path;
}

static inline void write_text(const char *folder, const char *name, const char *text)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static inline void remove_folder(const char *path)
{
    DIR *folder = opendir(path);
    if (!folder) return;
    for (struct dirent *entry; (entry = readdir(folder));) {
        char inside[1024];
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
        const int length = snprintf(inside, sizeof inside, "%s/%s", path, entry->d_name);
        if (length > 0 && (size_t)length < sizeof inside && unlink(inside) != 0) remove_folder(inside);
    }
    closedir(folder);
    rmdir(path);
}

/* Nothing of the user's own settings and caches is seen or touched. */
static inline void isolate_environment(const char *folder)
{
    static const char *const names[] = {"GAZE_DEVICE",     "GAZE_FAMILY",        "GAZE_WIDTH",
                                        "GAZE_KERNEL_DIR", "GAZE_DUMP_PROGRAMS", "GAZE_PROGRAM_CACHE",
                                        "POCL_CACHE_DIR",  "POCL_KERNEL_CACHE"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) unsetenv(names[i]);
    setenv("XDG_CACHE_HOME", folder, 1);
}

#endif
