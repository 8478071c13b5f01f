#include "json_text.h"

#include <stdlib.h>

/* A text that is wrong is so twice, and while there is memory. */
gaze_status gz_json_text_parse(const char *text, size_t size, const char **end, cJSON **root)
{
    void *room;
    *root = cJSON_ParseWithLengthOpts(text, size, end, false);
    if (*root) return GAZE_OK;
    GZ_TRY(gz_allocate(size, 1, &room));
    free(room);
    *root = cJSON_ParseWithLengthOpts(text, size, end, false);
    return GAZE_OK;
}
