/* Maximum and average over windows of an image [B,H,W,C], and their gradients.
   A window (p,q) of [B,P,Q,C] covers rows p sy - top .. + kh and columns q sx - left .. + kw, cut at the
   image's border. */
#include "common.h"

#define SHAPE_AND_WINDOW int H, int W, int C, int P, int Q, int kh, int kw, int sy, int sx, int top, int left

#define ROWS_OF_WINDOW(p)    const int y0 = max((p)*sy - top, 0), y1 = min((p)*sy - top + kh, H);
#define COLUMNS_OF_WINDOW(q) const int x0 = max((q)*sx - left, 0), x1 = min((q)*sx - left + kw, W);
#define EACH_IN_WINDOW            \
    for (int y = y0; y < y1; y++) \
        for (int x = x0; x < x1; x++)

static inline float gaze_window_max1(__global const float *image, int W, int C, int y0, int y1, int x0,
                                     int x1)
{
    float most = image[((size_t)y0 * W + x0) * C];
    EACH_IN_WINDOW
    {
        const float v = image[((size_t)y * W + x) * C];
        most = v > most ? v : most;
    }
    return most;
}
static inline floatv gaze_window_maxv(__global const float *image, int W, int C, int y0, int y1, int x0,
                                      int x1)
{
    floatv most = vloadv(0, image + ((size_t)y0 * W + x0) * C);
    EACH_IN_WINDOW
    {
        const floatv v = vloadv(0, image + ((size_t)y * W + x) * C);
        most = select(most, v, v > most);
    }
    return most;
}

static inline float gaze_window_mean1(__global const float *image, int W, int C, int y0, int y1, int x0,
                                      int x1)
{
    float sum = 0.0f;
    EACH_IN_WINDOW sum += image[((size_t)y * W + x) * C];
    return sum / (float)((y1 - y0) * (x1 - x0));
}
static inline floatv gaze_window_meanv(__global const float *image, int W, int C, int y0, int y1, int x0,
                                       int x1)
{
    floatv sum = 0.0f;
    EACH_IN_WINDOW sum += vloadv(0, image + ((size_t)y * W + x) * C);
    return sum / (float)((y1 - y0) * (x1 - x0));
}

/* *_slabs: a group owns `slab` of the `rows` rows [Q,C]. *_items: an item owns one value. */
#define DEFINE_POOL(name)                                                                               \
    GAZE_ONE name##_pool_slabs(__global const float *restrict image, __global float *restrict out,      \
                               SHAPE_AND_WINDOW, int rows, int slab)                                    \
    {                                                                                                   \
        const size_t first = get_group_id(0) * (size_t)slab, last = min(first + slab, (size_t)rows);    \
        for (size_t r = first; r < last; r++) {                                                         \
            __global const float *sample = image + r / P * H * W * C;                                   \
            ROWS_OF_WINDOW((int)(r % P))                                                                \
            for (int q = 0; q < Q; q++) {                                                               \
                COLUMNS_OF_WINDOW(q)                                                                    \
                __global float *to = out + (r * Q + q) * C;                                             \
                int c = 0;                                                                              \
                for (; c + GAZE_WIDTH <= C; c += GAZE_WIDTH)                                            \
                    vstorev(gaze_window_##name##v(sample + c, W, C, y0, y1, x0, x1), 0, to + c);        \
                for (; c < C; c++) to[c] = gaze_window_##name##1(sample + c, W, C, y0, y1, x0, x1);     \
            }                                                                                           \
        }                                                                                               \
    }                                                                                                   \
    __kernel void name##_pool_items(__global const float *restrict image, __global float *restrict out, \
                                    SHAPE_AND_WINDOW, int rows)                                         \
    {                                                                                                   \
        const size_t at = get_global_id(0), c = at % C, q = at / C % Q, r = at / C / Q;                 \
        if (r >= (size_t)rows) return;                                                                  \
        ROWS_OF_WINDOW((int)(r % P))                                                                    \
        COLUMNS_OF_WINDOW((int)q)                                                                       \
        out[at] = gaze_window_##name##1(image + r / P * H * W * C + c, W, C, y0, y1, x0, x1);           \
    }

DEFINE_POOL(max)
DEFINE_POOL(mean)

