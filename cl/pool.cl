/* Maximum and average over windows of an image [B,H,W,C], and their gradients.
   A window (p,q) of [B,P,Q,C] covers rows p sy - top .. + kh and columns q sx - left .. + kw, cut at the
   image's border. One vector of channels at a time: blocks of 2 and 4 were slower. */
#include "common.h"
#include "prefetch.h"

#define SHAPE_AND_WINDOW int H, int W, int C, int P, int Q, int kh, int kw, int sy, int sx, int top, int left

#define ROWS_OF_WINDOW(p)    const int y0 = max((p)*sy - top, 0), y1 = min((p)*sy - top + kh, H);
#define COLUMNS_OF_WINDOW(q) const int x0 = max((q)*sx - left, 0), x1 = min((q)*sx - left + kw, W);
#define EACH_IN_WINDOW            \
    for (int y = y0; y < y1; y++) \
        for (int x = x0; x < x1; x++)

/* Of one channel (suffix 1) or a vector of channels (v): a window's maximum, its mean, and where the first of
   its maxima lies, as y W + x. */
#define DEFINE_WINDOW(S, FLOAT, INT, LOAD)                                                             \
    static inline FLOAT gaze_window_max##S(__global const float *image, int W, int C, int y0, int y1,  \
                                           int x0, int x1)                                             \
    {                                                                                                  \
        FLOAT most = LOAD(0, image + ((size_t)y0 * W + x0) * C);                                       \
        EACH_IN_WINDOW most = GAZE_MORE(most, LOAD(0, image + ((size_t)y * W + x) * C));               \
        return most;                                                                                   \
    }                                                                                                  \
    static inline FLOAT gaze_window_mean##S(__global const float *image, int W, int C, int y0, int y1, \
                                            int x0, int x1)                                            \
    {                                                                                                  \
        FLOAT sum = 0.0f;                                                                              \
        EACH_IN_WINDOW sum += LOAD(0, image + ((size_t)y * W + x) * C);                                \
        return sum / (float)((y1 - y0) * (x1 - x0));                                                   \
    }                                                                                                  \
    static inline INT gaze_place_of_max##S(__global const float *image, int W, int C, int y0, int y1,  \
                                           int x0, int x1)                                             \
    {                                                                                                  \
        INT place = y0 * W + x0;                                                                       \
        FLOAT most = LOAD(0, image + ((size_t)y0 * W + x0) * C);                                       \
        EACH_IN_WINDOW                                                                                 \
        {                                                                                              \
            const FLOAT v = LOAD(0, image + ((size_t)y * W + x) * C);                                  \
            place = select(place, (INT)(y * W + x), v > most);                                         \
            most = GAZE_MORE(most, v);                                                                 \
        }                                                                                              \
        return place;                                                                                  \
    }
#define LOAD_ONE(offset, pointer) (*(pointer))

DEFINE_WINDOW(1, float, int, LOAD_ONE)
DEFINE_WINDOW(v, floatv, intv, vloadv)

#define SLAB_OF_GROUP(i0) const size_t first = (i0) * (size_t)slab, last = min(first + slab, (size_t)rows);

/* A group owns `slab` of the `rows` rows [Q,C] of all samples, and asks for what the next one reads first and writes; an item owns
   one value. */
