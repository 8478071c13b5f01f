/* CLBlast's product of matrices, from the shared library where the machine has one: opened when first asked
   for, so that nothing depends on it. https://github.com/CNugteren/CLBlast, doc/api.md (xGEMM). */
#ifndef GZ_CLBLAST_H
#define GZ_CLBLAST_H
#include "device.h"

/* Can products be asked for? No: the library isn't installed, or isn't version 1. */
bool gz_clblast_there(void);

/* c [M,N] = factor a [M,K] b [K,N], in row-major order. `turned`: the matrix lies transposed, a [K,M], b
   [N,K]. stride: floats from a row that lies in memory to the next. */
typedef struct gz_sgemm {
    size_t M, N, K;
    bool a_turned, b_turned;
    size_t a_stride, b_stride, c_stride;
    float factor;
} gz_sgemm;

/* Enqueues it; the first product in a context compiles for seconds. Gives an OpenCL error code, or CLBlast's
   own below -1023 (clblast_c.h); only where gz_clblast_there. event: NULL, or where the event goes. */
cl_int gz_clblast_sgemm(const gz_sgemm *product, cl_command_queue queue, cl_mem a, cl_mem b, cl_mem c,
                        cl_event *event);

/* Lets go of what the library keeps of contexts: before one is released. */
void gz_clblast_clear(void);

#endif