/* Where the first of a window's maxima lies: y W + x. */
static inline int gaze_place_of_max1(__global const float *image, int W, int C, int y0, int y1, int x0,
                                     int x1)
{
    int place = y0 * W + x0;
    float most = image[(size_t)place * C];
    EACH_IN_WINDOW
    {
        const float v = image[((size_t)y * W + x) * C];
        place = v > most ? y * W + x : place;
        most = v > most ? v : most;
    }
    return place;
}
static inline intv gaze_place_of_maxv(__global const float *image, int W, int C, int y0, int y1, int x0,
                                      int x1)
{
    intv place = y0 * W + x0;
    floatv most = vloadv(0, image + ((size_t)y0 * W + x0) * C);
    EACH_IN_WINDOW
    {
        const floatv v = vloadv(0, image + ((size_t)y * W + x) * C);
        const intv more = v > most;
        place = select(place, (intv)(y * W + x), more);
        most = select(most, v, more);
    }
    return place;
}

/* Windows that don't overlap: each owns the pixels from its corner to the next window's, the last one up to
 * the border. */
static inline int2 gaze_owned(int i, int n, int stride, int before, int size)
{
    return (int2)(i == 0 ? 0 : i * stride - before, i == n - 1 ? size : (i + 1) * stride - before);
}

GAZE_ONE max_pool_gradient_slabs(__global const float *restrict image, __global const float *restrict dy,
                                 __global float *restrict dx, SHAPE_AND_WINDOW, int rows, int slab)
{
    const size_t first = get_group_id(0) * (size_t)slab, last = min(first + slab, (size_t)rows);
    for (size_t r = first; r < last; r++) {
        const size_t sample = r / P * H * W * C;
        const int p = r % P;
        const int2 own_y = gaze_owned(p, P, sy, top, H);
        ROWS_OF_WINDOW(p)
        for (int q = 0; q < Q; q++) {
            const int2 own_x = gaze_owned(q, Q, sx, left, W);
            __global const float *from = dy + (r * Q + q) * C;
            COLUMNS_OF_WINDOW(q)
            int c = 0;
            for (; c + GAZE_WIDTH <= C; c += GAZE_WIDTH) {
                const intv place = gaze_place_of_maxv(image + sample + c, W, C, y0, y1, x0, x1);
                const floatv d = vloadv(0, from + c);
                for (int y = own_y.x; y < own_y.y; y++)
                    for (int x = own_x.x; x < own_x.y; x++)
                        vstorev(select((floatv)(0.0f), d, place == y * W + x), 0,
                                dx + sample + ((size_t)y * W + x) * C + c);
            }
            for (; c < C; c++) {
                const int place = gaze_place_of_max1(image + sample + c, W, C, y0, y1, x0, x1);
                for (int y = own_y.x; y < own_y.y; y++)
                    for (int x = own_x.x; x < own_x.y; x++)
                        dx[sample + ((size_t)y * W + x) * C + c] = place == y * W + x ? from[c] : 0.0f;
            }
        }
    }
}

/* Windows that overlap: a group owns one vector of channels of a sample (the last one: what is left of C) and
 * adds window after window. */
GAZE_ONE max_pool_gradient_channels(__global const float *restrict image, __global const float *restrict dy,
                                    __global float *restrict dx, SHAPE_AND_WINDOW, int B)
{
    const size_t blocks = (C + GAZE_WIDTH - 1) / GAZE_WIDTH, b = get_group_id(0) / blocks;
    const int first = get_group_id(0) % blocks * GAZE_WIDTH, last = min(first + GAZE_WIDTH, C);
    image += b * H * W * C;
    dx += b * H * W * C;
    dy += b * P * Q * C;
    for (size_t i = 0; i < (size_t)H * W; i++)
        for (int c = first; c < last; c++) dx[i * C + c] = 0.0f;
    for (int p = 0; p < P; p++) {
        ROWS_OF_WINDOW(p)
        for (int q = 0; q < Q; q++, dy += C) {
            COLUMNS_OF_WINDOW(q)
            if (last - first < GAZE_WIDTH) {
                for (int c = first; c < last; c++)
                    dx[(size_t)gaze_place_of_max1(image + c, W, C, y0, y1, x0, x1) * C + c] += dy[c];
                continue;
            }
            const intv place = gaze_place_of_maxv(image + first, W, C, y0, y1, x0, x1);
            const floatv d = vloadv(0, dy + first);
            EACH_IN_WINDOW
            {
                __global float *to = dx + ((size_t)y * W + x) * C + first;
                vstorev(vloadv(0, to) + select((floatv)(0.0f), d, place == y * W + x), 0, to);
            }
        }
    }
}

