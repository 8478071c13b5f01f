/* Products that a library makes: the plan calls it in place of a kernel. */
#include "../device/clblast.h"
#include "product_gpu.h"

/* Floats from a row that lies in memory to the next: any where there is one row, but the library wants it
   as long as the row. */
static size_t stride_of(const gz_matrices *m, bool turned, size_t rows, size_t columns)
{
    const size_t stride = turned ? m->column : m->row, length = turned ? rows : columns;
    return stride < length ? length : stride;
}

static cl_int call(const void *state, cl_command_queue queue, const cl_mem *memory, cl_event *event)
{
    return gz_clblast_sgemm(state, queue, memory[0], memory[1], memory[2], event);
}

bool gz_product_library_can(gz_builder *builder, const gz_product *p)
{
    return p->samples * p->heads == 1 && gz_builder_chooses(builder) && gz_clblast_there();
}

void gz_product_by_library(gz_builder *builder, const gz_product *p)
{
    const bool a_turned = p->a.column != 1, b_turned = p->b.column != 1;
    const gz_tensor *y = p->y.tensor;
    const bool ends = p->bias || p->activation != GZ_LINEAR;
    const gz_tensor *to = ends ? gz_scratch(builder, p->M * p->N) : y;
    const gz_sgemm product = {p->M,
                              p->N,
                              p->K,
                              a_turned,
                              b_turned,
                              stride_of(&p->a, a_turned, p->M, p->K),
                              stride_of(&p->b, b_turned, p->K, p->N),
                              p->N,
                              (float)p->factor};
    gz_launch *launch = gz_call_add(builder, "clblast", call, &product, sizeof product);
    gz_arg_tensor(launch, p->a.tensor);
    gz_arg_tensor(launch, p->b.tensor);
    gz_arg_tensor(launch, to);
    if (ends) gz_product_add_parts(builder, to, 1, p->bias, p->N, y, p->activation);
}
