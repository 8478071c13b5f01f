/* The arguments of every kernel that moves a window over images. Letters: x [B,H,W,C], w [kh,kw,C,O], y [B,P,Q,O]; stride sy sx,
   dilation ey ex, padding before: top left. */
#ifndef GAZE_WINDOW_H
#define GAZE_WINDOW_H

typedef const __global float *source;

#define IMAGES int H, int W, int C, int P, int Q, int O
#define WINDOW int kh, int kw, int sy, int sx, int ey, int ex, int top, int left

#endif
