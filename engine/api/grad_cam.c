/* Grad-CAM (Selvaraju et al. 2017, equations 1 and 2): the features A [B,H,W,C] that a layer makes, weighed
   for a class c by a_k = mean over cells of d score_c / d A_k, and what speaks for it kept: map = relu(sum_k
   a_k A_k). */
#include "derived.h"

#include "../base/text.h"
#include "../ops/gradients.h"
#include "../ops/ops.h"

#include <stdlib.h>
#include <string.h>

/* What a name asks for. */
typedef struct cam_map {
    size_t layer;  /* number in the model */
    int32_t class; /* -1: the predicted one */
} cam_map;

typedef struct cam_plan {
    gz_built built;
    gz_plan *plan;
    gz_tensor *seed; /* [B,K]: 1 at the class whose score is explained */
    gz_tensor *map;  /* [B,N] */
} cam_plan;

typedef struct cam_job {
    gaze_model *model;
    size_t layer;
    gz_inputs inputs;
    int32_t *classes; /* [batch] */
    gaze_array *values;
    cam_plan plan; /* of the batch that ran last */
} cam_job;

static bool has_cells(const gz_tensor *x)
{
    return x->dtype == GZ_F32 && (x->shape.rank == 3 || x->shape.rank == 4);
}

static gaze_status unknown_layer(const gaze_model *m, const char *name)
{
    const size_t n = m->file->n_layers;
    const char **names = gz_arena_allocate(m->file->arena, (n + 1) * sizeof *names);
    if (!names) return GAZE_ERROR_DEVICE;
    size_t count = 0;
    for (size_t i = 0; i < n; i++)
        if (has_cells(m->probe.layers[i])) names[count++] = m->file->layers[i].name;
    return gz_fail(GAZE_ERROR_USAGE, "Grad-CAM: the model '%s' has no layer '%s'%s", m->file->name, name,
                   gz_did_you_mean(m->file->arena, name, names));
}

static gaze_status find_named(const gaze_model *m, const char *name, size_t *layer)
{
    char text[96];
    for (size_t i = 0; i < m->file->n_layers; i++) {
        if (strcmp(m->file->layers[i].name, name) != 0) continue;
        *layer = i;
        if (has_cells(m->probe.layers[i])) return GAZE_OK;
        return gz_fail(
            GAZE_ERROR_USAGE,
            "Grad-CAM: layer '%s' makes %s, expected features [height, width, channels] or [steps, channels]",
            name, gz_sample_text(m->probe.layers[i], text));
    }
    return unknown_layer(m, name);
}

static gaze_status find_last_convolution(const gaze_model *m, size_t *layer)
{
    for (size_t i = m->file->n_layers; i-- > 0;) {
        *layer = i;
        if (strstr(m->file->layers[i].type->type, "conv")) return GAZE_OK;
    }
    return gz_fail(GAZE_ERROR_USAGE,
                   "Grad-CAM: the model '%s' has no convolution: name a layer as gradcam:LAYER",
                   m->file->name);
}

static gaze_status check_output(const gaze_model *m)
{
    char text[96];
    const gz_tensor *output = m->probe.outputs[0];
    if (output->shape.rank == 2 && output->dtype == GZ_F32) return GAZE_OK;
    return gz_fail(GAZE_ERROR_USAGE,
                   "Grad-CAM: the output '%s' is %s a sample, expected one score a class, [classes]",
                   m->file->outputs[0], gz_sample_text(output, text));
}

/* A number, or one of the model's names. */
static gaze_status find_class(const gaze_model *m, const char *word, int32_t *class)
{
    const size_t count = gz_shape_last(m->probe.outputs[0]->shape);
    size_t number;
    if (gz_parse_size(word, &number) && number < count) {
        *class = (int32_t)number;
        return GAZE_OK;
    }
    for (size_t i = 0; m->file->classes && m->file->classes[i]; i++)
        if (strcmp(m->file->classes[i], word) == 0) {
            *class = (int32_t)i;
            return GAZE_OK;
        }
    return gz_fail(GAZE_ERROR_USAGE, "Grad-CAM: there is no class '%s', expected 0..%zu%s%s", word, count - 1,
                   m->file->classes ? " or a name" : "",
                   m->file->classes ? gz_did_you_mean(m->file->arena, word, m->file->classes) : "");
}

