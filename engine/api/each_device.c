/* gaze_each_device: the same work on every device of the machine. */
#include "api.h"

#include <stdio.h>

static gaze_status visit_one(const gaze_context_options *options, const gaze_device_info *device,
                             gaze_device_visitor *visit, void *user)
{
    gaze_context_options own = *options;
    gaze_context *context = NULL;
    char index[24];
    snprintf(index, sizeof index, "%zu", device->index);
    own.device = index;
    const gaze_status opened = device->usable ? gaze_context_create(&own, &context) : GAZE_ERROR_DEVICE;
    const gaze_status status = visit(user, device, context,
                                     opened == GAZE_OK ? NULL
                                     : device->usable  ? gaze_message()
                                                       : device->reason);
    gaze_context_destroy(context);
    return status;
}

gaze_status gaze_each_device(const gaze_context_options *options, gaze_device_visitor *visit, void *user)
{
    static const gaze_context_options defaults = {0};
    gaze_device_info *list;
    size_t count;
    bool any = false;
    gaze_status status = GAZE_OK;
    if (!options) options = &defaults;
    if (options->reference)
        return gz_fail(GAZE_ERROR_USAGE,
                       "the reference runs on no device: expected one of --all and --reference");
    GZ_TRY(gz_device_list(NULL, &list, &count));
    for (size_t i = 0; i < count; i++) any |= list[i].usable;
    if (!any) { /* opening one says what is wrong, and what to install */
        gaze_context *context;
        GZ_GO(gaze_context_create(options, &context));
        gaze_context_destroy(context);
    }
    for (size_t i = 0; i < count; i++)
        if (list[i].name) GZ_GO(visit_one(options, &list[i], visit, user));
done:
    gaze_devices_free(list);
    return status;
}
