/* gaze_verify_model: a whole model against differences, and its device against the references. */
#include "../verify/model_check.h"
#include "report.h"

#include <stdlib.h>
#include <string.h>

/* Of one sample; what the file leaves open gets the size that the model was probed with. */
static gaze_status sample_shapes(const gaze_model *m, gz_shape **out)
{
    GZ_TRY(gz_allocate(m->file->n_inputs, sizeof **out, out));
    for (size_t i = 0; i < m->file->n_inputs; i++) {
        gz_shape *shape = &(*out)[i];
        *shape = m->file->inputs[i].shape;
        for (size_t k = 0; k < shape->rank; k++)
            if (!shape->dim[k]) shape->dim[k] = m->open;
    }
    return GAZE_OK;
}

gaze_status gaze_verify_model(gaze_model *m, const gaze_verify_options *options, size_t *passed,
                              size_t *failed)
{
    const gaze_verify_options none = {0}, *given = options ? options : &none;
    gz_verify_result result = {0};
    gz_shape *shapes = NULL;
    gz_told told;
    gaze_status status;
    if (given->op || given->quick || given->brief)
        return gz_fail(GAZE_ERROR_USAGE,
                       "a model is verified as a whole, expected neither an op nor 'quick'");
    GZ_GO(gz_api_weights(m, false, 0));
    GZ_GO(sample_shapes(m, &shapes));
    const gz_model_check_options check = {.inputs = shapes,
                                          .device = m->context->device,
                                          .memory_limit = m->context->memory_limit,
                                          .weights = m->store,
                                          .line = gz_tell,
                                          .user = &told};
    GZ_GO(gz_tell_begin(&told, m->context, given));
    GZ_GO(gz_tell_end(&told, gz_model_check(m->file, &check, &result)));
    *failed = result.failed;
    *passed = result.checks - result.failed;
done:
    free(shapes);
    return status;
}
