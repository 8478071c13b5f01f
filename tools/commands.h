/* The subcommands of gaze: name, and what it does. One file a subcommand, tools/<name>.c, with command_<name>
 * and its options, parser_<name>, from which --help, its manual page and the shells' completions are made
 * (table.h has what these read). */
#ifndef COMMANDS_H
#define COMMANDS_H
#include <argp.h>
#include <stdio.h>

#define COMMAND_LIST(X)                                                  \
    X(devices, "what OpenCL offers here, and what Gaze would choose")    \
    X(doctor, "what keeps Gaze from working here, and what mends it")    \
    X(verify, "every kernel against its C reference on a device")        \
    X(train, "train a model into a run folder")                          \
    X(evaluate, "loss, accuracy and a table per class over test data")   \
    X(compare, "two models over several seeds, with a paired test")      \
    X(report, "a run as one page: curves, classes, maps, time, memory")  \
    X(faithful, "whether the model needs what a map says it looks at")   \
    X(predict, "class and probability of inputs, or whole arrays")       \
    X(import, "an ONNX model as a model file with its weights")          \
    X(summary, "layers, shapes, weights, work and memory of a model")    \
    X(bench, "samples per second of a model, and what each layer takes") \
    X(tune, "the fastest of Gaze's kernels for a model on a device")     \
    X(help, "the options of a command; manual pages, completions for shells")

/* argv[0] is the subcommand. Returns the exit status. */
typedef int command_function(int argc, char **argv);
#define COMMAND_DECLARE(name, about)        \
    extern const struct argp parser_##name; \
    command_function command_##name;
COMMAND_LIST(COMMAND_DECLARE)
#undef COMMAND_DECLARE

typedef struct command_entry {
    const char *name, *about;
    const struct argp *parser;
    command_function *run;
} command_entry;

extern const command_entry commands[]; /* as in COMMAND_LIST; the last one's name is NULL */

/* Options of the other program, in a file that both have. */
#define DUMP_ABOUT "where a model looks, as raw arrays and as pictures"
extern const struct argp parser_dump_attention;

/* The command of that name, or NULL. */
const command_entry *command_find(const char *name);
/* On stderr, with the nearest name; returns the exit status. */
int command_unknown(const char *name);
/* What 'gaze --help' prints. */
void command_print_list(FILE *file);

#endif
