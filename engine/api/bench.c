/* gaze_bench: whole steps on random data, and what each layer takes of them. */
#include "bench.h"
#include "../base/clock.h"
#include "../base/resident.h"
#include "../bench/median.h"
#include "../model/ids.h"

#include <stdlib.h>
#include <string.h>

static const double DEFAULT_SECONDS = 2, PEAK_SECONDS = 0.3, LEAST_WARM_UP_SECONDS = 0.2;
enum { DEFAULT_BATCH = 64, WARM_UP_STEPS = 3, NOT_IDS = 8 };

/* Whole numbers lie in 0..n_ids-1. */
static gaze_status random_input(const gz_tensor *input, size_t n_ids, gz_key key, uint64_t stream,
                                void **values)
{
    const size_t count = gz_shape_count(input->shape);
    GZ_TRY(gz_allocate(count, 4, values));
    for (size_t i = 0; i < count; i++) {
        const double u = gz_random_uniform(key, stream, i);
        if (input->dtype == GZ_I32)
            ((int32_t *)*values)[i] = (int32_t)(u * (double)n_ids);
        else
            ((float *)*values)[i] = (float)u;
    }
    return GAZE_OK;
}

static gaze_status random_labels(const gz_bench_job *job, gz_key key, int32_t **labels)
{
    const gz_shape output = job->step.built.outputs[0]->shape;
    const size_t rows = gz_shape_rows(output), classes = gz_shape_last(output);
    GZ_TRY(gz_allocate(rows, sizeof **labels, labels));
    for (size_t i = 0; i < rows; i++)
        (*labels)[i] = (int32_t)(gz_random_uniform(key, GZ_MAX_INPUTS, i) * (double)classes);
    return GAZE_OK;
}

static gaze_status make_data(gz_bench_job *job)
{
    const gz_model *file = job->model->file;
    const gz_key key = gz_key_make(1, "bench");
    job->data.count = job->batch;
    GZ_TRY(gz_allocate(file->n_inputs, sizeof *job->data.inputs, &job->data.inputs));
    for (size_t i = 0; i < file->n_inputs; i++) {
        const gz_id_limit ids = job->step.built.ids[i];
        GZ_TRY(random_input(job->step.built.inputs[i], ids.layer ? ids.rows : NOT_IDS, key, i,
                            &job->data.inputs[i]));
    }
    GZ_TRY(random_labels(job, key, &job->data.labels));
    GZ_TRY(gz_allocate(file->n_outputs, sizeof *job->outputs, &job->outputs));
    for (size_t i = 0; i < file->n_outputs; i++)
        GZ_TRY(
            gz_allocate(gz_shape_count(job->step.built.outputs[i]->shape), sizeof(float), &job->outputs[i]));
    return GAZE_OK;
}

static gaze_status build(gz_bench_job *job)
{
    gaze_model *model = job->model;
    const gz_model *file = model->file;
    gz_shape shapes[GZ_MAX_INPUTS];
    if (file->n_inputs > GZ_MAX_INPUTS)
        return gz_fail(GAZE_ERROR_MODEL, "%s: %zu inputs, at most %d are possible", file->path,
                       file->n_inputs, GZ_MAX_INPUTS);
    for (size_t i = 0; i < file->n_inputs; i++)
        shapes[i] = gz_model_input_shape(&file->inputs[i], model->open);
    const gz_build_options options = {.batch = job->batch,
                                      .inputs = shapes,
                                      .training = job->training,
                                      .seed = model->seed,
                                      .optimizer = &file->optimizer,
                                      .slab_floats = gz_store_slab_floats(model->store, GZ_SLAB_PARAMETER)};
    return gz_model_build(file, &options, &job->step.built);
}

