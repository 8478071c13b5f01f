/* What the files of dump_attention share. */
#ifndef TOOLS_DUMP_H
#define TOOLS_DUMP_H
#include "common.h"

enum { DUMP_MOST_FILES = 4096, DUMP_MOST_INPUTS = 16 };

/* Files of tokens, one a line. */
enum { DUMP_BOTH, DUMP_QUERY, DUMP_VALUE, DUMP_VOCABULARY, DUMP_TOKENS };

typedef struct dump_arguments {
    tool_options tool;
    gaze_adaptation adapt;
    const char *model, *weights, *data, *index;
    gaze_dump_options dump;
    const char *token_files[DUMP_TOKENS];
    char **tokens[DUMP_TOKENS];   /* NULL-terminated, or NULL */
    char *files[DUMP_MOST_FILES]; /* [NAME=]FILE */
    size_t n_files;
    uint64_t seed;
    bool list, skip_bad;
} dump_arguments;

/* Keeps what went wrong in this program, rather than in the library, and returns the status. */
__attribute__((format(printf, 2, 3))) gaze_status dump_fail(gaze_status status, const char *format, ...);
gaze_status dump_no_memory(void);

/* For gaze_dump; user: the dump_arguments. */
void dump_print(void *user, const char *path, const char *note);

size_t dump_elements(const gaze_array *array);

/* From --input (dump_inputs.c), or from --data and --index (dump_samples.c). */
gaze_status dump_inputs(dump_arguments *a, gaze_model *model);
gaze_status dump_samples(dump_arguments *a, gaze_model *model);

/* From token_files into the options of gaze_dump, which they must outlive (dump_tokens.c). */
gaze_status dump_read_tokens(dump_arguments *a);
void dump_free_tokens(dump_arguments *a);

#endif
