/* gaze_doctor: the parts of doctor/, and a trial of all rooms together. */
#include "../doctor/doctor.h"
#include "../base/clock.h"
#include "../device/device_parts.h"
#include "api.h"

#include <stdio.h>
#include <string.h>

static void keep_failure(void *user, const gaze_verify_line *line)
{
    char *first = user;
    if (line->first_failure && !first[0]) snprintf(first, GZ_MOST_TEXT, "%s", line->first_failure);
}

/* One op's brief verification: a driver that compiles, runs and gives back what it should. */
static gaze_status run_trial(const gaze_context_options *options, char text[GZ_MOST_TEXT])
{
    char failure[GZ_MOST_TEXT] = "";
    const gaze_verify_options brief = {.op = "softmax", .brief = true, .line = keep_failure, .user = failure};
    const double start = gz_seconds();
    size_t passed = 0, failed = 0;
    gaze_device_info info;
    gaze_context *context;
    GZ_TRY(gaze_context_create(options, &context));
    gaze_context_device(context, &info);
    gaze_status status = gaze_verify(context, &brief, &passed, &failed);
    if (status == GAZE_OK && failed)
        status = gz_fail(GAZE_ERROR_DEVICE,
                         "device %zu, %s: %zu of %zu checks of softmax failed; the first: %s. 'gaze verify "
                         "--report FILE.html' tells all",
                         info.index, info.name, failed, passed + failed, failure);
    snprintf(text, GZ_MOST_TEXT, "softmax on device %zu, %s: compiled, run, %zu checks passed, %.1f s",
             info.index, info.name, passed, gz_seconds() - start);
    gaze_context_destroy(context);
    return status;
}

static const struct {
    const char *name;
    void (*look)(gz_doctor *d);
} parts[] = {{"versions", gz_doctor_versions},       {"memory", gz_doctor_memory},
             {"environment", gz_doctor_environment}, {"permissions", gz_doctor_permissions},
             {"cache", gz_doctor_folders},           {"drivers", gz_doctor_drivers},
             {"devices", gz_doctor_devices}};

static gaze_status judge(const gz_doctor *d)
{
    if (!d->n_stops) return GAZE_OK;
    return gz_fail(GAZE_ERROR_DEVICE, "%zu thing%s Gaze from working here: %s", d->n_stops,
                   d->n_stops == 1 ? " keeps" : "s keep", d->first_stop);
}

gaze_status gaze_doctor(const gaze_context_options *options, bool clean, gaze_finding_function *tell,
                        void *user)
{
    static const gaze_context_options defaults = {0};
    gz_doctor d = {.root = "",
                   .options = options ? options : &defaults,
                   .clean = clean,
                   .trial = run_trial,
                   .tell = tell,
                   .user = user};
    if (gz_device_is_used())
        return gz_fail(GAZE_ERROR_USAGE,
                       "this process has used a device already: drivers can't be tried one by one "
                       "any more. Call gaze_doctor first, or run 'gaze doctor'");
    GZ_TRY(gz_arena_create(&d.arena));
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        d.part = parts[i].name;
        parts[i].look(&d);
    }
    gz_arena_destroy(d.arena);
    return judge(&d);
}
