/* Gaze: neural networks with attention on any OpenCL device, and what they look at.
 *
 * Three sections: SIMPLE (a trained model in five calls), CONTEXT (devices, data, training, pictures: all
 * that the command line does) and ADVANCED (verification, measurement).
 *
 * Conventions, everywhere:
 *   - float32; images [B,H,W,C], sequences [B,T,D], token ids int32; B is the batch. Arrays are dense,
 * row-major.
 *   - A call that can fail returns gaze_status; anything but GAZE_OK leaves its outputs unset and a message
 * for this thread in gaze_message(): what failed, where, what was expected. The library never exits and never
 * prints.
 *   - Pointers that a call fills through `**out` are owned by the caller and freed by the function named
 * there.
 *   - One thread at a time per context and what was made from it. Different contexts may be used by different
 * threads.
 */
#ifndef GAZE_H
#define GAZE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(_WIN32)
#define GAZE_API
#elif defined(__GNUC__)
#define GAZE_API __attribute__((visibility("default")))
#else
#define GAZE_API
#endif

#define GAZE_VERSION_MAJOR 0
#define GAZE_VERSION_MINOR 1
#define GAZE_VERSION_PATCH 0
#define GAZE_VERSION       "0.1.0"

/* ======== SIMPLE ======== */

/* symbol, value (also the exit status of the programs), meaning */
#define GAZE_STATUS_LIST(X)                              \
    X(GAZE_OK, 0, "done")                                \
    X(GAZE_ERROR_USAGE, 2, "wrong call")                 \
    X(GAZE_ERROR_DATA, 3, "data or file")                \
    X(GAZE_ERROR_MODEL, 4, "model or weights")           \
    X(GAZE_ERROR_DEVICE, 5, "device, driver or memory")  \
    X(GAZE_ERROR_NOT_FINITE, 6, "a value is not finite") \
    X(GAZE_INTERRUPTED, 130, "interrupted")

typedef enum gaze_status {
#define GAZE_STATUS_SYMBOL(symbol, value, meaning) symbol = value,
    GAZE_STATUS_LIST(GAZE_STATUS_SYMBOL)
#undef GAZE_STATUS_SYMBOL
} gaze_status;

/* The message of this thread's last failed call; "" before the first. */
GAZE_API const char *gaze_message(void);

/* The meaning of a status in a few words. */
GAZE_API const char *gaze_status_name(gaze_status status);

/* "0.1.0"; compare with GAZE_VERSION to see that header and library belong together. */
GAZE_API const char *gaze_version(void);

typedef struct gaze_model gaze_model;

/* Opens a model file (.json), a run folder, or a model of gaze_models_folder by its name, on the device that
   GAZE_DEVICE names (auto when unset).
   weights: a .safetensors file; NULL takes weights.safetensors of the run folder, or <model>.safetensors
   beside the model file, or, with neither, initial weights. Freed by gaze_close. */
GAZE_API gaze_status gaze_open(const char *model, const char *weights, gaze_model **out);
GAZE_API void gaze_close(gaze_model *model);

/* input: [batch, the model's only input]; output: [batch, the model's first output], written. */
GAZE_API gaze_status gaze_predict(gaze_model *model, size_t batch, const float *input, float *output);

/* One attention map for a batch: map [batch, the map's shape], written. name: as gaze_model_maps gives it
 * ("attention"). */
GAZE_API gaze_status gaze_map(gaze_model *model, const char *name, size_t batch, const float *input,
                              float *map);

/* ======== CONTEXT ======== */

#define GAZE_MAX_RANK 6

typedef enum gaze_dtype { GAZE_FLOAT32, GAZE_INT32 } gaze_dtype;

/* An array by name. shape includes the batch where the array holds samples; elements are 4 bytes. */
typedef struct gaze_array {
    const char *name;
    gaze_dtype dtype;
    size_t rank;
    size_t shape[GAZE_MAX_RANK];
    void *data; /* float or int32_t */
} gaze_array;

typedef enum gaze_log_level {
    GAZE_LOG_ERROR,
    GAZE_LOG_WARNING,
    GAZE_LOG_INFO,
    GAZE_LOG_DEBUG
} gaze_log_level;
typedef void gaze_log_function(void *user, gaze_log_level level, const char *message);

/* Processes that train and evaluate together, each with a device of its own: gaze_train, gaze_evaluate and
   gaze_evaluate_decoded of their contexts are then called by all of them, with the same model, data and
   options, and share the work (docs/many-machines.md). How messages travel is behind these calls; tools/mpi.c
   makes them of MPI. All come from the thread that uses the context, and none waits. send, receive and test
   give NULL, or what is wrong. */
typedef struct gaze_group {
    size_t rank, ranks; /* this process is number `rank`, from 0, of `ranks` */
    /* Begin to send or receive `bytes` bytes, not 0. The memory stays as it is until test has said that it's
       done. What one process sends another under one tag (0..32767) is received in that order. */
    const char *(*send)(void *user, size_t to, int tag, const void *data, size_t bytes, void **request);
    const char *(*receive)(void *user, size_t from, int tag, void *data, size_t bytes, void **request);
    const char *(*test)(void *user, void **request, bool *done); /* done: *request is no more */
    /* This process can't go on, and the others will wait for it: ends all. May return; the call fails then.
     */
    void (*fail)(void *user, gaze_status status, const char *message);
    void *user;
} gaze_group;

typedef struct gaze_context gaze_context; /* a device, its programs, its queue */

typedef struct gaze_context_options {
    const char *device;  /* auto | cpu | gpu | index | platform:device | part of a name; NULL: $GAZE_DEVICE,
                            then auto */
    bool reference;      /* the C references (double accumulation) in place of OpenCL; no driver is needed */
    bool profile;        /* measure each kernel (the queue is made with profiling) */
    size_t memory_limit; /* bytes of device memory that may be used; 0: what the device has */
    gaze_log_function *log; /* NULL: silent */
    void *log_user;
    const gaze_group *group; /* stays as it is while the context lives; NULL: alone */
} gaze_context_options;

/* options NULL: all defaults. Freed by gaze_context_destroy, after everything made from it. */
GAZE_API gaze_status gaze_context_create(const gaze_context_options *options, gaze_context **out);
GAZE_API void gaze_context_destroy(gaze_context *context);

/* What the context runs on, for people and run.json; the strings live as long as the context. */
typedef struct gaze_device_info {
    const char *platform, *name, *vendor, *version, *driver; /* of a platform without devices: name is NULL */
    const char *type;                                        /* "cpu", "gpu", "accelerator", "reference" */
    const char *family;                 /* kernel family: "cpu", "gpu", "intel", "plain", "reference" */
    const char *compiler, *extensions;  /* the OpenCL C version that it says, and its extensions */
    size_t platform_index, index;       /* index: what --device takes */
    size_t compute_units, vector_width; /* native float vector width */
    size_t global_bytes, local_bytes, max_allocation_bytes, max_group;
    bool usable;
    bool chosen;        /* what `auto` takes */
    const char *reason; /* why it is not usable, or why it is or isn't chosen */
} gaze_device_info;
GAZE_API void gaze_context_device(const gaze_context *context, gaze_device_info *info);

/* Programs taken from the disk cache and compiled, and the milliseconds it took, since the context was made.
 */
typedef struct gaze_program_counts {
    size_t cached, compiled;
    double build_ms;
} gaze_program_counts;
GAZE_API void gaze_context_programs(const gaze_context *context, gaze_program_counts *counts);

