#include "synthetic.h"
#include "../base/text.h"

#include <string.h>

static const gz_data_type *const sets[] = {&gz_synthetic_patch, &gz_synthetic_needle, &gz_synthetic_copy,
                                           &gz_synthetic_reverse};
enum { N_SETS = sizeof sets / sizeof *sets, DEFAULT_TRAIN = 6000, DEFAULT_TEST = 1000 };

gz_draw gz_draw_begin(gz_key key, gz_part part, size_t index)
{
    return (gz_draw){.key = key, .stream = (uint64_t)part << 48 | index};
}

size_t gz_draw_below(gz_draw *draw, size_t limit)
{
    return (size_t)((uint64_t)gz_random_u32(draw->key, draw->stream, draw->next++) * limit >> 32);
}

void gz_synthetic_counts(const gz_data_spec *spec, size_t counts[GZ_N_PARTS])
{
    counts[GZ_TRAIN] = spec->train_count ? spec->train_count : DEFAULT_TRAIN;
    counts[GZ_TEST] = spec->test_count ? spec->test_count : DEFAULT_TEST;
}

/* From here on the data is of the set's own type. */
static gaze_status synthetic_open(const gz_data_spec *spec, const gz_data_need *need, gz_data *data)
{
    const char *names[N_SETS + 1] = {NULL}, *name = spec->path ? spec->path : "";
    for (size_t i = 0; i < N_SETS; i++) {
        names[i] = sets[i]->name;
        if (strcmp(name, names[i]) != 0) continue;
        data->type = sets[i];
        return data->type->open(spec, need, data);
    }
    return gz_fail(GAZE_ERROR_USAGE, "synthetic data '%s' is unknown%s; expected %s, as in synthetic:patch",
                   name, gz_did_you_mean(data->arena, name, names), gz_list_text(data->arena, names));
}

const gz_data_type gz_data_synthetic = {.name = "synthetic", .open = synthetic_open};
