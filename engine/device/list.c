#include "choose.h"
#include "device_parts.h"

#include <stdlib.h>
#include <string.h>

enum { N_TEXTS = 10 };

static void texts_of(gaze_device_info *info, const char **texts[N_TEXTS])
{
    const char **all[N_TEXTS] = {&info->platform, &info->name,      &info->vendor, &info->version,
                                 &info->driver,   &info->type,      &info->family, &info->reason,
                                 &info->compiler, &info->extensions};
    memcpy(texts, all, sizeof all);
}

static size_t text_bytes(gz_probe *probe)
{
    size_t bytes = 0;
    for (size_t i = 0; i < probe->count; i++) {
        const char **texts[N_TEXTS];
        texts_of(&probe->found[i].info, texts);
        for (size_t t = 0; t < N_TEXTS; t++)
            if (*texts[t]) bytes += strlen(*texts[t]) + 1;
    }
    return bytes;
}

/* One block, so that one free() takes it all: the entries, then their strings. */
static gaze_status copy_list(gz_probe *probe, gaze_device_info **out)
{
    gaze_device_info *list;
    GZ_TRY(gz_allocate(probe->count * sizeof *list + text_bytes(probe), 1, &list));
    char *end = (char *)(list + probe->count);
    for (size_t i = 0; i < probe->count; i++) {
        const char **texts[N_TEXTS];
        list[i] = probe->found[i].info;
        texts_of(&list[i], texts);
        for (size_t t = 0; t < N_TEXTS; t++) {
            if (!*texts[t]) continue;
            const size_t size = strlen(*texts[t]) + 1;
            *texts[t] = memcpy(end, *texts[t], size);
            end += size;
        }
    }
    *out = list;
    return GAZE_OK;
}

gaze_status gz_device_list(gz_measure_function *measure, gaze_device_info **list, size_t *count)
{
    gaze_status status;
    gz_probe *probe;
    GZ_TRY(gz_probe_create(&probe));
    GZ_GO(gz_device_measure(probe, measure));
    GZ_GO(gz_choose_auto(probe));
    GZ_GO(copy_list(probe, list));
    *count = probe->count;
done:
    gz_probe_destroy(probe);
    return status;
}
