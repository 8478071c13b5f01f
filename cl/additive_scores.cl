/* Additive scores y[i][j] = sum_d s_d tanh(q_i[d] + k_j[d]) and their gradients. q [B,Tq,D], k [B,Tv,D], y
 * [B,Tq,Tv]; s null: 1. */
#include "common.h"
#include "partial.h"

#ifndef SCORE_QUERIES
#define SCORE_QUERIES 16 // queries of a group
#endif
#define SCORE_KEYS    32  // keys of a group
#define SCORE_DEPTH   256 // features copied at a time, a multiple of every GAZE_WIDTH
#define GRADIENT_KEYS 256

/* `count` floats, and zeros up to whole vectors */
static inline void gaze_copy_padded(const __global float *from, int count, float *to)
{
    for (int d = 0; d < count; d += GAZE_WIDTH) vstorev(gaze_load_part(from + d, count - d, 0.0f), 0, to + d);
}

/* A group: SCORE_QUERIES x SCORE_KEYS scores of a sample. */
GAZE_APART void gaze_additive_scores(int i0, int i1, int i2, const __global float *restrict q, const __global float *restrict k,
                                     const __global float *restrict s, __global float *restrict y, int Tq, int Tv, int D)
{
    const int first = i0 * SCORE_QUERIES, from = i1 * SCORE_KEYS;
    const size_t b = i2;
    const int queries = min(SCORE_QUERIES, Tq - first), keys = min(SCORE_KEYS, Tv - from);
    GAZE_ALIGNED float key[SCORE_KEYS * SCORE_DEPTH], query[SCORE_DEPTH], scale[SCORE_DEPTH],
        sum[SCORE_QUERIES * SCORE_KEYS];
    q += (b * Tq + first) * D;
    k += (b * Tv + from) * D;
    y += (b * Tq + first) * Tv + from;
    for (int d = 0; d < D; d += SCORE_DEPTH) {
        const int count = min(SCORE_DEPTH, D - d);
        for (int j = 0; j < keys; j++) gaze_copy_padded(k + (size_t)j * D + d, count, key + j * SCORE_DEPTH);
        for (int i = 0; i < count; i++) scale[i] = s ? s[d + i] : 1.0f;
        for (int i = count; i % GAZE_WIDTH; i++) scale[i] = 0.0f;
        for (int i = 0; i < queries; i++) {
            gaze_copy_padded(q + (size_t)i * D + d, count, query);
            for (int j = 0; j < keys; j++) {
                floatv part = 0.0f;
                for (int n = 0; n < count; n += GAZE_WIDTH)
                    part = fma(vloadv(0, scale + n),
                               gaze_tanhv(vloadv(0, query + n) + vloadv(0, key + j * SCORE_DEPTH + n)), part);
                sum[i * SCORE_KEYS + j] = gaze_sumv(part) + (d ? sum[i * SCORE_KEYS + j] : 0.0f);
            }
        }
    }
    for (int i = 0; i < queries; i++)
        for (int j = 0; j < keys; j++) y[(size_t)i * Tv + j] = sum[i * SCORE_KEYS + j];
}

GAZE_ONE additive_scores(GAZE_HERE const __global float *restrict q, const __global float *restrict k,
                         const __global float *restrict s, __global float *restrict y, int Tq, int Tv, int D)
{
    gaze_additive_scores(GAZE_AT(0), GAZE_AT(1), GAZE_AT(2), q, k, s, y, Tq, Tv, D);
}

