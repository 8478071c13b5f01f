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

#define ACTIVATE_v gaze_activate
#define ACTIVATE_1(activation, sum, n) \
    for (int k = 0; k < (n); k++) sum[k] = gaze_epilogue1(activation, sum[k])

/* Taps (or windows) first <= i < end along an axis lie inside n pixels, where number 0 lies at `at`. */
static inline int2 gaze_taps_inside(int at, int step, int taps, int n)
{
    const int first = at < 0 ? (-at + step - 1) / step : 0;
    const int end = at < n ? min(taps, (n - at + step - 1) / step) : 0;
    return (int2)(min(first, end), end);
}

/* The windows begin <= q < end of Q that lie inside n pixels with all taps: window 0 has its first tap at `at`, its last at `last`. */
static inline int2 gaze_windows_inside(int at, int last, int step, int Q, int n)
{
    const int begin = gaze_taps_inside(at, step, Q, n).x;
    return (int2)(begin, max(begin, gaze_taps_inside(last, step, Q, n).y));
}

/* The weight of tap r, s. */
#define WEIGHT(r, s) (w + (size_t)(turned ? kh * kw - 1 - ((r) * kw + (s)) : (r) * kw + (s)) * C + c)

/* N sums at once from pixel q and channel c of row p on, X floats apart in x, Y in y and Z along the channels; `rows` and `columns`, the
   ranges of r and s, are inside for all of them. */
#define TILE(N, X, Y, Z, V, LOAD, STORE, S)                                                                          \
    {                                                                                                                \
        V sum[N];                                                                                                    \
        UNROLL for (int k = 0; k < N; k++) sum[k] = bias ? LOAD(bias + c + k * Z) : (V)(0.0f);                       \
        for (int r = rows.x; r < rows.y; r++)                                                                        \
            for (int s = columns.x; s < columns.y; s++) {                                                            \
                source weight = WEIGHT(r, s);                                                                        \
                source from = image + ((size_t)(top_row + r * ey) * W + q * sx - left + s * ex) * C + c;             \
                UNROLL for (int k = 0; k < N; k++) sum[k] = fma(LOAD(from + k * (X)), LOAD(weight + k * Z), sum[k]); \
            }                                                                                                        \
        ACTIVATE_##S(activation, sum, N);                                                                            \
        UNROLL for (int k = 0; k < N; k++) STORE(sum[k], to + (size_t)q * C + c + k * (Y));                          \
    }

/* 8 neighbours along q of a kernel with 3 columns, STEP apart: each column of x is read once for all of its taps. */
#define COLUMNS_OF_THREE(STEP)                                                                            \
    {                                                                                                     \
        floatv sum[8];                                                                                    \
        UNROLL for (int k = 0; k < 8; k++) sum[k] = gaze_load_or_zero(bias, c);                           \
        for (int r = rows.x; r < rows.y; r++) {                                                           \
            const floatv w0 = LOAD_V(WEIGHT(r, 0)), w1 = LOAD_V(WEIGHT(r, 1)), w2 = LOAD_V(WEIGHT(r, 2)); \
            source from = image + ((size_t)(top_row + r * ey) * W + q * STEP - left) * C + c;             \
            UNROLL for (int j = 0; j < 7 * STEP + 3; j++, from += C) {                                    \
                const floatv value = LOAD_V(from);                                                        \
                UNROLL for (int k = 0; k < 8; k++) {                                                      \
                    if (j - k * STEP == 0) sum[k] = fma(value, w0, sum[k]);                               \
                    if (j - k * STEP == 1) sum[k] = fma(value, w1, sum[k]);                               \
                    if (j - k * STEP == 2) sum[k] = fma(value, w2, sum[k]);                               \
                }                                                                                         \
            }                                                                                             \
        }                                                                                                 \
        gaze_activate(activation, sum, 8);                                                                \
        UNROLL for (int k = 0; k < 8; k++) STORE_V(sum[k], to + (size_t)(q + k) * C + c);                 \
    }

/* What the same pixels of the next row will read first and write, asked for meanwhile. */
#define ASK_BELOW                                                    \
    for (int k = 0; k < 8; k++) {                                    \
        gaze_prefetch_near(below + (q + k) * sx * (size_t)C + c, 1); \
        gaze_prefetch_to(to + (Q + q + k) * (size_t)C + c, 1);       \
    }

/* N neighbours along q, all taps of which lie inside: so many vectors of channels, of which the last makes some again. */
#define NEIGHBOURS(N, V, LOAD, STORE, S, WIDTH)                                  \
    for (int block = 0; block < C; block += WIDTH) {                             \
        const int c = min(block, C - WIDTH);                                     \
        if (N == 8 && c % 16 < WIDTH) ASK_BELOW                                  \
        if (N == 8 && WIDTH == GAZE_WIDTH && kw == 3 && ex == 1 && sx == 1)      \
            COLUMNS_OF_THREE(1)                                                  \
        else if (N == 8 && WIDTH == GAZE_WIDTH && kw == 3 && ex == 1 && sx == 2) \
            COLUMNS_OF_THREE(2)                                                  \
        else                                                                     \
            TILE(N, (size_t)sx * C, (size_t)C, 0, V, LOAD, STORE, S)             \
    }

