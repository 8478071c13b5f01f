#include "net.h"

#include <string.h>

static void write_shape(gz_text *text, const gz_net_layer *l)
{
    for (size_t i = 0; i < l->rank; i++) {
        const bool open = l->dim[i] >= (size_t)1 << 22;
        gz_text_add(text, i ? ", " : "");
        if (open)
            gz_text_add(text, "null");
        else
            gz_text_add(text, "%zu", l->dim[i]);
    }
}

static void write_input(gz_text *text, const gz_net_layer *l, bool first)
{
    gz_text_add(text, "%s    {\"name\": ", first ? "" : ",\n");
    gz_text_add_json_string(text, l->name);
    gz_text_add(text, ", \"shape\": [");
    write_shape(text, l);
    gz_text_add(text, "], \"dtype\": \"%s\"}", l->whole ? "int32" : "float32");
}

static void write_at(gz_text *text, gz_net_at at)
{
    char name[160];
    const size_t length = strlen(at.layer->name);
    memcpy(name, at.layer->name, length + 1);
    if (at.part) {
        name[length] = '/';
        strncpy(name + length + 1, at.part, sizeof name - length - 2);
        name[sizeof name - 1] = 0;
    }
    gz_text_add_json_string(text, name);
}

static void write_list(gz_text *text, const char *key, const gz_net_at *at, size_t n)
{
    gz_text_add(text, ", \"%s\": [", key);
    for (size_t i = 0; i < n; i++) {
        if (i) gz_text_add(text, ", ");
        write_at(text, at[i]);
    }
    gz_text_add(text, "]");
}

/* A layer that reads the one before it, alone, need not say so; the first one need not if there is one input.
 */
static bool reads_last(const gz_net_layer *l, const gz_net_layer *before)
{
    return l->n_inputs - l->n_states == 1 && !l->inputs[0].part && l->inputs[0].layer == before;
}

static void write_layer(gz_text *text, const gz_net_layer *l, const gz_net_layer *before, bool first)
{
    gz_text_add(text, "%s    {\"name\": ", first ? "" : ",\n");
    gz_text_add_json_string(text, l->name);
    gz_text_add(text, ", \"type\": \"%s\"", l->type);
    if (!reads_last(l, before)) write_list(text, "inputs", l->inputs, l->n_inputs - l->n_states);
    if (l->n_states) write_list(text, "initial_state", l->inputs + l->n_inputs - l->n_states, l->n_states);
    for (size_t i = 0; i < l->n_options; i++)
        gz_text_add(text, ", \"%s\": %s", l->options[i].key, l->options[i].json);
    gz_text_add(text, "}");
}

gaze_status gz_net_write(const gz_net *net, const char *name, const char *about, const gz_net_at *outputs,
                         size_t n_outputs, const char *loss, char **json)
{
    gz_text text = {0};
    const gz_net_layer *before = NULL;
    size_t n_inputs = 0, n_layers = 0;
    gz_text_add(&text, "{\n  \"gaze_model\": 1,\n  \"name\": ");
    gz_text_add_json_string(&text, name);
    gz_text_add(&text, ",\n  \"about\": ");
    gz_text_add_json_string(&text, about);
    gz_text_add(&text, ",\n  \"inputs\": [\n");
    for (const gz_net_layer *l = net->first; l; l = l->next)
        if (!l->type) {
            write_input(&text, l, n_inputs++ == 0);
            before = l;
        }
    if (n_inputs != 1) before = NULL;
    gz_text_add(&text, "\n  ],\n  \"layers\": [\n");
    for (const gz_net_layer *l = net->first; l; l = l->next)
        if (l->type) {
            write_layer(&text, l, before, n_layers++ == 0);
            before = l;
        }
    gz_text_add(&text, "\n  ]");
    gz_text_add(&text, ",\n  \"outputs\": [");
    for (size_t i = 0; i < n_outputs; i++) {
        if (i) gz_text_add(&text, ", ");
        write_at(&text, outputs[i]);
    }
    gz_text_add(&text, "]");
    if (loss) gz_text_add(&text, ",\n  \"loss\": \"%s\"", loss);
    gz_text_add(&text, "\n}\n");
    return gz_text_take(&text, json);
}
