/* Mean, sum and maximum over the middle [B,M,C] or the last axis [R,C], and their gradients. A sum is divided
   by `divisor`: its terms, or 1. The gradient of a maximum is shared equally among equals; NaN never is a
   maximum. */
#include "common.h"
#include "row.h"
#include "prefetch.h"

/* Groups of the *_columns kernels own `own` columns of channels of one sample, whole vectors: in blocks of 8, 4, 2 and 1,
 * then one by one. */
#define BLOCK_OF_GROUP(C)                                                 \
    const size_t blocks = ((C) + own - 1) / own, b = GAZE_AT(0) / blocks; \
    const int last = min((int)(GAZE_AT(0) % blocks + 1) * own, C);        \
    int c = GAZE_AT(0) % blocks * own;

#define FOLD_AHEAD 2048 // floats: no processor fetches ahead past the end of a page by itself

/* N vectors of columns, folded in ROWS chains each, so that one fold needn't wait for the one before. Rows of 8 vectors are read as
 * fast unasked. */
#define FOLD_COLUMNS(N, ROWS, START, FOLD, END)                                                          \
    for (; c + N * GAZE_WIDTH <= last; c += N * GAZE_WIDTH) {                                            \
        floatv s[N * ROWS];                                                                              \
        int m = 0;                                                                                       \
        UNROLL for (int k = 0; k < N * ROWS; k++) s[k] = START;                                          \
        for (; m + ROWS <= M; m += ROWS)                                                                 \
            UNROLL for (int i = 0; i < ROWS; i++) {                                                      \
                if (N < 8) gaze_prefetch_near(x + (size_t)(m + i) * C + c + FOLD_AHEAD, N * GAZE_WIDTH); \
                UNROLL for (int k = 0; k < N; k++)                                                       \
                    s[i * N + k] = FOLD(s[i * N + k], vloadv(k, x + (size_t)(m + i) * C + c));           \
            }                                                                                            \
        for (; m < M; m++)                                                                               \
            UNROLL for (int k = 0; k < N; k++) s[k] = FOLD(s[k], vloadv(k, x + (size_t)m * C + c));      \
        UNROLL for (int i = 1; i < ROWS; i++)                                                            \
            UNROLL for (int k = 0; k < N; k++) s[k] = FOLD(s[k], s[i * N + k]);                          \
        UNROLL for (int k = 0; k < N; k++) vstorev(END(s[k]), k, y + c);                                 \
    }

#define FOLD_MIDDLE(START, FOLD, END)                                  \
    FOLD_COLUMNS(8, 2, START, FOLD, END)                               \
    FOLD_COLUMNS(4, 2, START, FOLD, END)                               \
    FOLD_COLUMNS(2, 4, START, FOLD, END)                               \
    FOLD_COLUMNS(1, 8, START, FOLD, END)                               \
    for (; c < last; c++) {                                            \
        float s = START;                                               \
        for (int m = 0; m < M; m++) s = FOLD(s, x[(size_t)m * C + c]); \
        y[c] = END(s);                                                 \
    }

#define SAME(v)    (v)
#define DIVIDED(v) ((v) / divisor)

GAZE_ONE sum_middle_columns(GAZE_HERE __global const float *restrict x, __global float *restrict y, float divisor,
                            int own, int M, int C)
{
    BLOCK_OF_GROUP(C)
    x += b * M * C;
    y += b * C;
    FOLD_MIDDLE(0.0f, GAZE_PLUS, DIVIDED)
}

GAZE_ONE max_middle_columns(GAZE_HERE __global const float *restrict x, __global float *restrict y, int own, int M, int C)
{
    BLOCK_OF_GROUP(C)
    x += b * M * C;
    y += b * C;
    FOLD_MIDDLE(-INFINITY, GAZE_MORE, SAME)
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
    float s = -INFINITY;
    for (int m = 0; m < M; m++) s = GAZE_MORE(s, x[first + (size_t)m * C]);
    y[at] = s;
}

/* The same values in every row. */
#define FILL_COLUMNS(N)                                                                     \
    for (; c + N * GAZE_WIDTH <= last; c += N * GAZE_WIDTH) {                               \
        floatv part[N];                                                                     \
        UNROLL for (int k = 0; k < N; k++) part[k] = vloadv(k, dy + c) / divisor;           \
        for (int m = 0; m < M; m++)                                                         \
            UNROLL for (int k = 0; k < N; k++) vstorev(part[k], k, dx + (size_t)m * C + c); \
    }

GAZE_ONE sum_middle_gradient_columns(GAZE_HERE __global const float *restrict dy, __global float *restrict dx,
                                     float divisor, int own, int M, int C)
{
    BLOCK_OF_GROUP(C)
    dx += b * M * C;
    dy += b * C;
    FILL_COLUMNS(8)
    FILL_COLUMNS(4)
    FILL_COLUMNS(2)
    FILL_COLUMNS(1)
    for (; c < last; c++)
        for (int m = 0; m < M; m++) dx[(size_t)m * C + c] = dy[c] / divisor;
}

