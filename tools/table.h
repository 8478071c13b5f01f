/* A program's or a subcommand's options as its argp parser has them, in one list, for what is made from them:
 * manual pages and completions.
 *
 * What completions know of a value, they read from the words that --help prints too:
 *   - "one of A, B, C" in the help: these words. With a placeholder TYPE:PATH each of them goes on with a
 *     colon and a file; a word such as beam:K ends in its colon.
 *   - the placeholder: FILE.ext or FILE (with anything before it), DIR and RUN are files and folders.
 *   - a first argument MODEL (model file, run folder, or an installed model's name), MODEL.ext, FILE, RUN,
 * DIR or COMMAND. */
#ifndef TOOLS_TABLE_H
#define TOOLS_TABLE_H
#include <argp.h>
#include <stdbool.h>
#include <stddef.h>

enum { TABLE_MOST_OPTIONS = 64, TABLE_MOST_NAMES = 4, TABLE_MOST_WORDS = 32, TABLE_WORD = 24 };

typedef enum table_kind {
    TABLE_NOTHING, /* that a shell could guess */
    TABLE_WORDS,
    TABLE_FILE,
    TABLE_FOLDER,
    TABLE_MODEL,
    TABLE_COMMAND
} table_kind;

typedef struct table_value {
    table_kind kind;
    char suffix[TABLE_WORD]; /* of files, "png"; "" for all */
    char words[TABLE_MOST_WORDS][TABLE_WORD];
    size_t n_words;
} table_value;

typedef struct table_option {
    const char
        *names[TABLE_MOST_NAMES]; /* without dashes; the first one is the name, the others its aliases */
    size_t n_names;
    char letter;             /* 0: none */
    const char *placeholder; /* NULL: it takes no value */
    const char *help;
    table_value value;
} table_option;

typedef struct table {
    const char *name; /* "gaze train" */
    const char *about;
    const char *arguments; /* a form a line; "" for none */
    const char *text;      /* before the options, and behind a '\v' after them, "Examples:" last */
    table_option options[TABLE_MOST_OPTIONS];
    size_t n_options;
    table_value argument; /* the first that is no option */
} table;

/* false: a limit above is too small. */
bool table_read(const char *name, const char *about, const struct argp *parser, table *t);

#endif
