/* What is taken and not given back yet: a hash table with open addresses. */
#include "faults.h"

#include <pthread.h>
#include <string.h>

enum { SLOTS = 1 << 16, MOST_REPORTED = 20 };

typedef struct live {
    uintptr_t what; /* 0: free, GONE: was taken */
    size_t bytes;
    long number;
    live_kind kind;
} live;

static const uintptr_t GONE = UINTPTR_MAX;
static live table[SLOTS];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static const char *const names[LIVE_KINDS] = {"memory", "file", "opencl", "thread"};

static size_t first_slot(live_kind kind, uintptr_t what)
{
    const uint64_t mixed = ((uint64_t)what + (uint64_t)kind) * UINT64_C(0x9E3779B97F4A7C15);
    return (size_t)(mixed >> 48);
}

void live_forget(void) { memset(table, 0, sizeof table); }

void live_add(live_kind kind, uintptr_t what, size_t bytes, long number)
{
    pthread_mutex_lock(&lock);
    size_t i = first_slot(kind, what);
    while (table[i].what && table[i].what != GONE) i = (i + 1) % SLOTS;
    table[i] = (live){what, bytes, number, kind};
    pthread_mutex_unlock(&lock);
}

bool live_remove(live_kind kind, uintptr_t what, size_t *bytes)
{
    pthread_mutex_lock(&lock);
    size_t i = first_slot(kind, what);
    while (table[i].what && (table[i].what != what || table[i].kind != kind)) i = (i + 1) % SLOTS;
    const bool found = table[i].what != 0;
    if (found && bytes) *bytes = table[i].bytes;
    if (found) table[i].what = GONE;
    pthread_mutex_unlock(&lock);
    return found;
}

bool live_find(live_kind kind, uintptr_t what, size_t *bytes)
{
    pthread_mutex_lock(&lock);
    size_t i = first_slot(kind, what);
    while (table[i].what && (table[i].what != what || table[i].kind != kind)) i = (i + 1) % SLOTS;
    const bool found = table[i].what != 0;
    if (found) *bytes = table[i].bytes;
    pthread_mutex_unlock(&lock);
    return found;
}

void live_report(int report)
{
    int reported = 0;
    for (size_t i = 0; i < SLOTS; i++)
        if (table[i].what && table[i].what != GONE && reported++ < MOST_REPORTED)
            fault_print(report, "left %s %ld %zu\n", names[table[i].kind], table[i].number, table[i].bytes);
}
