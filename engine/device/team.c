#include "team.h"
#include "../base/clock.h"
#include "../base/thread.h"
#include "device_parts.h"

#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>

/* PATIENCE_US: how long one waits awake; longer than the host needs between two launches, or between two
   predictions in a loop. SPINS: how often it looks between two yields of the processor, for whoever else has
   work. PART_US, LONG_US: what a thread's share of a launch takes where it is too small to be shared, and
   where it is cut into LONG_PARTS. */
enum { PATIENCE_US = 200, SPINS = 64, PART_US = 3, LONG_US = 500, LONG_PARTS = 4 };

typedef struct member {
    gz_team *team;
    cl_command_queue queue;
    gz_command_times times; /* of its parts of this launch; end 0: it had none */
    double seconds;         /* of these */
    pthread_t thread;
} member;

/* An offer is how many parts of a launch are left to take; above these bits is the launch's number, so that
   no offer comes twice. */
enum { LEFT_BITS = 16, LEFT = (1 << LEFT_BITS) - 1 };

struct gz_team {
    gz_device *device;
    member members[GZ_TEAM_MOST]; /* the caller is the first */
    size_t n_members;             /* there are, once all have started; till then there may be */
    bool started, profile;
    /* of the launch: written while none is on offer */
    const gz_work *work;
    size_t axis, part_groups, n_parts;
    bool timed;
    _Atomic cl_int code; /* of the first call that failed, and which */
    const char *failed;
    char apart_1[64]; /* lines of the cache */
    _Atomic uint64_t offer;
    char apart_2[64];
    _Atomic size_t done; /* parts made by others than the caller */
    char apart_3[64];
    pthread_mutex_t lock; /* for writing asleep and calls */
    pthread_cond_t wake;
    _Atomic size_t asleep; /* since the last call */
    size_t calls;
    _Atomic bool over;
};

static void relax(void)
{
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#endif
}

static void note_times(member *m, const gz_command_times *part)
{
    if (m->times.end == 0) {
        m->times = *part;
        return;
    }
    if (part->queued < m->times.queued) m->times.queued = part->queued;
    if (part->start < m->times.start) m->times.start = part->start;
    if (part->end > m->times.end) m->times.end = part->end;
}

static bool succeeds(const member *m, cl_int code, const char *call)
{
    cl_int none = CL_SUCCESS;
    if (code != CL_SUCCESS && atomic_compare_exchange_strong(&m->team->code, &none, code))
        m->team->failed = call;
    return code == CL_SUCCESS;
}

static void enqueue_part(member *m, size_t part)
{
    const gz_team *team = m->team;
    const gz_work *work = team->work;
    const size_t first = part * team->part_groups, rest = work->groups[team->axis] - first;
    size_t offset[3], global[3];
    cl_event event = NULL;
    gz_command_times times;
    for (size_t i = 0; i < 3; i++) {
        const bool split = i == team->axis;
        const size_t count = !split ? work->groups[i] : rest < team->part_groups ? rest : team->part_groups;
        offset[i] = (split ? first + 1 : 1) * work->group[i];
        global[i] = count * work->group[i];
    }
    const cl_int code = clEnqueueNDRangeKernel(m->queue, work->kernel, 3, offset, global, work->group, 0,
                                               NULL, team->timed ? &event : NULL);
    if (succeeds(m, code, "clEnqueueNDRangeKernel") && succeeds(m, clFinish(m->queue), "clFinish") && event &&
        succeeds(m, gz_event_times(event, &times), "clGetEventProfilingInfo"))
        note_times(m, &times);
    if (event) clReleaseEvent(event);
}

/* Takes the next part, if one is left. */
static bool take(gz_team *team, size_t *part)
{
    uint64_t offer = atomic_load(&team->offer);
    while (offer & LEFT)
        if (atomic_compare_exchange_weak(&team->offer, &offer, offer - 1)) {
            *part = team->n_parts - (size_t)(offer & LEFT);
            return true;
        }
    return false;
}

static void make(member *m, size_t part)
{
    const double begin = gz_seconds();
    enqueue_part(m, part);
    m->seconds += gz_seconds() - begin;
}

static bool has_work(gz_team *team) { return (atomic_load(&team->offer) & LEFT) || atomic_load(&team->over); }

static bool waits_awake(gz_team *team)
{
    const double until = gz_seconds() + PATIENCE_US * 1e-6;
    do {
        for (int i = 0; i < SPINS; i++) {
            if (has_work(team)) return true;
            relax();
        }
        sched_yield();
    } while (gz_seconds() < until);
    return false;
}

/* Until it is called. */
static void sleep_until_called(gz_team *team)
{
    pthread_mutex_lock(&team->lock);
    const size_t calls = team->calls;
    atomic_fetch_add(&team->asleep, 1);
    while (calls == team->calls && !has_work(team)) pthread_cond_wait(&team->wake, &team->lock);
    pthread_mutex_unlock(&team->lock);
}

static void *help(void *member_)
{
    member *m = member_;
    size_t part;
    while (!atomic_load(&m->team->over)) {
        if (take(m->team, &part)) {
            make(m, part);
            atomic_fetch_add(&m->team->done, 1);
        } else if (!waits_awake(m->team)) {
            sleep_until_called(m->team);
        }
    }
    return NULL;
}

