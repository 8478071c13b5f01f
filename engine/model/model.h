/* A model: its file read and checked, and the graphs that it is built into. */
#ifndef GZ_MODEL_H
#define GZ_MODEL_H
#include "../base/file.h"
#include "../layers/layer.h"

typedef struct gz_model_input {
    const char *name;
    gz_dtype dtype;
    gz_shape shape;       /* of one sample; an open dimension is 0 */
    gz_shape bench_shape; /* what `gaze bench` and `gaze summary` take where shape is open; rank 0: nothing
                             given */
} gz_model_input;

/* The input's shape with nothing open: bench_shape, or else every open dimension is `open`. */
gz_shape gz_model_input_shape(const gz_model_input *input, size_t open);

typedef enum gz_loss {
    GZ_LOSS_NONE,
    GZ_LOSS_SPARSE_CATEGORICAL_CROSSENTROPY, /* labels int32 [B], or [B,T] for an output [B,T,K] */
    GZ_LOSS_CATEGORICAL_CROSSENTROPY,        /* labels float32 of the output's shape */
} gz_loss;

typedef struct gz_optimizer_choice {
    gz_optimizer_attr attr;
    double learning_rate;
} gz_optimizer_choice;

/* Keras' defaults of "sgd", "adam", "adamw" or "rmsprop"; other words are GAZE_ERROR_USAGE and offer the
 * nearest. */
gaze_status gz_optimizer_default(const char *type, gz_optimizer_choice *choice);
const char *gz_optimizer_name(gz_optimizer_kind kind);

/* "data" as the file has it; NULL and 0 where it says nothing. */
typedef struct gz_model_data {
    const char *type, *path, *scale;
    size_t train_count, test_count;
    bool allow_overlap;
    const char *aspect;
    bool skip_bad;
    bool flip; /* of "augment"; so are the next two */
    size_t shift;
    double crop;
} gz_model_data;

/* "decode" as the file has it: how answers that are sequences are written. */
typedef struct gz_model_decode {
    const char *input; /* int32 [steps], the answer so far behind `start`; NULL: nothing is decoded */
    size_t at;         /* its number among the inputs */
    int32_t start, end;
    bool has_end;      /* false: answers have no end, only a length */
    size_t max_length; /* 0: the steps of the input */
} gz_model_decode;

typedef struct gz_model {
    gz_arena *arena;
    const gz_attention_kind *const *kinds; /* beside the built-in ones, see gz_json.kinds */
    const char *path;                      /* of the file, for messages; of an adapted model it says so too */
    const char *file;                      /* where it was read */
    bool adapted;                          /* text is not what the file holds: see adapt.h */
    const char *name;                      /* "name", or the file's name without .json */
    const char *about;                     /* or NULL */
    const char *text;                      /* the file's bytes */
    size_t text_size;
    gz_hash hash; /* of the bytes */
    gz_model_input *inputs;
    size_t n_inputs;
    gz_layer *layers;
    size_t n_layers;
    const char **outputs; /* names of layers */
    size_t n_outputs;
    gz_loss loss;
    bool has_optimizer;
    gz_optimizer_choice optimizer; /* Keras' default, rmsprop, without "optimizer" */
    size_t batch_size, epochs;     /* of "train"; Keras' defaults 32 and 1 without */
    gz_model_data data;
    gz_model_decode decode;
    const char *const *classes; /* NULL-terminated, or NULL */
    size_t n_classes;
} gz_model;

/* Reads and checks a model file. What can be known without shapes is checked here: words, keys, names, order.
 */
gaze_status gz_model_read(const char *path, gz_model **out);
/* The same from memory; path is for messages and the default name. */
gaze_status gz_model_parse(const char *path, const char *text, size_t size, gz_model **out);
/* Both, with attention kinds beside the built-in ones: NULL-terminated, or NULL. They must outlive the model.
 */
gaze_status gz_model_read_with(const char *path, const gz_attention_kind *const *kinds, gz_model **out);
gaze_status gz_model_parse_with(const char *path, const char *text, size_t size,
                                const gz_attention_kind *const *kinds, gz_model **out);
void gz_model_free(gz_model *model); /* NULL is fine */

