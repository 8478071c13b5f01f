/* gaze_dump: the words above and below a picture. */
#include "dump.h"

#include <ctype.h>

/* What a matrix needs to be read; one row of it is no matrix. */
static void say_axes(gz_text *text, const gz_dump *d, const gz_dump_map *map, size_t view)
{
    const unsigned whole = GZ_DUMP_BIT(GZ_DUMP_MATRIX) | GZ_DUMP_BIT(GZ_DUMP_HEADS) |
                           GZ_DUMP_BIT(GZ_DUMP_MAP) | GZ_DUMP_BIT(GZ_DUMP_SHEET);
    if (!map->between || !(GZ_DUMP_BIT(view) & whole)) return;
    gz_text_add(text, " Rows are queries, columns are keys.");
    if (map->part.map)
        gz_text_add(text, " Of %zu queries, numbers %zu to %zu.", map->queries, map->part.query,
                    map->part.query + map->height - 1);
    if (gz_dump_writes(d, map)) gz_text_add(text, " A row is named by the token that is written there.");
}

/* "Share of the attention that ...; all cells sum to 1." and what was done to map and input. */
const char *gz_dump_caption(const gz_dump_art *art, size_t view)
{
    const gz_dump_map *map = art->map;
    gz_text text = {0};
    gz_text_add(&text, "%s.", map->info->meaning);
    say_axes(&text, art->dump, map, view);
    if (map->merged && view != GZ_DUMP_HEADS) gz_text_add(&text, " %s", map->merged);
    if (art->photo_note) gz_text_add(&text, " %s", art->photo_note);
    if (art->note) gz_text_add(&text, " %s", art->note);
    char *caption = gz_text_keep(&text, art->dump->arena);
    if (caption) caption[0] = (char)toupper((unsigned char)caption[0]);
    return caption;
}

/* Its name, or its number. */
const char *gz_dump_class_name(const gz_dump *d, size_t number)
{
    const char *const *own = gaze_model_classes(d->model), *const *names = own ? own : d->options->classes;
    for (size_t i = 0; names && names[i]; i++)
        if (i == number) return names[i];
    return gz_arena_format(d->arena, "%zu", number);
}

const char *gz_dump_title(const gz_dump *d, const gz_dump_map *map, size_t sample)
{
    gz_text text = {0};
    gz_text_add(&text, "%s: %s, sample %zu", gaze_model_name(d->model), map->info->name,
                gz_dump_index(d, sample));
    const int32_t label = gz_dump_label(d, sample);
    if (d->moment) gz_text_add(&text, ", %s", d->moment);
    if (label >= 0) gz_text_add(&text, ", true: %s", gz_dump_class_name(d, (size_t)label));
    if (d->predictions)
        gz_text_add(&text, ", predicted: %s", gz_dump_class_name(d, d->predictions[sample].class));
    if (d->predictions && d->predictions[sample].probability >= 0)
        gz_text_add(&text, " %.2f", d->predictions[sample].probability);
    return gz_text_keep(&text, d->arena);
}
