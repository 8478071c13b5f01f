/* Windows of 2x2 that don't overlap: where in its window the maximum lies (0 to 3, of equals the first, as max_pool2d has it), and what
   that makes of the maximum's gradient. image [B,H,W,C]; most, place, dy [B,H/2,W/2,C]. A group owns `slab` of the `rows` rows of
   windows of all samples, or of the image's rows; an item owns one value. */
#include "common.h"
#include "conv2d.h"

#define ROWS_OF_GROUP const size_t first = get_group_id(0) * (size_t)slab, last = min(first + slab, (size_t)rows);

static inline int gaze_place_1(float a, float b, float c, float d, float *most)
{
    const float two = GAZE_MORE(a, b), three = GAZE_MORE(two, c);
    *most = GAZE_MORE(three, d);
    return d > three ? 3 : c > two ? 2 : b > a ? 1 : 0;
}

GAZE_ONE places_slabs(source image, __global float *restrict most, __global int *restrict place, int H, int W, int C, int rows, int slab)
{
    ROWS_OF_GROUP
    const int down = W * C;
    for (size_t r = first; r < last; r++)
        for (int q = 0; q < W / 2; q++) {
            source x = image + ((r / (H / 2) * H + r % (H / 2) * 2) * W + 2 * q) * C;
            const size_t to = (r * (W / 2) + q) * C;
            int c = 0;
            for (; c + GAZE_WIDTH <= C; c += GAZE_WIDTH, x += GAZE_WIDTH) {
                const floatv v0 = vloadv(0, x), v1 = vloadv(0, x + C), v2 = vloadv(0, x + down), v3 = vloadv(0, x + down + C);
                vstorev(GAZE_MORE(GAZE_MORE(GAZE_MORE(v0, v1), v2), v3), 0, most + to + c);
                gaze_store_places(gaze_place_of_max(v0, v1, v2, v3), place + to + c);
            }
            for (; c < C; c++, x++) {
                float value;
                place[to + c] = gaze_place_1(x[0], x[C], x[down], x[down + C], &value);
                most[to + c] = value;
            }
        }
}

__kernel void places_items(source image, __global float *restrict most, __global int *restrict place, int H, int W, int C, int rows)
{
    const size_t at = get_global_id(0), c = at % C, q = at / C % (W / 2), r = at / C / (W / 2);
    if (r >= (size_t)rows) return;
    source x = image + ((r / (H / 2) * H + r % (H / 2) * 2) * W + 2 * q) * C + c;
    float value;
    place[at] = gaze_place_1(x[0], x[C], x[W * C], x[W * C + C], &value);
    most[at] = value;
}

/* dx [B,H,W,C]: dy at its place, zeros elsewhere. */
GAZE_ONE places_gradient_slabs(source dy, const __global int *restrict place, __global float *restrict dx, int H, int W, int C, int rows,
                               int slab)
{
    ROWS_OF_GROUP
    for (size_t r = first; r < last; r++)
        for (int w = 0; w < W; w++) {
            const int p = r % H / 2, q = w / 2, here = r % H % 2 * 2 + w % 2;
            const bool inside = p < H / 2 && q < W / 2;
            const size_t from = inside ? ((r / H * (H / 2) + p) * (W / 2) + q) * C : 0;
            __global float *to = dx + (r * W + w) * C;
            int c = 0;
            for (; c + GAZE_WIDTH <= C; c += GAZE_WIDTH)
                vstorev(inside ? select((floatv)0.0f, vloadv(0, dy + from + c), gaze_places(place + from + c) == here) : (floatv)0.0f, 0,
                        to + c);
            for (; c < C; c++) to[c] = inside && place[from + c] == here ? dy[from + c] : 0.0f;
        }
}

__kernel void places_gradient_items(source dy, const __global int *restrict place, __global float *restrict dx, int H, int W, int C,
                                    int rows)
{
    const size_t at = get_global_id(0), c = at % C, w = at / C % W, r = at / C / W;
    if (r >= (size_t)rows) return;
    const size_t p = r % H / 2, q = w / 2, from = ((r / H * (H / 2) + p) * (W / 2) + q) * C + c;
    dx[at] = p < (size_t)H / 2 && q < (size_t)W / 2 && place[from] == (int)(r % H % 2 * 2 + w % 2) ? dy[from] : 0.0f;
}
