/* dump_attention: inputs from files. */
#include "dump.h"

#include <stdlib.h>
#include <string.h>

static gaze_status change_channels(gaze_array *image, size_t channels)
{
    static const float luma[3] = {0.299f, 0.587f, 0.114f}; /* ITU-R BT.601 */
    const size_t from = image->shape[3], pixels = dump_elements(image) / from;
    const float *values = image->data;
    float *changed = calloc(pixels * channels, sizeof *changed);
    if (!changed) return dump_no_memory();
    for (size_t i = 0; i < pixels; i++)
        for (size_t c = 0; c < from; c++) {
            if (channels == 1) changed[i] += luma[c] * values[i * from + c];
            for (size_t k = 0; channels == 3 && k < 3; k++) changed[3 * i + k] = values[i];
        }
    free(image->data);
    image->data = changed;
    image->shape[3] = channels;
    return GAZE_OK;
}

/* A picture must have the input's size; gray becomes RGB and RGB gray where the input wants it. */
static gaze_status fit_picture(const char *path, const gaze_array *wanted, gaze_array *image)
{
    const size_t *want = wanted->shape, *have = image->shape;
    if (wanted->rank != 4 || wanted->dtype != GAZE_FLOAT32)
        return dump_fail(GAZE_ERROR_DATA, "%s: a picture, but the model's input '%s' is no image", path,
                         wanted->name);
    if ((want[1] && want[1] != have[1]) || (want[2] && want[2] != have[2]))
        return dump_fail(
            GAZE_ERROR_DATA,
            "%s: %zux%zu pixels (height x width), the input '%s' expects %zux%zu: resize it first", path,
            have[1], have[2], wanted->name, want[1], want[2]);
    const bool change = (have[3] == 1 && want[3] == 3) || (have[3] == 3 && want[3] == 1);
    return change ? change_channels(image, want[3]) : GAZE_OK;
}

/* The model's input with this name, or the one at this position. */
static const gaze_array *wanted_by(const gaze_array *inputs, size_t count, const char *name, size_t position)
{
    for (size_t i = 0; name && i < count; i++)
        if (strcmp(inputs[i].name, name) == 0) return &inputs[i];
    return name || position >= count ? NULL : &inputs[position];
}

static bool is_array(const char *path)
{
    const size_t length = strlen(path);
    return length > 4 && strcmp(path + length - 4, ".npy") == 0;
}

static const char *path_of(const char *text)
{
    const char *equals = strchr(text, '=');
    return equals ? equals + 1 : text;
}

/* "stem" of "a/b/stem.png". */
static void write_stem(const char *path, char stem[256])
{
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    const char *dot = strrchr(name, '.');
    const size_t length = dot && dot != name ? (size_t)(dot - name) : strlen(name);
    snprintf(stem, 256, "%.*s", (int)(length < 255 ? length : 255), name);
}

static gaze_status read_input(const gaze_model *model, char *text, size_t position, gaze_array *input)
{
    const gaze_array *inputs;
    const size_t count = gaze_model_inputs(model, &inputs);
    const char *path = path_of(text);
    const gaze_status status = tool_read_input(text, input);
    if (status != GAZE_OK || is_array(path)) return status;
    const gaze_array *wanted = wanted_by(inputs, count, input->name, position);
    return wanted ? fit_picture(path, wanted, input)
                  : GAZE_OK; /* gaze_run knows what to say to a wrong name */
}

static gaze_status dump_files(dump_arguments *a, gaze_model *model, char **files, size_t count,
                              const char *stem)
{
    gaze_array inputs[DUMP_MOST_INPUTS] = {0};
    gaze_status status = GAZE_OK;
    for (size_t i = 0; status == GAZE_OK && i < count; i++)
        status = read_input(model, files[i], i, &inputs[i]);
    if (status == GAZE_OK)
        status = gaze_dump(model, inputs, count, stem, NULL, NULL, &a->dump, dump_print, a);
    for (size_t i = 0; i < count; i++) free(inputs[i].data);
    return status;
}

static gaze_status check_stems(dump_arguments *a)
{
    char one[256], other[256];
    for (size_t i = 0; i < a->n_files; i++) {
        write_stem(path_of(a->files[i]), one);
        for (size_t j = 0; j < i; j++) {
            write_stem(path_of(a->files[j]), other);
            if (strcmp(one, other) == 0)
                return dump_fail(GAZE_ERROR_USAGE,
                                 "two inputs are called '%s': their files would replace each other", one);
        }
    }
    return GAZE_OK;
}

/* A model with one input: every file is dumped under its own name. With several: the files are its inputs. */
gaze_status dump_inputs(dump_arguments *a, gaze_model *model)
{
    const gaze_array *inputs;
    const size_t n_inputs = gaze_model_inputs(model, &inputs);
    char stem[256];
    if (n_inputs > 1) {
        if (a->n_files > DUMP_MOST_INPUTS)
            return dump_fail(GAZE_ERROR_USAGE, "%zu inputs were given, the model '%s' has %zu", a->n_files,
                             gaze_model_name(model), n_inputs);
        write_stem(path_of(a->files[0]), stem);
        return dump_files(a, model, a->files, a->n_files, stem);
    }
    gaze_status status = check_stems(a);
    for (size_t i = 0; status == GAZE_OK && i < a->n_files; i++) {
        write_stem(path_of(a->files[i]), stem);
        status = dump_files(a, model, &a->files[i], 1, stem);
    }
    return status;
}