/* Everything that OpenCL offers here, broken platforms with the reason. Free with gaze_devices_free. An empty
 * list is GAZE_OK. */
GAZE_API gaze_status gaze_devices(gaze_device_info **list, size_t *count);
GAZE_API void gaze_devices_free(gaze_device_info *list);

/* The same work on every device in turn, in the order of gaze_devices: calls `visit` with a context made for
   the device, which is destroyed afterwards; with NULL and the reason where the device isn't usable or can't
   be opened. Ends with the first visit that isn't GAZE_OK. options->device is not looked at.
   GAZE_ERROR_DEVICE: no device can be used. */
typedef gaze_status gaze_device_visitor(void *user, const gaze_device_info *device, gaze_context *context,
                                        const char *reason);
GAZE_API gaze_status gaze_each_device(const gaze_context_options *options, gaze_device_visitor *visit,
                                      void *user);

/* ---- Models ---- */

/* A model file made to fit other data, as if it said so; 0: as it says. A run keeps the adapted model.
   GAZE_ERROR_MODEL where the model has no such part, or where other layers don't fit then. */
typedef struct gaze_adaptation {
    size_t image_height, image_width; /* of its one float32 input [height,width,channels]; both or none */
    size_t n_classes; /* "units" of the dense layer that makes the first output (activations and dropouts may
                         stand behind it); names in "classes" that are not as many are left out */
} gaze_adaptation;

typedef struct gaze_model_options {
    const char *weights; /* as in gaze_open */
    bool no_weights;     /* always initial weights, also where a file lies beside the model */
    uint64_t seed;       /* of initial weights, dropout, shuffling */
    gaze_adaptation adapt;
} gaze_model_options;

/* Whose models are opened by name: $GAZE_MODELS, or the folder that installation puts them in. */
GAZE_API const char *gaze_models_folder(void);

/* As gaze_open, on a context. Freed by gaze_close, before the context. */
GAZE_API gaze_status gaze_model_open(gaze_context *context, const char *path,
                                     const gaze_model_options *options, gaze_model **out);
GAZE_API gaze_status gaze_model_save_weights(gaze_model *model, const char *path);
/* model.json (as adapted) and weights.safetensors in a folder, made if missing, that gaze_open takes. */
GAZE_API gaze_status gaze_model_save(gaze_model *model, const char *folder);

/* Name, or file name without ".json". */
GAZE_API const char *gaze_model_name(const gaze_model *model);
/* Hash of the model file's bytes, as adapted (16 hexadecimal digits). */
GAZE_API const char *gaze_model_hash(const gaze_model *model);
/* NULL-terminated class names, or NULL. */
GAZE_API const char *const *gaze_model_classes(const gaze_model *model);

/* Inputs, outputs: shape[0] is the batch and is 0; a dimension that the model leaves open is 0 too. data is
 * NULL. */
GAZE_API size_t gaze_model_inputs(const gaze_model *model, const gaze_array **inputs);
GAZE_API size_t gaze_model_outputs(const gaze_model *model, const gaze_array **outputs);

/* Where the cells of a map lie on the input image: cell i is centred on pixel first + step*i (pixel 0's
   centre is 0) and sees `size` pixels around it. known is false for maps that have no place on an image. */
typedef struct gaze_receptive_field {
    bool known;
    double first[2], step[2], size[2]; /* y, x */
} gaze_receptive_field;

/* What the axes of a map stand for. */
typedef enum gaze_map_axes {
    GAZE_MAP_POSITIONS = 1, /* [T] or [H,W]: a value for each token, step or cell */
    GAZE_MAP_QUERY_KEY,     /* [Tq,Tv] or [heads,Tq,Tv]: rows are queries, columns are keys */
    GAZE_MAP_CHANNELS,      /* [C] */
    GAZE_MAP_VALUES         /* [D], [T,D] or [H,W,C]: a value for each value of the input */
} gaze_map_axes;
/* "positions", "query-key", "channels" or "values". */
GAZE_API const char *gaze_map_axes_name(gaze_map_axes axes);

typedef struct gaze_map_info {
    const char *name;  /* "<layer>" or "<layer>/<part>" */
    const char *layer; /* the attention layer */
    const char *kind;
    const char *meaning; /* one sentence: what a value says */
    gaze_map_axes axes;
    size_t rank;
    size_t shape[GAZE_MAX_RANK]; /* per sample; an open dimension is 0 */
    gaze_receptive_field field;
    bool sums_to_one;
} gaze_map_info;
GAZE_API size_t gaze_model_maps(const gaze_model *model, const gaze_map_info **maps);

/* Grad-CAM (Selvaraju et al. 2017, equations 1 and 2), for models with and without attention: what the
   features A [H,W,C] that a layer makes (or [T,C]) say for a class, cell by cell: relu(sum_k a_k A_k), a_k
   the mean over cells of the gradient of the class's score with respect to A_k. The score is the first
   output, [classes] a sample, before its softmax where one makes it. */
typedef struct gaze_grad_cam_options {
    const char *layer;      /* NULL: the last convolution */
    const int32_t *classes; /* [batch] whose scores; NULL: the predicted ones */
    size_t batch_size;      /* as in gaze_run */
} gaze_grad_cam_options;

/* map: [batch,H,W] or [batch,T]; its data is memory that free() takes, its name is left as it is. options
 * NULL: all defaults. */
GAZE_API gaze_status gaze_grad_cam(gaze_model *model, const gaze_array *inputs, size_t n_inputs,
                                   const gaze_grad_cam_options *options, gaze_array *map);

/* Attention rollout (Abnar and Zuidema 2020, section 3) through stacked blocks of self-attention, the first
   map the first block's: the product of their (A + I)/2, A the mean of heads, rows made to sum to 1. Row i is
   what token i is made of behind the last block. It takes a block for half residual connection, half
   attention, and knows nothing of the weights between blocks. maps: [batch,T,T] or [batch,heads,T,T];
   rollout: [batch,T,T], its data is memory that free() takes, its name is left as it is. */
GAZE_API gaze_status gaze_rollout(const gaze_array *maps, size_t n_maps, gaze_array *rollout);

/* A map by its name: one of the model's own, or one that is worked out from it.
   gradcam[:LAYER[:CLASS]]: see gaze_grad_cam; without LAYER that of the last convolution, without CLASS (a
   number or a name) for the predicted class. rollout: see gaze_rollout, through all layers of self-attention;
   rollout:mean, the mean of its rows, which is what a mean over tokens is made of; rollout:QUERY, the row of
   one token, 0 for a class token that comes first. The last two are [H,W] where tokens are cells of an image
   (a class token is left out), else [T]. A model's own map comes first where both have the name. *info lives
   as long as the model. */
GAZE_API gaze_status gaze_find_map(gaze_model *model, const char *name, const gaze_map_info **info);

/* Some rows of a map of queries by keys: only they are computed, from the queries asked for and all keys, and
   memory grows with them, not with Tq x Tv. The rows are those of the whole map. (A kind that needs all its
   weights for its output makes them all; so does what is worked out from whole maps.) */
typedef struct gaze_map_part {
    const char *map;       /* its name, as gaze_model_maps gives it */
    size_t head, heads;    /* the first, and how many; heads 0: all from `head` on; both 0 without heads */
    size_t query, queries; /* the same of rows */
} gaze_map_part;

/* Runs the model on named inputs; fills results. inputs[i].name NULL: the i-th input. Each results[i].name is
   an output or a map (gaze_find_map's too), or "map:NAME", which is the map where a layer is both, or
   "layer:NAME", what any layer makes; the call sets dtype, rank and shape, and data to memory that free()
   takes. All inputs have one batch. Large batches are run in pieces of batch_size (0: at most 64). */
