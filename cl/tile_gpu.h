/* A block of a product on a GPU: a group makes the sums over k of A(m, k) B(n, k) for BLOCK_M rows m and BLOCK_N columns n, each
   work-item TILE_M x TILE_N of them in registers. What A and B are (a matrix, a convolution's windows) the including file says:

     #define A(m, k) ...   element of A for row m of the block (0..BLOCK_M - 1) and element k of the sum
     #define B(n, k) ...   the same for a column of the block
     GAZE_TILE_KERNEL name(...)
     {
         GAZE_TILE_LOCAL;                     first, at the kernel's own level
         float c[TILE_M * TILE_N];
         GAZE_TILE_ZERO(c);
         GAZE_TILE_SUM(c, from, to, A, B);    adds k = from..to - 1; all items come here, with the same from and to
         ... c[i * TILE_N + j] is row GAZE_TILE_ROW(i), column GAZE_TILE_COLUMN(j) of the block, for constant i and j
     }

   A and B are asked for k < to alone. For rows and columns that don't exist they give any value, without reading outside (the last
   row's, say). The parameters come from engine/ops/gpu_tile.c, but for TILE_A_BY_K and TILE_B_BY_K: consecutive items take
   consecutive k (1) or consecutive rows or columns (0), as the operand lies in memory. */
#ifndef GAZE_TILE_GPU_H
#define GAZE_TILE_GPU_H

#ifndef TILE_X
#define TILE_X 16 // work-items of a group along the columns
#define TILE_Y 16 // and the rows
#define TILE_M 4  // rows of a work-item
#define TILE_N 4  // columns of a work-item
#define TILE_K 16 // summed elements at a time
#endif
#ifndef TILE_LANES
#define TILE_LANES 0 // > 0: TILE_X lanes of a subgroup share a row of A (family intel), TILE_K = TILE_X
#endif
#ifndef TILE_A_BY_K
#define TILE_A_BY_K 1
#endif
#ifndef TILE_B_BY_K
#define TILE_B_BY_K 0
#endif
#define BLOCK_M (TILE_Y * TILE_M)
#define BLOCK_N (TILE_X * TILE_N)

/* `count` values of the BLOCK x TILE_K elements that `items` work-items hold together, element e = i * items + item in to[i]. */
#define GAZE_TILE_AT(e, BLOCK, BY_K)   (int)((BY_K) ? (e) / TILE_K : (e) % (BLOCK))
#define GAZE_TILE_DEEP(e, BLOCK, BY_K) (int)((BY_K) ? (e) % TILE_K : (e) / (BLOCK))
#define GAZE_TILE_FETCH(to, items, item, BLOCK, BY_K, first, LOAD, from, end)                 \
    UNROLL for (int i_ = 0; i_ < (BLOCK) * TILE_K / (items); i_++)                            \
    {                                                                                         \
        const uint e_ = i_ * (items) + (item), k_ = (from) + GAZE_TILE_DEEP(e_, BLOCK, BY_K); \
        to[i_] = k_ < (end) ? LOAD(((first) + GAZE_TILE_AT(e_, BLOCK, BY_K)), k_) : 0.0f;     \
    }

#define GAZE_TILE_ZERO(c) \
    UNROLL for (int i_ = 0; i_ < TILE_M * TILE_N; i_++) { c[i_] = 0.0f; }

#if TILE_LANES

/* A subgroup makes TILE_M rows and TILE_N * TILE_X columns. Its lanes load TILE_K elements of each of its rows, one each at a
   time, and hand them round; each lane reads its own columns of B. Where the extension isn't there, local memory stands in. */
#if defined(cl_intel_subgroups) && defined(cl_intel_required_subgroup_size) && TILE_X >= 8
#pragma OPENCL EXTENSION cl_intel_subgroups : enable
#define GAZE_TILE_KERNEL                                                                                              \
    __kernel __attribute__((intel_reqd_sub_group_size(TILE_X))) __attribute__((reqd_work_group_size(TILE_X, TILE_Y, 1))) void
