/* The processes that mpirun started, where they work as one: `mpirun -n 4 gaze train ...`. The first of them
   prints. */
#ifndef TOOLS_GROUP_H
#define TOOLS_GROUP_H
#include "common.h"

typedef struct tool_group {
    gaze_group calls;
    bool joined;
    bool told;           /* the failure that ended the work is on stderr */
    size_t bound, cores; /* bound: cores that mpirun allows, where these are fewer than its part, `cores` */
    char device[24];
} tool_group;

/* tool_parse, whose errors are told by the first process alone. */
void tool_group_parse(const struct argp *parser, const char *command, int argc, char **argv, void *input);

/* Where mpirun has started this process among others: joins them, and chooses this one's device where the
   options name none. Before the context is made. A message of a failure is on stderr. */
gaze_status tool_group_join(tool_group *group, tool_options *options);

/* For a command that writes files and doesn't share its work: said on stderr where there are other processes.
 */
bool tool_group_refuses(void);

/* Does this process print? */
bool tool_group_speaks(const tool_group *group);

/* Before work that is shared: where one has failed, its message goes to stderr, and all get its status. */
gaze_status tool_group_agree(tool_group *group, gaze_status status);

/* Who is there, on which device, on stderr; `work`: what they do. */
gaze_status tool_group_introduce(tool_group *group, const tool_options *options, const gaze_context *context,
                                 const char *work);

/* tool_exit, by the one that speaks. */
int tool_group_exit(tool_group *group, gaze_status status);
/* The last call of all. */
void tool_group_leave(tool_group *group);

#endif
