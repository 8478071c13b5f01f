/* What the files of api/ share: the structs behind gaze.h's opaque types. */
#ifndef GZ_API_H
#define GZ_API_H
#include "../device/device.h"
#include "../graph/plan.h"
#include "../model/model.h"

/* ---- Context (context.c) ---- */

/* Attention kinds that were registered, and the libraries that they came from (kind.c, plugin.c). */
typedef struct gz_kinds {
    gz_arena *arena;
    const gz_attention_kind *
        *list; /* NULL-terminated; NULL: none. Replaced as it grows, kept while the context lives */
    size_t count;
    void **libraries;
    size_t n_libraries, capacity;
} gz_kinds;
void gz_kinds_free(gz_kinds *kinds);

/* Those that $GAZE_PLUGINS names. */
gaze_status gz_plugins_load(gaze_context *context);

struct gaze_context {
    gz_device *device; /* NULL: reference mode */
    bool reference, profile;
    size_t memory_limit; /* bytes; 0: what the device has */
    gaze_log_function *log;
    void *log_user;
    const gaze_group *group; /* NULL: alone, also where the group is one process */
    gz_kinds kinds;
};

/* ---- Model (model.c, plans.c, run.c) ---- */

/* A forward build of the model and its plan, for one batch size, one shape of every input and one set of kept
 * maps and layers. */
typedef struct gz_ready {
    gz_built built;
    gz_plan *plan;
    bool *kept;           /* [n_maps + n_layers of the model] maps, then layers, that can be read */
    gaze_map_part *parts; /* [n_maps] rows of the kept maps; no names */
    gz_shape *inputs;     /* [n_inputs] of one sample */
    size_t used;          /* when: the oldest makes room */
} gz_ready;

enum { GZ_READY_PLANS = 8 };

struct gaze_model {
    gaze_context *context;
    bool owns_context;
    gz_model *file;
    gz_built probe; /* for a batch of 1: weights, maps, shapes */
    size_t open;    /* what open dimensions were given in the probe */
    uint64_t seed;
    const char *folder; /* the run folder that was opened, or NULL */
    gz_store *store;    /* weights; declared, and allocated by gz_api_weights */
    bool has_weights;
    bool untrained;               /* initial weights were asked for */
    bool spoiled;                 /* a training has left weights that are not finite */
    gaze_array *inputs, *outputs; /* for gaze_model_inputs and gaze_model_outputs */
    gaze_map_info *maps;
    size_t n_maps;
    gz_ready ready[GZ_READY_PLANS];
    size_t n_ready, clock;
    struct gz_derived *derived; /* maps that were asked for by derived.h's names */
};

/* Makes the weights' memory if it is not there yet and fills it with initial weights; with `training` also
   memory for gradients and for `moments` of the optimizer. A model that is only summarised never gets here.
 */
gaze_status gz_api_weights(gaze_model *model, bool training, size_t moments);
/* As gz_api_weights before an answer: where these are initial weights that nobody has asked for, a warning
 * says so. */
gaze_status gz_api_answering_weights(gaze_model *model);

/* gaze_train, without a word about what lies in the run folder. */
gaze_status gz_api_train(gaze_model *model, gaze_data *data, const gaze_train_options *options,
                         gaze_metrics *last);

/* A plan on the model's context, with its limits and profile. */
gaze_status gz_api_plan(gaze_model *model, gz_built *built, gz_plan **plan);

/* A plan that takes no memory and can't run: it says what it would need, with the sizes that the model was
   probed with in the place of open ones. Free both, also after an error (summary.c). */
gaze_status gz_api_dry_plan(gaze_model *model, size_t batch, bool training, gz_built *built, gz_plan **plan);

/* The plan for `batch` samples of these shapes with these maps, or parts of them, and layers kept; the
 * model's, until the next call. */
typedef struct gz_wanted {
    size_t batch;
    const gz_shape *inputs;     /* [n_inputs] */
    const bool *kept;           /* [n_maps + n_layers] */
    const gaze_map_part *parts; /* [n_maps] all zeros: whole; no names */
} gz_wanted;
gaze_status gz_api_ready(gaze_model *model, const gz_wanted *wanted, gz_ready **ready);
void gz_api_forget_plans(gaze_model *model);

#endif
