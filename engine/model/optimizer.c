#include "optimizer.h"
#include "../base/text.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

static const char *const words[] = {
    [GZ_SGD] = "sgd", [GZ_ADAM] = "adam", [GZ_ADAMW] = "adamw", [GZ_RMSPROP] = "rmsprop", NULL};

/* Keras 3's defaults. */
static const gz_optimizer_choice defaults[] = {
    [GZ_SGD] = {{.kind = GZ_SGD}, 0.01},
    [GZ_ADAM] = {{.kind = GZ_ADAM, .beta_1 = 0.9, .beta_2 = 0.999, .epsilon = 1e-7}, 0.001},
    [GZ_ADAMW] = {{.kind = GZ_ADAMW, .beta_1 = 0.9, .beta_2 = 0.999, .epsilon = 1e-7, .weight_decay = 0.004},
                  0.001},
    [GZ_RMSPROP] = {{.kind = GZ_RMSPROP, .rho = 0.9, .epsilon = 1e-7}, 0.001},
};

const char *gz_optimizer_name(gz_optimizer_kind kind) { return words[kind]; }

gaze_status gz_optimizer_default(const char *type, gz_optimizer_choice *choice)
{
    for (size_t i = 0; words[i]; i++) {
        if (strcmp(words[i], type) != 0) continue;
        *choice = defaults[i];
        return GAZE_OK;
    }
    const char *nearest = gz_nearest(type, words);
    return gz_fail(GAZE_ERROR_USAGE, "optimizer '%s': expected sgd, adam, adamw or rmsprop%s%s%s", type,
                   nearest ? ", did you mean '" : "", nearest ? nearest : "", nearest ? "'?" : "");
}

static gaze_status read_own(gz_json *json, gz_optimizer_attr *attr)
{
    switch (attr->kind) {
    case GZ_SGD:
        GZ_TRY(gz_json_number_in(json, "momentum", 0, 1, attr->momentum, &attr->momentum));
        return gz_json_bool(json, "nesterov", attr->nesterov, &attr->nesterov);
    case GZ_ADAMW:
        GZ_TRY(gz_json_number_in(json, "weight_decay", 0, INFINITY, attr->weight_decay, &attr->weight_decay));
        /* fall through */
    case GZ_ADAM:
        GZ_TRY(gz_json_number_in(json, "beta_1", 0, 1, attr->beta_1, &attr->beta_1));
        GZ_TRY(gz_json_number_in(json, "beta_2", 0, 1, attr->beta_2, &attr->beta_2));
        return gz_json_number_in(json, "epsilon", 0, INFINITY, attr->epsilon, &attr->epsilon);
    case GZ_RMSPROP:
        GZ_TRY(gz_json_number_in(json, "rho", 0, 1, attr->rho, &attr->rho));
        GZ_TRY(gz_json_number_in(json, "momentum", 0, 1, attr->momentum, &attr->momentum));
        GZ_TRY(gz_json_bool(json, "centered", attr->centered, &attr->centered));
        return gz_json_number_in(json, "epsilon", 0, INFINITY, attr->epsilon, &attr->epsilon);
    }
    return GAZE_OK;
}

gaze_status gz_optimizer_read(gz_json *json, gz_optimizer_choice *choice)
{
    size_t kind;
    GZ_TRY(gz_json_choice(json, "type", words, SIZE_MAX, &kind));
    *choice = defaults[kind];
    GZ_TRY(
        gz_json_number_in(json, "learning_rate", 0, INFINITY, choice->learning_rate, &choice->learning_rate));
    GZ_TRY(read_own(json, &choice->attr));
    return gz_json_done(json);
}
