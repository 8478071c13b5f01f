#include "parse.h"
#include "../base/text.h"

#include <stdint.h>
#include <string.h>

enum { MOST_LAYERS = 10000 };

/* Without "inputs" a layer reads the one before it, the first the model's only input. */
static gaze_status default_input(gz_model *model, const gz_json *json, gz_layer *layer)
{
    if (!model->n_layers && model->n_inputs > 1)
        return gz_json_fail(json, "inputs",
                            "missing in the first layer of a model with %zu inputs, expected their names",
                            model->n_inputs);
    layer->inputs = gz_arena_allocate(model->arena, 2 * sizeof *layer->inputs);
    if (!layer->inputs) return GAZE_ERROR_DEVICE;
    layer->inputs[0] = model->n_layers ? model->layers[model->n_layers - 1].name : model->inputs[0].name;
    layer->n_inputs = 1;
    return GAZE_OK;
}

static bool comes_later(const cJSON *item, const char *name)
{
    for (; item; item = item->next) {
        const cJSON *other = cJSON_GetObjectItemCaseSensitive(item, "name");
        if (cJSON_IsString(other) && strcmp(other->valuestring, name) == 0) return true;
    }
    return false;
}

static gaze_status check_name(const gz_model *model, const gz_json *json, const char *key, const char *name,
                              const char *expected)
{
    if (gz_model_knows(model, name)) return GAZE_OK;
    if (comes_later(json->object, name))
        return gz_json_fail(json, key, "found \"%s\", which is defined here or later; expected %s", name,
                            expected);
    return gz_json_fail(json, key, "found \"%s\", which is not defined; expected %s%s", name, expected,
                        gz_model_nearest_name(model, name));
}

static gaze_status read_inputs(gz_model *model, gz_json *json, gz_layer *layer)
{
    if (gz_json_has(json, "inputs"))
        GZ_TRY(gz_json_texts(json, "inputs", &layer->inputs, &layer->n_inputs));
    else
        GZ_TRY(default_input(model, json, layer));
    for (size_t i = 0; i < layer->n_inputs; i++)
        GZ_TRY(check_name(model, json, "inputs", layer->inputs[i], "an input of the model or a layer above"));
    const size_t least = layer->type->min_inputs, most = layer->type->max_inputs, n = layer->n_inputs;
    if (n < least)
        return gz_json_fail(json, "inputs", "%zu found, a layer of type '%s' expects at least %zu", n,
                            layer->type->type, least);
    if (n > most)
        return gz_json_fail(json, "inputs", "%zu found, a layer of type '%s' expects at most %zu", n,
                            layer->type->type, most);
    return GAZE_OK;
}

/* Names from other keys go behind the inputs. */
static gaze_status read_further_inputs(const gz_model *model, const gz_json *json, gz_layer *layer)
{
    if (!json->n_further) return GAZE_OK;
    const size_t own = layer->n_inputs, all = own + json->n_further;
    const char **inputs = gz_arena_allocate(model->arena, all * sizeof *inputs);
    if (!inputs) return GAZE_ERROR_DEVICE;
    memcpy(inputs, layer->inputs, own * sizeof *inputs);
    for (size_t i = 0; i < json->n_further; i++) {
        GZ_TRY(check_name(model, json, json->further[i].key, json->further[i].name,
                          "an input of the model or a layer above"));
        inputs[own + i] = json->further[i].name;
    }
    if (all > GZ_MAX_INPUTS)
        return gz_json_fail(json, json->further[0].key,
                            "the layer reads %zu tensors in all, at most %d are possible", all,
                            GZ_MAX_INPUTS);
    layer->inputs = inputs;
    layer->n_inputs = all;
    layer->n_further = json->n_further;
    return GAZE_OK;
}

/* Keys that both layers have must say the same: one set of weights has one meaning. */
static gaze_status check_same_options(const gz_json *json, const cJSON *original, const char *name)
{
    for (const cJSON *item = json->object->child; item; item = item->next) {
        static const char *const own[] = {"name", "inputs", "share", "mask", "initial_state", NULL};
        bool may_differ = false;
        for (const char *const *key = own; *key; key++) may_differ |= !strcmp(item->string, *key);
        if (may_differ) continue;
        const cJSON *other = cJSON_GetObjectItemCaseSensitive(original, item->string);
        if (other && !cJSON_Compare(item, other, true))
            return gz_json_fail(json, item->string,
                                "differs from that of layer '%s', whose weights it shares; "
                                "expected the same",
                                name);
    }
    return GAZE_OK;
}

static gaze_status read_share(gz_model *model, gz_json *json, const cJSON *first, gz_layer *layer)
{
    const char *share;
    GZ_TRY(gz_json_text(json, "share", NULL, &share));
    layer->weights_of = layer->name;
    if (!share) return GAZE_OK;
    GZ_TRY(check_name(model, json, "share", share, "a layer above"));
    const cJSON *original = first;
    for (size_t i = 0; i < model->n_layers; i++, original = original->next) {
        if (strcmp(model->layers[i].name, share) != 0) continue;
        layer->weights_of = model->layers[i].weights_of;
        return check_same_options(json, original, share);
    }
    return gz_json_fail(json, "share", "'%s' is an input of the model, expected a layer above", share);
}

static gaze_status read_layer(gz_model *model, const cJSON *item, const cJSON *first)
{
    gz_layer *layer = &model->layers[model->n_layers];
    const char *place = gz_arena_format(model->arena, "%s: layers[%zu]", model->path, model->n_layers);
    if (!place) return GAZE_ERROR_DEVICE;
    gz_json json = gz_json_object(model->arena, item, place);
    json.kinds = model->kinds;
    if (!cJSON_IsObject(item))
        return gz_json_wrong(&json, NULL, item, "an object with \"name\" and \"type\"");
    GZ_TRY(gz_model_read_name(model, &json, &layer->name));
    json.place = gz_arena_format(model->arena, "%s: layer '%s'", model->path, layer->name);
    if (!json.place) return GAZE_ERROR_DEVICE;

    size_t type;
    GZ_TRY(gz_json_choice(&json, "type", gz_layer_words, SIZE_MAX, &type));
    layer->type = gz_layer_types[type];
    GZ_TRY(read_inputs(model, &json, layer));
    GZ_TRY(read_share(model, &json, first, layer));
    layer->options = gz_arena_allocate(model->arena, layer->type->options_bytes);
    if (!layer->options) return GAZE_ERROR_DEVICE;
    GZ_TRY(layer->type->read(&json, layer->options));
    GZ_TRY(read_further_inputs(model, &json, layer));
    GZ_TRY(gz_json_done(&json));
    model->n_layers++;
    return GAZE_OK;
}

gaze_status gz_model_read_layers(gz_model *model, gz_json *json)
{
    const cJSON *list = gz_json_get(json, "layers");
    const int n = cJSON_IsArray(list) ? cJSON_GetArraySize(list) : 0;
    if (n < 1 || n > MOST_LAYERS) return gz_json_wrong(json, "layers", list, "a list of 1 to 10000 layers");
    model->layers = gz_arena_allocate(model->arena, (size_t)n * sizeof *model->layers);
    if (!model->layers) return GAZE_ERROR_DEVICE;
    for (const cJSON *item = list->child; item; item = item->next)
        GZ_TRY(read_layer(model, item, list->child));
    return GAZE_OK;
}
