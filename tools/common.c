#include "common.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { DEVICE = 'd', QUIET = 'q', VERBOSE = 'v', REFERENCE = 0x1000, JSON, PLUGIN, MEMORY_LIMIT };

static const struct argp_option options[] = {
    {"device", DEVICE, "DEVICE", 0,
     "one of auto, cpu, gpu; or a number of 'gaze devices', platform:device, or part of a name (auto)", 10},
    {"reference", REFERENCE, NULL, 0, "the C reference in double precision in place of OpenCL", 10},
    {"plugin", PLUGIN, "FILE", 0,
     "a shared library with attention kinds; may be given again ($GAZE_PLUGINS too)", 10},
    {"memory-limit", MEMORY_LIMIT, "SIZE", 0, "refuse what needs more device memory: bytes, or 512MiB, 1GiB",
     10},
    {"json", JSON, NULL, 0, "results as JSON, one object a line", 10},
    {"quiet", QUIET, NULL, 0, "no log and no bar", 10},
    {"verbose", VERBOSE, NULL, 0, "more log", 10},
    {0},
};

static char program[64] = "gaze"; /* what messages begin with */

static void keep_plugin(const struct argp_state *state, tool_options *o, const char *path)
{
    if (o->n_plugins == TOOL_MOST_PLUGINS) argp_error(state, "more than %d plugins", TOOL_MOST_PLUGINS);
    o->plugins[o->n_plugins++] = path;
}

/* "1073741824", "1024MiB", "1GiB" */
static size_t bytes(const struct argp_state *state, const char *text)
{
    static const char *const units[] = {"", "KiB", "MiB", "GiB"};
    char *end;
    errno = 0;
    const unsigned long long value = strtoull(text, &end, 10);
    for (size_t i = 0; !errno && *text >= '0' && *text <= '9' && i < sizeof units / sizeof *units; i++)
        if (strcmp(end, units[i]) == 0 && value && value <= SIZE_MAX >> 10 * i)
            return (size_t)value << 10 * i;
    argp_error(state, "--memory-limit is '%s', expected bytes, or a number with KiB, MiB or GiB", text);
    return 0;
}

static error_t parse(int key, char *text, struct argp_state *state)
{
    tool_options *o = state->input;
    switch (key) {
    case DEVICE: o->device = text; return 0;
    case REFERENCE: o->reference = true; return 0;
    case PLUGIN: keep_plugin(state, o, text); return 0;
    case MEMORY_LIMIT: o->memory_limit = bytes(state, text); return 0;
    case JSON: o->json = true; return 0;
    case QUIET: o->quiet = true; return 0;
    case VERBOSE: o->verbose = true; return 0;
    default: return ARGP_ERR_UNKNOWN;
    }
}

const struct argp tool_argp = {options, parse, NULL, NULL, NULL, NULL, NULL};
const struct argp_child tool_children[2] = {{&tool_argp, 0, NULL, 0}, {0}};

enum { IMG_SIZE = 0x1100, NUM_CLASSES };

static const struct argp_option adapt_options[] = {
    {"img_size", IMG_SIZE, "N|HxW", 0, "adapt the model to images of NxN or HxW pixels (its own size)", 9},
    {"img-size", 0, NULL, OPTION_ALIAS, NULL, 9},
    {"num_classes", NUM_CLASSES, "N", 0, "adapt the model's last dense layer to N classes (its own number)",
     9},
    {"num-classes", 0, NULL, OPTION_ALIAS, NULL, 9},
    {0},
};

/* "64", or "48x64" as height and width */
static void parse_img_size(const struct argp_state *state, const char *text, gaze_adaptation *adapt)
{
    char height[24];
    const char *times = strchr(text, 'x');
    const size_t length = times ? (size_t)(times - text) : 0;
    if (length >= sizeof height) argp_error(state, "--img_size is '%s', expected N or HxW", text);
    snprintf(height, sizeof height, "%.*s", (int)length, text);
    adapt->image_height = tool_size(state, "--img_size", times ? height : text);
    adapt->image_width = times ? tool_size(state, "--img_size", times + 1) : adapt->image_height;
}

static error_t parse_adapt(int key, char *text, struct argp_state *state)
{
    gaze_adaptation *adapt = state->input;
    switch (key) {
    case IMG_SIZE: parse_img_size(state, text, adapt); return 0;
    case NUM_CLASSES: adapt->n_classes = tool_size(state, "--num_classes", text); return 0;
    default: return ARGP_ERR_UNKNOWN;
    }
}

const struct argp tool_adapt_argp = {adapt_options, parse_adapt, NULL, NULL, NULL, NULL, NULL};
const struct argp_child tool_model_children[3] = {
    {&tool_argp, 0, NULL, 0}, {&tool_adapt_argp, 0, NULL, 0}, {0}};

