/* Shared by every kernel: the native vector, element-wise functions with a stated error, the Philox generator.
   GAZE_WIDTH (4, 8 or 16) is given by the host: floats in a native vector. Kernels of the cpu family run one
   work-item a group. */
#ifndef GAZE_COMMON_H
#define GAZE_COMMON_H

#ifndef GAZE_WIDTH
#define GAZE_WIDTH 8 // floats in a native vector
#endif
/* A launch in parts (engine/device/team.h): a part's offset is where it begins, plus one group. Kernels go by the whole launch, and are
   told what they need to know of its size. */
#ifdef GAZE_PARTS
#define get_group_id(d) (get_group_id(d) + get_global_offset(d) / get_local_size(d) - 1)
#define get_global_id(d) (get_group_id(d) * get_local_size(d) + get_local_id(d))
#define get_global_size(d) a_part_does_not_know_the_size_of_its_launch
#define get_num_groups(d) a_part_does_not_know_the_size_of_its_launch
#endif

#define GAZE_JOIN_(a, b) a##b
#define GAZE_JOIN(a, b) GAZE_JOIN_(a, b)
#define floatv GAZE_JOIN(float, GAZE_WIDTH)
#define intv GAZE_JOIN(int, GAZE_WIDTH)
#define uintv GAZE_JOIN(uint, GAZE_WIDTH)
#define as_intv GAZE_JOIN(as_int, GAZE_WIDTH)
#define as_floatv GAZE_JOIN(as_float, GAZE_WIDTH)

/* A native vector from and to any address of a float. PoCL makes quarters of what vstore16 writes, each moved by itself. */
#ifdef GAZE_NO_CPU
#define vloadv(offset, pointer) GAZE_JOIN(vload, GAZE_WIDTH)(offset, pointer)
#define vstorev(value, offset, pointer) GAZE_JOIN(vstore, GAZE_WIDTH)(value, offset, pointer)
#else
typedef floatv gaze_floats __attribute__((aligned(4), may_alias));
#define GAZE_DEFINE_MEMORY(SPACE)                                                                                     \
    static inline floatv __attribute__((overloadable)) vloadv(size_t offset, const SPACE float *from)                 \
    {                                                                                                                 \
        return *(const SPACE gaze_floats *)(from + offset * GAZE_WIDTH);                                              \
    }                                                                                                                 \
    static inline void __attribute__((overloadable)) vstorev(floatv value, size_t offset, SPACE float *to)            \
    {                                                                                                                 \
        *(SPACE gaze_floats *)(to + offset * GAZE_WIDTH) = value;                                                     \
    }
GAZE_DEFINE_MEMORY(__global)
GAZE_DEFINE_MEMORY(__local)
GAZE_DEFINE_MEMORY(__private)
#endif

/* So many floats in whole vectors. */
#define GAZE_WHOLE(n) (((n) + GAZE_WIDTH - 1) / GAZE_WIDTH * GAZE_WIDTH)

/* Before arrays of floats that vectors are read from and written to: begun anywhere, each of 16 floats lies in two lines of the cache. */
#define GAZE_ALIGNED __attribute__((aligned(4 * GAZE_WIDTH)))

/* Before a function of the cpu family that is compiled once a program. Of a kernel's own code PoCL makes three copies, and inlines
   into each: 1.4 s of compiling become 0.5. Work-item functions (get_global_id) make PoCL inline it all the same. */
#ifdef GAZE_NO_CPU
#define GAZE_APART static inline __attribute__((unused))
#else
#define GAZE_APART static __attribute__((noinline, unused))
#endif

/* GAZE_ONE: before the name of a kernel of the cpu family, of groups of one item; GAZE_HERE: before its first argument; GAZE_AT(d):
   which group it is. In an entry it is a function that a kernel of the host's making tells where it is (engine/device/entry.h). Where
   the host gives GAZE_NO_CPU nobody calls these functions: tiles that fit a core's vector registers and first cache spill on a GPU,
   and take its compiler longer than all other kernels. */
#if defined(GAZE_ENTRY) || defined(GAZE_NO_CPU)
#define GAZE_ONE GAZE_APART void
#define GAZE_HERE size_t gaze_at0, size_t gaze_at1, size_t gaze_at2,
#define GAZE_AT(d) gaze_at##d
#else
#define GAZE_ONE __kernel __attribute__((reqd_work_group_size(1, 1, 1))) void
#define GAZE_HERE
#define GAZE_AT(d) get_global_id(d)
#endif