static gaze_status say(const gaze_model *m, const cam_map *map, gaze_map_info *info)
{
    gz_arena *arena = m->file->arena;
    const char *layer = m->file->layers[map->layer].name, *class = "the predicted class";
    if (map->class >= 0)
        class = m->file->classes ? gz_arena_format(arena, "'%s'", m->file->classes[map->class])
                                 : gz_arena_format(arena, "class %d", (int)map->class);
    if (!class) return GAZE_ERROR_DEVICE;
    info->name = map->class < 0
                     ? gz_arena_format(arena, "%s:%s", gz_grad_cam.word, layer)
                     : gz_arena_format(arena, "%s:%s:%d", gz_grad_cam.word, layer, (int)map->class);
    info->meaning =
        gz_arena_format(arena,
                        "Grad-CAM, worked out from gradients, not an attention map: how much the features of "
                        "'%s' in this cell speak for %s",
                        layer, class);
    return info->name && info->meaning ? GAZE_OK : GAZE_ERROR_DEVICE;
}

static gaze_status find_layer(const gaze_model *m, const char *name, size_t *layer)
{
    GZ_TRY(check_output(m));
    return name && *name ? find_named(m, name, layer) : find_last_convolution(m, layer);
}

static gaze_status describe(gaze_model *m, const char *words, gz_derived *map)
{
    char *layer = words ? gz_arena_copy(m->file->arena, words) : NULL,
         *class = layer ? strchr(layer, ':') : NULL;
    if (words && !layer) return GAZE_ERROR_DEVICE;
    if (class) *class ++ = 0;
    cam_map *cam = gz_arena_allocate(m->file->arena, sizeof *cam);
    if (!cam) return GAZE_ERROR_DEVICE;
    cam->class = -1;
    GZ_TRY(find_layer(m, layer, &cam->layer));
    if (class && *class) GZ_TRY(find_class(m, class, &cam->class));
    const gz_tensor *features = m->probe.layers[cam->layer];
    map->own = cam;
    map->info = (gaze_map_info){.layer = m->file->layers[cam->layer].name,
                                .kind = "grad_cam",
                                .axes = GAZE_MAP_POSITIONS,
                                .rank = features->shape.rank - 2,
                                .field = m->probe.fields[cam->layer]};
    for (size_t i = 0; m->open == 1 && i < map->info.rank; i++)
        map->info.shape[i] = features->shape.dim[i + 1];
    return say(m, cam, &map->info);
}

/* What follows the forward pass. */
static gaze_status append(const cam_job *job, cam_plan *p)
{
    gz_graph *graph = p->built.graph;
    gz_tensor *scores = gz_built_scores(&p->built), *features = p->built.layers[job->layer], *gradient,
              *weights;
    const char *layer = job->model->file->layers[job->layer].name;
    const gz_shape cells = GZ_SHAPE(p->built.batch, gz_shape_rows(features->shape) / p->built.batch,
                                    gz_shape_last(features->shape));
    graph->scope = gz_grad_cam.word;
    GZ_TRY(gz_graph_tensor(graph, GZ_INPUT, "gradcam:class", GZ_F32, scores->shape, &p->seed));
    GZ_TRY(gz_fail_context(gz_graph_gradients_of(graph, scores, p->seed, &features, 1, &gradient),
                           "Grad-CAM of layer '%s'", layer));
    if (!gradient)
        return gz_fail(GAZE_ERROR_USAGE, "Grad-CAM: the output '%s' does not depend on layer '%s'",
                       job->model->file->outputs[0], layer);
    GZ_TRY(gz_graph_view(graph, features, cells, &features));
    GZ_TRY(gz_graph_view(graph, gradient, cells, &gradient));
    GZ_TRY(gz_reduce_middle(graph, gradient, GZ_MEAN, &weights));
    GZ_TRY(gz_row_dot(graph, features, weights, 1, &p->map));
    GZ_TRY(gz_activation(graph, p->map, GZ_RELU, &p->map));
    p->map->keep = true;
    return GAZE_OK;
}

static void free_plan(cam_plan *p)
{
    gz_plan_destroy(p->plan);
    gz_built_free(&p->built);
    *p = (cam_plan){0};
}

static gaze_status make_plan(cam_job *job, size_t batch)
{
    cam_plan *p = &job->plan;
    if (p->plan && p->built.batch == batch) return GAZE_OK;
    free_plan(p);
    const gz_build_options options = {
        .batch = batch, .inputs = job->inputs.shapes, .gradients = true, .seed = job->model->seed};
    GZ_TRY(gz_model_build(job->model->file, &options, &p->built));
    GZ_TRY(append(job, p));
    GZ_TRY(gz_api_weights(job->model, false, 0));
    return gz_api_plan(job->model, &p->built, &p->plan);
}

static gaze_status write_seed(const cam_job *job, size_t first)
{
    const gz_tensor *seed = job->plan.seed;
    const size_t classes = gz_shape_last(seed->shape);
    float *values;
    GZ_TRY(gz_allocate(gz_shape_count(seed->shape), sizeof *values, &values));
    for (size_t b = 0; b < job->plan.built.batch; b++)
        values[b * classes + (size_t)job->classes[first + b]] = 1;
    const gaze_status status = gz_plan_write(job->plan.plan, seed, values);
    free(values);
    return status;
}

