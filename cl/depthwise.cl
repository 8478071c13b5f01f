/* Convolution of every channel with a kernel of its own: x [B,H,W,C], w [kh,kw,C] -> y [B,P,Q,C] =
   activation(sum + bias), and the gradients. bias may be null. The letters are those of cl/conv2d.h; O is C.
 */
#include "common.h"
#include "conv2d.h"
#include "epilogue.h"
#include "prefetch.h"

#define LOAD_V(p)     vloadv(0, p)
#define STORE_V(v, p) vstorev(v, 0, p)
#define LOAD_1(p)     (*(p))
#define STORE_1(v, p) (*(p) = (v))

/* Taps (or windows) first <= i < end along an axis lie inside n pixels, where number 0 lies at `at`. */
static inline int2 gaze_taps_inside(int at, int step, int taps, int n)
{
    const int first = at < 0 ? (-at + step - 1) / step : 0;
    const int end = at < n ? min(taps, (n - at + step - 1) / step) : 0;
    return (int2)(min(first, end), end);
}

/* N neighbours along q at once, channels c.. of row p, all taps of which lie inside; `rows` is the range of
 * r. */
#define TILE(N, V, LOAD, STORE, S)                                                                         \
    {                                                                                                      \
        V sum[N];                                                                                          \
        const V start = bias ? LOAD(bias + c) : (V)(0.0f);                                                 \
        for (int k = 0; k < N; k++) sum[k] = start;                                                        \
        for (int r = rows.x; r < rows.y; r++)                                                              \
            for (int s = columns.x; s < columns.y; s++) {                                                  \
                const int tap = r * kw + s;                                                                \
                const V weight = LOAD(w + (size_t)(turned ? kh * kw - 1 - tap : tap) * C + c);             \
                source from = image + ((size_t)(top_row + r * ey) * W + q * sx - left + s * ex) * C + c;   \
                for (int k = 0; k < N; k++) sum[k] = fma(LOAD(from + (size_t)k * sx * C), weight, sum[k]); \
            }                                                                                              \
        for (int k = 0; k < N; k++)                                                                        \
            STORE(gaze_epilogue##S(activation, sum[k]), to + (q + k) * (size_t)C + c);                     \
    }

/* Do the windows q..q+n-1 lie inside? */
#define INSIDE(n) (q + n <= Q && q * sx - left >= 0 && (q + n - 1) * sx - left + (kw - 1) * ex < W)

/* What the same pixels of the next row will read first and write, asked for meanwhile. */
#define ASK_BELOW(N)                                                 \
    for (int k = 0; k < N; k++) {                                    \
        gaze_prefetch_near(below + (q + k) * sx * (size_t)C + c, 1); \
        gaze_prefetch_to(to + (Q + q + k) * (size_t)C + c, 1);       \
    }

/* A row of y in the order of memory: some pixels, of which all channels one vector of WIDTH after the other. */
#define ROW_OF_PIXELS(V, LOAD, STORE, S, WIDTH)                                                  \
    for (int q = 0, n; q < Q; q += n) {                                                          \
        n = INSIDE(8) ? 8 : INSIDE(4) ? 4 : 1;                                                   \
        const int2 columns = n > 1 ? (int2)(0, kw) : gaze_taps_inside(q * sx - left, ex, kw, W); \
        for (int block = 0; block < C; block += WIDTH) {                                         \
            const int c = min(block, C - WIDTH); /* the last makes some channels again */        \
            if (n == 8) {                                                                        \
                ASK_BELOW(8)                                                                     \
                TILE(8, V, LOAD, STORE, S)                                                       \
            } else if (n == 4)                                                                   \
                TILE(4, V, LOAD, STORE, S)                                                       \
            else                                                                                 \
                TILE(1, V, LOAD, STORE, S)                                                       \
        }                                                                                        \
    }

/* A group makes `slab` of the B P rows of y. turned: the last tap of the kernel comes first. */
GAZE_APART void gaze_depthwise_slabs(int i0, source x, source w, source bias, __global float *restrict y, IMAGES, WINDOW,
                                     int turned, int activation, int count, int slab)
{
    const int first = i0 * slab, last = min(first + slab, count);
    for (int row = first; row < last; row++) {
        const int top_row = row % P * sy - top;
        const int2 rows = gaze_taps_inside(top_row, ey, kh, H);
        source image = x + (size_t)(row / P) * H * W * C;
        __global float *to = y + (size_t)row * Q * C;
        source below = image + (size_t)(top_row + sy + (kh - 1) * ey) * W * C;
        if (C < GAZE_WIDTH)
            ROW_OF_PIXELS(float, LOAD_1, STORE_1, 1, 1)
        else
            ROW_OF_PIXELS(floatv, LOAD_V, STORE_V, v, GAZE_WIDTH)
    }
}

GAZE_ONE depthwise_slabs(GAZE_HERE source x, source w, source bias, __global float *restrict y, IMAGES, WINDOW, int turned,
                         int activation, int count, int slab)
{
    gaze_depthwise_slabs(GAZE_AT(0), x, w, bias, y, H, W, C, P, Q, O, kh, kw, sy, sx, ey, ex, top, left, turned,
                         activation, count, slab);
}

__kernel void depthwise_items(source x, source w, source bias, __global float *restrict y, IMAGES, WINDOW,
                              int turned, int activation, int count)
{
    const size_t at = get_global_id(0);
    if (at >= (size_t)count * Q * C) return;
    const int c = at % C, row = at / C / Q, top_row = row % P * sy - top;
    int q = at / C % Q;
    const int2 rows = gaze_taps_inside(top_row, ey, kh, H),
               columns = gaze_taps_inside(q * sx - left, ex, kw, W);
    source image = x + (size_t)(row / P) * H * W * C;
    __global float *to = y + (size_t)row * Q * C;
    TILE(1, float, LOAD_1, STORE_1, 1)
}

/* dx with strides: each pixel collects from the windows that reach it. */
#define COLLECT(V, LOAD, STORE)                                                       \
    {                                                                                 \
        V sum = 0.0f;                                                                 \
        for (int r = 0; r < kh; r++) {                                                \
            const int p = h + top - r * ey;                                           \
            if (p < 0 || p % sy || p / sy >= P) continue;                             \
            for (int s = 0; s < kw; s++) {                                            \
                const int q = v + left - s * ex;                                      \
                if (q < 0 || q % sx || q / sx >= Q) continue;                         \
                sum = fma(LOAD(dy + ((b * P + p / sy) * Q + q / sx) * (size_t)C + c), \
                          LOAD(w + (size_t)(r * kw + s) * C + c), sum);               \
            }                                                                         \
        }                                                                             \
        STORE(sum, dx + ((b * H + h) * (size_t)W + v) * C + c);                       \
    }

GAZE_APART void gaze_depthwise_collect_slabs(int i0, source dy, source w, __global float *restrict dx, IMAGES, WINDOW,
                                             int count, int slab)
{
    const int first = i0 * slab, last = min(first + slab, count);
    for (int row = first; row < last; row++)
        for (int v = 0; v < W; v++) {
            const size_t b = row / H;
            const int h = row % H;
            int c = 0;
            for (; c + GAZE_WIDTH <= C; c += GAZE_WIDTH) COLLECT(floatv, LOAD_V, STORE_V)
            for (; c < C; c++) COLLECT(float, LOAD_1, STORE_1)
        }
}

GAZE_ONE depthwise_collect_slabs(GAZE_HERE source dy, source w, __global float *restrict dx, IMAGES, WINDOW, int count, int slab)
{
    gaze_depthwise_collect_slabs(GAZE_AT(0), dy, w, dx, H, W, C, P, Q, O, kh, kw, sy, sx, ey, ex, top, left, count, slab);
}

__kernel void depthwise_collect_items(source dy, source w, __global float *restrict dx, IMAGES, WINDOW,
                                      int count)
{
    const size_t at = get_global_id(0);
    if (at >= (size_t)count * W * C) return;
    const int c = at % C, v = at / C % W, h = at / C / W % H;
    const size_t b = at / C / W / H;
    COLLECT(float, LOAD_1, STORE_1)
}

/* Adds to the taps r.., s.. of R rows and N columns of the kernel what row `row` of y brings: where all columns lie inside together, then
 * the ends. The rows lie inside, or there is one and it brings nothing. The first row of a slab begins the sums. */
#define TAPS(R, N, V, LOAD, STORE)                                                                                  \
    {                                                                                                               \
        V sum[R * N];                                                                                               \
        __global float *total = parts + (size_t)(r * kw + s) * C + c;                                               \
        const int h = row % P * sy - top + r * ey, line = ey * W * C;                                               \
        source from = x + ((size_t)(row / P) * H + h) * W * C + c, down = dy + (size_t)row * Q * C + c;             \
        const int begin = gaze_taps_inside(s * ex - left, sx, Q, W).x, width = h < 0 || h >= H ? 0 : Q;             \
        const int end = max(begin, gaze_taps_inside((s + N - 1) * ex - left, sx, Q, W).y);                          \
        for (int i = 0; i < R; i++)                                                                                 \
            for (int k = 0; k < N; k++)                                                                             \
                sum[i * N + k] = row == first ? (V)(0.0f) : LOAD(total + (size_t)(i * kw + k) * C);                 \
        for (int q = begin; q < min(end, width); q++) {                                                             \
            const V g = LOAD(down + (size_t)q * C);                                                                 \
            source at = from + (q * sx - left + s * ex) * C;                                                        \
            for (int i = 0; i < R; i++)                                                                             \
                for (int k = 0; k < N; k++)                                                                         \
                    sum[i * N + k] = fma(LOAD(at + i * line + k * ex * C), g, sum[i * N + k]);                      \
            if (r + s > 0) continue;                                                                                \
            gaze_prefetch_near(down + (size_t)(Q + q) * C, 1);                                                      \
            gaze_prefetch_near(at + (kh - 1) * line + sy * W * C, 1);                                               \
        }                                                                                                           \
        for (int k = 0; k < N; k++) {                                                                               \
            const int start = (s + k) * ex - left;                                                                  \
            const int2 windows = gaze_taps_inside(start, sx, Q, W);                                                 \
            for (int q = windows.x < begin ? windows.x : end; q < min(windows.y, width);                            \
                 q = q + 1 == begin ? end : q + 1)                                                                  \
                for (int i = 0; i < R; i++)                                                                         \
                    sum[i * N + k] = fma(LOAD(from + i * line + (q * sx + start) * C), LOAD(down + (size_t)q * C),  \
                                         sum[i * N + k]);                                                           \
        }                                                                                                           \
        for (int i = 0; i < R; i++)                                                                                 \
            for (int k = 0; k < N; k++) STORE(sum[i * N + k], total + (size_t)(i * kw + k) * C);                    \
    }

/* A row of y and a vector of channels: all of a usual kernel at once, or some columns of a row after the other. */
#define KERNEL_OF_CHANNELS(V, LOAD, STORE)                                                           \
    {                                                                                                \
        const int above = row % P * sy - top;                                                        \
        if (kh == 3 && kw == 3 && above >= 0 && above + 2 * ey < H) {                                \
            const int r = 0, s = 0;                                                                  \
            TAPS(3, 3, V, LOAD, STORE)                                                               \
        } else                                                                                       \
            for (int r = 0; r < kh; r++)                                                             \
                for (int s = 0, n; s < kw; s += n) {                                                 \
                    n = kw - s >= 4 ? 4 : 1;                                                         \
                    if (n == 4)                                                                      \
                        TAPS(1, 4, V, LOAD, STORE)                                                   \
                    else                                                                             \
                        TAPS(1, 1, V, LOAD, STORE)                                                   \
                }                                                                                    \
    }

/* parts [slabs][kh kw][C]: a group sums over `slab` of the B P rows of y. */
GAZE_APART void gaze_depthwise_kernel_gradient_slabs(int i0, source x, source dy, __global float *restrict parts, IMAGES,
                                                     WINDOW, int count, int slab)
{
    const int first = i0 * slab, last = min(first + slab, count);
    parts += i0 * (size_t)(kh * kw) * C;
    for (int row = first; row < last; row++)
        for (int c = 0; c + GAZE_WIDTH <= C; c += GAZE_WIDTH) KERNEL_OF_CHANNELS(floatv, LOAD_V, STORE_V)
    if (C % GAZE_WIDTH == 0) return;
    for (int row = first; row < last; row++)
        if (C < GAZE_WIDTH)
            for (int c = 0; c < C; c++) KERNEL_OF_CHANNELS(float, LOAD_1, STORE_1)
        else { /* the last vector makes some channels again */
            const int c = C - GAZE_WIDTH;
            KERNEL_OF_CHANNELS(floatv, LOAD_V, STORE_V)
        }
}

GAZE_ONE depthwise_kernel_gradient_slabs(GAZE_HERE source x, source dy, __global float *restrict parts, IMAGES, WINDOW, int count,
                                         int slab)
{
    gaze_depthwise_kernel_gradient_slabs(GAZE_AT(0), x, dy, parts, H, W, C, P, Q, O, kh, kw, sy, sx, ey, ex, top, left,
                                         count, slab);
}

__kernel void depthwise_kernel_gradient_items(source x, source dy, __global float *restrict parts, IMAGES,
                                              WINDOW, int count, int slab, int slabs)
{
    const size_t at = get_global_id(0), part = at / C / kw / kh;
    if (part >= (size_t)slabs) return;
    const int c = at % C, s = at / C % kw, r = at / C / kw % kh, first = part * slab,
              last = min(first + slab, count);
    parts += part * kh * kw * C;
    for (int row = first; row < last; row++) TAPS(1, 1, float, LOAD_1, STORE_1)
}
