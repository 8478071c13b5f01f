#include "measure.h"
#include "../base/file.h"
#include "../base/text.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FORMAT_VERSION = 1, MOST_BYTES = 1 << 20 };

typedef struct record {
    gz_probe *probe;
    const char *path; /* NULL: nothing is kept */
    char *key;        /* what the file begins with */
} record;

static size_t n_usable(const gz_probe *probe)
{
    size_t count = 0;
    for (size_t i = 0; i < probe->count; i++) count += probe->found[i].info.usable;
    return count;
}

static const char *variable(const char *name)
{
    const char *value = getenv(name);
    return value ? value : "";
}

static gaze_status make_key(record *r)
{
    gz_text text = {0};
    gz_text_add(&text, "gaze devices %d, version %s, family '%s', width '%s'\n", FORMAT_VERSION, GAZE_VERSION,
                variable("GAZE_FAMILY"), variable("GAZE_WIDTH"));
    for (size_t i = 0; i < r->probe->count; i++) {
        const gaze_device_info *info = &r->probe->found[i].info;
        if (info->usable)
            gz_text_add(&text, "%zu: %s; %s; %s; %s; %s\n", info->index, info->platform, info->name,
                        info->vendor, info->version, info->driver);
    }
    return gz_text_take(&text, &r->key);
}

static bool is_alive(const char *pid)
{
    const long number = strtol(pid, NULL, 10);
    return number > 0 && number != (long)getpid() && (kill((pid_t)number, 0) == 0 || errno == EPERM);
}

/* One device's line: "ms 3.25", "failed <why>", "running <process>", "none". false: damaged. */
static bool take_line(gz_probe *probe, gz_found *found, const char *line)
{
    if (!strncmp(line, "ms ", 3))
        return gz_parse_double(line + 3, &found->ms) && found->ms > 0 && isfinite(found->ms);
    if (!strncmp(line, "failed ", 7)) return (found->failed = gz_arena_copy(probe->arena, line + 7));
    if (!strncmp(line, "running ", 8) && !is_alive(line + 8))
        found->failed = "it did not end: the driver crashed or hung, or it was interrupted";
    return !strncmp(line, "running ", 8) || !strcmp(line, "none");
}

static void forget(gz_probe *probe)
{
    for (size_t i = 0; i < probe->count; i++) {
        probe->found[i].ms = 0;
        probe->found[i].failed = NULL;
    }
}

static bool take_lines(record *r, char *text)
{
    char *line = text;
    for (size_t i = 0; i < r->probe->count; i++) {
        gz_found *found = &r->probe->found[i];
        if (!found->info.usable) continue;
        char *end = strchr(line, '\n');
        if (!end) return false;
        *end = 0;
        if (!take_line(r->probe, found, line)) return false;
        line = end + 1;
    }
    return !*line;
}

static void load(record *r)
{
    char *text;
    size_t size;
    const size_t length = strlen(r->key);
    if (!r->path || !gz_file_exists(r->path) || gz_file_read(r->path, MOST_BYTES, &text, &size) != GAZE_OK)
        return;
    if (strncmp(text, r->key, length) != 0 || strlen(text) != size || !take_lines(r, text + length))
        forget(r->probe);
    free(text);
}

static void add_line(gz_text *text, const gz_found *found, bool running)
{
    if (found->ms > 0)
        gz_text_add(text, "ms %.6g\n", found->ms);
    else if (found->failed)
        gz_text_add(text, "failed %s\n", found->failed);
    else if (running)
        gz_text_add(text, "running %ld\n", (long)getpid());
    else
        gz_text_add(text, "none\n");
}

static void store(const record *r, const gz_found *running)
{
    gz_text text = {0};
    char *chars;
    if (!r->path) return;
    gz_text_add(&text, "%s", r->key);
    for (size_t i = 0; i < r->probe->count; i++)
        if (r->probe->found[i].info.usable)
            add_line(&text, &r->probe->found[i], &r->probe->found[i] == running);
    const size_t length = text.length;
    if (gz_text_take(&text, &chars) != GAZE_OK) return;
    (void)gz_file_write(r->path, chars, length);
    free(chars);
}

/* The message in one line. */
static const char *keep_message(gz_probe *probe)
{
    char *text = gz_arena_copy(probe->arena, gaze_message());
    for (char *c = text; c && *c; c++)
        if (iscntrl((unsigned char)*c)) *c = ' ';
    return text;
}

static gaze_status measure_one(record *r, gz_found *found, gz_measure_found *measure, void *user)
{
    double ms = 0;
    store(r, found);
    const gaze_status status = measure(user, found, &ms);
    if (status == GAZE_OK && ms > 0 && isfinite(ms))
        found->ms = ms;
    else
        found->failed = status == GAZE_OK ? "it took no time" : keep_message(r->probe);
    if (!(found->ms > 0) && !found->failed) return GAZE_ERROR_DEVICE;
    store(r, NULL);
    return GAZE_OK;
}

gaze_status gz_measure_devices(gz_probe *probe, const char *folder, gz_measure_found *measure, void *user)
{
    record r = {.probe = probe};
    gaze_status status;
    if (n_usable(probe) < 2) return GAZE_OK;
    GZ_TRY(make_key(&r));
    if (folder && gz_folder_make(folder, true) == GAZE_OK)
        r.path = gz_path_join(probe->arena, folder, "devices");
    load(&r);
    probe->measured_in = r.path;
    status = GAZE_OK;
    for (size_t i = 0; measure && i < probe->count; i++) {
        gz_found *found = &probe->found[i];
        if (found->info.usable && !(found->ms > 0) && !found->failed)
            GZ_GO(measure_one(&r, found, measure, user));
    }
done:
    free(r.key);
    return status;
}
