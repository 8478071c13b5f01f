#include "clblast.h"

#include <dlfcn.h>
#include <pthread.h>

/* The interface of clblast_c.h, version 1. */
enum { ROW_MAJOR = 101, NOT_TRANSPOSED = 111, TRANSPOSED = 112 };
typedef int sgemm_function(int layout, int a_transpose, int b_transpose, size_t m, size_t n, size_t k,
                           float alpha, cl_mem a, size_t a_offset, size_t a_ld, cl_mem b, size_t b_offset,
                           size_t b_ld, float beta, cl_mem c, size_t c_offset, size_t c_ld,
                           cl_command_queue *queue, cl_event *event);
typedef int clear_function(void);

static pthread_once_t once = PTHREAD_ONCE_INIT;
static sgemm_function *sgemm;
static clear_function *clear;

static void open_library(void)
{
    void *library = dlopen("libclblast.so.1", RTLD_NOW | RTLD_LOCAL);
    if (!library) return;
    *(void **)&clear = dlsym(library, "CLBlastClearCache");
    if (clear) *(void **)&sgemm = dlsym(library, "CLBlastSgemm");
}

bool gz_clblast_there(void)
{
    pthread_once(&once, open_library);
    return sgemm != NULL;
}

cl_int gz_clblast_sgemm(const gz_sgemm *p, cl_command_queue queue, cl_mem a, cl_mem b, cl_mem c,
                        cl_event *event)
{
    return sgemm(ROW_MAJOR, p->a_turned ? TRANSPOSED : NOT_TRANSPOSED,
                 p->b_turned ? TRANSPOSED : NOT_TRANSPOSED, p->M, p->N, p->K, p->factor, a, 0, p->a_stride, b,
                 0, p->b_stride, 0.0f, c, 0, p->c_stride, &queue, event);
}

void gz_clblast_clear(void)
{
    if (sgemm) clear();
}
