/* What summary.c and summary_json.c share. */
#ifndef GZ_MODEL_SUMMARY_PARTS_H
#define GZ_MODEL_SUMMARY_PARTS_H
#include "../base/text.h"
#include "summary.h"

typedef struct gz_layer_facts {
    size_t weights; /* values of its own, shared ones counted once */
    double flop;    /* of a sample */
} gz_layer_facts;

typedef struct gz_summary_facts {
    const gz_summary_options *options;
    gz_layer_facts *layers; /* [n_layers] */
    size_t trainable, weights;
    double flop, other_flop; /* of a sample: all; loss, metrics and optimizer */
    gz_plan_memory memory;   /* zeros without a plan */
    const gz_plan_tensor *tensors;
    size_t n_tensors;
} gz_summary_facts;

/* "conv2d", or "attention: spatial". */
const char *gz_summary_type(const gz_layer *layer, char text[96]);

void gz_summary_text(const gz_summary_facts *facts, gz_text *text);
void gz_summary_json(const gz_summary_facts *facts, gz_text *text);

#endif
