/* gaze_faithful_plot: curves as panels, a row for each removal. */
#include "../view/view.h"
#include "faithful.h"

#include <stdlib.h>

enum { COLUMNS = 2, MOST_ROWS = 2 };

static gaze_status name_panel(gz_arena *arena, const gaze_faithful_result *r, size_t row, bool insertion,
                              gz_curves *panel)
{
    const gaze_faithful_curves *curves = &r->curves[row * r->n_maps];
    panel->head =
        gz_arena_format(arena, "%s, replaced by %s", insertion ? "insertion" : "deletion", curves->removal);
    for (size_t m = 0; m < r->n_maps; m++) {
        panel->values[m] = insertion ? curves[m].insertion : curves[m].deletion;
        panel->names[m] = gz_arena_format(
            arena, "%.3f %s", insertion ? curves[m].insertion_area : curves[m].deletion_area, curves[m].map);
        if (!panel->names[m]) return GAZE_ERROR_DEVICE;
    }
    return panel->head ? GAZE_OK : GAZE_ERROR_DEVICE;
}

static gaze_status draw(gz_arena *arena, const gaze_faithful_result *r, const char *title, const char *path)
{
    static const char *const below[COLUMNS] = {"part taken away", "part given back"};
    static const char *const text[] = {"Software", "Gaze " GAZE_VERSION, NULL};
    gz_curves panels[MOST_ROWS * COLUMNS];
    gz_image image;
    const size_t rows = r->n_curves / r->n_maps;
    for (size_t i = 0; i < rows * COLUMNS; i++)
        GZ_TRY(name_panel(arena, r, i / COLUMNS, i % COLUMNS == 1, &panels[i]));
    const char *caption =
        gz_arena_format(arena,
                        "Mean probability of the class that is predicted on the whole input, over %zu "
                        "samples, and the area under "
                        "each curve. Deletion: a true map's curve falls fast. Insertion: it rises fast. %s",
                        r->samples, r->note);
    if (!caption) return GAZE_ERROR_DEVICE;
    const gz_plot plot = {rows, COLUMNS, panels, r->n_maps, r->steps + 1, "probability", below};
    const gz_picture_options options = {.title = title, .caption = caption};
    GZ_TRY(gz_view_curves(&plot, &options, &image));
    const gaze_status status = gz_png_write(path, &image, text);
    gz_image_free(&image);
    return status;
}

gaze_status gaze_faithful_plot(const gaze_faithful_result *result, const char *title, const char *path)
{
    gz_arena *arena = NULL;
    GZ_TRY(gz_arena_create(&arena));
    const gaze_status status = draw(arena, result, title, path);
    gz_arena_destroy(arena);
    return status;
}