GAZE_API gaze_status gaze_run(gaze_model *model, const gaze_array *inputs, size_t n_inputs,
                              gaze_array *results, size_t n_results, size_t batch_size);

typedef struct gaze_run_options {
    size_t batch_size;          /* as in gaze_run */
    const gaze_map_part *parts; /* of the maps among the results; a map without one is made whole */
    size_t n_parts;
} gaze_run_options;

/* gaze_run, with maps as [batch, heads, queries, Tv] of their parts. options NULL: all defaults.
   GAZE_ERROR_USAGE: a part of what is no map of queries by keys, or of heads or queries that it hasn't got.
 */
GAZE_API gaze_status gaze_run_with(gaze_model *model, const gaze_array *inputs, size_t n_inputs,
                                   gaze_array *results, size_t n_results, const gaze_run_options *options);

/* ---- Answers that are sequences ---- */

/* The input that a model with "decode" writes token by token ("target"); NULL: it has no "decode". */
GAZE_API const char *gaze_model_decodes(const gaze_model *model);

typedef struct gaze_decode_options {
    const char *method; /* greedy: the likeliest token at each step | beam:K: the K likeliest beginnings go on
                           at each step, by the probability of the whole; NULL: greedy */
    size_t n_best;      /* answers for each sample, at most K; 0: 1 */
    size_t max_length;  /* tokens of an answer, its end among them; 0: "max_length" of the model's "decode",
                           or the steps of the input that it writes */
    size_t batch_size;  /* rows (samples times K) that run together; 0: 64 */
} gaze_decode_options;

/* Answers to a batch, the best first. n_best may be more than there are: those that are missing have no
   tokens and the probability 0, -INFINITY as its logarithm. */
typedef struct gaze_decoded {
    size_t batch, n_best, max_length;
    int32_t *tokens; /* [batch, n_best, max_length]; behind an answer the end token (0: the model has none) */
    size_t *lengths; /* [batch, n_best] tokens of an answer, its end not counted */
    double *log_probability; /* [batch, n_best] of the whole answer, its end included, given the inputs */
    gaze_array target; /* what the model has read when the best answers are written, [batch, steps], under
                          the input's name: with it gaze_run and gaze_dump show the attention behind them */
} gaze_decoded;

/* Writes answers: the model reads the start token, then what it wrote itself. inputs: all but the one that is
   written; a name of NULL is the next of these. Every step runs the whole model. GAZE_ERROR_MODEL: it has no
   "decode", its output is not made of probabilities, or an early output changes with later tokens (the answer
   leaks). Free with gaze_decoded_free. */
GAZE_API gaze_status gaze_decode(gaze_model *model, const gaze_array *inputs, size_t n_inputs,
                                 const gaze_decode_options *options, gaze_decoded *decoded);
GAZE_API void gaze_decoded_free(gaze_decoded *decoded);

/* Layers, shapes, parameters, FLOP, memory plan, as text or as one JSON object. Free *text with free(). */
GAZE_API gaze_status gaze_summary(gaze_model *model, size_t batch_size, bool training, bool json,
                                  char **text);

/* ---- Data ---- */

typedef struct gaze_data gaze_data; /* the train and the test part of one data set */

/* spec: "TYPE:PATH" as --data takes it, or NULL for what the run folder was trained on, or the model's own
 * "data". Freed by gaze_data_close. */
GAZE_API gaze_status gaze_data_open(gaze_model *model, const char *spec, uint64_t seed, gaze_data **out);

typedef struct gaze_data_options {
    const char *spec; /* as in gaze_data_open */
    uint64_t seed;    /* of synthetic data */
    bool skip_bad; /* damaged images in folders are left out, with a line in the log, instead of ending all */
} gaze_data_options;
GAZE_API gaze_status gaze_data_open_with(gaze_model *model, const gaze_data_options *options,
                                         gaze_data **out);

/* One part of a data set as arrays in memory. inputs: [samples, ...], one for each of the model's inputs;
   name NULL: the i-th. label: int32 class numbers, [samples], or [samples, steps] where the output has steps;
   NULL: none. */
typedef struct gaze_data_arrays {
    const gaze_array *inputs;
    size_t n_inputs;
    const gaze_array *label;
} gaze_data_arrays;

/* Arrays as a data set, of the type "memory". They are not copied: they stay as they are until
   gaze_data_close. test NULL: there is no test part. GAZE_ERROR_DATA: arrays that don't fit the model or each
   other, and samples that are in both parts unless allow_overlap. */
GAZE_API gaze_status gaze_data_from(gaze_model *model, const gaze_data_arrays *train,
                                    const gaze_data_arrays *test, bool allow_overlap, gaze_data **out);
GAZE_API void gaze_data_close(gaze_data *data);
GAZE_API size_t gaze_data_count(const gaze_data *data, bool test); /* 0: there is no such part */
GAZE_API const char *gaze_data_hash(const gaze_data *data);
GAZE_API const char *gaze_data_type(const gaze_data *data); /* "idx", ... */
/* NULL-terminated names that the data has for its classes, or NULL. */
GAZE_API const char *const *gaze_data_classes(const gaze_data *data);

/* Sample `index` of a part: inputs[i].data gets free()able memory, one sample as a batch of 1; *label is -1
 * where there is none. */
GAZE_API gaze_status gaze_data_sample(const gaze_data *data, bool test, size_t index, gaze_array *inputs,
                                      size_t n_inputs, int32_t *label);

/* Where the evidence lies, on synthetic data: rows y0..y1 and columns x0..x1, ends included. false where it
 * isn't known. */
GAZE_API bool gaze_data_truth(const gaze_data *data, bool test, size_t index, size_t *y0, size_t *x0,
                              size_t *y1, size_t *x1);

/* ---- Training and evaluation ---- */

typedef struct gaze_progress {
    size_t epoch, epochs;  /* epoch counts from 1 */
    size_t step, steps;    /* within the epoch */
    double loss, accuracy; /* mean so far in this epoch */
    double samples_per_second, seconds_left;
    bool epoch_end; /* then the next four are set too */
    bool has_validation;
    double validation_loss, validation_accuracy, epoch_seconds;
} gaze_progress;

/* Called about ten times a second and at each epoch's end; false stops the training as Ctrl-C does: a
   checkpoint is saved and GAZE_INTERRUPTED is returned. */
typedef bool gaze_progress_function(void *user, const gaze_progress *progress);

#define GAZE_ALL SIZE_MAX

typedef struct gaze_train_options {
    const char *out;           /* run folder, made if missing; NULL: nothing is kept but the weights in the
                                  model, also when progress stops it */
    size_t epochs, steps;      /* 0: the model's "train"; steps > 0 ends after that many updates in all */
    size_t batch_size;         /* 0: the model's "train" */
    const char *optimizer;     /* NULL: the model's */
    double learning_rate;      /* 0: the model's, or the optimizer's default */
    bool resume;               /* go on from the newest good checkpoint in `out` */
    size_t checkpoint_seconds; /* between checkpoints within an epoch; 0: 60. There is one at each epoch's end
                                  too. */
    size_t keep_checkpoints; /* newest ones that stay, at least 2, and one of the weights before training; 0:
                                2 and none before; GAZE_ALL: all, for an animation */
    gaze_progress_function *progress;
    void *user;
    int argc; /* what the program was called with, for run.json */
    const char *const *argv;
} gaze_train_options;

