#include "optimizer.h"
#include "parse.h"
#include "../base/text.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum {
    LARGEST_FILE = 1 << 24,
    LONGEST_NAME = 100,
    MOST_INPUTS = GZ_MAX_INPUTS,
    DEFAULT_BATCH = 32,
    DEFAULT_EPOCHS = 1
};
static const double LEAST_CROP = 0.1; /* of each side of an image */

static bool is_state_of(const gz_layer *layer, const char *name)
{
    const size_t length = strlen(layer->name);
    if (strncmp(name, layer->name, length) != 0 || name[length] != '/') return false;
    for (const char *const *part = gz_layer_states(layer); *part; part++)
        if (strcmp(*part, name + length + 1) == 0) return true;
    return false;
}

bool gz_model_has_state(const gz_model *model, const char *name)
{
    for (size_t i = 0; i < model->n_layers; i++)
        if (is_state_of(&model->layers[i], name)) return true;
    return false;
}

bool gz_model_knows(const gz_model *model, const char *name)
{
    for (size_t i = 0; i < model->n_inputs; i++)
        if (strcmp(model->inputs[i].name, name) == 0) return true;
    for (size_t i = 0; i < model->n_layers; i++)
        if (strcmp(model->layers[i].name, name) == 0) return true;
    return gz_model_has_state(model, name);
}

const char *gz_model_nearest_name(const gz_model *model, const char *name)
{
    const size_t n = model->n_inputs + model->n_layers;
    const char **names = gz_arena_allocate(model->arena, (n + 1) * sizeof *names);
    if (!names) return "";
    for (size_t i = 0; i < model->n_inputs; i++) names[i] = model->inputs[i].name;
    for (size_t i = 0; i < model->n_layers; i++) names[model->n_inputs + i] = model->layers[i].name;
    return gz_did_you_mean(model->arena, name, names);
}

/* Names become parts of file names ("<stem>.<map>.npy") and of weights' names. */
static bool usable(const char *name)
{
    if (!*name || *name == '.' || strlen(name) > LONGEST_NAME) return false;
    for (const char *c = name; *c; c++)
        if ((unsigned char)*c <= ' ' || *c == 127 || strchr("/\\:\"'", *c)) return false;
    return true;
}

gaze_status gz_model_read_name(const gz_model *model, gz_json *json, const char **name)
{
    const char *text;
    GZ_TRY(gz_json_need_text(json, "name", &text));
    if (!usable(text))
        return gz_json_wrong(json, "name", gz_json_get(json, "name"),
                             "1 to 100 characters without blanks, quotes, slashes and colons");
    if (gz_model_knows(model, text))
        return gz_json_fail(json, "name",
                            "'%s' is taken by an earlier input or layer, expected a name of its own", text);
    *name = text;
    return GAZE_OK;
}

static gaze_status read_version(gz_json *json)
{
    size_t version;
    GZ_TRY(gz_json_need_size(json, "gaze_model", 0, &version));
    return version == 1 ? GAZE_OK : gz_json_wrong(json, "gaze_model", gz_json_get(json, "gaze_model"), "1");
}

/* "bench_shape": the shape with its open dimensions given. */
static gaze_status read_bench_shape(gz_json *json, gz_model_input *input)
{
    char found[96], wanted[96];
    gz_shape *bench = &input->bench_shape;
    if (!gz_json_get(json, "bench_shape")) return GAZE_OK;
    GZ_TRY(gz_json_sizes(json, "bench_shape", false, GZ_MAX_RANK - 1, bench->dim, &bench->rank));
    bool fits = bench->rank == input->shape.rank;
    for (size_t i = 0; fits && i < bench->rank; i++)
        fits = !input->shape.dim[i] || input->shape.dim[i] == bench->dim[i];
    if (fits) return GAZE_OK;
    return gz_json_fail(json, "bench_shape",
                        "found %s, expected \"shape\" %s with a size for each null (? here)",
                        gz_shape_text(*bench, found), gz_shape_text_open(input->shape, wanted));
}

gz_shape gz_model_input_shape(const gz_model_input *input, size_t open)
{
    gz_shape shape = input->bench_shape.rank ? input->bench_shape : input->shape;
    for (size_t i = 0; i < shape.rank; i++)
        if (!shape.dim[i]) shape.dim[i] = open;
    return shape;
}

