/* gaze_run_report: the maps of the examples, with the weights of each checkpoint that the run has kept. */
#include "checkpoints.h"
#include "run_report.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_MOMENTS = 12, MOST_SLICES = 17, MOST_CELLS = 1 << 16, MOST_STEPS = 512, MOST_PIXELS = 6000000 };

/* ---- Which maps ---- */

gaze_status gz_reporting_map(const gz_reporting *r, const char **name)
{
    const gaze_map_info *infos;
    const size_t count = gaze_model_maps(r->model, &infos);
    *name = r->options->map ? r->options->map : count ? infos[count - 1].name : "gradcam";
    if (r->options->map || count || gaze_find_map(r->model, *name, &infos) == GAZE_OK) return GAZE_OK;
    return gz_fail(
        GAZE_ERROR_MODEL,
        "the model '%s' has no attention map, and Grad-CAM needs a convolution and an output of classes",
        gaze_model_name(r->model));
}

/* The model's own, and the one that is put to the test where that is another. */
static gaze_status choose_maps(const gz_reporting *r, gz_dump *d)
{
    const gaze_map_info *infos;
    const size_t count = gaze_model_maps(r->model, &infos);
    const char *tested;
    bool own = false;
    GZ_TRY(gz_reporting_map(r, &tested));
    d->maps = gz_arena_allocate(d->arena, (count + 1) * sizeof *d->maps);
    if (!d->maps) return GAZE_ERROR_DEVICE;
    for (size_t i = 0; i < count; i++) {
        d->maps[d->n_maps++] = (gz_dump_map){.info = &infos[i]};
        own |= strcmp(tested, infos[i].name) == 0;
    }
    if (own) return GAZE_OK;
    GZ_TRY(gaze_find_map(r->model, tested, &infos));
    d->maps[d->n_maps++] = (gz_dump_map){.info = infos};
    return GAZE_OK;
}

static gz_shown shown_as(const gz_dump_map *map)
{
    if (map->on_image) return GZ_SHOWN_ON_IMAGE;
    if (map->between) return GZ_SHOWN_MATRIX;
    return map->info->rank == 1 ? GZ_SHOWN_STEPS : GZ_SHOWN_CELLS;
}

/* "mean of 4 heads", "head 0", ..; what was merged where that is all there is; "" for a map as it is. */
static gaze_status name_slices(gz_reporting *r, const gz_dump_map *map, gz_shown_map *shown)
{
    const char **names = gz_arena_allocate(r->arena, MOST_SLICES * sizeof *names);
    if (!names) return GAZE_ERROR_DEVICE;
    shown->n_slices = map->heads && map->parts > 1 && map->parts < MOST_SLICES ? map->parts + 1 : 1;
    shown->slices = names;
    names[0] = !map->parts  ? ""
               : map->heads ? gz_arena_format(r->arena, "mean of %zu heads", map->parts)
                            : gz_arena_format(r->arena, "largest of %zu channels", map->parts);
    for (size_t i = 1; i < shown->n_slices; i++) names[i] = gz_arena_format(r->arena, "head %zu", i - 1);
    for (size_t i = 0; i < shown->n_slices; i++)
        if (!names[i]) return GAZE_ERROR_DEVICE;
    return GAZE_OK;
}

static gaze_status describe_map(gz_reporting *r, const gz_dump *d, const gz_dump_map *map,
                                gz_shown_map *shown)
{
    gz_map grid;
    *shown =
        (gz_shown_map){.info = map->info, .shown = shown_as(map), .height = map->height, .width = map->width};
    if (map->height * map->width > (shown->shown == GZ_SHOWN_STEPS ? MOST_STEPS : MOST_CELLS))
        shown->why = "It has too many cells for a page: dump_attention draws it, whole or by rows.";
    if (shown->shown == GZ_SHOWN_MATRIX && d->image && gz_dump_grid(d, map, &grid)) shown->grid = grid;
    shown->values = gz_arena_allocate(r->arena, (MOST_MOMENTS + 1) * sizeof *shown->values);
    return shown->values ? name_slices(r, map, shown) : GAZE_ERROR_DEVICE;
}

/* ---- Values at one moment of training ---- */

