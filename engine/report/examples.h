/* Examples and their maps: by layer, by head, by moment of training. */
#ifndef GZ_REPORT_EXAMPLES_H
#define GZ_REPORT_EXAMPLES_H
#include "../html/html.h"
#include "../train/record.h"
#include "../view/panel.h"

typedef enum gz_shown {
    GZ_SHOWN_ON_IMAGE, /* cells have a place on the input image */
    GZ_SHOWN_MATRIX,   /* rows are queries, columns are keys */
    GZ_SHOWN_STEPS,    /* a value for each token or step */
    GZ_SHOWN_CELLS     /* cells alone */
} gz_shown;

typedef struct gz_shown_map {
    const gaze_map_info *info;
    gz_shown shown;
    const char *why; /* it isn't shown; NULL: it is */
    size_t n_slices; /* 1; or heads merged, then each by itself */
    const char *const *slices;
    size_t height, width;
    gz_map
        grid; /* of a matrix whose keys are cells of the input image: their size and place; else height 0 */
    const float **values; /* [moments] -> [examples, slices, height, width] */
} gz_shown_map;

enum {
    GZ_MOST_DRAWN = 64,
    GZ_OVERLAY = 84
}; /* cells of a matrix each way, neighbours are merged above; pixels */

typedef struct gz_example {
    const char *title; /* "Sample 17: Coat, taken for Shirt (0.71)" */
    bool wrong;
    gz_photo photo; /* height 0: it has none */
    gz_map steps;   /* a sequence of features: [features, steps]; height 0: it is none */
    gaze_place
        truth; /* where the evidence is: pixels, or steps y0..y1 of the first input, x0..x1 of the second */
    gz_fact *texts; /* inputs and answers that are tokens */
    size_t n_texts;
    gz_axes *axes; /* [maps] */
} gz_example;

typedef struct gz_examples {
    const char *chosen; /* how, in sentences */
    const char *const *moments;
    size_t n_moments; /* the last one is that of the weights that the page is about */
    gz_shown_map *maps;
    size_t n_maps;
    gz_example *list;
    size_t count;
} gz_examples;

static inline const float *gz_shown_values(const gz_shown_map *map, size_t moment, size_t example,
                                           size_t slice)
{
    const size_t cells = map->height * map->width;
    return map->values[moment] + (example * map->n_slices + slice) * cells;
}

/* ---- Frames (frames.c): one map of one example, one slice at one moment ---- */

/* What all slices and moments of an example's map have in common: one range of values. */
typedef struct gz_frames {
    const gz_examples *all;
    const gz_shown_map *map;
    const gz_example *example;
    size_t number; /* of the example */
    bool constant; /* there is nothing to draw: all values are `low` */
    double low, high;
} gz_frames;
gz_frames gz_frames_of(const gz_examples *all, size_t map, size_t example);

/* The page's part without script: the last moment, the first slice. */
void gz_frames_add(gz_text *page, const gz_frames *frames, size_t map);
/* For the script: [moment][slice] = {"s": what there is to see, "p": pictures} or {"s", "c": colours 0..255,
   "v": values as text}. */
void gz_frames_add_json(gz_text *page, const gz_frames *frames);
/* One frame, and the range that its colours stand for. */
gz_map gz_frames_map(const gz_frames *frames, size_t moment, size_t slice);
gz_range gz_frames_range(const gz_frames *frames);

/* How many pictures a frame is (pictures.c); whether the second of a matrix is what each key gets, as mean of
   all queries, over the image whose cells the keys are. */
size_t gz_frames_pictures(const gz_frames *frames);
bool gz_frames_have_received(const gz_frames *frames);
/* "data:.." of one of them. */
void gz_frames_picture(gz_text *page, const gz_frames *frames, size_t moment, size_t slice, size_t number);
/* Queries by keys with their names (matrix.c). words: what there is to see. */
void gz_matrix_add(gz_text *page, const gz_frames *frames, const gz_axes *axes, const char *words);

#endif