typedef struct gaze_metrics {
    double loss, accuracy;
    size_t samples, n_classes;
    size_t *confusion; /* [n_classes, n_classes]: true, predicted; NULL from training */
    double seconds;
} gaze_metrics;

/* Trains in place. Writes model.json, run.json, log.csv, checkpoint-*, weights.safetensors to options->out,
   where there is one. A model without "classes" gets those that the data has names for. */
GAZE_API gaze_status gaze_train(gaze_model *model, gaze_data *data, const gaze_train_options *options,
                                gaze_metrics *last);

/* Over the test part, or the training part if there is no other (test is set to what was used). Free metrics
 * with gaze_metrics_free. */
GAZE_API gaze_status gaze_evaluate(gaze_model *model, gaze_data *data, size_t batch_size, bool *test,
                                   gaze_metrics *metrics);
GAZE_API void gaze_metrics_free(gaze_metrics *metrics);

typedef struct gaze_decode_metrics {
    size_t samples, exact; /* exact: the best answer is the label, token by token and in length */
    double seconds;
} gaze_decode_metrics;

/* gaze_decode over the part that gaze_evaluate measures. The model never sees the data's own answers, which
   only are compared with; an end token ends them. */
GAZE_API gaze_status gaze_evaluate_decoded(gaze_model *model, gaze_data *data,
                                           const gaze_decode_options *options, bool *test,
                                           gaze_decode_metrics *metrics);

/* ---- Comparison of two models over several seeds ---- */

/* Student's paired t-test of A - B. NaN: sd, difference_sd, and all below, for n < 2; t and all below, where
 * all differences are the same. */
typedef struct gaze_paired {
    size_t n;
    double mean[2], sd[2];            /* of A and B; squares divided by n - 1 */
    double difference, difference_sd; /* of A - B, pair by pair */
    double t, p;                      /* two-sided, n - 1 degrees of freedom */
    double needed;                    /* the least |difference| that would have had p < 0.05 with this sd */
    double low, high;                 /* 95 % confidence interval of the difference */
} gaze_paired;

typedef struct gaze_compare_run {
    size_t model; /* 0: A, 1: B */
    uint64_t seed;
    const char *folder; /* its run folder: <out>/<name>-<hash>/seed-<seed> */
    bool trained;       /* false: it was there already and was only evaluated */
    double accuracy, loss;
} gaze_compare_run;

/* Called before a run (done false; trained, accuracy and loss are not known yet) and after it. */
typedef void gaze_compare_function(void *user, const gaze_compare_run *run, bool done);

typedef struct gaze_compare_options {
    gaze_adaptation adapt;  /* of both models */
    gaze_data_options data; /* spec NULL: the models' own, which must be one; seed: the first of the seeds */
    size_t seeds;           /* 0: 3. Also synthetic data is made from each, the same for both models */
    gaze_train_options train;   /* out: folder of all runs; resume does nothing: runs that are there go on */
    gaze_compare_function *run; /* NULL */
    void *user;
} gaze_compare_options;

typedef struct gaze_comparison {
    size_t n;                      /* seeds */
    bool test;                     /* measured on the test part; false: there is none, on the training part */
    size_t samples;                /* in it */
    double *accuracy[2], *loss[2]; /* [n] of A and B */
    gaze_paired on_accuracy, on_loss;
} gaze_comparison;

/* Trains both models with each seed and evaluates them. GAZE_INTERRUPTED: train.progress said stop; the same
   call goes on. Free with gaze_comparison_free. */
GAZE_API gaze_status gaze_compare(gaze_context *context, const char *a, const char *b,
                                  const gaze_compare_options *options, gaze_comparison *comparison);
GAZE_API void gaze_comparison_free(gaze_comparison *comparison);

/* ---- Files ---- */

/* .npy (float32, float64, int32, int64, uint8; little-endian, C order) or .png/.jpg (-> [1,H,W,C] in 0..1) by
   the file's first bytes. free() array->data. */
GAZE_API gaze_status gaze_array_read(const char *path, gaze_array *array);
/* A file for the model's input `name`, or for its number `at` where that is NULL: an .npy as above; a picture
   as folder data gives it: brought to the input's size (a sentence in the log says what became of another
   aspect, see "aspect" in the model's "data"), gray or RGB as it wants, and by the "scale" of "data". ->
   [1,H,W,C] */
GAZE_API gaze_status gaze_input_read(const gaze_model *model, const char *name, size_t at, const char *path,
                                     gaze_array *array);
GAZE_API gaze_status gaze_array_write(const char *path, const gaze_array *array);

/* ---- Pictures ---- */

/* Where the evidence lies in an input image, ends included; what gaze_data_truth tells. */
typedef struct gaze_place {
    bool known;
    size_t y0, x0, y1, x1;
} gaze_place;

typedef struct gaze_dump_options {
    const char *out;  /* folder, made if missing; needed */
    const char *map;  /* NULL: every map */
    const char *view; /* overlay | map | side | sheet | matrix | heads | bars | text | html | query | panels |
                         animation | all (that fit the map); NULL: the usual ones of those */
    const char *colors; /* gray | viridis | jet; NULL: viridis */
    const char *scale;  /* minmax | 0..1 | percentile; NULL: minmax; written on the colour bar */
    size_t pixel;       /* screen pixels per input pixel; 0: chosen so that a picture is about 400 wide */
    const char *reduce; /* mean | max | head:K: how heads, or channels, become one map; NULL: mean of heads,
                           max of channels */
    const char *query;  /* "I": the row of a [Tq,Tv] map that bars, text, html and query show; "Y,X": that of
                           the  cell nearest to this pixel, which query shows; "I..J": the rows that matrix,
                           heads and map show; NULL: none. Where no other rows are shown, no others are
                           computed nor written. A map that takes more than 1 GiB can only be had by rows */
    /* Names of a map's queries and keys, NULL-terminated. `tokens` names both; NULL: what the numbers of the
       input's tokens stand for in `vocabulary`, or the numbers themselves, or positions. */
    const char *const *tokens, *const *query_tokens, *const *value_tokens, *const *vocabulary;
    const char *decode; /* of gaze_decode: the input that the model writes is what it has written itself, not
                           what was given for it; NULL: as it was given, or greedy where it wasn't */
    const gaze_place *truth; /* [batch]: the .json then says for each sample whether the map's largest cell is
                                centred there; NULL */
    const char *checkpoints; /* run folder whose checkpoints the view animation shows, one a frame; NULL: the
                                one that was opened, if it was one */
    const char *const *classes; /* names where the model has none, NULL-terminated: gaze_data_classes; NULL */
} gaze_dump_options;

typedef void gaze_dump_written(void *user, const char *path, const char *note);

/* Runs the model on inputs (one per model input, batch first), and writes for each sample and map the raw
   values
   (<stem>.<map>.npy for the whole batch, and .json), then the pictures. labels NULL or [batch] (-1: none).
   `written` hears of each file and, in words, of maps that can't be drawn (constant, one cell, not finite).
 */
GAZE_API gaze_status gaze_dump(gaze_model *model, const gaze_array *inputs, size_t n_inputs, const char *stem,
                               const size_t *indices, const int32_t *labels, const gaze_dump_options *options,
                               gaze_dump_written *written, void *user);

typedef struct gaze_picture {
    size_t height, width;
    uint8_t *rgb; /* [height,width,3]; free() */
} gaze_picture;

/* As a PNG file, the whole or none. */
GAZE_API gaze_status gaze_picture_write(const char *path, const gaze_picture *picture);

