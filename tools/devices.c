/* gaze devices: every platform and device, what Gaze would choose, and why. */
#include "commands.h"
#include "common.h"

static error_t parse(int key, char *argument, struct argp_state *state)
{
    (void)argument;
    if (key != ARGP_KEY_INIT) return ARGP_ERR_UNKNOWN;
    state->child_inputs[0] = state->input;
    return 0;
}

const struct argp parser_devices = {
    .parser = parse,
    .doc = "Lists what OpenCL offers here; the device marked * is what 'auto' takes.",
    .children = tool_children};

static const char *or_none(const char *text) { return text ? text : "-"; }

static void print_text(const gaze_device_info *d)
{
    if (!d->name) {
        printf("  -  %s: no device: %s\n", or_none(d->platform), or_none(d->reason));
        return;
    }
    printf("%c %zu  %s\n     platform %zu, %s; %s; driver %s\n", d->chosen ? '*' : ' ', d->index, d->name,
           d->platform_index, or_none(d->platform), or_none(d->version), or_none(d->driver));
    printf("     %s, kernels of the %s family, %zu compute units, vectors of %zu, groups up to %zu\n",
           or_none(d->type), or_none(d->family), d->compute_units, d->vector_width, d->max_group);
    printf("     memory %zu MiB, at most %zu MiB in one buffer, %zu KiB local\n", d->global_bytes >> 20,
           d->max_allocation_bytes >> 20, d->local_bytes >> 10);
    if (d->reason) printf("     %s%s\n", d->usable ? "" : "not usable: ", d->reason);
}

static void print_json(const gaze_device_info *d)
{
    const struct {
        const char *key, *value;
    } texts[] = {{"platform", d->platform}, {"name", d->name}, {"vendor", d->vendor}, {"version", d->version},
                 {"driver", d->driver},     {"type", d->type}, {"family", d->family}, {"reason", d->reason}};
    putchar('{');
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        printf("%s\"%s\": ", i ? ", " : "", texts[i].key);
        tool_json_text(stdout, texts[i].value);
    }
    printf(", \"platform_index\": %zu, \"index\": %zu, \"compute_units\": %zu, \"vector_width\": %zu, "
           "\"global_bytes\": %zu, "
           "\"local_bytes\": %zu, \"max_allocation_bytes\": %zu, \"max_group\": %zu, \"usable\": %s, "
           "\"chosen\": %s}\n",
           d->platform_index, d->index, d->compute_units, d->vector_width, d->global_bytes, d->local_bytes,
           d->max_allocation_bytes, d->max_group, d->usable ? "true" : "false", d->chosen ? "true" : "false");
}

int command_devices(int argc, char **argv)
{
    tool_options options = {0};
    gaze_device_info *list = NULL;
    size_t count = 0;
    tool_parse(&parser_devices, "gaze devices", argc, argv, &options);
    const gaze_status status = gaze_devices(&list, &count);
    if (status != GAZE_OK) return tool_exit(status);
    for (size_t i = 0; i < count; i++) {
        if (options.json)
            print_json(&list[i]);
        else
            print_text(&list[i]);
    }
    if (!count && !options.json)
        puts("no OpenCL platform: install one, for example Debian's pocl-opencl-icd for the CPU, or the "
             "driver of your GPU");
    gaze_devices_free(list);
    return 0;
}
