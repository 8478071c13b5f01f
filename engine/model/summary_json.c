#include "summary_parts.h"

/* "key": [1,2,3] of a sample's shape */
static void add_shape(gz_text *text, const gz_tensor *x)
{
    char shape[96];
    gz_text_add(text, "\"shape\": %s", gz_sample_text(x, shape));
}

static void add_named(gz_text *text, size_t i, const char *name)
{
    gz_text_add(text, "%s{\"name\": ", i ? ", " : "");
    gz_text_add_json_string(text, name);
}

static void add_layers(const gz_summary_facts *facts, gz_text *text)
{
    const gz_model *model = facts->options->model;
    for (size_t i = 0; i < model->n_layers; i++) {
        const gz_layer *layer = &model->layers[i];
        const char *kind = gz_attention_kind_of(layer);
        add_named(text, i, layer->name);
        gz_text_add(text, ", \"type\": \"%s\", ", layer->type->type);
        if (kind) gz_text_add(text, "\"kind\": \"%s\", ", kind);
        add_shape(text, facts->options->built->layers[i]);
        gz_text_add(text, ", \"weights\": %zu, \"flop_per_sample\": %.0f}", facts->layers[i].weights,
                    facts->layers[i].flop);
    }
}

static void add_maps(const gz_summary_facts *facts, gz_text *text)
{
    const gz_built *built = facts->options->built;
    for (size_t i = 0; i < built->n_maps; i++) {
        const gaze_map_info *info = &built->maps[i].info;
        add_named(text, i, info->name);
        gz_text_add(text, ", \"layer\": ");
        gz_text_add_json_string(text, info->layer);
        gz_text_add(text, ", \"kind\": \"%s\", ", info->kind);
        add_shape(text, built->maps[i].tensor);
        gz_text_add(text,
                    ", \"axes\": \"%s\", \"sums_to_one\": %s, \"meaning\": ", gz_map_axes_word(info->axes),
                    info->sums_to_one ? "true" : "false");
        gz_text_add_json_string(text, info->meaning);
        gz_text_add(text, "}");
    }
}

static void add_tensors(const gz_summary_facts *facts, gz_text *text)
{
    for (size_t i = 0; i < facts->n_tensors; i++) {
        const gz_plan_tensor *t = &facts->tensors[i];
        char shape[96];
        add_named(text, i, t->tensor->name);
        gz_text_add(text, ", \"shape\": %s, \"offset\": %zu, \"bytes\": %zu, \"birth\": %zu, \"death\": %zu}",
                    gz_shape_text(t->tensor->shape, shape), t->offset, t->bytes, t->birth, t->death);
    }
}

static void add_memory(const gz_summary_facts *facts, gz_text *text)
{
    const gz_plan_memory *memory = &facts->memory;
    if (!facts->options->plan) {
        gz_text_add(text, "null, \"why_no_memory_plan\": ");
        gz_text_add_json_string(text, facts->options->why_no_plan);
        return;
    }
    gz_text_add(text,
                "{\"peak_bytes\": %zu, \"naive_bytes\": %zu, \"pinned_bytes\": %zu, \"weights_bytes\": %zu, "
                "\"tensors\": [",
                memory->peak_bytes, memory->naive_bytes, memory->pinned_bytes, memory->store_bytes);
    add_tensors(facts, text);
    gz_text_add(text, "]}");
}

void gz_summary_json(const gz_summary_facts *facts, gz_text *text)
{
    const gz_summary_options *options = facts->options;
    gz_text_add(text, "{\"name\": ");
    gz_text_add_json_string(text, options->model->name);
    gz_text_add(text, ", \"hash\": \"%s\", \"training\": %s, \"batch_size\": %zu, \"layers\": [",
                options->model->hash.text, options->training ? "true" : "false", options->built->batch);
    add_layers(facts, text);
    gz_text_add(text,
                "], \"trainable_weights\": %zu, \"weights\": %zu, \"flop_per_sample\": %.0f, \"maps\": [",
                facts->trainable, facts->weights, facts->flop);
    add_maps(facts, text);
    gz_text_add(text, "], \"memory\": ");
    add_memory(facts, text);
    gz_text_add(text, "}");
}