/* Draws a map that the caller has, as gaze_dump would. values: float32, [the map's shape], or [batch, the
   map's shape] for a sheet of at most 64 samples; image: [H,W,C] or [batch,H,W,C] with 1 or 3 channels;
   NULL: none. options->view: overlay, map, side, sheet, matrix, heads, bars or text; NULL: sheet for a
   batch, else the first of overlay, matrix, bars and map that fits. Of the other options colors, scale,
   pixel, reduce, tokens, query_tokens, value_tokens and, for bars and text, query "I" count; out doesn't.
   title NULL: none. options NULL: all defaults. GAZE_ERROR_DATA: shapes that don't fit, and what can't be
   drawn (constant, one cell, not finite) with the reason. */
GAZE_API gaze_status gaze_draw(const gaze_map_info *map, const gaze_array *values, const gaze_array *image,
                               const char *title, const gaze_dump_options *options, gaze_picture *picture);

/* ---- Is a map true? ---- */

/* How the probability of the class that is predicted on the whole input goes when parts of the input (pixels,
   steps, tokens) are taken away, those first that a map gives most (deletion), and when they are given back
   in that order to an input that has lost all (insertion): Petsiuk, Das, Saenko 2018 (RISE). A true map has a
   small area under the first curve and a large one under the second, compared with a random map. */
typedef struct gaze_faithful_curves {
    const char *map;     /* the map's name, "random", or "gradcam:LAYER" */
    const char *removal; /* what stands in the place of what was taken away, see gaze_faithful_options */
    double *deletion, *insertion;           /* [steps + 1] mean over the samples */
    double deletion_area, insertion_area;   /* over 0..1, by trapezoids; mean over the samples */
    double deletion_error, insertion_error; /* standard errors of these means; NaN for one sample */
    double deletion_wins, insertion_wins; /* share of the samples where it does better than the random map */
} gaze_faithful_curves;

enum { GAZE_FAITHFUL_MAPS = 3 };

typedef struct gaze_faithful_result {
    bool test; /* of the test part; false: there is none, of the training part */
    size_t samples, steps;
    size_t parts;           /* pixels, steps or tokens of an input */
    size_t right, labelled; /* samples whose class was predicted right, of those that have a label */
    double probability;     /* of the predicted class on the whole input: mean */
    size_t n_maps;
    char *maps[GAZE_FAITHFUL_MAPS]; /* the map's name, "random", and "gradcam:LAYER" where there is one */
    /* Zhang et al. 2018, the pointing game without a margin: does the centre of the map's largest cell lie
       where the evidence is? */
    size_t placed;                      /* samples whose true place is known */
    size_t pointed[GAZE_FAITHFUL_MAPS]; /* of these */
    size_t n_curves;
    gaze_faithful_curves *curves; /* removal by removal, map by map */
    char *note; /* sentences: what was taken away, and how the map became a value for each part */
} gaze_faithful_result;

/* After each sample; false ends all with GAZE_INTERRUPTED. */
typedef bool gaze_faithful_progress(void *user, size_t done, size_t samples);

typedef struct gaze_faithful_options {
    const char *map; /* NULL: the model's only one */
    const char
        *reduce; /* heads or channels, as in gaze_dump_options. Queries are always merged by their mean */
    const char
        *removal;   /* the plain one: "mean" of the samples (a value for each channel), or "zero"; NULL: mean,
                       token ids: zero. There is always a second one beside it: "road", noisy linear
                       imputation (Rong et al. 2022); for token ids "drawn", another sample's token */
    size_t samples; /* the first of the test part; 0: 200 */
    size_t steps;   /* of the curves; 0: 20 */
    uint64_t seed;  /* of the random map, of the order of equal values, of noise */
    gaze_faithful_progress *progress; /* NULL */
    void *user;
} gaze_faithful_options;

/* The model's first output must hold a value for each class of a sample; values that are not probabilities go
   through a softmax. Free with gaze_faithful_free. */
GAZE_API gaze_status gaze_faithful(gaze_model *model, gaze_data *data, const gaze_faithful_options *options,
                                   gaze_faithful_result *result);
GAZE_API void gaze_faithful_free(gaze_faithful_result *result);

/* The curves as a picture, a row for each removal. */
GAZE_API gaze_status gaze_faithful_plot(const gaze_faithful_result *result, const char *title,
                                        const char *path);

/* ---- A run as one page ---- */

/* Parts of the page that take their time: symbol, value, word */
#define GAZE_REPORT_PART_LIST(X)         \
    X(GAZE_REPORT_EXAMPLES, 1, examples) \
    X(GAZE_REPORT_FAITHFUL, 2, faithful) \
    X(GAZE_REPORT_PROFILE, 4, profile)   \
    X(GAZE_REPORT_VERIFY, 8, verify)
#define GAZE_REPORT_SYMBOL(symbol, value, word) symbol = value,
enum { GAZE_REPORT_PART_LIST(GAZE_REPORT_SYMBOL) };
#undef GAZE_REPORT_SYMBOL

typedef struct gaze_run_report_options {
    const char *out;     /* .html; one that can't be written is refused before anything is measured */
    const char *command; /* what the user typed, for the reader; NULL */
    const char *map;   /* the one that is put to the test; NULL: the model's last, or Grad-CAM without one */
    size_t examples;   /* samples whose maps are shown; 0: 12 */
    size_t batch_size; /* of evaluation, time and memory; 0: 64 */
    size_t samples;    /* for the test of the map; 0: 200 */
    uint64_t seed;     /* of that test */
    unsigned without;  /* GAZE_REPORT_*: parts that are left out */
    void (*begins)(void *user, const char *what); /* before each part, in a few words; NULL */
    void *user;
} gaze_run_report_options;

/* One HTML file that needs no network: how training went (log.csv of the run folder), gaze_evaluate with all
   classes, samples and their maps by layer, head and checkpoint, gaze_faithful, gaze_bench, memory plans,
   device, gaze_verify (quick) and gaze_verify_model. A part that this model or device hasn't got says why.
   Time is told layer by layer where the context profiles. GAZE_ERROR_MODEL: the model has no weights but
   initial ones. The whole file or none. */
GAZE_API gaze_status gaze_run_report(gaze_model *model, gaze_data *data,
                                     const gaze_run_report_options *options);

/* The seed that the run folder was trained with; false where it was no run folder, or where run.json can't
   say it exactly: from 2^53 on. */
GAZE_API bool gaze_model_run_seed(const gaze_model *model, uint64_t *seed);

/* ---- Models of others ---- */

typedef struct gaze_import_options {
    const char
        *batch_axis; /* "N" or "INPUT=N": the axis of ONNX's inputs that has the samples; NULL: the first */
    const char *const *sizes; /* "NAME=N": sizes that the file leaves open, NULL-terminated; NULL: none */
    bool softmax;             /* put one behind the first output, where that holds logits */
    bool json;                /* *report is one JSON object */
    void (*refused)(void *user, const char *line); /* a line for each node that can't be taken; NULL */
    void *user;
} gaze_import_options;

/* Makes <folder>/model.json and <folder>/model.safetensors of an ONNX file: both or none. *report says what
   was made, and how the arrays lie beside ONNX's (images are [H,W,C] here); free() it. GAZE_ERROR_MODEL:
   nodes that can't be taken, every one of them given to `refused`. GAZE_ERROR_USAGE: Gaze was built without
   protobuf-c. options NULL: all defaults. See docs/onnx.md. */
