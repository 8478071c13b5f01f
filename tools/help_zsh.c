/* Completion for zsh: a file _gaze in a folder of $fpath. */
#include "help.h"
#include "gaze.h"

#include <string.h>

/* In a specification within single quotes: these, and what _arguments reads. */
static void put(const char *text)
{
    for (; *text; text++) {
        if (*text == '\'')
            fputs("'\\''", stdout);
        else if (strchr(":[]\\", *text))
            printf("\\%c", *text);
        else if (*text == '\n')
            putchar(' ');
        else
            putchar(*text);
    }
}

static void put_value(const table_value *value)
{
    switch (value->kind) {
    case TABLE_NOTHING: putchar(' '); return;
    case TABLE_WORDS:
        fputs("_gaze_words", stdout);
        for (size_t i = 0; i < value->n_words; i++) {
            putchar(' ');
            put(value->words[i]);
        }
        return;
    case TABLE_FILE: printf(*value->suffix ? "_files -g \"*.%s\"" : "_files", value->suffix); return;
    case TABLE_FOLDER: fputs("_files -/", stdout); return;
    case TABLE_MODEL: fputs("_gaze_models", stdout); return;
    case TABLE_COMMAND: fputs("_gaze_commands", stdout); return;
    }
}

static void put_rest(const table_option *o)
{
    putchar('[');
    put(o->help);
    putchar(']');
    if (!o->placeholder) return;
    putchar(':');
    put(o->placeholder);
    putchar(':');
    put_value(&o->value);
}

/* Options may be given again: each way to write one is its own line. */
static void put_option(const table_option *o)
{
    const char *value = o->placeholder ? "=" : "";
    for (size_t i = 0; i < o->n_names; i++) {
        printf(" \\\n            '*--%s%s", o->names[i], value);
        put_rest(o);
        putchar('\'');
    }
    if (!o->letter || o->letter == '?') return;
    printf(" \\\n            '*-%c%s", o->letter, o->placeholder ? "+" : "");
    put_rest(o);
    putchar('\'');
}

static void put_table(const table *t)
{
    fputs("        _arguments -s", stdout);
    for (size_t i = 0; i < t->n_options; i++) put_option(&t->options[i]);
    if (*t->arguments) {
        fputs(" \\\n            '*:", stdout);
        put(t->arguments);
        putchar(':');
        put_value(&t->argument);
        putchar('\'');
    }
    putchar('\n');
}

static void put_commands(const help_program *p)
{
    puts("_gaze_commands() {\n    local -a commands=(");
    for (size_t i = 0; i < p->n_commands; i++) {
        printf("        '%s:", p->commands[i].name);
        put(p->commands[i].about);
        puts("'");
    }
    puts("    )\n    _describe command commands\n}\n");
}

static const char words[] = "# Words; those that end in a colon go on, with a file.\n"
                            "_gaze_words() {\n"
                            "    if compset -P '*:'; then _files; return; fi\n"
                            "    compadd -S '' -- ${(M)@:#*:}\n"
                            "    compadd -- ${@:#*:}\n"
                            "}\n\n";

static const char models[] =
    "_gaze_models() {\n"
    "    local -a names=(${GAZE_MODELS:-%s}/*.json(N:t:r))\n"
    "    _alternative 'names:model:compadd -a names' 'files:model file or run folder:_files -g \"*.json\"'\n"
    "}\n\n";

void help_zsh(const help_program *p)
{
    printf("#compdef %s\n# zsh completion of %s, made by 'gaze help --format zsh'\n\n%s", p->name, p->name,
           words);
    printf(models, gaze_models_folder());
    if (!p->n_commands) {
        printf("_%s() {\n", p->name);
        put_table(p->own);
        printf("}\n\n_%s \"$@\"\n", p->name);
        return;
    }
    put_commands(p);
    printf("_%s() {\n    if ((CURRENT == 2)); then\n", p->name);
    put_table(p->own);
    puts("        return\n    fi\n    local command=$words[2]\n    shift words\n    ((CURRENT--))\n    case "
         "$command in");
    for (size_t i = 0; i < p->n_commands; i++) {
        printf("    %s)\n", p->commands[i].name);
        put_table(&p->commands[i]);
        puts("        ;;");
    }
    printf("    esac\n}\n\n_%s \"$@\"\n", p->name);
}
