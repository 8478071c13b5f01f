/* Drawing one of N values by its probability, and what the draw teaches (REINFORCE). */
#include "common.h"

/* y[b] is 1 at the value drawn by a[b], 0 elsewhere; no value is drawn where all of a[b] is 0. A work-item
   owns `rows` rows: N is short. */
__kernel void draw(__global const float *restrict a, __global const int *restrict step,
                   __global float *restrict y, int key_0, int key_1, int B, int N, int rows)
{
    const size_t first = get_global_id(0) * (size_t)rows, last = min(first + rows, (size_t)B);
    for (size_t b = first; b < last; b++) {
        const ulong block = b / 4;
        const uint4 words =
            gaze_philox((uint2)(key_0, key_1), (uint4)((uint)block, (uint)(block >> 32), step[0], 0));
        const uint word = b % 4 == 0 ? words.x : b % 4 == 1 ? words.y : b % 4 == 2 ? words.z : words.w;
        float total = 0.0f, sum = 0.0f;
        int drawn = -1;
        for (int n = 0; n < N; n++) total += a[b * N + n];
        const float limit = (word >> 8) * 0x1p-24f * total;
        for (int n = 0; n < N && (drawn < 0 || sum <= limit); n++) {
            sum += a[b * N + n];
            if (a[b * N + n] > 0.0f) drawn = n;
        }
        for (int n = 0; n < N; n++) y[b * N + n] = n == drawn ? 1.0f : 0.0f;
    }
}

/* base = the mean of earlier losses, average[0] / average[1], or of this batch in the first step; then the
 * average moves on. */
__kernel void reinforce_base(__global const float *restrict loss, __global float *restrict average,
                             __global float *restrict base, int R, float keep)
{
    if (get_global_id(0)) return;
    float sum = 0.0f, lost = 0.0f;
    for (int r = 0; r < R; r++) {
        const float part = loss[r] - lost, next = sum + part;
        lost = (next - sum) - part;
        sum = next;
    }
    const float mean = sum / R;
    base[0] = average[1] > 0.0f ? average[0] / average[1] : mean;
    average[0] = fma(keep, average[0], (1.0f - keep) * mean);
    average[1] = fma(keep, average[1], 1.0f - keep);
}

/* da = (loss of the sample - base) choice / (B a): `share` losses a sample */
__kernel void reinforce(__global const float *restrict a, __global const float *restrict choice,
                        __global const float *restrict loss, __global const float *restrict base,
                        __global float *restrict da, int B, int N, int share)
{
    const size_t b = get_global_id(0);
    if (b >= (size_t)B) return;
    float sum = 0.0f;
    for (int i = 0; i < share; i++) sum += loss[b * share + i];
    const float surprise = (sum / share - base[0]) / B;
    for (int n = 0; n < N; n++)
        da[b * N + n] = choice[b * N + n] != 0.0f ? surprise * choice[b * N + n] / a[b * N + n] : 0.0f;
}
