/* Where in its window of 2x2 a maximum lies: 0 to 3, row by row. */
#ifndef GAZE_PLACES_H
#define GAZE_PLACES_H

/* Which of a window's four pixels is its maximum, as max_pool2d has it: of equals the first, NaN where it comes first. */
GAZE_IN_REGISTERS intv gaze_place_of_max(floatv a, floatv b, floatv c, floatv d)
{
    const floatv two = GAZE_MORE(a, b), three = GAZE_MORE(two, c);
    const intv place = select(select((intv)0, (intv)1, b > a), (intv)2, c > two);
    return select(place, (intv)3, d > three);
}

GAZE_IN_REGISTERS intv gaze_places(const __global int *from) { return as_intv(vloadv(0, (const __global float *)from)); }
GAZE_IN_REGISTERS void gaze_store_places(intv place, __global int *to) { vstorev(as_floatv(place), 0, (__global float *)to); }

/* Where the windows of a row of pixels begin in [.,H/2,W/2,C], rows of all images counted; -1 where it has none. */
static inline long gaze_windows_of_row(int row, int H, int W, int C)
{
    const int p = row % H / 2;
    return p < H / 2 ? ((long)(row / H) * (H / 2) + p) * (W / 2) * C : -1;
}

/* Where the window of its pixel w begins; -1 where it has none. Of that the pixel gets what has its place. */
static inline long gaze_window_of_pixel(long windows, int w, int W, int C)
{
    return windows >= 0 && w / 2 < W / 2 ? windows + (long)(w / 2) * C : -1;
}
static inline int gaze_place_of_pixel(int row, int H, int w) { return row % H % 2 * 2 + w % 2; }

GAZE_IN_REGISTERS floatv gaze_at_place(const __global float *dy, const __global int *place, int here)
{
    return select((floatv)0.0f, vloadv(0, dy), gaze_places(place) == here);
}

#endif