/* Before a function whose arrays are registers: where it isn't inlined, as compilers decide when it has several callers in a program,
   they are memory. */
#define GAZE_IN_REGISTERS static inline __attribute__((always_inline, unused))

/* Before a loop over arrays of constant size within a macro: they are registers only once it is unrolled, and not every driver's compiler
   does that by itself. */
#define UNROLL _Pragma("unroll")

/* Element-wise functions, for float (suffix 1) and floatv (suffix v). NaN in gives NaN out. Largest error in ULP against the
   exact value, over all 2^k boundaries and 2 * 10^6 random arguments (PoCL, whose division is exact to 0.5 ULP):
     gaze_exp      1.0, results below 2^-126 become 0
     gaze_exp_low  the same for x <= 88 only
     gaze_exp2_low 2.1, 2^x for x <= 127 only, results below 2^-126 become 0
     gaze_expm1    0.9, exp(x) - 1 for x <= 0 only
     gaze_tanh     2.6
     gaze_sigmoid  2.6, results below 2^-126 become 0
   exp: n = round(x / ln 2) by adding 1.5 * 2^23 (rint and convert_int are slow on PoCL), t = x - n ln 2 in two steps, then
   exp(t) - 1 by Cephes' polynomial. n stands in the last bits of that sum: moved to the exponent's place, they make 2^n for
   -126 <= n <= 127. Clamps are selects, which let NaN pass. exp2_low: t = x - n, and 2^t by the polynomial of degree 5
   whose largest relative error in -1/2..1/2 is least, 9e-8. */
#define GAZE_DEFINE_MATH(S, FLOAT, INT, AS_FLOAT, AS_INT)                                                             \
    static inline FLOAT gaze_fma##S(FLOAT a, FLOAT b, float c) { return fma(a, b, (FLOAT)(c)); }                      \
    static inline FLOAT gaze_exp_parts##S(FLOAT x, INT *n)                                                            \
    {                                                                                                                 \
        FLOAT m = gaze_fma##S(x, (FLOAT)(1.44269504f), 12582912.0f), k = m - 12582912.0f, t, p;                       \
        *n = AS_INT(m);                                                                                               \
        t = fma(k, (FLOAT)(-0.693359375f), x);                                                                        \
        t = fma(k, (FLOAT)(2.12194440e-4f), t);                                                                       \
        p = gaze_fma##S(t, (FLOAT)(1.9875691500e-4f), 1.3981999507e-3f);                                              \
        p = gaze_fma##S(p, t, 8.3334519073e-3f);                                                                      \
        p = gaze_fma##S(p, t, 4.1665795894e-2f);                                                                      \
        p = gaze_fma##S(p, t, 1.6666665459e-1f);                                                                      \
        p = gaze_fma##S(p, t, 5.0000001201e-1f);                                                                      \
        return fma(p, t * t, t);                                                                                      \
    }                                                                                                                 \
    static inline FLOAT gaze_power##S(INT n) { return AS_FLOAT((n << 23) + 0x3F800000); }                             \
    static inline FLOAT gaze_exp##S(FLOAT x)                                                                          \
    {                                                                                                                 \
        FLOAT t = select(x, (FLOAT)(-87.33654f), x < -87.33654f), p;                                                  \
        INT n, half_n;                                                                                                \
        p = gaze_exp_parts##S(select(t, (FLOAT)(89.0f), t > 89.0f), &n) + 1.0f;                                       \
        half_n = (n - 0x4B400000) >> 1; /* two factors: n may be 128 */                                               \
        p = p * gaze_power##S(half_n) * gaze_power##S(n - half_n);                                                    \
        return select(p, (FLOAT)(0.0f), x < -87.33654f);                                                              \
    }                                                                                                                 \
    static inline FLOAT gaze_exp_low##S(FLOAT x)                                                                      \
    {                                                                                                                 \
        INT n;                                                                                                        \
        FLOAT p = gaze_exp_parts##S(select(x, (FLOAT)(-87.33654f), x < -87.33654f), &n), scale = gaze_power##S(n);    \
        return select(fma(p, scale, scale), (FLOAT)(0.0f), x < -87.33654f);                                           \
    }                                                                                                                 \
    static inline FLOAT gaze_exp2_low##S(FLOAT x)                                                                     \
    {                                                                                                                 \
        const FLOAT m = x + 12582912.0f, t = x - (m - 12582912.0f);                                                   \
        FLOAT p = gaze_fma##S(t, (FLOAT)(0x1.5bba14p-10f), 0x1.3cea88p-7f);                                           \
        p = gaze_fma##S(p, t, 0x1.c6b752p-5f);                                                                        \
        p = gaze_fma##S(p, t, 0x1.ebf9bcp-3f);                                                                        \
        p = gaze_fma##S(p, t, 0x1.62e42ap-1f);                                                                        \
        p = gaze_fma##S(p, t, 1.0f) * gaze_power##S(AS_INT(m));                                                       \
        return select(p, (FLOAT)(0.0f), x < -126.0f);                                                                 \
    }                                                                                                                 \
    static inline FLOAT gaze_expm1##S(FLOAT x)                                                                        \
    {                                                                                                                 \
        INT n;                                                                                                        \
        FLOAT p = gaze_exp_parts##S(select(x, (FLOAT)(-30.0f), x < -30.0f), &n), scale = gaze_power##S(n);            \
        return fma(p, scale, scale - 1.0f);                                                                           \
    }                                                                                                                 \
    /* Both as a quotient: what is divided by `by`, 1 to 2. */                                                        \
    static inline FLOAT gaze_tanh_of##S(FLOAT x, FLOAT *by)                                                           \
    {                                                                                                                 \
        FLOAT m = gaze_expm1##S(-2.0f * fabs(x));                                                                     \
        *by = 2.0f + m;                                                                                               \
        return copysign(m, x);                                                                                        \
    }                                                                                                                 \
    static inline FLOAT gaze_sigmoid_of##S(FLOAT x, FLOAT *by)                                                        \
    {                                                                                                                 \
        FLOAT e = gaze_exp_low##S(-fabs(x));                                                                          \
        *by = 1.0f + e;                                                                                               \
        return select((FLOAT)(1.0f), e, x < 0.0f);                                                                    \
    }                                                                                                                 \
    static inline FLOAT gaze_tanh##S(FLOAT x)                                                                         \
    {                                                                                                                 \
        FLOAT by, of = gaze_tanh_of##S(x, &by);                                                                       \
        return of / by;                                                                                               \
    }                                                                                                                 \
    static inline FLOAT gaze_sigmoid##S(FLOAT x)                                                                      \
    {                                                                                                                 \
        FLOAT by, of = gaze_sigmoid_of##S(x, &by);                                                                    \
        return of / by;                                                                                               \
    }

