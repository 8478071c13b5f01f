/* Tiles of images of up to LANES channels, for Winograd's convolution and the gradient of its kernel. */
#ifndef GAZE_WINOGRAD_FEW_H
#define GAZE_WINOGRAD_FEW_H

#include "conv2d.h"
#include "winograd.h"

#define LANES 4 // of a transformed pixel: its channels, and what nobody reads

/* Rows of LANES floats that lie `pitch` apart, as a vector. */
GAZE_IN_REGISTERS floatv gaze_rows_of_lanes(const __local float *from, int pitch)
{
    union {
        floatv all;
        float4 row[GAZE_WIDTH / LANES];
    } v;
#pragma unroll
    for (int i = 0; i < GAZE_WIDTH / LANES; i++) v.row[i] = vload4(0, from + i * pitch);
    return v.all;
}

/* v [across][EDGE columns][EDGE rows][LANES]: B^T x B of the tiles of a row, the first element of which is [h0,w0] of an image x [H,W,C].
   in [EDGE][pitch]: the pixels of the row, and at least LANES zeros. */
GAZE_APART void gaze_few_transform(source x, int H, int W, int C, int h0, int left, int across, int pitch, __local float *in,
                                   __local float *v)
{
    const int wide = across * SIDE + EDGE - SIDE;
    for (int i = 0; i < EDGE; i++) {
        gaze_stage_row(x, H, W, C, 0, C, h0 + i, left, wide, in + i * pitch);
        for (int j = wide * C; j < pitch; j++) in[i * pitch + j] = 0.0f;
    }
    for (int k = 0; k < wide * C; k += GAZE_WIDTH) {
        floatv d[EDGE];
#pragma unroll
        for (int i = 0; i < EDGE; i++) d[i] = vloadv(0, in + i * pitch + k);
        gaze_winograd_input(d, d, 1);
#pragma unroll
        for (int i = 0; i < EDGE; i++) vstorev(d[i], 0, in + i * pitch + k);
    }
    for (int t = 0; t < across; t++, in += SIDE * C, v += PLANES * LANES)
        for (int start = 0; start < EDGE; start += GAZE_WIDTH / LANES) {
            const int i = min(start, EDGE - GAZE_WIDTH / LANES);
            floatv d[EDGE];
#pragma unroll
            for (int j = 0; j < EDGE; j++) d[j] = gaze_rows_of_lanes(in + i * pitch + j * C, pitch);
            gaze_winograd_input(d, d, 1);
#pragma unroll
            for (int j = 0; j < EDGE; j++) vstorev(d[j], 0, v + (j * EDGE + i) * LANES);
        }
}

#endif
