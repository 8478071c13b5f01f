/* dump_attention: its options. */
#include "commands.h"
#include "dump.h"

enum {
    WEIGHTS = 256,
    DATA,
    INDEX,
    OUT,
    MAP,
    VIEW,
    COLORS,
    SCALE,
    PIXEL,
    REDUCE,
    QUERY,
    DECODE,
    SEED,
    LIST,
    SKIP_BAD,
    CHECKPOINTS,
    TOKENS
};

static const struct argp_option options[] = {
    {"input", 'i', "[NAME=]FILE", 0, "an input: .npy (batch first), .png or .jpg; more files may follow", 0},
    {"data", DATA, "TYPE:PATH", 0,
     "samples of the test part of one of idx, cifar10, folder, csv, npy, safetensors, synthetic (the model's "
     "own, without --input)",
     0},
    {"index", INDEX, "I..", 0, "which samples of the data: 7, 0..15, or 0..3,20 (0..15)", 0},
    {"out", OUT, "DIR", 0, "folder for the files, made if missing", 0},
    {"map", MAP, "NAME", 0,
     "one map (all of them), or one worked out from the model: gradcam[:LAYER[:CLASS]], rollout, "
     "rollout:mean, "
     "rollout:QUERY",
     0},
    {"view", VIEW, "VIEW", 0,
     "one of overlay, map, side, sheet, matrix, heads, bars, text, html, query, panels, animation, all (the "
     "usual "
     "ones that fit)",
     0},
    {"colors", COLORS, "COLORS", 0, "one of viridis, gray, jet (viridis)", 0},
    {"scale", SCALE, "SCALE", 0, "how values become colours, one of minmax, 0..1, percentile (minmax)", 0},
    {"pixel", PIXEL, "N", 0, "screen pixels per input pixel (what makes a picture about 400 wide)", 0},
    {"reduce", REDUCE, "HOW", 0,
     "how heads or channels become one map, one of mean, max, head:K (mean; channels: max)", 0},
    {"query", QUERY, "I|Y,X|I..J", 0,
     "the row of a matrix that bars, text, html and query show, by its number or by a pixel of the image "
     "(query alone), or the rows that matrix and heads show; where no others are shown, no others are "
     "computed",
     0},
    {"tokens", TOKENS + DUMP_BOTH, "FILE", 0, "names of the steps, one a line (the input's token numbers)",
     0},
    {"query-tokens", TOKENS + DUMP_QUERY, "FILE", 0, "the same, of a matrix' rows alone", 0},
    {"value-tokens", TOKENS + DUMP_VALUE, "FILE", 0, "the same, of its columns", 0},
    {"vocabulary", TOKENS + DUMP_VOCABULARY, "FILE", 0,
     "words for the input's token numbers, from 0, one a line", 0},
    {"decode", DECODE, "METHOD", 0,
     "attention behind what a model that writes sequences writes by itself, one of greedy, beam:K (behind "
     "the "
     "answer that is given)",
     0},
    {"weights", WEIGHTS, "FILE", 0, "a .safetensors file (the run folder's, or the one beside the model)", 0},
    {"seed", SEED, "N", 0, "of synthetic data (0)", 0},
    {"checkpoints", CHECKPOINTS, "DIR", 0,
     "run folder for the view animation, a frame a checkpoint (MODEL, if it is one)", 0},
    {"skip-bad", SKIP_BAD, NULL, 0, "leave damaged images of a folder out, and count them", 0},
    {"list", LIST, NULL, 0, "print the model's maps: name, shape, kind, meaning", 0},
    {0},
};

static void keep_file(const struct argp_state *state, dump_arguments *a, char *text)
{
    if (a->n_files == DUMP_MOST_FILES) argp_error(state, "more than %d input files", DUMP_MOST_FILES);
    a->files[a->n_files++] = text;
}

static error_t keep_argument(const struct argp_state *state, dump_arguments *a, char *text)
{
    if (!a->model) {
        a->model = text;
        return 0;
    }
    if (!a->n_files) return ARGP_ERR_UNKNOWN;
    keep_file(state, a, text); /* --input *.png */
    return 0;
}

static void check(const struct argp_state *state, const dump_arguments *a)
{
    tool_model_expected(state, a->model);
    if (a->list) return;
    if (!a->dump.out) argp_error(state, "write where? Give --out DIR");
    if (a->n_files && (a->data || a->index))
        argp_error(state, "--input and --data or --index exclude each other");
}

static error_t parse(int key, char *text, struct argp_state *state)
{
    dump_arguments *a = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &a->tool;
        state->child_inputs[1] = &a->adapt;
        return 0;
    case 'i': keep_file(state, a, text); return 0;
    case WEIGHTS: a->weights = text; return 0;
    case DATA: a->data = text; return 0;
    case INDEX: a->index = text; return 0;
    case OUT: a->dump.out = text; return 0;
    case MAP: a->dump.map = text; return 0;
    case VIEW: a->dump.view = text; return 0;
    case COLORS: a->dump.colors = text; return 0;
    case SCALE: a->dump.scale = text; return 0;
    case PIXEL: a->dump.pixel = tool_size(state, "--pixel", text); return 0;
    case QUERY: a->dump.query = text; return 0;
    case REDUCE: a->dump.reduce = text; return 0;
    case TOKENS + DUMP_BOTH:
    case TOKENS + DUMP_QUERY:
    case TOKENS + DUMP_VALUE:
    case TOKENS + DUMP_VOCABULARY: a->token_files[key - TOKENS] = text; return 0;
    case DECODE: a->dump.decode = text; return 0;
    case SEED: a->seed = tool_seed(state, "--seed", text); return 0;
    case LIST: a->list = true; return 0;
    case CHECKPOINTS: a->dump.checkpoints = text; return 0;
    case SKIP_BAD: a->skip_bad = true; return 0;
    case ARGP_KEY_ARG: return keep_argument(state, a, text);
    case ARGP_KEY_END: check(state, a); return 0;
    default: return ARGP_ERR_UNKNOWN;
    }
}

const struct argp parser_dump_attention = {
    options,
    parse,
    "MODEL [--input FILE.. | --data TYPE:PATH --index I..] --out DIR\nMODEL --list",
    "Writes attention maps: raw values first (.npy, .json), then pictures. The files written are printed, "
    "one a line.\v"
    "Examples:\n"
    "  dump_attention run --list\n"
    "  dump_attention run --index 0..15 --view sheet --out maps\n"
    "  dump_attention run --input boot.png --map gradcam --out maps",
    tool_model_children,
    NULL,
    NULL};