__kernel void sum_middle_gradient_items(__global const float *restrict dy, __global float *restrict dx,
                                        float divisor, int B, int M, int C)
{
    CHANNEL_OF_ITEM
    for (int m = 0; m < M; m++) dx[first + (size_t)m * C] = dy[at] / divisor;
}

/* Three passes: the maximum, how many there are of it, and dx. */
#define SHARE_COLUMNS(N)                                                                                       \
    for (; c + N * GAZE_WIDTH <= last; c += N * GAZE_WIDTH) {                                                  \
        floatv most[N], part[N];                                                                               \
        UNROLL for (int k = 0; k < N; k++) most[k] = -INFINITY, part[k] = 0.0f;                                \
        for (int m = 0; m < M; m++)                                                                            \
            UNROLL for (int k = 0; k < N; k++) most[k] = GAZE_MORE(most[k], vloadv(k, x + (size_t)m * C + c)); \
        for (int m = 0; m < M; m++)                                                                            \
            UNROLL for (int k = 0; k < N; k++)                                                                 \
                part[k] += GAZE_WHERE(vloadv(k, x + (size_t)m * C + c) == most[k], (floatv)(1.0f));            \
        UNROLL for (int k = 0; k < N; k++) part[k] = vloadv(k, dy + c) / part[k];                              \
        for (int m = 0; m < M; m++)                                                                            \
            UNROLL for (int k = 0; k < N; k++)                                                                 \
                vstorev(GAZE_WHERE(vloadv(k, x + (size_t)m * C + c) == most[k], part[k]), k,                   \
                        dx + (size_t)m * C + c);                                                               \
    }
#define GAZE_WHERE(condition, value) select((floatv)(0.0f), value, condition)

/* dx of `count` values that lie `stride` apart. */
static inline void gaze_share(__global const float *x, __global float *dx, float dy, int count, int stride)
{
    float most = -INFINITY, equals = 0.0f;
    for (int i = 0; i < count; i++) most = GAZE_MORE(most, x[(size_t)i * stride]);
    for (int i = 0; i < count; i++) equals += x[(size_t)i * stride] == most ? 1.0f : 0.0f;
    for (int i = 0; i < count; i++)
        dx[(size_t)i * stride] = x[(size_t)i * stride] == most ? dy / equals : 0.0f;
}

GAZE_ONE max_middle_gradient_columns(GAZE_HERE __global const float *restrict x, __global const float *restrict dy,
                                     __global float *restrict dx, int own, int M, int C)
{
    BLOCK_OF_GROUP(C)
    dx += b * M * C;
    x += b * M * C;
    dy += b * C;
    SHARE_COLUMNS(4)
    SHARE_COLUMNS(2)
    SHARE_COLUMNS(1)
    for (; c < last; c++) gaze_share(x + c, dx + c, dy[c], M, C);
}

__kernel void max_middle_gradient_items(__global const float *restrict x, __global const float *restrict dy,
                                        __global float *restrict dx, int B, int M, int C)
{
    CHANNEL_OF_ITEM
    gaze_share(x + first, dx + first, dy[at], M, C);
}

#define ROWS_OF_GROUP \
    const size_t first = GAZE_AT(0) * (size_t)slab, last = min(first + slab, (size_t)rows);

GAZE_ONE sum_last_slabs(GAZE_HERE __global const float *restrict x, __global float *restrict y, float divisor, int C,
                        int rows, int slab)
{
    ROWS_OF_GROUP
    for (size_t r = first; r < last; r++) y[r] = gaze_row_sum(x + r * C, C) / divisor;
}

GAZE_ONE max_last_slabs(GAZE_HERE __global const float *restrict x, __global float *restrict y, int C, int rows,
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
    float s = -INFINITY;
    for (int c = 0; c < C; c++) s = GAZE_MORE(s, x[r * C + c]);
    y[r] = s;
}

GAZE_ONE sum_last_gradient_slabs(GAZE_HERE __global const float *restrict dy, __global float *restrict dx,
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

static inline void gaze_share_row(__global const float *x, __global float *dx, float dy, int C)
{
    const float most = gaze_row_max(x, C), part = dy / gaze_row_count(x, most, C);
    int c = 0;
    for (; c + GAZE_WIDTH <= C; c += GAZE_WIDTH)
        vstorev(GAZE_WHERE(vloadv(0, x + c) == most, (floatv)(part)), 0, dx + c);
    for (; c < C; c++) dx[c] = x[c] == most ? part : 0.0f;
}

GAZE_ONE max_last_gradient_slabs(GAZE_HERE __global const float *restrict x, __global const float *restrict dy,
                                 __global float *restrict dx, int C, int rows, int slab)
{
    ROWS_OF_GROUP
    for (size_t r = first; r < last; r++) gaze_share_row(x + r * C, dx + r * C, dy[r], C);
}

__kernel void max_last_gradient_items(__global const float *restrict x, __global const float *restrict dy,
                                      __global float *restrict dx, int C, int rows)
{
    const size_t r = get_global_id(0);
    if (r < (size_t)rows) gaze_share(x + r * C, dx + r * C, dy[r], C, 1);
}
