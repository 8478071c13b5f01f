/* One case of an op made concrete: a graph with that op alone, input values, and what the reference makes of
 * them. */
#ifndef GZ_TRIAL_H
#define GZ_TRIAL_H
#include "../graph/op.h"

/* Positions 0..GZ_MAX_OUTPUTS-1 are the op's outputs; behind them come the inputs that it updates in place.
 */
enum { GZ_MAX_RESULTS = GZ_MAX_OUTPUTS + GZ_MAX_INPUTS };

typedef struct gz_trial {
    const gz_op *op;
    const gz_case *c;
    gz_graph *graph;
    const gz_node *node;
    void *values[GZ_MAX_INPUTS]; /* float or int32, as a device gets them; NULL: left out */
    double *in[GZ_MAX_INPUTS];   /* the same in double; NULL: left out */
    size_t n_results;
    gz_tensor *result[GZ_MAX_RESULTS];
    double *want[GZ_MAX_RESULTS];    /* made by gz_trial_expect */
    double *flushed[GZ_MAX_RESULTS]; /* of special values: with zeros for subnormal inputs, otherwise NULL */
    double *magnitude[GZ_MAX_RESULTS]; /* of those whose limit is GZ_SUM, otherwise NULL */
} gz_trial;

/* smooth: different values instead of the case's fill, for derivatives. Freed by gz_trial_destroy, also after
 * a failure. */
gaze_status gz_trial_create(const gz_op *op, const gz_case *c, bool smooth, gz_trial *trial);
void gz_trial_destroy(gz_trial *trial);

/* Runs the reference, and what the limits need beside it. */
gaze_status gz_trial_expect(gz_trial *trial);

/* Limit of a result; sums of small integers are exact. */
gz_limit gz_trial_limit(const gz_trial *trial, size_t result, double amplification);

/* Number of the case in the op's table; 0 for a case from elsewhere. */
size_t gz_case_number(const gz_op *op, const gz_case *c);

#endif
