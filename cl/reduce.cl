/* Mean, sum and maximum over the middle [B,M,C] or the last axis [R,C], and their gradients. A sum is divided
   by `divisor`: its terms, or 1. The gradient of a maximum is shared equally among equals; NaN never is a
   maximum. */
#include "common.h"

/* Groups of the *_columns kernels own up to 4 vectors of channels of one sample: in blocks of 4, 2 and 1,
 * then one by one. */
#define BLOCK_OF_GROUP(C)                                                                            \
    const size_t blocks = (C + 4 * GAZE_WIDTH - 1) / (4 * GAZE_WIDTH), b = get_group_id(0) / blocks; \
    const int last = min((int)(get_group_id(0) % blocks + 1) * 4 * GAZE_WIDTH, C);                   \
    int c = get_group_id(0) % blocks * 4 * GAZE_WIDTH;

#define FOLD_COLUMNS(N, FIRST, FOLD, END)                                                    \
    for (; c + N * GAZE_WIDTH <= last; c += N * GAZE_WIDTH) {                                \
        floatv s[N];                                                                         \
        for (int k = 0; k < N; k++) s[k] = FIRST(vloadv(k, x + c));                          \
        for (int m = 1; m < M; m++)                                                          \
            for (int k = 0; k < N; k++) s[k] = FOLD(s[k], vloadv(k, x + (size_t)m * C + c)); \
        for (int k = 0; k < N; k++) vstorev(END(s[k]), k, y + c);                            \
    }

#define FOLD_MIDDLE(FIRST, FOLD, END)                                  \
    FOLD_COLUMNS(4, FIRST, FOLD, END)                                  \
    FOLD_COLUMNS(2, FIRST, FOLD, END)                                  \
    FOLD_COLUMNS(1, FIRST, FOLD, END)                                  \
    for (; c < last; c++) {                                            \
        float s = FIRST(x[c]);                                         \
        for (int m = 1; m < M; m++) s = FOLD(s, x[(size_t)m * C + c]); \
        y[c] = END(s);                                                 \
    }

#define SAME(v)    (v)
#define DIVIDED(v) ((v) / divisor)

GAZE_ONE sum_middle_columns(__global const float *restrict x, __global float *restrict y, float divisor,
                            int B, int M, int C)
{
    BLOCK_OF_GROUP(C)
    x += b * M * C;
    y += b * C;
    FOLD_MIDDLE(SAME, GAZE_PLUS, DIVIDED)
}

GAZE_ONE max_middle_columns(__global const float *restrict x, __global float *restrict y, int B, int M, int C)
{
    BLOCK_OF_GROUP(C)
    x += b * M * C;
    y += b * C;
    FOLD_MIDDLE(SAME, fmax, SAME)
}

/* What one item does: the channel at % C of sample at / C. */
#define CHANNEL_OF_ITEM                             \
    const size_t at = get_global_id(0), b = at / C; \
    if (b >= (size_t)B) return;                     \
    const size_t first = b * M * C + at % C;

__kernel void sum_middle_items(__global const float *restrict x, __global float *restrict y, float divisor,
                               int B, int M, int C)
{
    CHANNEL_OF_ITEM
    float s = 0.0f;
    for (int m = 0; m < M; m++) s += x[first + (size_t)m * C];
    y[at] = s / divisor;
}

__kernel void max_middle_items(__global const float *restrict x, __global float *restrict y, int B, int M,
                               int C)
{
    CHANNEL_OF_ITEM
    float s = x[first];
    for (int m = 1; m < M; m++) s = fmax(s, x[first + (size_t)m * C]);
    y[at] = s;
}

GAZE_ONE sum_middle_gradient_columns(__global const float *restrict dy, __global float *restrict dx,
                                     float divisor, int B, int M, int C)
{
    BLOCK_OF_GROUP(C)
    const int first = c;
    dx += b * M * C;
    dy += b * C;
    for (int m = 0; m < M; m++, dx += C) {
        for (c = first; c + GAZE_WIDTH <= last; c += GAZE_WIDTH)
            vstorev(vloadv(0, dy + c) / divisor, 0, dx + c);
        for (; c < last; c++) dx[c] = dy[c] / divisor;
    }
}

__kernel void sum_middle_gradient_items(__global const float *restrict dy, __global float *restrict dx,
                                        float divisor, int B, int M, int C)
{
    CHANNEL_OF_ITEM
    for (int m = 0; m < M; m++) dx[first + (size_t)m * C] = dy[at] / divisor;
}

/* The maximum of all values so far, and how many there are of it. */
static inline void gaze_count_max1(float v, float *most, float *equals)
{
    *equals = v > *most ? 1.0f : v == *most ? *equals + 1.0f : *equals;
    *most = fmax(*most, v);
}
static inline void gaze_count_maxv(floatv v, floatv *most, floatv *equals)
{
    *equals = select(select(*equals, *equals + 1.0f, v == *most), (floatv)(1.0f), v > *most);
    *most = fmax(*most, v);
}

GAZE_ONE max_middle_gradient_columns(__global const float *restrict x, __global const float *restrict dy,
                                     __global float *restrict dx, int B, int M, int C)
{
    BLOCK_OF_GROUP(C)
    dx += b * M * C;
    x += b * M * C;
    dy += b * C;
    for (; c + GAZE_WIDTH <= last; c += GAZE_WIDTH) {
        floatv most = -INFINITY, equals = 0.0f;
        for (int m = 0; m < M; m++) gaze_count_maxv(vloadv(0, x + (size_t)m * C + c), &most, &equals);
        const floatv part = vloadv(0, dy + c) / equals;
        for (int m = 0; m < M; m++)
            vstorev(select((floatv)(0.0f), part, vloadv(0, x + (size_t)m * C + c) == most), 0,
                    dx + (size_t)m * C + c);
    }
    for (; c < last; c++) {
        float most = -INFINITY, equals = 0.0f;
        for (int m = 0; m < M; m++) gaze_count_max1(x[(size_t)m * C + c], &most, &equals);
        for (int m = 0; m < M; m++)
            dx[(size_t)m * C + c] = x[(size_t)m * C + c] == most ? dy[c] / equals : 0.0f;
    }
}

