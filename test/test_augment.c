#include "scratch.h"

#include "../engine/data/augment.h"

enum { SIDE = 6, PIXELS = SIDE * SIDE };

/* Data of `count` images of 6x6 pixels: pixel (y, x) of sample i is 100 i + 10 y + x. */
static size_t count_of(const void *state, gz_part part)
{
    return part == GZ_TRAIN ? *(const size_t *)state : 0;
}

static gaze_status fetch_image(const void *state, gz_part part, size_t index, void *const *inputs,
                               int32_t *label)
{
    float *pixels = inputs[0];
    (void)state;
    (void)part;
    for (size_t i = 0; i < PIXELS; i++) pixels[i] = (float)(100 * index + 10 * (i / SIDE) + i % SIDE);
    *label = (int32_t)index;
    return GAZE_OK;
}

static const gz_data_type squares = {.name = "squares", .count = count_of, .fetch = fetch_image};
static gaze_array image = {.name = "image", .rank = 3, .shape = {SIDE, SIDE, 1}};
static size_t count = 200;

static gz_data make_data(gz_augment augment)
{
    return (gz_data){.type = &squares,
                     .state = &count,
                     .n_inputs = 1,
                     .inputs = &image,
                     .label_count = 1,
                     .has_labels = true,
                     .augment = augment};
}

static void augmented(const gz_data *data, uint64_t seed, size_t epoch, size_t index, float *pixels)
{
    gz_augmenter *augmenter;
    int32_t label;
    assert_done(gz_augmenter_create(data, seed, &augmenter));
    assert_done(fetch_image(NULL, GZ_TRAIN, index, (void *[]){pixels}, &label));
    gz_augment_sample(augmenter, epoch, index, (void *[]){pixels});
    gz_augmenter_destroy(augmenter);
}

static void half_of_the_images_are_mirrored(void **state)
{
    (void)state;
    const gz_data data = make_data((gz_augment){.flip = true});
    size_t mirrored = 0;
    for (size_t i = 0; i < 400; i++) {
        float pixels[PIXELS];
        augmented(&data, 1, 0, i, pixels);
        const bool is = pixels[0] > pixels[1];
        mirrored += is;
        for (size_t k = 0; k < PIXELS; k++) {
            const size_t x = k % SIDE, column = is ? SIDE - 1 - x : x;
            assert_true(pixels[k] == (float)(100 * i + 10 * (k / SIDE) + column));
        }
    }
    assert_in_range(mirrored, 160, 240);
}

static size_t mirrored_at_the_edge(int at)
{
    return (size_t)(at < 0 ? -1 - at : at >= SIDE ? 2 * SIDE - 1 - at : at);
}

static void all_shifts_occur_and_uncover_mirrored_edges(void **state)
{
    (void)state;
    const gz_data data = make_data((gz_augment){.shift = 2});
    size_t seen[5][5] = {{0}};
    for (size_t i = 0; i < 500; i++) {
        float pixels[PIXELS];
        augmented(&data, 1, 0, i, pixels);
        const int middle = (int)pixels[2 * SIDE + 2] - (int)(100 * i), dy = 2 - middle / 10,
                  dx = 2 - middle % 10;
        assert_true(dy >= -2 && dy <= 2 && dx >= -2 && dx <= 2);
        seen[dy + 2][dx + 2]++;
        for (int y = 0; y < SIDE; y++)
            for (int x = 0; x < SIDE; x++)
                assert_true(pixels[y * SIDE + x] == (float)(100 * i + 10 * mirrored_at_the_edge(y - dy) +
                                                            mirrored_at_the_edge(x - dx)));
    }
    for (int k = 0; k < 25; k++) assert_in_range(seen[k / 5][k % 5], 5, 40);
}