#define DEFINE_POOL(name)                                                                                    \
    GAZE_ONE name##_pool_slabs(GAZE_HERE __global const float *restrict image, __global float *restrict out, \
                               SHAPE_AND_WINDOW, int rows, int slab)                                         \
    {                                                                                                        \
        SLAB_OF_GROUP(GAZE_AT(0))                                                                            \
        for (size_t r = first; r < last; r++) {                                                              \
            __global const float *sample = image + r / P * H * W * C;                                        \
            ROWS_OF_WINDOW((int)(r % P))                                                                     \
            for (int q = 0; q < Q; q++) {                                                                    \
                COLUMNS_OF_WINDOW(q)                                                                         \
                __global float *to = out + (r * Q + q) * C;                                                  \
                int c = 0;                                                                                   \
                for (int y = y1; y < y1 + sy; y++) gaze_prefetch_near(sample + ((size_t)y * W + x0) * C, sx * C); \
                gaze_prefetch_to(to + Q * C, C);                                                             \
                for (; c + GAZE_WIDTH <= C; c += GAZE_WIDTH)                                                 \
                    vstorev(gaze_window_##name##v(sample + c, W, C, y0, y1, x0, x1), 0, to + c);             \
                for (; c < C; c++) to[c] = gaze_window_##name##1(sample + c, W, C, y0, y1, x0, x1);          \
            }                                                                                                \
        }                                                                                                    \
    }                                                                                                        \
    __kernel void name##_pool_items(__global const float *restrict image, __global float *restrict out,      \
                                    SHAPE_AND_WINDOW, int rows)                                              \
    {                                                                                                        \
        const size_t at = get_global_id(0), c = at % C, q = at / C % Q, r = at / C / Q;                      \
        if (r >= (size_t)rows) return;                                                                       \
        ROWS_OF_WINDOW((int)(r % P))                                                                         \
        COLUMNS_OF_WINDOW((int)q)                                                                            \
        out[at] = gaze_window_##name##1(image + r / P * H * W * C + c, W, C, y0, y1, x0, x1);                \
    }

DEFINE_POOL(max)
DEFINE_POOL(mean)

/* Windows that don't overlap: each owns the pixels from its corner to the next window's, the last one up to
   the border. */
static inline int2 gaze_owned(int i, int n, int stride, int before, int size)
{
    return (int2)(i == 0 ? 0 : i * stride - before, i == n - 1 ? size : (i + 1) * stride - before);
}
#define EACH_OWNED                          \
    for (int y = own_y.x; y < own_y.y; y++) \
        for (int x = own_x.x; x < own_x.y; x++)

/* The usual window, 2 by 2 with nothing around it, without inner loops: the place found last takes what is
 * left of d. */
#define GAZE_GRADIENT_2X2(FLOAT, LOAD, STORE)                                                  \
    {                                                                                          \
        const FLOAT v0 = LOAD(0, x + c), v1 = LOAD(0, x + C + c), v2 = LOAD(0, x + below + c); \
        const FLOAT v3 = LOAD(0, x + below + C + c), zero = 0.0f;                              \
        const FLOAT m1 = GAZE_MORE(v0, v1), m2 = GAZE_MORE(m1, v2);                            \
        FLOAT d = LOAD(0, dy + c);                                                             \
        STORE(select(zero, d, v3 > m2), 0, dx + below + C + c);                                \
        d = select(d, zero, v3 > m2);                                                          \
        STORE(select(zero, d, v2 > m1), 0, dx + below + c);                                    \
        d = select(d, zero, v2 > m1);                                                          \
        STORE(select(zero, d, v1 > v0), 0, dx + C + c);                                        \
        STORE(select(d, zero, v1 > v0), 0, dx + c);                                            \
    }
#define STORE_ONE(value, offset, pointer) *(pointer) = value

static inline void gaze_max_gradient_2x2(__global const float *x, __global const float *dy,
                                         __global float *dx, size_t below, int C)
{
    int c = 0;
    for (; c + GAZE_WIDTH <= C; c += GAZE_WIDTH) GAZE_GRADIENT_2X2(floatv, vloadv, vstorev)
    for (; c < C; c++) GAZE_GRADIENT_2X2(float, LOAD_ONE, STORE_ONE)
}

