/* Pages for the browser that are one file and need nothing beside it: styles and scripts of web/ are part of
   them, pictures are data: URIs. Knows base and io. Errors stick in the gz_text. */
#ifndef GZ_HTML_H
#define GZ_HTML_H
#include "../base/text.h"
#include "../io/image.h"

/* Everything up to and with <body>. style: a file of web/ that follows base.css, or NULL. */
void gz_html_begin(gz_text *page, const char *title, const char *style);
void gz_html_end(gz_text *page);
/* A file of web/ as it is. */
void gz_html_file(gz_text *page, const char *name);

/* As gz_text_add, with what it makes escaped: for text between tags and in attributes. */
void gz_html_add(gz_text *page, const char *format, ...) GZ_PRINTF(2, 3);

/* A JSON string for between <script> and </script>, which no character of it can end. */
void gz_html_json(gz_text *page, const char *value);

/* "data:image/png;base64,..." */
void gz_html_picture(gz_text *page, const gz_image *image);

/* Files of web/ with {{name}} in them: what stands there is written by the place of that name, in the order
   of the file. A name without a place is an error. */
typedef void gz_html_writer(gz_text *page, const void *facts);
typedef struct gz_html_place {
    const char *name;
    gz_html_writer *write;
} gz_html_place;
void gz_html_fill(gz_text *page, const char *file, const gz_html_place *places, size_t count,
                  const void *facts);

/* <tr><th scope="row">name</th><td>value</td></tr>; nothing where value is NULL or "". */
void gz_html_row(gz_text *page, const char *name, const char *value);

/* Lines over x, as SVG that scales: each in its own colour, dashes and marks, its name at its end. A value
   that isn't finite leaves a gap. The numbers belong into a table beside it: `summary` says in a sentence
   what there is to see. */
enum { GZ_HTML_MOST_LINES = 4 };
typedef struct gz_html_line {
    const char *name;
    const double *y; /* [points] */
} gz_html_line;
typedef struct gz_html_chart {
    const char *id, *title, *summary, *x_name; /* id: of this chart alone on the page */
    const double *x;                           /* [points], ascending */
    size_t points, n_lines;
    gz_html_line lines[GZ_HTML_MOST_LINES];
    bool whole_x; /* x are counts: ticks are whole numbers */
    bool unit_y;  /* y from 0 to 1; otherwise as wide as the values */
} gz_html_chart;
void gz_html_chart_add(gz_text *page, const gz_html_chart *chart);

#endif
