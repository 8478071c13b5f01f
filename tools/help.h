/* What 'gaze help' writes of the tables. */
#ifndef TOOLS_HELP_H
#define TOOLS_HELP_H
#include "commands.h"
#include "table.h"

/* A program: gaze, whose commands each have a table, or one without commands. */
typedef struct help_program {
    const char *name;
    const table *own;
    const table *commands; /* named by their command alone */
    size_t n_commands;
} help_program;

/* A page of section 1; commands: what the page of gaze itself lists, or NULL. */
void help_man(const table *page, const command_entry *list);

void help_bash(const help_program *program);
void help_zsh(const help_program *program);
void help_fish(const help_program *program);

#endif
