#include "../base/clock.h"
#include "../base/philox.h"
#include "../model/weights.h"
#include "model_parts.h"

#include <math.h>
#include <stdlib.h>

static const double ABSOLUTE = 1e-5, OF_LARGEST = 1e-3; /* device against references */

void gz_model_tell(const gz_model_check_options *options, const char *what, const char *family,
                   const gz_verify_result *own, gz_verify_result *all)
{
    const gaze_verify_line line = {.op = what,
                                   .family = family,
                                   .cases = 1,
                                   .checks = own->checks,
                                   .failed = own->failed,
                                   .worst = own->worst,
                                   .first_failure = own->failed ? own->where : NULL,
                                   .failures = (const char *const[]){own->where},
                                   .n_failures = own->failed > 0};
    if (options->line) options->line(options->user, &line);
    if (own->worst > all->worst) all->worst = own->worst;
    for (size_t i = 0; i < own->checks; i++) gz_verify_count(all, i >= own->failed, "%s", own->where);
}

/* Values of a device against those of the references. */
static void compare(const gz_model_check_options *options, const char *what, const float *got,
                    const double *want, size_t count, gz_verify_result *all)
{
    gz_verify_result own = {0};
    double largest = 0;
    size_t at = 0;
    for (size_t i = 0; i < count; i++) largest = fmax(largest, fabs(want[i]));
    const double limit = ABSOLUTE + OF_LARGEST * largest;
    for (size_t i = 0; i < count; i++) {
        const double error = fabs((double)got[i] - want[i]) / limit;
        if (error <= own.worst) continue;
        own.worst = isfinite(error) ? error : INFINITY;
        at = i;
    }
    gz_verify_count(&own, own.worst <= 1,
                    "'%s': value %zu is %.9g on the device, %.9g by the references, limit %.3g", what, at,
                    (double)got[at], want[at], limit);
    gz_model_tell(options, what, gz_family_name(gz_device_facts_of(options->device)->family), &own, all);
}

static gaze_status compare_tensors(const gz_model_check_options *options, const char *what,
                                   gz_checked *device, const gz_tensor *got, gz_checked *reference,
                                   const gz_tensor *want, gz_verify_result *all)
{
    const size_t count = gz_shape_count(got->shape);
    float *values;
    GZ_TRY(gz_allocate(count, sizeof *values, &values));
    const gaze_status status = gz_plan_read(device->plan, got, values);
    if (status == GAZE_OK) compare(options, what, values, gz_plan_host(reference->plan, want), count, all);
    free(values);
    return status;
}

static gaze_status compare_gradient(const gz_model_check_options *options, gz_checked *device,
                                    gz_checked *reference, size_t i, gz_verify_result *all)
{
    const gz_built_weight *weight = &device->built.weights[i];
    const gz_store_entry *entry = gz_store_find(device->store, weight->name),
                         *other = gz_store_find(reference->store, weight->name);
    const size_t count = gz_shape_count(entry->shape);
    float *values;
    if (!device->gradient[i]) return GAZE_OK;
    GZ_TRY(gz_allocate(count, sizeof *values, &values));
    const gaze_status status = gz_store_read(device->store, GZ_SLAB_GRADIENT, entry->offset, values, count);
    if (status == GAZE_OK)
        compare(options, weight->name, values,
                gz_store_host(reference->store, GZ_SLAB_GRADIENT) + other->offset, count, all);
    free(values);
    return status;
}

static gaze_status compare_all(const gz_model *model, const gz_model_check_options *options,
                               gz_checked_mode mode, gz_checked *device, gz_checked *reference,
                               gz_verify_result *all)
{
    const gz_built *a = &device->built, *b = &reference->built;
    GZ_TRY(gz_plan_run(device->plan));
    GZ_TRY(gz_plan_run(reference->plan));
    if (mode == GZ_CHECK_GRADIENTS)
        for (size_t i = 0; i < a->n_weights; i++)
            GZ_TRY(compare_gradient(options, device, reference, i, all));
    if (mode != GZ_CHECK_PREDICTION) return GAZE_OK;
    for (size_t j = 0; j < model->n_outputs; j++)
        GZ_TRY(compare_tensors(options, model->outputs[j], device, a->outputs[j], reference, b->outputs[j],
                               all));
    for (size_t i = 0; i < a->n_maps; i++)
        GZ_TRY(compare_tensors(options, a->maps[i].info.name, device, a->maps[i].tensor, reference,
                               b->maps[i].tensor, all));
    return GAZE_OK;
}

