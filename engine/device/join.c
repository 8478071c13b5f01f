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

void gz_device_expect(gz_device *device, const char *const *stems, size_t count)
{
    gz_text joined = {0};
    gz_program *program;
    size_t n = 0;
    for (size_t i = 0; i < count; i++) {
        if (!may_join(device, stems[i]) || gz_program_joined(device, stems[i])) continue;
        if (joined.chars && is_joined(joined.chars, stems[i])) continue;
        gz_text_add(&joined, "%s%s", n++ ? GZ_STEMS_JOINT : "", stems[i]);
    }
    if (n > 1 && joined.status == GAZE_OK &&
        gz_program_add(device, joined.chars, "", NULL, 0, &program) != GAZE_OK)
        give_up_joining(device);
    free(joined.chars);
}

static gz_program *find_entry(const gz_device *device, const gz_call_form *call)
{
    gz_program *p = device->programs;
    while (p && (!p->entry || !is_joined(p->stem, call->stem) || !gz_entry_has(p->entry, call))) p = p->next;
    return p;
}

static bool is_among(const gz_call_form *calls, size_t count, const gz_call_form *call)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(calls[i].kernel, call->kernel) == 0 && strcmp(calls[i].kinds, call->kinds) == 0)
            return true;
    return false;
}

/* Fewer than FEW kernels are compiled as fast by themselves, and their program serves other plans too. */
static gaze_status join_calls(gz_device *device, const gz_call_form *calls, size_t count, gz_call_form *some)
{
    enum { FEW = 4 };
    gz_text stems = {0};
    gz_program *program;
    size_t n = 0;
    for (size_t i = 0; i < count; i++) {
        if (!may_join(device, calls[i].stem) || find_entry(device, &calls[i]) || is_among(some, n, &calls[i]))
            continue;
        if (!stems.chars || !is_joined(stems.chars, calls[i].stem))
            gz_text_add(&stems, "%s%s", n ? GZ_STEMS_JOINT : "", calls[i].stem);
        some[n++] = calls[i];
    }
    gaze_status status = stems.status;
    if (n >= FEW && status == GAZE_OK) status = gz_program_add(device, stems.chars, "", some, n, &program);
    free(stems.chars);
    return status;
}

void gz_device_expect_calls(gz_device *device, const gz_call_form *calls, size_t count)
{
    gz_call_form *some;
    gaze_status status = gz_allocate(count, sizeof *some, &some);
    if (status == GAZE_OK) status = join_calls(device, calls, count, some);
    if (status != GAZE_OK) give_up_joining(device);
    free(some);
}

bool gz_device_has_entry(const gz_device *device, const gz_call_form *call)
{
    return find_entry(device, call) != NULL;
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
