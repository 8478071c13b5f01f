#include "source.h"
#include "../base/embedded.h"
#include "../base/file.h"
#include "../base/text.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_FILES = 256, MAX_DEPTH = 8, MAX_FILE_BYTES = 16 << 20 };

typedef struct assembly {
    gz_arena *arena;
    gz_text text;
    const char *folder;          /* $GAZE_KERNEL_DIR, or NULL */
    const char *seen[MAX_FILES]; /* names of files that are in already */
    size_t n_seen;
    bool joined; /* several .cl files in one program */
} assembly;

static const gz_embedded_file *find_embedded(const char *name)
{
    for (size_t i = 0; i < gz_n_embedded_kernels; i++)
        if (strcmp(gz_embedded_kernels[i].name, name) == 0) return &gz_embedded_kernels[i];
    return NULL;
}

static gaze_status unknown_file(const assembly *a, const char *name, const char *from)
{
    return gz_fail(GAZE_ERROR_DEVICE, "kernel source %s%s%s: there is no such file in %s%sthe library", name,
                   from ? ", included by " : "", from ? from : "", a->folder ? a->folder : "",
                   a->folder ? " (GAZE_KERNEL_DIR) or in " : "");
}

/* The file's text in the arena, ended by a zero. */
static gaze_status load(assembly *a, const char *name, const char *from, const char **text)
{
    const char *path = a->folder ? gz_path_join(a->arena, a->folder, name) : NULL;
    if (a->folder && !path) return GAZE_ERROR_DEVICE;
    gz_file_kind kind = GZ_NOTHING;
    if (path) GZ_TRY(gz_file_look(path, &kind));
    if (kind == GZ_FILE) {
        char *bytes;
        size_t size;
        GZ_TRY(gz_file_read(path, MAX_FILE_BYTES, &bytes, &size));
        *text = gz_arena_copy(a->arena, bytes);
        free(bytes);
        return *text ? GAZE_OK : GAZE_ERROR_DEVICE;
    }
    const gz_embedded_file *source = find_embedded(name);
    if (!source) return unknown_file(a, name, from);
    *text = (const char *)source->bytes;
    return GAZE_OK;
}

/* The name in `# include "name"`, in the arena; NULL when the line is none. */
static const char *included_name(assembly *a, const char *line, size_t length)
{
    const char *end = line + length, *c = line;
    while (c < end && (*c == ' ' || *c == '\t')) c++;
    if (c == end || *c++ != '#') return NULL;
    while (c < end && (*c == ' ' || *c == '\t')) c++;
    if (end - c < 7 || memcmp(c, "include", 7) != 0) return NULL;
    const char *open = memchr(c, '"', (size_t)(end - c));
    const char *close = open ? memchr(open + 1, '"', (size_t)(end - open - 1)) : NULL;
    if (!close) return NULL;
    char *name = gz_arena_allocate(a->arena, (size_t)(close - open));
    if (name) memcpy(name, open + 1, (size_t)(close - open - 1));
    return name;
}

static bool begins_function(const char *line)
{
    return strncmp(line, "static ", 7) == 0 || strncmp(line, "GAZE_APART ", 11) == 0;
}

/* The name that a line defines, in `*length` characters: of a macro, or of a static function of the file;
 * NULL if none. */
static const char *defined_name(const char *line, size_t *length)
{
    if (strncmp(line, "#define ", 8) == 0) {
        const char *name = line + 8 + strspn(line + 8, " ");
        *length = strcspn(name, "( \t\r\n");
        return name;
    }
    if (!begins_function(line)) return NULL;
    const char *end = line + strcspn(line, "(\n"), *name = end;
    while (name > line && (isalnum((unsigned char)name[-1]) || name[-1] == '_')) name--;
    *length = (size_t)(end - name);
    return *end == '(' && *length ? name : NULL;
}

/* Two files may each have a static function of one name: it gets the file's name, by a macro that holds to
 * the file's end. */
static void add_local_name(assembly *a, const char *file, const char *line, size_t number)
{
    size_t length;
    const char *name = begins_function(line) ? defined_name(line, &length) : NULL;
    if (!name) return;
    const int n = (int)length, stem = (int)strcspn(file, ".");
    gz_text_add(&a->text, "#undef %.*s\n#define %.*s %.*s_of_%.*s\n", n, name, n, name, n, name, stem, file);
    gz_text_add(&a->text, "#line %zu \"%s\"\n", number, file);
}

