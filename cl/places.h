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

/* Where the gradient of pixel r of images of H x W comes from: its window's row of [.,H/2,W/2,C], of which it gets what has the
   place `here`; -1 where it has no window. */
static inline long gaze_window_of_pixel(int r, int H, int W, int C, int *here)
{
    const int w = r % W, row = r / W, h = row % H;
    *here = h % 2 * 2 + w % 2;
    return h / 2 < H / 2 && w / 2 < W / 2 ? (((long)(row / H) * (H / 2) + h / 2) * (W / 2) + w / 2) * C : -1;
}

GAZE_IN_REGISTERS floatv gaze_at_place(const __global float *dy, const __global int *place, int here)
{
    return select((floatv)0.0f, vloadv(0, dy), gaze_places(place) == here);
}

#endif
