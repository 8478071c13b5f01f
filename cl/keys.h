/* Which keys a query may see. */
#ifndef GAZE_KEYS_H
#define GAZE_KEYS_H

/* Which keys row r may see: first <= n < end. queries [B,T] and centers [B,T] may be null; window < 0: none.
 */
static inline int2 gaze_key_range(const __global int *queries, const __global float *centers, size_t r, int N,
                                  int T, int sample_rows, int first, int causal, int window)
{
    const int t = first + (int)(r % T);
    const size_t query = r / sample_rows * T + r % T;
    int2 range = (int2)(0, N);
    if (causal) range.y = min(N, t + 1);
    if (window >= 0) {
        const float center = centers ? centers[query] : (float)t;
        range.x = (int)clamp(ceil(center - window), 0.0f, (float)N);
        range.y = min(range.y, (int)clamp(floor(center + window) + 1.0f, 0.0f, (float)N));
    }
    if (range.x >= range.y || (queries && !queries[query])) range = (int2)(0, 0);
    return range;
}

#endif