static gaze_status read_input(gz_model *model, const cJSON *item)
{
    static const char *const types[] = {[GZ_F32] = "float32", [GZ_I32] = "int32", NULL};
    gz_model_input *input = &model->inputs[model->n_inputs];
    const char *place = gz_arena_format(model->arena, "%s: inputs[%zu]", model->path, model->n_inputs);
    if (!place) return GAZE_ERROR_DEVICE;
    gz_json json = gz_json_object(model->arena, item, place);
    if (!cJSON_IsObject(item))
        return gz_json_wrong(&json, NULL, item, "an object with \"name\" and \"shape\"");
    GZ_TRY(gz_model_read_name(model, &json, &input->name));
    if (strcmp(input->name, "label") == 0)
        return gz_json_fail(&json, "name",
                            "'label' is what the labels are called in data sets, expected another name");
    GZ_TRY(gz_json_sizes(&json, "shape", true, GZ_MAX_RANK - 1, input->shape.dim, &input->shape.rank));
    if (!input->shape.rank) return gz_json_fail(&json, "shape", "found [], expected at least one dimension");
    for (size_t i = 0; i < input->shape.rank; i++)
        if (input->shape.dim[i] == SIZE_MAX) input->shape.dim[i] = 0;
    GZ_TRY(read_bench_shape(&json, input));
    size_t type;
    GZ_TRY(gz_json_choice(&json, "dtype", types, GZ_F32, &type));
    input->dtype = (gz_dtype)type;
    GZ_TRY(gz_json_done(&json));
    model->n_inputs++;
    return GAZE_OK;
}

static gaze_status read_inputs(gz_model *model, gz_json *json)
{
    const cJSON *list = gz_json_get(json, "inputs");
    const int n = cJSON_IsArray(list) ? cJSON_GetArraySize(list) : 0;
    if (n < 1 || n > MOST_INPUTS) return gz_json_wrong(json, "inputs", list, "a list of 1 to 8 inputs");
    model->inputs = gz_arena_allocate(model->arena, (size_t)n * sizeof *model->inputs);
    if (!model->inputs) return GAZE_ERROR_DEVICE;
    for (const cJSON *item = list->child; item; item = item->next) GZ_TRY(read_input(model, item));
    return GAZE_OK;
}

static bool is_layer(const gz_model *model, const char *name)
{
    for (size_t i = 0; i < model->n_layers; i++)
        if (strcmp(model->layers[i].name, name) == 0) return true;
    return false;
}

static gaze_status read_outputs(gz_model *model, gz_json *json)
{
    if (!gz_json_has(json, "outputs"))
        return gz_json_wrong(json, "outputs", NULL, "a list of names of layers");
    GZ_TRY(gz_json_texts(json, "outputs", &model->outputs, &model->n_outputs));
    if (!model->n_outputs)
        return gz_json_fail(json, "outputs", "found [], expected at least one name of a layer");
    for (size_t i = 0; i < model->n_outputs; i++)
        if (!is_layer(model, model->outputs[i]) && !gz_model_has_state(model, model->outputs[i]))
            return gz_json_fail(json, "outputs", "found \"%s\", expected the name of a layer%s",
                                model->outputs[i], gz_model_nearest_name(model, model->outputs[i]));
    return GAZE_OK;
}

static gaze_status read_training(gz_model *model, gz_json *json)
{
    static const char *const losses[] = {"sparse_categorical_crossentropy", "categorical_crossentropy", NULL};
    size_t loss = 0;
    if (gz_json_has(json, "loss")) {
        GZ_TRY(gz_json_choice(json, "loss", losses, SIZE_MAX, &loss));
        model->loss = (gz_loss)(loss + GZ_LOSS_SPARSE_CATEGORICAL_CROSSENTROPY);
    }
    gz_json child;
    model->has_optimizer = gz_json_has(json, "optimizer");
    GZ_TRY(gz_optimizer_default("rmsprop", &model->optimizer));
    if (model->has_optimizer) {
        GZ_TRY(gz_json_child(json, "optimizer", &child));
        GZ_TRY(gz_optimizer_read(&child, &model->optimizer));
    }
    model->batch_size = DEFAULT_BATCH;
    model->epochs = DEFAULT_EPOCHS;
    if (!gz_json_has(json, "train")) return GAZE_OK;
    GZ_TRY(gz_json_child(json, "train", &child));
    GZ_TRY(gz_json_size(&child, "batch_size", 1, DEFAULT_BATCH, &model->batch_size));
    GZ_TRY(gz_json_size(&child, "epochs", 1, DEFAULT_EPOCHS, &model->epochs));
    return gz_json_done(&child);
}

static gaze_status read_augment(gz_json *json, gz_model_data *data)
{
    gz_json child;
    if (!gz_json_has(json, "augment")) return GAZE_OK;
    GZ_TRY(gz_json_child(json, "augment", &child));
    GZ_TRY(gz_json_bool(&child, "flip", false, &data->flip));
    GZ_TRY(gz_json_size(&child, "shift", 0, 0, &data->shift));
    if (gz_json_has(&child, "crop"))
        GZ_TRY(gz_json_number_in(&child, "crop", LEAST_CROP, 1, LEAST_CROP, &data->crop));
    return gz_json_done(&child);
}

