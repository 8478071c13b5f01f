/* A choice between kernels that make the same: which one a plan takes for an op of a shape on its device. The
   usual one is a rule of the op; gaze tune measures the others (device/choices.h keeps what it chose). */
#ifndef GZ_CHOICE_H
#define GZ_CHOICE_H
#include "op.h"

typedef struct gz_candidates {
    const char *const *names; /* static, NULL-terminated, at most 32; beside the kernels that they name */
    unsigned possible;        /* bit i: names[i] can be taken here */
    size_t usual;             /* which one is taken where nothing else was chosen; always possible */
} gz_candidates;

/* The n-th possible one, the usual one being the first (n = 0); SIZE_MAX: there are no more. */
size_t gz_candidate_at(const gz_candidates *candidates, size_t n);
size_t gz_candidates_count(const gz_candidates *candidates);

/* A choice that a plan has made. */
typedef struct gz_plan_choice {
    const gz_node *node; /* NULL: of the plan as a whole, see threads.c */
    const char *key;     /* "training cpu conv2d SHAPE" */
    const char *op, *shape;
    gz_candidates candidates;
    size_t taken;
} gz_plan_choice;

#endif
