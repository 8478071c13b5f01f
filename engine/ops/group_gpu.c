#include "group_gpu.h"
#include "dense.h"

enum {
    MOST_ITEMS = 256,
    VALUES_OF_ITEM = 4,   /* of a row */
    FULL_DEVICE = 65536,  /* items that keep a large GPU's memory busy */
    MOST_COLUMNS = 32,    /* of a group: 128 bytes of each row */
    GROUPS_WANTED = 1024, /* for sums of columns */
    LEAST_ROWS = 64       /* of a slab: 8 of an item with 32 columns */
};

size_t gz_group_items(const gz_builder *builder)
{
    const gz_device_facts *facts = gz_builder_device(builder);
    const size_t local = facts->local_bytes / sizeof(float),
                 most = facts->max_group < local ? facts->max_group : local;
    size_t items = MOST_ITEMS;
    while (items > most && items > 1) items /= 2;
    return items;
}

static void launch_groups(const gz_builder *builder, gz_launch *launch, size_t lanes, size_t groups)
{
    const size_t items = gz_group_items(builder);
    gz_arg_int(launch, lanes);
    gz_arg_local(launch, items * sizeof(float));
    gz_launch_groups(launch, groups, 1, 1, items, 1, 1);
    gz_launch_may_shrink(launch);
}

void gz_launch_group_rows(const gz_builder *builder, gz_launch *launch, size_t rows, size_t width)
{
    const size_t items = gz_group_items(builder);
    size_t lanes = 1;
    while (lanes < items && lanes * VALUES_OF_ITEM < width) lanes *= 2;
    while (lanes < items && lanes < width && rows * lanes < FULL_DEVICE) lanes *= 2;
    launch_groups(builder, launch, lanes, gz_groups(rows, items / lanes));
}

bool gz_group_counts(size_t width) { return width < (size_t)1 << 24; }

static size_t lanes_of(const gz_builder *builder, size_t columns)
{
    const size_t items = gz_group_items(builder);
    size_t lanes = 1;
    while (lanes < items && lanes < MOST_COLUMNS && lanes < columns) lanes *= 2;
    return lanes;
}

gz_columns gz_columns_of(size_t samples, size_t rows, size_t columns)
{
    const size_t blocks = samples * gz_groups(columns, MOST_COLUMNS);
    const gz_parts parts = gz_parts_of(rows, gz_groups(GROUPS_WANTED, blocks), LEAST_ROWS);
    return (gz_columns){samples, rows, columns, parts.part, parts.count};
}

gz_columns gz_columns_whole(size_t samples, size_t rows, size_t columns)
{
    return (gz_columns){samples, rows, columns, rows, 1};
}

void gz_launch_group_columns(const gz_builder *builder, gz_launch *launch, gz_columns columns)
{
    const size_t lanes = lanes_of(builder, columns.columns);
    gz_arg_int(launch, columns.rows);
    gz_arg_int(launch, columns.columns);
    gz_arg_int(launch, columns.slab);
    gz_arg_int(launch, columns.slabs);
    launch_groups(builder, launch, lanes,
                  columns.samples * columns.slabs * gz_groups(columns.columns, lanes));
}

static void sum_columns(gz_builder *builder, const gz_tensor *x, const gz_tensor *a, const gz_tensor *y,
                        double divisor, gz_columns columns)
{
    gz_launch *launch = gz_launch_add(builder, "columns_gpu", "column_sums_group", "%s", "");
    gz_arg_tensor(launch, x);
    gz_arg_tensor(launch, a);
    gz_arg_tensor(launch, y);
    gz_arg_float(launch, divisor);
    gz_launch_group_columns(builder, launch, columns);
}

void gz_column_sums_gpu(gz_builder *builder, const gz_column_sums *sums)
{
    const gz_columns parts = gz_columns_of(sums->samples, sums->rows, sums->columns);
    if (parts.slabs == 1) {
        sum_columns(builder, sums->x, sums->a, sums->y, sums->divisor, parts);
        return;
    }
    const gz_tensor *scratch = gz_scratch(builder, parts.samples * parts.slabs * parts.columns);
    sum_columns(builder, sums->x, sums->a, scratch, 1, parts);
    sum_columns(builder, scratch, NULL, sums->y, sums->divisor,
                gz_columns_whole(parts.samples, parts.slabs, parts.columns));
}

static void max_columns(gz_builder *builder, const gz_tensor *x, const gz_tensor *y, gz_columns columns)
{
    gz_launch *launch = gz_launch_add(builder, "columns_gpu", "column_max_group", "%s", "");
    gz_arg_tensor(launch, x);
    gz_arg_tensor(launch, y);
    gz_launch_group_columns(builder, launch, columns);
}

void gz_column_max_gpu(gz_builder *builder, const gz_tensor *x, const gz_tensor *y, gz_columns whole)
{
    const gz_columns parts = gz_columns_of(whole.samples, whole.rows, whole.columns);
    if (parts.slabs == 1) {
        max_columns(builder, x, y, parts);
        return;
    }
    const gz_tensor *scratch = gz_scratch(builder, parts.samples * parts.slabs * parts.columns);
    max_columns(builder, x, scratch, parts);
    max_columns(builder, scratch, y, gz_columns_whole(parts.samples, parts.slabs, parts.columns));
}
