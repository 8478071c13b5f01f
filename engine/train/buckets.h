/* What an exchange sends together: ranges of the store's slabs, and the host memory that they pass through.
 */
#ifndef GZ_BUCKETS_H
#define GZ_BUCKETS_H
#include "step.h"

typedef struct gz_range {
    gz_slab slab;
    size_t offset, count; /* floats in the slab */
    size_t at;            /* in the bucket's values */
} gz_range;

typedef struct gz_bucket {
    gz_range *ranges;
    size_t n_ranges, capacity;
    size_t count;     /* floats, in the ranges and behind them */
    size_t plain;     /* values from here on are added; those before become a mean */
    size_t piece;     /* floats that each rank sums */
    float *values;    /* [ranks][piece] */
    float *received;  /* [ranks][piece]: this rank's piece, of each rank */
    void **requests;  /* [2 * ranks] */
    cl_event reading; /* values on their way from the device */
    enum { GZ_AT_REST, GZ_READING, GZ_SCATTERING, GZ_GATHERING } stage;
} gz_bucket;

typedef struct gz_buckets {
    gz_bucket *list;
    size_t count, capacity;
} gz_buckets;

/* Gradients in the order in which the graph makes them, at most `most` floats a bucket; the last bucket is
   the state, behind it GZ_SUMS, and behind that one word that is in no slab. */
gaze_status gz_buckets_make(const gz_store *store, const gz_graph *graph, size_t most, size_t ranks,
                            gz_buckets *buckets);
void gz_buckets_free(gz_buckets *buckets);

/* Where the last bucket's sums and word are. */
enum { GZ_SUMS_FLOATS = 4, GZ_TAIL_FLOATS = GZ_SUMS_FLOATS + 1 };

/* *ends [buckets + 1]: the nodes behind which each bucket is ready, and, last, the node of the update. free()
 * it. */
gaze_status gz_buckets_ends(const gz_buckets *buckets, const gz_store *store, const gz_graph *graph,
                            size_t **ends);

#endif