static gaze_status check_device(const gz_model *model, const gz_model_check_options *options,
                                gz_store *device_store, gz_store *store, gz_checked_mode mode,
                                gz_verify_result *all)
{
    gz_checked device = {0}, reference = {0};
    gaze_status status;
    GZ_GO(gz_checked_make(model, options, options->device, device_store, mode, &device));
    GZ_GO(gz_checked_make(model, options, NULL, store, mode, &reference));
    GZ_GO(compare_all(model, options, mode, &device, &reference, all));
done:
    gz_checked_free(&device);
    gz_checked_free(&reference);
    return status;
}

static gz_slab slab_of(const gz_store_entry *entry)
{
    return entry->role == GZ_PARAMETER ? GZ_SLAB_PARAMETER : GZ_SLAB_STATE;
}

static gaze_status copy_values(const gz_built *probe, const gz_store *from, gz_store *to)
{
    for (size_t i = 0; i < probe->n_weights; i++) {
        const gz_store_entry *source = gz_store_find(from, probe->weights[i].name),
                             *target = gz_store_find(to, probe->weights[i].name);
        const size_t count = gz_shape_count(source->shape);
        float *values;
        GZ_TRY(gz_allocate(count, sizeof *values, &values));
        gaze_status status = gz_store_read(from, slab_of(source), source->offset, values, count);
        if (status == GAZE_OK) status = gz_store_write(to, slab_of(target), target->offset, values, count);
        free(values);
        GZ_TRY(status);
    }
    return GAZE_OK;
}

/* Initial values, and every trainable one moved: biases are no zeros then. Floats, so that a device has the
 * same. */
static gaze_status randomize(const gz_built *probe, gz_store *store)
{
    const gz_key key = gz_key_make(0, "check parameters");
    GZ_TRY(gz_weights_initialize(probe, 0, store));
    double *values = gz_store_host(store, GZ_SLAB_PARAMETER);
    for (size_t i = 0; i < probe->n_weights; i++) {
        const gz_store_entry *entry = gz_store_find(store, probe->weights[i].name);
        if (entry->role != GZ_PARAMETER) continue;
        for (size_t n = 0; n < gz_shape_count(entry->shape); n++)
            values[entry->offset + n] =
                (double)(float)(values[entry->offset + n] + 0.5 * gz_random_uniform(key, i, n) - 0.25);
    }
    return GAZE_OK;
}

static gaze_status make_store(const gz_built *probe, gz_device *device, gz_store **store)
{
    GZ_TRY(gz_store_create(device, store));
    GZ_TRY(gz_weights_declare(probe, *store));
    return gz_store_allocate(*store, true, 0);
}

gaze_status gz_model_check(const gz_model *model, const gz_model_check_options *options,
                           gz_verify_result *result)
{
    const double begin = gz_seconds();
    const gz_build_options one = {.batch = 1, .inputs = options->inputs};
    gz_built probe = {0};
    gz_store *store = NULL, *device_store = NULL;
    gaze_status status;
    GZ_GO(gz_model_build(model, &one, &probe));
    GZ_GO(make_store(&probe, NULL, &store));
    GZ_GO(options->weights ? copy_values(&probe, options->weights, store) : randomize(&probe, store));
    GZ_GO(gz_model_gradients(model, options, store, result));
    if (options->device) {
        GZ_GO(make_store(&probe, options->device, &device_store));
        GZ_GO(copy_values(&probe, store, device_store));
        GZ_GO(check_device(model, options, device_store, store, GZ_CHECK_PREDICTION, result));
        GZ_GO(check_device(model, options, device_store, store, GZ_CHECK_GRADIENTS, result));
    }
done:
    gz_store_destroy(device_store);
    gz_store_destroy(store);
    gz_built_free(&probe);
    result->ms += (gz_seconds() - begin) * 1e3;
    return status;
}