GAZE_API gaze_status gaze_import(const char *onnx, const char *folder, const gaze_import_options *options,
                                 char **report);

/* ======== ADVANCED ======== */

/* ---- Verification: every kernel against its C reference on this context's device ---- */

typedef struct gaze_verify_line {
    const char *op, *family; /* family: "cpu", "plain", ...; "cpu:host": cpu, on the host's threads, where
                                small models run */
    size_t cases, checks, failed; /* failed: of the checks */
    double worst;                 /* largest error as a part of its limit */
    double ms;
    const char *first_failure;   /* NULL if none */
    const char *const *failures; /* [n_failures] every one in full; those that say the same of several cases
                                    are one, which names the cases. Gone after the call */
    size_t n_failures;
} gaze_verify_line;
typedef void gaze_verify_function(void *user, const gaze_verify_line *line);

/* What verification finds, as a file to attach to a bug report: device, driver, platform, compiler, options,
   environment, every op and every failure in full. */
typedef struct gaze_report gaze_report;

/* path ends in .html (one page that needs no network) or .json; one that can't be written is refused here,
   before the run (GAZE_ERROR_DATA). command: what the user typed, for the reader; NULL. */
GAZE_API gaze_status gaze_report_open(const char *path, const char *command, gaze_report **out);
/* The whole file or none. */
GAZE_API gaze_status gaze_report_write(const gaze_report *report);
GAZE_API void gaze_report_free(gaze_report *report);
/* A device that nothing was run on, and why. */
GAZE_API gaze_status gaze_report_skip(gaze_report *report, const gaze_device_info *device,
                                      const char *reason);

typedef struct gaze_verify_options {
    const char *op; /* NULL: all */
    bool quick;     /* small cases that between them run every kernel with all attributes: seconds on a CPU */
    bool brief;     /* for simulators: few cases, of every kernel of all families. Implies quick */
    /* parts > 0: only the ops part, part + parts, .., from the last to the first: a run beside another one,
       that compiles what the other will ask for. */
    size_t part, parts;
    gaze_verify_function *line; /* called once per op and family; NULL */
    void *user;
    gaze_report *report; /* gets all of it, and the message where the run ends early; NULL */
} gaze_verify_options;

/* options NULL: all defaults. The counts are of checks. GAZE_OK also when checks failed. */
GAZE_API gaze_status gaze_verify(gaze_context *context, const gaze_verify_options *options, size_t *passed,
                                 size_t *failed);

/* One model with its weights, on random inputs between -1 and 1 (ids: any that there are). Every trainable
   weight's gradient, in training mode and in double by the references, against central differences, within
   1e-5 + 1e-3 |gradient|; a few values of each weight. Then, unless the context is in reference mode:
   outputs, maps and gradients on its device against the references, within 1e-5 + 1e-3 of the tensor's
   largest value (rounding grows from layer to layer; what one kernel may add is for gaze_verify). One line a
   weight, output and map: `op` is its name, `family` "differences" or the device's. options->op and
   options->quick don't apply: GAZE_ERROR_USAGE. */
GAZE_API gaze_status gaze_verify_model(gaze_model *model, const gaze_verify_options *options, size_t *passed,
                                       size_t *failed);

/* ---- What keeps Gaze from working here ---- */

typedef enum gaze_health {
    GAZE_HEALTH_OK,
    GAZE_HEALTH_NOTE,  /* good to know */
    GAZE_HEALTH_WRONG, /* works, but slower, or without a device that is there */
    GAZE_HEALTH_STOPS  /* nothing runs on a device before this is mended */
} gaze_health;

typedef struct gaze_finding {
    const char *part; /* versions, memory, environment, permissions, cache, drivers, devices, PoCL, trial */
    gaze_health health;
    const char *found; /* a sentence */
    const char *cure;  /* the command that mends it, or NULL */
} gaze_finding;
typedef void gaze_finding_function(void *user, const gaze_finding *finding); /* strings: of the call */

/* Variables of the environment that Gaze reads, and what they do. */
#define GAZE_ENVIRONMENT_LIST(X)                                                          \
    X(GAZE_BUILD_SECONDS, "how long a driver's compiler may take for a program")          \
    X(GAZE_CHOICES, "the kernels that are taken where they can be; usual: as untuned")    \
    X(GAZE_DEVICE, "the device where none is asked for")                                  \
    X(GAZE_DUMP_PROGRAMS, "programs are written to this folder before they are compiled") \
    X(GAZE_FAMILY, "kernels of this family are taken on every device")                    \
    X(GAZE_KERNEL_DIR, "kernels are read from this folder, not from the library")         \
    X(GAZE_LIBRARY, "the library that the Python package loads")                          \
    X(GAZE_MODELS, "folder of models that are opened by their name alone")                \
    X(GAZE_PLUGINS, "libraries with attention kinds that every program loads")            \
    X(GAZE_PROGRAM_CACHE, "how built programs are kept: binary, driver or none")          \
    X(GAZE_WIDTH, "floats in a vector, in place of the device's own")

/* Looks at all that Gaze needs of the machine, part by part: drivers each by itself, device files, folders of
   caches, variables, versions, memory; and computes something on the device that options->device names.
   Drivers run in children of the process: one that crashes is a finding. To be called before anything else
   that uses a device (GAZE_ERROR_USAGE). clean: removes entries of caches that no driver here can use.
   GAZE_ERROR_DEVICE: something stops Gaze; the message says how many things, and the first. options NULL: all
   defaults. */
GAZE_API gaze_status gaze_doctor(const gaze_context_options *options, bool clean, gaze_finding_function *tell,
                                 void *user);

/* ---- Attention kinds of your own (docs/add-an-attention-kind.md) ---- */

/* A kind is one function that composes the calls below and exposes its weights as maps. What it builds has a
   gradient, kernels on every device and a memory plan, because every op has. Letters: B batch, N tokens, T
   steps, D features, H W height and width, C channels. Every shape begins with B, except those of weights.
   Messages name the model file and the layer; a kind forwards any status but GAZE_OK (GAZE_TRY). */

typedef struct gaze_builder gaze_builder; /* one layer while a model is built */
typedef struct gz_tensor gaze_tensor;     /* a value in the model; belongs to the build */
typedef struct gz_json gaze_keys;         /* what the layer says in the model file */

#define GAZE_TRY(call)                                            \
    do {                                                          \
        const gaze_status gaze_try_status_ = (call);              \
        if (gaze_try_status_ != GAZE_OK) return gaze_try_status_; \
    } while (0)

#define GAZE_KIND_VERSION 1 /* of this interface: another one is refused when a kind is registered */

typedef struct gaze_attention_kind {
    int version;      /* GAZE_KIND_VERSION */
    const char *name; /* the word for "kind" */
    size_t min_inputs, max_inputs;
    size_t options_bytes; /* of the kind's own struct, zeroed before read; 0: it has none */
    /* Takes keys with gaze_read_*. A key that is left over is an error of the file. NULL: no keys. */
    gaze_status (*read)(gaze_keys *keys, void *options);
    /* in: [B,...], as many as the layer has inputs; *out: [B,...]. Called for every batch size and for
       training and prediction alike, so it must build the same each time. What has the tokens or cells of
       in[0] keeps their mask and their place on the image. */
    gaze_status (*build)(gaze_builder *b, const void *options, gaze_tensor *const *in, gaze_tensor **out);
} gaze_attention_kind;

/* Makes the kind known to models that are opened on this context from now on. The struct is copied; its name
   and functions must outlive the context. GAZE_ERROR_USAGE: another version, a name that is taken. */