static gaze_status keep_values(gz_reporting *r, const gz_dump *d, size_t moment)
{
    for (size_t m = 0; m < d->n_maps; m++) {
        const gz_dump_map *map = &d->maps[m];
        gz_shown_map *shown = &r->facts.examples.maps[m];
        const size_t cells = map->height * map->width, each = shown->n_slices * cells;
        if (shown->why) continue;
        float *values = gz_arena_allocate(r->arena, d->batch * each * sizeof *values);
        if (!values) return GAZE_ERROR_DEVICE;
        for (size_t b = 0; b < d->batch; b++) {
            memcpy(values + b * each, map->cells + b * cells, cells * sizeof *values);
            if (shown->n_slices > 1) gz_dump_spread(map, b, values + b * each + cells);
        }
        shown->values[moment] = values;
    }
    return GAZE_OK;
}

static void free_results(gz_dump *d)
{
    for (size_t i = 0; i < d->n_results; i++) free(d->results[i].data);
    d->n_results = 0;
}

typedef struct looking {
    gz_reporting *r;
    const char **moments;
} looking;

static gaze_status look(void *user, const gz_place *place)
{
    looking *l = user;
    gz_examples *to = &l->r->facts.examples;
    gz_dump then = *l->r->dump;
    then.n_results = 0;
    then.results = NULL;
    then.predictions = NULL;
    then.maps = gz_arena_duplicate(then.arena, l->r->dump->maps, then.n_maps * sizeof *then.maps);
    l->moments[to->n_moments] = gz_api_moment(l->r->arena, place);
    if (!then.maps || !l->moments[to->n_moments]) return GAZE_ERROR_DEVICE;
    gaze_status status = gz_dump_run(&then, then.n_inputs);
    if (status == GAZE_OK) status = keep_values(l->r, &then, to->n_moments++);
    free_results(&then);
    return status;
}

static void leave_out_damaged(void *user)
{
    const looking *l = user;
    const gaze_context *context = l->r->model->context;
    if (context->log) context->log(context->log_user, GAZE_LOG_WARNING, gaze_message());
}

static size_t at_most(size_t n, size_t most) { return n < most ? n : most; }

/* Of one slice at one moment, about. */
static size_t pixels_of(const gz_shown_map *m)
{
    const bool over_input = m->shown == GZ_SHOWN_ON_IMAGE || m->grid.height;
    return at_most(m->height, GZ_MOST_DRAWN) * at_most(m->width, GZ_MOST_DRAWN) +
           (over_input ? GZ_OVERLAY * GZ_OVERLAY : 0);
}

/* As many moments as make a page of some megabytes, and at least two. */
static size_t most_moments(const gz_examples *e)
{
    size_t pixels = 1;
    for (size_t m = 0; m < e->n_maps; m++)
        pixels += e->maps[m].why ? 0 : e->count * e->maps[m].n_slices * pixels_of(&e->maps[m]);
    const size_t moments = at_most(MOST_PIXELS / pixels, MOST_MOMENTS);
    return moments < 2 ? 2 : moments;
}

/* Evenly spread, with the first and the last. */
static gaze_status thin_out(gz_reporting *r, size_t *steps, size_t *count)
{
    gz_examples *e = &r->facts.examples;
    const size_t n = *count, most = most_moments(e);
    if (n <= most) return GAZE_OK;
    for (size_t i = 0; i < most; i++) steps[i] = steps[i * (n - 1) / (most - 1)];
    *count = most;
    e->chosen =
        gz_arena_format(r->arena, "%s Of the run's %zu checkpoints, %zu are shown.", e->chosen, n, most);
    return e->chosen ? GAZE_OK : GAZE_ERROR_DEVICE;
}

/* The last checkpoint of a finished run holds the weights that the run ended with. */
static bool is_the_same(const gz_examples *e, size_t moment, size_t other)
{
    for (size_t m = 0; m < e->n_maps; m++) {
        const gz_shown_map *map = &e->maps[m];
        const size_t bytes = e->count * map->n_slices * map->height * map->width * sizeof(float);
        if (!map->why && memcmp(map->values[moment], map->values[other], bytes) != 0) return false;
    }
    return true;
}

