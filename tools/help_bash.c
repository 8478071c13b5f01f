/* Completion for bash, without bash-completion's functions: `source <(gaze help --format bash)` is enough. */
#include "help.h"
#include "gaze.h"

/* Words are split at blanks alone: bash splits "--data=idx:/usr" at '=' and ':' too, and then wants answers
 * for what stands behind these. */
static const char head[] =
    "{\n"
    "    local line=${COMP_LINE:0:COMP_POINT} options= words= files= folders= option= command= prefix=\n"
    "    local -a typed\n"
    "    read -ra typed <<< \"$line\"\n"
    "    [[ $line == *[[:space:]] ]] && typed+=('')\n"
    "    local last=$((${#typed[@]} - 1))\n"
    "    local word=${typed[last]} before=${typed[last - 1]}\n"
    "    COMPREPLY=()\n";

static const char body[] =
    "    esac\n"
    "    if [[ $word == -* && -z $option ]]; then\n"
    "        mapfile -t COMPREPLY < <(compgen -W \"$options\" -- \"$word\")\n"
    "        return\n"
    "    fi\n"
    "    if [[ $words == *:* && $word == *:* ]]; then\n"
    "        prefix=${word%%:*}: word=${word#*:} words= files='*'\n"
    "    fi\n"
    "    [[ $words ]] && mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$word\")\n"
    "    [[ ${#COMPREPLY[@]} == 1 && ${COMPREPLY[0]} == *: ]] && compopt -o nospace\n"
    "    if [[ $files || $folders ]]; then\n"
    "        compopt -o filenames\n"
    "        mapfile -t COMPREPLY < <(compgen -d -- \"$word\")\n"
    "        [[ $files ]] && mapfile -t -O ${#COMPREPLY[@]} COMPREPLY < <(\n"
    "            compgen -f -X \"!$files\" -- \"$word\" | while IFS= read -r file; do [[ -d $file ]] || echo "
    "\"$file\"; done)\n"
    "    fi\n"
    "    [[ $files == '*.json' && $word != */* ]] && _gaze_models\n"
    "    [[ $prefix && $COMP_WORDBREAKS != *:* ]] && COMPREPLY=(\"${COMPREPLY[@]/#/$prefix}\")\n"
    "    return 0\n"
    "}\n";

static const char models[] =
    "_gaze_models()\n"
    "{\n"
    "    local -a files=(\"${GAZE_MODELS:-%s}\"/*.json)\n"
    "    [[ -e ${files[0]} ]] || return\n"
    "    files=(\"${files[@]##*/}\")\n"
    "    mapfile -t -O ${#COMPREPLY[@]} COMPREPLY < <(compgen -W \"${files[*]%%.json}\" -- \"$word\")\n"
    "}\n";

static void put_words(const table_value *value)
{
    fputs("words='", stdout);
    for (size_t i = 0; i < value->n_words; i++) printf("%s%s", i ? " " : "", value->words[i]);
    putchar('\'');
}

static void put_command_words(const help_program *p)
{
    fputs("words='", stdout);
    for (size_t i = 0; i < p->n_commands; i++) printf("%s%s", i ? " " : "", p->commands[i].name);
    putchar('\'');
}

/* What the cases set for a value of that kind. */
static void put_value(const help_program *p, const table_value *value)
{
    switch (value->kind) {
    case TABLE_NOTHING: putchar(':'); return;
    case TABLE_WORDS: put_words(value); return;
    case TABLE_FILE: printf("files='%s%s'", *value->suffix ? "*." : "*", value->suffix); return;
    case TABLE_FOLDER: fputs("folders=1", stdout); return;
    case TABLE_MODEL: fputs("files='*.json'", stdout); return;
    case TABLE_COMMAND: put_command_words(p); return;
    }
}

/* "train --out" and every other way to write that option */
static void put_option(const help_program *p, const char *command, const table_option *o)
{
    if (!o->placeholder) return;
    printf("    '%s --%s'", command, o->names[0]);
    for (size_t i = 1; i < o->n_names; i++) printf(" | '%s --%s'", command, o->names[i]);
    if (o->letter) printf(" | '%s -%c'", command, o->letter);
    fputs(") ", stdout);
    put_value(p, &o->value);
    puts(" ;;");
}

/* Behind an option that takes no value too. */
static void put_rest(const help_program *p, const char *command, const table *t)
{
    printf("    '%s '*)\n        option= ", command);
    put_value(p, &t->argument);
    fputs("\n        options='", stdout);
    for (size_t i = 0; i < t->n_options; i++) printf("%s--%s", i ? " " : "", t->options[i].names[0]);
    puts("' ;;");
}

static void put_table(const help_program *p, const char *command, const table *t)
{
    for (size_t i = 0; i < t->n_options; i++) put_option(p, command, &t->options[i]);
    put_rest(p, command, t);
}

void help_bash(const help_program *p)
{
    printf("# bash completion of %s, made by 'gaze help --format bash'\n", p->name);
    printf(models, gaze_models_folder());
    printf("_%s()\n%s", p->name, head);
    if (p->n_commands) puts("    ((last > 1)) && command=${typed[1]}");
    fputs("    if [[ $word == --*=* ]]; then\n"
          "        option=${word%%=*} word=${word#*=}\n"
          "    elif [[ $before == -* ]]; then\n"
          "        option=$before\n"
          "    fi\n"
          "    case \"$command $option\" in\n",
          stdout);
    for (size_t i = 0; i < p->n_commands; i++) put_table(p, p->commands[i].name, &p->commands[i]);
    put_table(p, "", p->own);
    printf("%scomplete -F _%s %s\n", body, p->name, p->name);
}
