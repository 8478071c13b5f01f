/* Grad-CAM (Selvaraju et al. 2017, equations 1 and 2): the features A [B,H,W,C] that a layer makes, weighed
   for a class c by a_k = mean over cells of d score_c / d A_k, and what speaks for it kept: map = relu(sum_k
   a_k A_k). */
#include "grad_cam.h"

#include "../ops/gradients.h"
#include "../ops/ops.h"

#include <stdlib.h>
#include <string.h>

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
    GZ_TRY(gz_api_answering_weights(job->model));
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
    GZ_TRY(write_seed(job, first));
    GZ_TRY(gz_inputs_lend(&job->inputs, job->model, &job->plan.built, job->plan.plan, first));
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
    GZ_TRY(gz_grad_cam_layer(m, options->layer, &job.layer));
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