/* Values grow by 1 a column and by 10 a row: their slope inside says how much of the image is seen. */
static void a_crop_shows_a_part_in_full_size(void **state)
{
    (void)state;
    const gz_data data = make_data((gz_augment){.crop = 0.5});
    float least = 1, most = 0;
    for (size_t epoch = 0; epoch < 200; epoch++) {
        float pixels[PIXELS];
        augmented(&data, 1, epoch, 0, pixels);
        const float *middle = pixels + 2 * SIDE + 2;
        const float share = middle[1] - middle[0], rows = (middle[SIDE] - middle[0]) / 10;
        assert_true(share > rows - 1e-3f && share < rows + 1e-3f);
        assert_true(pixels[0] >= 0 && pixels[PIXELS - 1] <= 55);
        least = share < least ? share : least;
        most = share > most ? share : most;
    }
    assert_true(least >= 0.499f && least < 0.53f && most > 0.97f && most <= 1.001f);
}

static void a_sample_depends_on_seed_epoch_and_number_alone(void **state)
{
    (void)state;
    const gz_data data = make_data((gz_augment){.flip = true, .shift = 2, .crop = 0.7});
    float one[PIXELS], again[PIXELS], other[PIXELS];
    augmented(&data, 1, 3, 7, one);
    augmented(&data, 1, 3, 7, again);
    assert_memory_equal(one, again, sizeof one);
    augmented(&data, 1, 4, 7, other);
    assert_memory_not_equal(one, other, sizeof one);
    augmented(&data, 2, 3, 7, other);
    assert_memory_not_equal(one, other, sizeof one);
}

/* The values of the first epochs, in the order of the samples. */
static void take(const gz_data *data, gz_batches_options options, float values[2][200])
{
    gz_batches *batches;
    const gz_batch *batch;
    options.epochs = 2;
    options.batch_size = 30;
    assert_done(gz_batches_open(data, &options, &batches));
    for (size_t taken = 0; taken < 400;) {
        assert_done(gz_batches_next(batches, &batch));
        for (size_t k = 0; k < batch->count; k++, taken++)
            values[taken / 200][batch->labels[k]] = ((float *)batch->inputs[0])[k * PIXELS];
    }
    gz_batches_close(batches);
}

static void batches_augment_in_training_alone_and_anew_in_every_epoch(void **state)
{
    (void)state;
    const gz_data data = make_data((gz_augment){.flip = true, .shift = 1});
    static float plain[2][200], training[2][200], shuffled[2][200];
    take(&data, (gz_batches_options){.seed = 1}, plain);
    take(&data, (gz_batches_options){.seed = 1, .training = true}, training);
    take(&data, (gz_batches_options){.seed = 1, .training = true, .shuffle = true}, shuffled);
    for (size_t i = 0; i < 200; i++) assert_true(plain[0][i] == (float)(100 * i));
    assert_memory_not_equal(training[0], plain[0], sizeof plain[0]);
    assert_memory_not_equal(training[0], training[1], sizeof training[0]);
    assert_memory_equal(training, shuffled, sizeof training);
}

static void what_cannot_be_changed_is_refused(void **state)
{
    (void)state;
    gaze_array sequence = {.name = "x", .rank = 2, .shape = {50, 64}};
    gz_data data = make_data((gz_augment){0});
    assert_refused(gz_augment_check(&data, &(gz_augment){.shift = 6}), GAZE_ERROR_USAGE, "by 6 pixels", "6x6",
                   NULL);
    data.inputs = &sequence;
    assert_refused(gz_augment_check(&data, &(gz_augment){.flip = true}), GAZE_ERROR_USAGE, "reads none",
                   NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(half_of_the_images_are_mirrored),
        cmocka_unit_test(all_shifts_occur_and_uncover_mirrored_edges),
        cmocka_unit_test(a_crop_shows_a_part_in_full_size),
        cmocka_unit_test(a_sample_depends_on_seed_epoch_and_number_alone),
        cmocka_unit_test(batches_augment_in_training_alone_and_anew_in_every_epoch),
        cmocka_unit_test(what_cannot_be_changed_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
