#include "csv_table.h"
#include "../base/text.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_BYTES = 0x7fffffff, LONGEST_NUMBER = 63, SHOWN = 24 };

typedef struct reader {
    gz_csv_table *table;
    const gz_csv_line *line;
    const char *at, *end, *line_start;
    size_t line_number;
} reader;

/* A field without the blanks around it, and what ends it. */
typedef struct field {
    const char *begin, *end;
} field;

static bool at_line_end(const reader *r) { return r->at == r->end || *r->at == '\n' || *r->at == '\r'; }

static field next_field(reader *r)
{
    while (!at_line_end(r) && (*r->at == ' ' || *r->at == '\t')) r->at++;
    field f = {r->at, r->at};
    while (!at_line_end(r) && *r->at != ',') r->at++;
    for (f.end = r->at; f.end > f.begin && (f.end[-1] == ' ' || f.end[-1] == '\t');) f.end--;
    return f;
}

static void next_line(reader *r)
{
    if (r->at < r->end && *r->at == '\r') r->at++;
    if (r->at < r->end && *r->at == '\n') r->at++;
    r->line_start = r->at;
    r->line_number++;
}

static gaze_status refuse(const reader *r, field f, const char *expected)
{
    char found[SHOWN + 4] = "";
    size_t n = 0;
    for (const char *c = f.begin; c < f.end && n < SHOWN; c++)
        found[n++] = isprint((unsigned char)*c) ? *c : '?';
    if (n < (size_t)(f.end - f.begin)) memcpy(found + n, "...", 4);
    const bool quoted = memchr(f.begin, '"', (size_t)(f.end - f.begin)) != NULL;
    return gz_fail(GAZE_ERROR_DATA, "%s:%zu:%zu: found %s%s%s, expected %s%s", r->table->path, r->line_number,
                   (size_t)(f.begin - r->line_start) + 1, n ? "'" : "nothing", found, n ? "'" : "", expected,
                   quoted ? ", without quotes" : "");
}

/* The field as a text for the parsers of numbers; false where it can be none. */
static bool copy_field(field f, char text[LONGEST_NUMBER + 1])
{
    const size_t length = (size_t)(f.end - f.begin);
    if (length == 0 || length > LONGEST_NUMBER || memchr(f.begin, 0, length)) return false;
    memcpy(text, f.begin, length);
    text[length] = 0;
    return true;
}

static bool parse_integer(field f, int32_t *value)
{
    char text[LONGEST_NUMBER + 1];
    size_t magnitude;
    if (!copy_field(f, text)) return false;
    const bool negative = *text == '-';
    if (!gz_parse_size(text + negative, &magnitude) || magnitude > INT32_MAX) return false;
    *value = negative ? -(int32_t)magnitude : (int32_t)magnitude;
    return true;
}

static bool parse_float(field f, float *value)
{
    char text[LONGEST_NUMBER + 1];
    double wide;
    if (!copy_field(f, text) || !gz_parse_double(text, &wide)) return false;
    *value = (float)wide;
    return isfinite(*value);
}

static bool has_number(const reader *r)
{
    reader ahead = *r;
    for (float value;; ahead.at++) {
        if (parse_float(next_field(&ahead), &value)) return true;
        if (at_line_end(&ahead)) return false;
    }
}

static gaze_status read_label(reader *r, int32_t *label)
{
    const field f = next_field(r);
    char expected[80] = "the label, a class number";
    const size_t n = r->line->n_classes;
    const bool number = parse_integer(f, label);
    if (n) snprintf(expected, sizeof expected, "the label, 0..%zu (the model has %zu classes)", n - 1, n);
    if (!number || (n && (*label < 0 || (size_t)*label >= n))) return refuse(r, f, expected);
    return GAZE_OK;
}

static gaze_dtype type_of(const gz_csv_line *line, size_t index)
{
    size_t i = 0;
    while (i + 1 < line->n_types && index >= line->ends[i]) i++;
    return line->types[i];
}

static gaze_status read_value(reader *r, size_t index)
{
    gz_csv_table *t = r->table;
    const field f = next_field(r);
    int32_t integer;
    float real;
    GZ_TRY(gz_grow(&t->values, &t->value_capacity, t->n_values + 1, sizeof *t->values));
    if (type_of(r->line, index) == GAZE_INT32) {
        if (!parse_integer(f, &integer)) return refuse(r, f, "an integer");
        memcpy(&t->values[t->n_values++], &integer, sizeof integer);
        return GAZE_OK;
    }
    if (!parse_float(f, &real)) return refuse(r, f, "a number");
    memcpy(&t->values[t->n_values++], &real, sizeof real);
    return GAZE_OK;
}

static gaze_status read_row(reader *r)
{
    gz_csv_table *t = r->table;
    GZ_TRY(gz_grow(&t->labels, &t->row_capacity[0], t->rows + 1, sizeof *t->labels));
    GZ_TRY(gz_grow(&t->lines, &t->row_capacity[1], t->rows + 1, sizeof *t->lines));
    GZ_TRY(gz_grow(&t->starts, &t->row_capacity[2], t->rows + 2, sizeof *t->starts));
    t->lines[t->rows] = r->line_number;
    t->starts[t->rows] = t->n_values;
    GZ_TRY(read_label(r, &t->labels[t->rows]));
    if (at_line_end(r)) return refuse(r, (field){r->at, r->at}, "a comma and values after the label");
    for (size_t i = 0; !at_line_end(r); i++) {
        r->at++;
        GZ_TRY(read_value(r, i));
    }
    const size_t length = t->n_values - t->starts[t->rows++];
    t->starts[t->rows] = t->n_values;
    if (length > t->longest) t->longest = length;
    return GAZE_OK;
}

static gaze_status read_rows(reader *r)
{
    if ((size_t)(r->end - r->at) >= 3 && memcmp(r->at, "\xef\xbb\xbf", 3) == 0) r->at += 3;
    r->line_start = r->at;
    for (bool first = true; r->at < r->end; next_line(r)) {
        const field f = next_field(r);
        const bool empty = f.begin == f.end && at_line_end(r);
        r->at = r->line_start;
        if (empty || (first && !has_number(r)))
            while (!at_line_end(r)) r->at++;
        else
            GZ_TRY(read_row(r));
        first = first && empty;
    }
    if (r->table->rows) return GAZE_OK;
    return gz_fail(GAZE_ERROR_DATA,
                   "%s: holds no samples, expected a label and values a line, with commas between",
                   r->table->path);
}

gaze_status gz_csv_read(const char *path, const gz_csv_line *line, gz_csv_table *table)
{
    char *bytes;
    size_t size;
    *table = (gz_csv_table){.path = path};
    GZ_TRY(gz_file_read_gz(path, MOST_BYTES, &bytes, &size));
    reader r = {.table = table, .line = line, .at = bytes, .end = bytes + size, .line_number = 1};
    const gaze_status status = read_rows(&r);
    free(bytes);
    return status;
}

void gz_csv_free(gz_csv_table *table)
{
    free(table->labels);
    free(table->lines);
    free(table->starts);
    free(table->values);
    *table = (gz_csv_table){0};
}
