/* gaze_input_read: a picture of any size for an input of the model, as data of the type folder would give it.
 */
#include "../data/resize.h"
#include "../data/types.h"
#include "../io/npy.h"
#include "api.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const gz_model_input *find_input(const gz_model *model, const char *name, size_t at)
{
    if (!name) return at < model->n_inputs ? &model->inputs[at] : NULL;
    for (size_t i = 0; i < model->n_inputs; i++)
        if (strcmp(model->inputs[i].name, name) == 0) return &model->inputs[i];
    return NULL;
}

/* What is open takes the image's size. */
static gaze_status choose_size(const gz_model_input *input, const char *path, const gz_image *image,
                               gz_sample_size *size)
{
    const gz_shape *shape = &input->shape;
    char text[96];
    if (input->dtype != GZ_F32 || shape->rank != 3 || shape->dim[2] == 2 || shape->dim[2] > 3)
        return gz_fail(GAZE_ERROR_DATA,
                       "%s: a picture, but the model's input '%s' is %s %s, no image [height,width,1 or 3]",
                       path, input->name, input->dtype == GZ_I32 ? "int32" : "float32",
                       gz_shape_text(*shape, text));
    size->height = shape->dim[0] ? shape->dim[0] : image->height;
    size->width = shape->dim[1] ? shape->dim[1] : image->width;
    size->channels = shape->dim[2] ? shape->dim[2] : image->channels;
    return GAZE_OK;
}

static void tell_aspect(const gaze_context *context, const char *path, const gz_image *image,
                        const gz_sample_size *size)
{
    static const char *const became[] = {[GZ_ASPECT_SQUEEZE] = "squeezed",
                                         [GZ_ASPECT_CROP] = "its middle part taken",
                                         [GZ_ASPECT_PAD] = "padded with black"};
    char text[400];
    if (!context->log || image->height * size->width == image->width * size->height) return;
    snprintf(text, sizeof text, "%.200s: %zux%zu pixels, %s to become %zux%zu (\"aspect\": \"%s\")", path,
             image->height, image->width, became[size->aspect], size->height, size->width,
             gz_aspect_words[size->aspect]);
    context->log(context->log_user, GAZE_LOG_WARNING, text);
}

static gaze_status fit(const gaze_model *model, const gz_model_input *input, const char *path,
                       const gz_image *image, gaze_array *array)
{
    gz_sample_size size;
    float table[256], *values;
    const gz_model_data *data = &model->file->data;
    GZ_TRY(choose_size(input, path, image, &size));
    GZ_TRY(gz_aspect_choose(model->file->arena, data->aspect, &size.aspect));
    GZ_TRY(gz_scale_table(model->file->arena, data->scale, table));
    GZ_TRY(gz_allocate(size.height * size.width * size.channels, sizeof *values, &values));
    const gaze_status status = gz_resize(image, &size, table, values);
    if (status != GAZE_OK) {
        free(values);
        return status;
    }
    tell_aspect(model->context, path, image, &size);
    array->dtype = GAZE_FLOAT32;
    array->rank = 4;
    memcpy(array->shape, (size_t[]){1, size.height, size.width, size.channels}, 4 * sizeof(size_t));
    array->data = values;
    return GAZE_OK;
}

gaze_status gaze_input_read(const gaze_model *model, const char *name, size_t at, const char *path,
                            gaze_array *array)
{
    const gz_model_input *input = find_input(model->file, name, at);
    gz_image image;
    bool is_array;
    GZ_TRY(gz_npy_recognize(path, &is_array));
    if (is_array || !input)
        return gaze_array_read(path, array); /* gaze_run knows what to say to a wrong name */
    GZ_TRY(gz_image_read(path, &image));
    const gaze_status status = fit(model, input, path, &image, array);
    gz_image_free(&image);
    return status;
}