static gaze_status run_piece(cam_job *job, size_t first, size_t count)
{
    GZ_TRY(make_plan(job, count));
    const size_t cells = gz_shape_last(job->plan.map->shape);
    if (!first) {
        const gz_shape shape = job->plan.built.layers[job->layer]->shape;
        *job->values = (gaze_array){.name = job->values->name, .dtype = GAZE_FLOAT32, .rank = shape.rank - 1};
        memcpy(job->values->shape, shape.dim, job->values->rank * sizeof *shape.dim);
        job->values->shape[0] = job->inputs.batch;
        GZ_TRY(gz_allocate(job->inputs.batch * cells, sizeof(float), &job->values->data));
    }
    GZ_TRY(gz_inputs_write(&job->inputs, job->model, &job->plan.built, job->plan.plan, first));
    GZ_TRY(write_seed(job, first));
    GZ_TRY(gz_plan_run(job->plan.plan));
    return gz_plan_read(job->plan.plan, job->plan.map, (float *)job->values->data + first * cells);
}

static int32_t largest(const float *scores, size_t classes)
{
    size_t best = 0;
    for (size_t k = 1; k < classes; k++)
        if (scores[k] > scores[best]) best = k;
    return (int32_t)best;
}

static gaze_status predict(cam_job *job, const gaze_array *inputs, size_t n_inputs, size_t batch_size)
{
    gaze_array output = {.name = job->model->file->outputs[0]};
    GZ_TRY(gaze_run(job->model, inputs, n_inputs, &output, 1, batch_size));
    for (size_t b = 0; b < output.shape[0]; b++)
        job->classes[b] = largest((const float *)output.data + b * output.shape[1], output.shape[1]);
    free(output.data);
    return GAZE_OK;
}

static gaze_status take_classes(cam_job *job, const int32_t *classes)
{
    const size_t count = gz_shape_last(job->model->probe.outputs[0]->shape);
    for (size_t b = 0; b < job->inputs.batch; b++) {
        if (classes[b] < 0 || (size_t)classes[b] >= count)
            return gz_fail(GAZE_ERROR_USAGE, "Grad-CAM: sample %zu is asked for class %d, expected 0..%zu", b,
                           (int)classes[b], count - 1);
        job->classes[b] = classes[b];
    }
    return GAZE_OK;
}

static gaze_status run_all(cam_job *job, const gaze_array *inputs, size_t n_inputs, size_t batch_size,
                           const int32_t *classes)
{
    const size_t piece = batch_size ? batch_size : GZ_DEFAULT_PIECE;
    GZ_TRY(gz_inputs_match(job->model, inputs, n_inputs, &job->inputs));
    GZ_TRY(gz_allocate(job->inputs.batch, sizeof *job->classes, &job->classes));
    GZ_TRY(classes ? take_classes(job, classes) : predict(job, inputs, n_inputs, batch_size));
    for (size_t first = 0; first < job->inputs.batch; first += piece)
        GZ_TRY(run_piece(job, first, job->inputs.batch - first < piece ? job->inputs.batch - first : piece));
    return GAZE_OK;
}

gaze_status gaze_grad_cam(gaze_model *m, const gaze_array *inputs, size_t n_inputs,
                          const gaze_grad_cam_options *given, gaze_array *values)
{
    const gaze_grad_cam_options none = {0}, *options = given ? given : &none;
    cam_job job = {.model = m, .values = values};
    values->data = NULL;
    GZ_TRY(find_layer(m, options->layer, &job.layer));
    const gaze_status status = run_all(&job, inputs, n_inputs, options->batch_size, options->classes);
    if (status != GAZE_OK) {
        free(values->data);
        values->data = NULL;
    }
    free_plan(&job.plan);
    gz_inputs_free(&job.inputs);
    free(job.classes);
    return status;
}

static gaze_status run(gaze_model *m, const gz_derived *map, const gaze_array *inputs, size_t n_inputs,
                       size_t batch_size, gaze_array *values)
{
    gaze_grad_cam_options options = {.layer = map->info.layer, .batch_size = batch_size};
    const size_t batch = n_inputs ? inputs[0].shape[0] : 0;
    const cam_map *cam = map->own;
    int32_t *classes = NULL;
    if (cam->class >= 0) {
        GZ_TRY(gz_allocate(batch, sizeof *classes, &classes));
        for (size_t b = 0; b < batch; b++) classes[b] = cam->class;
        options.classes = classes;
    }
    const gaze_status status = gaze_grad_cam(m, inputs, n_inputs, &options, values);
    free(classes);
    return status;
}

const gz_derivation gz_grad_cam = {"gradcam", describe, run};
