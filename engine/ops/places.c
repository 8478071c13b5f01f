#include "places.h"
#include "slabs.h"

gz_places_size gz_places_size_of(gz_shape image)
{
    return (gz_places_size){image.dim[0], image.dim[1], image.dim[2], image.dim[3]};
}

gz_shape gz_places_shape(const gz_places_size *size)
{
    return GZ_SHAPE(size->B, size->H / 2, size->W / 2, size->C);
}

gaze_status gz_places_expect(const gz_node *node, const gz_places_size *size)
{
    char found[96], expected[96];
    const gz_shape shape = gz_places_shape(size);
    for (size_t i = GZ_PLACES_DY; i <= GZ_PLACES_PLACE; i++)
        if (!gz_shape_equal(node->in[i]->shape, shape))
            return gz_op_fail(node, "%s shape %s, expected %s", i ? "places have" : "gradient has",
                              gz_shape_text(node->in[i]->shape, found), gz_shape_text(shape, expected));
    return GAZE_OK;
}

double gz_places_value(const gz_places_size *z, const double *dy, const double *place, size_t at)
{
    const size_t c = at % z->C, w = at / z->C % z->W, h = at / z->C / z->W % z->H,
                 b = at / z->C / z->W / z->H;
    if (h / 2 >= z->H / 2 || w / 2 >= z->W / 2) return 0;
    const size_t from = ((b * (z->H / 2) + h / 2) * (z->W / 2) + w / 2) * z->C + c;
    return place[from] == (double)(h % 2 * 2 + w % 2) ? dy[from] : 0;
}

static gz_launch *begin(gz_builder *builder, const char *slabs, const char *items)
{
    return gz_launch_add(builder, "places", gz_builder_family(builder) == GZ_FAMILY_CPU ? slabs : items, "");
}

void gz_places_launch(gz_builder *builder, gz_launch *launch, const gz_places_size *z, size_t rows,
                      size_t columns)
{
    gz_arg_int(launch, z->H);
    gz_arg_int(launch, z->W);
    gz_arg_int(launch, z->C);
    gz_arg_int(launch, rows);
    gz_launch_slabs_or_items(builder, launch,
                             gz_slabs_of(builder, rows, 6 * z->H * z->W * z->B * z->C / rows, 1),
                             rows * columns * z->C);
}

void gz_places_find(gz_builder *builder, const gz_places_size *z, const gz_tensor *x, const gz_tensor *s,
                    const gz_tensor *y, const gz_tensor *place)
{
    gz_launch *launch = begin(builder, "places_slabs", "places_items");
    gz_arg_tensor(launch, x);
    gz_arg_tensor(launch, s);
    gz_arg_tensor(launch, y);
    gz_arg_tensor(launch, place);
    gz_places_launch(builder, launch, z, z->B * (z->H / 2), z->W / 2);
}

const gz_tensor *gz_places_spread(gz_builder *builder, const gz_places_size *z, const gz_tensor *dy,
                                  const gz_tensor *place, const gz_tensor *dx)
{
    if (!place) return dy;
    if (!dx) dx = gz_scratch(builder, z->B * z->H * z->W * z->C);
    gz_launch *launch = begin(builder, "places_gradient_slabs", "places_gradient_items");
    gz_arg_tensor(launch, dy);
    gz_arg_tensor(launch, place);
    gz_arg_tensor(launch, dx);
    gz_places_launch(builder, launch, z, z->B * z->H, z->W);
    return dx;
}
