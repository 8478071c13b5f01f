/* What a plan will ask for, in fewer programs and kernels. */
#include "compile.h"
#include "program_parts.h"
#include "source.h"

#include <stdlib.h>
#include <string.h>

/* Each program costs PoCL 20 ms at a start with a warm cache, and the more source it has, the longer each of
   its kernels takes to compile at the first: the files of a plan become one program. (`gaze predict` of
   000-fashion-attention, first start and later ones, in s, when kernels took three times as long to compile:
   a program a file 5.0 and 0.21, all files of the library in one 5.9 and 0.14, those of the plan 4.6 and
   0.11.) Sources that someone wants to see or to replace stay apart. */
static bool may_join(const gz_device *device, const char *stem)
{
    const char *folder = getenv("GAZE_KERNEL_DIR"), *dump = getenv("GAZE_DUMP_PROGRAMS");
    return gz_cache_kind_of(device->cache) == GZ_CACHE_DRIVER && !device->alone && !(folder && folder[0]) &&
           !(dump && dump[0]) && gz_source_is_embedded(stem);
}

/* Is the stem one of those that are joined? */
static bool is_joined(const char *joined, const char *stem)
{
    const size_t length = strlen(stem);
    for (const char *s = joined; *s; s += *s == GZ_STEMS_JOINT[0]) {
        const size_t n = strcspn(s, GZ_STEMS_JOINT);
        if (n == length && memcmp(s, stem, n) == 0) return true;
        s += n;
    }
    return false;
}

/* Of a stem without options: alone or with others. */
gz_program *gz_program_joined(const gz_device *device, const char *stem)
{
    gz_program *p = device->programs;
    while (p && (p->options[0] || p->entry || !is_joined(p->stem, stem))) p = p->next;
    return p;
}

/* The reason is the thread's message. */
static void give_up_joining(gz_device *device)
{
    device->alone = true;
    if (!gz_compiler_hangs(device))
        gz_device_log(device, GAZE_LOG_WARNING, "each kernel file becomes a program: %s", gaze_message());
}

static gz_program *find_entry(const gz_device *device, const gz_call_form *call)
{
    gz_program *p = device->programs;
    while (p &&
           (!p->entry || !call->kinds || !is_joined(p->stem, call->stem) || !gz_entry_has(p->entry, call)))
        p = p->next;
    return p;
}

/* Those that an entry can have and none has, each once. */
static size_t new_calls(const gz_device *device, const gz_call_form *calls, size_t count, gz_call_form *some)
{
    size_t n = 0;
    for (size_t i = 0; i < count; i++)
        if (calls[i].kinds && may_join(device, calls[i].stem) && !find_entry(device, &calls[i]) &&
            gz_call_find(some, n, &calls[i]) == n)
            some[n++] = calls[i];
    return n;
}

/* The files of some calls, joined; *n: how many. only_new: not those whose kernels are in a program already.
 */
static gaze_status join_stems(const gz_device *device, const gz_call_form *calls, size_t count, bool only_new,
                              char **stems, size_t *n)
{
    gz_text text = {0};
    *n = 0;
    for (size_t i = 0; i < count; i++) {
        const char *stem = calls[i].stem;
        if (!may_join(device, stem) || (text.chars && is_joined(text.chars, stem))) continue;
        if (only_new && (find_entry(device, &calls[i]) || gz_program_joined(device, stem))) continue;
        gz_text_add(&text, "%s%s", (*n)++ ? GZ_STEMS_JOINT : "", stem);
    }
    return gz_text_take(&text, stems);
}

/* An entry is for the first plan of these files, and is taken again where it was taken before. Another plan
   of the same files (other batches, a layer more) shares most kernels with the plans before it, but no entry.
   Keys in the cache say what was there; no kernel is known to be compiled by that. */
static gaze_status build_entry(gz_device *device, gz_program *entry, const char *all_stems)
{
    gaze_status status = GAZE_OK;
    gz_program *apart = NULL;
    if (!gz_cache_has(device->cache, &entry->key)) {
        GZ_GO(gz_program_prepare(device, all_stems, "", NULL, 0, &apart));
        if (gz_cache_has(device->cache, &apart->key)) goto done;
        gz_program_store(device, entry, "", 0);
        gz_program_store(device, apart, "", 0);
    }
    status = gz_program_build(device, entry);
    entry = NULL;
done:
    gz_program_drop(entry);
    gz_program_drop(apart);
    return status;
}

/* Fewer than FEW kernels are compiled as fast by themselves, and their program serves other plans too. */
static gaze_status expect_entry(gz_device *device, const gz_call_form *calls, size_t count)
{
    enum { FEW = 4 };
    gaze_status status = GAZE_OK;
    gz_call_form *some;
    gz_program *entry;
    char *stems = NULL, *all_stems = NULL;
    size_t n;
    GZ_TRY(gz_allocate(count, sizeof *some, &some));
    const size_t n_calls = new_calls(device, calls, count, some);
    if (n_calls < FEW) goto done;
    GZ_GO(join_stems(device, some, n_calls, false, &stems, &n));
    GZ_GO(join_stems(device, calls, count, false, &all_stems, &n));
    GZ_GO(gz_program_prepare(device, stems, "", some, n_calls, &entry));
    GZ_GO(build_entry(device, entry, all_stems));
done:
    free(all_stems);
    free(stems);
    free(some);
    return status;
}

static gaze_status expect_joined(gz_device *device, const gz_call_form *calls, size_t count)
{
    gz_program *program;
    char *stems;
    size_t n;
    GZ_TRY(join_stems(device, calls, count, true, &stems, &n));
    gaze_status status = n > 1 ? gz_program_prepare(device, stems, "", NULL, 0, &program) : GAZE_OK;
    if (n > 1 && status == GAZE_OK) status = gz_program_build(device, program);
    free(stems);
    return status;
}

void gz_device_expect(gz_device *device, const gz_call_form *calls, size_t count)
{
    if (expect_entry(device, calls, count) != GAZE_OK || expect_joined(device, calls, count) != GAZE_OK)
        give_up_joining(device);
}

gaze_status gz_device_entry(gz_device *device, const gz_call_form *call, const gz_entry **entry,
                            cl_kernel *out)
{
    cl_int code;
    gz_program *program = find_entry(device, call);
    *entry = NULL;
    if (!program) return GAZE_OK;
    GZ_TRY(gz_device_check_process());
    cl_kernel made = clCreateKernel(program->program, GZ_ENTRY_KERNEL, &code);
    GZ_TRY(gz_cl_check(code, "clCreateKernel of the entry of program '%s'", program->stem));
    gz_program_note_kernel(device, program, GZ_ENTRY_KERNEL);
    *out = made;
    *entry = program->entry;
    return GAZE_OK;
}
