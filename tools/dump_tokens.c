/* dump_attention: names of tokens from text files, one a line. */
#include "dump.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

typedef struct line_list {
    char **lines; /* NULL-terminated */
    size_t count, capacity;
} line_list;

static gaze_status append(line_list *list, char *line)
{
    if (list->count + 2 > list->capacity) {
        const size_t capacity = list->capacity ? 2 * list->capacity : 64;
        char **grown = realloc(list->lines, capacity * sizeof *grown);
        if (!grown) return dump_no_memory();
        list->lines = grown;
        list->capacity = capacity;
    }
    list->lines[list->count++] = line;
    list->lines[list->count] = NULL;
    return line ? GAZE_OK : dump_no_memory();
}

static gaze_status read_lines(FILE *file, line_list *list)
{
    char *line = NULL;
    size_t room = 0;
    ssize_t length;
    gaze_status status = GAZE_OK;
    while (status == GAZE_OK && (length = getline(&line, &room, file)) >= 0) {
        while (length && (line[length - 1] == '\n' || line[length - 1] == '\r')) line[--length] = 0;
        status = append(list, strdup(line));
    }
    free(line);
    return status;
}

static void free_lines(char **lines)
{
    for (size_t i = 0; lines && lines[i]; i++) free(lines[i]);
    free(lines);
}

static gaze_status read_tokens(const char *path, char ***out)
{
    line_list list = {0};
    if (!path) return GAZE_OK;
    FILE *file = fopen(path, "r");
    if (!file) return dump_fail(GAZE_ERROR_DATA, "%s: %s", path, strerror(errno));
    gaze_status status = read_lines(file, &list);
    if (status == GAZE_OK && ferror(file))
        status = dump_fail(GAZE_ERROR_DATA, "%s: %s", path, strerror(errno));
    if (status == GAZE_OK && !list.count)
        status = dump_fail(GAZE_ERROR_DATA, "%s: empty, expected one token a line", path);
    fclose(file);
    if (status != GAZE_OK)
        free_lines(list.lines);
    else
        *out = list.lines;
    return status;
}

gaze_status dump_read_tokens(dump_arguments *a)
{
    gaze_status status = GAZE_OK;
    for (size_t i = 0; status == GAZE_OK && i < DUMP_TOKENS; i++)
        status = read_tokens(a->token_files[i], &a->tokens[i]);
    a->dump.tokens = (const char *const *)a->tokens[DUMP_BOTH];
    a->dump.query_tokens = (const char *const *)a->tokens[DUMP_QUERY];
    a->dump.value_tokens = (const char *const *)a->tokens[DUMP_VALUE];
    a->dump.vocabulary = (const char *const *)a->tokens[DUMP_VOCABULARY];
    return status;
}

void dump_free_tokens(dump_arguments *a)
{
    for (size_t i = 0; i < DUMP_TOKENS; i++) free_lines(a->tokens[i]);
}
