/* Data sets: train and test parts, samples by number, batches prepared ahead by a host thread. Knows base and
   io only: a model tells what it needs as a gz_data_need. */
#ifndef GZ_DATA_H
#define GZ_DATA_H
#include "../base/file.h"
#include "../base/philox.h"

typedef struct gz_data_need {
    size_t n_inputs;
    const gaze_array *inputs; /* name, dtype, shape of ONE sample (no batch); an open dimension is 0 */
    size_t n_classes;         /* of the output's last axis; labels are 0..n_classes-1; 0: no labels needed */
    size_t label_rank;        /* 0: one label a sample; 1: one a step */
    const char *const *classes; /* the model's names of them, NULL-terminated; NULL: it has none */
} gz_data_need;

/* How images are changed at random, in training alone; all zeros: not at all. */
typedef struct gz_augment {
    bool flip;    /* every other one is mirrored, left and right */
    size_t shift; /* by up to so many pixels, up or down and left or right */
    double crop;  /* a part of at least this share of each side is seen in full size; 0: all of it */
} gz_augment;

/* Arrays that somebody else keeps while the data is open. */
typedef struct gz_memory {
    const gaze_data_arrays *train, *test; /* test NULL: there is no such part */
} gz_memory;

typedef struct gz_data_spec {
    const char *type;               /* "idx", "cifar10", "npy", ... */
    const char *path;               /* file, folder, or the synthetic set's name */
    const char *scale;              /* "0..1" (bytes / 255, the default for images), "-1..1", "none" */
    uint64_t seed;                  /* of synthetic sets */
    size_t train_count, test_count; /* of synthetic sets; 0: the default */
    bool allow_overlap;             /* train and test may share samples */
    const char *aspect;             /* of images in folders: "squeeze" (NULL: this), "crop" or "pad" */
    bool skip_bad;                  /* damaged images in folders are left out */
    gz_augment augment;
    const gz_memory *memory; /* the data itself: type and path don't count; NULL: they do */
} gz_data_spec;

typedef enum gz_part { GZ_TRAIN, GZ_TEST } gz_part;

typedef struct gz_rectangle {
    size_t y0, x0, y1, x1; /* ends included */
} gz_rectangle;

typedef struct gz_data gz_data;

/* One type of data, in a file of its own. `open` finds data->inputs as the need has them, fills in their open
   dimensions, and sets state, label_count, has_labels and hash; on an error close(state) is called where it
   set a state. */
typedef struct gz_data_type {
    const char *name;
    gaze_status (*open)(const gz_data_spec *spec, const gz_data_need *need, gz_data *data);
    void (*close)(void *state); /* NULL: the state belongs to data->arena */
    size_t (*count)(const void *state, gz_part part);
    /* Copies sample `index` of `part`: inputs[i] has room for one sample of input i, *label for label_count
     * int32. Called from any thread. */
    gaze_status (*fetch)(const void *state, gz_part part, size_t index, void *const *inputs, int32_t *label);
    bool (*truth)(const void *state, gz_part part, size_t index,
                  gz_rectangle *rectangle); /* NULL: never known */
    /* XXH3 of a sample's inputs as the files hold them, to find what train and test share; NULL: never
     * compared. */
    uint64_t (*sample_hash)(const void *state, gz_part part, size_t index);
    const char *(*sample_name)(const void *state, gz_part part, size_t index); /* NULL: samples have none */
    size_t (*bad)(const void *state, char first[512]); /* see gz_data_bad; NULL: never any */
} gz_data_type;

struct gz_data {
    const gz_data_type *type;
    void *state;
    gz_arena *arena;
    size_t n_inputs;
    gaze_array *inputs; /* shape of one sample, open dimensions filled in from the data; data NULL */
    size_t label_count; /* int32 labels a sample: 1, or the steps; 0: there are none */
    bool has_labels;
    const char *const *classes; /* names, NULL-terminated; NULL where the data has none */
    const char *note;           /* a sentence that the user should read, or NULL */
    gz_augment augment;         /* of the training part, by gz_batches */
    bool skip_bad;              /* a sample that can't be fetched (GAZE_ERROR_DATA) may be left out */
    gz_hash hash;               /* of the files' bytes, or of the spec of a synthetic set */
};

/* Opens, checks shapes, types and labels against `need`: a message names file, sample, found, expected.
   Unknown types and synthetic names offer the nearest. Train and test sharing samples (by hash) is an error
   where both are files. Freed by gz_data_close. */
gaze_status gz_data_open(const gz_data_spec *spec, const gz_data_need *need, gz_data **out);
void gz_data_close(gz_data *data); /* NULL is fine */
size_t gz_data_count(const gz_data *data, gz_part part);
gaze_status gz_data_fetch(const gz_data *data, gz_part part, size_t index, void *const *inputs,
                          int32_t *label);
/* How many damaged samples were left out until now, and what was wrong with the first. */
size_t gz_data_bad(const gz_data *data, char first[512]);
bool gz_data_truth(const gz_data *data, gz_part part, size_t index, gz_rectangle *rectangle);

/* Processes that share the work: this is number `rank` of `ranks`; ranks 0: it works alone. */
typedef struct gz_share {
    size_t rank, ranks;
} gz_share;

/* Of `count` samples, rank's are those from here to gz_share_first(count, rank + 1, ranks). */
size_t gz_share_first(size_t count, size_t rank, size_t ranks);

/* Batches ahead: one thread fills up to `ahead` batches while the device works. */
typedef struct gz_batch {
    size_t count;  /* samples in it: batch_size, or fewer in the last of an epoch; of a share perhaps none */
    size_t whole;  /* samples in all shares of it */
    size_t first;  /* position of its first sample in the epoch's order */
    void **inputs; /* [n_inputs] -> [count, ...] */
    int32_t *labels; /* [count, label_count] */
} gz_batch;
typedef struct gz_batches gz_batches;

typedef struct gz_batches_options {
    gz_part part;
    size_t batch_size;
    bool shuffle; /* by key: the order of epoch e depends on seed and e alone */
    uint64_t seed;
    size_t first_epoch; /* counts from 0 */
    size_t first_batch; /* where to begin in the first epoch (resume) */
    size_t epochs;      /* 0: without end */
    size_t limit;       /* only the first `limit` samples of the part (0: all) */
    size_t ahead;       /* 0: 4 */
    bool training;  /* samples are augmented, and damaged ones that may be left out make room for the next,
                       so that batches stay whole; otherwise batches get smaller */
    gz_share share; /* training: of each batch, so that all ranks have as many batches; otherwise every
                       ranks-th batch, as it would be without the others */
} gz_batches_options;
gaze_status gz_batches_open(const gz_data *data, const gz_batches_options *options, gz_batches **out);
/* The next batch, until the next call; *batch NULL after the last. Errors of the thread come here. */
gaze_status gz_batches_next(gz_batches *batches, const gz_batch **batch);
void gz_batches_close(gz_batches *batches); /* stops the thread; NULL is fine */

#endif
