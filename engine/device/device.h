/* An OpenCL device ready for work: found, chosen, with a context, an in-order queue, and programs from the
   disk cache. Knows base only. All OpenCL calls of the engine that fail are turned into GAZE_ERROR_DEVICE
   with call, name and sizes. */
#ifndef GZ_DEVICE_H
#define GZ_DEVICE_H
#include "../base/memory.h"

#define CL_TARGET_OPENCL_VERSION 120
#include <CL/cl.h>

/* Kernels for any device; for cpus; for GPUs; for Intel's GPUs, where they differ from gpu's. */
typedef enum gz_family {
    GZ_FAMILY_PLAIN,
    GZ_FAMILY_CPU,
    GZ_FAMILY_GPU,
    GZ_FAMILY_INTEL,
    GZ_N_FAMILIES
} gz_family;
const char *gz_family_name(gz_family family);

typedef struct gz_device_facts {
    gaze_device_info info;
    gz_family family;
    bool family_forced;  /* by GAZE_FAMILY */
    size_t vector_width; /* floats in a native vector, as kernels use it: 4, 8 or 16 */
    size_t compute_units, max_group, local_bytes;
    size_t base_align_bytes; /* CL_DEVICE_MEM_BASE_ADDR_ALIGN in bytes, at least 128 */
    size_t max_allocation_bytes, global_bytes;
    size_t cache_bytes; /* the largest cache of the device's memory, 0 if it doesn't tell */
    bool unified_memory;
} gz_device_facts;

typedef struct gz_device gz_device;

/* Opens what options->device names ($GAZE_DEVICE when NULL; auto). Sets POCL_AFFINITY=1 before the first
   OpenCL call, unless the user has, or has limited PoCL's threads or the process's CPUs. No platform: the
   message says what to install. */
gaze_status gz_device_open(const gaze_context_options *options, gz_device **out);

/* The time of a piece of work that is the same on all devices, in ms. */
typedef gaze_status gz_measure_function(gz_device *device, double *ms);

/* As gz_device_open; where `auto` has several devices to choose from and doesn't know them yet, each is
   opened and measured. gz_device_open knows what was measured before (measure.h), else it goes by the type.
 */
gaze_status gz_device_open_measured(const gaze_context_options *options, gz_measure_function *measure,
                                    gz_device **out);
void gz_device_close(gz_device *device); /* NULL is fine */

/* The same memory and kernels, run by the host's threads (team.h): those of the driver are not woken, which
   costs more than a small plan's kernels take. Buffers are those of `device`, and the two take turns by
   themselves.
   NULL: the driver has nothing like that. Lives as long as `device`. */
gz_device *gz_device_hosted(gz_device *device);
bool gz_device_is_hosted(const gz_device *device);
/* What the hosted one of a device of this name is called, in its cache's keys too. In the arena. */
char *gz_hosted_name(gz_arena *arena, const char *device);
/* How many threads it would have; 0: there is nothing like that. */
size_t gz_device_hosted_threads(const gz_device *device);

const gz_device_facts *gz_device_facts_of(const gz_device *device);
void gz_device_programs(const gz_device *device, gaze_program_counts *counts);
cl_context gz_device_context(const gz_device *device);
cl_command_queue gz_device_queue(const gz_device *device);

/* To be called before something is enqueued: waits for the other of a device and its hosted one, if that has
 * work.
 */
gaze_status gz_device_turn(gz_device *device);

/* A kernel over groups of work-items. */
typedef struct gz_work {
    cl_kernel kernel;
    size_t groups[3], group[3]; /* groups, and work-items in one */
    double seconds;     /* a hosted device's: what its threads needed last time, together; 0: not known */
    const char *failed; /* where the last run gave an error: the call that did */
} gz_work;

/* Nanoseconds of the device's own clock; all zeros where nothing was measured. */
typedef struct gz_command_times {
    uint64_t queued, start, end;
} gz_command_times;

/* Gives an OpenCL error code; work->failed is then the call that gave it. event: NULL, or where the event of
   its end goes; a hosted device has done the work on return: *event is NULL then, and *times is set. */
cl_int gz_device_enqueue(gz_device *device, gz_work *work, cl_event *event, gz_command_times *times);
/* When the command was queued, began and ended. Gives an OpenCL error code. */
cl_int gz_event_times(cl_event event, gz_command_times *times);

/* Forces a family from now on (verification); GAZE_FAMILY did so at opening. On a device that was opened with
   another family, cpu comes before the first kernel: programs without its kernels stay so. */
void gz_device_force_family(gz_device *device, gz_family family);

/* A kernel without options. kinds: where it's launched in groups of one item, those of its arguments, a
   letter each (p memory, l local memory, i int, u ulong, f float); NULL: it can't be in an entry. */
typedef struct gz_call_form {
    const char *stem, *kernel, *kinds;
} gz_call_form;

