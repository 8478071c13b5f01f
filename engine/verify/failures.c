#include "failures.h"

#include <stdlib.h>
#include <string.h>

static gz_failure *find(gz_failures *failures, const char *message)
{
    for (size_t i = 0; i < failures->count; i++)
        if (!strcmp(failures->list[i].message, message)) return &failures->list[i];
    return NULL;
}

static gaze_status append(gz_failures *failures, const char *message, gz_failure **out)
{
    char *copy;
    GZ_TRY(gz_grow(&failures->list, &failures->capacity, failures->count + 1, sizeof *failures->list));
    GZ_TRY(gz_allocate(strlen(message) + 1, 1, &copy));
    strcpy(copy, message);
    *out = &failures->list[failures->count++];
    **out = (gz_failure){.message = copy};
    return GAZE_OK;
}

void gz_failures_add(gz_failures *failures, const char *text)
{
    const char *end = strncmp(text, "case ", 5) ? NULL : strstr(text, ": ");
    const char *message = end ? end + 2 : text;
    if (failures->status != GAZE_OK) return;
    gz_failure *failure = find(failures, message);
    if (!failure) failures->status = append(failures, message, &failure);
    if (failures->status != GAZE_OK || !end) return;
    gz_text_add(&failure->cases, "%s%.*s", failure->cases.length ? "; " : "", (int)(end - text), text);
    failures->status = failure->cases.status;
}

gaze_status gz_failures_texts(const gz_failures *failures, gz_arena *arena, const char ***texts)
{
    GZ_TRY(failures->status);
    *texts = gz_arena_allocate(arena, (failures->count + 1) * sizeof **texts);
    if (!*texts) return GAZE_ERROR_DEVICE;
    for (size_t i = 0; i < failures->count; i++) {
        const gz_failure *failure = &failures->list[i];
        const bool of_case = failure->cases.length > 0;
        (*texts)[i] = gz_arena_format(arena, "%s%s%s", of_case ? failure->cases.chars : "",
                                      of_case ? ": " : "", failure->message);
        if (!(*texts)[i]) return GAZE_ERROR_DEVICE;
    }
    return GAZE_OK;
}

void gz_failures_free(gz_failures *failures)
{
    for (size_t i = 0; i < failures->count; i++) {
        free(failures->list[i].cases.chars);
        free(failures->list[i].message);
    }
    free(failures->list);
    *failures = (gz_failures){0};
}
