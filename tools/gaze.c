/* gaze: the command line of the library, one subcommand a file. */
#include "commands.h"
#include "gaze.h"

#include <stdio.h>
#include <string.h>

typedef struct command {
    const char *name, *about;
    command_function *run;
} command;

#define COMMAND_ENTRY(name, about) {#name, about, command_##name},
static const command COMMANDS[] = {COMMAND_LIST(COMMAND_ENTRY)};
#undef COMMAND_ENTRY
enum { N_COMMANDS = sizeof COMMANDS / sizeof *COMMANDS, MAX_WORD = 31 };

static void print_help(FILE *file)
{
    fputs("usage: gaze COMMAND [OPTION...]\n\n", file);
    for (size_t i = 0; i < N_COMMANDS; i++)
        fprintf(file, "  %-10s %s\n", COMMANDS[i].name, COMMANDS[i].about);
    fputs(
        "\n'gaze COMMAND --help' lists the options of a command; 'dump_attention --help' is about pictures.\n"
        "Exit status: 0 done, 2 usage, 3 data, 4 model or weights, 5 device, driver or memory, 6 not finite, "
        "130 interrupted.\n",
        file);
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

static int unknown_command(const char *word)
{
    const command *nearest = &COMMANDS[0];
    for (size_t i = 1; i < N_COMMANDS; i++)
        if (distance(word, COMMANDS[i].name) < distance(word, nearest->name)) nearest = &COMMANDS[i];
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

static int run(int argc, char **argv)
{
    if (argc < 2) {
        print_help(stderr);
        return GAZE_ERROR_USAGE;
    }
    if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") || !strcmp(argv[1], "help")) {
        print_help(stdout);
        return 0;
    }
    if (!strcmp(argv[1], "--version")) {
        printf("gaze %s\n", gaze_version());
        return 0;
    }
    for (size_t i = 0; i < N_COMMANDS; i++)
        if (!strcmp(argv[1], COMMANDS[i].name)) return COMMANDS[i].run(argc - 1, argv + 1);
    return unknown_command(argv[1]);
}

int main(int argc, char **argv) { return finish(run(argc, argv)); }
