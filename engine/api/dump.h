/* What the files of gaze_dump share: what was asked for, and the results of the run. */
#ifndef GZ_DUMP_H
#define GZ_DUMP_H
#include "../base/text.h"
#include "../view/view.h"
#include "api.h"

/* symbol, word, what a map must be (and an input) for the view */
#define GZ_DUMP_VIEW_LIST(X)                                                                    \
    X(OVERLAY, overlay, "an input of shape [height, width, 1 or 3] and a map over it")          \
    X(MAP, map, "a map")                                                                        \
    X(SIDE, side, "an input of shape [height, width, 1 or 3] and a map over it")                \
    X(SHEET, sheet, "a map")                                                                    \
    X(MATRIX, matrix, "a map of queries by keys")                                               \
    X(HEADS, heads, "a map with several heads or channels")                                     \
    X(BARS, bars, "a map over a sequence, or one of queries by keys and a query")               \
    X(TEXT, text, "a map over a sequence, or one of queries by keys and a query")               \
    X(HTML, html, "a map over a sequence, or one of queries by keys and a query")               \
    X(QUERY, query,                                                                             \
      "a query, an input of shape [height, width, 1 or 3] and a map of its cells by its cells") \
    X(PANELS, panels,                                                                           \
      "features [height, width, channels] before and after an attention layer with such a map") \
    X(ANIMATION, animation, "a run folder with checkpoints")
#define GZ_DUMP_SYMBOL(symbol, word, needs) GZ_DUMP_##symbol,
enum { GZ_DUMP_VIEW_LIST(GZ_DUMP_SYMBOL) GZ_DUMP_VIEWS };
#undef GZ_DUMP_SYMBOL
#define GZ_DUMP_BIT(view) (1u << (view))

typedef enum gz_dump_reduction { GZ_USUAL, GZ_MEAN_OF_ALL, GZ_LARGEST_OF_ALL, GZ_ONE } gz_dump_reduction;

typedef struct gz_dump_map {
    const gaze_map_info *info;
    const gaze_array *values;         /* [B, the map's shape] */
    gaze_map_part part;               /* which rows `values` holds; its map is NULL: all */
    size_t queries, all_heads;        /* of the whole map, between tokens */
    const char *file;                 /* "<out>/<stem>.<map>", '/' in the map's name as "__" */
    bool between;                     /* rows are queries, columns are keys */
    bool on_image;                    /* its cells have a place on the input image */
    const gaze_array *before, *after; /* features around its layer; NULL: not wanted */
    unsigned fits;                    /* bits of the views that it has */
    bool heads;                       /* [H,Tq,Tv]; otherwise its third axis, if any, holds channels */
    size_t parts;                     /* heads or channels; 0: it has no such axis */
    size_t height, width;             /* as it is drawn */
    const float *cells;               /* [B, height, width]: values, or values merged over an axis */
    const char *merged;               /* how, in a sentence for captions; NULL: not */
} gz_dump_map;

typedef struct gz_dump_prediction {
    size_t class;
    double probability; /* -1: the output isn't made of probabilities */
} gz_dump_prediction;

