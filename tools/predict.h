/* What the files of gaze predict share. */
#ifndef TOOLS_PREDICT_H
#define TOOLS_PREDICT_H
#include "common.h"

enum { PREDICT_MOST_INPUTS = 16, PREDICT_MOST_MAPS = 64 };

typedef struct predict_arguments {
    tool_options tool;
    gaze_adaptation adapt;
    const char *model, *weights, *output;
    char *inputs[PREDICT_MOST_INPUTS];
    size_t n_inputs;
    char *maps[PREDICT_MOST_MAPS]; /* NAME=FILE */
    size_t n_maps, top, batch_size;
    const char *decode; /* NULL: not asked for */
    size_t max_length;
} predict_arguments;

/* The name of class or token k, or its number; in JSON quoted, or a number. */
void predict_print_class(const gaze_model *model, size_t k, bool json);

/* Is a sequence to be written? It was asked for, or the input that the model writes was not given. */
bool predict_writes(const predict_arguments *a, const gaze_model *model);

/* Decodes; gives the inputs their names, and puts what the best answers were written from behind them. */
gaze_status predict_answers(const predict_arguments *a, gaze_model *model, gaze_array *inputs,
                            gaze_decoded *answers);

/* Prints them, or writes the tokens to --output. */
gaze_status predict_write_answers(const predict_arguments *a, const gaze_model *model,
                                  const gaze_decoded *answers);

#endif