#define GAZE_TILE_LOCAL
#define GAZE_TILE_HAND(a)
#define GAZE_TILE_TAKE(a, e) intel_sub_group_shuffle(a[(e) / TILE_X], (e) % TILE_X)
#define GAZE_TILE_TAKEN
#else
#define GAZE_TILE_KERNEL __kernel __attribute__((reqd_work_group_size(TILE_X, TILE_Y, 1))) void
#define GAZE_TILE_LOCAL  __local float gaze_tile_a[TILE_Y * TILE_M * TILE_K]
#define GAZE_TILE_HAND(a)                                                                \
    UNROLL for (int i_ = 0; i_ < TILE_M; i_++)                                           \
        gaze_tile_a[(get_local_id(1) * TILE_M + i_) * TILE_K + get_local_id(0)] = a[i_]; \
    barrier(CLK_LOCAL_MEM_FENCE);
#define GAZE_TILE_TAKE(a, e) gaze_tile_a[get_local_id(1) * TILE_M * TILE_K + (e)]
#define GAZE_TILE_TAKEN      barrier(CLK_LOCAL_MEM_FENCE);
#endif

#define GAZE_TILE_ROW(i)    ((int)get_local_id(1) * TILE_M + (i))
#define GAZE_TILE_COLUMN(j) ((j) * TILE_X + (int)get_local_id(0))

#define GAZE_TILE_SUM(c, from, to, A, B)                                                                      \
    for (int at_ = (from); at_ < (to); at_ += TILE_K) {                                                       \
        float a_[TILE_M];                                                                                     \
        GAZE_TILE_FETCH(a_, TILE_X, (uint)get_local_id(0), TILE_M, TILE_A_BY_K, GAZE_TILE_ROW(0), A, at_, to) \
        GAZE_TILE_HAND(a_)                                                                                    \
        UNROLL for (int d_ = 0; d_ < TILE_K; d_++)                                                            \
        {                                                                                                     \
            float b_[TILE_N];                                                                                 \
            UNROLL for (int j_ = 0; j_ < TILE_N; j_++)                                                        \
                b_[j_] = at_ + d_ < (to) ? B(GAZE_TILE_COLUMN(j_), (at_ + d_)) : 0.0f;                        \
            UNROLL for (int m_ = 0; m_ < TILE_M; m_++)                                                        \
            {                                                                                                 \
                const float t_ = GAZE_TILE_TAKE(a_, TILE_A_BY_K ? m_ * TILE_K + d_ : d_ * TILE_M + m_);       \
                UNROLL for (int j_ = 0; j_ < TILE_N; j_++)                                                    \
                    c[m_ * TILE_N + j_] = fma(t_, b_[j_], c[m_ * TILE_N + j_]);                               \
            }                                                                                                 \
        }                                                                                                     \
        GAZE_TILE_TAKEN                                                                                       \
    }

#else

/* TILE_K elements of the block's rows and columns lie in local memory, k by k, in fours; the next ones are on their way to
   registers meanwhile. A work-item's rows and columns are fours that lie TILE_Y and TILE_X fours apart, so that the items of a
   warp read neighbours. One four more a line: what is read along k goes to different banks. */
#define TILE_ITEMS       (TILE_X * TILE_Y)
#define TILE_A_PITCH     (BLOCK_M / 4 + 1)
#define TILE_B_PITCH     (BLOCK_N / 4 + 1)
#define GAZE_TILE_KERNEL __kernel __attribute__((reqd_work_group_size(TILE_X, TILE_Y, 1))) void
#define GAZE_TILE_LOCAL  __local float4 gaze_tile_a[TILE_K * TILE_A_PITCH], gaze_tile_b[TILE_K * TILE_B_PITCH]

#if TILE_M % 4 || TILE_N % 4 || BLOCK_M * TILE_K % TILE_ITEMS || BLOCK_N * TILE_K % TILE_ITEMS
#error "tile_gpu.h: rows and columns of a work-item are fours, and its items share the block's elements evenly"
#endif

