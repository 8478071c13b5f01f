/* What the files of gaze_dump share: what was asked for, and the results of the run. */
#ifndef GZ_DUMP_H
#define GZ_DUMP_H
#include "../base/text.h"
#include "../view/view.h"
#include "api.h"

enum { GZ_DUMP_OVERLAY = 1, GZ_DUMP_MAP = 2, GZ_DUMP_SIDE = 4, GZ_DUMP_SHEET = 8 };

typedef struct gz_dump_map {
    const gaze_map_info *info;
    const gaze_array *values; /* [B, the map's shape] */
    const char *file;         /* "<out>/<stem>.<map>", '/' in the map's name as "__" */
    bool between;             /* rows are queries, columns are keys */
    bool on_image;            /* its cells have a place on the input image */
    size_t height, width;     /* as it is drawn */
    const float *cells;       /* [B, height, width]: values, or values merged over an axis */
    const char *merged;       /* how, in a sentence for captions; NULL: not */
} gz_dump_map;

typedef struct gz_dump_prediction {
    size_t class;
    double probability; /* -1: the output isn't made of probabilities */
} gz_dump_prediction;

typedef struct gz_dump {
    gaze_model *model;
    const gaze_array *inputs;
    const char *stem;
    const size_t *indices;
    const int32_t *labels;
    const gaze_dump_options *options;
    gaze_dump_written *written;
    void *user;
    gz_arena *arena;
    gz_colors colors;
    gz_scaling scaling;
    unsigned views;
    bool every_view; /* none was asked for: those that fit */
    size_t batch;
    const gaze_array *image; /* the first input [B,H,W,1 or 3] of float32, or NULL */
    gz_dump_map *maps;
    size_t n_maps;
    gaze_array *results;                   /* [n_maps + 1], the first output last */
    const gz_dump_prediction *predictions; /* [batch], or NULL */
} gz_dump;

static inline size_t gz_dump_index(const gz_dump *dump, size_t sample)
{
    return dump->indices ? dump->indices[sample] : sample;
}

/* -1: none */
static inline int32_t gz_dump_label(const gz_dump *dump, size_t sample)
{
    return dump->labels ? dump->labels[sample] : -1;
}

void gz_dump_tell(const gz_dump *dump, const char *path, const char *note);

/* Fills results, merges maps, finds the predictions (dump_results.c). */
gaze_status gz_dump_run(gz_dump *dump, size_t n_inputs);

/* <file>.npy and <file>.json (dump_raw.c). */
gaze_status gz_dump_raw(const gz_dump *dump, const gz_dump_map *map);

/* <file>.<index>.<view>.png and <file>.sheet.png (dump_pictures.c). */
gaze_status gz_dump_pictures(const gz_dump *dump, const gz_dump_map *map);

#endif
