#include "adapt.h"
#include "parse.h"
#include "../base/text.h"

#include <stdlib.h>
#include <string.h>

enum { IMAGE_RANK = 3 };

static bool is_image(const gz_model_input *input)
{
    return input->dtype == GZ_F32 && input->shape.rank == IMAGE_RANK;
}

static gaze_status refuse_images(const gz_model *model, size_t n_images)
{
    char shape[96];
    if (n_images)
        return gz_fail(
            GAZE_ERROR_MODEL,
            "%s: an image size was asked for, but the model reads %zu images, expected one: change "
            "its \"inputs\"",
            model->file, n_images);
    return gz_fail(GAZE_ERROR_MODEL,
                   "%s: an image size was asked for, but the model reads no image (float32 "
                   "[height,width,channels]): its input '%s' is %s %s",
                   model->file, model->inputs->name, model->inputs->dtype == GZ_I32 ? "int32" : "float32",
                   gz_shape_text_open(model->inputs->shape, shape));
}

static gaze_status adapt_image(const gz_model *model, const gaze_adaptation *adapt, cJSON *root)
{
    size_t n_images = 0, image = 0;
    for (size_t i = 0; i < model->n_inputs; i++)
        if (is_image(&model->inputs[i]) && !n_images++) image = i;
    if (n_images != 1) return refuse_images(model, n_images);
    const cJSON *inputs = cJSON_GetObjectItemCaseSensitive(root, "inputs");
    cJSON *input = cJSON_GetArrayItem(inputs, (int)image);
    cJSON_DeleteItemFromObjectCaseSensitive(input, "bench_shape");
    cJSON *shape = cJSON_GetObjectItemCaseSensitive(input, "shape"),
          *height = cJSON_CreateNumber((double)adapt->image_height),
          *width = cJSON_CreateNumber((double)adapt->image_width);
    if (!height || !cJSON_ReplaceItemInArray(shape, 0, height) || !width ||
        !cJSON_ReplaceItemInArray(shape, 1, width))
        return gz_fail(GAZE_ERROR_DEVICE, "out of host memory");
    return GAZE_OK;
}

static size_t find_layer(const gz_model *model, const char *name)
{
    size_t i = 0;
    while (i < model->n_layers && strcmp(model->layers[i].name, name) != 0) i++;
    return i;
}

static gaze_status find_class_layer(const gz_model *model, size_t *found)
{
    const char *name = model->outputs[0];
    for (;;) {
        *found = find_layer(model, name);
        const gz_layer *layer = *found < model->n_layers ? &model->layers[*found] : NULL;
        if (layer && layer->type == &gz_layer_dense) return GAZE_OK;
        const bool passes =
            layer && (layer->type == &gz_layer_activation || layer->type == &gz_layer_dropout);
        if (!passes)
            return gz_fail(GAZE_ERROR_MODEL,
                           "%s: a number of classes was asked for, but '%s' (%s) makes the output '%s', "
                           "expected a dense layer, with activations and dropouts at most behind it",
                           model->file, name, layer ? layer->type->type : "an input or a state",
                           model->outputs[0]);
        name = layer->inputs[0];
    }
}

static gaze_status adapt_classes(const gz_model *model, size_t n_classes, cJSON *root)
{
    size_t i;
    GZ_TRY(find_class_layer(model, &i));
    const cJSON *layers = cJSON_GetObjectItemCaseSensitive(root, "layers"),
                *layer = cJSON_GetArrayItem(layers, (int)i);
    cJSON_SetNumberValue(cJSON_GetObjectItemCaseSensitive(layer, "units"), (double)n_classes);
    if (model->n_classes != n_classes) cJSON_DeleteItemFromObjectCaseSensitive(root, "classes");
    return GAZE_OK;
}

/* "model.json (adapted: images 64x64, 12 classes)" */
static const char *note(const gz_model *model, const gaze_adaptation *adapt)
{
    const char *images = "", *classes = "";
    if (adapt->image_height)
        images = gz_arena_format(model->arena, "images %zux%zu", adapt->image_height, adapt->image_width);
    if (adapt->n_classes)
        classes = gz_arena_format(model->arena, "%s%zu classes", *images ? ", " : "", adapt->n_classes);
    return images && classes
               ? gz_arena_format(model->arena, "%s (adapted: %s%s)", model->file, images, classes)
               : NULL;
}

