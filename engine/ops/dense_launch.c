#include "dense.h"
#include "slabs.h"

/* As in cl/dense_few.cl. */
enum { DOT_ROWS = 32, END_COLUMNS = 1024, END_ROWS = 16 };
enum { PACKED_ONCE_ROWS = 32, PACKED_ROWS = 512 };

size_t gz_dense_choose(gz_builder *builder, gz_candidates candidates, gz_dense_size size)
{
    return gz_builder_choose(builder, candidates, "%zu x %zu to %zu", size.rows, size.inputs, size.units);
}

gz_parts gz_parts_of(size_t length, size_t wanted, size_t least)
{
    const size_t most = length / least;
    size_t count = wanted < most ? wanted : most;
    if (count == 0) count = 1;
    const size_t part = gz_groups(length, count);
    return (gz_parts){gz_groups(length, part), part};
}

gz_dense_tile gz_dense_tile_of(const gz_builder *builder)
{
    /* Accumulators, the vectors of the panel and one of a row: 29 of 32 registers of 16 floats, 15 of 16
     * of 8. */
    const size_t width = gz_builder_device(builder)->vector_width;
    return (gz_dense_tile){6, (width == 16 ? 4 : 2) * width, 72, width == 16 ? 128 : 256};
}

void gz_dense_plain(gz_builder *builder, gz_matrix a, gz_matrix b, const gz_tensor *bias,
                    const gz_tensor *out, size_t M, size_t N, size_t L, gz_activation_kind activation)
{
    gz_launch *launch = gz_launch_add(builder, "dense_plain", "dense_plain", "");
    gz_arg_tensor(launch, a.tensor);
    gz_arg_tensor(launch, b.tensor);
    gz_arg_tensor(launch, bias);
    gz_arg_tensor(launch, out);
    gz_arg_int(launch, M);
    gz_arg_int(launch, N);
    gz_arg_int(launch, L);
    gz_arg_int(launch, a.row);
    gz_arg_int(launch, a.column);
    gz_arg_int(launch, b.row);
    gz_arg_int(launch, b.column);
    gz_arg_int(launch, activation);
    gz_launch_items(launch, M * N);
}

void gz_dense_dots(gz_builder *builder, const gz_tensor *a, gz_matrix b, const gz_tensor *bias, gz_matrix out,
                   size_t M, size_t N, size_t L, gz_activation_kind activation)
{
    gz_launch *launch = gz_launch_add(builder, "dense_few", "dense_dots", "");
    gz_arg_tensor(launch, a);
    gz_arg_tensor(launch, b.tensor);
    gz_arg_tensor(launch, bias);
    gz_arg_tensor(launch, out.tensor);
    gz_arg_int(launch, M);
    gz_arg_int(launch, L);
    gz_arg_int(launch, N);
    gz_arg_int(launch, b.row);
    gz_arg_int(launch, b.column);
    gz_arg_int(launch, out.row);
    gz_arg_int(launch, out.column);
    gz_arg_int(launch, activation);
    gz_launch_slabs(launch, gz_slabs_of(builder, M, L * sizeof(float), DOT_ROWS));
}

void gz_dense_end(gz_builder *builder, const gz_tensor *parts, size_t count, const gz_tensor *bias,
                  const gz_tensor *out, size_t R, size_t U, gz_activation_kind activation)
{
    gz_launch *launch = gz_launch_add(builder, "dense_few", "dense_end", "");
    gz_arg_tensor(launch, parts);
    gz_arg_tensor(launch, bias);
    gz_arg_tensor(launch, out);
    gz_arg_int(launch, count);
    gz_arg_int(launch, R);
    gz_arg_int(launch, U);
    gz_arg_int(launch, activation);
    gz_launch_groups(launch, gz_groups(U, END_COLUMNS), gz_groups(R, END_ROWS), 1, 1, 1, 1);
}

bool gz_dense_packs(const gz_builder *builder, const gz_tensor *w, size_t rows)
{
    return rows >= (gz_builder_stays(builder, w) ? PACKED_ONCE_ROWS : PACKED_ROWS);
}

static const gz_tensor *panels_of(gz_builder *builder, gz_dense_tile tile, gz_matrix w, size_t K, size_t N)
{
    const size_t tiles = gz_groups(N, tile.columns), floats = tiles * K * tile.columns;
    const gz_tensor *panels = gz_scratch_packed(builder, w.tensor, floats);
    gz_launch *launch = gz_launch_add(builder, "dense", "dense_panels", "");
    gz_launch_packs(launch, w.tensor);
    gz_arg_tensor(launch, w.tensor);
    gz_arg_tensor(launch, panels);
    gz_arg_int(launch, K);
    gz_arg_int(launch, N);
    gz_arg_int(launch, w.row);
    gz_arg_int(launch, w.column);
    gz_launch_groups(launch, tiles, gz_groups(K, tile.depth), 1, 1, 1, 1);
    return panels;
}

void gz_dense_packed(gz_builder *builder, const gz_dense_call *call, gz_matrix w, size_t R, size_t N,
                     size_t K)
{
    const gz_dense_tile tile = gz_dense_tile_of(builder);
    const gz_tensor *panels = panels_of(builder, tile, w, K, N);
    const bool finishes = call->finish != GZ_FINISH_NONE;
    gz_launch *launch = gz_launch_add(builder, finishes ? "dense_fused" : "dense",
                                      finishes ? "dense_fused" : "dense_packed", "");
    gz_arg_tensor(launch, call->x);
    gz_arg_tensor(launch, panels);
    gz_arg_tensor(launch, call->bias);
    if (finishes) gz_arg_tensor(launch, call->other);
    if (finishes) gz_arg_tensor(launch, call->before);
    gz_arg_tensor(launch, call->y);
    gz_arg_int(launch, R);
    gz_arg_int(launch, K);
    gz_arg_int(launch, N);
    gz_arg_int(launch, call->activation);
    if (finishes) gz_arg_int(launch, call->finish);
    gz_launch_groups(launch, gz_groups(N, tile.columns), gz_groups(R, tile.block_rows), 1, 1, 1, 1);
}

gz_cost gz_dense_cost(gz_dense_size size)
{
    const double R = (double)size.rows, K = (double)size.inputs, U = (double)size.units;
    return (gz_cost){2 * R * K * U, 4 * (R * K + K * U + R * U)};
}
