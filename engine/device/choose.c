#include "choose.h"
#include "../base/text.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static bool is_type(const gz_found *found, const char *type)
{
    return found->info.name && strcmp(found->info.type, type) == 0;
}

/* Higher is better; 0 can't be used. Where nothing was measured. */
static int preference(const gz_found *found)
{
    if (!found->info.usable) return 0;
    if (is_type(found, "gpu")) return 3;
    return is_type(found, "cpu") ? 2 : 1;
}

/* Of those that were measured; NULL: none was. */
static const gz_found *fastest_of(const gz_probe *probe)
{
    const gz_found *best = NULL;
    for (size_t i = 0; i < probe->count; i++) {
        const gz_found *found = &probe->found[i];
        if (found->info.usable && found->ms > 0 && (!best || found->ms < best->ms)) best = found;
    }
    return best;
}

static const gz_found *best_of(const gz_probe *probe)
{
    const gz_found *best = fastest_of(probe);
    if (best) return best;
    for (size_t i = 0; i < probe->count; i++)
        if (preference(&probe->found[i]) > (best ? preference(best) : 0)) best = &probe->found[i];
    return best;
}

/* In words about the product of matrices that is measured. */
static const char *measured_reason(gz_probe *probe, const gz_found *found, const gz_found *best)
{
    const char *kept = probe->measured_in;
    if (found == best)
        return gz_arena_format(probe->arena,
                               "the fastest: %.3g ms for a product of matrices, measured once%s%s", found->ms,
                               kept ? " and kept in " : "", kept ? kept : "");
    if (found->ms > 0)
        return gz_arena_format(probe->arena, "%.3g ms for the product that takes device %zu %.3g ms",
                               found->ms, best->info.index, best->ms);
    if (!found->failed)
        return gz_arena_format(probe->arena, "not measured yet, unlike device %zu", best->info.index);
    return gz_arena_format(probe->arena, "its measurement failed: %s%s%s", found->failed,
                           kept ? "; to measure again, remove " : "", kept ? kept : "");
}

static const char *reason_of(gz_probe *probe, const gz_found *found, const gz_found *best)
{
    if (best->ms > 0) return measured_reason(probe, found, best);
    const char *type = found->info.type, *other = best->info.type;
    if (found != best && preference(found) == preference(best))
        return gz_arena_format(probe->arena, "device %zu is a %s too and comes first", best->info.index,
                               other);
    if (found != best)
        return gz_arena_format(probe->arena, "a %s (device %zu) goes before a %s", other, best->info.index,
                               type);
    if (is_type(found, "gpu")) return "the first GPU that can be used";
    return gz_arena_format(probe->arena, "no GPU can be used, this is the first %s",
                           is_type(found, "cpu") ? "CPU" : type);
}

gaze_status gz_choose_auto(gz_probe *probe)
{
    const gz_found *best = best_of(probe);
    for (size_t i = 0; best && i < probe->count; i++) {
        gz_found *found = &probe->found[i];
        if (!found->info.usable) continue;
        found->info.chosen = found == best;
        found->info.reason = reason_of(probe, found, best);
        if (!found->info.reason) return GAZE_ERROR_DEVICE;
    }
    return GAZE_OK;
}

/* "; there is: 0 (0:0) 'name' (cpu, platform); ..." */
static void add_list(gz_text *text, const gz_probe *probe)
{
    gz_text_add(text, "; there is:");
    for (size_t i = 0; i < probe->count; i++) {
        const gz_found *found = &probe->found[i];
        const gaze_device_info *info = &found->info;
        gz_text_add(text, i ? "; " : " ");
        if (info->name)
            gz_text_add(text, "%zu (%zu:%zu) '%s' (%s, %s)", info->index, info->platform_index,
                        found->in_platform, info->name, info->type, info->platform);
        else
            gz_text_add(text, "platform %zu '%s'", info->platform_index, info->platform);
        if (!info->usable) gz_text_add(text, ", not usable: %s", info->reason);
    }
}

static gaze_status refuse(const gz_probe *probe, const char *words, const char *why)
{
    gz_text text = {0};
    char *list;
    add_list(&text, probe);
    GZ_TRY(gz_text_take(&text, &list));
    const gaze_status status = gz_fail(GAZE_ERROR_DEVICE, "device '%s': %s%s", words, why, list);
    free(list);
    return status;
}