GAZE_API gaze_status gaze_register_kind(gaze_context *context, const gaze_attention_kind *kind);

/* Loads a shared library and calls its gaze_plugin, which registers kinds. gaze_context_create does so for
   every path in $GAZE_PLUGINS (separated by ':'), the programs for every --plugin. It is unloaded with the
   context. GAZE_ERROR_USAGE: it cannot be loaded or has no gaze_plugin. */
GAZE_API gaze_status gaze_load_plugin(gaze_context *context, const char *path);

/* What a plugin defines; it isn't in the library. */
GAZE_API gaze_status gaze_plugin(gaze_context *context);

/* Keys of the layer. `fallback` is taken where the key is missing; the message of a wrong value names the
   key, what was found and what was expected. */
GAZE_API gaze_status gaze_read_size(gaze_keys *keys, const char *key, size_t least, size_t fallback,
                                    size_t *value);
GAZE_API gaze_status gaze_read_number(gaze_keys *keys, const char *key, double fallback, double *value);
GAZE_API gaze_status gaze_read_bool(gaze_keys *keys, const char *key, bool fallback, bool *value);
/* One of `words`, NULL-terminated; *value is its position. fallback SIZE_MAX: the key is needed. */
GAZE_API gaze_status gaze_read_choice(gaze_keys *keys, const char *key, const char *const *words,
                                      size_t fallback, size_t *value);
/* "mask": "causal", the name of an input or layer of shape [Tv], or a list of both. gaze_build_query_key
   joins the named ones. */
GAZE_API gaze_status gaze_read_mask(gaze_keys *keys, bool *causal);

/* GAZE_SHAPE(2, 3) is the shape [2,3]; a tensor's begins with B, except a weight's. */
typedef struct gaze_shape {
    size_t rank;
    size_t dim[GAZE_MAX_RANK];
} gaze_shape;
#define GAZE_SHAPE(...) ((gaze_shape){sizeof((size_t[]){__VA_ARGS__}) / sizeof(size_t), {__VA_ARGS__}})
GAZE_API gaze_shape gaze_tensor_shape(const gaze_tensor *x);

/* "layer 'attention' (attention): <message>"; returns GAZE_ERROR_MODEL. format: as printf's. */
GAZE_API gaze_status gaze_build_fail(const gaze_builder *b, const char *format, ...);
/* How many inputs the layer has, names from "mask" not counted. */
GAZE_API size_t gaze_build_inputs(const gaze_builder *b);

typedef enum gaze_initializer { GAZE_GLOROT_UNIFORM, GAZE_ZEROS, GAZE_ONES } gaze_initializer;
/* Weight "<layer>.<name>", trained, saved and loaded with the model; a second call with a name gives an
   error. Its shape must not depend on B, nor on what the model's inputs leave open. */
GAZE_API gaze_status gaze_build_weight(gaze_builder *b, const char *name, gaze_shape shape,
                                       gaze_initializer initializer, gaze_tensor **weight);

/* Input number `input`, [T,D] or [H,W,D], as tokens h [B,N,D]; an image's cells lie row by row. mask: int32
   [B,N], 0 where a token does not count, for gaze_op_softmax; NULL where all count. */
GAZE_API gaze_status gaze_build_tokens(gaze_builder *b, size_t input, gaze_tensor **h, gaze_tensor **mask);

typedef struct gaze_map_note {
    gaze_map_axes axes;
    const char *meaning; /* one sentence: what a value says */
    bool sums_to_one;    /* the whole of a sample's map */
    size_t window[2];    /* rows and columns of in[0] that a cell was made from; 0: its own cell alone */
} gaze_map_note;
/* Exposes values [B, the map's shape] as "<layer>", or "<layer>/<part>" where part isn't NULL. It costs
   nothing until it is asked for. Fails where the shape is none of those that `axes` has. */
GAZE_API gaze_status gaze_build_map(gaze_builder *b, const char *part, gaze_tensor *values,
                                    const gaze_map_note *note);

/* Inputs [query, value], [query, value, key], or one that is all three: q [B,Tq,Dq], k [B,Tv,Dk], v
   [B,Tv,Dv]; and their masks and those that gaze_read_mask read. Fails unless k and v have as many tokens. */
typedef struct gaze_query_key {
    gaze_tensor *q, *k, *v;
    gaze_tensor *query_mask, *mask; /* int32 [B,Tq], [B,Tv]; NULL: all count */
} gaze_query_key;
GAZE_API gaze_status gaze_build_query_key(gaze_builder *b, gaze_query_key *seen);
/* The rest of a query-key kind: a = softmax of scores [B,Tq,Tv] over the keys that the masks and `causal`
   leave, zeros where none is left; the map a under the layer's name; y = a v, zeros for masked queries, in
   the query's shape but for the features. meaning NULL: each row is the share that each key gets. */
GAZE_API gaze_status gaze_build_attend(gaze_builder *b, const gaze_query_key *seen, bool causal,
                                       gaze_tensor *scores, const char *meaning, gaze_tensor **y);

/* Ops. Each sets *y and fails, naming op and shapes, where shapes don't fit. */
typedef enum gaze_activation {
    GAZE_LINEAR,
    GAZE_RELU,
    GAZE_SIGMOID,
    GAZE_TANH,
    GAZE_ELU,
    GAZE_LEAKY_RELU, /* slope 0.2 */
    GAZE_GELU,       /* exact */
    GAZE_SILU
} gaze_activation;
typedef enum gaze_reduction { GAZE_MEAN, GAZE_MAX, GAZE_SUM } gaze_reduction;

/* The same values in another shape of as many elements. */
GAZE_API gaze_status gaze_op_reshape(gaze_builder *b, gaze_tensor *x, gaze_shape shape, gaze_tensor **y);
/* Axis i + 1 of y is axis order[i] of x; order holds each of 1..count once, count = rank - 1. */
GAZE_API gaze_status gaze_op_permute(gaze_builder *b, gaze_tensor *x, const size_t *order, size_t count,
                                     gaze_tensor **y);
/* Along an axis that is not 0. 2 to 8 tensors. */
GAZE_API gaze_status gaze_op_concatenate(gaze_builder *b, gaze_tensor *const *x, size_t n, size_t axis,
                                         gaze_tensor **y);
GAZE_API gaze_status gaze_op_slice(gaze_builder *b, gaze_tensor *x, size_t axis, size_t first, size_t count,
                                   gaze_tensor **y);
/* x [...,K], kernel [K,U], bias [U] or NULL -> [...,U] */
GAZE_API gaze_status gaze_op_dense(gaze_builder *b, gaze_tensor *x, gaze_tensor *kernel, gaze_tensor *bias,
                                   gaze_activation activation, gaze_tensor **y);
/* x [B,H,W,C], kernel [kh,kw,C,O], bias [O] or NULL -> [B,H,W,O]: stride 1, zeros around the image */
GAZE_API gaze_status gaze_op_conv2d(gaze_builder *b, gaze_tensor *x, gaze_tensor *kernel, gaze_tensor *bias,
                                    gaze_activation activation, gaze_tensor **y);
/* factor p q: p [B,M,K] (or [B,K,M], transposed), q [B,K,N] (or [B,N,K]) -> [B,M,N]; factor > 0 */
GAZE_API gaze_status gaze_op_matmul(gaze_builder *b, gaze_tensor *p, bool transpose_p, gaze_tensor *q,
                                    bool transpose_q, double factor, gaze_tensor **y);
