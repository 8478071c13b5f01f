/* A sequence as a page for the browser. */
#include "../html/html.h"
#include "panel.h"

static void add_paragraph(gz_text *page, const char *tag, const char *text)
{
    if (!text) return;
    gz_text_add(page, "<%s>", tag);
    gz_text_add_html(page, text);
    gz_text_add(page, "</%s>\n", tag);
}

static void add_color(gz_text *page, gz_ink ink)
{
    gz_text_add(page, "#%02x%02x%02x", ink.rgb[0], ink.rgb[1], ink.rgb[2]);
}

/* Low and high end, with the colours between them. */
static void add_bar(gz_text *page, const gz_paint *paint)
{
    char low[32], high[32];
    const gz_range *range = paint->range;
    gz_range_number(range, range->low, low);
    gz_range_number(range, range->high, high);
    gz_text_add(page, "<p class=\"bar\"><span>%s%s</span><i style=\"background:linear-gradient(to right",
                range->below ? "&#8804; " : "", low);
    for (size_t i = 0; i <= 16; i++) {
        gz_text_add(page, ",");
        add_color(page, gz_paint_ink(paint, range->low + (range->high - range->low) * (double)i / 16));
    }
    gz_text_add(page, ")\"></i><span>%s%s</span></p>\n", range->above ? "&#8805; " : "", high);
}

static void add_word(gz_text *page, const gz_sequence *sequence, size_t step, const gz_paint *paint)
{
    char number[32];
    const float value = sequence->values[step];
    const gz_ink ground = gz_paint_ink(paint, value);
    const char *name = sequence->names ? sequence->names[step] : NULL;
    gz_range_number(paint->range, value, number);
    gz_text_add(page, "<li><span style=\"background:");
    add_color(page, ground);
    gz_text_add(page, ";color:");
    add_color(page, gz_ink_on(ground));
    gz_text_add(page, "\" title=\"step %zu: %.6g\">", step, value);
    if (name)
        gz_text_add_html(page, name);
    else
        gz_text_add(page, "%zu", step);
    gz_text_add(page, "<sup>%s</sup></span></li>\n", number);
}

gaze_status gz_view_html(const gz_sequence *sequence, const gz_picture_options *options, char **out)
{
    const gz_map map = {1, sequence->count, sequence->values, .field = {.known = false}};
    gz_range range;
    gz_text page = {0};
    GZ_TRY(gz_panel_check(&map, NULL));
    GZ_TRY(gz_range_of(options, sequence->values, sequence->count, &range));
    const gz_paint paint = {options->colors, &range, 1};
    gz_html_begin(&page, options->title ? options->title : "Attention", "words.css");
    add_paragraph(&page, "h1", options->title);
    gz_text_add(&page, "<ol lang=\"\">\n");
    for (size_t i = 0; i < sequence->count; i++) add_word(&page, sequence, i, &paint);
    gz_text_add(&page, "</ol>\n");
    add_bar(&page, &paint);
    add_paragraph(&page, "p", options->caption);
    gz_text_add(&page, "<p>%s The small number is the value.</p>\n", range.meaning);
    gz_html_end(&page);
    return gz_text_take(&page, out);
}
