#include "augment.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Random words of one sample in one epoch. */
enum { FLIP, SHIFT_Y, SHIFT_X, CROP_SIZE, CROP_Y, CROP_X, WORDS_A_SAMPLE };

/* Between two pixels of an axis of the original. */
typedef struct tap {
    size_t first, second;
    float part; /* of the second */
} tap;

struct gz_augmenter {
    const gz_data *data;
    gz_key key;
    float *original; /* room for the largest image */
    tap *rows, *columns;
};

/* What becomes of one axis. */
typedef struct change {
    bool mirrored;
    ptrdiff_t shift;     /* of the picture, towards the end */
    double begin, share; /* the part of the axis that is seen, both as shares of it */
} change;

static bool is_image(const gaze_array *input) { return input->rank == 3 && input->dtype == GAZE_FLOAT32; }

bool gz_augment_wanted(const gz_augment *augment)
{
    return augment->flip || augment->shift || augment->crop > 0;
}

gaze_status gz_augment_check(const gz_data *data, const gz_augment *augment)
{
    bool found = false;
    for (size_t i = 0; i < data->n_inputs; i++) {
        const gaze_array *input = &data->inputs[i];
        if (!is_image(input)) continue;
        found = true;
        if (augment->shift >= input->shape[0] || augment->shift >= input->shape[1])
            return gz_fail(
                GAZE_ERROR_USAGE,
                "\"augment\": a \"shift\" by %zu pixels, expected fewer than the %zux%zu of input '%s'",
                augment->shift, input->shape[0], input->shape[1], input->name);
    }
    if (found) return GAZE_OK;
    return gz_fail(GAZE_ERROR_USAGE,
                   "\"augment\" changes float32 images [height,width,channels], but the model "
                   "reads none");
}

static size_t largest(const gz_data *data, bool whole)
{
    size_t most = 0;
    for (size_t i = 0; i < data->n_inputs; i++) {
        const size_t *s = data->inputs[i].shape, side = s[0] > s[1] ? s[0] : s[1],
                     size = whole ? s[0] * s[1] * s[2] : side; /* fits: batches hold as many */
        if (is_image(&data->inputs[i]) && size > most) most = size;
    }
    return most;
}

gaze_status gz_augmenter_create(const gz_data *data, uint64_t seed, gz_augmenter **out)
{
    gz_augmenter *a;
    gaze_status status;
    *out = NULL;
    if (!gz_augment_wanted(&data->augment)) return GAZE_OK;
    GZ_TRY(gz_allocate(1, sizeof *a, &a));
    a->data = data;
    a->key = gz_key_make(seed, "augment");
    GZ_GO(gz_allocate(largest(data, true), sizeof *a->original, &a->original));
    GZ_GO(gz_allocate(largest(data, false), sizeof *a->rows, &a->rows));
    GZ_GO(gz_allocate(largest(data, false), sizeof *a->columns, &a->columns));
    *out = a;
done:
    if (status != GAZE_OK) gz_augmenter_destroy(a);
    return status;
}

void gz_augmenter_destroy(gz_augmenter *augmenter)
{
    if (!augmenter) return;
    free(augmenter->original);
    free(augmenter->rows);
    free(augmenter->columns);
    free(augmenter);
}

/* What a shift uncovers is the picture mirrored at its edge, as in Keras' RandomTranslation ("reflect"). */
static size_t reflect(ptrdiff_t at, size_t length)
{
    const ptrdiff_t n = (ptrdiff_t)length;
    return (size_t)(at < 0 ? -1 - at : at >= n ? 2 * n - 1 - at : at);
}

static void make_taps(const change *c, size_t length, tap *taps)
{
    const double last = (double)(length - 1);
    for (size_t i = 0; i < length; i++) {
        const size_t seen = c->mirrored ? length - 1 - i : i;
        const double pixel = (double)reflect((ptrdiff_t)seen - c->shift, length);
        double at = c->begin * (double)length + (pixel + 0.5) * c->share - 0.5;
        at = at < 0 ? 0 : at > last ? last : at;
        const double first = floor(at);
        taps[i] = (tap){(size_t)first, (size_t)(first < last ? first + 1 : first), (float)(at - first)};
    }
}

static float blend(float a, float b, float part) { return part > 0 ? a + (b - a) * part : a; }

static void gather(const gz_augmenter *a, const size_t shape[3], float *image)
{
    const size_t width = shape[1], channels = shape[2];
    for (size_t y = 0; y < shape[0]; y++) {
        const float *above = a->original + a->rows[y].first * width * channels,
                    *below = a->original + a->rows[y].second * width * channels;
        for (size_t x = 0; x < width; x++) {
            const size_t left = a->columns[x].first * channels, right = a->columns[x].second * channels;
            for (size_t c = 0; c < channels; c++)
                *image++ =
                    blend(blend(above[left + c], above[right + c], a->columns[x].part),
                          blend(below[left + c], below[right + c], a->columns[x].part), a->rows[y].part);
        }
    }
}

static double uniform(const gz_augmenter *a, size_t epoch, size_t index, size_t word)
{
    return gz_random_uniform(a->key, epoch, (uint64_t)index * WORDS_A_SAMPLE + word);
}

static change draw_change(const gz_augmenter *a, size_t epoch, size_t index, bool columns)
{
    const gz_augment *wanted = &a->data->augment;
    change c = {.share = 1};
    c.mirrored = columns && wanted->flip && uniform(a, epoch, index, FLIP) < 0.5;
    c.shift =
        (ptrdiff_t)(uniform(a, epoch, index, columns ? SHIFT_X : SHIFT_Y) * (double)(2 * wanted->shift + 1)) -
        (ptrdiff_t)wanted->shift;
    if (wanted->crop > 0) c.share = wanted->crop + (1 - wanted->crop) * uniform(a, epoch, index, CROP_SIZE);
    c.begin = (1 - c.share) * uniform(a, epoch, index, columns ? CROP_X : CROP_Y);
    return c;
}

void gz_augment_sample(gz_augmenter *a, size_t epoch, size_t index, void *const *inputs)
{
    const change rows = draw_change(a, epoch, index, false), columns = draw_change(a, epoch, index, true);
    for (size_t i = 0; i < a->data->n_inputs; i++) {
        const size_t *shape = a->data->inputs[i].shape;
        if (!is_image(&a->data->inputs[i])) continue;
        memcpy(a->original, inputs[i], shape[0] * shape[1] * shape[2] * sizeof(float));
        make_taps(&rows, shape[0], a->rows);
        make_taps(&columns, shape[1], a->columns);
        gather(a, shape, inputs[i]);
    }
}
