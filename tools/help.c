/* gaze help: --help of a command, and what is made from the same tables. */
#include "dump.h"
#include "help.h"

#include <stdlib.h>
#include <string.h>

typedef struct help_options {
    const char *format, *command;
} help_options;

static const struct argp_option OPTIONS[] = {{"format", 'f', "FORMAT", 0,
                                              "one of text, man, bash, zsh, fish; a manual page, or what a "
                                              "shell needs to complete all commands (text)",
                                              0},
                                             {0}};

static error_t parse(int key, char *argument, struct argp_state *state)
{
    static const char *const formats[] = {"text", "man", "bash", "zsh", "fish"};
    help_options *options = state->input;
    switch (key) {
    case 'f':
        options->format = argument;
        for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
            if (!strcmp(argument, formats[i])) return 0;
        argp_error(state, "--format is '%s', expected text, man, bash, zsh or fish", argument);
        return 0;
    case ARGP_KEY_ARG:
        if (state->arg_num) return ARGP_ERR_UNKNOWN;
        options->command = argument;
        return 0;
    default: return ARGP_ERR_UNKNOWN;
    }
}

const struct argp parser_help = {
    .options = OPTIONS,
    .parser = parse,
    .args_doc = "[COMMAND]",
    .doc =
        "What 'gaze COMMAND --help' prints, or the list of all commands. COMMAND may be dump_attention too.\v"
        "Examples:\n"
        "  gaze help train\n"
        "  gaze help --format man train | man -l -\n"
        "  source <(gaze help --format bash)"};

static const char program_about[] = "neural networks with attention on any OpenCL device";
static const struct argp_option PROGRAM_OPTIONS[] = {{"version", 0x4000, NULL, 0, "the version", 0}, {0}};
static const struct argp program = {
    .options = PROGRAM_OPTIONS,
    .args_doc = "COMMAND [OPTION...]",
    .doc = "Trains and runs small neural networks with attention, and shows what "
           "they look at. A model is one JSON file."};

static const command_entry dump_attention = {"dump_attention", DUMP_ABOUT, &parser_dump_attention, NULL};

static int print_text(const command_entry *which)
{
    static dump_arguments unused;
    char name[TABLE_WORD], asks[] = "--help", *words[] = {name, asks, NULL};
    if (!which) {
        command_print_list(stdout);
        return 0;
    }
    snprintf(name, sizeof name, "%s", which->name);
    if (which->run) return which->run(2, words); /* ends the program */
    tool_parse(which->parser, name, 2, words, &unused);
    return 0;
}

static int too_small(const char *name)
{
    fprintf(stderr, "gaze help: the options of %s are more than tables have room for\n", name);
    return GAZE_ERROR_USAGE;
}

static int print_man(const command_entry *which)
{
    char name[2 * TABLE_WORD];
    table page;
    const struct argp *parser = which ? which->parser : &program;
    snprintf(name, sizeof name, "%s%s%s", which == &dump_attention ? "" : "gaze",
             which && which->run ? " " : "", which ? which->name : "");
    if (!table_read(name, which ? which->about : program_about, parser, &page)) return too_small(name);
    help_man(&page, which ? NULL : commands);
    return 0;
}

static size_t count_commands(void)
{
    size_t n = 0;
    while (commands[n].name) n++;
    return n;
}

static int print_completion(const char *shell, const command_entry *which)
{
    static const struct {
        const char *name;
        void (*print)(const help_program *);
    } shells[] = {{"bash", help_bash}, {"zsh", help_zsh}, {"fish", help_fish}};
    const size_t n = which ? 0 : count_commands();
    const char *name = which ? which->name : "gaze";
    table *tables = calloc(n + 1, sizeof *tables);
    if (!tables) return tool_exit(tool_no_memory());
    bool read = table_read(name, "", which ? which->parser : &program, &tables[n]);
    for (size_t i = 0; i < n && read; i++)
        read = table_read(commands[i].name, commands[i].about, commands[i].parser, &tables[i]);
    for (size_t i = 0; i < sizeof shells / sizeof *shells && read; i++)
        if (!strcmp(shell, shells[i].name)) shells[i].print(&(help_program){name, &tables[n], tables, n});
    free(tables);
    return read ? 0 : too_small(name);
}

static const command_entry *find(const char *name)
{
    return strcmp(name, dump_attention.name) ? command_find(name) : &dump_attention;
}

int command_help(int argc, char **argv)
{
    help_options options = {.format = "text"};
    tool_parse(&parser_help, "gaze help", argc, argv, &options);
    const bool all = !options.command || !strcmp(options.command, "gaze");
    const command_entry *which = all ? NULL : find(options.command);
    if (!all && !which) return command_unknown(options.command);
    if (!strcmp(options.format, "text")) return print_text(which);
    if (!strcmp(options.format, "man")) return print_man(which);
    if (which && which != &dump_attention) {
        fprintf(stderr, "gaze help: completions are of a program, gaze or dump_attention, not of '%s'\n",
                which->name);
        return GAZE_ERROR_USAGE;
    }
    return print_completion(options.format, which);
}