/* ---- Building ---- */

typedef struct gz_build_options {
    size_t batch;
    const gz_shape *inputs; /* [n_inputs], of one sample, nothing open; NULL: the model's own, which must
                               leave nothing open */
    bool training; /* forward in training mode, loss, gradients of all parameters, one update of the optimizer
                    */
    bool forward_only; /* with `training`: neither loss nor gradients nor update */
    bool gradients;    /* prediction in a graph to which gradients can be added (gz_graph_gradients_of) */
    bool loss;         /* loss and metrics without training: evaluation */
    const char *const *maps; /* names of the maps to keep */
    size_t n_maps;
    const gaze_map_part *parts; /* [n_maps] their rows, all zeros: whole; NULL: all maps are */
    const char *const *layers;  /* names of the layers whose outputs are kept */
    size_t n_layers;
    uint64_t seed;                        /* of dropout */
    const gz_optimizer_choice *optimizer; /* training: NULL takes the model's */
    size_t slab_floats;                   /* training: gz_store_slab_floats(store, GZ_SLAB_PARAMETER) */
} gz_build_options;

typedef struct gz_built_weight {
    const char *name;      /* "<layer>.<weight>" */
    const gz_layer *layer; /* whose it is */
    gz_initializer initializer;
    gz_tensor *tensor; /* role and shape */
} gz_built_weight;

/* Of an input whose values are ids: they lie in 0..rows-1. */
typedef struct gz_id_limit {
    size_t rows;
    const gz_layer *layer; /* the embedding that says so; NULL: no ids */
} gz_id_limit;

typedef struct gz_built_map {
    gaze_map_info info; /* shape as in this build */
    gz_tensor *tensor;  /* [B, shape...] */
} gz_built_map;

/* A choice drawn in training; see gz_build_drawn. */
typedef struct gz_built_draw {
    const char *average;   /* name of the state [2] */
    gz_tensor *a, *choice; /* NULL in prediction */
} gz_built_draw;

/* Everything lives as long as the graph. */
typedef struct gz_built {
    gz_graph *graph;
    size_t batch;
    gz_tensor **inputs;           /* [model's n_inputs] */
    gz_id_limit *ids;             /* [model's n_inputs], see ids.h */
    gz_tensor **outputs;          /* [model's n_outputs], kept in prediction */
    gz_tensor **layers;           /* [model's n_layers], what each layer makes */
    gaze_receptive_field *fields; /* [model's n_layers], where its cells lie on the input image */
    gz_built_weight *weights;
    size_t n_weights;
    gz_built_map *maps;
    size_t n_maps;
    gz_built_draw *draws;
    size_t n_draws;
    gz_tensor *
        step; /* int32 [4], an input: [0] is the number of the step (dropout); NULL where nothing is random */
    gz_tensor *label;    /* an input, see gz_loss; NULL without a loss; so are the next two */
    gz_tensor *row_loss; /* [B], or [B,T] */
    gz_tensor *loss;     /* [1], kept: mean over the batch */
    gz_tensor *sums;     /* float32 [4], state GZ_SUMS: see gz_metrics */
    gz_tensor *hyper;    /* float32 [4], an input of the optimizer; NULL without training */
} gz_built;

#define GZ_SUMS "metrics:sums" /* in the store's state slab */

/* Training and evaluation need a loss; the message says what to add. */
gaze_status gz_model_check_loss(const gz_model *model);

/* Appends the whole model to a new graph. Messages name the model file and the layer. GAZE_ERROR_DATA:
   options->inputs do not fit the model's inputs. gz_built_free the result. */
gaze_status gz_model_build(const gz_model *model, const gz_build_options *options, gz_built *built);
/* The first output before its softmax, or the output itself where no softmax makes it. */
gz_tensor *gz_built_scores(const gz_built *built);
void gz_built_free(gz_built *built); /* all zeros is fine */

/* Builds for a batch of 1, to learn shapes, weights and maps. Every open dimension is *open; 0: one that fits
   is found and returned (1 where nothing is open). */
gaze_status gz_model_probe(const gz_model *model, size_t *open, gz_built *built);

#endif
