/* What the files of gaze_faithful share. */
#ifndef GZ_API_FAITHFUL_H
#define GZ_API_FAITHFUL_H
#include "../faithful/impute.h"
#include "dump.h"
#include "data.h"

typedef struct gz_faithful_sample {
    gaze_array inputs[GZ_MAX_INPUTS]; /* a batch of 1 */
    int32_t label;                    /* -1: none */
    gaze_place truth;
    size_t index;
} gz_faithful_sample;

/* A map of one sample as values of the parts. */
typedef struct gz_faithful_scores {
    float *values;   /* [parts] */
    uint32_t *order; /* [parts] the most important first */
    double peak[2];  /* y, x: the centre of its largest cell, in parts; NaN where all cells are equal */
} gz_faithful_scores;

typedef struct gz_faithful {
    gaze_model *model;
    gaze_data *data;
    const gaze_faithful_options *options;
    gz_arena *arena;
    gz_key key;
    gaze_faithful_result *to;
    const gaze_map_info *maps[2]; /* the one that is put to the test, and Grad-CAM or NULL */
    size_t n_inputs, target;      /* target: the input that parts are taken from */
    gz_parts parts;               /* of it */
    bool ids;                     /* its values are tokens */
    const char *said;             /* how the map became values of the parts; NULL: not known yet */
    const char *no_grad_cam;      /* why there is none; NULL: there is */
    gz_faithful_scores scores[GAZE_FAITHFUL_MAPS];
    gz_dump_prediction prediction; /* of the sample, as a whole */
    /* Removal (faithful_removal.c): */
    const char *removals[2];
    const char *described;
    float *mean;  /* [channels] over the samples */
    double noise; /* one standard deviation */
    gz_imputer *imputer;
    bool *removed; /* [parts] what is away now */
} gz_faithful;

/* Numbers in scores; in maps, GZ_FAITHFUL_GRADCAM is the second. */
enum { GZ_FAITHFUL_OWN, GZ_FAITHFUL_RANDOM, GZ_FAITHFUL_GRADCAM };
enum { GZ_FAITHFUL_PLAIN, GZ_FAITHFUL_OTHER, GZ_FAITHFUL_REMOVALS };

/* All but order; the caller releases the sample, also on errors. */
gaze_status gz_faithful_fetch(const gz_faithful *f, size_t index, gz_faithful_sample *sample);
void gz_faithful_release(gz_faithful_sample *sample);

/* Chooses the maps and the input, and what it has in the way of parts (faithful_choose.c). */
gaze_status gz_faithful_choose(gz_faithful *f);
/* Fills scores and prediction (faithful_maps.c). */
gaze_status gz_faithful_score(gz_faithful *f, const gz_faithful_sample *sample);

/* Chooses the removals and learns from the samples what they need (faithful_removal.c). */
gaze_status gz_faithful_learn(gz_faithful *f);
/* row: a copy of the sample's target input, from which the parts in f->removed are taken. other: another
 * sample.
 */
void gz_faithful_take(gz_faithful *f, size_t removal, const gz_faithful_sample *sample,
                      const gz_faithful_sample *other, void *row);

static inline size_t gz_faithful_count(const gz_faithful *f) { return f->parts.height * f->parts.width; }

#endif