/* What the file defined says nothing about the files after it. */
static void forget_names(assembly *a, const char *source)
{
    size_t length;
    for (const char *line = source; line; line = strchr(line, '\n')) {
        line += *line == '\n';
        const char *name = defined_name(line, &length);
        if (name) gz_text_add(&a->text, "#undef %.*s\n", (int)length, name);
    }
}

static gaze_status add_file(assembly *a, const char *name, const char *from, int depth);

static gaze_status add_include(assembly *a, const char *name, const char *from, int depth)
{
    return gz_is_among(a->seen, a->n_seen, name) ? GAZE_OK : add_file(a, name, from, depth + 1);
}

/* #line keeps the compiler's messages true to the files. */
static gaze_status add_file(assembly *a, const char *name, const char *from, int depth)
{
    const char *text = "";
    size_t number = 1;
    bool continued = false;
    if (depth > MAX_DEPTH || a->n_seen == MAX_FILES)
        return gz_fail(GAZE_ERROR_DEVICE, "kernel source %s: more than %d files or %d levels of #include",
                       name, MAX_FILES, MAX_DEPTH);
    a->seen[a->n_seen++] = name;
    GZ_TRY(load(a, name, from, &text));
    gz_text_add(&a->text, "#line 1 \"%s\"\n", name);
    for (; *text; number++) {
        const size_t length = strcspn(text, "\n");
        const char *included = included_name(a, text, length);
        if (included) {
            GZ_TRY(add_include(a, included, name, depth));
            gz_text_add(&a->text, "#line %zu \"%s\"\n", number + 1, name);
        } else {
            if (a->joined && !from && !continued) add_local_name(a, name, text, number);
            gz_text_add(&a->text, "%.*s\n", (int)length, text);
        }
        continued = length && text[length - 1] == '\\'; /* a macro goes on */
        text += length + (text[length] == '\n');
    }
    return GAZE_OK;
}

static gaze_status find_folder(assembly *a)
{
    a->folder = getenv("GAZE_KERNEL_DIR");
    if (!a->folder || !a->folder[0]) a->folder = NULL;
    if (!a->folder) return GAZE_OK;
    gz_file_kind kind;
    GZ_TRY(gz_file_look(a->folder, &kind));
    if (kind != GZ_FOLDER) return gz_fail(GAZE_ERROR_USAGE, "GAZE_KERNEL_DIR=%s: is not a folder", a->folder);
    return GAZE_OK;
}

static gaze_status add_joined_files(assembly *a, const char *stems)
{
    a->joined = true;
    for (const char *stem = stems; *stem; stem += *stem == GZ_STEMS_JOINT[0]) {
        const size_t length = strcspn(stem, GZ_STEMS_JOINT);
        const char *name = gz_arena_format(a->arena, "%.*s.cl", (int)length, stem);
        if (!name) return GAZE_ERROR_DEVICE;
        const gz_embedded_file *source = find_embedded(name);
        if (!source) return unknown_file(a, name, NULL);
        GZ_TRY(add_file(a, name, NULL, 0));
        forget_names(a, (const char *)source->bytes);
        stem += length;
    }
    return GAZE_OK;
}

static gaze_status add_stem(assembly *a, const char *stem)
{
    const char *name = gz_arena_format(a->arena, "%s.cl", stem);
    if (!name) return GAZE_ERROR_DEVICE;
    GZ_TRY(find_folder(a));
    return add_file(a, name, NULL, 0);
}

bool gz_source_is_embedded(const char *stem)
{
    char name[128];
    const int length = snprintf(name, sizeof name, "%s.cl", stem);
    return length > 0 && (size_t)length < sizeof name && find_embedded(name);
}

gaze_status gz_source_assemble(const char *stem, char **text, size_t *length)
{
    gaze_status status;
    assembly a = {0};
    GZ_TRY(gz_arena_create(&a.arena));
    GZ_GO(strpbrk(stem, GZ_STEMS_JOINT) ? add_joined_files(&a, stem) : add_stem(&a, stem));
    *length = a.text.length;
    GZ_GO(gz_text_take(&a.text, text));
done:
    if (status != GAZE_OK) free(a.text.chars);
    gz_arena_destroy(a.arena);
    return status;
}
