#include "examples.h"
#include "../view/panel.h"
#include "facts.h"

#include <math.h>

enum { PHOTO = 84, MOST_PHOTO = 160 };

static const gz_examples *examples_of(const void *facts) { return &((const gz_run_facts *)facts)->examples; }

static void add_chosen(gz_text *page, const void *facts)
{
    gz_text_add_html(page, examples_of(facts)->chosen);
}

/* ---- Controls ---- */

static size_t most_slices(const gz_examples *e)
{
    size_t most = 1;
    for (size_t i = 0; i < e->n_maps; i++)
        if (!e->maps[i].why && e->maps[i].n_slices > most) most = e->maps[i].n_slices;
    return most;
}

static void add_slider(gz_text *page, const char *id, const char *label, size_t count, size_t at)
{
    if (count < 2) return;
    gz_text_add(
        page,
        "<p><label for=\"%s\">%s</label> <input type=\"range\" id=\"%s\" min=\"0\" max=\"%zu\" value=\"%zu\" "
        "autocomplete=\"off\"> <output id=\"%s-says\" for=\"%s\"></output></p>\n",
        id, label, id, count - 1, at, id, id);
}

static void add_controls(gz_text *page, const void *facts)
{
    const gz_examples *e = examples_of(facts);
    if (e->n_maps > 1) {
        gz_text_add(page, "<p><label for=\"map\">Layer</label> <select id=\"map\" autocomplete=\"off\">");
        for (size_t i = 0; i < e->n_maps; i++) {
            gz_text_add(page, "<option value=\"%zu\"%s>", i, i + 1 == e->n_maps ? " selected" : "");
            gz_text_add_html(page, e->maps[i].info->name);
            gz_text_add(page, "</option>");
        }
        gz_text_add(page, "</select></p>\n");
    }
    add_slider(page, "head", "Head", most_slices(e), 0);
    add_slider(page, "moment", "Moment of training", e->n_moments, e->n_moments - 1);
}

static void add_meanings(gz_text *page, const void *facts)
{
    const gz_examples *e = examples_of(facts);
    gz_text_add(page, "<dl class=\"meanings\">\n");
    for (size_t i = 0; i < e->n_maps; i++) {
        const gz_shown_map *m = &e->maps[i];
        gz_text_add(page, "<dt>");
        gz_html_add(page, "%s (%s)", m->info->name, m->info->kind);
        gz_text_add(page, "</dt><dd>");
        gz_html_add(page, "%s.%s%s", m->info->meaning,
                    m->n_slices > 1   ? ""
                    : m->slices[0][0] ? " Drawn is the "
                                      : "",
                    m->n_slices > 1 ? "" : m->slices[0]);
        if (m->n_slices < 2 && m->slices[0][0]) gz_text_add(page, ".");
        if (m->why) gz_html_add(page, " %s", m->why);
        gz_text_add(page, "</dd>\n");
    }
    gz_text_add(page, "</dl>\n");
}

/* ---- Examples ---- */

static void show_evidence(gz_image *image, const gz_example *e, gz_size size)
{
    const gaze_place *t = &e->truth;
    const double y = (double)size.height / (double)e->photo.height,
                 x = (double)size.width / (double)e->photo.width;
    if (!t->known) return;
    const gz_box box = {(size_t)((double)t->y0 * y), (size_t)((double)t->x0 * x),
                        (size_t)((double)(t->y1 - t->y0 + 1) * y), (size_t)((double)(t->x1 - t->x0 + 1) * x)};
    gz_canvas_frame(image, box, 1, gz_white);
    gz_canvas_frame(image,
                    (gz_box){box.y ? box.y - 1 : 0, box.x ? box.x - 1 : 0, box.height + 2, box.width + 2}, 2,
                    gz_orange);
}

static void add_photo(gz_text *page, const gz_example *e)
{
    const gz_size size = gz_panel_size(e->photo.height, e->photo.width, 0, PHOTO, MOST_PHOTO);
    const gaze_place *t = &e->truth;
    gz_image image;
    if (page->status == GAZE_OK) page->status = gz_image_create(size.height, size.width, 3, 255, &image);
    if (page->status != GAZE_OK) return;
    gz_panel_photo(&image, (gz_box){0, 0, size.height, size.width}, &e->photo);
    show_evidence(&image, e, size);
    gz_text_add(page, "<figure class=\"tile\"><img alt=\"The input image\" src=\"");
    gz_html_picture(page, &image);
    gz_text_add(page, "\"><figcaption>input");
    if (t->known)
        gz_text_add(page, "; framed: the evidence, rows %zu to %zu, columns %zu to %zu", t->y0, t->y1, t->x0,
                    t->x1);
    gz_text_add(page, "</figcaption></figure>\n");
    gz_image_free(&image);
}

