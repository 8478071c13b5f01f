/* gaze: the command line of the library, one subcommand a file. */
#include "commands.h"
#include "gaze.h"

#include <stdio.h>
#include <string.h>

#define COMMAND_ENTRY(name, about) {#name, about, &parser_##name, command_##name},
const command_entry commands[] = {COMMAND_LIST(COMMAND_ENTRY){0}};
#undef COMMAND_ENTRY
enum { MAX_WORD = 31 };

void command_print_list(FILE *file)
{
    fputs("usage: gaze COMMAND [OPTION...]\n\n", file);
    for (const command_entry *c = commands; c->name; c++) fprintf(file, "  %-10s %s\n", c->name, c->about);
    fputs(
        "\n'gaze COMMAND --help' lists the options of a command; 'dump_attention --help' is about pictures.\n"
        "Exit status:",
        file);
    const char *separator = " ";
#define STATUS_MEANING(symbol, value, meaning)           \
    fprintf(file, "%s%d %s", separator, value, meaning); \
    separator = ", ";
    GAZE_STATUS_LIST(STATUS_MEANING)
#undef STATUS_MEANING
    fputs(".\n", file);
}

static size_t smallest(size_t a, size_t b, size_t c)
{
    const size_t least = a < b ? a : b;
    return least < c ? least : c;
}

/* Levenshtein's distance, one row at a time. */
static size_t distance(const char *a, const char *b)
{
    size_t row[MAX_WORD + 1], n = strlen(b);
    if (strlen(a) > MAX_WORD || n > MAX_WORD) return MAX_WORD;
    for (size_t j = 0; j <= n; j++) row[j] = j;
    for (size_t i = 0; a[i]; i++) {
        size_t diagonal = row[0];
        row[0] = i + 1;
        for (size_t j = 0; j < n; j++) {
            const size_t above = row[j + 1];
            row[j + 1] = smallest(above + 1, row[j] + 1, diagonal + (a[i] != b[j]));
            diagonal = above;
        }
    }
    return row[n];
}

const command_entry *command_find(const char *name)
{
    for (const command_entry *c = commands; c->name; c++)
        if (!strcmp(name, c->name)) return c;
    return NULL;
}

int command_unknown(const char *word)
{
    const command_entry *nearest = commands;
    for (const command_entry *c = commands; c->name; c++)
        if (distance(word, c->name) < distance(word, nearest->name)) nearest = c;
    fprintf(stderr, "gaze: there is no command '%s'", word);
    if (distance(word, nearest->name) <= 2) fprintf(stderr, ", did you mean '%s'?", nearest->name);
    fputs("\nTry 'gaze --help'.\n", stderr);
    return GAZE_ERROR_USAGE;
}

/* Results that could not be written (a full disk, a closed pipe) are no results. */
static int finish(int code)
{
    if ((fflush(stdout) == 0 && !ferror(stdout)) || code) return code; /* one message is enough */
    perror("gaze: writing the results");
    return GAZE_ERROR_DATA;
}

static bool is_one_of(const char *word, const char *const *list)
{
    for (; *list; list++)
        if (!strcmp(word, *list)) return true;
    return false;
}

static int run(int argc, char **argv)
{
    static const char *const asks[] = {"--help", "-h", "-?", "--usage", NULL};
    if (argc < 2) {
        command_print_list(stderr);
        return GAZE_ERROR_USAGE;
    }
    if (is_one_of(argv[1], asks)) {
        command_print_list(stdout);
        return 0;
    }
    if (!strcmp(argv[1], "--version")) {
        printf("gaze %s\n", gaze_version());
        return 0;
    }
    const command_entry *c = command_find(argv[1]);
    return c ? c->run(argc - 1, argv + 1) : command_unknown(argv[1]);
}

int main(int argc, char **argv) { return finish(run(argc, argv)); }
