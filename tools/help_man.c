/* Manual pages, in the macros of man(7). */
#include "help.h"
#include "gaze.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

static const char released[] = "2026-11-21"; /* this version, as in debian/changelog */

enum { LINE = 76 };

/* Text as roff: backslashes, and points and quotes that would begin a request. Typed text keeps its blanks,
 * and its hyphens are dashes; else lines are of at most LINE characters where that can be. */
static void put(const char *text, size_t length, bool typed)
{
    size_t column = 0;
    for (size_t i = 0; i < length; i++, column++) {
        const bool dash = typed || (i && text[i - 1] == '-') || text[i + 1] == '-';
        if (!column && (text[i] == '.' || text[i] == '\'')) fputs("\\&", stdout);
        if (text[i] == '\\')
            fputs("\\e", stdout);
        else if (text[i] == '-' && dash)
            fputs("\\-", stdout);
        else if (text[i] == ' ' && !typed && column + 1 + strcspn(text + i + 1, " \n\v") > LINE) {
            putchar('\n');
            column = SIZE_MAX; /* the next is 0 */
        } else
            putchar(text[i]);
    }
}

/* Lines that begin with blanks are typed text, other lines are paragraphs. */
static void put_text(const char *text, size_t size)
{
    bool typed = false;
    for (size_t i = 0, length; i < size; i += length + 1) {
        const bool blank = text[i] == ' ';
        length = strcspn(text + i, "\n");
        if (length > size - i) length = size - i;
        if (typed && !blank) puts(".EE");
        if (i && !(typed && blank)) puts(".PP");
        if (blank && !typed) puts(".EX");
        put(text + i, length, blank);
        putchar('\n');
        typed = blank;
    }
    if (typed) puts(".EE");
}

/* "gaze-train"; upper case for the head. */
static void put_name(const char *name, bool upper)
{
    for (; *name; name++)
        if (*name == ' ')
            fputs("\\-", stdout);
        else
            putchar(upper ? toupper((unsigned char)*name) : *name);
}

static void put_head(const table *page)
{
    fputs(".TH ", stdout);
    put_name(page->name, true);
    printf(" 1 %s \"Gaze %s\" Gaze\n.SH NAME\n", released, gaze_version());
    put_name(page->name, false);
    printf(" \\- %s\n", page->about);
}

/* One form a line. */
static void put_synopsis(const table *page, bool program)
{
    puts(".SH SYNOPSIS");
    for (const char *form = page->arguments; form;) {
        const size_t length = strcspn(form, "\n");
        printf(".B %s\n", page->name);
        if (!program) puts("[\\fIOPTION\\fR...]");
        put(form, length, true);
        if (length) putchar('\n');
        if (form[length]) puts(".br");
        form = form[length] ? form + length + 1 : NULL;
    }
}

static void put_option(const table_option *o)
{
    puts(".TP");
    if (o->letter) printf("\\fB\\-%c\\fR, ", o->letter);
    for (size_t i = 0; i < o->n_names; i++) {
        fputs(i ? ", \\fB\\-\\-" : "\\fB\\-\\-", stdout);
        put(o->names[i], strlen(o->names[i]), true);
        fputs("\\fR", stdout);
        if (!o->placeholder) continue;
        fputs("=\\fI", stdout);
        put(o->placeholder, strlen(o->placeholder), true);
        fputs("\\fR", stdout);
    }
    putchar('\n');
    put_text(o->help, strlen(o->help));
}

static void put_commands(const command_entry *list)
{
    puts(".SH COMMANDS\nEach has a page of its own.");
    for (; list && list->name; list++) printf(".TP\n.BR gaze\\-%s (1)\n%s\n", list->name, list->about);
}

static void put_exit_status(void)
{
    puts(".SH EXIT STATUS");
#define STATUS_LINE(symbol, value, meaning) printf(".TP\n.B %d\n%s\n", value, meaning);
    GAZE_STATUS_LIST(STATUS_LINE)
#undef STATUS_LINE
}

static void put_variable(const char *name, const char *meaning)
{
    printf(".TP\n.B %s\n", name);
    put_text(meaning, strlen(meaning));
}

static void put_environment(void)
{
    puts(".SH ENVIRONMENT");
#define VARIABLE(name, meaning) put_variable(#name, meaning);
    GAZE_ENVIRONMENT_LIST(VARIABLE)
#undef VARIABLE
    put_variable("XDG_CACHE_HOME", "built programs are kept in its folder gaze (~/.cache/gaze)");
    put_variable("OCL_ICD_VENDORS",
                 "read by the OpenCL loader: the drivers that are there (/etc/OpenCL/vendors)");
}

static void put_see_also(const table *page, const command_entry *list)
{
    puts(".SH SEE ALSO");
    if (!list) puts(".BR gaze (1),");
    puts(strcmp(page->name, "dump_attention") ? ".BR dump_attention (1)" : ".BR gaze\\-train (1)");
}

/* What stands behind the options: notes, and examples last. */
static void put_rest(const char *text)
{
    static const char examples[] = "Examples:\n";
    const char *last = strstr(text, examples);
    if (text != last) {
        puts(".SH NOTES");
        put_text(text, last ? (size_t)(last - text) : strlen(text));
    }
    if (!last) return;
    puts(".SH EXAMPLES");
    put_text(last + strlen(examples), strlen(last + strlen(examples)));
}

void help_man(const table *page, const command_entry *list)
{
    const size_t before = strcspn(page->text, "\v");
    put_head(page);
    put_synopsis(page, list);
    puts(".SH DESCRIPTION");
    put_text(page->text, before);
    if (list) put_commands(list);
    puts(".SH OPTIONS");
    for (size_t i = 0; i < page->n_options; i++) put_option(&page->options[i]);
    if (page->text[before]) put_rest(page->text + before + 1);
    put_exit_status();
    put_environment();
    put_see_also(page, list);
}
