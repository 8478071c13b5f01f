/* dump_attention: inputs from files. */
#include "dump.h"

#include <stdlib.h>
#include <string.h>

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

static gaze_status dump_files(dump_arguments *a, gaze_model *model, char **files, size_t count,
                              const char *stem)
{
    gaze_array inputs[DUMP_MOST_INPUTS] = {0};
    gaze_status status = GAZE_OK;
    for (size_t i = 0; status == GAZE_OK && i < count; i++)
        status = tool_read_input(model, i, files[i], &inputs[i]);
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
