#include "summary_parts.h"
#include "weights.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *gz_summary_type(const gz_layer *layer, char text[96])
{
    const char *kind = gz_attention_kind_of(layer);
    snprintf(text, 96, "%.40s%s%.40s", layer->type->type, kind ? ": " : "", kind ? kind : "");
    return text;
}

static void add_node(gz_summary_facts *facts, const gz_node *node)
{
    const gz_model *model = facts->options->model;
    const double flop = gz_node_cost(node).flop / (double)facts->options->built->batch;
    facts->flop += flop;
    for (size_t i = 0; i < model->n_layers; i++) {
        if (strcmp(model->layers[i].name, node->name) != 0) continue;
        facts->layers[i].flop += flop;
        return;
    }
    facts->other_flop += flop;
}

static gaze_status collect(gz_summary_facts *facts)
{
    const gz_model *model = facts->options->model;
    const gz_built *built = facts->options->built;
    GZ_TRY(gz_allocate(model->n_layers, sizeof *facts->layers, &facts->layers));
    for (size_t i = 0; i < built->graph->n_nodes; i++) add_node(facts, built->graph->nodes[i]);
    for (size_t i = 0; i < built->n_weights; i++)
        facts->layers[built->weights[i].layer - model->layers].weights +=
            gz_shape_count(built->weights[i].tensor->shape);
    gz_weights_count(built, &facts->trainable, &facts->weights);
    if (!facts->options->plan) return GAZE_OK;
    gz_plan_memory_use(facts->options->plan, &facts->memory);
    facts->n_tensors = gz_plan_tensors(facts->options->plan, &facts->tensors);
    return GAZE_OK;
}

gaze_status gz_summary(const gz_summary_options *options, char **out)
{
    gz_summary_facts facts = {.options = options};
    gz_text text = {0};
    GZ_TRY(collect(&facts));
    if (options->json)
        gz_summary_json(&facts, &text);
    else
        gz_summary_text(&facts, &text);
    free(facts.layers);
    return gz_text_take(&text, out);
}
