/* Windows of 2x2 that don't overlap: where in its window the maximum lies (0 to 3, of equals the first, as max_pool2d has it), and what
   that makes of the maximum's gradient. image [B,H,W,C]; most, place, dy [B,H/2,W/2,C]. A group owns `slab` of the `rows` rows of
   windows of all samples, or of the image's rows; an item owns one value. */
#include "common.h"
#include "places.h"

#define ROWS_OF_GROUP const size_t first = GAZE_AT(0) * (size_t)slab, last = min(first + slab, (size_t)rows);

static inline int gaze_place_1(float a, float b, float c, float d, float *most)
{
    const float two = GAZE_MORE(a, b), three = GAZE_MORE(two, c);
    *most = GAZE_MORE(three, d);
    return d > three ? 3 : c > two ? 2 : b > a ? 1 : 0;
}

/* The first pixel of window q of row r of windows. */
#define PIXEL_OF_WINDOW (((size_t)(r / (H / 2)) * H + r % (H / 2) * 2) * W + 2 * q)

/* The factors of a window's four pixels; s null: ones. */
#define FACTORS(at)                                                                                                                    const float f0 = s ? s[at] : 1.0f, f1 = s ? s[at + 1] : 1.0f, f2 = s ? s[at + W] : 1.0f, f3 = s ? s[at + W + 1] : 1.0f;

/* Every pixel is multiplied by its factor s [B,H,W] first, if there are any; place may be null. */
GAZE_ONE places_slabs(GAZE_HERE const __global float *restrict image, const __global float *restrict s,
                      __global float *restrict most, __global int *restrict place, int H, int W, int C, int rows, int slab)
{
    ROWS_OF_GROUP
    const int down = W * C;
    for (size_t r = first; r < last; r++)
        for (int q = 0; q < W / 2; q++) {
            const size_t pixel = PIXEL_OF_WINDOW, to = (r * (W / 2) + q) * C;
            const __global float *x = image + pixel * C;
            FACTORS(pixel)
            int c = 0;
            for (; c + GAZE_WIDTH <= C; c += GAZE_WIDTH, x += GAZE_WIDTH) {
                const floatv v0 = f0 * vloadv(0, x), v1 = f1 * vloadv(0, x + C), v2 = f2 * vloadv(0, x + down),
                             v3 = f3 * vloadv(0, x + down + C);
                vstorev(GAZE_MORE(GAZE_MORE(GAZE_MORE(v0, v1), v2), v3), 0, most + to + c);
                if (place) gaze_store_places(gaze_place_of_max(v0, v1, v2, v3), place + to + c);
            }
            for (; c < C; c++, x++) {
                float value;
                const int here = gaze_place_1(f0 * x[0], f1 * x[C], f2 * x[down], f3 * x[down + C], &value);
                most[to + c] = value;
                if (place) place[to + c] = here;
            }
        }
}

__kernel void places_items(const __global float *restrict image, const __global float *restrict s, __global float *restrict most,
                           __global int *restrict place, int H, int W, int C, int rows)
{
    const size_t at = get_global_id(0), c = at % C, q = at / C % (W / 2), r = at / C / (W / 2);
    if (r >= (size_t)rows) return;
    const size_t pixel = PIXEL_OF_WINDOW;
    const __global float *x = image + pixel * C + c;
    FACTORS(pixel)
    float value;
    const int here = gaze_place_1(f0 * x[0], f1 * x[C], f2 * x[W * C], f3 * x[W * C + C], &value);
    most[at] = value;
    if (place) place[at] = here;
}

/* dx [B,H,W,C]: dy at its place, zeros elsewhere. */
GAZE_ONE places_gradient_slabs(GAZE_HERE const __global float *restrict dy, const __global int *restrict place,
                               __global float *restrict dx, int H, int W, int C, int rows, int slab)
{
    ROWS_OF_GROUP
    for (size_t row = first; row < last; row++) {
        const long windows = gaze_windows_of_row(row, H, W, C);
        const int above = gaze_place_of_pixel(row, H, 0);
        __global float *to = dx + row * W * C;
        for (int w = 0; w < W; w++, to += C) {
            const long from = gaze_window_of_pixel(windows, w, W, C);
            const int here = above + w % 2;
            int c = 0;
            for (; c + GAZE_WIDTH <= C; c += GAZE_WIDTH)
                vstorev(from < 0 ? (floatv)0.0f : gaze_at_place(dy + from + c, place + from + c, here), 0, to + c);
            for (; c < C; c++) to[c] = from >= 0 && place[from + c] == here ? dy[from + c] : 0.0f;
        }
    }
}

__kernel void places_gradient_items(const __global float *restrict dy, const __global int *restrict place, __global float *restrict dx,
                                    int H, int W, int C, int rows)
{
    const size_t at = get_global_id(0);
    const int c = at % C, w = at / C % W, row = at / C / W;
    if (row >= rows) return;
    const long from = gaze_window_of_pixel(gaze_windows_of_row(row, H, W, C), w, W, C);
    dx[at] = from >= 0 && place[from + c] == gaze_place_of_pixel(row, H, w) ? dy[from + c] : 0.0f;
}

/* y[r] = factor sum_c x[r,c] of what reaches pixel r: x [B,H,W,C], y [B,H,W] */
GAZE_ONE places_dot_slabs(GAZE_HERE const __global float *restrict x, const __global float *restrict dy,
                          const __global int *restrict place, __global float *restrict y, float factor, int H, int W, int C,
                          int rows, int slab)
{
    ROWS_OF_GROUP
    for (size_t row = first; row < last; row++) {
        const long windows = gaze_windows_of_row(row, H, W, C);
        const int above = gaze_place_of_pixel(row, H, 0);
        for (int w = 0; w < W; w++) {
            const long from = gaze_window_of_pixel(windows, w, W, C);
            const __global float *at = x + (row * W + w) * C;
            const int here = above + w % 2;
            floatv sum = 0.0f;
            float rest = 0.0f;
            int c = 0;
            for (; from >= 0 && c + GAZE_WIDTH <= C; c += GAZE_WIDTH)
                sum = fma(vloadv(0, at + c), gaze_at_place(dy + from + c, place + from + c, here), sum);
            for (; from >= 0 && c < C; c++) rest = place[from + c] == here ? fma(at[c], dy[from + c], rest) : rest;
            y[row * W + w] = factor * (rest + gaze_sumv(sum));
        }
    }
}
