/* gaze_dump: which views were asked for, and which of them a map has. */
#include "dump.h"

#include <string.h>

#define WORD(symbol, word, needs)  #word,
#define NEEDS(symbol, word, needs) needs,
static const char *const words[] = {GZ_DUMP_VIEW_LIST(WORD) "all", NULL};
static const char *const needed[] = {GZ_DUMP_VIEW_LIST(NEEDS)};
#undef WORD
#undef NEEDS

enum {
    ON_IMAGE = GZ_DUMP_BIT(GZ_DUMP_OVERLAY) | GZ_DUMP_BIT(GZ_DUMP_SIDE),
    WORDS = GZ_DUMP_BIT(GZ_DUMP_TEXT) | GZ_DUMP_BIT(GZ_DUMP_HTML),
    ON_SEQUENCE = WORDS | GZ_DUMP_BIT(GZ_DUMP_BARS)
};

const char *gz_dump_view_word(size_t view) { return words[view]; }

gaze_status gz_dump_parse_view(gz_dump *d)
{
    const char *word = d->options->view;
    char list[512] = "";
    d->views = ~0u;
    if (!word || strcmp(word, "all") == 0) return GAZE_OK;
    for (size_t i = 0; i < GZ_DUMP_VIEWS; i++) {
        d->view = words[i];
        d->views = GZ_DUMP_BIT(i);
        if (strcmp(word, words[i]) == 0) return GAZE_OK;
        strcat(strcat(list, words[i]), i + 1 < GZ_DUMP_VIEWS ? ", " : " or all");
    }
    return gz_fail(GAZE_ERROR_USAGE, "unknown view '%s'%s (expected %s)", word,
                   gz_did_you_mean(d->arena, word, words), list);
}

static bool is_image(const gaze_array *input)
{
    return input->rank == 4 && input->dtype == GAZE_FLOAT32 && (input->shape[3] == 1 || input->shape[3] == 3);
}

/* What was given for the model's first image. Whether it fits is for gaze_run to say. */
static const gaze_array *find_image(const gz_dump *d, size_t n_inputs)
{
    const gaze_array *inputs;
    const size_t count = gaze_model_inputs(d->model, &inputs);
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; is_image(&inputs[i]) && k < n_inputs; k++) {
            const char *name = d->inputs[k].name;
            if (name ? strcmp(name, inputs[i].name) == 0 : k == i) return &d->inputs[k];
        }
    return NULL;
}

/* A cell of the map belongs to a cell of an image. What tokens look at has no place on one, even where one of
 * its axes runs over it. */
static bool lies_on_image(const gaze_map_info *map)
{
    return (map->axes == GAZE_MAP_POSITIONS && map->rank == 2) ||
           (map->axes == GAZE_MAP_VALUES && map->rank == 3);
}

/* A value for each step, or for each key of the query that was asked for. */
static bool on_sequence(const gz_dump *d, const gz_dump_map *map)
{
    if (map->between) return d->query_numbers == 1;
    return map->info->axes == GAZE_MAP_POSITIONS && map->info->rank == 1;
}

static unsigned fitting(const gz_dump *d, const gz_dump_map *map)
{
    unsigned fits = GZ_DUMP_BIT(GZ_DUMP_MAP) | GZ_DUMP_BIT(GZ_DUMP_SHEET);
    if (map->on_image) fits |= ON_IMAGE;
    if (map->between) fits |= GZ_DUMP_BIT(GZ_DUMP_MATRIX);
    if (map->info->rank == 3) fits |= GZ_DUMP_BIT(GZ_DUMP_HEADS);
    if (map->info->rank == 1) fits |= GZ_DUMP_BIT(GZ_DUMP_BARS);
    if (on_sequence(d, map)) fits |= ON_SEQUENCE;
    if (map->between && d->image && d->query_numbers) fits |= GZ_DUMP_BIT(GZ_DUMP_QUERY);
    if (map->on_image && d->model && gz_dump_has_features(d, map)) fits |= GZ_DUMP_BIT(GZ_DUMP_PANELS);
    if (d->checkpoints) fits |= GZ_DUMP_BIT(GZ_DUMP_ANIMATION);
    return fits & d->views;
}

/* What is drawn when nothing was asked for. */
static unsigned usual(const gz_dump *d, const gz_dump_map *map)
{
    unsigned leave = GZ_DUMP_BIT(GZ_DUMP_PANELS) | (d->batch > 1 ? 0 : GZ_DUMP_BIT(GZ_DUMP_SHEET));
    if (map->between) leave |= GZ_DUMP_BIT(GZ_DUMP_MAP);
    if (!gz_dump_has_names(d, map)) leave |= WORDS;
    if (!map->heads || d->query_rows) leave |= GZ_DUMP_BIT(GZ_DUMP_HEADS);
    return fitting(d, map) & ~leave;
}

static size_t asked_view(const gz_dump *d)
{
    size_t view = 0;
    while (d->views != GZ_DUMP_BIT(view)) view++;
    return view;
}

static void look_at(const gz_dump *d, gz_dump_map *map)
{
    map->between = map->info->axes == GAZE_MAP_QUERY_KEY;
    map->heads = map->between && map->info->rank == 3;
    map->on_image = d->image && lies_on_image(map->info);
}

gaze_status gz_dump_fit_views(gz_dump *d, size_t n_inputs)
{
    const bool animation = d->view && d->views == GZ_DUMP_BIT(GZ_DUMP_ANIMATION);
    bool any = false;
    d->image = find_image(d, n_inputs);
    d->checkpoints = d->options->checkpoints ? d->options->checkpoints : animation ? d->model->folder : NULL;
    for (size_t i = 0; i < d->n_maps; i++) {
        gz_dump_map *map = &d->maps[i];
        look_at(d, map);
        map->fits = d->options->view ? fitting(d, map) : usual(d, map);
        any |= map->fits != 0;
    }
    if (any || !d->view) return GAZE_OK;
    return gz_fail(GAZE_ERROR_USAGE, "view '%s' needs %s; expected view 'map', or 'all' for those that fit",
                   d->view, needed[asked_view(d)]);
}

gaze_status gz_dump_choose_view(gz_dump *d, gz_dump_map *map, size_t *view)
{
    static const size_t order[] = {GZ_DUMP_OVERLAY, GZ_DUMP_MATRIX, GZ_DUMP_BARS, GZ_DUMP_MAP};
    const size_t *usual = order;
    look_at(d, map);
    map->fits = fitting(d, map) & ~(GZ_DUMP_BIT(GZ_DUMP_QUERY) | GZ_DUMP_BIT(GZ_DUMP_HTML));
    if (d->view) {
        *view = asked_view(d);
        if (map->fits) return GAZE_OK;
        return gz_fail(GAZE_ERROR_USAGE, "map '%s' can't be drawn as '%s' here, which needs %s",
                       map->info->name, d->view, needed[*view]);
    }
    while (!(map->fits & GZ_DUMP_BIT(*usual))) usual++;
    *view = d->batch > 1 ? GZ_DUMP_SHEET : *usual;
    return GAZE_OK;
}

void gz_dump_say_missing(const gz_dump *d, const gz_dump_map *map)
{
    if (map->fits || !d->view) return;
    const char *note = gz_arena_format(d->arena, "map %s: view '%s' needs %s, so there is none of it",
                                       map->info->name, d->view, needed[asked_view(d)]);
    if (note) gz_dump_tell(d, NULL, note);
}
