/* What the programs share: options that all of them take, a context made from these, messages, inputs,
 * numbers, JSON. */
#ifndef TOOLS_COMMON_H
#define TOOLS_COMMON_H
#include "gaze.h"

#include <argp.h>
#include <stdio.h>

enum { TOOL_MOST_PLUGINS = 16 };

typedef struct tool_options {
    const char *device; /* NULL: $GAZE_DEVICE, then auto */
    bool reference, json, quiet, verbose;
    const char *plugins[TOOL_MOST_PLUGINS];
    size_t n_plugins;
    size_t memory_limit;     /* bytes; 0: what the device has */
    bool silent;             /* no log: another process has the same to say; with `verbose` there is one */
    const gaze_group *group; /* of the context; NULL: alone (group.h) */
} tool_options;

/* --device, --reference, --plugin, --memory-limit, --json, --quiet, --verbose, for the parent's list of
   children. In ARGP_KEY_INIT the parent gives it its tool_options: state->child_inputs[0] = &a->tool. */
extern const struct argp tool_argp;
extern const struct argp_child tool_children[2]; /* tool_argp alone */

/* --img_size and --num_classes too, for programs that open models: state->child_inputs[1] = &a->adapt, a
   gaze_adaptation. */
extern const struct argp tool_adapt_argp;
extern const struct argp_child tool_model_children[3]; /* tool_argp and tool_adapt_argp */

/* argp_parse that calls itself `command` ("gaze verify") and exits with GAZE_ERROR_USAGE on errors. */
void tool_parse(const struct argp *parser, const char *command, int argc, char **argv, void *input);

/* For parsers of programs that take one MODEL. ARGP_KEY_ARG: keeps it; a second one is a usage error.
   ARGP_KEY_END: a usage error where there is none. */
error_t tool_model_argument(const struct argp_state *state, char *text, const char **model);
void tool_model_expected(const struct argp_state *state, const char *model);

/* For parsers: the whole of `text`, or a usage error that names the option. */
size_t tool_size(const struct argp_state *state, const char *option, const char *text);   /* at least 1 */
uint64_t tool_seed(const struct argp_state *state, const char *option, const char *text); /* at least 0 */
double tool_number(const struct argp_state *state, const char *option, const char *text); /* above 0 */

/* The context that the options ask for; its log goes to stderr. profile: measure each kernel. */
gaze_status tool_context(const tool_options *options, bool profile, gaze_context **context);

/* --all: gaze_each_device with the options' log and limit. */
gaze_status tool_each_device(const tool_options *options, bool profile, gaze_device_visitor *visit,
                             void *user);

/* Lines that are printed behind everything else. */
typedef struct tool_summary {
    FILE *stream;
    char *text;
    size_t size;
} tool_summary;
bool tool_summary_open(tool_summary *summary);  /* false, with a message on stderr: out of memory */
void tool_summary_print(tool_summary *summary); /* and closes */

/* "device 0: NAME (PLATFORM)" before a device's table */
void tool_print_device(const gaze_device_info *device);
/* {"device": 0, "name": "NAME", "platform": "PLATFORM", to go on with */
void tool_json_device(FILE *file, const gaze_device_info *device);

/* The words of the command with blanks between them; free(). NULL: out of memory. */
char *tool_words(int argc, char **argv);

/* "[NAME=]FILE": reads the file. input->name points into `text`, which is cut in two, or is NULL. free()
 * input->data. */
gaze_status tool_read_input(const gaze_model *model, size_t at, char *text, gaze_array *input);

/* Memory that the program itself wanted is out: tool_exit says so. */
gaze_status tool_no_memory(void);

/* What messages begin with: "gaze train". */
const char *tool_name(void);

/* The exit status for a status; the message of a failure goes to stderr. */
int tool_exit(gaze_status status);

/* `text` quoted and escaped, null for NULL; a number, null where it is not finite: JSON has no word for it.
 */
void tool_json_text(FILE *file, const char *text);
void tool_json_number(FILE *file, double value);

#endif
