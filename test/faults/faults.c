/* The plan, the counters, and the report. */
#include "faults.h"

#include <errno.h>
#include <execinfo.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char *const kinds[FAULT_KINDS] = {"memory", "opencl", "file", "thread"};
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static fault_plan plan;
static long counts[FAULT_KINDS];
static int report_to = -1;
static _Thread_local fault_stack made_by;
extern const char __executable_start;

void fault_print(int report, const char *format, ...)
{
    char line[256];
    va_list arguments;
    va_start(arguments, format);
    const int length = vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    if (write(report, line, (size_t)length < sizeof line ? (size_t)length : sizeof line - 1) < 0) _exit(99);
}

void fault_come_from(const fault_stack *maker) { made_by = *maker; }

void fault_take_stack(fault_stack *stack)
{
    const int own = backtrace(stack->frames, FAULT_MOST_FRAMES);
    stack->count = own > 0 ? (size_t)own : 0;
    for (size_t i = 0; i < made_by.count && stack->count < FAULT_MOST_FRAMES; i++)
        stack->frames[stack->count++] = made_by.frames[i];
}

/* Addresses as nm prints them. */
static void print_stack(void)
{
    fault_stack stack;
    fault_take_stack(&stack);
    for (size_t i = 1; i < stack.count; i++)
        fault_print(report_to, " %zx", (size_t)((uintptr_t)stack.frames[i] - (uintptr_t)&__executable_start));
    fault_print(report_to, "\n");
}

const fault_plan *fault_current(void) { return &plan; }
long fault_count(fault_kind kind) { return counts[kind]; }

int fault_errno(int own)
{
    errno = plan.code ? plan.code : own;
    return -1;
}

static void report_failure(fault_kind kind, const char *call, long number)
{
    fault_print(report_to, "failed %s %ld %s", kinds[kind], number, call);
    print_stack();
}

bool fault_here(fault_kind kind, const char *call)
{
    if (report_to < 0) return false;
    const int before = errno;
    pthread_mutex_lock(&lock);
    const bool counted = kind == plan.kind ? !plan.call[0] || !strcmp(plan.call, call) : true;
    const long number = counted ? ++counts[kind] : counts[kind];
    const bool fails =
        counted && kind == plan.kind && plan.at && (plan.on ? number >= plan.at : number == plan.at);
    if (fails && number == plan.at) report_failure(kind, call, number);
    if (kind == FAULT_MEMORY && number == plan.trace_memory) report_failure(kind, call, number);
    pthread_mutex_unlock(&lock);
    errno = before;
    return fails;
}

void fault_begin(const fault_plan *given, int report)
{
    void *frame[1];
    backtrace(frame, 1); /* loads what it needs, now */
    live_forget();
    plan = *given;
    report_to = report;
}

__attribute__((destructor)) static void end(void)
{
    if (report_to < 0) return;
    for (int k = 0; k < FAULT_KINDS; k++) fault_print(report_to, "calls %s %ld\n", kinds[k], counts[k]);
    live_report(report_to);
    fault_print(report_to, "end\n");
    report_to = -1;
}
