/* synthetic:patch. An image with one bright patch among dim ones; all show textures, and the class is the
   bright one's. Brightness says where to look, texture what is there: a network has to do both, and where it
   should look is known. */
#include "synthetic.h"

#include <inttypes.h>
#include <string.h>

enum {
    TEXTURE_SIDE = 5,
    N_DIM = 4, /* distractors */
    PLACE_ATTEMPTS = 64,
    DEFAULT_SIDE = 28, /* of the image, where the model leaves it open */
    LEAST_SIDE = 16,
    MOST_CHANNELS = 4,
    DEFAULT_CLASSES = 4
};

static const char *const textures[][TEXTURE_SIDE] = {
    {"#####", ".....", "#####", ".....", "#####"}, /* rows */
    {"#.#.#", "#.#.#", "#.#.#", "#.#.#", "#.#.#"}, /* columns */
    {"#.#.#", ".#.#.", "#.#.#", ".#.#.", "#.#.#"}, /* checkerboard */
    {"#####", "#...#", "#...#", "#...#", "#####"}, /* frame */
    {"..#..", "..#..", "#####", "..#..", "..#.."}, /* plus */
    {"#...#", ".#.#.", "..#..", ".#.#.", "#...#"}, /* cross */
    {"##...", "##...", ".....", "...##", "...##"}, /* two corners */
    {"...##", "...##", ".....", "##...", "##..."}, /* the other two */
    {".....", ".###.", ".###.", ".###.", "....."}, /* block */
    {"##.##", "##.##", ".....", "##.##", "##.##"}, /* four blocks */
};
enum { N_TEXTURES = sizeof textures / sizeof *textures };

/* Pixels are bytes, so that they are the same on every machine. Noise: at most so much up or down. */
enum { BACKGROUND = 26, NOISE = 25, LEAST_PIXEL = 0, MOST_PIXEL = 255, NOISE_A_DRAW = 8 };
static const int dim[2] = {26, 128}, bright[2] = {140, 255};

typedef struct patch_set {
    gz_key key;
    size_t height, width, channels, side, n_classes; /* side: of a patch */
    size_t counts[GZ_N_PARTS];
    float table[256]; /* bytes as floats */
} patch_set;

typedef struct scene {
    size_t n_patches; /* the first one is the bright one */
    size_t y[N_DIM + 1], x[N_DIM + 1], texture[N_DIM + 1];
} scene;

static bool apart(const patch_set *set, const scene *s, size_t y, size_t x)
{
    for (size_t i = 0; i < s->n_patches; i++)
        if (y <= s->y[i] + set->side && s->y[i] <= y + set->side && x <= s->x[i] + set->side &&
            s->x[i] <= x + set->side)
            return false;
    return true;
}

/* A patch that finds no place is left out; the first one always finds one. */
static void place(const patch_set *set, scene *s, size_t texture, gz_draw *draw)
{
    for (int attempt = 0; attempt < PLACE_ATTEMPTS; attempt++) {
        const size_t y = gz_draw_below(draw, set->height - set->side + 1),
                     x = gz_draw_below(draw, set->width - set->side + 1);
        if (!apart(set, s, y, x)) continue;
        s->y[s->n_patches] = y;
        s->x[s->n_patches] = x;
        s->texture[s->n_patches++] = texture;
        return;
    }
}

static scene draw_scene(const patch_set *set, gz_draw *draw)
{
    scene s = {0};
    const size_t label = gz_draw_below(draw, set->n_classes);
    place(set, &s, label, draw);
    for (int i = 0; i < N_DIM; i++) {
        const size_t other = gz_draw_below(draw, set->n_classes - 1);
        place(set, &s, other < label ? other : other + 1, draw);
    }
    return s;
}

static void paint_patch(const patch_set *set, const scene *s, size_t i, float *image)
{
    const int *levels = i == 0 ? bright : dim;
    for (size_t y = 0; y < set->side; y++) {
        for (size_t x = 0; x < set->side; x++) {
            const size_t row = y * TEXTURE_SIDE / set->side, column = x * TEXTURE_SIDE / set->side;
            const bool lit = textures[s->texture[i]][row][column] == '#';
            image[((s->y[i] + y) * set->width + s->x[i] + x) * set->channels] = (float)levels[lit];
        }
    }
}

/* Noise of eight pixels, from counters with the top bit set, which the words of a draw never have. */
static void draw_noise(const gz_draw *draw, size_t block, int noise[NOISE_A_DRAW])
{
    const uint32_t counter[4] = {(uint32_t)block, 1u << 31, (uint32_t)draw->stream,
                                 (uint32_t)(draw->stream >> 32)};
    uint32_t random[4];
    gz_philox(draw->key, counter, random);
    for (size_t i = 0; i < NOISE_A_DRAW; i++) {
        const uint32_t half = random[i / 2] >> 16 * (i % 2) & 0xffff;
        noise[i] = (int)(half * (2 * NOISE + 1) >> 16) - NOISE;
    }
}

