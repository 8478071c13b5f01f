/* What the recurrent layers and bidirectional share. */
#ifndef GZ_RECURRENT_H
#define GZ_RECURRENT_H
#include "layer.h"

typedef struct gz_recurrent_options {
    gz_recurrence_kind kind;
    size_t units;
    bool use_bias, unit_forget_bias, return_sequences, return_state, go_backwards;
} gz_recurrent_options;

/* `type` is lstm, gru or simple_rnn. */
gaze_status gz_recurrent_read(gz_json *json, const gz_layer_type *type, gz_recurrent_options *options);

/* "initial_state": names of further inputs. */
gaze_status gz_recurrent_read_initial(gz_json *json);

/* States of a layer of this kind: 2 of lstm, 1 of the others. */
size_t gz_recurrent_n_states(gz_recurrence_kind kind);

/* One direction. */
typedef struct gz_recurrent_run {
    const gz_recurrent_options *options;
    const char *prefix; /* of the weights: "", "forward." or "backward." */
    bool backwards;
    gz_tensor *initial[2]; /* [B,U] h and c, or NULL */
    gz_tensor *y;          /* made: outputs [B,T,U], each at the step that was read last for it */
    gz_tensor *state[2];   /* made: the states after the last step [B,U], where return_state asks for them */
} gz_recurrent_run;
gaze_status gz_recurrent_build(gz_build *build, const gz_layer *layer, const gz_flow *in,
                               gz_recurrent_run *run);

/* The output after the last step of a run: y [B,T,U] -> [B,U]. */
gaze_status gz_recurrent_last(gz_graph *graph, gz_tensor *y, bool backwards, gz_tensor **last);

/* Spreads the initial states in[1], in[2], ... over the runs; their number and shapes must fit. */
gaze_status gz_recurrent_initial(const gz_layer *layer, const gz_flow *in, size_t n_in,
                                 gz_recurrent_run *runs, size_t n_runs);

/* Of bidirectional. */
const gz_recurrent_options *gz_bidirectional_wrapped(const gz_layer *layer);

#endif