GAZE_APART void gaze_max_pool_gradient_apart(int i0, __global const float *restrict image, __global const float *restrict dy,
                                             __global float *restrict dx, SHAPE_AND_WINDOW, int rows, int slab)
{
    SLAB_OF_GROUP(i0)
    for (size_t r = first; r < last; r++) {
        __global const float *sample = image + r / P * H * W * C;
        __global float *to = dx + r / P * H * W * C;
        const int2 own_y = gaze_owned(r % P, P, sy, top, H);
        ROWS_OF_WINDOW((int)(r % P))
        for (int q = 0; q < Q; q++) {
            const int2 own_x = gaze_owned(q, Q, sx, left, W);
            __global const float *from = dy + (r * Q + q) * C;
            COLUMNS_OF_WINDOW(q)
            if (kh == 2 && kw == 2 && all((int4)(own_y, own_x) == (int4)(y0, y0 + 2, x0, x0 + 2))) {
                const size_t at = ((size_t)y0 * W + x0) * C;
                gaze_max_gradient_2x2(sample + at, from, to + at, (size_t)W * C, C);
                continue;
            }
            int c = 0;
            for (; c + GAZE_WIDTH <= C; c += GAZE_WIDTH) {
                const intv place = gaze_place_of_maxv(sample + c, W, C, y0, y1, x0, x1);
                const floatv d = vloadv(0, from + c);
                EACH_OWNED vstorev(select((floatv)(0.0f), d, place == y * W + x), 0,
                                   to + ((size_t)y * W + x) * C + c);
            }
            for (; c < C; c++) {
                const int place = gaze_place_of_max1(sample + c, W, C, y0, y1, x0, x1);
                EACH_OWNED to[((size_t)y * W + x) * C + c] = place == y * W + x ? from[c] : 0.0f;
            }
        }
    }
}

GAZE_ONE max_pool_gradient_apart(GAZE_HERE __global const float *restrict image, __global const float *restrict dy,
                                 __global float *restrict dx, SHAPE_AND_WINDOW, int rows, int slab)
{
    gaze_max_pool_gradient_apart(GAZE_AT(0), image, dy, dx, H, W, C, P, Q, kh, kw, sy, sx, top, left, rows, slab);
}

/* Windows that cover pixel i along an axis: first to last. */
static inline int2 gaze_covering(int i, int n, int size, int stride, int before)
{
    const int least = i + before - size + 1;
    return (int2)(least > 0 ? (least + stride - 1) / stride : 0, min((i + before) / stride, n - 1));
}

/* Windows that overlap: a group owns `slab` of the `rows` rows [W,C] of dx, and adds to them, window after
   window, all windows that reach them. */
GAZE_APART void gaze_max_pool_gradient_overlap(int i0, __global const float *restrict image, __global const float *restrict dy,
                                               __global float *restrict dx, SHAPE_AND_WINDOW, int rows, int slab)
{
    SLAB_OF_GROUP(i0)
    for (size_t i = first * W * C; i < last * W * C; i++) dx[i] = 0.0f;
    for (size_t r = first, end; r < last; r = end) {
        const size_t b = r / H;
        end = min(last, (b + 1) * H);
        const int own_0 = r - b * H, own_1 = end - b * H;
        const int p1 = gaze_covering(own_1 - 1, P, kh, sy, top).y;
        __global const float *sample = image + b * H * W * C;
        __global float *to = dx + b * H * W * C;
        for (int p = gaze_covering(own_0, P, kh, sy, top).x; p <= p1; p++) {
            ROWS_OF_WINDOW(p)
            const int to_0 = max(y0, own_0), to_1 = min(y1, own_1);
            for (int q = 0; q < Q; q++) {
                COLUMNS_OF_WINDOW(q)
                __global const float *from = dy + ((b * P + p) * Q + q) * C;
                int c = 0;
                for (; c + GAZE_WIDTH <= C; c += GAZE_WIDTH) {
                    const intv place = gaze_place_of_maxv(sample + c, W, C, y0, y1, x0, x1);
                    const floatv d = vloadv(0, from + c);
                    for (int y = to_0; y < to_1; y++)
                        for (int x = x0; x < x1; x++) {
                            __global float *pixel = to + ((size_t)y * W + x) * C + c;
                            vstorev(vloadv(0, pixel) + select((floatv)(0.0f), d, place == y * W + x), 0,
                                    pixel);
                        }
                }
                for (; c < C; c++) {
                    const int place = gaze_place_of_max1(sample + c, W, C, y0, y1, x0, x1);
                    if (place >= to_0 * W && place < to_1 * W) to[(size_t)place * C + c] += from[c];
                }
            }
        }
    }
}

