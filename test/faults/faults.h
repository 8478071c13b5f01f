/* Faults on request. The programs of these tests are linked with --wrap for each call of wrapped.txt: what
   gaze's own code calls arrives here first, the calls of drivers and libraries don't. The N-th call of a kind
   is failed, and what was taken and never given back is counted. See server.c for how a program is told. */
#ifndef FAULTS_H
#define FAULTS_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum fault_kind { FAULT_MEMORY, FAULT_OPENCL, FAULT_FILE, FAULT_THREAD, FAULT_KINDS } fault_kind;

typedef struct fault_plan {
    fault_kind kind;
    long at;           /* the number of the call that fails, from 1; 0: none does */
    bool on;           /* so do all after it */
    int code;          /* of OpenCL, or errno; 0: the call's own */
    char call[48];     /* only calls of this name are counted, or "" */
    double sleeps;     /* seconds; a clBuildProgram does not fail, but takes so much longer */
    long trace_memory; /* the stack of this allocation is reported, to find who lost it */
} fault_plan;

/* Counts a call. Must it fail? */
bool fault_here(fault_kind kind, const char *call);
const fault_plan *fault_current(void);
int fault_errno(int own); /* sets errno to the plan's or `own`, returns -1 */

/* Takes the plan; server.c calls it before main. `report` is where fault_report writes, at the end of the
 * process. */
void fault_begin(const fault_plan *plan, int report);

/* What the program has taken and must give back. `number` is the call's, for the report. */
typedef enum live_kind { LIVE_MEMORY, LIVE_FILE, LIVE_OPENCL, LIVE_THREAD, LIVE_KINDS } live_kind;
void live_add(live_kind kind, uintptr_t what, size_t bytes, long number);
bool live_remove(live_kind kind, uintptr_t what, size_t *bytes); /* false: it isn't known */
bool live_find(live_kind kind, uintptr_t what, size_t *bytes);
void live_forget(void);
void live_report(int report);
long fault_count(fault_kind kind);
void fault_print(int report, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Where a call came from; in a thread, what the thread's maker was called from too. */
enum { FAULT_MOST_FRAMES = 60 };
typedef struct fault_stack {
    void *frames[FAULT_MOST_FRAMES];
    size_t count;
} fault_stack;
void fault_take_stack(fault_stack *stack);
void fault_come_from(const fault_stack *maker); /* of this thread */

#endif
