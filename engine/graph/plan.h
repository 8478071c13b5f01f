/* A graph made ready to run: launches with their arguments set, and one planned block of memory. */
#ifndef GZ_PLAN_H
#define GZ_PLAN_H
#include "choice.h"
#include "store.h"

typedef struct gz_plan gz_plan;

typedef struct gz_plan_options {
    bool profile;
    bool isolate; /* verification: no reuse of memory, guard words around every tensor, outputs filled with
                     NaN */
    size_t memory_limit; /* 0: none beyond the device's own */
    const gz_family *force_family;
    bool record;      /* with profile: keeps what each call does (gz_plan_moments) */
    size_t candidate; /* 0: what was chosen, or is usual; n: of every op's possible candidates the n-th, or
                         the usual one, which is the first, where there are fewer */
    size_t place;     /* the same for the device or its hosted one */
    const char *by;   /* the candidate of this name, wherever it is possible; NULL: none is asked for */
    bool dry; /* no memory is taken and no kernel is made: the plan tells what it would need and can't run */
} gz_plan_options;

/* The graph and the store must outlive the plan. Optimizer slabs and is_gradient tensors are bound to the
   store's. device NULL: the references run in double. Refuses a peak above the device's memory before
   anything is allocated. */
gaze_status gz_plan_create(gz_device *device, gz_graph *graph, gz_store *store,
                           const gz_plan_options *options, gz_plan **out);
void gz_plan_destroy(gz_plan *plan); /* NULL is fine */

/* The device that was given, or its hosted one. NULL: reference mode. */
gz_device *gz_plan_runs_on(const gz_plan *plan);

/* The choices that there were, in the order of the nodes; the plan's. */
size_t gz_plan_choices(const gz_plan *plan, const gz_plan_choice **list);

/* Input tensors: copied before the call returns. count elements of 4 bytes, exactly the tensor's. */
gaze_status gz_plan_write(gz_plan *plan, const gz_tensor *input, const void *values);
/* The same without the copy, where the results are waited for anyway: values must stay until gz_plan_read has
   returned, or any call for this plan has failed. */
gaze_status gz_plan_lend(gz_plan *plan, const gz_tensor *input, const void *values);

/* Enqueues everything, without waiting (reference mode: computes). */
gaze_status gz_plan_run(gz_plan *plan);

/* Only the nodes first..end-1 of the graph's list: a run in parts, in order, with something else between. */
gaze_status gz_plan_run_nodes(gz_plan *plan, size_t first, size_t end);

/* Waits and copies a tensor with `keep`, an input, or a weight (float32 or int32). */
gaze_status gz_plan_read(gz_plan *plan, const gz_tensor *tensor, void *values);
/* Reference mode only: the double values themselves. */
double *gz_plan_host(gz_plan *plan, const gz_tensor *tensor);

/* isolate: checks that no guard word has changed; the message names the tensor. */
gaze_status gz_plan_check_guards(gz_plan *plan);
/* isolate: fills values and scratch with `value` again; at first they hold NaN. */
gaze_status gz_plan_poison(gz_plan *plan, float value);
/* Amplification that the variant chosen for a node declared (1 if none). */
double gz_plan_amplification(const gz_plan *plan, const gz_node *node);

typedef struct gz_plan_memory {
    size_t peak_bytes;   /* of the planned block */
    size_t naive_bytes;  /* if every tensor had its own, aligned as these are */
    size_t pinned_bytes; /* inputs, kept tensors, packed weights */
    size_t store_bytes;  /* parameters, gradients, moments, state */
} gz_plan_memory;
void gz_plan_memory_use(const gz_plan *plan, gz_plan_memory *use);

/* One line a tensor: name, shape, offset, bytes, birth, death (node numbers). */
typedef struct gz_plan_tensor {
    const gz_tensor *tensor; /* scratch too */
    size_t offset, bytes, birth, death;
} gz_plan_tensor;
size_t gz_plan_tensors(const gz_plan *plan, const gz_plan_tensor **list);

/* With profile: nanoseconds of each launch of the last run. */
typedef struct gz_plan_launch {
    const gz_node *node;
    const char *stem, *kernel, *options;
    double ns;
    bool packing;
    gz_command_times times;
} gz_plan_launch;
gaze_status gz_plan_launches(gz_plan *plan, const gz_plan_launch **list, size_t *count);

typedef enum gz_moment_kind {
    GZ_MOMENT_WRITE,
    GZ_MOMENT_LAUNCH,
    GZ_MOMENT_WAIT,
    GZ_MOMENT_READ
} gz_moment_kind;

/* A call of the host, and the command that it gave to the device. Reading is two: waiting for what was
   enqueued before, and the copy. */
typedef struct gz_moment {
    gz_moment_kind kind;
    const char *name;           /* of the tensor, the kernel, or "" */
    const gz_node *node;        /* of a launch */
    const char *stem;           /* of a launch: its file in cl/ */
    size_t groups[3], group[3]; /* of a launch */
    size_t bytes;               /* written or read */
    double begin, end;          /* the call's, of gz_seconds() */
    gz_command_times times;     /* of writes and launches */
} gz_moment;

/* With record: what happened since it was last asked for, in order. Waits for the device. The list lasts
   until the plan's next call. */
gaze_status gz_plan_moments(gz_plan *plan, const gz_moment **list, size_t *count);

#endif
