/* What checkpoint.c and checkpoint_files.c share. */
#ifndef GZ_CHECKPOINT_PARTS_H
#define GZ_CHECKPOINT_PARTS_H
#include "checkpoint.h"

/* Steps of the folder's checkpoints, newest first; free() them. A folder that isn't there has none. */
gaze_status gz_checkpoint_steps(const char *folder, size_t **steps, size_t *count);
char *gz_checkpoint_path(gz_arena *arena, const char *folder, size_t step); /* NULL: out of memory */
gaze_status gz_checkpoint_remove(gz_arena *arena, const char *folder, const size_t *steps, size_t count);
/* All but the newest `keep`. */
gaze_status gz_checkpoint_remove_old(gz_arena *arena, const char *folder, size_t keep);

#endif
