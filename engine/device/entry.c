#include "entry.h"

#include <string.h>

enum { WORDS = 4 }; /* of a vector */

struct gz_entry {
    gz_call_form *calls;
    size_t count, memories, locals, vectors; /* as many as the call with the most has */
};

static bool is_memory(char kind) { return kind == 'p' || kind == 'l'; }

/* How many of the first n arguments are of this kind. */
static size_t count_kind(const char *kinds, size_t n, char kind)
{
    size_t count = 0;
    for (size_t i = 0; i < n; i++) count += kinds[i] == kind;
    return count;
}

/* Where the words of an argument begin, of which `word` is the first that is free: a ulong's two at an even
 * one. */
static size_t begin_at(char kind, size_t word) { return kind == 'u' ? (word + 1) / 2 * 2 : word; }

static size_t words_of(char kind) { return kind == 'u' ? 2 : !is_memory(kind); }

/* The first word that is free behind the first n arguments. */
static size_t words_before(const char *kinds, size_t n)
{
    size_t word = 1; /* behind the call's number */
    for (size_t i = 0; i < n; i++) word = begin_at(kinds[i], word) + words_of(kinds[i]);
    return word;
}

size_t gz_entry_word(const gz_call_form *call, size_t i)
{
    return begin_at(call->kinds[i], words_before(call->kinds, i));
}

static void keep_larger(size_t *most, size_t n)
{
    if (n > *most) *most = n;
}

size_t gz_call_find(const gz_call_form *calls, size_t count, const gz_call_form *call)
{
    size_t i = 0;
    while (i < count &&
           (strcmp(calls[i].kernel, call->kernel) != 0 || strcmp(calls[i].kinds, call->kinds) != 0))
        i++;
    return i;
}

bool gz_entry_has(const gz_entry *entry, const gz_call_form *call)
{
    return gz_call_find(entry->calls, entry->count, call) < entry->count;
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
        const char *kinds = calls[i].kinds;
        const size_t n = strlen(kinds);
        keep_larger(&entry->memories, count_kind(kinds, n, 'p'));
        keep_larger(&entry->locals, count_kind(kinds, n, 'l'));
        keep_larger(&entry->vectors, (words_before(kinds, n) + WORDS - 1) / WORDS);
    }
    *out = entry;
    return GAZE_OK;
}

static void write_argument(const gz_call_form *call, size_t i, gz_text *text)
{
    const char kind = call->kinds[i];
    if (is_memory(kind)) {
        gz_text_add(text, "%c%zu", kind, count_kind(call->kinds, i, kind));
        return;
    }
    const size_t word = gz_entry_word(call, i), vector = word / WORDS, at = word % WORDS;
    if (kind == 'u')
        gz_text_add(text, "as_ulong(v%zu.s%zu%zu)", vector, at, at + 1);
    else
        gz_text_add(text, kind == 'f' ? "as_float(v%zu.s%zu)" : "v%zu.s%zu", vector, at);
}

void gz_entry_write(const gz_entry *entry, gz_text *text)
{
    gz_text_add(text, "#line 1 \"entry\"\n__kernel __attribute__((reqd_work_group_size(1, 1, 1))) void %s(",
                GZ_ENTRY_KERNEL);
    for (size_t i = 0; i < entry->memories; i++) gz_text_add(text, "__global void *p%zu, ", i);
    for (size_t i = 0; i < entry->locals; i++) gz_text_add(text, "__local void *l%zu, ", i);
    for (size_t i = 0; i < entry->vectors; i++) gz_text_add(text, "%sint4 v%zu", i ? ", " : "", i);
    gz_text_add(
        text,
        ")\n{\n    const size_t at0 = get_global_id(0), at1 = get_global_id(1), at2 = get_global_id(2);\n"
        "    switch (v0.s0) {\n");
    for (size_t n = 0; n < entry->count; n++) {
        gz_text_add(text, "    case %zu: %s(at0, at1, at2", n, entry->calls[n].kernel);
        for (size_t i = 0; entry->calls[n].kinds[i]; i++) {
            gz_text_add(text, ", ");
            write_argument(&entry->calls[n], i, text);
        }
        gz_text_add(text, "); break;\n");
    }
    gz_text_add(text, "    }\n}\n");
}

cl_uint gz_entry_place(const gz_entry *entry, const gz_call_form *call, size_t i)
{
    const char kind = call->kinds[i];
    return (cl_uint)((kind == 'l' ? entry->memories : 0) + count_kind(call->kinds, i, kind));
}

/* An argument that isn't set is an error. */
static cl_int set_nothing(const gz_entry *entry, const gz_call_form *call, cl_kernel kernel)
{
    cl_int code = CL_SUCCESS;
    const size_t n = strlen(call->kinds);
    for (size_t i = count_kind(call->kinds, n, 'p'); i < entry->memories && code == CL_SUCCESS; i++)
        code = clSetKernelArg(kernel, (cl_uint)i, sizeof(cl_mem), NULL);
    for (size_t i = count_kind(call->kinds, n, 'l'); i < entry->locals && code == CL_SUCCESS; i++)
        code = clSetKernelArg(kernel, (cl_uint)(entry->memories + i), sizeof(cl_float), NULL);
    return code;
}

gaze_status gz_entry_fill(const gz_entry *entry, const gz_call_form *call, const cl_int words[GZ_ENTRY_WORDS],
                          cl_kernel kernel)
{
    cl_int code = set_nothing(entry, call, kernel);
    for (size_t i = 0; i < entry->vectors && code == CL_SUCCESS; i++) {
        cl_int4 vector;
        memcpy(&vector, words + i * WORDS, sizeof vector);
        if (i == 0) vector.s[0] = (cl_int)gz_call_find(entry->calls, entry->count, call);
        code = clSetKernelArg(kernel, (cl_uint)(entry->memories + entry->locals + i), sizeof vector, &vector);
    }
    return gz_cl_check(code, "clSetKernelArg of the call of kernel %s (%s.cl)", call->kernel, call->stem);
}
