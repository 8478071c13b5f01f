/* What a GPU's recurrent kernels share. A group owns SAMPLES samples, as the elements of one vector, so that each weight that
   an item reads serves all of them; its items share the units. Which kind it is the number of gates says. */
#ifndef GAZE_RECURRENCE_GPU_H
#define GAZE_RECURRENCE_GPU_H

#ifndef GATES
#define GATES 4 // 4: lstm, 3: gru, 1: the simple layer
#endif
#ifndef SAMPLES
#define SAMPLES 4 // of a group: 1, 2 or 4
#endif
#define KEPT 4 // of lstm and gru

#if SAMPLES == 1
#define samplev              float
#define gaze_split(v, to)    ((to)[0] = (v))
#define gaze_collect(from)   ((from)[0])
#else
#define samplev              GAZE_JOIN(float, SAMPLES)
#define gaze_split(v, to)    GAZE_JOIN(vstore, SAMPLES)(v, 0, to)
#define gaze_collect(from)   GAZE_JOIN(vload, SAMPLES)(0, from)
#endif

/* Step number s, in the order of work, is this step of the sequence. */
static inline int gaze_step_at(int s, int T, int backwards) { return backwards ? T - 1 - s : s; }

/* Value u of rows that are `stride` apart; zeros where there are none. */
static inline samplev gaze_gather(const __global float *from, size_t stride, int samples, int u)
{
    float part[SAMPLES];
#pragma unroll
    for (int r = 0; r < SAMPLES; r++) part[r] = from && r < samples ? from[r * stride + u] : 0.0f;
    return gaze_collect(part);
}

#endif
