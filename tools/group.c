#define _GNU_SOURCE /* sched_getaffinity */
#include "group.h"

#include "mpi_group.h"
#include "stop.h"

#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { LINE_BYTES = 512, HOST_BYTES = 128, RANK_0_SPEAKS_NS = 250000000, RANK_1_SPEAKS_S = 1 };

/* How many processes a launcher says it has started; 0: none says so. Open MPI, MPICH and its kin. */
static size_t started(void)
{
    static const char *const names[] = {"OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "MV2_COMM_WORLD_SIZE"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *text = getenv(names[i]);
        if (text && atol(text) > 0) return (size_t)atol(text);
    }
    return getenv("PMIX_RANK") ? 1 : 0;
}

/* Its number, by the launcher; 0: none says. */
static size_t number(void)
{
    static const char *const names[] = {"OMPI_COMM_WORLD_RANK", "PMI_RANK", "MV2_COMM_WORLD_RANK"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (getenv(names[i])) return (size_t)atol(getenv(names[i]));
    return 0;
}

void tool_group_parse(const struct argp *parser, const char *command, int argc, char **argv, void *input)
{
    const int kept = number() ? dup(STDERR_FILENO) : -1,
              nowhere = kept < 0 ? -1 : open("/dev/null", O_WRONLY);
    if (nowhere >= 0) dup2(nowhere, STDERR_FILENO);
    tool_parse(parser, command, argc, argv, input);
    if (nowhere >= 0) dup2(kept, STDERR_FILENO), close(nowhere);
    if (kept >= 0) close(kept);
}

static void host_name(char name[HOST_BYTES])
{
    if (gethostname(name, HOST_BYTES) != 0) strcpy(name, "a machine without a name");
    name[HOST_BYTES - 1] = 0;
}

static void print_failure(const gaze_group *calls, const char *message)
{
    char host[HOST_BYTES];
    host_name(host);
    fprintf(stderr, "%s: rank %zu of %zu, on %s: %s\n", tool_name(), calls->rank, calls->ranks, host,
            message);
    fflush(stderr);
}

/* Who is told to stop and finds the others gone has nothing to add to what rank 0 says, which ends us with
   it. Rank 1 waits for that: where nothing comes, rank 0 is what has gone. The others wait longer, as an
   abort of theirs would end rank 1 before it has spoken. */
static void fail(void *user, gaze_status status, const char *message)
{
    tool_group *group = user;
    if (group->calls.rank == 0 || !stop_asked())
        print_failure(&group->calls, message);
    else if (group->calls.rank == 1) {
        nanosleep(&(struct timespec){.tv_nsec = RANK_0_SPEAKS_NS}, NULL);
        print_failure(&group->calls,
                      "rank 0, which keeps the run, has gone. The run is whole up to its newest "
                      "checkpoint: --resume goes on from there");
    } else
        nanosleep(&(struct timespec){.tv_sec = RANK_1_SPEAKS_S}, NULL);
    group->told = true;
    mpi_abort((int)status);
}

static gaze_status refuse(tool_group *group, const char *wrong)
{
    fprintf(stderr, "%s: %s\n", tool_name(), wrong);
    group->told = true;
    return GAZE_ERROR_DEVICE;
}

/* PoCL, which makes its threads at the first OpenCL call, gets our part of the machine's cores, or those that
 * mpirun has bound us to. */
static void share_cores(tool_group *group, size_t neighbours)
{
    cpu_set_t mine;
    char text[24];
    const long online = sysconf(_SC_NPROCESSORS_ONLN);
    const size_t all = online > 0 ? (size_t)online : 1, part = all > neighbours ? all / neighbours : 1,
                 bound = sched_getaffinity(0, sizeof mine, &mine) == 0 ? (size_t)CPU_COUNT(&mine) : all,
                 threads = bound < part ? bound : part;
    group->bound = bound < part ? bound : 0;
    group->cores = part;
    if (threads == all) return;
    snprintf(text, sizeof text, "%zu", threads);
    setenv("POCL_MAX_PTHREAD_COUNT", text, 0);
}

static bool is_alike(const gaze_device_info *device, const gaze_device_info *chosen)
{
    return device->usable && device->platform_index == chosen->platform_index &&
           strcmp(device->type, chosen->type) == 0;
}

/* The number of the device that `auto` takes; -1: none. */
static int chosen_of(const gaze_device_info *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (list[i].name && list[i].chosen) return (int)list[i].index;
    return -1;
}

/* Everyone's `mine`, by rank; free() *all. */
static const char *gather(const tool_group *group, int mine, int **all)
{
    *all = calloc(group->calls.ranks, sizeof **all);
    return *all ? mpi_gather(&mine, *all, sizeof mine) : "out of host memory";
}

/* What the first process on this machine has chosen, or where it was told its device, we. Each measures
   devices by itself where nobody did before, and equal ones come out in any order. */
static const char *agree_on_device(const tool_group *group, size_t first, int *chosen)
{
    int *all;
    const char *wrong = gather(group, *chosen, &all);
    if (!wrong && all[first] >= 0) *chosen = all[first];
    free(all);
    return wrong;
}

/* Of the devices of the type and the driver of the chosen one, each of us takes the next, from that one on.
 */
static void take_next(tool_group *group, const gaze_device_info *list, size_t count, int number, size_t local)
{
    size_t alike = 0, first = 0, seen = 0;
    const gaze_device_info *chosen = NULL;
    for (size_t i = 0; i < count; i++)
        if (list[i].name && (int)list[i].index == number) chosen = &list[i];
    for (size_t i = 0; chosen && i < count; i++) {
        if (!list[i].name || !is_alike(&list[i], chosen)) continue;
        if (&list[i] == chosen) first = alike;
        alike++;
    }
    for (size_t i = 0; alike && i < count; i++)
        if (list[i].name && is_alike(&list[i], chosen) && seen++ == (first + local) % alike)
            snprintf(group->device, sizeof group->device, "%zu", list[i].index);
}

/* All take part; who was told its device keeps it. */
static const char *choose_device(tool_group *group, tool_options *options, size_t local, size_t first)
{
    const char *named = getenv("GAZE_DEVICE");
    const bool told = options->device || (named && *named) || options->reference;
    gaze_device_info *list = NULL;
    size_t count = 0;
    if (!told && gaze_devices(&list, &count) != GAZE_OK)
        list = NULL, count = 0; /* the context will say why */
    int chosen = chosen_of(list, count);
    const char *wrong = agree_on_device(group, first, &chosen);
    if (!wrong && !told) take_next(group, list, count, chosen, local);
    gaze_devices_free(list);
    if (group->device[0]) options->device = group->device;
    return wrong;
}

gaze_status tool_group_join(tool_group *group, tool_options *options)
{
    size_t local = 0, neighbours = 1, first = 0;
    const size_t processes = started();
    *group = (tool_group){0};
    if (!processes || (!mpi_is_in() && processes == 1)) return GAZE_OK;
    if (!mpi_is_in()) {
        fprintf(stderr,
                "%s: one of %zu processes, but this gaze was built without MPI (cmake -DGAZE_MPI=ON): each "
                "would do all of the work\n",
                tool_name(), processes);
        group->told = true;
        return GAZE_ERROR_USAGE;
    }
    const char *wrong = mpi_join(&group->calls);
    if (wrong) return refuse(group, wrong);
    group->joined = true;
    group->calls.fail = fail;
    group->calls.user = group;
    if (group->calls.ranks == 1) return GAZE_OK;
    options->group = &group->calls;
    options->silent = group->calls.rank > 0;
    if ((wrong = mpi_neighbours(&local, &neighbours, &first)) != NULL) return refuse(group, wrong);
    share_cores(group, neighbours);
    wrong = choose_device(group, options, local, first);
    return wrong ? refuse(group, wrong) : GAZE_OK;
}

bool tool_group_speaks(const tool_group *group) { return group->calls.rank == 0; }

static bool is_group(const tool_group *group) { return group->joined && group->calls.ranks > 1; }

gaze_status tool_group_agree(tool_group *group, gaze_status status)
{
    const size_t ranks = group->calls.ranks;
    if (!is_group(group)) return status;
    int *all;
    const char *wrong = gather(group, (int)status, &all);
    if (wrong) {
        free(all);
        fail(group, GAZE_ERROR_DEVICE, wrong);
        return GAZE_ERROR_DEVICE;
    }
    size_t first = ranks, failed = 0;
    for (size_t r = ranks; r-- > 0;)
        if (all[r] != GAZE_OK) first = r, failed++;
    if (failed == ranks) {
        status = (gaze_status)all[0]; /* all alike, most likely: rank 0's message is enough */
    } else if (failed) {
        if (first == group->calls.rank) print_failure(&group->calls, gaze_message());
        group->told = true;
        status = (gaze_status)all[first];
    }
    free(all);
    return status;
}

gaze_status tool_group_introduce(tool_group *group, const tool_options *options, const gaze_context *context,
                                 const char *work)
{
    const size_t ranks = group->calls.ranks;
    gaze_device_info device;
    char mine[LINE_BYTES], host[HOST_BYTES], *all;
    if (!is_group(group) || options->quiet) return GAZE_OK;
    gaze_context_device(context, &device);
    host_name(host);
    snprintf(mine, sizeof mine, "on %s: device %zu: %s (%s), %zu compute unit%s", host, device.index,
             device.name, device.platform, device.compute_units, device.compute_units == 1 ? "" : "s");
    all = malloc(ranks * LINE_BYTES);
    const char *wrong = all ? mpi_gather(mine, all, LINE_BYTES) : "out of host memory";
    if (tool_group_speaks(group) && !wrong) {
        fprintf(stderr, "%zu processes %s:\n", ranks, work);
        for (size_t r = 0; r < ranks; r++) fprintf(stderr, "  rank %zu %s\n", r, all + r * LINE_BYTES);
        if (group->bound && strcmp(device.type, "cpu") == 0)
            fprintf(
                stderr,
                "  mpirun has bound rank 0 to %zu core%s; with --bind-to none it has its part of them, %zu\n",
                group->bound, group->bound == 1 ? "" : "s", group->cores);
    }
    free(all);
    if (wrong) fail(group, GAZE_ERROR_DEVICE, wrong);
    return wrong ? GAZE_ERROR_DEVICE : GAZE_OK;
}

bool tool_group_refuses(void)
{
    const size_t processes = started();
    if (processes > 1)
        fprintf(stderr, "%s: one of %zu processes, but only gaze train and gaze evaluate share their work\n",
                tool_name(), processes);
    return processes > 1;
}

int tool_group_exit(tool_group *group, gaze_status status)
{
    const bool speaks = tool_group_speaks(group) && !group->told;
    return speaks ? tool_exit(status) : (int)status;
}

void tool_group_leave(tool_group *group)
{
    if (group->joined) mpi_leave();
}
