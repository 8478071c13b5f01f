#include "table.h"

#include <ctype.h>
#include <string.h>

/* The next word of "A, B, beam:K (..." as completed, or 0 characters. *text goes behind the ", " that follows
 * it, and is NULL behind the last one. */
static size_t next_word(const char **text, char word[TABLE_WORD])
{
    const size_t length = strcspn(*text, " ,;()"), colon = strcspn(*text, ":");
    const size_t kept = colon < length ? colon + 1 : length;
    if (kept >= TABLE_WORD) return 0;
    memcpy(word, *text, kept);
    word[kept] = 0;
    *text = strncmp(*text + length, ", ", 2) ? NULL : *text + length + 2;
    return kept;
}

/* A list has two words at least: "one of the weights" is none. */
static void read_words(const char *help, bool each_goes_on, table_value *value)
{
    static const char opening[] = "one of ";
    const char *text = help ? strstr(help, opening) : NULL;
    size_t n = 0;
    for (text = text ? text + strlen(opening) : NULL; text && n < TABLE_MOST_WORDS; n++) {
        const size_t length = next_word(&text, value->words[n]);
        if (!length || length + 1 >= TABLE_WORD) return;
        if (each_goes_on) strcat(value->words[n], ":");
    }
    if (n < 2) return;
    value->kind = TABLE_WORDS;
    value->n_words = n;
}

static bool begins(const char *text, const char *word)
{
    const size_t length = strlen(word);
    return strncmp(text, word, length) == 0 && !isalpha((unsigned char)text[length]);
}

/* ".png" behind the word becomes the suffix. */
static void read_suffix(const char *text, table_value *value)
{
    if (*text != '.' || !isalnum((unsigned char)text[1])) return;
    const size_t length = strcspn(text + 1, " ]|.");
    if (length >= TABLE_WORD) return;
    memcpy(value->suffix, text + 1, length);
    value->suffix[length] = 0;
}

static void read_placeholder(const char *placeholder, table_value *value)
{
    static const struct {
        const char *word;
        table_kind kind;
    } known[] = {{"FILE", TABLE_FILE},
                 {"MODEL", TABLE_MODEL},
                 {"DIR", TABLE_FOLDER},
                 {"RUN", TABLE_FOLDER},
                 {"COMMAND", TABLE_COMMAND}};
    const char *equals = strchr(placeholder, '=');
    const char *text = equals ? equals + 1 : placeholder;
    while (*text == '[' || *text == ']') text++;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (!begins(text, known[i].word)) continue;
        value->kind = known[i].kind;
        read_suffix(text + strlen(known[i].word), value);
    }
    if (value->kind == TABLE_MODEL && *value->suffix) value->kind = TABLE_FILE;
}

static table_value value_of(const char *placeholder, const char *help)
{
    table_value value = {0};
    if (!placeholder) return value;
    read_placeholder(placeholder, &value);
    if (value.kind == TABLE_NOTHING) read_words(help, strchr(placeholder, ':'), &value);
    return value;
}

static bool add_alias(table *t, const char *name)
{
    table_option *last = &t->options[t->n_options - 1];
    if (last->n_names == TABLE_MOST_NAMES) return false;
    last->names[last->n_names++] = name;
    return true;
}

static bool add_option(table *t, const struct argp_option *from)
{
    if (from->flags & (OPTION_HIDDEN | OPTION_DOC)) return true;
    if (from->flags & OPTION_ALIAS) return t->n_options && from->name ? add_alias(t, from->name) : true;
    if (!from->name) return true; /* a heading */
    if (t->n_options == TABLE_MOST_OPTIONS) return false;
    t->options[t->n_options++] =
        (table_option){.names = {from->name},
                       .n_names = 1,
                       .letter = from->key > ' ' && from->key < 127 ? (char)from->key : 0,
                       .placeholder = from->arg,
                       .help = from->doc ? from->doc : "",
                       .value = value_of(from->arg, from->doc)};
    return true;
}

static bool add_parser(table *t, const struct argp *parser)
{
    const struct argp_option *o = parser->options;
    for (; o && (o->name || o->key || o->doc); o++)
        if (!add_option(t, o)) return false;
    for (const struct argp_child *child = parser->children; child && child->argp; child++)
        if (!add_parser(t, child->argp)) return false;
    return true;
}

bool table_read(const char *name, const char *about, const struct argp *parser, table *t)
{
    static const struct argp_option own[] = {
        {"help", '?', NULL, 0, "this list", 0}, {"usage", 0x3000, NULL, 0, "a short usage message", 0}, {0}};
    static const struct argp own_parser = {.options = own};
    *t = (table){.name = name,
                 .about = about,
                 .arguments = parser->args_doc ? parser->args_doc : "",
                 .text = parser->doc ? parser->doc : ""};
    read_placeholder(t->arguments, &t->argument);
    return add_parser(t, parser) && add_parser(t, &own_parser);
}
