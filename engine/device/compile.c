#include "compile.h"
#include "../base/text.h"
#include "../base/thread.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { FIRST_NOTICE = 5, NEXT_NOTICE = 60, LONGEST = 600, MOST_SECONDS = 1 << 30 };
static const size_t STACK_BYTES = (size_t)8 << 20; /* some systems give threads far less */

/* Not every driver's compiler may run in two threads at once. Held by who waits, so that a compiler that
   hangs holds up no other device. */
static pthread_mutex_t compiler = PTHREAD_MUTEX_INITIALIZER;

typedef struct job {
    cl_program program;
    cl_device_id device;
    char *options;
    pthread_t thread;
    pthread_mutex_t mutex; /* guards what follows */
    pthread_cond_t changed;
    cl_int code;
    bool done, abandoned; /* abandoned: the job is its thread's, which frees it */
} job;

static void free_job(job *j)
{
    pthread_cond_destroy(&j->changed);
    pthread_mutex_destroy(&j->mutex);
    free(j->options);
    free(j);
}

static void *compile(void *argument)
{
    job *j = argument;
    const cl_int code = clBuildProgram(j->program, 1, &j->device, j->options, NULL, NULL);
    pthread_mutex_lock(&j->mutex);
    j->code = code;
    j->done = true;
    const bool abandoned = j->abandoned;
    pthread_cond_signal(&j->changed);
    pthread_mutex_unlock(&j->mutex);
    if (abandoned) {
        clReleaseProgram(j->program);
        free_job(j);
    }
    return NULL;
}

static void init_condition(pthread_cond_t *condition)
{
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(condition, &monotonic);
    pthread_condattr_destroy(&monotonic);
}

static gaze_status make_job(cl_program program, cl_device_id device, const char *options, job **out)
{
    job *j;
    GZ_TRY(gz_allocate(1, sizeof *j, &j));
    const gaze_status status = gz_allocate(strlen(options) + 1, 1, &j->options);
    if (status != GAZE_OK) {
        free(j);
        return status;
    }
    strcpy(j->options, options);
    j->program = program;
    j->device = device;
    pthread_mutex_init(&j->mutex, NULL);
    init_condition(&j->changed);
    *out = j;
    return GAZE_OK;
}

static bool start(job *j)
{
    pthread_attr_t attributes;
    if (pthread_attr_init(&attributes) != 0) return false;
    pthread_attr_setstacksize(&attributes, STACK_BYTES);
    const int error = gz_thread_start(&j->thread, &attributes, compile, j);
    pthread_attr_destroy(&attributes);
    return error == 0;
}

/* Waits until the job is done, for at most so many seconds. */
static bool wait_for(job *j, size_t seconds)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += (time_t)seconds;
    pthread_mutex_lock(&j->mutex);
    for (int error = 0; !j->done && error == 0;)
        error = pthread_cond_timedwait(&j->changed, &j->mutex, &until);
    const bool done = j->done;
    pthread_mutex_unlock(&j->mutex);
    return done;
}

static bool wait_with_notices(const gz_device *device, const gz_build *build, job *j, size_t longest)
{
    size_t waited = 0;
    for (;;) {
        const size_t left = longest - waited, notice = waited ? NEXT_NOTICE : FIRST_NOTICE,
                     step = notice < left ? notice : left;
        if (wait_for(j, step)) return true;
        waited += step;
        if (waited == longest) return false;
        gz_device_log(
            device, GAZE_LOG_WARNING,
            "program '%s': device '%s' is still compiling it after %zu s. With some drivers a first "
            "start takes minutes; later ones find the program in the cache. It is given up after "
            "%zu s (GAZE_BUILD_SECONDS)",
            build->name, device->facts.info.name, waited, longest);
    }
}

/* false where the compiler ended after all. */
static bool abandon(job *j)
{
    pthread_mutex_lock(&j->mutex);
    const bool late = j->abandoned = !j->done;
    if (late) pthread_detach(j->thread);
    pthread_mutex_unlock(&j->mutex);
    return late;
}

/* Under the lock. */
static bool compile_in_time(const gz_device *device, const gz_build *build, job *j, size_t longest)
{
    if (!start(j)) { /* no thread: without a watch, then */
        j->code = clBuildProgram(j->program, 1, &j->device, j->options, NULL, NULL);
        return true;
    }
    if (!wait_with_notices(device, build, j, longest) && abandon(j)) return false;
    pthread_join(j->thread, NULL);
    return true;
}

static gaze_status longest_seconds(size_t *seconds)
{
    const char *text = getenv("GAZE_BUILD_SECONDS");
    *seconds = LONGEST;
    if (!text || !text[0] || (gz_parse_size(text, seconds) && *seconds && *seconds < MOST_SECONDS))
        return GAZE_OK;
    return gz_fail(GAZE_ERROR_USAGE, "GAZE_BUILD_SECONDS=%s: expected whole seconds, at least 1", text);
}

static gaze_status refuse(const gz_device *device, const char *program, size_t seconds)
{
    return gz_fail(
        GAZE_ERROR_DEVICE,
        "program '%s': device '%s' had not compiled it after %zu s: its compiler hangs, or needs more "
        "time. To wait longer: GAZE_BUILD_SECONDS=%zu; simpler kernels: GAZE_FAMILY=plain; or update "
        "the driver, or take another --device",
        program, device->facts.info.name, seconds, 10 * seconds);
}

bool gz_compiler_hangs(const gz_device *device) { return (device->whole ? device->whole : device)->hung[0]; }

gaze_status gz_compile(gz_device *device, const gz_build *build, cl_program *program, cl_int *code)
{
    job *j;
    size_t longest;
    gz_device *whole = device->whole ? device->whole : device;
    GZ_TRY(longest_seconds(&longest));
    if (gz_compiler_hangs(device)) return refuse(device, whole->hung, longest);
    GZ_TRY(make_job(*program, device->id, build->options, &j));
    pthread_mutex_lock(&compiler);
    const bool done = compile_in_time(device, build, j, longest);
    pthread_mutex_unlock(&compiler);
    if (!done) {
        *program = NULL;
        snprintf(whole->hung, sizeof whole->hung, "%s", build->name);
        return refuse(device, whole->hung, longest);
    }
    *code = j->code;
    free_job(j);
    return GAZE_OK;
}
