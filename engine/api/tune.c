/* gaze_tune: a model's products of matrices, by our own kernels and by CLBlast. */
#include "../base/clock.h"
#include "../bench/median.h"
#include "../device/clblast.h"
#include "../device/products.h"
#include "../graph/plan.h"
#include "../ops/ops.h"
#include "../verify/trial.h"
#include "api.h"

#include <stdlib.h>
#include <string.h>

/* A median of RUNS, each of as many products as take about LEAST_MS. */
enum { RUNS = 7, MOST_REPEATS = 64 };
static const double LEAST_MS = 2;

/* The op that makes a product of that shape alone, of small whole numbers: all sums are exact, in any order.
 */
static const gz_op *op_of(const gz_product_shape *s, gz_case *c)
{
    static const gz_dense_attr linear = {GZ_LINEAR};
    *c = (gz_case){.n_in = 2, .fill = GZ_FILL_INTEGER};
    if (s->a_turned) {
        c->in[0] = GZ_SHAPE(s->K, s->M);
        c->in[1] = GZ_SHAPE(s->K, s->N);
        return &gz_op_dense_kernel_gradient;
    }
    c->in[0] = GZ_SHAPE(s->M, s->K);
    if (s->b_turned) {
        c->in[1] = GZ_SHAPE(s->N, s->K);
        return &gz_op_dense_input_gradient;
    }
    c->in[1] = GZ_SHAPE(s->K, s->N);
    c->in[2] = (gz_shape){.rank = GZ_ABSENT};
    c->n_in = 3;
    c->attr = &linear;
    return &gz_op_dense;
}

static gaze_status run(gz_device *device, gz_plan *plan, size_t repeats, double *ms)
{
    const double start = gz_seconds();
    for (size_t i = 0; i < repeats; i++) GZ_TRY(gz_plan_run(plan));
    GZ_TRY(gz_device_finish(device));
    *ms = (gz_seconds() - start) * 1e3 / (double)repeats;
    return GAZE_OK;
}

static gaze_status median_ms(gz_device *device, gz_plan *plan, double *ms)
{
    double first, times[RUNS];
    GZ_TRY(run(device, plan, 1, &first)); /* compiles */
    GZ_TRY(run(device, plan, 1, &first));
    const size_t repeats = first * MOST_REPEATS < LEAST_MS ? MOST_REPEATS : 1 + (size_t)(LEAST_MS / first);
    for (size_t i = 0; i < RUNS; i++) GZ_TRY(run(device, plan, repeats, &times[i]));
    *ms = gz_median(times, RUNS);
    return GAZE_OK;
}

static gaze_status make_product(gz_device *device, const gz_trial *trial, gz_products_by by, double *ms,
                                float *out)
{
    const gz_plan_options none = {0};
    gz_plan *plan = NULL;
    gaze_status status;
    gz_products_force(device, by);
    GZ_GO(gz_plan_create(device, trial->graph, NULL, &none, &plan));
    for (size_t i = 0; i < 2; i++) GZ_GO(gz_plan_write(plan, trial->node->in[i], trial->values[i]));
    GZ_GO(median_ms(device, plan, ms));
    GZ_GO(gz_plan_read(plan, trial->result[0], out));
done:
    gz_plan_destroy(plan);
    gz_products_force(device, GZ_PRODUCTS_MEASURED);
    return status;
}

/* A library that gives other sums than ours is not taken, however fast. */
static gaze_status measure(gz_device *device, gz_product_time *time)
{
    gz_case c;
    gz_trial trial = {0};
    const gz_op *op = op_of(&time->shape, &c);
    const size_t count = time->shape.M * time->shape.N;
    float *own = NULL, *library = NULL;
    gaze_status status;
    GZ_GO(gz_trial_create(op, &c, false, &trial));
    GZ_GO(gz_allocate(count, sizeof *own, &own));
    GZ_GO(gz_allocate(count, sizeof *library, &library));
    GZ_GO(make_product(device, &trial, GZ_PRODUCTS_OWN, &time->own_ms, own));
    GZ_GO(make_product(device, &trial, GZ_PRODUCTS_CLBLAST, &time->library_ms, library));
    if (memcmp(own, library, count * sizeof *own) != 0)
        status = gz_fail(GAZE_ERROR_DEVICE,
                         "CLBlast's product of %zu x %zu x %zu is not that of Gaze's kernels: run gaze "
                         "verify to see which is right",
                         time->shape.M, time->shape.N, time->shape.K);
done:
    gz_trial_destroy(&trial);
    free(own);
    free(library);
    return status;
}

static gaze_status check(const gaze_context *context)
{
    if (!context->device)
        return gz_fail(GAZE_ERROR_USAGE, "--tune measures a device: leave --reference away");
    const gz_family family = gz_device_facts_of(context->device)->family;
    if (family != GZ_FAMILY_GPU && family != GZ_FAMILY_INTEL)
        return gz_fail(GAZE_ERROR_USAGE,
                       "--tune chooses between kernels for GPUs, this device has those of family '%s'",
                       gz_family_name(family));
    if (!gz_clblast_there())
        return gz_fail(GAZE_ERROR_USAGE,
                       "--tune measures CLBlast, which is not installed (Debian: libclblast1)");
    return GAZE_OK;
}

gaze_status gaze_tune(gaze_model *model, const gaze_bench_options *options, gaze_tune_function *tell,
                      void *user)
{
    gz_device *device = model->context->device;
    gaze_bench_options brief = options ? *options : (gaze_bench_options){0};
    gaze_bench_result result;
    gz_product_time *list;
    GZ_TRY(check(model->context));
    brief.seconds = 1e-3; /* a step, that its products are asked for */
    GZ_TRY(gaze_bench(model, &brief, &result));
    gaze_bench_free(&result);
    for (size_t i = 0; i < gz_products_list(device, &list); i++) {
        gz_product_time time = list[i];
        if (!(time.own_ms > 0)) GZ_TRY(measure(device, &time));
        gz_products_list(device, &list);
        list[i] = time;
        gz_products_keep(device);
        tell(user, &(gaze_tune_line){time.shape.M, time.shape.N, time.shape.K, time.shape.a_turned,
                                     time.shape.b_turned, time.own_ms, time.library_ms,
                                     gz_product_is_library(&time)});
    }
    return GAZE_OK;
}
