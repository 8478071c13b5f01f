/* What the kernels that make one convolution of two, and their gradients, are given: sizes a [ah,aw,C,M], b [bh,bw,M,O]; and one float
   or a vector of them from and to memory, by the suffix of a function. */
#ifndef GAZE_COMPOSE_H
#define GAZE_COMPOSE_H
#include "common.h"

#define SIZES int ah, int aw, int bh, int bw, int C, int M, int O
#define SIZES_OF ah, aw, bh, bw, C, M, O
#define GAZE_LOAD1(from) (*(from))
#define GAZE_LOADV(from) vloadv(0, from)
#define GAZE_STORE1(value, to) (*(to) = (value))
#define GAZE_STOREV(value, to) vstorev(value, 0, to)
#endif