/* Over the last axis. mask: int32, the shape of x, or [B,N] with x [B,...,N], or NULL; where it is 0, y is 0,
   and where a row is masked whole, all of it. */
GAZE_API gaze_status gaze_op_softmax(gaze_builder *b, gaze_tensor *x, gaze_tensor *mask, gaze_tensor **y);
GAZE_API gaze_status gaze_op_activation(gaze_builder *b, gaze_tensor *x, gaze_activation activation,
                                        gaze_tensor **y);
/* 2 to 8 tensors of one shape, element by element */
GAZE_API gaze_status gaze_op_add(gaze_builder *b, gaze_tensor *const *x, size_t n, gaze_tensor **y);
GAZE_API gaze_status gaze_op_multiply(gaze_builder *b, gaze_tensor *const *x, size_t n, gaze_tensor **y);
/* factor x */
GAZE_API gaze_status gaze_op_scale(gaze_builder *b, gaze_tensor *x, double factor, gaze_tensor **y);
/* s x: s [], a weight of rank 0, one number for all */
GAZE_API gaze_status gaze_op_scale_by(gaze_builder *b, gaze_tensor *x, gaze_tensor *s, gaze_tensor **y);
/* x [...,D], s [...] or [...,1], one factor a row */
GAZE_API gaze_status gaze_op_scale_rows(gaze_builder *b, gaze_tensor *x, gaze_tensor *s, gaze_tensor **y);
/* x [B,...,C], s [B,C], one factor a channel */
GAZE_API gaze_status gaze_op_scale_channels(gaze_builder *b, gaze_tensor *x, gaze_tensor *s, gaze_tensor **y);
/* x [B,...,C] -> [B,C]: over all tokens or cells */
GAZE_API gaze_status gaze_op_reduce_tokens(gaze_builder *b, gaze_tensor *x, gaze_reduction reduction,
                                           gaze_tensor **y);
/* x [...,C] -> [...,1] */
GAZE_API gaze_status gaze_op_reduce_features(gaze_builder *b, gaze_tensor *x, gaze_reduction reduction,
                                             gaze_tensor **y);
/* a [B,N], h [B,N,D] -> [B,D] = sum over n of a_n h_n */
GAZE_API gaze_status gaze_op_weighted_sum(gaze_builder *b, gaze_tensor *a, gaze_tensor *h, gaze_tensor **y);
/* q [B,Tq,D], k [B,Tv,D], scale [D] or NULL -> [B,Tq,Tv] = sum over d of scale_d tanh(q_d + k_d) */
GAZE_API gaze_status gaze_op_additive_scores(gaze_builder *b, gaze_tensor *q, gaze_tensor *k,
                                             gaze_tensor *scale, gaze_tensor **y);
/* x [...,C], gamma and beta [C] or NULL: mean 0 and variance 1 in each row, then gamma, then beta */
GAZE_API gaze_status gaze_op_layer_normalization(gaze_builder *b, gaze_tensor *x, gaze_tensor *gamma,
                                                 gaze_tensor *beta, double epsilon, gaze_tensor **y);

/* ---- Measurement ---- */

typedef struct gaze_bench_options {
    bool training;
    size_t batch_size; /* 0: 64 */
    double seconds;    /* 0: 2 */
    const char *trace; /* NULL, or the file that a few more steps are written to, call by call and kernel by
                          kernel: JSON of the trace event format, which ui.perfetto.dev and chrome://tracing
                          open. GAZE_ERROR_USAGE: the context doesn't profile. */
} gaze_bench_options;

typedef struct gaze_bench_line {
    const char *layer, *op, *kernel;
    double ms, gflops, gbytes_per_second, percent_of_peak; /* a step's */
    double gap_ms; /* that the device's queue stood still before these launches */
    size_t launches;
} gaze_bench_line;

typedef struct gaze_tuned_op {
    const char *layer, *op, *candidate; /* layer "", op "step": of the step as a whole */
} gaze_tuned_op;

typedef struct gaze_bench_result {
    double samples_per_second, step_ms; /* median of whole steps on random data */
    double peak_gflops, copy_gbytes;    /* measured in this run */
    double flop;                        /* of a step */
    size_t memory_bytes;                /* that buffers on the device take */
    size_t resident_bytes; /* most that the process has had in memory before kernels were looked at; 0: not
                              known */
    gaze_program_counts programs; /* of the context, up to there */
    size_t launches;              /* of a step; this and the next are 0 unless the context profiles */
    double kernels_ms,
        gaps_ms; /* of profiled steps: all kernels, and what a step takes beyond them; medians */
    size_t n_lines;
    gaze_bench_line *lines; /* empty unless the context profiles */
    size_t n_tuned;
    gaze_tuned_op *tuned; /* what gaze tune, or $GAZE_CHOICES, has changed in the step */
} gaze_bench_result;
GAZE_API gaze_status gaze_bench(gaze_model *model, const gaze_bench_options *options,
                                gaze_bench_result *result);
GAZE_API void gaze_bench_free(gaze_bench_result *result);

/* ---- Tuning ---- */

typedef struct gaze_tune_options {
    bool training;
    size_t batch_size; /* 0: 64 */
    double seconds;    /* the budget; 0: 60. What is not measured by then stays as it was */
} gaze_tune_options;

typedef struct gaze_candidate {
    const char *name;
    double ms;          /* of a step, in all layers of the choice; 0: not measured within the budget */
    const char *failed; /* NULL, or why it doesn't count: it could not run, or its results are wrong */
} gaze_candidate;

/* A choice between kernels that make the same, for an op of a shape in some layers of the model. */
typedef struct gaze_choice {
    const char *op, *shape;
    const char *layers; /* "conv2d_1, conv2d_2"; of op "step", which is the model as a whole: "" */
    size_t n_candidates;
    gaze_candidate *candidates; /* the first is the usual one */
    size_t taken;
} gaze_choice;

typedef struct gaze_tune_result {
    size_t n_choices;
    gaze_choice *choices;
    double before_ms, after_ms; /* whole steps in turns, medians: the usual kernels, and what was taken */
    bool slower; /* the step was slower with what had been taken, and the usual kernels were put back */
    bool kept;   /* on disk: not where there is no folder for caches; then for this context alone */
} gaze_tune_result;

/* Finds the fastest of the kernels that Gaze has for each op of the model's step on this device: measures
   whole steps in turns with the usual ones, holds what is faster by more than noise to the op's limits
   against its reference (verification's), and keeps it for this device, driver and version. Plans that are
   made later, in other processes too, take it. Other kernels add in another order: bits may differ from
   before, and are then again the same on every run. Needs a context made with profile. *result is freed with
   gaze_tune_free. */
GAZE_API gaze_status gaze_tune(gaze_model *model, const gaze_tune_options *options,
                               const gaze_tune_result **result);
GAZE_API void gaze_tune_free(const gaze_tune_result *result);

/* What gaze_tune has kept for the context's device. */
typedef struct gaze_chosen {
    const char *key;       /* "training cpu conv2d 64 x 26 x 26 x 32 to ..." */
    const char *candidate; /* that is taken in place of the usual one */
    double usual_ms, ms;   /* as they were measured */
} gaze_chosen;
GAZE_API gaze_status gaze_tuned(gaze_context *context, const gaze_chosen **list, size_t *count);

/* Forgets it all. GAZE_ERROR_DATA: the folder can't be written. */
GAZE_API gaze_status gaze_tuned_forget(gaze_context *context);

#ifdef __cplusplus
}
#endif
#endif
