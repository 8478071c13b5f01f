/* The lines of a csv file as numbers. */
#ifndef GZ_DATA_CSV_TABLE_H
#define GZ_DATA_CSV_TABLE_H
#include "data.h"

/* What a line holds after its label. */
typedef struct gz_csv_line {
    size_t n_classes; /* labels are 0..n_classes-1; 0: any */
    size_t n_types;
    const gaze_dtype *types; /* values end[i-1] to end[i] are of types[i]; the last type goes on to the end */
    const size_t *ends;
} gz_csv_line;

typedef struct gz_csv_table {
    const char *path;
    size_t rows, n_values, longest; /* longest: values of the row that has most of them */
    int32_t *labels;                /* [rows] */
    size_t *lines;                  /* [rows] of the file, from 1 */
    size_t *starts;                 /* [rows + 1]: row i has the values starts[i] to starts[i + 1] */
    uint32_t *values;               /* the bits of an int32 or a float each */
    size_t row_capacity[3], value_capacity;
} gz_csv_table;

/* A label and at least one value a line, with commas between; a first line without any number is a header;
   empty lines are passed over. Messages begin with file:line:column. gz_csv_free also after an error. */
gaze_status gz_csv_read(const char *path, const gz_csv_line *line, gz_csv_table *table);
void gz_csv_free(gz_csv_table *table);

#endif
