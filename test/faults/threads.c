/* Threads. A call in one is reported with the stack of whoever made the thread. */
#include "faults.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

typedef void *thread_function(void *);
int __real_pthread_create(pthread_t *thread, const pthread_attr_t *how, thread_function *run, void *user);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *how, thread_function *run, void *user);
int __real_pthread_detach(pthread_t thread);
int __wrap_pthread_detach(pthread_t thread);
int __real_pthread_join(pthread_t thread, void **result);
int __wrap_pthread_join(pthread_t thread, void **result);
void *__real_malloc(size_t bytes);
void __real_free(void *memory);

typedef struct birth {
    thread_function *run;
    void *user;
    fault_stack stack;
} birth;

static void *begin(void *given)
{
    const birth b = *(birth *)given;
    __real_free(given);
    fault_come_from(&b.stack);
    return b.run(b.user);
}

int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *how, thread_function *run, void *user)
{
    if (fault_here(FAULT_THREAD, "pthread_create")) return EAGAIN;
    birth *b = __real_malloc(sizeof *b);
    if (!b) return ENOMEM;
    *b = (birth){.run = run, .user = user};
    fault_take_stack(&b->stack);
    const int error = __real_pthread_create(thread, how, begin, b);
    if (error)
        __real_free(b);
    else
        live_add(LIVE_THREAD, (uintptr_t)*thread, 0, fault_count(FAULT_THREAD));
    return error;
}

int __wrap_pthread_detach(pthread_t thread)
{
    live_remove(LIVE_THREAD, (uintptr_t)thread, NULL);
    return __real_pthread_detach(thread);
}

int __wrap_pthread_join(pthread_t thread, void **result)
{
    live_remove(LIVE_THREAD, (uintptr_t)thread, NULL);
    return __real_pthread_join(thread, result);
}
