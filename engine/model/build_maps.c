/* What layers give beside their outputs: maps, states, draws. */
#include "build_parts.h"
#include "../base/text.h"

#include <string.h>

static const char *map_name(const gz_build *build, const gz_layer *layer, const char *part)
{
    return part ? gz_arena_format(build->built->graph->arena, "%s/%s", layer->name, part) : layer->name;
}

bool gz_build_wants_map(const gz_build *build, const gz_layer *layer, const char *part)
{
    const char *name = map_name(build, layer, part);
    return name && gz_is_among(build->options->maps, build->options->n_maps, name);
}

gaze_status gz_build_map_part(const gz_build *build, const gz_layer *layer, const char *part, gz_shape whole,
                              gaze_map_axes axes, gaze_map_part *rows)
{
    const gz_build_options *options = build->options;
    const char *name = map_name(build, layer, part);
    if (!name) return GAZE_ERROR_DEVICE;
    *rows = (gaze_map_part){0};
    for (size_t i = 0; options->parts && i < options->n_maps; i++)
        if (strcmp(options->maps[i], name) == 0) *rows = options->parts[i];
    return gz_map_part_resolve(name, whole, axes, rows);
}

gaze_status gz_build_map(gz_build *build, const gz_layer *layer, const char *part, gz_tensor *values,
                         const gz_map_note *note)
{
    const char *name = map_name(build, layer, part);
    gaze_map_part rows;
    if (!name) return GAZE_ERROR_DEVICE;
    GZ_TRY(gz_map_check(layer, name, values, note->axes));
    GZ_TRY(gz_build_map_part(build, layer, part, values->shape, note->axes, &rows));
    GZ_TRY(gz_map_part_cut(build->built->graph, &rows, values, &values));
    return gz_build_map_rows(build, layer, part, values, note);
}

gaze_status gz_build_map_rows(gz_build *build, const gz_layer *layer, const char *part, gz_tensor *values,
                              const gz_map_note *note)
{
    gz_built *built = build->built;
    const char *name = map_name(build, layer, part);
    if (!name) return GAZE_ERROR_DEVICE;
    GZ_TRY(gz_grow(&built->maps, &build->maps_capacity, built->n_maps + 1, sizeof *built->maps));
    gaze_map_info info = {.name = name,
                          .layer = layer->name,
                          .kind = note->kind,
                          .meaning = note->meaning,
                          .axes = note->axes,
                          .rank = values->shape.rank - 1,
                          .field = note->field,
                          .sums_to_one = note->sums_to_one};
    memcpy(info.shape, values->shape.dim + 1, info.rank * sizeof *info.shape);
    if (gz_is_among(build->options->maps, build->options->n_maps, name)) values->keep = true;
    built->maps[built->n_maps++] = (gz_built_map){info, values};
    return GAZE_OK;
}

gaze_status gz_build_map_shape(gz_build *build, const gz_layer *layer, const char *part, gz_shape shape,
                               const gz_map_note *note)
{
    gz_tensor *values = gz_arena_allocate(build->built->graph->arena, sizeof *values);
    if (!values) return GAZE_ERROR_DEVICE;
    shape.dim[0] = 1;
    *values = (gz_tensor){.name = layer->name,
                          .shape = shape}; /* not in the graph: it may be larger than any can be */
    return gz_build_map_rows(build, layer, part, values, note);
}

gaze_status gz_build_state(gz_build *build, const gz_layer *layer, const char *part, gz_tensor *value)
{
    const char *name = gz_arena_format(build->built->graph->arena, "%s/%s", layer->name, part);
    if (!name) return GAZE_ERROR_DEVICE;
    GZ_TRY(gz_grow(&build->states, &build->states_capacity, build->n_states + 1, sizeof *build->states));
    build->states[build->n_states++] = (gz_named_state){name, value};
    return GAZE_OK;
}

gaze_status gz_build_drawn(gz_build *build, const gz_layer *layer, gz_tensor *a, gz_tensor *choice)
{
    gz_built *built = build->built;
    const char *average = gz_arena_format(built->graph->arena, "%s:average", layer->name);
    if (!average) return GAZE_ERROR_DEVICE;
    GZ_TRY(gz_grow(&built->draws, &build->draws_capacity, built->n_draws + 1, sizeof *built->draws));
    built->draws[built->n_draws++] = (gz_built_draw){average, a, choice};
    return GAZE_OK;
}

gaze_status gz_build_check_maps(const gz_build *build)
{
    const gz_built *built = build->built;
    const char **names = gz_arena_allocate(built->graph->arena, (built->n_maps + 1) * sizeof *names);
    if (!names) return GAZE_ERROR_DEVICE;
    for (size_t i = 0; i < built->n_maps; i++) names[i] = built->maps[i].info.name;
    for (size_t i = 0; i < build->options->n_maps; i++) {
        const char *wanted = build->options->maps[i];
        if (!gz_is_among(names, built->n_maps, wanted))
            return gz_fail(GAZE_ERROR_USAGE, "there is no map '%s', expected one of the model's %zu%s",
                           wanted, built->n_maps, gz_did_you_mean(built->graph->arena, wanted, names));
    }
    return GAZE_OK;
}
