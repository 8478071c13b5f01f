#include "place.h"

#include "../base/text.h"

#include <string.h>

static gaze_status read_number(const char *path, const gz_safetensors *file, const char *key, size_t *value)
{
    const char *text = "";
    for (const char *const *m = file->metadata; m && *m; m += 2)
        if (!strcmp(*m, key)) text = m[1];
    if (gz_parse_size(text, value)) return GAZE_OK;
    return gz_fail(GAZE_ERROR_DATA, "%s: \"%s\" is \"%.40s\": expected a whole number from 0 on", path, key,
                   text);
}

gaze_status gz_place_read(const char *path, const gz_safetensors *file, size_t step, gz_place *place)
{
    gz_place found;
    GZ_TRY(read_number(path, file, "step", &found.step));
    GZ_TRY(read_number(path, file, "epoch", &found.epoch));
    GZ_TRY(read_number(path, file, "batch", &found.batch));
    if (found.step != step)
        return gz_fail(GAZE_ERROR_DATA, "%s: \"step\" is %zu: expected %zu, as the file's name has it", path,
                       found.step, step);
    *place = found;
    return GAZE_OK;
}

gaze_status gz_place_check(const char *path, const gz_place *place, size_t per_epoch)
{
    if (place->batch >= per_epoch)
        return gz_fail(GAZE_ERROR_DATA, "%s: \"batch\" is %zu: expected 0 to %zu, an epoch has %zu batches",
                       path, place->batch, per_epoch - 1, per_epoch);
    if (place->epoch > (SIZE_MAX - place->batch) / per_epoch)
        return gz_fail(GAZE_ERROR_DATA, "%s: \"epoch\" is %zu: expected %zu at most, step %zu is in it", path,
                       place->epoch, place->step / per_epoch, place->step);
    const size_t step = place->epoch * per_epoch + place->batch;
    if (place->step == step) return GAZE_OK;
    return gz_fail(GAZE_ERROR_DATA,
                   "%s: \"step\" is %zu: expected %zu, after %zu epochs of %zu batches and %zu more", path,
                   place->step, step, place->epoch, per_epoch, place->batch);
}
