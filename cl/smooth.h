/* The activations whose gradient needs what they were given, not what they gave. Needs epilogue.h. */
#ifndef GAZE_SMOOTH_H
#define GAZE_SMOOTH_H

#define GAZE_LINEAR 0
#define GAZE_GELU   6
#define GAZE_SILU   7

/* gelu(x) = max(x, 0) - |x| Phi(-|x|), with Phi(-a) = exp(-a^2 / 2) R(a); R is a rational minimax fit on
   0..14.5 (relative error 6e-9), beyond which Phi is 0 in float. a^2 / 2 is taken in two parts, as its
   rounding error would grow by exp. Measured: 5.9 ULP. silu(x) = x / (1 + exp(-x)), with exp(-|x| / 2)
   squared, so that no part of it underflows first: 4.3 ULP. */
#define GAZE_DEFINE_SMOOTH(S, FLOAT)                                                                       \
    static inline FLOAT gaze_normal_tail##S(FLOAT a, FLOAT *e)                                             \
    {                                                                                                      \
        FLOAT half_a = 0.5f * a, h = half_a * a, p, q;                                                     \
        *e = gaze_exp_low##S(-h);                                                                          \
        *e = fma(-fma(half_a, a, -h), *e, *e);                                                             \
        p = gaze_fma##S(a, (FLOAT)(4.11630701e-3f), 4.06332689e-2f);                                       \
        p = gaze_fma##S(p, a, 1.83235354e-1f);                                                             \
        p = gaze_fma##S(p, a, 4.38295383e-1f);                                                             \
        p = gaze_fma##S(p, a, 5.00000003e-1f);                                                             \
        q = gaze_fma##S(a, (FLOAT)(1.03179318e-2f), 1.01858947e-1f);                                       \
        q = gaze_fma##S(q, a, 4.69471175e-1f);                                                             \
        q = gaze_fma##S(q, a, 1.20250426f);                                                                \
        q = gaze_fma##S(q, a, 1.67447575f);                                                                \
        q = gaze_fma##S(q, a, 1.0f);                                                                       \
        return p / q;                                                                                      \
    }                                                                                                      \
    static inline FLOAT gaze_least##S(FLOAT x, FLOAT most) { return select(x, most, x > most); }           \
    static inline FLOAT gaze_gelu##S(FLOAT x)                                                              \
    {                                                                                                      \
        FLOAT a = gaze_least##S(fabs(x), (FLOAT)(14.5f)), e, r = gaze_normal_tail##S(a, &e);               \
        return select((FLOAT)(0.0f), x, x > 0.0f) - a * r * e;                                             \
    }                                                                                                      \
    static inline FLOAT gaze_gelu_slope##S(FLOAT x)                                                        \
    {                                                                                                      \
        FLOAT a = gaze_least##S(fabs(x), (FLOAT)(14.5f)), e, r = gaze_normal_tail##S(a, &e);               \
        FLOAT tail = r * e - a * 0.398942280f * e; /* slope at -a */                                       \
        return select(tail, 1.0f - tail, x > 0.0f);                                                        \
    }                                                                                                      \
    static inline FLOAT gaze_silu##S(FLOAT x)                                                              \
    {                                                                                                      \
        FLOAT t = select(x, (FLOAT)(-200.0f), x < -200.0f), e = gaze_exp_low##S(-0.5f * fabs(t)),          \
              r = t / fma(e, e, (FLOAT)(1.0f));                                                            \
        return select(r, r * e * e, x < 0.0f);                                                             \
    }                                                                                                      \
    static inline FLOAT gaze_silu_slope##S(FLOAT x)                                                        \
    {                                                                                                      \
        FLOAT a = gaze_least##S(fabs(x), (FLOAT)(200.0f)), e = gaze_exp_low##S(-a), s = 1.0f / (1.0f + e); \
        FLOAT tail = s * e * (1.0f - a * s); /* slope at -a */                                             \
        return select(tail, 1.0f - tail, x > 0.0f);                                                        \
    }

GAZE_DEFINE_SMOOTH(1, float)
GAZE_DEFINE_SMOOTH(v, floatv)

/* Of every kind: the value, and dy times the slope where the activation gave `at`, or was given it by gelu and silu. */
#define GAZE_DEFINE_KINDS(S, FLOAT)                                       \
    static inline FLOAT gaze_value##S(int activation, FLOAT x)            \
    {                                                                     \
        if (activation == GAZE_GELU) return gaze_gelu##S(x);              \
        if (activation == GAZE_SILU) return gaze_silu##S(x);              \
        return gaze_epilogue##S(activation, x);                           \
    }                                                                     \
    static inline FLOAT gaze_slope##S(int activation, FLOAT at, FLOAT dy) \
    {                                                                     \
        if (activation == GAZE_GELU) return dy * gaze_gelu_slope##S(at);  \
        if (activation == GAZE_SILU) return dy * gaze_silu_slope##S(at);  \
        return gaze_epilogue_gradient##S(activation, at, dy);             \
    }

GAZE_DEFINE_KINDS(1, float)
GAZE_DEFINE_KINDS(v, floatv)

#endif
