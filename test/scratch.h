/* A folder of a test's own, and checks of statuses and messages. */
#ifndef TEST_SCRATCH_H
#define TEST_SCRATCH_H
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../engine/base/file.h"

static char scratch_folder[256];

/* Removes `name` in the open folder `parent`, with all that is in it. */
static inline void remove_tree(int parent, const char *name)
{
    if (unlinkat(parent, name, 0) == 0) return;
    DIR *folder = fdopendir(openat(parent, name, O_RDONLY | O_DIRECTORY));
    for (struct dirent *entry; folder && (entry = readdir(folder));)
        if (strcmp(entry->d_name, ".") && strcmp(entry->d_name, ".."))
            remove_tree(dirfd(folder), entry->d_name);
    if (folder) closedir(folder);
    unlinkat(parent, name, AT_REMOVEDIR);
}

/* For cmocka_run_group_tests. */
static inline int scratch_make(void **state)
{
    const char *temporary = getenv("TMPDIR");
    (void)state;
    snprintf(scratch_folder, sizeof scratch_folder, "%s/gaze-test-XXXXXX", temporary ? temporary : "/tmp");
    return mkdtemp(scratch_folder) ? 0 : -1;
}

static inline int scratch_remove(void **state)
{
    (void)state;
    remove_tree(AT_FDCWD, scratch_folder);
    return 0;
}

/* "<scratch>/<name>"; one of eight texts that take turns. */
static inline const char *scratch_path(const char *name)
{
    static char texts[8][512];
    static size_t turn;
    char *text = texts[turn++ % 8];
    snprintf(text, 512, "%s/%s", scratch_folder, name);
    return text;
}

static inline const char *write_scratch(const char *name, const void *bytes, size_t size)
{
    const char *path = scratch_path(name);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
    return path;
}

static inline size_t entries_in(const char *path)
{
    size_t count = 0;
    DIR *folder = opendir(path);
    assert_non_null(folder);
    for (struct dirent *entry; (entry = readdir(folder));)
        count += strcmp(entry->d_name, ".") && strcmp(entry->d_name, "..");
    closedir(folder);
    return count;
}

static inline void assert_done(gaze_status status)
{
    if (status != GAZE_OK) fail_msg("status %d: %s", (int)status, gaze_message());
}

/* Refused with `expected`, and the message has all of the words (NULL ends them). */
static inline void assert_refused(gaze_status status, gaze_status expected, ...)
{
    va_list words;
    assert_int_equal(status, expected);
    va_start(words, expected);
    for (const char *word; (word = va_arg(words, const char *));)
        if (!strstr(gaze_message(), word)) fail_msg("\"%s\" does not say \"%s\"", gaze_message(), word);
    va_end(words);
}

#endif