gaze_status gz_bench_plan(gz_bench_job *job, gz_plan_options options)
{
    gz_plan_destroy(job->step.plan);
    job->step.plan = NULL;
    options.memory_limit = job->model->context->memory_limit;
    return gz_fail_context(
        gz_plan_create(job->base.device, job->step.built.graph, job->base.store, &options, &job->step.plan),
        "%s, batch %zu", job->model->file->path, job->batch);
}

static gaze_status keep_slab(const gz_store *store, gz_slab slab, float **kept)
{
    const size_t count = gz_store_slab_floats(store, slab);
    GZ_TRY(gz_allocate(count, sizeof **kept, kept));
    return count ? gz_store_read(store, slab, 0, *kept, count) : GAZE_OK;
}

static gaze_status put_back(gz_store *store, gz_slab slab, const float *kept)
{
    if (!kept) return GAZE_OK;
    const size_t count = gz_store_slab_floats(store, slab);
    return count ? gz_store_write(store, slab, 0, kept, count) : GAZE_OK;
}

gaze_status gz_bench_open(gaze_model *model, size_t batch_size, bool training, gz_bench_job *job)
{
    const gz_model *file = model->file;
    *job = (gz_bench_job){
        .model = model, .batch = batch_size ? batch_size : DEFAULT_BATCH, .training = training};
    GZ_TRY(gz_api_weights(model, false, 0));
    GZ_TRY(keep_slab(model->store, GZ_SLAB_PARAMETER, &job->parameters));
    GZ_TRY(keep_slab(model->store, GZ_SLAB_STATE, &job->state));
    if (training) GZ_TRY(gz_model_check_loss(file));
    GZ_TRY(gz_api_weights(model, training, training ? gz_optimizer_moments(&file->optimizer.attr) : 0));
    job->base = (gz_step_base){.device = model->context->device,
                               .model = file,
                               .store = model->store,
                               .optimizer = &file->optimizer,
                               .seed = model->seed,
                               .memory_limit = model->context->memory_limit};
    GZ_TRY(build(job));
    GZ_TRY(make_data(job));
    return gz_bench_plan(job, (gz_plan_options){0});
}

gaze_status gz_bench_close(gz_bench_job *job)
{
    const gaze_status parameters = put_back(job->model->store, GZ_SLAB_PARAMETER, job->parameters),
                      state = put_back(job->model->store, GZ_SLAB_STATE, job->state);
    gz_step_free(&job->step);
    for (size_t i = 0; job->data.inputs && i < job->model->file->n_inputs; i++) free(job->data.inputs[i]);
    for (size_t i = 0; job->outputs && i < job->model->file->n_outputs; i++) free(job->outputs[i]);
    free(job->data.inputs);
    free(job->data.labels);
    free(job->outputs);
    free(job->parameters);
    free(job->state);
    return parameters != GAZE_OK ? parameters : state;
}

static gaze_status train(gz_bench_job *job)
{
    float loss;
    GZ_TRY(gz_step_run(&job->base, &job->step, &job->data, 1));
    return gz_plan_read(job->step.plan, job->step.built.loss, &loss);
}

/* As gaze_run does. */
static gaze_status predict(gz_bench_job *job)
{
    const gz_model *file = job->model->file;
    const gz_built *built = &job->step.built;
    gz_plan *plan = job->step.plan;
    for (size_t i = 0; i < file->n_inputs; i++) GZ_TRY(gz_ids_check(file, built, i, job->data.inputs[i], 0));
    for (size_t i = 0; i < file->n_inputs; i++)
        GZ_TRY(gz_plan_lend(plan, built->inputs[i], job->data.inputs[i]));
    GZ_TRY(gz_plan_run(plan));
    for (size_t i = 0; i < file->n_outputs; i++)
        GZ_TRY(gz_plan_read(plan, built->outputs[i], job->outputs[i]));
    return GAZE_OK;
}

gaze_status gz_bench_step(gz_bench_job *job) { return job->training ? train(job) : predict(job); }

