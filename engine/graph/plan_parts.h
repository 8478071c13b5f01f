/* What plan.c, builder.c, bind.c and reference.c share. */
#ifndef GZ_PLAN_PARTS_H
#define GZ_PLAN_PARTS_H
#include "builder.h"
#include "memory_plan.h"
#include "plan.h"

enum { GZ_GUARD_BYTES = 512 };

typedef enum gz_argument_kind {
    GZ_ARG_TENSOR,
    GZ_ARG_INT,
    GZ_ARG_ULONG,
    GZ_ARG_FLOAT,
    GZ_ARG_LOCAL
} gz_argument_kind;

typedef struct gz_argument {
    gz_argument_kind kind;
    union {
        const gz_tensor *tensor;
        cl_int integer;
        cl_ulong ulong_;
        cl_float real;
        size_t local_bytes;
    } value;
} gz_argument;

struct gz_launch {
    gz_builder *builder; /* while building: where errors stick */
    const gz_node *node;
    size_t at; /* in the graph's list, of the node */
    const char *stem, *kernel_name, *options;
    gz_argument arguments[GZ_MAX_ARGUMENTS];
    size_t n_arguments;
    gz_work work;
    size_t items;    /* > 0: work.groups and work.group are chosen when the kernel is known */
    bool may_shrink; /* work.group[0] */
    bool packing;
    cl_event event; /* of the last run, with profile; NULL: times tell */
    gz_command_times times;
    gz_call *call; /* in place of a kernel; NULL: none */
    const void *state;
    cl_mem *memory; /* of its arguments */
};

/* Host copies of an input that the device may still be reading: a ring, so that the host can run a few steps
 * ahead. */
enum { GZ_STAGES = 4 };
typedef struct gz_staging {
    void *values[GZ_STAGES];
    cl_event written[GZ_STAGES];
    size_t next;
} gz_staging;

/* Where a tensor with memory of its own is. */
typedef struct gz_placement {
    const gz_tensor *tensor; /* base */
    bool pinned;             /* lives always: inputs, packed weights */
    bool in_store;           /* weights, slabs, gradients of weights */
    size_t block;            /* number of its block; of an in-place output: its input's */
    size_t birth, death;     /* nodes */
    cl_mem memory;           /* bound: a sub-buffer (released), or a slab of the store (borrowed) */
    bool borrowed;
    double *host;        /* reference mode */
    gz_staging *staging; /* inputs: values on their way to the device */
} gz_placement;

/* What a plan keeps for gz_plan_moments. */
typedef struct gz_moments {
    gz_moment *list;
    cl_event *events; /* beside them; NULL: none */
    size_t count, list_capacity, events_capacity;
    bool told; /* the next one begins a new list */
} gz_moments;

struct gz_plan {
    gz_device *device; /* NULL: reference mode */
    gz_graph *graph;
    gz_store *store;
    gz_plan_options options;
    gz_arena *arena;
    gz_launch **launches;
    size_t n_launches, launches_capacity;
    gz_tensor **scratch; /* indices follow the graph's */
    size_t n_scratch, scratch_capacity;
    gz_placement *placements; /* [graph->n_tensors + n_scratch], by tensor index; views have none */
    gz_block *blocks;
    size_t n_blocks;
    cl_mem *buffers;
    size_t *buffer_bytes, n_buffers;
    double *amplification; /* by node, 0: none */
    gz_family family;
    size_t node;           /* that is being prepared */
    size_t packed_version; /* of the store, when packing ran last; SIZE_MAX: never */
    bool trains;           /* some node updates the store */
    bool lent;             /* the queue may read memory of the caller's: gz_plan_lend */
    gz_plan_tensor *listing;
    size_t n_listing;
    gz_plan_launch *timings;
    gz_moments moments;
    gz_plan_choice *choices;
    size_t n_choices, choices_capacity;
};

struct gz_builder {
    gz_plan *plan;
    gz_family family;
    gaze_status status;
};

/* threads.c: the device itself, or its hosted one where the graph is small. Verification runs where it is
 * told to. */
gaze_status gz_plan_find_device(gz_plan *plan, gz_device *device);
/* choice.c: which candidate is taken for what choice.node, choice.op and `shape` say, and notes it; device:
   that the choice is kept for. */
gaze_status gz_plan_choose(gz_plan *plan, gz_device *device, gz_plan_choice choice, const char *shape,
                           size_t *taken);
/* builder.c: runs every node's prepare. */
gaze_status gz_plan_prepare(gz_plan *plan);
/* place.c: lifetimes, blocks, offsets; no memory is taken yet. */
gaze_status gz_plan_place(gz_plan *plan);
/* bind.c: buffers, sub-buffers, kernels, arguments. */
gaze_status gz_plan_bind(gz_plan *plan);
void gz_plan_unbind(gz_plan *plan);
/* Does the device have the memory that the plan and its store need? */
gaze_status gz_plan_check_fits(const gz_plan *plan);
/* reference.c: the same in double on the host. */
gaze_status gz_plan_bind_reference(gz_plan *plan);
void gz_plan_unbind_reference(gz_plan *plan);
gaze_status gz_plan_run_reference(gz_plan *plan, size_t first, size_t end);

/* moments.c: with options.record, adds a call that has just ended; event: of its command, or NULL. */
gaze_status gz_moment_add(gz_plan *plan, gz_moment moment, cl_event event);
void gz_moments_free(gz_moments *moments);

gz_placement *gz_plan_placement(const gz_plan *plan, const gz_tensor *tensor);
/* The slab and the offset in floats of a tensor of the store. */
gaze_status gz_plan_in_store(const gz_plan *plan, const gz_tensor *base, gz_slab *slab, size_t *offset);

#endif
