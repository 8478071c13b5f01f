/* What MPI does for group.h. Where it isn't built in (GAZE_MPI), no_mpi.c stands in for mpi_group.c. Texts
 * say what is wrong; NULL: nothing. */
#ifndef MPI_GROUP_H
#define MPI_GROUP_H
#include "gaze.h"

bool mpi_is_in(void);

/* Joins the processes that mpirun started. */
const char *mpi_join(gaze_group *group);
void mpi_leave(void);
/* Ends all of them. */
void mpi_abort(int code);

/* all [ranks][bytes]: everyone's `mine`. */
const char *mpi_gather(const void *mine, void *all, size_t bytes);

/* Those on the same machine: how many, this one's number among them, and the rank of the first. */
const char *mpi_neighbours(size_t *number, size_t *count, size_t *first);

#endif
