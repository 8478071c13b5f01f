/* gaze_dump: the raw values as .npy, and beside them what they are, as .json. */
#include "../io/npy.h"
#include "dump.h"

#include <math.h>
#include <stdlib.h>

/* Over the finite values, in double. */
typedef struct figures {
    double sum, min, max;
    size_t count, not_finite;
} figures;

static figures count_up(const gaze_array *array)
{
    figures f = {.min = INFINITY, .max = -INFINITY, .count = 1};
    for (size_t i = 0; i < array->rank; i++) f.count *= array->shape[i];
    for (size_t i = 0; i < f.count; i++) {
        const double v = ((const float *)array->data)[i];
        if (!isfinite(v)) {
            f.not_finite++;
            continue;
        }
        f.sum += v;
        f.min = fmin(f.min, v);
        f.max = fmax(f.max, v);
    }
    return f;
}

static void add_word(gz_text *text, const char *key, const char *value)
{
    gz_text_add(text, "\"%s\": ", key);
    if (value)
        gz_text_add_json_string(text, value);
    else
        gz_text_add(text, "null");
}

static void add_line(gz_text *text, const char *key, const char *value)
{
    gz_text_add(text, "  ");
    add_word(text, key, value);
    gz_text_add(text, ",\n");
}

static void add_figures(gz_text *text, const gaze_array *array)
{
    const figures f = count_up(array);
    gz_text_add(text, "  \"shape\": [");
    for (size_t i = 0; i < array->rank; i++) gz_text_add(text, "%s%zu", i ? ", " : "", array->shape[i]);
    gz_text_add(text, "],\n  \"dtype\": \"float32\",\n");
    if (f.not_finite == f.count)
        gz_text_add(text, "  \"sum\": null,\n  \"min\": null,\n  \"max\": null,\n");
    else
        gz_text_add(text, "  \"sum\": %.17g,\n  \"min\": %.9g,\n  \"max\": %.9g,\n", f.sum, f.min, f.max);
    gz_text_add(text, "  \"not_finite\": %zu,\n", f.not_finite);
}

static void add_field(gz_text *text, const gaze_receptive_field *f)
{
    if (!f->known) {
        gz_text_add(text, "  \"receptive_field\": null,\n");
        return;
    }
    gz_text_add(text,
                "  \"receptive_field\": {\"first\": [%g, %g], \"step\": [%g, %g], \"size\": [%g, %g]},\n",
                f->first[0], f->first[1], f->step[0], f->step[1], f->size[0], f->size[1]);
}

static void add_origin(gz_text *text, const gz_dump *d)
{
    gaze_device_info device;
    gaze_context_device(d->model->context, &device);
    add_line(text, "gaze", gaze_version());
    gz_text_add(text, "  \"model\": {");
    add_word(text, "name", gaze_model_name(d->model));
    gz_text_add(text, ", ");
    add_word(text, "hash", gaze_model_hash(d->model));
    gz_text_add(text, "},\n  \"device\": {");
    add_word(text, "name", device.name);
    gz_text_add(text, ", ");
    add_word(text, "type", device.type);
    gz_text_add(text, ", ");
    add_word(text, "platform", device.platform);
    gz_text_add(text, ", ");
    add_word(text, "driver", device.driver);
    gz_text_add(text, "},\n");
}

/* Is the centre of the map's largest cell, the first of equals, inside the place? */
static bool points_at(const gz_dump *d, const gz_dump_map *map, size_t sample)
{
    const gaze_place *place = &d->options->truth[sample];
    const gaze_receptive_field *f = &map->info->field;
    const float *cells = map->cells + sample * map->height * map->width;
    size_t best = 0;
    for (size_t i = 1; i < map->height * map->width; i++)
        if (cells[i] > cells[best]) best = i;
    const double y = f->first[0] + f->step[0] * (double)(best / map->width),
                 x = f->first[1] + f->step[1] * (double)(best % map->width);
    return y >= (double)place->y0 && y <= (double)place->y1 && x >= (double)place->x0 &&
           x <= (double)place->x1;
}

static void add_truth(gz_text *text, const gz_dump *d, const gz_dump_map *map, size_t sample)
{
    const gaze_place *place = d->options->truth ? &d->options->truth[sample] : NULL;
    if (!place || !place->known) return;
    gz_text_add(text, ", \"truth\": {\"y0\": %zu, \"x0\": %zu, \"y1\": %zu, \"x1\": %zu}", place->y0,
                place->x0, place->y1, place->x1);
    if (map->on_image && map->info->field.known)
        gz_text_add(text, ", \"points_at_truth\": %s", points_at(d, map, sample) ? "true" : "false");
}

/* What the model writes in this sample, token by token. */
static void add_written(gz_text *text, const gz_dump *d, size_t sample)
{
    const gaze_array *written = &d->written_tokens;
    if (!written->data) return;
    const int32_t *tokens = (const int32_t *)written->data + sample * written->shape[1];
    gz_text_add(text, ", \"%s\": [", d->decoded.tokens ? "decoded" : "likeliest");
    for (size_t t = 0; t < written->shape[1]; t++) gz_text_add(text, "%s%d", t ? ", " : "", (int)tokens[t]);
    gz_text_add(text, "]");
}

static void add_samples(gz_text *text, const gz_dump *d, const gz_dump_map *map)
{
    gz_text_add(text, "  \"samples\": [\n");
    for (size_t b = 0; b < d->batch; b++) {
        gz_text_add(text, "    {\"index\": %zu", gz_dump_index(d, b));
        if (gz_dump_label(d, b) >= 0) gz_text_add(text, ", \"label\": %d", (int)gz_dump_label(d, b));
        if (d->predictions) gz_text_add(text, ", \"predicted\": %zu", d->predictions[b].class);
        if (d->predictions && d->predictions[b].probability >= 0)
            gz_text_add(text, ", \"probability\": %.9g", d->predictions[b].probability);
        add_written(text, d, b);
        add_truth(text, d, map, b);
        gz_text_add(text, "}%s\n", b + 1 < d->batch ? "," : "");
    }
    gz_text_add(text, "  ]\n");
}

static gaze_status write_about(const gz_dump *d, const gz_dump_map *map, const char *path)
{
    gz_text text = {0};
    char *chars;
    gz_text_add(&text, "{\n");
    add_line(&text, "map", map->info->name);
    add_line(&text, "layer", map->info->layer);
    add_line(&text, "kind", map->info->kind);
    add_line(&text, "meaning", map->info->meaning);
    add_line(&text, "axes", gaze_map_axes_name(map->info->axes));
    add_figures(&text, map->values);
    gz_dump_write_part(&text, map);
    add_field(&text, &map->info->field);
    add_line(&text, "scaling", gz_scaling_word(d->scaling));
    add_origin(&text, d);
    add_samples(&text, d, map);
    gz_text_add(&text, "}\n");
    const size_t size = text.length;
    GZ_TRY(gz_text_take(&text, &chars));
    const gaze_status status = gz_file_write(path, chars, size);
    free(chars);
    return status;
}

gaze_status gz_dump_raw(const gz_dump *d, const gz_dump_map *map)
{
    const char *array = gz_arena_format(d->arena, "%s.npy", map->file);
    const char *about = gz_arena_format(d->arena, "%s.json", map->file);
    if (!array || !about) return GAZE_ERROR_DEVICE;
    GZ_TRY(gz_npy_write(array, map->values));
    gz_dump_tell(d, array, NULL);
    GZ_TRY(write_about(d, map, about));
    gz_dump_tell(d, about, NULL);
    return GAZE_OK;
}
