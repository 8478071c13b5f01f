/* Completion for fish: a line an option. */
#include "help.h"
#include "gaze.h"

static void put(const char *text)
{
    putchar('\'');
    for (; *text; text++) {
        if (*text == '\'' || *text == '\\') putchar('\\');
        putchar(*text == '\n' ? ' ' : *text);
    }
    putchar('\'');
}

static void put_value(const help_program *p, const table_value *value)
{
    switch (value->kind) {
    case TABLE_NOTHING: return;
    case TABLE_WORDS:
        fputs(" -a '(__gaze_words", stdout);
        for (size_t i = 0; i < value->n_words; i++) printf(" %s", value->words[i]);
        fputs(")'", stdout);
        return;
    case TABLE_FILE:
        if (*value->suffix)
            printf(" -k -a '(__fish_complete_suffix .%s)'", value->suffix);
        else
            fputs(" -a '(__fish_complete_path)'", stdout);
        return;
    case TABLE_FOLDER: fputs(" -a '(__fish_complete_directories)'", stdout); return;
    case TABLE_MODEL: fputs(" -k -a '(__gaze_models)'", stdout); return;
    case TABLE_COMMAND:
        fputs(" -a '", stdout);
        for (size_t i = 0; i < p->n_commands; i++) printf("%s%s", i ? " " : "", p->commands[i].name);
        putchar('\'');
        return;
    }
}

/* `command` NULL: where no command is there yet, or the program has none. */
static void put_begin(const help_program *p, const char *command)
{
    printf("complete -c %s", p->name);
    if (command)
        printf(" -n '__fish_seen_subcommand_from %s'", command);
    else if (p->n_commands)
        fputs(" -n __fish_use_subcommand", stdout);
}

static void put_option(const help_program *p, const char *command, const table_option *o)
{
    put_begin(p, command);
    for (size_t i = 0; i < o->n_names; i++) printf(" -l %s", o->names[i]);
    if (o->letter && o->letter != '?') printf(" -s %c", o->letter);
    if (o->placeholder) {
        fputs(" -x", stdout);
        put_value(p, &o->value);
    }
    fputs(" -d ", stdout);
    put(o->help);
    putchar('\n');
}

static void put_table(const help_program *p, const char *command, const table *t)
{
    for (size_t i = 0; i < t->n_options; i++) put_option(p, command, &t->options[i]);
    if (t->argument.kind == TABLE_NOTHING || (!command && p->n_commands)) return;
    put_begin(p, command);
    put_value(p, &t->argument);
    putchar('\n');
}

static const char words[] = "# Words; those that end in a colon go on, with a file.\n"
                            "function __gaze_words\n"
                            "    set -l word (string replace -r '^--[^=]*=' '' -- (commandline -ct))\n"
                            "    set -l parts (string split -m 1 : -- $word)\n"
                            "    if set -q parts[2]\n"
                            "        printf \"$parts[1]:%s\\n\" (__fish_complete_path $parts[2])\n"
                            "    else\n"
                            "        printf '%s\\n' $argv\n"
                            "    end\n"
                            "end\n";

static const char models[] = "function __gaze_models\n"
                             "    set -l folder '%s'\n"
                             "    set -q GAZE_MODELS; and set folder $GAZE_MODELS\n"
                             "    for file in $folder/*.json\n"
                             "        string replace -r '.*/(.*)\\.json' '$1' -- $file\n"
                             "    end\n"
                             "    __fish_complete_suffix .json\n"
                             "end\n";

void help_fish(const help_program *p)
{
    printf("# fish completion of %s, made by 'gaze help --format fish'\n%s", p->name, words);
    printf(models, gaze_models_folder());
    printf("complete -c %s -f\n", p->name);
    put_table(p, NULL, p->own);
    for (size_t i = 0; i < p->n_commands; i++) {
        const table *t = &p->commands[i];
        printf("complete -c %s -n __fish_use_subcommand -a %s -d ", p->name, t->name);
        put(t->about);
        putchar('\n');
    }
    for (size_t i = 0; i < p->n_commands; i++) put_table(p, p->commands[i].name, &p->commands[i]);
}
