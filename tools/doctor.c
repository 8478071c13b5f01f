/* gaze doctor: part by part what is right, what is wrong, and the command that mends it. */
#include "commands.h"
#include "common.h"

#include <string.h>

typedef struct doctor_options {
    tool_options tool;
    bool clean;
    char part[32]; /* whose title was printed */
    size_t n_wrong;
} doctor_options;

enum { CLEAN = 0x2000 };

static const struct argp_option OPTIONS[] = {
    {"clean", CLEAN, NULL, 0, "Remove entries of caches that no driver here can use", 0}, {0}};

static error_t parse(int key, char *argument, struct argp_state *state)
{
    doctor_options *o = state->input;
    (void)argument;
    switch (key) {
    case ARGP_KEY_INIT: state->child_inputs[0] = &o->tool; return 0;
    case CLEAN: o->clean = true; return 0;
    case ARGP_KEY_END:
        if (o->tool.reference) argp_error(state, "--reference needs no driver: there is nothing to look at");
        return 0;
    default: return ARGP_ERR_UNKNOWN;
    }
}

const struct argp parser_doctor = {
    .options = OPTIONS,
    .parser = parse,
    .doc = "Looks at drivers, permissions, caches, variables, versions and memory, and computes something on "
           "the device: what is wrong, and the command that mends it."
           "\vExit status 5 when something keeps Gaze from working.",
    .children = tool_children};

static const char *const WORDS[] = {"ok", "note", "wrong", "stops"};

static void print_json(const gaze_finding *finding)
{
    fputs("{\"part\": ", stdout);
    tool_json_text(stdout, finding->part);
    printf(", \"health\": \"%s\", \"found\": ", WORDS[finding->health]);
    tool_json_text(stdout, finding->found);
    fputs(", \"cure\": ", stdout);
    tool_json_text(stdout, finding->cure);
    puts("}");
}

static void print_text(doctor_options *o, const gaze_finding *finding)
{
    static const char *const marks[] = {"ok", "note", "WRONG", "STOPS"};
    if (strcmp(o->part, finding->part) != 0) puts(finding->part);
    snprintf(o->part, sizeof o->part, "%s", finding->part);
    printf("  %-5s  %s\n", marks[finding->health], finding->found);
    if (finding->cure) printf("         -> %s\n", finding->cure);
}

static void tell(void *user, const gaze_finding *finding)
{
    doctor_options *o = user;
    o->n_wrong += finding->health == GAZE_HEALTH_WRONG;
    if (o->tool.json)
        print_json(finding);
    else
        print_text(o, finding);
    fflush(stdout);
}

int command_doctor(int argc, char **argv)
{
    doctor_options o = {0};
    tool_parse(&parser_doctor, "gaze doctor", argc, argv, &o);
    const gaze_context_options options = {.device = o.tool.device, .memory_limit = o.tool.memory_limit};
    const gaze_status status = gaze_doctor(&options, o.clean, tell, &o);
    if (status == GAZE_OK && !o.tool.json) {
        if (o.n_wrong)
            printf("Gaze works here; %zu thing%s better: see WRONG\n", o.n_wrong,
                   o.n_wrong == 1 ? " can be" : "s can be");
        else
            puts("Gaze works here");
    }
    return tool_exit(status);
}
