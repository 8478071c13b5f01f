/* What the files of gaze_decode share. */
#ifndef GZ_API_DECODE_H
#define GZ_API_DECODE_H
#include "api.h"
#include "beam.h"

typedef struct gz_decoding {
    gaze_model *model;
    const gz_model_decode *how;
    const gaze_decode_options *options;
    size_t width, max_length;
    size_t n_inputs, batch, piece; /* piece: samples that run together */
    gaze_array *given;             /* [n_inputs] in the model's order; the one that is written has no data */
    gaze_array *rows;              /* the same for a piece, each sample `width` times */
    gz_beam *beams;                /* [piece] */
    gaze_decoded *out;
} gz_decoding;

size_t gz_sample_bytes(const gaze_array *array); /* of one sample */

/* Writes the answers to `count` samples from `first` on into `out` (decode_steps.c). */
gaze_status gz_decode_piece(gz_decoding *decoding, size_t first, size_t count);

#endif