static gaze_status look_at_checkpoints(gz_reporting *r)
{
    gz_examples *e = &r->facts.examples;
    looking l = {r, gz_arena_allocate(r->arena, (MOST_MOMENTS + 1) * sizeof *l.moments)};
    const gz_checkpoint_visit visit = {look, leave_out_damaged, &l};
    size_t *steps = NULL, n_steps = 0;
    gaze_status status;
    if (!l.moments) return GAZE_ERROR_DEVICE;
    e->moments = l.moments;
    if (r->model->folder) GZ_GO(gz_checkpoint_list(r->model->folder, &steps, &n_steps));
    GZ_GO(thin_out(r, steps, &n_steps));
    if (n_steps) GZ_GO(gz_api_visit_checkpoints(r->model, r->model->folder, steps, n_steps, &visit));
    GZ_GO(keep_values(r, r->dump, e->n_moments));
    if (e->n_moments && is_the_same(e, e->n_moments - 1, e->n_moments)) e->n_moments--;
    if (!l.moments[e->n_moments]) l.moments[e->n_moments] = "the weights of this page";
    e->n_moments++;
done:
    free(steps);
    return status;
}

/* ---- All of it ---- */

/* A model that writes sequences is given all but the input that it writes. */
static size_t give_inputs(const gz_reporting *r, gaze_array *inputs)
{
    const char *decodes = gaze_model_decodes(r->model);
    size_t n = 0;
    for (size_t i = 0; i < r->samples->n_inputs; i++)
        if (!decodes || strcmp(decodes, r->samples->inputs[i].name) != 0) inputs[n++] = r->samples->inputs[i];
    return n;
}

static gaze_status run_maps(gz_reporting *r, gz_dump *d)
{
    GZ_TRY(gz_dump_parse_view(d));
    GZ_TRY(choose_maps(r, d));
    GZ_TRY(gz_dump_decode(d));
    GZ_TRY(gz_dump_fit_views(d, d->n_inputs));
    GZ_TRY(gz_dump_run(d, d->n_inputs));
    const char *note;
    return d->image ? gz_dump_scale_photos(d, &r->photos, &note) : GAZE_OK;
}

static gaze_status describe(gz_reporting *r, const gz_dump *d)
{
    gz_examples *e = &r->facts.examples;
    e->n_maps = d->n_maps;
    e->maps = gz_arena_allocate(r->arena, d->n_maps * sizeof *e->maps);
    e->list = gz_arena_allocate(r->arena, d->batch * sizeof *e->list);
    if (!e->maps || !e->list) return GAZE_ERROR_DEVICE;
    for (size_t m = 0; m < d->n_maps; m++) GZ_TRY(describe_map(r, d, &d->maps[m], &e->maps[m]));
    for (; e->count < d->batch; e->count++) GZ_TRY(gz_reporting_describe(r, d, e->count, &e->list[e->count]));
    return GAZE_OK;
}

gaze_status gz_reporting_examples(gz_reporting *r)
{
    size_t *indices, count;
    gaze_array *inputs = gz_arena_allocate(r->arena, (GZ_MAX_INPUTS + 1) * sizeof *inputs);
    gaze_dump_options *options = gz_arena_allocate(r->arena, sizeof *options);
    r->samples = gz_arena_allocate(r->arena, sizeof *r->samples);
    r->dump = gz_arena_allocate(r->arena, sizeof *r->dump);
    if (!inputs || !options || !r->samples || !r->dump) return GAZE_ERROR_DEVICE;
    GZ_TRY(gz_reporting_choose(r, &indices, &count, &r->facts.examples.chosen));
    GZ_TRY(gz_samples_fetch(r, indices, count, r->samples));
    gz_dump *d = r->dump;
    d->model = r->model;
    d->inputs = inputs;
    d->n_inputs = give_inputs(r, inputs);
    d->indices = indices;
    d->options = options;
    d->arena = r->arena;
    d->batch = count;
    GZ_TRY(run_maps(r, d));
    GZ_TRY(describe(r, d));
    return look_at_checkpoints(r);
}

void gz_reporting_forget_examples(gz_reporting *r)
{
    if (r->dump) {
        free_results(r->dump);
        gaze_decoded_free(&r->dump->decoded);
    }
    if (r->samples) gz_samples_free(r->samples);
    free(r->photos);
}
