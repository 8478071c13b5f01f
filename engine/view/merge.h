/* Maps that are too large for a picture: neighbours merged into their largest. */
#ifndef GZ_MERGE_H
#define GZ_MERGE_H
#include "../base/text.h"
#include "view.h"

typedef struct gz_merged {
    gz_map map;           /* as it is drawn */
    size_t rows, columns; /* cells that one of it stands for */
    float *own;           /* free(); NULL where nothing was merged */
} gz_merged;

/* At most `most` rows and `most` columns. */
gaze_status gz_merge(const gz_map *map, size_t most, gz_merged *merged);
/* " Each drawn cell is the largest of 3 x 3."; nothing where nothing was merged. */
void gz_merge_say(gz_text *caption, const gz_merged *merged);

#endif
