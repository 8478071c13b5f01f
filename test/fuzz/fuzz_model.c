#include "fuzz.h"
#include "../../engine/model/optimizer.h"
#include "../../engine/model/summary.h"
#include "../../engine/model/weights.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_WORK = 300000, MOST_BYTES = 1 << 20 };

/* What `gaze summary` does, without taking the memory that the model asks for. */
static gaze_status summarize(const gz_model *model, const gz_built *built, gz_store *store, bool training)
{
    const gz_plan_options options = {.dry = true};
    gz_plan *plan;
    char *text;
    GZ_TRY(gz_plan_create(NULL, built->graph, store, &options, &plan));
    const gz_summary_options summary = {.model = model, .built = built, .plan = plan, .training = training};
    const gaze_status status = gz_summary(&summary, &text);
    gz_plan_destroy(plan);
    if (status != GAZE_OK) return status;
    fuzz_touch(text, strlen(text));
    free(text);
    return GAZE_OK;
}

/* The work of one run by the references, and the memory of all of them. */
static bool is_small(const gz_built *built, gz_store *store)
{
    double work = 0;
    for (size_t i = 0; i < built->graph->n_nodes; i++) {
        const gz_node *node = built->graph->nodes[i];
        work += node->op->cost(node).flop;
        for (size_t k = 0; k < node->n_out; k++) work += (double)gz_shape_count(node->out[k]->shape);
    }
    return work < MOST_WORK && gz_store_bytes(store) < MOST_BYTES;
}

/* All inputs are zeros, and all weights. */
static gaze_status run(const gz_built *built, gz_store *store)
{
    gz_plan *plan;
    if (!is_small(built, store)) return GAZE_OK;
    GZ_TRY(gz_store_allocate(store, false, 0));
    GZ_TRY(gz_plan_create(NULL, built->graph, store, &(gz_plan_options){0}, &plan));
    const gaze_status status = gz_plan_run(plan);
    gz_plan_destroy(plan);
    return status;
}

static gaze_status plan_training(const gz_model *model, gz_store *store, size_t open)
{
    gz_shape inputs[GZ_MAX_INPUTS];
    gz_built built = {0};
    for (size_t i = 0; i < model->n_inputs; i++) {
        inputs[i] = model->inputs[i].shape;
        for (size_t k = 0; k < inputs[i].rank; k++)
            if (!inputs[i].dim[k]) inputs[i].dim[k] = open;
    }
    const gz_build_options options = {.batch = 2,
                                      .inputs = inputs,
                                      .training = true,
                                      .slab_floats = gz_store_slab_floats(store, GZ_SLAB_PARAMETER)};
    gaze_status status = gz_model_build(model, &options, &built);
    if (status == GAZE_OK) status = summarize(model, &built, store, true);
    if (status == GAZE_OK) status = run(&built, store);
    gz_built_free(&built);
    return status;
}

static gaze_status plan(const gz_model *model, const gz_built *built, size_t open)
{
    gz_store *store;
    gaze_status status;
    GZ_TRY(gz_store_create(NULL, &store));
    GZ_GO(gz_weights_declare(built, store));
    GZ_GO(gz_store_expect(store, true, gz_optimizer_moments(&model->optimizer.attr)));
    GZ_GO(summarize(model, built, store, false));
    GZ_GO(run(built, store));
    if (model->loss != GZ_LOSS_NONE) GZ_GO(plan_training(model, store, open));
done:
    gz_store_destroy(store);
    return status;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    gz_model *model;
    gz_built built = {0};
    size_t open = 0;
    const char *path = fuzz_file("fuzz.json", bytes, size);
    if (!fuzz_loaded(gz_model_read(path, &model), "fuzz.json")) return 0;
    if (fuzz_loaded(gz_model_probe(model, &open, &built), "fuzz.json"))
        fuzz_loaded(plan(model, &built, open), "");
    gz_built_free(&built);
    gz_model_free(model);
    return 0;
}
