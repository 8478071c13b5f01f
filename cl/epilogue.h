/* What conv2d and dense do to a value before they store it. The numbers are gz_activation_kind's
 * (engine/ops/ops.h). */
#ifndef GAZE_EPILOGUE_H
#define GAZE_EPILOGUE_H

#define GAZE_RELU       1
#define GAZE_SIGMOID    2
#define GAZE_TANH       3
#define GAZE_ELU        4
#define GAZE_LEAKY_RELU 5

/* NaN stays NaN in all of them. */
#define GAZE_DEFINE_EPILOGUE(S, FLOAT)                                                        \
    static inline FLOAT gaze_epilogue##S(int activation, FLOAT x)                             \
    {                                                                                         \
        const FLOAT zero = 0.0f;                                                              \
        if (activation == GAZE_RELU) return select(x, zero, x < zero);                        \
        if (activation == GAZE_SIGMOID) return gaze_sigmoid##S(x);                            \
        if (activation == GAZE_TANH) return gaze_tanh##S(x);                                  \
        if (activation == GAZE_ELU) return select(x, gaze_expm1##S(fmin(x, zero)), x < zero); \
        if (activation == GAZE_LEAKY_RELU) return select(x, 0.2f * x, x < zero);              \
        return x;                                                                             \
    }

GAZE_DEFINE_EPILOGUE(1, float)
GAZE_DEFINE_EPILOGUE(v, floatv)

/* dy times the slope where the activation gave y. */
#define GAZE_DEFINE_EPILOGUE_GRADIENT(S, FLOAT)                                               \
    static inline FLOAT gaze_epilogue_gradient##S(int activation, FLOAT y, FLOAT dy)          \
    {                                                                                         \
        const FLOAT zero = 0.0f;                                                              \
        if (activation == GAZE_RELU) return select(zero, dy, y > 0.0f);                       \
        if (activation == GAZE_SIGMOID) return dy * (y * (1.0f - y));                         \
        if (activation == GAZE_TANH) return dy * gaze_fma##S(-y, y, 1.0f);                    \
        if (activation == GAZE_ELU) return select(dy, dy * (y + 1.0f), y < 0.0f);             \
        if (activation == GAZE_LEAKY_RELU) return select(0.2f * dy, dy, y > 0.0f);            \
        return dy;                                                                            \
    }

GAZE_DEFINE_EPILOGUE_GRADIENT(1, float)
GAZE_DEFINE_EPILOGUE_GRADIENT(v, floatv)

#endif
