/* gaze_run_report: what the plans of a prediction and of a training step need. */
#include "run_report.h"

static size_t train_batch(const gz_reporting *r)
{
    size_t value;
    const char *text = gz_fact_value(r->facts.run, r->facts.n_run, "batch_size");
    return gz_parse_size(text, &value) && value ? value : r->model->file->batch_size;
}

static gaze_status copy_tensors(gz_reporting *r, const gz_plan *plan)
{
    gz_memory_facts *m = &r->facts.memory;
    const gz_plan_tensor *list;
    m->n_tensors = gz_plan_tensors(plan, &list);
    m->tensors = gz_arena_allocate(r->arena, (m->n_tensors + 1) * sizeof *m->tensors);
    if (!m->tensors) return GAZE_ERROR_DEVICE;
    for (size_t i = 0; i < m->n_tensors; i++) {
        const gz_plan_tensor *t = &list[i];
        m->tensors[i] = (gz_tensor_life){gz_arena_copy(r->arena, t->tensor->name), t->offset, t->bytes,
                                         t->birth, t->death};
        if (!m->tensors[i].name) return GAZE_ERROR_DEVICE;
    }
    return GAZE_OK;
}

static gaze_status plan_prediction(gz_reporting *r)
{
    gz_memory_facts *m = &r->facts.memory;
    gz_built built = {0};
    gz_plan *plan = NULL;
    gz_plan_memory use;
    gaze_status status;
    GZ_GO(gz_api_dry_plan(r->model, r->batch, false, &built, &plan));
    gz_plan_memory_use(plan, &use);
    m->batch = r->batch;
    m->peak_bytes = use.peak_bytes;
    m->naive_bytes = use.naive_bytes;
    m->weights_bytes = use.store_bytes;
    status = copy_tensors(r, plan);
done:
    gz_plan_destroy(plan);
    gz_built_free(&built);
    return status;
}

/* A device that is large enough for predictions may be too small for training: then this is left out. */
static gaze_status plan_training(gz_reporting *r)
{
    gz_memory_facts *m = &r->facts.memory;
    gz_built built = {0};
    gz_plan *plan = NULL;
    gz_plan_memory use;
    const size_t batch = train_batch(r);
    const gaze_status status = gz_api_dry_plan(r->model, batch, true, &built, &plan);
    if (status == GAZE_OK) {
        gz_plan_memory_use(plan, &use);
        m->train_batch = batch;
        m->train_peak_bytes = use.peak_bytes;
        m->train_store_bytes = use.store_bytes;
    }
    gz_plan_destroy(plan);
    gz_built_free(&built);
    return status == GAZE_ERROR_DEVICE ? GAZE_OK : status;
}

gaze_status gz_reporting_memory(gz_reporting *r)
{
    GZ_TRY(plan_prediction(r));
    return plan_training(r);
}
