#include "summary_parts.h"
#include "../ops/ops.h"

#include <string.h>

static int wider(int width, const char *text)
{
    const int length = (int)strlen(text);
    return length > width ? length : width;
}

static int name_width(const gz_summary_facts *facts)
{
    const gz_model *model = facts->options->model;
    int width = (int)strlen("optimizer and loss");
    for (size_t i = 0; i < model->n_inputs; i++) width = wider(width, model->inputs[i].name);
    for (size_t i = 0; i < model->n_layers; i++) width = wider(width, model->layers[i].name);
    for (size_t i = 0; i < facts->options->built->n_maps; i++)
        width = wider(width, facts->options->built->maps[i].info.name);
    return width;
}

static void add_composed(const gz_summary_facts *facts, gz_text *text)
{
    const gz_graph *graph = facts->options->built->graph;
    for (size_t i = 0; i < graph->n_nodes; i++)
        if (graph->nodes[i]->op == &gz_op_conv2d_compose)
            gz_text_add(text, "%s has no activation: it and the convolution after it are computed as one\n",
                        graph->nodes[i]->name);
}

static void add_layers(const gz_summary_facts *facts, int width, gz_text *text)
{
    const gz_model *model = facts->options->model;
    const gz_built *built = facts->options->built;
    char shape[96], type[96];
    gz_text_add(text, "%-*s  %-26s %-18s %12s %12s\n", width, "layer", "type", "output", "weights",
                "MFLOP/sample");
    for (size_t i = 0; i < model->n_inputs; i++)
        gz_text_add(text, "%-*s  %-26s %-18s\n", width, model->inputs[i].name,
                    model->inputs[i].dtype == GZ_I32 ? "input int32" : "input float32",
                    gz_sample_text(built->inputs[i], shape));
    for (size_t i = 0; i < model->n_layers; i++)
        gz_text_add(text, "%-*s  %-26s %-18s %12zu %12.3f\n", width, model->layers[i].name,
                    gz_summary_type(&model->layers[i], type), gz_sample_text(built->layers[i], shape),
                    facts->layers[i].weights, facts->layers[i].flop / 1e6);
    if (facts->options->training)
        gz_text_add(text, "%-*s  %-26s %-18s %12s %12.3f\n", width, "optimizer and loss", "", "", "",
                    facts->other_flop / 1e6);
    gz_text_add(text, "%-*s  %-26s %-18s %12zu %12.3f\n", width, "total", "", "", facts->weights,
                facts->flop / 1e6);
    gz_text_add(text, "%zu weights can be trained, %zu can't; %s\n", facts->trainable,
                facts->weights - facts->trainable,
                facts->options->training ? "work of a training step: forward, gradients, update"
                                         : "work of a prediction");
    add_composed(facts, text);
}

static void add_maps(const gz_summary_facts *facts, int width, gz_text *text)
{
    const gz_built *built = facts->options->built;
    if (!built->n_maps) return;
    gz_text_add(text, "\n%-*s  %-26s %-18s meaning\n", width, "map", "kind", "shape");
    for (size_t i = 0; i < built->n_maps; i++) {
        const gaze_map_info *info = &built->maps[i].info;
        char shape[96];
        gz_text_add(text, "%-*s  %-26s %-18s %s\n", width, info->name, info->kind,
                    gz_sample_text(built->maps[i].tensor, shape), info->meaning);
    }
}

static void add_memory(const gz_summary_facts *facts, gz_text *text)
{
    const gz_summary_options *options = facts->options;
    const gz_plan_memory *memory = &facts->memory;
    char a[24], b[24], c[24], d[24];
    gz_text_add(text, "\nmemory, %s, batch %zu\n", options->training ? "training" : "prediction",
                options->built->batch);
    if (!options->plan) {
        gz_text_add(text, "no plan: %s\n", options->why_no_plan);
        return;
    }
    gz_text_add(text,
                "planned %s at the peak; %s if every tensor had its own (%.0f %%); of these, inputs and kept "
                "tensors %s\n",
                gz_bytes_text(memory->peak_bytes, a), gz_bytes_text(memory->naive_bytes, b),
                memory->naive_bytes ? 100.0 * (double)memory->peak_bytes / (double)memory->naive_bytes
                                    : 100.0,
                gz_bytes_text(memory->pinned_bytes, c));
    gz_text_add(text, "weights%s %s\n\n", options->training ? ", gradients and optimizer" : "",
                gz_bytes_text(memory->store_bytes, d));
    gz_text_add(text, "%12s %12s %6s %6s  tensor (born and died: numbers of operations)\n", "offset", "bytes",
                "born", "died");
    for (size_t i = 0; i < facts->n_tensors; i++) {
        const gz_plan_tensor *t = &facts->tensors[i];
        char shape[96];
        gz_text_add(text, "%12zu %12zu %6zu %6zu  %s %s\n", t->offset, t->bytes, t->birth, t->death,
                    t->tensor->name, gz_shape_text(t->tensor->shape, shape));
    }
}

void gz_summary_text(const gz_summary_facts *facts, gz_text *text)
{
    const gz_model *model = facts->options->model;
    const int width = name_width(facts);
    gz_text_add(text, "%s (%s, %s)\n", model->name, model->path, model->hash.text);
    if (model->about) gz_text_add(text, "%s\n", model->about);
    gz_text_add(text, "\n");
    add_layers(facts, width, text);
    add_maps(facts, width, text);
    add_memory(facts, text);
}