/* The first channel holds bytes as they were painted; the others become equal to it. */
static void finish_pixels(const patch_set *set, const gz_draw *draw, float *image)
{
    int noise[NOISE_A_DRAW];
    for (size_t i = 0; i < set->height * set->width; i++) {
        float *pixel = image + i * set->channels;
        if (i % NOISE_A_DRAW == 0) draw_noise(draw, i / NOISE_A_DRAW, noise);
        const int noisy = (int)pixel[0] + noise[i % NOISE_A_DRAW];
        const int byte = noisy < LEAST_PIXEL ? LEAST_PIXEL : noisy > MOST_PIXEL ? MOST_PIXEL : noisy;
        for (size_t c = 0; c < set->channels; c++) pixel[c] = set->table[byte];
    }
}

static gaze_status patch_fetch(const void *state, gz_part part, size_t index, void *const *inputs,
                               int32_t *label)
{
    const patch_set *set = state;
    float *image = inputs[0];
    gz_draw draw = gz_draw_begin(set->key, part, index);
    const scene s = draw_scene(set, &draw);
    for (size_t i = 0; i < set->height * set->width; i++) image[i * set->channels] = BACKGROUND;
    for (size_t i = 0; i < s.n_patches; i++) paint_patch(set, &s, i, image);
    finish_pixels(set, &draw, image);
    *label = (int32_t)s.texture[0];
    return GAZE_OK;
}

static bool patch_truth(const void *state, gz_part part, size_t index, gz_rectangle *rectangle)
{
    const patch_set *set = state;
    gz_draw draw = gz_draw_begin(set->key, part, index);
    const scene s = draw_scene(set, &draw);
    *rectangle = (gz_rectangle){s.y[0], s.x[0], s.y[0] + set->side - 1, s.x[0] + set->side - 1};
    return true;
}

static size_t patch_count(const void *state, gz_part part)
{
    return ((const patch_set *)state)->counts[part];
}

static gaze_status check_need(const gz_data_need *need, gz_data *data)
{
    const gaze_array *input = data->inputs;
    if (need->n_inputs != 1 || input->dtype != GAZE_FLOAT32 || input->rank != 3 ||
        input->shape[2] > MOST_CHANNELS)
        return gz_fail(GAZE_ERROR_DATA,
                       "synthetic:patch makes float32 images [height,width,1 to %d], but the model reads %zu "
                       "inputs, the first %s",
                       MOST_CHANNELS, need->n_inputs,
                       gz_array_shape_text(data->arena, input->rank, input->shape, false));
    for (size_t i = 0; i < 2; i++)
        if (input->shape[i] && input->shape[i] < LEAST_SIDE)
            return gz_fail(
                GAZE_ERROR_DATA, "synthetic:patch needs images of at least %dx%d, expected by the model: %s",
                LEAST_SIDE, LEAST_SIDE, gz_array_shape_text(data->arena, input->rank, input->shape, false));
    if (need->n_classes == 1 || need->n_classes > N_TEXTURES || (need->n_classes && need->label_rank))
        return gz_fail(GAZE_ERROR_DATA,
                       "synthetic:patch has 2 to %d classes and one label a sample, but the model has %zu%s",
                       N_TEXTURES, need->n_classes, need->label_rank ? " a step" : "");
    return GAZE_OK;
}

static void choose_sizes(const gz_data_spec *spec, const gz_data_need *need, gaze_array *input,
                         patch_set *set)
{
    for (size_t i = 0; i < 2; i++)
        if (!input->shape[i]) input->shape[i] = DEFAULT_SIDE;
    if (!input->shape[2]) input->shape[2] = 1;
    set->height = input->shape[0];
    set->width = input->shape[1];
    set->channels = input->shape[2];
    const size_t least = set->height < set->width ? set->height : set->width,
                 scaled = least * TEXTURE_SIDE / DEFAULT_SIDE;
    set->side = scaled > TEXTURE_SIDE ? scaled : TEXTURE_SIDE;
    set->n_classes = need->n_classes ? need->n_classes : DEFAULT_CLASSES;
    gz_synthetic_counts(spec, set->counts);
}

static gaze_status patch_open(const gz_data_spec *spec, const gz_data_need *need, gz_data *data)
{
    GZ_TRY(check_need(need, data));
    patch_set *set = gz_arena_allocate(data->arena, sizeof *set);
    if (!set) return GAZE_ERROR_DEVICE;
    choose_sizes(spec, need, data->inputs, set);
    set->key = gz_key_make(spec->seed, "synthetic:patch");
    GZ_TRY(gz_scale_table(data->arena, spec->scale, set->table));
    const char *text =
        gz_arena_format(data->arena, "synthetic:patch 1 %" PRIu64 " %zu %zu %zu %zu %zu %zu %s", spec->seed,
                        set->height, set->width, set->channels, set->n_classes, set->counts[0],
                        set->counts[1], spec->scale ? spec->scale : "0..1");
    if (!text) return GAZE_ERROR_DEVICE;
    data->hash = gz_hash_bytes(text, strlen(text));
    data->state = set;
    data->has_labels = true;
    data->label_count = 1;
    return GAZE_OK;
}

const gz_data_type gz_synthetic_patch = {
    .name = "patch", .open = patch_open, .count = patch_count, .fetch = patch_fetch, .truth = patch_truth};