/* Windows that cover pixel i along an axis: first to last. */
static inline int2 gaze_covering(int i, int n, int size, int stride, int before)
{
    const int least = i + before - size + 1;
    return (int2)(least > 0 ? (least + stride - 1) / stride : 0, min((i + before) / stride, n - 1));
}

__kernel void max_pool_gradient_items(__global const float *restrict image, __global const float *restrict dy,
                                      __global float *restrict dx, SHAPE_AND_WINDOW, int B)
{
    const size_t at = get_global_id(0), c = at % C, column = at / C % W, row = at / C / W % H,
                 b = at / C / W / H;
    if (b >= (size_t)B) return;
    const int2 ps = gaze_covering(row, P, kh, sy, top), qs = gaze_covering(column, Q, kw, sx, left);
    float sum = 0.0f;
    for (int p = ps.x; p <= ps.y; p++) {
        ROWS_OF_WINDOW(p)
        for (int q = qs.x; q <= qs.y; q++) {
            COLUMNS_OF_WINDOW(q)
            const int place = gaze_place_of_max1(image + b * H * W * C + c, W, C, y0, y1, x0, x1);
            if (place == (int)(row * W + column)) sum += dy[((b * P + p) * Q + q) * C + c];
        }
    }
    dx[at] = sum;
}

/* One row [W,C] of dx of the average: every window that covers a pixel gives its dy divided by the window's
 * values. */
#define EACH_COVERING                  \
    for (int p = ps.x; p <= ps.y; p++) \
        for (int q = qs.x; q <= qs.y; q++)
static inline float gaze_values(int p, int q, SHAPE_AND_WINDOW)
{
    ROWS_OF_WINDOW(p)
    COLUMNS_OF_WINDOW(q)
    return (float)((y1 - y0) * (x1 - x0));
}
#define VALUES gaze_values(p, q, H, W, C, P, Q, kh, kw, sy, sx, top, left)

GAZE_ONE mean_pool_gradient_slabs(__global const float *restrict dy, __global float *restrict dx,
                                  SHAPE_AND_WINDOW, int rows, int slab)
{
    const size_t first = get_group_id(0) * (size_t)slab, last = min(first + slab, (size_t)rows);
    for (size_t r = first; r < last; r++) {
        const int2 ps = gaze_covering(r % H, P, kh, sy, top);
        __global const float *from = dy + r / H * P * Q * C;
        for (int x = 0; x < W; x++) {
            const int2 qs = gaze_covering(x, Q, kw, sx, left);
            __global float *to = dx + (r * W + x) * C;
            int c = 0;
            for (; c + GAZE_WIDTH <= C; c += GAZE_WIDTH) {
                floatv sum = 0.0f;
                EACH_COVERING sum += vloadv(0, from + ((size_t)p * Q + q) * C + c) / VALUES;
                vstorev(sum, 0, to + c);
            }
            for (; c < C; c++) {
                float sum = 0.0f;
                EACH_COVERING sum += from[((size_t)p * Q + q) * C + c] / VALUES;
                to[c] = sum;
            }
        }
    }
}

__kernel void mean_pool_gradient_items(__global const float *restrict dy, __global float *restrict dx,
                                       SHAPE_AND_WINDOW, int rows)
{
    const size_t at = get_global_id(0), c = at % C, x = at / C % W, r = at / C / W;
    if (r >= (size_t)rows) return;
    const int2 ps = gaze_covering(r % H, P, kh, sy, top), qs = gaze_covering(x, Q, kw, sx, left);
    __global const float *from = dy + r / H * P * Q * C + c;
    float sum = 0.0f;
    EACH_COVERING sum += from[((size_t)p * Q + q) * C] / VALUES;
    dx[at] = sum;
}
