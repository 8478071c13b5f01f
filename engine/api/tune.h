/* What tune.c, tune_measure.c and tune_check.c share. */
#ifndef GZ_API_TUNE_H
#define GZ_API_TUNE_H
#include "bench.h"

enum { GZ_TUNE_ROUNDS = 25 };

/* Rounds of the usual candidate and another one in turns, in ms. */
typedef struct gz_tune_times {
    double usual[GZ_TUNE_ROUNDS], other[GZ_TUNE_ROUNDS];
    size_t rounds;
} gz_tune_times;

/* A choice of the step, with all nodes of its key. */
typedef struct gz_tune_choice {
    const char *key, *op, *shape, *layers;
    const gz_node *node; /* the first; NULL: of the step as a whole */
    gz_candidates candidates;
    size_t count;
    const char **failed;  /* [count] */
    gz_tune_times *times; /* [count]; of the usual one, times[0]: not used */
    size_t taken;         /* 0: the usual one */
} gz_tune_choice;

typedef struct gz_tuning {
    gaze_tune_result result; /* first: freed as such */
    gz_arena *arena;
    gz_tune_choice *choices;
    size_t n_choices;
    double end;   /* of the budget, of gz_seconds() */
    size_t place; /* gz_plan_options.place of what is measured */
} gz_tuning;

/* Measures candidate n of every choice of the nodes, or of the step's choice of a place, against the usual
   one, until `until`. A candidate that can't run fails; that is no error. */
gaze_status gz_tune_measure(gz_tuning *tuning, gz_bench_job *job, size_t n, double until);
gaze_status gz_tune_measure_place(gz_bench_job *job, gz_tune_choice *choice, double until);

/* Whole steps in turns, as they usually are and with all that was chosen: medians in ms. */
gaze_status gz_tune_compare(gz_bench_job *job, double until, double *before_ms, double *after_ms);

/* Is candidate n within the op's limits at this shape, or, where its reference would take long, at fewer
   samples? Else it fails. */
gaze_status gz_tune_check(gz_tuning *tuning, gz_device *device, bool training, gz_tune_choice *choice,
                          size_t n);

/* Takes the candidate that is fastest by more than noise, of those that didn't fail; else the usual one. */
void gz_tune_decide(gz_tune_choice *choice);

gz_tune_choice *gz_tune_find(gz_tuning *tuning, const char *key);
const char *gz_tune_name(const gz_tune_choice *choice, size_t n);

#endif