/* One pass for all three: a group owns a vector of features of a sample. ds [B,D]: a part a sample. */
GAZE_APART void gaze_additive_scores_gradient(int i0, int i1, const __global float *restrict q,
                                              const __global float *restrict k, const __global float *restrict s,
                                              const __global float *restrict dy, __global float *restrict dq,
                                              __global float *restrict dk, __global float *restrict ds, int Tq, int Tv, int D)
{
    const int d = i0 * GAZE_WIDTH, there = D - d;
    const size_t b = i1;
    const floatv scale = s ? gaze_load_part(s + d, there, 0.0f) : (floatv)(1.0f);
    GAZE_ALIGNED float key[GRADIENT_KEYS * GAZE_WIDTH], to_key[GRADIENT_KEYS * GAZE_WIDTH];
    floatv to_scale = 0.0f;
    q += b * Tq * D + d;
    k += b * Tv * D + d;
    dq += b * Tq * D + d;
    dk += b * Tv * D + d;
    dy += b * Tq * Tv;
    for (int from = 0; from < Tv; from += GRADIENT_KEYS) {
        const int keys = min(GRADIENT_KEYS, Tv - from);
        for (int j = 0; j < keys; j++) {
            vstorev(gaze_load_part(k + (size_t)(from + j) * D, there, 0.0f), j, key);
            vstorev((floatv)(0.0f), j, to_key);
        }
        for (int i = 0; i < Tq; i++) {
            const floatv query = gaze_load_part(q + (size_t)i * D, there, 0.0f);
            floatv to_query = 0.0f, part = 0.0f;
            for (int j = 0; j < keys; j++) {
                const floatv t = gaze_tanhv(query + vloadv(j, key)), g = dy[(size_t)i * Tv + from + j];
                const floatv slope = g * fma(-t, t, (floatv)(1.0f));
                part = fma(g, t, part);
                to_query += slope;
                vstorev(vloadv(j, to_key) + slope, j, to_key);
            }
            to_scale += part;
            to_query *= scale;
            if (from) to_query += gaze_load_part(dq + (size_t)i * D, there, 0.0f);
            gaze_store_part(to_query, dq + (size_t)i * D, there);
        }
        for (int j = 0; j < keys; j++)
            gaze_store_part(scale * vloadv(j, to_key), dk + (size_t)(from + j) * D, there);
    }
    gaze_store_part(to_scale, ds + b * D + d, there);
}

GAZE_ONE additive_scores_gradient(GAZE_HERE const __global float *restrict q, const __global float *restrict k,
                                  const __global float *restrict s, const __global float *restrict dy,
                                  __global float *restrict dq, __global float *restrict dk, __global float *restrict ds, int Tq,
                                  int Tv, int D)
{
    gaze_additive_scores_gradient(GAZE_AT(0), GAZE_AT(1), q, k, s, dy, dq, dk, ds, Tq, Tv, D);
}

/* Plain: a work-item a value. */
__kernel void additive_scores_plain(const __global float *restrict q, const __global float *restrict k,
                                    const __global float *restrict s, __global float *restrict y, int Tq,
                                    int Tv, int D, int count)
{
    const size_t at = get_global_id(0), i = at / Tv, b = i / Tq;
    if (at >= (size_t)count) return;
    float sum = 0.0f;
    q += i * D;
    k += (b * Tv + at % Tv) * D;
    for (int d = 0; d < D; d++) sum = fma(s ? s[d] : 1.0f, gaze_tanh1(q[d] + k[d]), sum);
    y[at] = sum;
}

/* dq, or with q and k (and Tq and Tv) in each other's place and `turned`, dk */
__kernel void additive_scores_gradient_plain(const __global float *restrict q,
                                             const __global float *restrict k,
                                             const __global float *restrict s,
                                             const __global float *restrict dy, __global float *restrict dq,
                                             int Tq, int Tv, int D, int turned, int count)
{
    const size_t at = get_global_id(0), d = at % D, i = at / D % Tq, b = at / D / Tq;
    if (at >= (size_t)count) return;
    float sum = 0.0f;
    dy += b * Tq * Tv;
    k += b * Tv * D + d;
    for (int j = 0; j < Tv; j++) {
        const float t = gaze_tanh1(q[at] + k[(size_t)j * D]);
        sum = fma(turned ? dy[(size_t)j * Tq + i] : dy[i * Tv + j], fma(-t, t, 1.0f), sum);
    }
    dq[at] = s ? s[d] * sum : sum;
}

__kernel void additive_scores_scale_plain(const __global float *restrict q, const __global float *restrict k,
                                          const __global float *restrict dy, __global float *restrict ds,
                                          int Tq, int Tv, int D, int count)
{
    const size_t at = get_global_id(0), d = at % D, b = at / D;
    if (at >= (size_t)count) return;
    float sum = 0.0f;
    q += b * Tq * D + d;
    k += b * Tv * D + d;
    dy += b * Tq * Tv;
    for (int i = 0; i < Tq; i++) {
        float part = 0.0f;
        for (int j = 0; j < Tv; j++)
            part = fma(dy[(size_t)i * Tv + j], gaze_tanh1(q[(size_t)i * D] + k[(size_t)j * D]), part);
        sum += part;
    }
    ds[at] = sum;
}
