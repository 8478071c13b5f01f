#include "fuzz.h"
#include "../../engine/device/device_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool read_list(gz_choices *choices, const char *bytes, size_t size)
{
    char *text = calloc(size + 1, 1);
    if (!text || gz_arena_create(&choices->arena) != GAZE_OK) abort();
    memcpy(text, bytes, size);
    const bool good = gz_choices_read(choices, text);
    free(text);
    if (!good && choices->count) {
        fprintf(stderr, "a damaged list has choices\n");
        abort();
    }
    return good;
}

/* What gaze tune keeps, behind the cache's header (fuzz_cache has that): every choice has a name and times.
 */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    gz_choices choices = {0};
    read_list(&choices, (const char *)bytes, size);
    for (size_t i = 0; i < choices.count; i++) {
        const gaze_chosen *c = &choices.list[i];
        fuzz_touch(c->key, strlen(c->key));
        fuzz_touch(c->candidate, strlen(c->candidate));
        if (!c->key[0] || !c->candidate[0] || !(c->usual_ms > 0) || !(c->ms > 0)) abort();
    }
    gz_choices_free(&choices);
    return 0;
}
