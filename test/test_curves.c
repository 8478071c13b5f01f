/* Curves with axes and a legend; lines with smooth sides. */
#include "pictures.h"

#include "../engine/view/canvas.h"

static const double falling[5] = {1, 0.4, 0.2, 0.1, 0}, level[5] = {0.5, 0.5, 0.5, 0.5, 0.5},
                    rising[5] = {0, 0.1, 0.3, 0.7, 1};
static const char *const below[2] = {"part taken away", "part given back"};

static gz_curves panel_of(const char *head, const char *longest)
{
    return (gz_curves){head, {"0.325 attention", "0.500 random", longest}, {falling, level, rising}};
}

static void curves_are_drawn_over_their_axes(void **state)
{
    (void)state;
    const gz_curves panels[2] = {panel_of("deletion", "0.400 gradcam:conv_2"),
                                 panel_of("insertion", "0.400 a name that is cut as it has no room")};
    const gz_plot plot = {1, 2, panels, 3, 5, "probability", below};
    const gz_picture_options options = {.title = "Map attention", .caption = "Mean over 7 samples."};
    gz_image image;
    assert_done(gz_view_curves(&plot, &options, &image));
    assert_golden("curves", &image);
}

static void one_panel_of_two_curves_needs_no_caption(void **state)
{
    (void)state;
    const gz_curves panel = {"deletion", {"a", "b"}, {falling, rising}};
    const gz_plot plot = {1, 1, &panel, 2, 5, "probability", below};
    const gz_picture_options options = {0};
    gz_image image;
    assert_done(gz_view_curves(&plot, &options, &image));
    assert_true(image.height > 200 && image.width > 300);
    gz_image_free(&image);
}

static const uint8_t *pixel(const gz_image *image, size_t y, size_t x)
{
    return image->pixels + 3 * (y * image->width + x);
}

/* A line 2 wide covers its row and half of each neighbour. */
static void a_line_fades_at_its_sides(void **state)
{
    (void)state;
    gz_image image;
    assert_done(gz_image_create(9, 9, 3, 255, &image));
    gz_canvas_line(&image, (gz_point){4, -5}, (gz_point){4, 30}, 2, (gz_ink){{0, 0, 0}});
    for (size_t x = 0; x < 9; x++) {
        assert_int_equal(pixel(&image, 4, x)[0], 0);
        assert_int_equal(pixel(&image, 3, x)[0], 128);
        assert_int_equal(pixel(&image, 5, x)[0], 128);
        assert_int_equal(pixel(&image, 2, x)[0], 255);
    }
    gz_image_free(&image);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(curves_are_drawn_over_their_axes),
        cmocka_unit_test(one_panel_of_two_curves_needs_no_caption),
        cmocka_unit_test(a_line_fades_at_its_sides),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