#define GAZE_TILE_ROW(i)    (((i) / 4 * TILE_Y + (int)get_local_id(1)) * 4 + (i) % 4)
#define GAZE_TILE_COLUMN(j) (((j) / 4 * TILE_X + (int)get_local_id(0)) * 4 + (j) % 4)

#define GAZE_TILE_PUT(from, to, item, BLOCK, BY_K, PITCH)                                                      \
    UNROLL for (int i_ = 0; i_ < (BLOCK) * TILE_K / TILE_ITEMS; i_++)                                          \
    {                                                                                                          \
        const uint e_ = i_ * TILE_ITEMS + (item);                                                              \
        ((__local float *)to)[GAZE_TILE_DEEP(e_, BLOCK, BY_K) * 4 * (PITCH) + GAZE_TILE_AT(e_, BLOCK, BY_K)] = \
            from[i_];                                                                                          \
    }

static inline void gaze_tile_multiply(const __local float4 *a, const __local float4 *b, float *c)
{
    const int x = get_local_id(0), y = get_local_id(1);
#pragma unroll 4
    for (int k = 0; k < TILE_K; k++) {
        float v[TILE_N];
#pragma unroll
        for (int j = 0; j < TILE_N; j += 4) {
            const float4 four = b[k * TILE_B_PITCH + j / 4 * TILE_X + x];
            v[j] = four.x;
            v[j + 1] = four.y;
            v[j + 2] = four.z;
            v[j + 3] = four.w;
        }
#pragma unroll
        for (int i = 0; i < TILE_M; i += 4) {
            const float4 four = a[k * TILE_A_PITCH + i / 4 * TILE_Y + y];
#pragma unroll
            for (int j = 0; j < TILE_N; j++) {
                c[i * TILE_N + j] = fma(four.x, v[j], c[i * TILE_N + j]);
                c[(i + 1) * TILE_N + j] = fma(four.y, v[j], c[(i + 1) * TILE_N + j]);
                c[(i + 2) * TILE_N + j] = fma(four.z, v[j], c[(i + 2) * TILE_N + j]);
                c[(i + 3) * TILE_N + j] = fma(four.w, v[j], c[(i + 3) * TILE_N + j]);
            }
        }
    }
}

#define GAZE_TILE_SUM(c, from, to, A, B)                                                                              \
    do {                                                                                                              \
        const uint item_ = get_local_id(1) * TILE_X + get_local_id(0);                                          \
        float a_[BLOCK_M * TILE_K / TILE_ITEMS], b_[BLOCK_N * TILE_K / TILE_ITEMS];                                   \
        GAZE_TILE_FETCH(a_, TILE_ITEMS, item_, BLOCK_M, TILE_A_BY_K, 0, A, from, to)                                  \
        GAZE_TILE_FETCH(b_, TILE_ITEMS, item_, BLOCK_N, TILE_B_BY_K, 0, B, from, to)                                  \
        for (int at_ = (from); at_ < (to); at_ += TILE_K) {                                                           \
            GAZE_TILE_PUT(a_, gaze_tile_a, item_, BLOCK_M, TILE_A_BY_K, TILE_A_PITCH)                                 \
            GAZE_TILE_PUT(b_, gaze_tile_b, item_, BLOCK_N, TILE_B_BY_K, TILE_B_PITCH)                                 \
            barrier(CLK_LOCAL_MEM_FENCE);                                                                             \
            GAZE_TILE_FETCH(a_, TILE_ITEMS, item_, BLOCK_M, TILE_A_BY_K, 0, A, at_ + TILE_K, to)                      \
            GAZE_TILE_FETCH(b_, TILE_ITEMS, item_, BLOCK_N, TILE_B_BY_K, 0, B, at_ + TILE_K, to)                      \
            gaze_tile_multiply(gaze_tile_a, gaze_tile_b, c);                                                          \
            barrier(CLK_LOCAL_MEM_FENCE);                                                                             \
        }                                                                                                             \
    } while (0)

#endif
#endif