void tool_parse(const struct argp *parser, const char *command, int argc, char **argv, void *input)
{
    snprintf(program, sizeof program, "%s", command);
    argv[0] = program; /* argp's and getopt's messages begin with it */
    argp_err_exit_status = GAZE_ERROR_USAGE;
    argp_parse(parser, argc, argv, 0, NULL, input);
}

static unsigned long long whole(const struct argp_state *state, const char *option, const char *text,
                                unsigned long long least, unsigned long long most)
{
    char *end;
    errno = 0;
    const unsigned long long value = strtoull(text, &end, 10);
    if (errno || *end || *text < '0' || *text > '9' || value < least || value > most)
        argp_error(state, "%s is '%s', expected a whole number of at least %llu", option, text, least);
    return value;
}

error_t tool_model_argument(const struct argp_state *state, char *text, const char **model)
{
    if (*model) argp_error(state, "one model is expected, found '%s' too", text);
    *model = text;
    return 0;
}

void tool_model_expected(const struct argp_state *state, const char *model)
{
    if (!model) argp_error(state, "which model? Give a model file or a run folder");
}

size_t tool_size(const struct argp_state *state, const char *option, const char *text)
{
    return (size_t)whole(state, option, text, 1, SIZE_MAX);
}

uint64_t tool_seed(const struct argp_state *state, const char *option, const char *text)
{
    return (uint64_t)whole(state, option, text, 0, UINT64_MAX);
}

double tool_number(const struct argp_state *state, const char *option, const char *text)
{
    char *end;
    const double value = strtod(text, &end);
    if (end == text || *end || !isfinite(value) || value <= 0)
        argp_error(state, "%s is '%s', expected a number above 0", option, text);
    return value;
}

static void write_log(void *user, gaze_log_level level, const char *message)
{
    const bool *verbose = user;
    if (level <= (*verbose ? GAZE_LOG_DEBUG : GAZE_LOG_WARNING)) fprintf(stderr, "%s\n", message);
}

static gaze_context_options context_options(const tool_options *o, bool profile)
{
    static bool verbose; /* outlives the options: the context logs as long as it lives */
    verbose = o->verbose;
    return (gaze_context_options){.device = o->device,
                                  .reference = o->reference,
                                  .profile = profile,
                                  .memory_limit = o->memory_limit,
                                  .log = o->quiet || (o->silent && !o->verbose) ? NULL : write_log,
                                  .log_user = &verbose,
                                  .group = o->group};
}

gaze_status tool_context(const tool_options *o, bool profile, gaze_context **context)
{
    const gaze_context_options given = context_options(o, profile);
    gaze_status status = gaze_context_create(&given, context);
    for (size_t i = 0; status == GAZE_OK && i < o->n_plugins; i++)
        status = gaze_load_plugin(*context, o->plugins[i]);
    return status;
}

gaze_status tool_each_device(const tool_options *o, bool profile, gaze_device_visitor *visit, void *user)
{
    const gaze_context_options given = context_options(o, profile);
    return gaze_each_device(&given, visit, user);
}

gaze_status tool_read_input(const gaze_model *model, size_t at, char *text, gaze_array *input)
{
    char *equals = strchr(text, '='), *slash = strchr(text, '/');
    const bool named = equals && !(slash && slash < equals);
    const char *path = named ? equals + 1 : text;
    if (named) *equals = 0;
    const gaze_status status = gaze_input_read(model, named ? text : NULL, at, path, input);
    if (status == GAZE_OK) input->name = named ? text : NULL;
    return status;
}

const char *tool_name(void) { return program; }

static bool no_memory; /* of the program's own */

gaze_status tool_no_memory(void)
{
    no_memory = true;
    return GAZE_ERROR_DEVICE;
}

int tool_exit(gaze_status status)
{
    if (status != GAZE_OK)
        fprintf(stderr, "%s: %s\n", program, no_memory ? "out of host memory" : gaze_message());
    return (int)status;
}

void tool_json_text(FILE *file, const char *text)
{
    if (!text) {
        fputs("null", file);
        return;
    }
    fputc('"', file);
    for (const unsigned char *c = (const unsigned char *)text; *c; c++) {
        if (*c == '"' || *c == '\\')
            fprintf(file, "\\%c", *c);
        else if (*c < 0x20)
            fprintf(file, "\\u%04x", *c);
        else
            fputc(*c, file);
    }
    fputc('"', file);
}

void tool_json_number(FILE *file, double value)
{
    if (isfinite(value))
        fprintf(file, "%.9g", value);
    else
        fputs("null", file);
}
