/* "decode": which input a model writes token by token, and between which tokens. */
#include "build.h"
#include "parse.h"
#include "../base/text.h"

#include <stdint.h>
#include <string.h>

static gaze_status read_token(gz_json *json, const char *key, int32_t *token)
{
    size_t value;
    GZ_TRY(gz_json_need_size(json, key, 0, &value));
    *token = (int32_t)value;
    return value <= INT32_MAX ? GAZE_OK : gz_json_wrong(json, key, gz_json_get(json, key), "a token's id");
}

static const char *nearest_input(const gz_model *model, const char *name)
{
    const char **names = gz_arena_allocate(model->arena, (model->n_inputs + 1) * sizeof *names);
    for (size_t i = 0; names && i < model->n_inputs; i++) names[i] = model->inputs[i].name;
    return names ? gz_did_you_mean(model->arena, name, names) : "";
}

static gaze_status find_input(const gz_model *model, const gz_json *json, const char *name, size_t *found)
{
    size_t i = 0;
    while (i < model->n_inputs && strcmp(model->inputs[i].name, name) != 0) i++;
    *found = i;
    if (i == model->n_inputs)
        return gz_json_fail(json, "input", "found \"%s\", expected the name of one of the model's inputs%s",
                            name, nearest_input(model, name));
    const gz_model_input *input = &model->inputs[i];
    if (input->dtype == GZ_I32 && input->shape.rank == 1) return GAZE_OK;
    char shape[96];
    return gz_json_fail(json, "input", "'%s' is %s of %s, expected token ids: [steps] of int32", name,
                        gz_shape_text_open(input->shape, shape),
                        input->dtype == GZ_I32 ? "int32" : "float32");
}

gaze_status gz_model_read_decode(gz_model *model, gz_json *json)
{
    gz_model_decode *decode = &model->decode;
    gz_json child;
    if (!gz_json_has(json, "decode")) return GAZE_OK;
    GZ_TRY(gz_json_child(json, "decode", &child));
    GZ_TRY(gz_json_need_text(&child, "input", &decode->input));
    GZ_TRY(find_input(model, &child, decode->input, &decode->at));
    GZ_TRY(read_token(&child, "start_token", &decode->start));
    decode->has_end = gz_json_has(&child, "end_token");
    if (decode->has_end) GZ_TRY(read_token(&child, "end_token", &decode->end));
    GZ_TRY(gz_json_size(&child, "max_length", 1, 0, &decode->max_length));
    const size_t steps = model->inputs[decode->at].shape.dim[0];
    if (steps && decode->max_length > steps)
        return gz_json_fail(&child, "max_length", "found %zu, expected at most the %zu steps of input '%s'",
                            decode->max_length, steps, decode->input);
    return gz_json_done(&child);
}

gaze_status gz_decode_check(const gz_model *model, const gz_built *built)
{
    const gz_model_decode *decode = &model->decode;
    if (!decode->input) return GAZE_OK;
    const size_t steps = built->inputs[decode->at]->shape.dim[1];
    const gz_shape output = built->outputs[0]->shape;
    char found[96];
    if (output.rank != 3 || output.dim[1] != steps)
        return gz_fail(GAZE_ERROR_MODEL,
                       "key 'decode': the output '%s' has the shape %s, expected [%zu,tokens]: one row for "
                       "each step of the input '%s'",
                       model->outputs[0], gz_sample_text(built->outputs[0], found), steps, decode->input);
    if (decode->has_end && (size_t)decode->end >= output.dim[2])
        return gz_fail(GAZE_ERROR_MODEL,
                       "key 'decode': the end_token is %d, expected one of the tokens 0 to %zu that the "
                       "output '%s' tells apart",
                       (int)decode->end, output.dim[2] - 1, model->outputs[0]);
    return GAZE_OK;
}