GAZE_ONE max_pool_gradient_overlap(GAZE_HERE __global const float *restrict image, __global const float *restrict dy,
                                   __global float *restrict dx, SHAPE_AND_WINDOW, int rows, int slab)
{
    gaze_max_pool_gradient_overlap(GAZE_AT(0), image, dy, dx, H, W, C, P, Q, kh, kw, sy, sx, top, left, rows, slab);
}

__kernel void max_pool_gradient_items(__global const float *restrict image, __global const float *restrict dy,
                                      __global float *restrict dx, SHAPE_AND_WINDOW, int rows)
{
    const size_t at = get_global_id(0), c = at % C, column = at / C % W, r = at / C / W, row = r % H,
                 b = r / H;
    if (r >= (size_t)rows) return;
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

/* Every window that covers a pixel gives its dy divided by the window's values. */
#define EACH_COVERING                  \
    for (int p = ps.x; p <= ps.y; p++) \
        for (int q = qs.x; q <= qs.y; q++)
static inline float gaze_part(int p, int q, SHAPE_AND_WINDOW)
{
    ROWS_OF_WINDOW(p)
    COLUMNS_OF_WINDOW(q)
    return 1.0f / (float)((y1 - y0) * (x1 - x0));
}
#define PART gaze_part(p, q, H, W, C, P, Q, kh, kw, sy, sx, top, left)

static inline void gaze_add_scaled(__global const float *from, float part, bool fresh, __global float *to,
                                   int C)
{
    int c = 0;
    for (; c + GAZE_WIDTH <= C; c += GAZE_WIDTH) {
        const floatv d = part * vloadv(0, from + c);
        vstorev(fresh ? d : vloadv(0, to + c) + d, 0, to + c);
    }
    for (; c < C; c++) to[c] = fresh ? part * from[c] : fma(part, from[c], to[c]);
}

GAZE_APART void gaze_mean_pool_gradient_slabs(int i0, __global const float *restrict dy, __global float *restrict dx, SHAPE_AND_WINDOW,
                                              int rows, int slab)
{
    SLAB_OF_GROUP(i0)
    for (size_t r = first; r < last; r++) {
        const int2 ps = gaze_covering(r % H, P, kh, sy, top);
        __global const float *from = dy + r / H * P * Q * C;
        for (int x = 0; x < W; x++) {
            const int2 qs = gaze_covering(x, Q, kw, sx, left);
            __global float *to = dx + (r * W + x) * C;
            bool fresh = true;
            EACH_COVERING
            {
                gaze_add_scaled(from + ((size_t)p * Q + q) * C, PART, fresh, to, C);
                fresh = false;
            }
            if (fresh)
                for (int c = 0; c < C; c++) to[c] = 0.0f;
        }
    }
}

GAZE_ONE mean_pool_gradient_slabs(GAZE_HERE __global const float *restrict dy, __global float *restrict dx, SHAPE_AND_WINDOW,
                                  int rows, int slab)
{
    gaze_mean_pool_gradient_slabs(GAZE_AT(0), dy, dx, H, W, C, P, Q, kh, kw, sy, sx, top, left, rows, slab);
}

__kernel void mean_pool_gradient_items(__global const float *restrict dy, __global float *restrict dx,
                                       SHAPE_AND_WINDOW, int rows)
{
    const size_t at = get_global_id(0), c = at % C, x = at / C % W, r = at / C / W;
    if (r >= (size_t)rows) return;
    const int2 ps = gaze_covering(r % H, P, kh, sy, top), qs = gaze_covering(x, Q, kw, sx, left);
    __global const float *from = dy + r / H * P * Q * C + c;
    float sum = 0.0f;
    EACH_COVERING sum = fma(PART, from[((size_t)p * Q + q) * C], sum);
    dx[at] = sum;
}
