#include "mpi_group.h"

#include <limits.h>
#include <mpi.h>
#include <stdlib.h>

bool mpi_is_in(void) { return true; }

static const char *check(int code)
{
    static char text[MPI_MAX_ERROR_STRING];
    int length;
    if (code == MPI_SUCCESS) return NULL;
    return MPI_Error_string(code, text, &length) == MPI_SUCCESS ? text : "MPI failed";
}

/* A new request; *wrong: there is none. */
static MPI_Request *begin(size_t bytes, const char **wrong)
{
    MPI_Request *request = bytes <= INT_MAX ? malloc(sizeof *request) : NULL;
    *wrong = request ? NULL : bytes <= INT_MAX ? "out of host memory" : "a message of more than 2 GiB";
    return request;
}

static const char *begun(int code, MPI_Request *started, void **request)
{
    const char *wrong = check(code);
    if (wrong)
        free(started);
    else
        *request = started;
    return wrong;
}

static const char *send(void *user, size_t to, int tag, const void *data, size_t bytes, void **request)
{
    const char *wrong;
    MPI_Request *started = begin(bytes, &wrong);
    (void)user;
    if (wrong) return wrong;
    return begun(MPI_Isend(data, (int)bytes, MPI_BYTE, (int)to, tag, MPI_COMM_WORLD, started), started,
                 request);
}

static const char *receive(void *user, size_t from, int tag, void *data, size_t bytes, void **request)
{
    const char *wrong;
    MPI_Request *started = begin(bytes, &wrong);
    (void)user;
    if (wrong) return wrong;
    return begun(MPI_Irecv(data, (int)bytes, MPI_BYTE, (int)from, tag, MPI_COMM_WORLD, started), started,
                 request);
}

static const char *test(void *user, void **request, bool *done)
{
    int flag = 0;
    (void)user;
    const char *wrong = check(MPI_Test(*request, &flag, MPI_STATUS_IGNORE));
    *done = wrong || flag;
    if (*done) {
        free(*request);
        *request = NULL;
    }
    return wrong;
}

const char *mpi_join(gaze_group *group)
{
    int given, rank, ranks;
    const char *wrong = check(MPI_Init_thread(NULL, NULL, MPI_THREAD_FUNNELED, &given));
    if (!wrong) wrong = check(MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN));
    if (!wrong) wrong = check(MPI_Comm_rank(MPI_COMM_WORLD, &rank));
    if (!wrong) wrong = check(MPI_Comm_size(MPI_COMM_WORLD, &ranks));
    if (wrong) return wrong;
    *group = (gaze_group){
        .rank = (size_t)rank, .ranks = (size_t)ranks, .send = send, .receive = receive, .test = test};
    return given < MPI_THREAD_FUNNELED ? "this MPI allows no threads" : NULL;
}

void mpi_leave(void) { MPI_Finalize(); }

void mpi_abort(int code) { MPI_Abort(MPI_COMM_WORLD, code); }

const char *mpi_gather(const void *mine, void *all, size_t bytes)
{
    return check(MPI_Allgather(mine, (int)bytes, MPI_BYTE, all, (int)bytes, MPI_BYTE, MPI_COMM_WORLD));
}

const char *mpi_neighbours(size_t *number, size_t *count, size_t *first)
{
    MPI_Comm here;
    int rank = 0, ranks = 1, whole = 0;
    const char *wrong =
        check(MPI_Comm_split_type(MPI_COMM_WORLD, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &here));
    if (wrong) return wrong;
    MPI_Comm_rank(here, &rank);
    MPI_Comm_size(here, &ranks);
    MPI_Comm_rank(MPI_COMM_WORLD, &whole);
    wrong = check(MPI_Bcast(&whole, 1, MPI_INT, 0, here));
    MPI_Comm_free(&here);
    *number = (size_t)rank;
    *count = (size_t)ranks;
    *first = (size_t)whole;
    return wrong;
}