/* cJSON's own text, which parsed and printed again stays the same. */
static gaze_status print(const cJSON *root, char **text)
{
    char *printed = cJSON_Print(root);
    const size_t length = printed ? strlen(printed) : 0;
    gaze_status status = printed ? gz_allocate(length + 2, 1, text) : GAZE_ERROR_DEVICE;
    if (status == GAZE_OK) {
        memcpy(*text, printed, length);
        (*text)[length] = '\n';
    }
    cJSON_free(printed);
    return status;
}

static gaze_status adapt_tree(const gz_model *model, const gaze_adaptation *adapt, cJSON *root)
{
    if (adapt->image_height) GZ_TRY(adapt_image(model, adapt, root));
    return adapt->n_classes ? adapt_classes(model, adapt->n_classes, root) : GAZE_OK;
}

/* NULL where the file says so already. */
static gaze_status adapt_model(const gz_model *model, const gaze_adaptation *adapt, gz_model **adapted)
{
    cJSON *root = NULL, *before = NULL;
    char *text = NULL;
    gaze_status status;
    *adapted = NULL;
    GZ_GO(gz_json_parse_file(model->path, model->text, model->text_size, &root));
    GZ_GO(gz_json_parse_file(model->path, model->text, model->text_size, &before));
    GZ_GO(adapt_tree(model, adapt, root));
    if (cJSON_Compare(root, before, true)) goto done;
    const char *place = note(model, adapt);
    GZ_GO(place ? print(root, &text) : GAZE_ERROR_DEVICE);
    GZ_GO(gz_model_parse_at(model->file, place, text, strlen(text), model->kinds, adapted));
    (*adapted)->adapted = true;
done:
    free(text);
    cJSON_Delete(before);
    cJSON_Delete(root);
    return status;
}

gaze_status gz_model_read_adapted(const char *file, const gz_attention_kind *const *kinds,
                                  const gaze_adaptation *adapt, gz_model **out)
{
    gz_model *model, *adapted = NULL;
    if (!adapt->image_height != !adapt->image_width)
        return gz_fail(GAZE_ERROR_USAGE, "an image of %zux%zu pixels was asked for, expected both sides",
                       adapt->image_height, adapt->image_width);
    GZ_TRY(gz_model_read_with(file, kinds, &model));
    const gaze_status status = adapt_model(model, adapt, &adapted);
    if (status == GAZE_OK && !adapted) {
        *out = model;
        return GAZE_OK;
    }
    gz_model_free(model);
    if (status == GAZE_OK) *out = adapted;
    return status;
}

static gaze_status add_names(cJSON *root, const char *const *names, size_t count)
{
    cJSON *list = cJSON_CreateStringArray(names, (int)count);
    if (list && cJSON_AddItemToObject(root, "classes", list)) return GAZE_OK;
    cJSON_Delete(list);
    return gz_fail(GAZE_ERROR_DEVICE, "out of host memory");
}

static gaze_status keep_names(gz_model *model, const char *const *names, size_t count)
{
    const char **kept = gz_arena_allocate(model->arena, (count + 1) * sizeof *kept);
    if (!kept) return GAZE_ERROR_DEVICE;
    for (size_t i = 0; i < count; i++)
        if (!(kept[i] = gz_arena_copy(model->arena, names[i]))) return GAZE_ERROR_DEVICE;
    model->classes = kept;
    model->n_classes = count;
    return GAZE_OK;
}

gaze_status gz_model_name_classes(gz_model *model, const char *const *names, size_t n_classes)
{
    size_t count = 0;
    while (names && names[count]) count++;
    if (model->classes || !count || count != n_classes) return GAZE_OK;
    cJSON *root = NULL;
    char *text = NULL;
    gaze_status status;
    GZ_GO(gz_json_parse_file(model->path, model->text, model->text_size, &root));
    GZ_GO(add_names(root, names, count));
    GZ_GO(print(root, &text));
    GZ_GO(keep_names(model, names, count));
    GZ_GO(gz_model_set_text(model, text, strlen(text)));
    model->adapted = true;
done:
    free(text);
    cJSON_Delete(root);
    return status;
}
