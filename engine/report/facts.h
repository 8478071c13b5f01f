/* What a run's report says: everything is found before (engine/api/run_report*.c), here it is only written
   as a page. Knows html, view, verify's report and the log of training. */
#ifndef GZ_REPORT_FACTS_H
#define GZ_REPORT_FACTS_H
#include "../html/html.h"
#include "../train/record.h"
#include "../verify/report.h"
#include "examples.h"

/* symbol; sections that may be missing, each with the reason */
#define GZ_SECTION_LIST(X)        X(TRAINING) X(EXAMPLES) X(FAITHFUL) X(PROFILE) X(MEMORY) X(VERIFY)
#define GZ_SECTION_SYMBOL(symbol) GZ_SECTION_##symbol,
enum { GZ_SECTION_LIST(GZ_SECTION_SYMBOL) GZ_SECTIONS };
#undef GZ_SECTION_SYMBOL

typedef struct gz_tensor_life {
    const char *name;
    size_t offset, bytes, birth, death;
} gz_tensor_life;

typedef struct gz_memory_facts {
    size_t batch, train_batch;
    size_t peak_bytes, naive_bytes, weights_bytes; /* of predictions */
    size_t train_peak_bytes, train_store_bytes;    /* of training steps; 0: that has no plan here */
    gz_tensor_life *tensors;
    size_t n_tensors;
} gz_memory_facts;

typedef struct gz_run_facts {
    const char *model, *about, *command, *time;
    gz_fact *run; /* of run.json */
    size_t n_run;
    gz_log log;
    bool test; /* metrics are of the test part */
    gaze_metrics metrics;
    bool steps; /* the output has a value for each step: confusion counts steps */
    bool decodes;
    gaze_decode_metrics decoded;
    const char *const *classes; /* NULL: numbers */
    gz_examples examples;
    gaze_faithful_result faithful;
    gaze_bench_result bench;
    size_t bench_batch;
    gz_memory_facts memory;
    gaze_device_info device;
    gaze_report *verify;              /* two parts: the kernels, then the model */
    const char *missing[GZ_SECTIONS]; /* why a section isn't there, without a full stop; NULL: it is */
} gz_run_facts;

/* The page; free() it. */
gaze_status gz_run_page(const gz_run_facts *facts, char **page);

/* Sections of web/report.html, each in the file of its name. facts: gz_run_facts. */
gz_html_writer gz_section_training;
gz_html_writer gz_section_classes, gz_section_confusion; /* results.c */
gz_html_writer gz_section_examples;
gz_html_writer gz_section_faithful;
gz_html_writer gz_section_profile;
gz_html_writer gz_section_memory;
gz_html_writer gz_section_verify;

/* What several of them write. */
const char *gz_class_name(const char *const *names, size_t number, char text[24]);
void gz_number_cell(gz_text *page, double value, int decimals); /* a dash where it isn't finite */
/* A file of web/ filled, or the sentence why the section is missing. */
void gz_section(gz_text *page, const gz_run_facts *facts, size_t section, const char *file,
                const gz_html_place *places, size_t count);

#endif