/* A sequence of features, in gray: darker is smaller. */
static void add_features(gz_text *page, const gz_example *e)
{
    const gz_map *m = &e->steps;
    const size_t count = m->height * m->width;
    double low = INFINITY, high = -INFINITY;
    gz_image image;
    for (size_t i = 0; i < count; i++) low = fmin(low, m->values[i]), high = fmax(high, m->values[i]);
    if (page->status == GAZE_OK) page->status = gz_image_create(m->height, m->width, 1, 0, &image);
    if (page->status != GAZE_OK) return;
    for (size_t i = 0; i < count && high > low; i++)
        image.pixels[i] = (uint8_t)lround(255 * (m->values[i] - low) / (high - low));
    gz_text_add(page, "<figure class=\"tile features\"><img alt=\"The input sequence\" src=\"");
    gz_html_picture(page, &image);
    gz_text_add(page,
                "\"><figcaption>input: %zu features (rows) at %zu steps (columns), %.3g black to %.3g white",
                m->height, m->width, low, high);
    if (e->truth.known) gz_text_add(page, "; the evidence is at step %zu", e->truth.y0);
    gz_text_add(page, "</figcaption></figure>\n");
    gz_image_free(&image);
}

static void add_texts(gz_text *page, const gz_example *e)
{
    for (size_t i = 0; i < e->n_texts; i++) {
        gz_text_add(page, "<p class=\"tokens\">");
        gz_html_add(page, "%s: %s", e->texts[i].name, e->texts[i].value);
        gz_text_add(page, "</p>\n");
    }
}

static void add_map(gz_text *page, const gz_examples *all, size_t map, size_t example)
{
    if (all->maps[map].why) return;
    const gz_frames frames = gz_frames_of(all, map, example);
    gz_text_add(page, "<div data-map=\"%zu\" data-example=\"%zu\">\n", map, example);
    if (all->n_maps > 1) {
        gz_text_add(page, "<h4>");
        gz_text_add_html(page, all->maps[map].info->name);
        gz_text_add(page, "</h4>\n");
    }
    gz_frames_add(page, &frames, map);
    gz_text_add(page, "</div>\n");
}

static void add_examples(gz_text *page, const void *facts)
{
    const gz_examples *all = examples_of(facts);
    for (size_t i = 0; i < all->count; i++) {
        const gz_example *e = &all->list[i];
        gz_text_add(page, "<article class=\"example\"><h3>");
        gz_text_add_html(page, e->title);
        gz_text_add(page, "</h3>\n");
        add_texts(page, e);
        if (e->photo.height) add_photo(page, e);
        if (e->steps.height) add_features(page, e);
        for (size_t m = 0; m < all->n_maps; m++) add_map(page, all, m, i);
        gz_text_add(page, "</article>\n");
    }
}

/* ---- For the script ---- */

static void add_strings(gz_text *page, const char *const *strings, size_t count)
{
    gz_text_add(page, "[");
    for (size_t i = 0; i < count; i++) {
        gz_text_add(page, "%s", i ? "," : "");
        gz_html_json(page, strings[i]);
    }
    gz_text_add(page, "]");
}

static void add_palette(gz_text *page)
{
    for (size_t i = 0; i < 256; i++) {
        uint8_t rgb[3];
        gz_color(GZ_VIRIDIS, (double)i / 255, rgb);
        gz_text_add(page, "%s\"#%02x%02x%02x\"", i ? "," : "", rgb[0], rgb[1], rgb[2]);
    }
}

static void add_frames(gz_text *page, const void *facts)
{
    const gz_examples *e = examples_of(facts);
    gz_text_add(page, "{\"palette\":[");
    add_palette(page);
    gz_text_add(page, "],\n\"moments\":");
    add_strings(page, e->moments, e->n_moments);
    gz_text_add(page, ",\n\"maps\":[");
    for (size_t i = 0; i < e->n_maps; i++) {
        gz_text_add(page, "%s{\"name\":", i ? "," : "");
        gz_html_json(page, e->maps[i].info->name);
        gz_text_add(page, ",\"slices\":");
        add_strings(page, e->maps[i].slices, e->maps[i].n_slices);
        gz_text_add(page, "}");
    }
    gz_text_add(page, "],\n\"frames\":[");
    for (size_t i = 0; i < e->count; i++)
        for (size_t m = 0; m < e->n_maps; m++) {
            const gz_frames frames = e->maps[m].why ? (gz_frames){.constant = true} : gz_frames_of(e, m, i);
            gz_text_add(page, m ? "," : i ? ",\n[" : "\n[");
            gz_frames_add_json(page, &frames);
            if (m + 1 == e->n_maps) gz_text_add(page, "]");
        }
    gz_text_add(page, "]}");
}

void gz_section_examples(gz_text *page, const void *facts)
{
    static const gz_html_place places[] = {{"chosen", add_chosen},
                                           {"controls", add_controls},
                                           {"meanings", add_meanings},
                                           {"examples", add_examples},
                                           {"frames", add_frames}};
    gz_section(page, facts, GZ_SECTION_EXAMPLES, "examples.html", places, sizeof places / sizeof *places);
}
