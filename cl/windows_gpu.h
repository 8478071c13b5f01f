/* Convolutions as products of matrices, for the tiles of tile_gpu.h: a row is a pixel that is made, an element of the sum is a
   channel of what a tap sees (tap first, then channel). Nothing is copied: each value is fetched from the image itself. */
#ifndef GAZE_WINDOWS_GPU_H
#define GAZE_WINDOWS_GPU_H
#include "axis.h"
#include "divide.h"
#include "window.h"

/* image [B,height,width,channels]: what is read. */
typedef struct gaze_windows {
    source image;
    int height, width, channels;
    gaze_axis y, x;
    gaze_divisor by_rows, by_columns, by_taps_x, by_channels;
} gaze_windows;

static inline gaze_windows gaze_windows_of(source image, int height, int width, int channels, gaze_axis y, gaze_axis x)
{
    gaze_windows w = {image,
                      height,
                      width,
                      channels,
                      y,
                      x,
                      gaze_divisor_of(y.n),
                      gaze_divisor_of(x.n),
                      gaze_divisor_of(x.taps),
                      gaze_divisor_of(channels)};
    return w;
}

/* Sample, row and column (numbers along the axes) of a pixel that is made. */
static inline int3 gaze_pixel(const gaze_windows *w, int pixel)
{
    const uint2 column = gaze_divide(pixel, w->by_columns), row = gaze_divide(column.x, w->by_rows);
    return (int3)(row.x, row.y, column.y);
}

/* Tap down, tap across and channel of an element of the sum. */
static inline int3 gaze_tap(const gaze_windows *w, int k)
{
    const uint2 channel = gaze_divide(k, w->by_channels), tap = gaze_divide(channel.x, w->by_taps_x);
    return (int3)(tap.x, tap.y, channel.y);
}

/* Element k of the window of `pixel`, zero outside the image. What depends on the pixel and what on k alone is apart, so that one
   of them stays the same in a loop. */
static inline float gaze_seen(const gaze_windows *w, int pixel, int k)
{
    const int3 at = gaze_pixel(w, pixel), tap = gaze_tap(w, k);
    const int h0 = w->y.origin + at.y * w->y.advance, v0 = w->x.origin + at.z * w->x.advance;
    const int down = tap.x * w->y.reach, across = tap.y * w->x.reach;
    const source origin = w->image + (((ptrdiff_t)at.x * w->height + h0) * w->width + v0) * w->channels;
    const bool inside = (uint)(h0 + down) < (uint)w->height && (uint)(v0 + across) < (uint)w->width;
    return inside ? origin[(down * w->width + across) * w->channels + tap.z] : 0.0f;
}

#endif
