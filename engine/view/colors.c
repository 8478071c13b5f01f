/* Colour maps: gray, viridis, jet. */
#include "view.h"
#include "../base/text.h"

#include <math.h>
#include <string.h>

/* Every fifth of the 256 colours of viridis (Smith and van der Walt 2015, CC0); straight lines between them
   stay within 1/255 of the others. */
static const uint8_t viridis[52][3] = {
    {68, 1, 84},    {70, 8, 92},    {71, 16, 99},   {72, 23, 105},  {72, 29, 111},  {72, 36, 117},
    {71, 42, 122},  {70, 48, 126},  {69, 55, 129},  {67, 61, 132},  {65, 66, 135},  {63, 72, 137},
    {61, 78, 138},  {58, 83, 139},  {56, 89, 140},  {53, 94, 141},  {51, 99, 141},  {49, 104, 142},
    {46, 109, 142}, {44, 113, 142}, {42, 118, 142}, {41, 123, 142}, {39, 128, 142}, {37, 132, 142},
    {35, 137, 142}, {33, 142, 141}, {32, 146, 140}, {31, 151, 139}, {30, 156, 137}, {31, 161, 136},
    {33, 165, 133}, {36, 170, 131}, {40, 174, 128}, {46, 179, 124}, {53, 183, 121}, {61, 188, 116},
    {70, 192, 111}, {80, 196, 106}, {90, 200, 100}, {101, 203, 94}, {112, 207, 87}, {124, 210, 80},
    {137, 213, 72}, {149, 216, 64}, {162, 218, 55}, {176, 221, 47}, {189, 223, 38}, {202, 225, 31},
    {216, 226, 25}, {229, 228, 25}, {241, 229, 29}, {253, 231, 37},
};

/* Corners (position, value) of matplotlib's jet. */
typedef struct corner {
    double at, value;
} corner;
static const corner jet_red[] = {{0, 0}, {0.35, 0}, {0.66, 1}, {0.89, 1}, {1, 0.5}};
static const corner jet_green[] = {{0, 0}, {0.125, 0}, {0.375, 1}, {0.64, 1}, {0.91, 0}, {1, 0}};
static const corner jet_blue[] = {{0, 0.5}, {0.11, 1}, {0.34, 1}, {0.65, 0}, {1, 0}};

static uint8_t to_byte(double value_0_to_255) { return (uint8_t)(value_0_to_255 + 0.5); }

static uint8_t piecewise(const corner *corners, double v)
{
    while (v > corners[1].at) corners++;
    const double t = (v - corners[0].at) / (corners[1].at - corners[0].at);
    return to_byte(255 * (corners[0].value + t * (corners[1].value - corners[0].value)));
}

static uint8_t between_nodes(double v, size_t channel)
{
    const size_t last = sizeof viridis / sizeof *viridis - 1;
    const double position = v * (double)last;
    const size_t i = position >= (double)last ? last - 1 : (size_t)position;
    const double t = position - (double)i;
    return to_byte((1 - t) * viridis[i][channel] + t * viridis[i + 1][channel]);
}

void gz_color(gz_colors colors, double value, uint8_t rgb[3])
{
    const double v = value > 0 ? fmin(value, 1) : 0;
    if (colors == GZ_JET) {
        rgb[0] = piecewise(jet_red, v);
        rgb[1] = piecewise(jet_green, v);
        rgb[2] = piecewise(jet_blue, v);
        return;
    }
    for (size_t c = 0; c < 3; c++) rgb[c] = colors == GZ_GRAY ? to_byte(255 * v) : between_nodes(v, c);
}

static const char *const color_words[] = {"viridis", "gray", "jet", NULL};
static const char *const scaling_words[] = {"minmax", "0..1", "percentile", NULL};

/* Number of the word in the list; NULL is the first. */
static gaze_status parse(const char *what, const char *word, const char *const *words, size_t *number)
{
    gz_arena *arena;
    *number = 0;
    if (!word) return GAZE_OK;
    for (size_t i = 0; words[i]; i++)
        if (strcmp(word, words[ *number = i]) == 0) return GAZE_OK;
    GZ_TRY(gz_arena_create(&arena));
    gz_fail(GAZE_ERROR_USAGE, "unknown %s '%s'%s (expected %s, %s or %s)", what, word,
            gz_did_you_mean(arena, word, words), words[0], words[1], words[2]);
    gz_arena_destroy(arena);
    return GAZE_ERROR_USAGE;
}

gaze_status gz_colors_parse(const char *word, gz_colors *colors)
{
    size_t number;
    GZ_TRY(parse("colours", word, color_words, &number));
    *colors = (gz_colors)number;
    return GAZE_OK;
}

gaze_status gz_scaling_parse(const char *word, gz_scaling *scaling)
{
    size_t number;
    GZ_TRY(parse("scaling", word, scaling_words, &number));
    *scaling = (gz_scaling)number;
    return GAZE_OK;
}

const char *gz_scaling_word(gz_scaling scaling) { return scaling_words[scaling]; }