typedef struct gz_dump {
    gaze_model *model; /* NULL: gaze_draw's, which has values and no more */
    const gaze_array *inputs;
    size_t n_inputs;
    const char *stem;
    const size_t *indices;
    const int32_t *labels;
    const gaze_dump_options *options;
    gaze_dump_written *written;
    void *user;
    gz_arena *arena;
    gz_colors colors;
    gz_scaling scaling;
    unsigned views;   /* bits */
    const char *view; /* the one that was asked for; NULL: those that fit */
    gz_dump_reduction reduction;
    size_t query[2], query_numbers; /* "I": 1 number, "Y,X": 2; 0: none was asked for */
    size_t query_rows;              /* "I..J": how many, from query[0] on; 0: no range was asked for */
    size_t part;                    /* GZ_ONE: the head or channel */
    size_t batch;
    const gaze_array *image; /* the first input [B,H,W,1 or 3] of float32, or NULL */
    gz_dump_map *maps;
    size_t n_maps;
    gaze_array *results; /* the first output, the maps, features around layers */
    size_t n_results;
    const gz_dump_prediction *predictions; /* [batch], or NULL */
    gaze_decoded decoded;                  /* answers; no tokens: the inputs are as they were given */
    gaze_array written_tokens; /* int32 [batch, steps] of a model that writes sequences; else no data */
    const char *checkpoints;   /* run folder of the animation, or NULL */
    const char *moment;        /* of training, for titles: "epoch 3"; NULL: none */
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

/* Reads options->view; then finds what is between tokens, what is on the image, and which views each map has.
 * A view that was asked for by name and that no map has is an error (dump_views.c). */
gaze_status gz_dump_parse_view(gz_dump *dump);
gaze_status gz_dump_fit_views(gz_dump *dump, size_t n_inputs);
const char *gz_dump_view_word(size_t view);
/* For one map without a model: the view that was asked for, or the usual one (dump_views.c). */
gaze_status gz_dump_choose_view(gz_dump *dump, gz_dump_map *map, size_t *view);
/* Tells where a map hasn't got the view that was asked for. */
void gz_dump_say_missing(const gz_dump *dump, const gz_dump_map *map);

/* Finds which rows of each map between tokens are shown: no others are computed. An error where that is more
   than can be held. A line of the .json (dump_part.c). */
gaze_status gz_dump_choose_parts(gz_dump *dump, size_t n_inputs);
void gz_dump_write_part(gz_text *text, const gz_dump_map *map);

/* Fills results, merges maps, finds the predictions (dump_results.c). */
gaze_status gz_dump_run(gz_dump *dump, size_t n_inputs);

/* options->reduce; the cells of a map as they are drawn; one head or channel after the other (dump_reduce.c).
 */
gaze_status gz_dump_parse_reduction(gz_dump *dump);
gaze_status gz_dump_find_cells(const gz_dump *dump, gz_dump_map *map);
void gz_dump_spread(const gz_dump_map *map, size_t sample, float *planes); /* [parts, height, width] */

/* Where an answer is asked for, or the input that the model writes is missing: puts what answers are written
 * from in its place. After the run: the tokens that are written at each step (dump_decode.c). */
gaze_status gz_dump_decode(gz_dump *dump);
gaze_status gz_dump_find_written(gz_dump *dump);
/* Do the map's queries come from the input that the model writes (dump_names.c)? */
bool gz_dump_writes(const gz_dump *dump, const gz_dump_map *map);

/* The model's input that the layer's input number `at` comes from, first inputs all the way up
 * (dump_names.c).
 */
const char *gz_dump_origin(const gz_dump *dump, const char *layer, size_t at);

/* What was given for the model's input `name`; NULL: it is no input (dump_names.c). */
const gaze_array *gz_dump_input(const gz_dump *dump, const char *name);

/* Names of queries and keys, where they are known (dump_names.c). */
bool gz_dump_has_names(const gz_dump *dump, const gz_dump_map *map);
gaze_status gz_dump_names(const gz_dump *dump, const gz_dump_map *map, size_t sample, gz_axes *axes);

/* options->query; one step after the other: a map over a sequence, or the row of the query that was asked
 * for, with words for the caption in *said (dump_query.c). */
gaze_status gz_dump_parse_query(gz_dump *dump);
gaze_status gz_dump_sequence(const gz_dump *dump, const gz_dump_map *map, size_t sample,
                             gz_sequence *sequence, const char **said);

/* The number of the map's query that was asked for; false: its tokens are no grid on the image
 * (dump_query.c). */
gaze_status gz_dump_find_query(const gz_dump *dump, const gz_dump_map *map, size_t *query, bool *found);
/* The cell of the query that was asked for, and what it looks at as a map over the image (dump_query.c). */
gaze_status gz_dump_image_query(const gz_dump *dump, const gz_dump_map *map, size_t sample, gz_map *row,
                                size_t query[2], bool *has_grid);

/* What lies around a map's layer (dump_features.c): whether features [H,W,C] go in and come out; the features
 * merged over channels; the image's cells that are its tokens: size, place, and the map's first row as
 * values. */
bool gz_dump_has_features(const gz_dump *dump, const gz_dump_map *map);
bool gz_dump_before_is_input(const gz_dump *dump, const gz_dump_map *map, const gaze_array **input);
const char *gz_dump_before_name(const gz_dump *dump, const gz_dump_map *map);
gaze_status gz_dump_features(const gz_dump *dump, const gz_dump_map *map, size_t sample,
                             gz_features *features);
bool gz_dump_grid(const gz_dump *dump, const gz_dump_map *map, gz_map *row);
bool gz_dump_split_tokens(const gz_dump *dump, size_t count, size_t grid[2]);

/* Words above a picture (dump_titles.c). NULL: out of memory. */
const char *gz_dump_title(const gz_dump *dump, const gz_dump_map *map, size_t sample);
const char *gz_dump_class_name(const gz_dump *dump, size_t number);

/* <file>.npy and <file>.json (dump_raw.c). */
gaze_status gz_dump_raw(const gz_dump *dump, const gz_dump_map *map);

/* What one map's pictures have in common. gz_dump_art_end it, also after an error. */
typedef struct gz_dump_art {
    const gz_dump *dump;
    const gz_dump_map *map;
    gz_picture_options options; /* all but title and caption */
    float *photos;              /* [B,H,W,C] in 0..1, or NULL */
    const char *photo_note;     /* how they got there; NULL: as they were */
    const char *note;           /* a further sentence for captions; NULL */
} gz_dump_art;
/* Words below a picture (dump_titles.c). NULL: out of memory. */
const char *gz_dump_caption(const gz_dump_art *art, size_t view);
/* The images as photos [B,H,W,C] in 0..1, free() them; *note: how they got there, NULL: as they were. */
gaze_status gz_dump_scale_photos(const gz_dump *dump, float **photos, const char **note);
gaze_status gz_dump_art_begin(const gz_dump *dump, const gz_dump_map *map, gz_dump_art *art);
void gz_dump_art_end(gz_dump_art *art);
gz_map gz_dump_map_of(const gz_dump_art *art, size_t sample);
gz_photo gz_dump_photo_of(const gz_dump_art *art, size_t sample);

/* One view of one sample, all but sheet, html and animation; html (dump_draw.c). options: all but the
 * caption. why: empty, or ": every value is 1", and nothing was drawn. */
enum { GZ_DUMP_WHY = 200 };
gaze_status gz_dump_draw(const gz_dump_art *art, size_t sample, size_t view,
                         const gz_picture_options *options, gz_image *image, char why[GZ_DUMP_WHY]);
gaze_status gz_dump_draw_page(const gz_dump_art *art, size_t sample, const gz_picture_options *options,
                              char **page, char why[GZ_DUMP_WHY]);
/* Samples first, first + 1, .. as a contact sheet (dump_pictures.c). */
enum { GZ_SHEET_TILES = 64 };
gaze_status gz_dump_draw_sheet(const gz_dump_art *art, size_t first, size_t count, const char *title,
                               gz_image *image);
void gz_dump_tell_undrawable(const gz_dump *dump, const gz_dump_map *map, size_t sample, const char *why);
/* tEXt chunks; NULL: out of memory. */
const char *const *gz_dump_png_text(const gz_dump *dump, const gz_dump_map *map);

/* <file>.<index>.<view>.png and <file>.sheet.png (dump_pictures.c). */
gaze_status gz_dump_pictures(const gz_dump *dump, const gz_dump_map *map);

/* <file>.<index>.animation.png of every map that has the view: runs the model with the weights of each
 * checkpoint of a run folder, then gives it back its own (dump_animation.c). */
gaze_status gz_dump_animations(gz_dump *dump, size_t n_inputs);

#endif
