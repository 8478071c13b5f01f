/* A convolution with a stride as one without: x [B,H,W,C] as `phases` [B,Hp,Wp,stride y,stride x,C], the pixels
   of a stride side by side among the channels, with what lies outside the image as zeros; the kernel likewise,
   [taps y,taps x,C,O] as [Tp,Tp,stride y,stride x,C,O], with zeros for taps that it hasn't. */
#include "common.h"

/* Of `count` floats that begin at float `at` of a row of `width`, which may lie outside: the first and the last in it. */
static inline int gaze_phase_first(int at, int count) { return clamp(-at, 0, count); }
static inline int gaze_phase_last(int at, int count, int width) { return clamp(width - at, 0, count); }

/* A group makes row `get_group_id(0)` of phases of image `get_group_id(1)`. */
GAZE_ONE conv2d_phases(GAZE_HERE __global const float *restrict x, __global float *restrict phases, int H, int W, int C, int Hp,
                       int Wp, int stride_y, int stride_x, int before_y, int before_x)
{
    const int row = GAZE_AT(0), image = GAZE_AT(1), count = stride_x * C;
    for (int y = 0; y < stride_y; y++) {
        const int h = row * stride_y + y - before_y;
        const bool inside = h >= 0 && h < H;
        __global const float *from = x + ((size_t)image * H + (inside ? h : 0)) * W * C;
        __global float *to = phases + (((size_t)image * Hp + row) * Wp * stride_y + y) * count;
        for (int w = 0; w < Wp; w++, to += (size_t)stride_y * count) {
            const int at = (w * stride_x - before_x) * C;
            const int first = inside ? gaze_phase_first(at, count) : count, last = gaze_phase_last(at, count, W * C);
            for (int i = 0; i < first; i++) to[i] = 0.0f;
            for (int i = first; i < last; i++) to[i] = from[at + i];
            for (int i = max(first, last); i < count; i++) to[i] = 0.0f;
        }
    }
}

/* dx of the gradient of its phases. The windows see span_y x span_x pixels from the padding's first on, none of the others. A group
   makes a row of dx. */
GAZE_ONE conv2d_phases_back(GAZE_HERE __global const float *restrict phases, __global float *restrict dx, int H, int W, int C, int Hp,
                            int Wp, int stride_y, int stride_x, int before_y, int before_x, int span_y, int span_x)
{
    const int h = GAZE_AT(0), image = GAZE_AT(1), count = stride_x * C, row = (h + before_y) / stride_y;
    const int seen = h + before_y < span_y ? min(W, span_x - before_x) * C : 0;
    __global const float *from = phases + (((size_t)image * Hp + row) * Wp * stride_y + (h + before_y) % stride_y) * count;
    __global float *to = dx + ((size_t)image * H + h) * W * C;
    for (int w = 0; w < Wp; w++, from += (size_t)stride_y * count) {
        const int at = (w * stride_x - before_x) * C, last = gaze_phase_last(at, count, seen);
        for (int i = gaze_phase_first(at, count); i < last; i++) to[at + i] = from[i];
    }
    for (int i = seen; i < W * C; i++) to[i] = 0.0f;
}

/* The kernel's `row` = C*O floats of a tap of the phases, or zeros. A group makes those of tap get_group_id(0) of Tp x Tp and pixel
   get_group_id(1) of a stride. */
GAZE_ONE conv2d_phases_kernel(GAZE_HERE __global const float *restrict w, __global float *restrict phases, int taps_y, int taps_x,
                              int stride_y, int stride_x, int Tp, int row)
{
    const int tap = GAZE_AT(0), pixel = GAZE_AT(1);
    const int y = tap / Tp * stride_y + pixel / stride_x, x = tap % Tp * stride_x + pixel % stride_x;
    const bool inside = y < taps_y && x < taps_x;
    __global const float *from = w + (inside ? (size_t)y * taps_x + x : 0) * row;
    __global float *to = phases + ((size_t)tap * stride_y * stride_x + pixel) * row;
    for (int i = 0; i < row; i++) to[i] = inside ? from[i] : 0.0f;
}

/* dkernel of the gradient of its phases: a group copies a tap of taps_y x taps_x. */
GAZE_ONE conv2d_phases_kernel_back(GAZE_HERE __global const float *restrict phases, __global float *restrict dkernel, int taps_x,
                                   int stride_y, int stride_x, int Tp, int row)
{
    const int x = GAZE_AT(0), y = GAZE_AT(1);
    const int tap = y / stride_y * Tp + x / stride_x, pixel = y % stride_y * stride_x + x % stride_x;
    __global const float *from = phases + ((size_t)tap * stride_y * stride_x + pixel) * row;
    __global float *to = dkernel + ((size_t)y * taps_x + x) * row;
    for (int i = 0; i < row; i++) to[i] = from[i];
}