static gaze_status warm_up(gz_bench_job *job, double seconds)
{
    const double begin = gz_seconds();
    for (size_t i = 0; i < WARM_UP_STEPS || gz_seconds() - begin < seconds; i++) GZ_TRY(gz_bench_step(job));
    return GAZE_OK;
}

static gaze_status median_step(gz_bench_job *job, double seconds, double *median)
{
    double *times = NULL;
    size_t n = 0, capacity = 0;
    gaze_status status;
    GZ_GO(warm_up(job, seconds < LEAST_WARM_UP_SECONDS ? seconds : LEAST_WARM_UP_SECONDS));
    const double begin = gz_seconds();
    do {
        GZ_GO(gz_grow(&times, &capacity, n + 1, sizeof *times));
        const double start = gz_seconds();
        GZ_GO(gz_bench_step(job));
        times[n++] = gz_seconds() - start;
    } while (gz_seconds() - begin < seconds);
    *median = gz_median(times, n);
done:
    free(times);
    return status;
}

static double graph_flop(const gz_graph *graph)
{
    double flop = 0;
    for (size_t n = 0; n < graph->n_nodes; n++) flop += gz_node_cost(graph->nodes[n]).flop;
    return flop;
}

static gaze_status measure(gz_bench_job *job, double seconds, gaze_bench_result *result)
{
    double median;
    gz_plan_memory memory;
    GZ_TRY(median_step(job, seconds, &median));
    GZ_TRY(gz_bench_tuned(job, result));
    gz_plan_memory_use(job->step.plan, &memory);
    result->step_ms = median * 1e3;
    result->samples_per_second = (double)job->batch / median;
    result->flop = graph_flop(job->step.built.graph);
    result->memory_bytes = memory.peak_bytes + memory.store_bytes;
    result->resident_bytes = gz_resident_peak();
    gaze_context_programs(job->model->context, &result->programs);
    if (!job->base.device) return GAZE_OK;
    gz_peak peak;
    GZ_TRY(gz_peak_measure(job->base.device, PEAK_SECONDS, &peak));
    result->peak_gflops = peak.gflops;
    result->copy_gbytes = peak.copy_gbytes;
    if (!job->model->context->profile) return GAZE_OK;
    GZ_TRY(gz_bench_plan(job, (gz_plan_options){.profile = true}));
    return gz_bench_lines(job, seconds / 2, result);
}

/* trace: where it is written to, or NULL. */
static gaze_status bench(gaze_model *model, const gaze_bench_options *options, gz_writer *trace,
                         gaze_bench_result *result)
{
    const double seconds = options->seconds > 0 ? options->seconds : DEFAULT_SECONDS;
    gz_bench_job job;
    gaze_status status = gz_bench_open(model, options->batch_size, options->training, &job);
    if (status == GAZE_OK) status = measure(&job, seconds, result);
    if (status == GAZE_OK && trace) status = gz_bench_trace(&job, result, trace);
    const gaze_status closed = gz_bench_close(&job);
    return status != GAZE_OK ? status : closed;
}

/* Before anything is measured: is a trace possible, and can its file be written? */
static gaze_status open_trace(const gaze_model *model, const char *path, gz_writer **writer)
{
    if (!path) return GAZE_OK;
    if (model->context->device && model->context->profile) return gz_writer_open(path, writer);
    return gz_fail(GAZE_ERROR_USAGE, "%s: a trace needs a device and a context made with profile", path);
}

gaze_status gaze_bench(gaze_model *model, const gaze_bench_options *given, gaze_bench_result *result)
{
    const gaze_bench_options none = {0}, *options = given ? given : &none;
    gz_writer *trace = NULL;
    *result = (gaze_bench_result){0};
    GZ_TRY(open_trace(model, options->trace, &trace));
    gaze_status status = bench(model, options, trace, result);
    if (status == GAZE_OK && trace)
        status = gz_writer_commit(trace);
    else
        gz_writer_abandon(trace);
    if (status != GAZE_OK) gaze_bench_free(result);
    return status;
}