/* These kernels will be asked for: says so before they are, so that their files can become one program, and
   they one kernel, where that saves time (join.c). A kernel may be named twice. */
void gz_device_expect(gz_device *device, const gz_call_form *calls, size_t count);

/* A kernel that calls others by number. A call's number and its int, ulong and float arguments are words,
   packed in few arguments; its memory, local or not, is an argument of the kernel as well. */
typedef struct gz_entry gz_entry;
#define GZ_ENTRY_KERNEL "gaze_entry"
enum { GZ_MAX_ARGUMENTS = 32, GZ_ENTRY_WORDS = 2 * GZ_MAX_ARGUMENTS + 4 }; /* that a call can have */

/* The i-th argument of a call: where it stands in the kernel, if it's memory, or among the words. */
cl_uint gz_entry_place(const gz_entry *entry, const gz_call_form *call, size_t i);
size_t gz_entry_word(const gz_call_form *call, size_t i);

/* Sets the words, but for the call's number, and nothing for memory that other calls need. */
gaze_status gz_entry_fill(const gz_entry *entry, const gz_call_form *call, const cl_int words[GZ_ENTRY_WORDS],
                          cl_kernel kernel);

/* The entry that has this call, and its kernel, the caller's to release; *entry NULL: none has it. */
gaze_status gz_device_entry(gz_device *device, const gz_call_form *call, const gz_entry **entry,
                            cl_kernel *out);

/* A kernel object, the caller's to release. Source: cl/<stem>.cl, embedded, or from $GAZE_KERNEL_DIR. A
   program is built at most once per device and options, and comes from the disk cache when it was built
   before (cache.h; there is why options cost time at every start). GAZE_DUMP_PROGRAMS=DIR writes each final
   source (<name>.cl) and its options (<name>.opts). A kernel is always launched with one local size: PoCL
   compiles it anew for each. */
gaze_status gz_device_kernel(gz_device *device, const char *stem, const char *kernel, const char *options,
                             cl_kernel *out);

enum { GZ_OPTIONS = 128 }; /* characters, the closing zero too */

/* What every program is built with, before its own options. Subnormal numbers are zeros in kernels
   (-cl-denorms-are-zero): no result depends on them, and a processor takes a hundred clocks and more for
   each, as gradients meet them where a model has learned its samples. */
void gz_device_options(const gz_device *device, char text[GZ_OPTIONS]);

/* After a fork: true in the child of a process that had used OpenCL. Calls that need the driver then fail
   with the message of gz_device_check_process in place of waiting for threads that aren't there; what is
   freed is left to the process's end. */
bool gz_device_forked(void);
gaze_status gz_device_check_process(void);

/* Memory. Zeroed. Refuses, before allocating, what can't fit (info: asked for, free by the device's own
 * figures). */
gaze_status gz_device_allocate(gz_device *device, size_t bytes, cl_mem *out);
gaze_status gz_device_clear(gz_device *device, cl_mem memory, size_t bytes); /* zeros; a multiple of 4 */
void gz_device_release(gz_device *device, cl_mem memory);                    /* NULL is fine */
size_t gz_device_allocated(const gz_device *device);                         /* bytes */

/* Blocking transfers. */
gaze_status gz_device_write(gz_device *device, cl_mem memory, size_t offset, const void *bytes, size_t size);
gaze_status gz_device_read(gz_device *device, cl_mem memory, size_t offset, void *bytes, size_t size);
gaze_status gz_device_finish(gz_device *device);

/* The same without waiting: `bytes` belong to the device until what was enqueued is done. *done: an event for
 * gz_event_take. */
gaze_status gz_device_read_later(gz_device *device, cl_mem memory, size_t offset, void *bytes, size_t size,
                                 cl_event *done);
gaze_status gz_device_write_later(gz_device *device, cl_mem memory, size_t offset, const void *bytes,
                                  size_t size);
gaze_status gz_device_flush(gz_device *device); /* what was enqueued begins */
/* Has it come? Then it's released, and NULL. wait: until it has. */
gaze_status gz_event_take(cl_event *event, bool wait, bool *done);

/* Turns an OpenCL error code into a status; `format` says the call and its sizes; gz_cl_advice follows.
   CL_SUCCESS is GAZE_OK. */
gaze_status gz_cl_check(cl_int code, const char *format, ...) GZ_PRINTF(2, 3);
const char *gz_cl_error_name(cl_int code);

/* ". What the user can do", or "" where the call and its code say all there is to say. */
const char *gz_cl_advice(cl_int code);

/* For gaze_devices; measure: as above, or NULL. */
gaze_status gz_device_list(gz_measure_function *measure, gaze_device_info **list, size_t *count);

void gz_device_log(const gz_device *device, gaze_log_level level, const char *format, ...) GZ_PRINTF(3, 4);

#endif
