#include "stop.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static volatile sig_atomic_t asked;
static void on_signal(int number)
{
    (void)number;
    asked = 1;
}

void stop_catch(void)
{
    const struct sigaction action = {.sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND};
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

bool stop_asked(void) { return asked; }

const char **stop_typed_words(int argc, char **argv)
{
    const char **words = calloc((size_t)argc + 2, sizeof *words);
    if (!words) {
        fprintf(stderr, "gaze %s: out of host memory\n", argv[0]);
        return NULL;
    }
    words[0] = argv[-1];
    for (int i = 0; i < argc; i++) words[i + 1] = argv[i];
    return words;
}

/* Words that a shell would split or expand are put in quotes. */
static void print_word(FILE *to, const char *word)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+=./:,@%";
    if (*word && strspn(word, plain) == strlen(word)) {
        fprintf(to, " %s", word);
        return;
    }
    fputs(" '", to);
    for (const char *c = word; *c; c++) {
        if (*c == '\'')
            fputs("'\\''", to);
        else
            fputc(*c, to);
    }
    fputc('\'', to);
}

void stop_print_resume(int argc, const char *const *words, const char *more)
{
    fputs("go on with:", stderr);
    for (int i = 0; i < argc; i++) print_word(stderr, words[i]);
    fprintf(stderr, "%s%s\n", more ? " " : "", more ? more : "");
}
