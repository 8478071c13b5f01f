#include "derived.h"

#include "../base/text.h"

#include <stdlib.h>
#include <string.h>

static const gz_derivation *const derivations[] = {&gz_grad_cam, &gz_rollout_maps};

enum { N_DERIVATIONS = sizeof derivations / sizeof *derivations };

/* NULL: the name doesn't begin with one of the words. *words: what follows the colon, or NULL. */
static const gz_derivation *derivation_of(const char *name, const char **words)
{
    for (size_t i = 0; i < N_DERIVATIONS; i++) {
        const size_t length = strlen(derivations[i]->word);
        if (strncmp(name, derivations[i]->word, length) != 0 || (name[length] && name[length] != ':'))
            continue;
        *words = name[length] ? name + length + 1 : NULL;
        return derivations[i];
    }
    return NULL;
}

static const gz_derived *known(const gaze_model *m, const char *name)
{
    for (const gz_derived *d = m->derived; d; d = d->next)
        if (strcmp(d->info.name, name) == 0) return d;
    return NULL;
}

gaze_status gz_derived_find(gaze_model *m, const char *name, const gz_derived **out)
{
    const char *words;
    const gz_derivation *how = derivation_of(name, &words);
    *out = NULL;
    if (!how || (*out = known(m, name))) return GAZE_OK;
    gz_derived *map = gz_arena_allocate(m->file->arena, sizeof *map);
    if (!map) return GAZE_ERROR_DEVICE;
    GZ_TRY(how->describe(m, words, map));
    map->how = how;
    if ((*out = known(m, map->info.name))) return GAZE_OK; /* "gradcam" is "gradcam:LAYER" */
    map->next = m->derived;
    m->derived = map;
    *out = map;
    return GAZE_OK;
}

static gaze_status unknown(const gaze_model *m, const char *name)
{
    const char **names = gz_arena_allocate(m->file->arena, (m->n_maps + 1) * sizeof *names);
    gz_text list = {0};
    char *text;
    if (!names) return GAZE_ERROR_DEVICE;
    for (size_t i = 0; i < m->n_maps; i++) {
        names[i] = m->maps[i].name;
        gz_text_add(&list, "%s, ", names[i]);
    }
    for (size_t i = 0; i < N_DERIVATIONS; i++) {
        const bool last = i + 1 == N_DERIVATIONS;
        gz_text_add(&list, "%s%s", derivations[i]->word, last ? "" : ", ");
    }
    GZ_TRY(gz_text_take(&list, &text));
    gz_fail(GAZE_ERROR_USAGE, "the model '%s' has no map '%s'%s (it has: %s)", m->file->name, name,
            gz_did_you_mean(m->file->arena, name, names), text);
    free(text);
    return GAZE_ERROR_USAGE;
}

gaze_status gaze_find_map(gaze_model *m, const char *name, const gaze_map_info **info)
{
    const gz_derived *map;
    for (size_t i = 0; i < m->n_maps; i++)
        if (strcmp(m->maps[i].name, name) == 0) {
            *info = &m->maps[i];
            return GAZE_OK;
        }
    GZ_TRY(gz_derived_find(m, name, &map));
    if (!map) return unknown(m, name);
    *info = &map->info;
    return GAZE_OK;
}
