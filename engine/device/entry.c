#include "entry.h"

#include <string.h>

enum { N_KINDS = sizeof GZ_ENTRY_KINDS - 1 };

struct gz_entry {
    gz_call_form *calls;
    size_t count, most[N_KINDS]; /* arguments of each kind that a call has */
};

static size_t kind_of(char letter) { return (size_t)(strchr(GZ_ENTRY_KINDS, letter) - GZ_ENTRY_KINDS); }

/* How many of the first n arguments are of this kind. */
static size_t count_kind(const char *kinds, size_t n, size_t kind)
{
    size_t count = 0;
    for (size_t i = 0; i < n; i++) count += kinds[i] == GZ_ENTRY_KINDS[kind];
    return count;
}

static size_t number_of(const gz_entry *entry, const gz_call_form *call)
{
    size_t i = 0;
    while (i < entry->count && (strcmp(entry->calls[i].kernel, call->kernel) != 0 ||
                                strcmp(entry->calls[i].kinds, call->kinds) != 0))
        i++;
    return i;
}

bool gz_entry_has(const gz_entry *entry, const gz_call_form *call)
{
    return number_of(entry, call) < entry->count;
}

static gaze_status copy_call(gz_arena *arena, const gz_call_form *from, gz_call_form *to)
{
    *to = (gz_call_form){gz_arena_copy(arena, from->stem), gz_arena_copy(arena, from->kernel),
                         gz_arena_copy(arena, from->kinds)};
    return to->stem && to->kernel && to->kinds ? GAZE_OK : GAZE_ERROR_DEVICE;
}

gaze_status gz_entry_make(gz_arena *arena, const gz_call_form *calls, size_t count, const gz_entry **out)
{
    gz_entry *entry = gz_arena_allocate(arena, sizeof *entry);
    if (!entry) return GAZE_ERROR_DEVICE;
    *entry = (gz_entry){.calls = gz_arena_allocate(arena, count * sizeof *entry->calls), .count = count};
    if (!entry->calls) return GAZE_ERROR_DEVICE;
    for (size_t i = 0; i < count; i++) {
        GZ_TRY(copy_call(arena, &calls[i], &entry->calls[i]));
        for (size_t kind = 0; kind < N_KINDS; kind++) {
            const size_t n = count_kind(calls[i].kinds, strlen(calls[i].kinds), kind);
            if (n > entry->most[kind]) entry->most[kind] = n;
        }
    }
    *out = entry;
    return GAZE_OK;
}

void gz_entry_write(const gz_entry *entry, gz_text *text)
{
    static const char *const types[N_KINDS] = {"__global void *", "__local void *", "int ", "ulong ",
                                               "float "};
    gz_text_add(
        text, "#line 1 \"entry\"\n__kernel __attribute__((reqd_work_group_size(1, 1, 1))) void %s(int number",
        GZ_ENTRY_KERNEL);
    for (size_t kind = 0; kind < N_KINDS; kind++)
        for (size_t i = 0; i < entry->most[kind]; i++)
            gz_text_add(text, ", %s%c%zu", types[kind], GZ_ENTRY_KINDS[kind], i);
    gz_text_add(text, ")\n{\n    switch (number) {\n");
    for (size_t n = 0; n < entry->count; n++) {
        const char *kinds = entry->calls[n].kinds;
        gz_text_add(text, "    case %zu: %s(", n, entry->calls[n].kernel);
        for (size_t i = 0; kinds[i]; i++)
            gz_text_add(text, "%s%c%zu", i ? ", " : "", kinds[i], count_kind(kinds, i, kind_of(kinds[i])));
        gz_text_add(text, "); break;\n");
    }
    gz_text_add(text, "    }\n}\n");
}

/* Where the i-th argument of a kind stands. */
static cl_uint place_of(const gz_entry *entry, size_t kind, size_t i)
{
    size_t at = 1 + i;
    for (size_t k = 0; k < kind; k++) at += entry->most[k];
    return (cl_uint)at;
}

cl_uint gz_entry_place(const gz_entry *entry, const gz_call_form *call, size_t i)
{
    const size_t kind = kind_of(call->kinds[i]);
    return place_of(entry, kind, count_kind(call->kinds, i, kind));
}

/* What a call leaves out is nothing: an argument that isn't set is an error. */
static cl_int set_nothing(cl_kernel kernel, cl_uint at, char kind)
{
    const cl_ulong zero = 0;
    switch (kind) {
    case 'p': return clSetKernelArg(kernel, at, sizeof(cl_mem), NULL);
    case 'l': return clSetKernelArg(kernel, at, sizeof(cl_float), NULL);
    case 'i': return clSetKernelArg(kernel, at, sizeof(cl_int), &zero);
    case 'u': return clSetKernelArg(kernel, at, sizeof(cl_ulong), &zero);
    default: return clSetKernelArg(kernel, at, sizeof(cl_float), &zero);
    }
}

gaze_status gz_entry_fill(const gz_entry *entry, const gz_call_form *call, cl_kernel kernel)
{
    const cl_int number = (cl_int)number_of(entry, call);
    cl_int code = clSetKernelArg(kernel, 0, sizeof number, &number);
    for (size_t kind = 0; kind < N_KINDS && code == CL_SUCCESS; kind++)
        for (size_t i = count_kind(call->kinds, strlen(call->kinds), kind);
             i < entry->most[kind] && code == CL_SUCCESS; i++)
            code = set_nothing(kernel, place_of(entry, kind, i), GZ_ENTRY_KINDS[kind]);
    return gz_cl_check(code, "clSetKernelArg of the call of kernel %s (%s.cl)", call->kernel, call->stem);
}