__kernel void max_middle_gradient_items(__global const float *restrict x, __global const float *restrict dy,
                                        __global float *restrict dx, int B, int M, int C)
{
    CHANNEL_OF_ITEM
    float most = -INFINITY, equals = 0.0f;
    for (int m = 0; m < M; m++) gaze_count_max1(x[first + (size_t)m * C], &most, &equals);
    for (int m = 0; m < M; m++) {
        const size_t i = first + (size_t)m * C;
        dx[i] = x[i] == most ? dy[at] / equals : 0.0f;
    }
}

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
    float most = x[0];
    int c = 0;
    if (C >= GAZE_WIDTH) {
        floatv s = vloadv(0, x);
        for (c = GAZE_WIDTH; c + GAZE_WIDTH <= C; c += GAZE_WIDTH) s = fmax(s, vloadv(0, x + c));
        most = gaze_maxv(s);
    }
    for (; c < C; c++) most = fmax(most, x[c]);
    return most;
}

#define ROWS_OF_GROUP \
    const size_t first = get_group_id(0) * (size_t)slab, last = min(first + slab, (size_t)rows);

GAZE_ONE sum_last_slabs(__global const float *restrict x, __global float *restrict y, float divisor, int C,
                        int rows, int slab)
{
    ROWS_OF_GROUP
    for (size_t r = first; r < last; r++) y[r] = gaze_row_sum(x + r * C, C) / divisor;
}

GAZE_ONE max_last_slabs(__global const float *restrict x, __global float *restrict y, int C, int rows,
                        int slab)
{
    ROWS_OF_GROUP
    for (size_t r = first; r < last; r++) y[r] = gaze_row_max(x + r * C, C);
}

__kernel void sum_last_items(__global const float *restrict x, __global float *restrict y, float divisor,
                             int C, int rows)
{
    const size_t r = get_global_id(0);
    if (r >= (size_t)rows) return;
    float s = 0.0f;
    for (int c = 0; c < C; c++) s += x[r * C + c];
    y[r] = s / divisor;
}

__kernel void max_last_items(__global const float *restrict x, __global float *restrict y, int C, int rows)
{
    const size_t r = get_global_id(0);
    if (r >= (size_t)rows) return;
    float s = x[r * C];
    for (int c = 1; c < C; c++) s = fmax(s, x[r * C + c]);
    y[r] = s;
}

GAZE_ONE sum_last_gradient_slabs(__global const float *restrict dy, __global float *restrict dx,
                                 float divisor, int C, int rows, int slab)
{
    ROWS_OF_GROUP
    for (size_t r = first; r < last; r++) {
        __global float *to = dx + r * C;
        const float part = dy[r] / divisor;
        int c = 0;
        for (; c + GAZE_WIDTH <= C; c += GAZE_WIDTH) vstorev((floatv)(part), 0, to + c);
        for (; c < C; c++) to[c] = part;
    }
}

__kernel void sum_last_gradient_items(__global const float *restrict dy, __global float *restrict dx,
                                      float divisor, int C, int rows)
{
    const size_t r = get_global_id(0);
    if (r >= (size_t)rows) return;
    for (int c = 0; c < C; c++) dx[r * C + c] = dy[r] / divisor;
}

static inline void gaze_share_among_max(__global const float *x, __global float *dx, float dy, int C)
{
    floatv mosts = -INFINITY, counts = 0.0f;
    float most = -INFINITY, equals = 0.0f;
    int c = 0;
    for (; c + GAZE_WIDTH <= C; c += GAZE_WIDTH) gaze_count_maxv(vloadv(0, x + c), &mosts, &counts);
    for (; c < C; c++) gaze_count_max1(x[c], &most, &equals);
    const float all = fmax(most, gaze_maxv(mosts));
    equals = most == all ? equals : 0.0f;
    equals += gaze_sumv(select((floatv)(0.0f), counts, mosts == all));
    const float part = dy / equals;
    for (c = 0; c + GAZE_WIDTH <= C; c += GAZE_WIDTH)
        vstorev(select((floatv)(0.0f), (floatv)(part), vloadv(0, x + c) == all), 0, dx + c);
    for (; c < C; c++) dx[c] = x[c] == all ? part : 0.0f;
}

GAZE_ONE max_last_gradient_slabs(__global const float *restrict x, __global const float *restrict dy,
                                 __global float *restrict dx, int C, int rows, int slab)
{
    ROWS_OF_GROUP
    for (size_t r = first; r < last; r++) gaze_share_among_max(x + r * C, dx + r * C, dy[r], C);
}

__kernel void max_last_gradient_items(__global const float *restrict x, __global const float *restrict dy,
                                      __global float *restrict dx, int C, int rows)
{
    const size_t r = get_global_id(0);
    if (r >= (size_t)rows) return;
    float most = -INFINITY, equals = 0.0f;
    for (int c = 0; c < C; c++) gaze_count_max1(x[r * C + c], &most, &equals);
    for (int c = 0; c < C; c++) dx[r * C + c] = x[r * C + c] == most ? dy[r] / equals : 0.0f;
}
