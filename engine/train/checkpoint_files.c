/* Which checkpoints a run folder has. */
#include "checkpoint_parts.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const char PREFIX[] = "checkpoint-", SUFFIX[] = ".safetensors";

gaze_status gz_checkpoint_steps(const char *folder, size_t **steps, size_t *count)
{
    size_t capacity = 0;
    gaze_status status = GAZE_OK;
    *steps = NULL;
    *count = 0;
    DIR *directory = opendir(folder);
    if (!directory) return errno == ENOENT ? GAZE_OK : gz_fail_errno(folder, "can't be listed");
    for (;;) {
        errno = 0;
        const struct dirent *e = readdir(directory);
        if (!e && errno) status = gz_fail_errno(folder, "can't be listed");
        if (!e) break;
        unsigned long long step;
        int end = -1;
        if (sscanf(e->d_name, "checkpoint-%llu.safetensors%n", &step, &end) != 1 || end < 0 || e->d_name[end])
            continue;
        status = gz_grow(steps, &capacity, *count + 1, sizeof **steps);
        if (status != GAZE_OK) break;
        size_t at = (*count)++;
        for (; at > 0 && (*steps)[at - 1] < step; at--) (*steps)[at] = (*steps)[at - 1];
        (*steps)[at] = (size_t)step;
    }
    closedir(directory);
    return status;
}

char *gz_checkpoint_path(gz_arena *arena, const char *folder, size_t step)
{
    return gz_arena_format(arena, "%s/%s%zu%s", folder, PREFIX, step, SUFFIX);
}

gaze_status gz_checkpoint_remove(gz_arena *arena, const char *folder, const size_t *steps, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const char *path = gz_checkpoint_path(arena, folder, steps[i]);
        if (!path) return GAZE_ERROR_DEVICE;
        if (unlink(path) != 0) return gz_fail_errno(path, "an older checkpoint cannot be removed");
    }
    return GAZE_OK;
}

gaze_status gz_checkpoint_remove_old(gz_arena *arena, const char *folder, size_t keep)
{
    size_t *steps, count;
    gaze_status status = gz_checkpoint_steps(folder, &steps, &count);
    if (status == GAZE_OK && count > keep)
        status = gz_checkpoint_remove(arena, folder, steps + keep, count - keep);
    free(steps);
    return status;
}

gaze_status gz_checkpoint_clear(const char *folder)
{
    gz_arena *arena;
    GZ_TRY(gz_arena_create(&arena));
    const gaze_status status = gz_checkpoint_remove_old(arena, folder, 0);
    gz_arena_destroy(arena);
    return status;
}

gaze_status gz_checkpoint_list(const char *folder, size_t **steps, size_t *count)
{
    GZ_TRY(gz_checkpoint_steps(folder, steps, count));
    for (size_t i = 0; i < *count / 2; i++) {
        const size_t newer = (*steps)[i];
        (*steps)[i] = (*steps)[*count - 1 - i];
        (*steps)[*count - 1 - i] = newer;
    }
    return GAZE_OK;
}
