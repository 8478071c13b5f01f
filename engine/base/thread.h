#ifndef GZ_THREAD_H
#define GZ_THREAD_H
#include <pthread.h>

/* A thread that takes no signals: those are for the program's own threads, where Ctrl-C finds its handler.
   attributes: NULL is fine. Gives pthread_create's error; 0: none. */
int gz_thread_start(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *), void *user);

#endif
