/* One axis of a convolution, and of the gradient of its input: the same shape of loops serves both. */
#ifndef GAZE_AXIS_H
#define GAZE_AXIS_H
#include "divide.h"

/* Of `n` values made, number i lies at first + i * step of the axis of what is written. Its tap t of `taps` reads at
   origin + i * advance + t * reach of what is read, with row weight + t * weight_step of the kernel. */
typedef struct gaze_axis {
    int n, first, step;
    int origin, advance, taps, reach;
    int weight, weight_step;
} gaze_axis;

static inline gaze_axis gaze_axis_forward(int n, int taps, int stride, int dilation, int before)
{
    gaze_axis a = {n, 0, 1, -before, stride, taps, dilation, 0, 1};
    return a;
}

/* Of the n values of the gradient of x, those at (place + before) % stride = phase: value p * stride + t * dilation - before was
   read by window p with tap t, so all of them are reached by the same taps, every `every`-th. The last tap comes first, so that a
   window moves forward with t. */
static inline gaze_axis gaze_axis_gradient(int n, int taps, int stride, int dilation, int before, int phase)
{
    const gaze_divisor by = gaze_divisor_of(stride);
    int tap = 0, every = 1;
    while (tap < min(taps, stride) && gaze_divide(tap * dilation, by).y != (uint)phase) tap++;
    while (gaze_divide(every * dilation, by).y) every++;
    const int first = gaze_divide(phase + stride - gaze_divide(before, by).y, by).y;
    const int count = first < n ? gaze_divide(n - first + stride - 1, by).x : 0;
    const int used = tap < min(taps, stride) ? (taps - tap + every - 1) / every : 0, last = tap + (used - 1) * every;
    const int origin = (int)gaze_divide(first + before, by).x - (int)gaze_divide(max(last, 0) * dilation, by).x;
    gaze_axis a = {count, first, stride, origin, 1, used, gaze_divide(every * dilation, by).x, last, -every};
    return a;
}

#endif
