#include "choices.h"
#include "../base/text.h"
#include "device_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST = 4096 };

static gz_choices *choices_of(gz_device *device)
{
    return device->whole ? &device->whole->choices : &device->choices;
}

static gaze_chosen *find(gz_choices *choices, const char *key)
{
    for (size_t i = 0; i < choices->count; i++)
        if (strcmp(choices->list[i].key, key) == 0) return &choices->list[i];
    return NULL;
}

static gaze_status add(gz_choices *choices, const gaze_chosen *chosen)
{
    gaze_chosen *known = find(choices, chosen->key);
    const gaze_chosen copy = {gz_arena_copy(choices->arena, chosen->key),
                              gz_arena_copy(choices->arena, chosen->candidate), chosen->usual_ms, chosen->ms};
    if (!copy.key || !copy.candidate) return GAZE_ERROR_DEVICE;
    if (!known) {
        GZ_TRY(gz_grow(&choices->list, &choices->capacity, choices->count + 1, sizeof *choices->list));
        known = &choices->list[choices->count++];
    }
    *known = copy;
    return GAZE_OK;
}

static void drop(gz_choices *choices, const char *key)
{
    gaze_chosen *known = find(choices, key);
    if (known) *known = choices->list[--choices->count];
}

static gaze_status make_key(const gz_device *device, gz_cache_key *key)
{
    char options[96];
    snprintf(options, sizeof options, "%s, %zu floats", device->facts.info.family,
             device->facts.vector_width);
    return gz_cache_key_make(device->choices.cache, options, "choices 1; " GAZE_VERSION, key);
}

static bool take_ms(const char *text, double *ms) { return gz_parse_double(text, ms) && *ms > 0; }

/* "key<tab>candidate<tab>usual ms<tab>ms" */
static bool take_line(gz_choices *choices, char *line)
{
    char *part[4], *rest;
    gaze_chosen chosen = {0};
    for (size_t i = 0; i < 4; i++)
        if (!(part[i] = strtok_r(i ? NULL : line, "\t", &rest))) return false;
    if (*rest || !take_ms(part[2], &chosen.usual_ms) || !take_ms(part[3], &chosen.ms)) return false;
    chosen.key = part[0];
    chosen.candidate = part[1];
    return choices->count < MOST && add(choices, &chosen) == GAZE_OK;
}

bool gz_choices_read(gz_choices *choices, char *text)
{
    char *rest;
    for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
        if (!take_line(choices, line)) {
            choices->count = 0;
            return false;
        }
    return true;
}

static gaze_status load(gz_device *device)
{
    gz_choices *choices = &device->choices;
    gz_cache_key key;
    char *text;
    size_t size;
    bool whole = true;
    GZ_TRY(gz_arena_create(&choices->arena));
    GZ_TRY(gz_cache_open_own(&device->facts.info, &choices->cache));
    GZ_TRY(make_key(device, &key));
    if (gz_cache_load(choices->cache, &key, &text, &size)) {
        whole = strlen(text) == size && gz_choices_read(choices, text);
        free(text);
    } else {
        whole = !gz_cache_has(choices->cache, &key);
    }
    free(key.text);
    if (!whole)
        gz_device_log(device, GAZE_LOG_WARNING,
                      "what gaze tune has kept for this device is damaged: the usual kernels are taken; run "
                      "gaze tune again");
    return GAZE_OK;
}

static gz_choices *open_choices(gz_device *device)
{
    gz_choices *choices = choices_of(device);
    if (choices->open) return choices;
    choices->open = true;
    choices->by = getenv("GAZE_CHOICES");
    if (choices->by && !choices->by[0]) choices->by = NULL;
    if (load(device->whole ? device->whole : device) != GAZE_OK)
        gz_device_log(device, GAZE_LOG_WARNING, "the usual kernels are taken, tuned or not: %s",
                      gaze_message());
    return choices;
}

const char *gz_choices_find(gz_device *device, const char *key)
{
    gz_choices *choices = open_choices(device);
    if (choices->by) return choices->by;
    const gaze_chosen *known = find(choices, key);
    return known ? known->candidate : NULL;
}

bool gz_choices_any(gz_device *device)
{
    const gz_choices *choices = open_choices(device);
    return choices->by || choices->count;
}

size_t gz_choices_list(gz_device *device, const gaze_chosen **list)
{
    const gz_choices *choices = open_choices(device);
    *list = choices->list;
    return choices->count;
}

gaze_status gz_choices_put(gz_device *device, const gaze_chosen *chosen)
{
    gz_choices *choices = open_choices(device);
    if (!choices->arena) return gz_fail_memory(1);
    if (chosen->candidate) return add(choices, chosen);
    drop(choices, chosen->key);
    return GAZE_OK;
}

static gaze_status keep(gz_device *device)
{
    const gz_choices *choices = &device->choices;
    gz_text text = {0};
    gz_cache_key key;
    char *lines;
    for (size_t i = 0; i < choices->count; i++) {
        const gaze_chosen *c = &choices->list[i];
        gz_text_add(&text, "%s\t%s\t%.9g\t%.9g\n", c->key, c->candidate, c->usual_ms, c->ms);
    }
    if (!choices->count) gz_text_add(&text, "\n");
    const size_t length = text.length;
    GZ_TRY(gz_text_take(&text, &lines));
    gaze_status status = make_key(device, &key);
    if (status == GAZE_OK) {
        status = gz_cache_store(choices->cache, &key, lines, length);
        free(key.text);
    }
    free(lines);
    return status;
}

void gz_choices_clear(gz_device *device) { open_choices(device)->count = 0; }

gaze_status gz_choices_keep(gz_device *device, bool *kept)
{
    const gz_choices *choices = open_choices(device);
    *kept = choices->cache && gz_cache_kind_of(choices->cache) != GZ_CACHE_NONE;
    return *kept ? keep(device->whole ? device->whole : device) : GAZE_OK;
}

void gz_choices_free(gz_choices *choices)
{
    gz_cache_close(choices->cache);
    gz_arena_destroy(choices->arena);
    free(choices->list);
}