static gaze_status take(const gz_probe *probe, const char *words, const gz_found *found, const gz_found **out)
{
    if (!found->info.usable) return refuse(probe, words, "it can't be used");
    *out = found;
    return GAZE_OK;
}

static const gz_found *first_usable(const gz_probe *probe, const char *type)
{
    for (size_t i = 0; i < probe->count; i++)
        if (probe->found[i].info.usable && is_type(&probe->found[i], type)) return &probe->found[i];
    return NULL;
}

static const gz_found *by_index(const gz_probe *probe, size_t index)
{
    for (size_t i = 0; i < probe->count; i++)
        if (probe->found[i].info.name && probe->found[i].info.index == index) return &probe->found[i];
    return NULL;
}

static const gz_found *by_pair(const gz_probe *probe, size_t platform, size_t in_platform)
{
    for (size_t i = 0; i < probe->count; i++) {
        const gz_found *found = &probe->found[i];
        if (found->info.name && found->info.platform_index == platform && found->in_platform == in_platform)
            return found;
    }
    return NULL;
}

/* "1:0" */
static bool parse_pair(const char *words, size_t *platform, size_t *in_platform)
{
    char *end;
    if (!isdigit((unsigned char)words[0])) return false;
    *platform = (size_t)strtoul(words, &end, 10);
    return *end == ':' && gz_parse_size(end + 1, in_platform);
}

static bool contains(const char *text, const char *part)
{
    const size_t length = strlen(part);
    for (; *text; text++)
        if (strncasecmp(text, part, length) == 0) return true;
    return false;
}

/* A whole name goes before parts; of parts of a name there must be one. */
static gaze_status by_name(const gz_probe *probe, const char *words, const gz_found **out)
{
    const gz_found *match = NULL;
    size_t matches = 0;
    for (size_t i = 0; i < probe->count; i++) {
        const gz_found *found = &probe->found[i];
        if (!found->info.name) continue;
        if (strcasecmp(found->info.name, words) == 0) return take(probe, words, found, out);
        if (!contains(found->info.name, words) && !contains(found->info.platform, words)) continue;
        match = found;
        matches++;
    }
    if (matches == 1) return take(probe, words, match, out);
    return refuse(probe, words,
                  matches ? "more than one name contains this" : "no device has this name, type or number");
}

static gaze_status choose_words(const gz_probe *probe, const char *words, const gz_found **out)
{
    size_t index, platform;
    const gz_found *found;
    if (strcmp(words, "auto") == 0)
        found = best_of(probe);
    else if (strcmp(words, "cpu") == 0 || strcmp(words, "gpu") == 0)
        found = first_usable(probe, words);
    else if (gz_parse_size(words, &index))
        found = by_index(probe, index);
    else if (parse_pair(words, &platform, &index))
        found = by_pair(probe, platform, index);
    else
        return by_name(probe, words, out);
    return found ? take(probe, words, found, out) : refuse(probe, words, "there is none that can be used");
}

static const char *meant(const char *words)
{
    if (!words || !words[0]) words = getenv("GAZE_DEVICE");
    return words && words[0] ? words : "auto";
}

bool gz_choose_is_auto(const char *words) { return strcmp(meant(words), "auto") == 0; }

/* The ICD loader's own code says that nothing is installed. */
static gaze_status refuse_none(const gz_probe *probe)
{
    enum { PLATFORM_NOT_FOUND_KHR = -1001 };
    if (probe->failed_call && probe->code != PLATFORM_NOT_FOUND_KHR)
        return gz_fail(
            GAZE_ERROR_DEVICE,
            "OpenCL does not work here: %s: %s (%d). A driver that fails may need a restart, its kernel "
            "module or a matching version; OCL_ICD_VENDORS=FILE.icd leaves the others out",
            probe->failed_call, gz_cl_error_name(probe->code), (int)probe->code);
    return gz_fail(
        GAZE_ERROR_DEVICE,
        "no OpenCL platform is installed. For CPUs: apt-get install pocl-opencl-icd. For GPUs: the "
        "vendor's ICD (nvidia-opencl-icd, mesa-opencl-icd or rocm-opencl-icd, intel-opencl-icd)");
}

gaze_status gz_choose(const gz_probe *probe, const char *words, const gz_found **out)
{
    words = meant(words);
    if (probe->count == 0) return refuse_none(probe);
    return choose_words(probe, words, out);
}
