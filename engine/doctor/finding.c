#include "../base/file.h"
#include "doctor.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

void gz_doctor_tell(gz_doctor *d, gaze_health health, const char *cure, const char *format, ...)
{
    char found[GZ_MOST_TEXT];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(found, sizeof found, format, arguments);
    va_end(arguments);
    if (health == GAZE_HEALTH_STOPS && !d->n_stops++)
        snprintf(d->first_stop, sizeof d->first_stop, "%s", found);
    d->tell(d->user, &(gaze_finding){.part = d->part, .health = health, .found = found, .cure = cure});
}

const char *gz_doctor_install(gz_doctor *d, const char *package)
{
    const bool apt = access("/usr/bin/apt-get", X_OK) == 0;
    const char *text =
        apt ? gz_arena_format(d->arena, "%sapt-get install %s", geteuid() ? "sudo " : "", package)
            : gz_arena_format(d->arena, "install what corresponds to Debian's %s", package);
    return text ? text : "";
}

const char *gz_doctor_path(gz_doctor *d, const char *path)
{
    const char *text = gz_arena_format(d->arena, "%s%s", d->root, path);
    return text ? text : "";
}

static bool needs_quotes(const char *text)
{
    for (; *text; text++)
        if (!isalnum((unsigned char)*text) && !strchr("/._-+:=,@%", *text)) return true;
    return false;
}

const char *gz_doctor_quoted(gz_doctor *d, const char *text)
{
    if (text[0] && !needs_quotes(text)) return text;
    char *out = gz_arena_allocate(d->arena, 4 * strlen(text) + 3), *end = out;
    if (!out) return "";
    *end++ = '\'';
    for (; *text; text++) {
        if (*text == '\'') end = (char *)memcpy(end, "'\\'", 3) + 3;
        *end++ = *text;
    }
    *end = '\'';
    return out;
}

const char *gz_doctor_first_line(gz_doctor *d, const char *path)
{
    char line[GZ_MOST_TEXT];
    FILE *file = gz_file_exists(path) ? fopen(path, "r") : NULL;
    if (!file) return NULL;
    char *begin = fgets(line, sizeof line, file);
    fclose(file);
    if (!begin) return NULL;
    while (isspace((unsigned char)*begin)) begin++;
    size_t length = strlen(begin);
    while (length && isspace((unsigned char)begin[length - 1])) begin[--length] = 0;
    return gz_arena_copy(d->arena, begin);
}