GAZE_DEFINE_MATH(1, float, int, as_float, as_int)
GAZE_DEFINE_MATH(v, floatv, intv, as_floatv, as_intv)

/* Sum and maximum over a vector's elements, in a fixed order (halves). */
#if GAZE_WIDTH == 4
#define GAZE_FOLD(a, op) float4 b = a
#elif GAZE_WIDTH == 8
#define GAZE_FOLD(a, op) float4 b = op(a.lo, a.hi)
#else
#define GAZE_FOLD(a, op)                                                                                              \
    float8 c = op(a.lo, a.hi);                                                                                        \
    float4 b = op(c.lo, c.hi)
#endif
#define GAZE_PLUS(a, b) ((a) + (b))
#define GAZE_MORE(a, b) select(a, b, (b) > (a)) /* one instruction where fmax takes three; a where b is NaN */
static inline float gaze_sumv(floatv a)
{
    GAZE_FOLD(a, GAZE_PLUS);
    return (b.x + b.z) + (b.y + b.w);
}
static inline float gaze_maxv(floatv a)
{
    GAZE_FOLD(a, GAZE_MORE);
    const float left = GAZE_MORE(b.x, b.z), right = GAZE_MORE(b.y, b.w);
    return GAZE_MORE(left, right);
}

/* Philox4x32-10, as engine/base/philox.c. */
static inline uint4 gaze_philox(uint2 key, uint4 x)
{
#pragma unroll
    for (int round = 0; round < 10; round++) {
        x = (uint4)(mul_hi(0xCD9E8D57u, x.z) ^ x.y ^ key.x, 0xCD9E8D57u * x.z, mul_hi(0xD2511F53u, x.x) ^ x.w ^ key.y,
                    0xD2511F53u * x.x);
        key += (uint2)(0x9E3779B9u, 0xBB67AE85u);
    }
    return x;
}

#endif