static gaze_status read_data(gz_model *model, gz_json *json)
{
    if (!gz_json_has(json, "data")) return GAZE_OK;
    gz_model_data *data = &model->data;
    gz_json child;
    GZ_TRY(gz_json_child(json, "data", &child));
    GZ_TRY(gz_json_need_text(&child, "type", &data->type));
    GZ_TRY(gz_json_need_text(&child, "path", &data->path));
    GZ_TRY(gz_json_text(&child, "scale", NULL, &data->scale));
    GZ_TRY(gz_json_size(&child, "train_count", 1, 0, &data->train_count));
    GZ_TRY(gz_json_size(&child, "test_count", 1, 0, &data->test_count));
    GZ_TRY(gz_json_bool(&child, "allow_overlap", false, &data->allow_overlap));
    GZ_TRY(gz_json_text(&child, "aspect", NULL, &data->aspect));
    GZ_TRY(gz_json_bool(&child, "skip_bad", false, &data->skip_bad));
    GZ_TRY(read_augment(&child, data));
    return gz_json_done(&child);
}

static gaze_status read_classes(gz_model *model, gz_json *json)
{
    if (!gz_json_has(json, "classes")) return GAZE_OK;
    const char **names;
    GZ_TRY(gz_json_texts(json, "classes", &names, &model->n_classes));
    model->classes = names;
    return GAZE_OK;
}

static gaze_status read_object(gz_model *model, const cJSON *root)
{
    gz_json json = gz_json_object(model->arena, root, model->path);
    GZ_TRY(read_version(&json));
    GZ_TRY(gz_json_text(&json, "name", model->name, &model->name));
    GZ_TRY(gz_json_text(&json, "about", NULL, &model->about));
    GZ_TRY(read_inputs(model, &json));
    GZ_TRY(gz_model_read_layers(model, &json));
    GZ_TRY(read_outputs(model, &json));
    GZ_TRY(read_training(model, &json));
    GZ_TRY(read_data(model, &json));
    GZ_TRY(gz_model_read_decode(model, &json));
    GZ_TRY(read_classes(model, &json));
    return gz_json_done(&json);
}

gaze_status gz_model_set_text(gz_model *model, const char *text, size_t size)
{
    model->text = gz_arena_duplicate(model->arena, text, size);
    model->text_size = size;
    model->hash = gz_hash_bytes(text, size);
    return model->text ? GAZE_OK : GAZE_ERROR_DEVICE;
}

gaze_status gz_model_parse_at(const char *file, const char *place, const char *text, size_t size,
                              const gz_attention_kind *const *kinds, gz_model **out)
{
    gz_arena *arena;
    cJSON *root = NULL;
    gaze_status status;
    GZ_TRY(gz_arena_create(&arena));
    gz_model *model = gz_arena_allocate(arena, sizeof *model);
    if (!model || !(model->file = gz_arena_copy(arena, file)) ||
        !(model->path = gz_arena_copy(arena, place)) || !(model->name = gz_path_stem(arena, file))) {
        status = GAZE_ERROR_DEVICE;
        goto done;
    }
    model->arena = arena;
    model->kinds = kinds;
    GZ_GO(gz_model_set_text(model, text, size));
    GZ_GO(gz_json_parse_file(place, text, size, &root));
    GZ_GO(read_object(model, root));
    *out = model;
done:
    cJSON_Delete(root);
    if (status != GAZE_OK) gz_arena_destroy(arena);
    return status;
}

gaze_status gz_model_parse(const char *path, const char *text, size_t size, gz_model **out)
{
    return gz_model_parse_at(path, path, text, size, NULL, out);
}

gaze_status gz_model_parse_with(const char *path, const char *text, size_t size,
                                const gz_attention_kind *const *kinds, gz_model **out)
{
    return gz_model_parse_at(path, path, text, size, kinds, out);
}

gaze_status gz_model_read_with(const char *path, const gz_attention_kind *const *kinds, gz_model **out)
{
    char *text;
    size_t size;
    gaze_status status = gz_file_read(path, LARGEST_FILE, &text, &size);
    if (status != GAZE_OK) return status == GAZE_ERROR_DATA ? GAZE_ERROR_MODEL : status;
    status = gz_model_parse_with(path, text, size, kinds, out);
    free(text);
    return status;
}

gaze_status gz_model_read(const char *path, gz_model **out) { return gz_model_read_with(path, NULL, out); }

void gz_model_free(gz_model *model)
{
    if (model) gz_arena_destroy(model->arena);
}