static bool start(member *m)
{
    cl_int code;
    m->queue = clCreateCommandQueue(gz_device_context(m->team->device), m->team->device->id,
                                    m->team->profile ? CL_QUEUE_PROFILING_ENABLE : 0, &code);
    if (!m->queue) return false;
    const bool started = gz_thread_start(&m->thread, NULL, help, m) == 0;
    if (!started) clReleaseCommandQueue(m->queue);
    return started;
}

static void start_all(gz_team *team)
{
    size_t n = 1;
    team->members[0].queue = gz_device_queue(team->device);
    while (n < team->n_members && start(&team->members[n])) n++;
    if (n < team->n_members)
        gz_device_log(team->device, GAZE_LOG_WARNING, "small plans run on %zu of %zu threads", n,
                      team->n_members);
    team->n_members = n;
    team->started = true;
}

gaze_status gz_team_create(gz_device *device, size_t threads, bool profile, gz_team **out)
{
    gz_team *team;
    GZ_TRY(gz_allocate(1, sizeof *team, &team));
    team->device = device;
    team->profile = profile;
    team->n_members = threads < GZ_TEAM_MOST ? threads : GZ_TEAM_MOST;
    for (size_t i = 0; i < GZ_TEAM_MOST; i++) team->members[i].team = team;
    pthread_mutex_init(&team->lock, NULL);
    pthread_cond_init(&team->wake, NULL);
    *out = team;
    return GAZE_OK;
}

void gz_team_destroy(gz_team *team)
{
    if (!team) return;
    atomic_store(&team->over, true);
    gz_team_call(team);
    for (size_t i = 1; team->started && i < team->n_members; i++) {
        pthread_join(team->members[i].thread, NULL);
        clReleaseCommandQueue(team->members[i].queue);
    }
    pthread_cond_destroy(&team->wake);
    pthread_mutex_destroy(&team->lock);
    free(team);
}

size_t gz_team_threads(const gz_team *team) { return team->n_members; }

void gz_team_call(gz_team *team)
{
    if (atomic_load(&team->asleep) == 0) return;
    pthread_mutex_lock(&team->lock);
    atomic_store(&team->asleep, 0);
    team->calls++;
    pthread_cond_broadcast(&team->wake);
    pthread_mutex_unlock(&team->lock);
}

/* One for each thread, whose halves of a matrix stay in its cache; more for launches so long that a thread
   which has other work would keep all waiting; fewer where to take a part costs as much as to make it. */
static size_t parts_wanted(const gz_team *team, const gz_work *work)
{
    const double each_us = work->seconds * 1e6 / (double)team->n_members;
    if (team->n_members == 1 || work->seconds <= 0) return team->n_members;
    if (each_us > LONG_US) return LONG_PARTS * team->n_members;
    return each_us > PART_US ? team->n_members
                             : 1 + (size_t)(each_us / PART_US * (double)(team->n_members - 1));
}

/* Parts have one size, and what remains comes last: PoCL 3 keeps a kernel made for a narrow launch beside one
   for wide ones, and counts the users of the one for the other's where both run at once. */
static void divide(gz_team *team, const gz_work *work)
{
    const size_t wanted = parts_wanted(team, work);
    size_t axis = 0;
    for (size_t i = 1; i < 3; i++)
        if (work->groups[i] > work->groups[axis]) axis = i;
    const size_t groups = work->groups[axis];
    team->work = work;
    team->axis = axis;
    team->part_groups = groups < wanted ? 1 : groups / wanted;
    team->n_parts = (groups + team->part_groups - 1) / team->part_groups;
}

static void offer_parts(gz_team *team)
{
    const uint64_t number = (atomic_load(&team->offer) >> LEFT_BITS) + 1;
    atomic_store(&team->done, 0);
    atomic_store(&team->offer, number << LEFT_BITS | team->n_parts);
    gz_team_call(team);
}

static void make_together(gz_team *team)
{
    size_t part, mine = 0;
    offer_parts(team);
    for (; take(team, &part); mine++) make(&team->members[0], part);
    for (size_t i = 1; atomic_load(&team->done) + mine < team->n_parts; i++)
        if (i % SPINS)
            relax();
        else
            sched_yield();
}

/* What became of all parts. */
static cl_int gather(gz_team *team, gz_work *work, gz_command_times *times)
{
    member *caller = &team->members[0];
    work->seconds = 0;
    for (size_t i = 0; i < team->n_members; i++) {
        const member *m = &team->members[i];
        work->seconds += m->seconds;
        if (i > 0 && m->times.end) note_times(caller, &m->times);
    }
    if (times) *times = caller->times;
    work->failed = team->failed;
    return atomic_load(&team->code);
}

cl_int gz_team_run(gz_team *team, gz_work *work, gz_command_times *times)
{
    if (!team->started) start_all(team);
    team->timed = times != NULL;
    atomic_store(&team->code, CL_SUCCESS);
    for (size_t i = 0; i < team->n_members; i++) {
        team->members[i].times = (gz_command_times){0};
        team->members[i].seconds = 0;
    }
    divide(team, work);
    if (team->n_parts == 1)
        make(&team->members[0], 0);
    else
        make_together(team);
    return gather(team, work, times);
}
