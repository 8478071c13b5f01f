/* What attention of heads and its gradient share on CPUs. Scores and weights are held turned, a row for each key and a column for
   each query of a block: what belongs to a query stands in a vector's element, and no sum or maximum is taken across one.
   Needs partial.h, tile.h and panel.h. */
#ifndef GAZE_HEADS_H
#define GAZE_HEADS_H

#ifndef KEY_DEPTH
#define KEY_DEPTH TILE_COLUMNS // K, rounded up to TILE_COLUMNS
#endif
#ifndef VALUE_DEPTH
#define VALUE_DEPTH TILE_COLUMNS // V, likewise
#endif
#ifndef QUERY_TILES
#define QUERY_TILES 2
#endif
#define QUERIES    (QUERY_TILES * TILE_COLUMNS) // of a block
#define SHORT_ROWS 4                            // of a tile where one of PANEL_ROWS would reach beyond a head's depth
#define LOG2_E  1.44269504f
#define LOG_2   0.69314718f

/* panels [ceil(rows / TILE_COLUMNS)][depth][TILE_COLUMNS] of the transposed matrix of `rows` rows */
static inline void gaze_turn_rows(const __global float *from, int stride, int rows, int depth, float *panels)
{
    for (int c = 0; c < rows; c += TILE_COLUMNS)
        gaze_pack_transposed(from + (size_t)c * stride, depth, stride, rows - c, TILE_COLUMNS, panels + c * depth);
}

/* rows[n][d] = columns[d][n], d rounded up to 8: columns are QUERIES apart, rows `depth` */
static inline void gaze_turn_columns(const float *columns, int count, int depth, float *rows)
{
#define COLUMN(j) vload8(0, from + (j) * QUERIES)
    for (int d = 0; d < depth; d += 8)
        for (int n = 0; n < count; n += 8) {
            const float *from = columns + d * QUERIES + n;
            gaze_turn8(COLUMN(0), COLUMN(1), COLUMN(2), COLUMN(3), COLUMN(4), COLUMN(5), COLUMN(6), COLUMN(7),
                       rows + n * depth + d, depth);
        }
#undef COLUMN
}

/* The rows of a tile in `a`, of which `rows` exist (the last one stands for the others), and zeros to add to. */
GAZE_IN_REGISTERS void gaze_open_heads(const __global float *a, int stride, int rows, const __global float **row, floatv *c)
{
#pragma unroll
    for (int j = 0; j < PANEL_ROWS; j++) {
        row[j] = a + (size_t)min(j, rows - 1) * stride;
        c[j] = c[PANEL_ROWS + j] = 0.0f;
    }
}

GAZE_IN_REGISTERS void gaze_load_rows(const float *from, int stride, floatv *c)
{
#pragma unroll
    for (int j = 0; j < PANEL_ROWS; j++) {
        c[j] = vloadv(0, from + j * stride);
        c[PANEL_ROWS + j] = vloadv(1, from + j * stride);
    }
}

GAZE_IN_REGISTERS void gaze_keep_rows(const floatv *c, float *to, int stride)
{
#pragma unroll
    for (int j = 0; j < PANEL_ROWS; j++) {
        vstorev(c[j], 0, to + j * stride);
        vstorev(c[PANEL_ROWS + j], 1, to + j * stride);
    }
}

/* NAME(a, stride, keys, s, queries, sum, depth): sum [ROWS][QUERIES] += a^T s, ROWS columns of a [keys], rows `stride` floats apart, of
   which `depth` columns exist, and s [keys][QUERIES]. */
#define GAZE_DEFINE_MIX_TILE(NAME, ROWS, SPACE)                                                                                      \
    GAZE_DEFINE_PRODUCT(NAME##_tile, ROWS, 2, SPACE, __private)                                                                      \
    GAZE_IN_REGISTERS void NAME(const SPACE float *a, int stride, int keys, const float *s, int queries, float *sum, int depth)      \
    {                                                                                                                                \
        for (int n = 0; n < queries; n += TILE_COLUMNS) {                                                                            \
            const SPACE float *row[ROWS];                                                                                            \
            floatv c[2 * ROWS];                                                                                                      \
            UNROLL for (int i = 0; i < 2 * ROWS; i++) c[i] = vloadv(i / ROWS, sum + n + i % ROWS * QUERIES);                         \
            UNROLL for (int i = 0; i < ROWS; i++) row[i] = a + min(i, depth - 1);                                                    \
            NAME##_tile(row, stride, s + n, QUERIES, keys, c);                                                                       \
            UNROLL for (int i = 0; i < 2 * ROWS; i++) vstorev(c[i], i / ROWS, sum + n + i % ROWS * QUERIES);                         \
        }                                                                                                                            \
    }

/* The same of all `depth` columns: short tiles first, until what is left is whole ones. sum has room for PANEL_ROWS rows more. */
#define GAZE_DEFINE_MIX(NAME, SPACE)                                                                                                 \
    GAZE_DEFINE_MIX_TILE(NAME##_long, PANEL_ROWS, SPACE)                                                                             \
    GAZE_DEFINE_MIX_TILE(NAME##_short, SHORT_ROWS, SPACE)                                                                            \
    GAZE_APART void NAME(const SPACE float *a, int stride, int keys, const float *s, int queries, float *sum, int depth)             \
    {                                                                                                                                \
        for (int d = 0, rows; d < depth; d += rows) {                                                                                \
            const int left = depth - d;                                                                                              \
            rows = left <= SHORT_ROWS || (left > PANEL_ROWS && left % PANEL_ROWS) ? SHORT_ROWS : PANEL_ROWS;                         \
            if (rows == SHORT_ROWS)                                                                                                  \
                NAME##_short(a + d, stride, keys, s, queries, sum + d * QUERIES, left);                                              \
            else                                                                                                                     \
                NAME##_long(a + d, stride, keys, s, queries, sum + d * QUERIES, left);                                               \
        }                                                                                                                            \
    }

static inline void gaze_clear(float *sum, int count)
{
    for (int i = 0; i < count; i += GAZE_WIDTH) vstorev((floatv)(0.0f), 0, sum + i);
}

/* Which queries of a vector may see a key in causal order: those from number `from` of the vector on */
static inline intv gaze_late(int from)
{
    int late[GAZE_WIDTH];
    for (int i = 0; i < GAZE_WIDTH; i++) late[i] = i >= from ? -1 : 0;
    return GAZE_JOIN(vload, GAZE_WIDTH)(0, late);
}

/* s [keys][QUERIES] becomes `other` where a query may not see a key: `mask` of the first key, or null; `ahead`: by how much the
   first key's number is above the first query's (INT_MIN where order doesn't count) */
static inline void gaze_hide(float *s, int keys, int queries, const __global int *mask, int ahead, float other)
{
    for (int j = 0; j < keys; j++)
        for (int n = 0; n < queries; n += GAZE_WIDTH) {
            const int from = mask && !mask[j] ? GAZE_WIDTH : ahead == INT_MIN ? 0 : ahead + j - n;
            if (from > 0) {
                float *to = s + j * QUERIES + n;
                vstorev(select((floatv)(other), vloadv(0, to), gaze_late(from)), 0, to);
            }
        }
}

#endif
