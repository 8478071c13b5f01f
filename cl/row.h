/* Sum and maximum of a row of C values. NaN never is the maximum. */
#ifndef GAZE_ROW_H
#define GAZE_ROW_H

static inline float gaze_row_sum(__global const float *x, int C)
{
    floatv s = 0.0f;
    float rest = 0.0f;
    int c = 0;
    for (; c + GAZE_WIDTH <= C; c += GAZE_WIDTH) s += vloadv(0, x + c);
    for (; c < C; c++) rest += x[c];
    return gaze_sumv(s) + rest;
}

static inline float gaze_row_max(__global const float *x, int C)
{
    floatv s = -INFINITY;
    float most = -INFINITY;
    int c = 0;
    for (; c + GAZE_WIDTH <= C; c += GAZE_WIDTH) s = GAZE_MORE(s, vloadv(0, x + c));
    for (; c < C; c++) most = GAZE_MORE(most, x[c]);
    const float folded = gaze_maxv(s);
    return GAZE_MORE(most, folded);
}

/* How many of its values are `most`. */
static inline float gaze_row_count(__global const float *x, float most, int C)
{
    floatv counts = 0.0f;
    float rest = 0.0f;
    int c = 0;
    for (; c + GAZE_WIDTH <= C; c += GAZE_WIDTH)
        counts += select((floatv)(0.0f), (floatv)(1.0f), vloadv(0, x + c) == most);
    for (; c < C; c++) rest += x[c] == most ? 1.0f : 0.0f;
    return rest + gaze_sumv(counts);
}

#endif
