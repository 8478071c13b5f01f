#include "../base/file.h"
#include "../base/text.h"

#ifndef GAZE_ONNX

gaze_status gaze_import(const char *onnx, const char *folder, const gaze_import_options *options,
                        char **report)
{
    (void)folder, (void)options, (void)report;
    return gz_fail(
        GAZE_ERROR_USAGE,
        "%s: Gaze was built without ONNX; it needs protoc-c, libprotobuf-c and ONNX's onnx.proto at "
        "that time (make deps)",
        onnx);
}

#else

#include "../io/safetensors.h"
#include "../model/model.h"
#include "../onnx/onnx.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static const gaze_array *find_weight(const gz_onnx_model *model, const char *name)
{
    for (size_t i = 0; i < model->n_weights; i++)
        if (!strcmp(model->weights[i].name, name)) return &model->weights[i];
    return NULL;
}

/* The weights are exactly those that the model file asks for. */
static gaze_status check_weights(const char *path, const gz_onnx_model *model, const gz_built *built)
{
    for (size_t i = 0; i < built->n_weights; i++) {
        const gz_built_weight *wanted = &built->weights[i];
        const gaze_array *found = find_weight(model, wanted->name);
        gz_shape shape = {.rank = found ? found->rank : 0};
        for (size_t k = 0; k < shape.rank; k++) shape.dim[k] = found->shape[k];
        char text[96];
        if (!found || !gz_shape_equal(shape, wanted->tensor->shape))
            return gz_fail(GAZE_ERROR_MODEL, "%s: imported without a weight '%s' of shape %s", path,
                           wanted->name, gz_shape_text(wanted->tensor->shape, text));
    }
    if (built->n_weights == model->n_weights) return GAZE_OK;
    return gz_fail(GAZE_ERROR_MODEL, "%s: imported with %zu weights, %zu expected", path, model->n_weights,
                   built->n_weights);
}

/* The file that was made is one that can be read and built. */
static gaze_status check(const char *path, const gz_onnx_model *model)
{
    gz_model *file = NULL;
    gz_built built = {0};
    size_t open = 0;
    gaze_status status;
    GZ_GO(gz_model_parse(path, model->json, strlen(model->json), &file));
    GZ_GO(gz_model_probe(file, &open, &built));
    GZ_GO(check_weights(path, model, &built));
done:
    gz_built_free(&built);
    gz_model_free(file);
    return status;
}

static gaze_status write_files(const char *folder, const gz_onnx_model *model)
{
    char *json = gz_path_join(model->arena, folder, "model.json"),
         *weights = gz_path_join(model->arena, folder, "model.safetensors");
    if (!json || !weights) return GAZE_ERROR_DEVICE;
    GZ_TRY(gz_folder_make(folder, false));
    GZ_TRY(gz_safetensors_write(weights, model->weights, model->n_weights, NULL));
    return gz_file_write(json, model->json, strlen(model->json));
}

static size_t count_values(const gz_onnx_model *model)
{
    size_t n = 0;
    for (size_t i = 0; i < model->n_weights; i++) {
        size_t count = 1;
        for (size_t k = 0; k < model->weights[i].rank; k++) count *= model->weights[i].shape[k];
        n += count;
    }
    return n;
}

static void add_axes(gz_text *text, const gz_onnx_array *a, const char *none)
{
    for (size_t i = 0; i < a->rank; i++) {
        gz_text_add(text, i ? ", " : "");
        if (a->axis[i] == SIZE_MAX)
            gz_text_add(text, "%s", none);
        else
            gz_text_add(text, "%zu", a->axis[i]);
    }
}

static bool is_as_onnx(const gz_onnx_array *a)
{
    for (size_t i = 0; i < a->rank; i++)
        if (a->axis[i] != i) return false;
    return true;
}

static gaze_status words(const char *folder, const gz_onnx_model *model, char **report)
{
    gz_text text = {0};
    for (size_t i = 0; i < model->n_arrays; i++) {
        const gz_onnx_array *a = &model->arrays[i];
        gz_text_add(&text, "%-6s  %s", a->output ? "output" : "input", a->name);
        if (strcmp(a->name, a->onnx_name)) gz_text_add(&text, ", ONNX's '%s'", a->onnx_name);
        if (!is_as_onnx(a)) {
            gz_text_add(&text, ", its axes ");
            add_axes(&text, a, "none");
        }
        gz_text_add(&text, "\n");
    }
    gz_text_add(&text, "%zu nodes became %zu layers with %zu weights: %s/model.json, model.safetensors\n",
                model->n_nodes, model->n_layers, count_values(model), folder);
    return gz_text_take(&text, report);
}

static gaze_status object(const char *folder, const gz_onnx_model *model, char **report)
{
    gz_text text = {0};
    gz_text_add(&text, "{\"folder\": ");
    gz_text_add_json_string(&text, folder);
    gz_text_add(&text, ", \"nodes\": %zu, \"layers\": %zu, \"weights\": %zu", model->n_nodes, model->n_layers,
                count_values(model));
    for (int output = 0; output < 2; output++) {
        const char *before = "";
        gz_text_add(&text, ", \"%s\": [", output ? "outputs" : "inputs");
        for (size_t i = 0; i < model->n_arrays; i++) {
            const gz_onnx_array *a = &model->arrays[i];
            if (a->output != (output == 1)) continue;
            gz_text_add(&text, "%s{\"name\": ", before);
            gz_text_add_json_string(&text, a->name);
            gz_text_add(&text, ", \"onnx\": ");
            gz_text_add_json_string(&text, a->onnx_name);
            gz_text_add(&text, ", \"axes\": [");
            add_axes(&text, a, "null");
            gz_text_add(&text, "]}");
            before = ", ";
        }
        gz_text_add(&text, "]");
    }
    gz_text_add(&text, "}\n");
    return gz_text_take(&text, report);
}

static void tell_refused(const gaze_import_options *options, char *lines)
{
    for (char *line = lines, *end; options->refused && line && *line; line = end + 1) {
        end = strchr(line, '\n');
        *end = 0;
        options->refused(options->user, line);
    }
}

gaze_status gaze_import(const char *onnx, const char *folder, const gaze_import_options *options,
                        char **report)
{
    static const gaze_import_options none;
    if (!options) options = &none;
    const gz_onnx_options reading = {
        .batch_axis = options->batch_axis, .sizes = options->sizes, .softmax = options->softmax};
    gz_onnx_model model = {0};
    gaze_status status;
    GZ_GO(gz_onnx_read(onnx, &reading, &model));
    GZ_GO(check(onnx, &model));
    GZ_GO(write_files(folder, &model));
    GZ_GO(options->json ? object(folder, &model, report) : words(folder, &model, report));
done:
    tell_refused(options, model.refused);
    gz_onnx_free(&model);
    return status;
}

#endif
