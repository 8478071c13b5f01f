/* JSON by cJSON, which does not say whether a text is wrong or memory is out. */
#ifndef GZ_JSON_TEXT_H
#define GZ_JSON_TEXT_H
#include "../base/memory.h"

#include <cjson/cJSON.h>

/* *root is NULL where `text` is no JSON; *end is where parsing ended. Fails only when host memory is out. */
gaze_status gz_json_text_parse(const char *text, size_t size, const char **end, cJSON **root);

#endif
