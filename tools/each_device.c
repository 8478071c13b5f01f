/* What commands with --all print, and the words that a report quotes. */
#include "common.h"

#include <stdlib.h>
#include <string.h>

bool tool_summary_open(tool_summary *summary)
{
    summary->stream = open_memstream(&summary->text, &summary->size);
    if (!summary->stream) perror("gaze: a summary of the devices");
    return summary->stream;
}

void tool_summary_print(tool_summary *summary)
{
    fclose(summary->stream);
    if (summary->text) fputs(summary->text, stdout);
    free(summary->text);
    *summary = (tool_summary){0};
}

void tool_print_device(const gaze_device_info *device)
{
    printf("device %zu: %s (%s)\n", device->index, device->name, device->platform);
    fflush(stdout);
}

void tool_json_device(FILE *file, const gaze_device_info *device)
{
    fprintf(file, "{\"device\": %zu, \"name\": ", device->index);
    tool_json_text(file, device->name);
    fputs(", \"platform\": ", file);
    tool_json_text(file, device->platform);
}

char *tool_words(int argc, char **argv)
{
    size_t size = sizeof "gaze";
    for (int i = 0; i < argc; i++) size += strlen(argv[i]) + 1;
    char *words = malloc(size);
    if (!words) return NULL;
    strcpy(words, "gaze");
    for (int i = 0; i < argc; i++) {
        strcat(words, " ");
        strcat(words, argv[i]);
    }
    return words;
}
