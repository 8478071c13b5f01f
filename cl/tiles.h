/* The register tile of products: TILE_ROWS rows of a matrix times PRODUCT_VECTORS vectors of another, c [PRODUCT_VECTORS][TILE_ROWS].
   Where a tile's rows begin, sums over several panels, the tile's place in memory. Needs partial.h, tile.h and panel.h. */
#ifndef GAZE_TILES_H
#define GAZE_TILES_H

/* What 16 registers hold of 8 floats, and 32 of 16, as gz_dense_tile_of has it. 6 x 4 vectors are ten loads for 24 products, where 8 x 2
   are ten for 16: a core whose other thread loads too makes a tenth more of them. */
#ifndef PRODUCT_VECTORS
#define PRODUCT_VECTORS (GAZE_WIDTH == 16 ? 4 : 2)
#endif
#define PRODUCT_COLUMNS (PRODUCT_VECTORS * GAZE_WIDTH)
#define PRODUCT_TILE    (PRODUCT_VECTORS * TILE_ROWS) // its vectors

/* Where only half of a tile's columns exist, they are a tile of their own with more rows, c [NARROW_VECTORS][NARROW_ROWS], the rest of
   it zeros. */
#define NARROW_ROWS        8
#define NARROW_VECTORS     2
#define NARROW_COLUMNS     (NARROW_VECTORS * GAZE_WIDTH)
#define HAS_NARROW         (NARROW_ROWS * NARROW_VECTORS < PRODUCT_TILE)
#define IS_NARROW(columns) (HAS_NARROW && (columns) <= NARROW_COLUMNS)
#define MOST_ROWS          (HAS_NARROW ? NARROW_ROWS : TILE_ROWS)

/* A product (panel.h) of a whole tile or of a narrow one; its rows move on. */
#define GAZE_DEFINE_PRODUCT_TILE(NAME, SPACE, SPACE_B)                                                            \
    GAZE_DEFINE_PRODUCT(NAME##_whole, TILE_ROWS, PRODUCT_VECTORS, SPACE, SPACE_B)                                 \
    GAZE_DEFINE_PRODUCT(NAME##_narrow, NARROW_ROWS, NARROW_VECTORS, SPACE, SPACE_B)                               \
    GAZE_IN_REGISTERS void NAME(const SPACE float **row, int step, const SPACE_B float *b, int b_step, int count, \
                                int narrow, floatv *c)                                                            \
    {                                                                                                             \
        if (narrow)                                                                                               \
            NAME##_narrow(row, step, b, b_step, count, c);                                                        \
        else                                                                                                      \
            NAME##_whole(row, step, b, b_step, count, c);                                                         \
        UNROLL for (int j = 0; j < MOST_ROWS; j++) row[j] += count * step;                                        \
    }

/* panel[k][j] = from[k][j], PRODUCT_COLUMNS wide, of which `columns` exist; after them stands anything, but nothing uninitialised. */
GAZE_APART void gaze_pack(const __global float *from, int count, int stride, int columns, size_t room, float *panel)
{
    const int safe = gaze_safe_rows(room, PRODUCT_COLUMNS, stride, count);
    for (int k = 0; k < safe; k++, panel += PRODUCT_COLUMNS) {
        const __global float *row = from + (size_t)k * stride;
#pragma unroll
        for (int v = 0; v < PRODUCT_VECTORS; v++) vstorev(vloadv(v, row), v, panel);
    }
    for (int k = safe; k < count; k++, panel += PRODUCT_COLUMNS) {
        const __global float *row = from + (size_t)k * stride;
        for (int u = 0; u < PRODUCT_COLUMNS; u += GAZE_WIDTH) vstorev(gaze_load_part(row + u, columns - u, 0.0f), 0, panel + u);
    }
}

/* A tile in memory: vector v of row j is its vector v * height + j, height TILE_ROWS or NARROW_ROWS. */
GAZE_IN_REGISTERS void gaze_keep_tile(const floatv *c, float *tile)
{
#pragma unroll
    for (int i = 0; i < PRODUCT_TILE; i++) vstorev(c[i], i, tile);
}

/* `rows` and `columns` of a tile in memory to y. */
GAZE_APART void gaze_store_tile_part(const float *tile, int height, __global float *y, int stride, int rows, int columns)
{
    for (int j = 0; j < rows; j++)
        for (int u = 0; u < columns; u += GAZE_WIDTH)
            gaze_store_part(vloadv(0, tile + u * height + j * GAZE_WIDTH), y + (size_t)j * stride + u, columns - u);
}

GAZE_IN_REGISTERS void gaze_store_whole_tile(const floatv *c, __global float *y, int stride)
{
#pragma unroll
    for (int j = 0; j < TILE_ROWS; j++)
#pragma unroll
        for (int v = 0; v < PRODUCT_VECTORS; v++) vstorev(c[v * TILE_ROWS + j], v, y + (size_t)j * stride);
}

/* A tile of y, of which `rows` rows and `columns` columns exist. */
GAZE_IN_REGISTERS void gaze_store_tile(const floatv *c, __global float *y, int stride, int rows, int columns)
{
    if (rows >= TILE_ROWS && columns >= PRODUCT_COLUMNS) {
        gaze_store_whole_tile(c, y, stride);
        return;
    }
    const int height = IS_NARROW(columns) ? NARROW_ROWS : TILE_ROWS;
    GAZE_ALIGNED float tile[PRODUCT_TILE * GAZE_WIDTH];
    gaze_keep_tile(c, tile);
    gaze_store_tile_part(tile, height, y, stride, min(rows, height), min(columns, PRODUCT_COLUMNS));
}

/* The rows of a tile in `a`, of which `rows` exist (the last one stands for the others), and zeros to add to.
 */
GAZE_IN_REGISTERS void gaze_open_tile(const __global float *a, int stride, int rows, const __global float **row,
                                  floatv *c)
{
#pragma unroll
    for (int j = 0; j < MOST_ROWS; j++) row[j] = a + (size_t)min(j, rows - 1) * stride;
#pragma unroll
    for (int i = 0; i < PRODUCT_TILE; i++) c[i] = 0.0f;
}

/* One block of a longer sum: c and what is in `sum` (nothing, with the first block) go to c with the last, to
 * sum with the others. */
GAZE_IN_REGISTERS void gaze_add_block(floatv *c, float *sum, int first, int last)
{
    if (!first)
#pragma unroll
        for (int j = 0; j < PRODUCT_TILE; j++) c[j] += vloadv(j, sum);
    if (!last)
#pragma unroll
        for (int j = 0; j < PRODUCT_TILE; j++) vstorev(c[j], j, sum);
}

#endif
