/* From tiles to a block of a product: where a tile's rows begin, sums over several panels, the tile's place
   in memory. Needs partial.h and tile.h. */
#ifndef GAZE_TILES_H
#define GAZE_TILES_H

/* A tile as rows of TILE_COLUMNS floats. */
GAZE_IN_REGISTERS void gaze_spill_tile(const floatv *c, float *part)
{
#pragma unroll
    for (int j = 0; j < PANEL_ROWS; j++) {
        vstorev(c[j], 2 * j, part);
        vstorev(c[PANEL_ROWS + j], 2 * j + 1, part);
    }
}

/* The part of a tile that exists. */
GAZE_APART void gaze_store_tile_part(const float *part, __global float *y, int stride, int rows, int columns)
{
    for (int j = 0; j < min(rows, PANEL_ROWS); j++)
        for (int u = 0; u < min(columns, TILE_COLUMNS); u++) y[(size_t)j * stride + u] = part[j * TILE_COLUMNS + u];
}

/* A tile of y, of which `rows` rows and `columns` columns exist. */
GAZE_IN_REGISTERS void gaze_store_tile(const floatv *c, __global float *y, int stride, int rows, int columns)
{
    if (rows >= PANEL_ROWS && columns >= TILE_COLUMNS) {
#pragma unroll
        for (int j = 0; j < PANEL_ROWS; j++) {
            vstorev(c[j], 0, y + (size_t)j * stride);
            vstorev(c[PANEL_ROWS + j], 1, y + (size_t)j * stride);
        }
        return;
    }
    GAZE_ALIGNED float part[PANEL_ROWS * TILE_COLUMNS];
    gaze_spill_tile(c, part);
    gaze_store_tile_part(part, y, stride, rows, columns);
}

/* The rows of a tile in `a`, of which `rows` exist (the last one stands for the others), and zeros to add to.
 */
GAZE_IN_REGISTERS void gaze_open_tile(const __global float *a, int stride, int rows, const __global float **row,
                                  floatv *c)
{
#pragma unroll
    for (int j = 0; j < PANEL_ROWS; j++) {
        row[j] = a + (size_t)min(j, rows - 1) * stride;
        c[j] = c[PANEL_ROWS + j] = 0.0f;
    }
}

/* One block of a longer sum: c and what is in `sum` (nothing, with the first block) go to c with the last, to
 * sum with the others. */
GAZE_IN_REGISTERS void gaze_add_block(floatv *c, float *sum, int first, int last)
{
    if (!first)
#pragma unroll
        for (int j = 0; j < 2 * PANEL_ROWS; j++) c[j] += vloadv(j, sum);
    if (!last)
#pragma unroll
        for (int j = 0; j < 2 * PANEL_ROWS; j++) vstorev(c[j], j, sum);
}

#endif
