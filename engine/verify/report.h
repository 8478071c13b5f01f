/* What verification found, as a file that is attached to a bug report: what it ran on, every op, every
   failure in full. Knows devices. */
#ifndef GZ_REPORT_H
#define GZ_REPORT_H
#include "../base/text.h"

typedef struct gz_report_line {
    const char *op, *family;
    size_t cases, checks, failed;
    double worst, ms;
    const char **failures;
    size_t n_failures;
} gz_report_line;

/* One device. */
typedef struct gz_report_part {
    gaze_device_info device;
    const char *options; /* that every program is built with; NULL: it was not opened */
    const char *error;   /* why the run ended early, or NULL */
    double seconds;
    gaze_program_counts programs;
    gz_report_line *lines;
    size_t n_lines, capacity;
} gz_report_part;

struct gaze_report {
    gz_arena *arena; /* of all strings */
    const char *path, *command, *system;
    char time[24];
    const char **environment; /* "NAME=value", those that drivers and this library look at; NULL-terminated */
    gz_report_part *parts;
    size_t n_parts, capacity;
};

/* Begins a part; lines go to the last one. Everything is copied. */
gaze_status gz_report_begin(gaze_report *report, const gaze_device_info *device, const char *options);
gaze_status gz_report_add(gaze_report *report, const gaze_verify_line *line);
/* The part is whole; a status that isn't GAZE_OK keeps the message as its error, and is returned. */
gaze_status gz_report_end(gaze_report *report, gaze_status status, double seconds,
                          const gaze_program_counts *programs);

/* Checks that passed and failed in a part; `report` NULL counts nothing. */
void gz_report_count(const gz_report_part *part, size_t *passed, size_t *failed);

/* The file's text; free() it. */
gaze_status gz_report_html(const gaze_report *report, char **text);
gaze_status gz_report_json(const gaze_report *report, char **text);

/* Pieces of the HTML, for other pages that say the same: how many passed, and every failure; rows of a table
   about the device (options: NULL: not known); a table of the ops. */
void gz_report_html_counts(gz_text *page, const gz_report_part *part);
void gz_report_html_device(gz_text *page, const gaze_device_info *device, const char *options);
void gz_report_html_ops(gz_text *page, const gz_report_part *part);

/* All of a report but its file: for one that is part of something else. gaze_report_free it. */
gaze_status gz_report_create(const char *path, const char *command, gaze_report **out);

#endif
