/* Ctrl-C in commands that train: they save, and say how to go on. */
#ifndef STOP_H
#define STOP_H
#include <stdbool.h>

/* From now on Ctrl-C and SIGTERM are asked for with stop_asked; a second one ends at once. */
void stop_catch(void);
bool stop_asked(void);

/* The words of the whole command as they were typed, argc + 1 of them, for run.json and for the command that
   resumes: the parser reorders argv. argv[-1] is the program. free() the array; NULL, said on stderr: out of
   memory. */
const char **stop_typed_words(int argc, char **argv);

/* "go on with: ..." on stderr, the words quoted for a shell; more: a word added to them, or NULL. */
void stop_print_resume(int argc, const char *const *words, const char *more);

#endif
