/* dump_attention: where a model looks, as raw arrays and as pictures. */
#include "commands.h"
#include "dump.h"

#include <stdarg.h>

static const char command[] = "dump_attention";

/* What went wrong in this program rather than in the library. */
static char problem[512];

gaze_status dump_fail(gaze_status status, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    vsnprintf(problem, sizeof problem, format, list);
    va_end(list);
    return status;
}

gaze_status dump_no_memory(void) { return dump_fail(GAZE_ERROR_DEVICE, "out of host memory"); }

size_t dump_elements(const gaze_array *array)
{
    size_t count = 1;
    for (size_t i = 0; i < array->rank; i++) count *= array->shape[i];
    return count;
}

void dump_print(void *user, const char *path, const char *note)
{
    const dump_arguments *a = user;
    if (note) fprintf(stderr, "%s: %s\n", command, note);
    if (!a->tool.json) {
        if (path) printf("%s\n", path);
        return;
    }
    printf("{\"file\": ");
    tool_json_text(stdout, path);
    printf(", \"note\": ");
    tool_json_text(stdout, note);
    printf("}\n");
}

static void print_shape(const gaze_map_info *map, const char *open)
{
    for (size_t k = 0; k < map->rank; k++)
        if (map->shape[k])
            printf("%s%zu", k ? ", " : "", map->shape[k]);
        else
            printf("%s%s", k ? ", " : "", open);
}

static void print_json(const gaze_map_info *map)
{
    printf("{\"name\": ");
    tool_json_text(stdout, map->name);
    printf(", \"shape\": [");
    print_shape(map, "null");
    printf("], \"kind\": ");
    tool_json_text(stdout, map->kind);
    printf(", \"layer\": ");
    tool_json_text(stdout, map->layer);
    printf(", \"axes\": ");
    tool_json_text(stdout, gaze_map_axes_name(map->axes));
    printf(", \"meaning\": ");
    tool_json_text(stdout, map->meaning);
    printf("}\n");
}

static gaze_status print_maps(const dump_arguments *a, gaze_model *model)
{
    const gaze_map_info *maps;
    const size_t count = gaze_model_maps(model, &maps);
    for (size_t i = 0; i < count; i++) {
        if (a->tool.json) {
            print_json(&maps[i]);
            continue;
        }
        printf("%s\t[", maps[i].name);
        print_shape(&maps[i], "any");
        printf("]\t%s\t%s\n", maps[i].kind, maps[i].meaning);
    }
    if (count) return GAZE_OK;
    const bool grad_cam = gaze_find_map(model, "gradcam", &maps) == GAZE_OK;
    fprintf(stderr, "%s: the model '%s' has no map%s\n", command, gaze_model_name(model),
            grad_cam ? " of its own; --map gradcam is worked out from it" : "");
    return GAZE_OK;
}

static gaze_status open_and_dump(dump_arguments *a)
{
    gaze_context *context = NULL;
    gaze_model *model = NULL;
    const gaze_model_options opening = {
        .weights = a->weights, .no_weights = a->list, .seed = a->seed, .adapt = a->adapt};
    if (a->list) a->tool.reference = true; /* shapes need no device */
    gaze_status status = dump_read_tokens(a);
    if (status == GAZE_OK) status = tool_context(&a->tool, false, &context);
    if (status == GAZE_OK) status = gaze_model_open(context, a->model, &opening, &model);
    if (status == GAZE_OK)
        status = a->list ? print_maps(a, model) : a->n_files ? dump_inputs(a, model) : dump_samples(a, model);
    gaze_close(model);
    gaze_context_destroy(context);
    dump_free_tokens(a);
    return status;
}

int main(int argc, char **argv)
{
    static dump_arguments a;
    tool_parse(&parser_dump_attention, command, argc, argv, &a);
    gaze_status status = open_and_dump(&a);
    if ((fflush(stdout) || ferror(stdout)) && status == GAZE_OK)
        status = dump_fail(GAZE_ERROR_DATA, "the names of the files cannot be written to standard output");
    if (status != GAZE_OK) fprintf(stderr, "%s: %s\n", command, *problem ? problem : gaze_message());
    return (int)status;
}