/* One pixel, vectors of channels four at a time. */
#define ALONE(V, LOAD, STORE, S, WIDTH)                           \
    for (int block = 0, some; block < C; block += some * WIDTH) { \
        some = block + 4 * WIDTH <= C ? 4 : 1;                    \
        const int c = min(block, C - WIDTH);                      \
        if (some == 4)                                            \
            TILE(4, WIDTH, WIDTH, WIDTH, V, LOAD, STORE, S)       \
        else                                                      \
            TILE(1, 0, 0, 0, V, LOAD, STORE, S)                   \
    }

/* A row of y in the order of memory: tiles of `whole` pixels, the last of which makes some again, and those at the borders alone. */
#define ROW_OF_PIXELS(V, LOAD, STORE, S, WIDTH)                                                  \
    for (int at = 0, n; at < Q; at += n) {                                                       \
        const bool alone = whole == 1 || at < inside.x || at >= inside.y;                        \
        const int q = alone ? at : min(at, inside.y - whole);                                    \
        const int2 columns = alone ? gaze_taps_inside(q * sx - left, ex, kw, W) : (int2)(0, kw); \
        n = alone ? 1 : min(whole, inside.y - at);                                               \
        if (alone)                                                                               \
            ALONE(V, LOAD, STORE, S, WIDTH)                                                      \
        else if (whole == 8)                                                                     \
            NEIGHBOURS(8, V, LOAD, STORE, S, WIDTH)                                              \
        else                                                                                     \
            NEIGHBOURS(4, V, LOAD, STORE, S, WIDTH)                                              \
    }

/* A group makes `slab` of the B P rows of y. turned: the last tap of the kernel comes first. */
GAZE_APART void gaze_depthwise_slabs(int i0, source x, source w, source bias, __global float *restrict y, IMAGES, WINDOW,
                                     int turned, int activation, int count, int slab)
{
    const int first = i0 * slab, last = min(first + slab, count);
    const int2 inside = gaze_windows_inside(-left, (kw - 1) * ex - left, sx, Q, W);
    const int whole = inside.y - inside.x >= 8 ? 8 : inside.y - inside.x >= 4 ? 4 : 1;
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
    TILE(1, 0, 0, 0, float, LOAD_1, STORE_1, 1)
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
#define TAPS(R, N, V, LOAD, STORE)                                                                                 \
    {                                                                                                              \
        V sum[R * N];                                                                                              \
        __global float *total = parts + (size_t)(r * kw + s) * C + c;                                              \
        const int h = row % P * sy - top + r * ey, line = ey * W * C;                                              \
        source from = x + ((size_t)(row / P) * H + h) * W * C + c, down = dy + (size_t)row * Q * C + c;            \
        const int2 inside = gaze_windows_inside(s * ex - left, (s + N - 1) * ex - left, sx, Q, W);                 \
        const int width = h < 0 || h >= H ? 0 : Q;                                                                 \
        UNROLL for (int i = 0; i < R; i++)                                                                         \
            UNROLL for (int k = 0; k < N; k++)                                                                     \
                sum[i * N + k] = row == first ? (V)(0.0f) : LOAD(total + (size_t)(i * kw + k) * C);                \
        for (int q = inside.x; q < min(inside.y, width); q++) {                                                    \
            const V g = LOAD(down + (size_t)q * C);                                                                \
            source at = from + (q * sx - left + s * ex) * C;                                                       \
            UNROLL for (int i = 0; i < R; i++)                                                                     \
                UNROLL for (int k = 0; k < N; k++)                                                                 \
                    sum[i * N + k] = fma(LOAD(at + i * line + k * ex * C), g, sum[i * N + k]);                     \
            if (r + s > 0) continue;                                                                               \
            gaze_prefetch_near(down + (size_t)(Q + q) * C, 1);                                                     \
            gaze_prefetch_near(at + (kh - 1) * line + sy * W * C, 1);                                              \
        }                                                                                                          \
        UNROLL for (int k = 0; k < N; k++) {                                                                       \
            const int start = (s + k) * ex - left;                                                                 \
            const int2 windows = gaze_taps_inside(start, sx, Q, W);                                                \
            for (int q = windows.x < inside.x ? windows.x : inside.y; q < min(windows.y, width);                   \
                 q = q + 1 == inside.x ? inside.y : q + 1)                                                         \
                UNROLL for (int i = 0; i < R; i++)                                                                 \
                    sum[i * N + k] = fma(LOAD(from + i * line + (q * sx + start) * C), LOAD(down + (size_t)q * C), \
                                         sum[i * N + k]);                                                          \
        }                                                                                                          \
        UNROLL for (int i = 0; i < R; i++)                                                                         \
            UNROLL for (int k = 0; k < N; k++) STORE(sum[i * N + k], total + (size_t)(i * kw + k) * C);            \
    }

/* A row of y and a vector of channels: all of a usual kernel at once, or some columns of a row after the other. */
#define KERNEL_OF_CHANNELS(V, LOAD, STORE)                            \
    {                                                                 \
        const int above = row % P * sy - top;                         \
        if (kh == 3 && kw == 3 && above >= 0 && above + 2 * ey < H) { \
            const int r = 0, s = 0;                                   \
            TAPS(3, 3, V, LOAD, STORE)                                \
        } else                                                        \
            for (int r = 0; r < kh; r++)                              \
                for (int s = 0, n; s < kw; s += n) {                  \
                    n = kw - s >= 4 ? 4 : 1;                          \
                    if (n == 4)                                       \
                        TAPS(1, 4, V, LOAD, STORE)                    \
                    else                                              \
                        TAPS(1, 1, V, LOAD, STORE)                    \
                }                                                     \
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
