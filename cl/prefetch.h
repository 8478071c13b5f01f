/* Floats that will be read or written soon are on their way to a cache while something else is computed. OpenCL's own prefetch does
   nothing in PoCL; in SPIR it would be all there is. Addresses behind the end of a buffer are allowed. */
#ifndef GAZE_PREFETCH_H
#define GAZE_PREFETCH_H

#if defined(__clang__) && !defined(__SPIR__) && !defined(__SPIRV__)
#define GAZE_PREFETCH(address, count, write, level) \
    for (int i = 0; i < (count); i += 16) __builtin_prefetch((const void *)(size_t)((address) + i), write, level)
#else
#define GAZE_PREFETCH(address, count, write, level)
#endif

/* To the second cache. */
static inline void gaze_prefetch(const __global float *from, int count) { GAZE_PREFETCH(from, count, 0, 2); }

/* To the first, in what remains of a loop that reads other data from there. */
static inline void gaze_prefetch_near(const __global float *from, int count) { GAZE_PREFETCH(from, count, 0, 3); }

/* The same for floats that will be written. */
static inline void gaze_prefetch_to(const __global float *to, int count) { GAZE_PREFETCH(to, count, 1, 3); }

#endif
