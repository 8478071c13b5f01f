/* Every op with inputs of the wrong shape or type: it says which and what it expected, or takes them and
 * stays inside their memory (the sanitizers' build looks at that). No device is needed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "../engine/graph/graph.h"
#include "../engine/ops/ops.h"

enum { MAX_VALUES = 1 << 14 };

/* One input of a case, changed. */
typedef struct changed_input {
    size_t input;
    gz_shape shape;
    gz_dtype dtype;
} changed_input;

typedef struct counts {
    size_t taken, refused;
} counts;

static gz_tensor *input(gz_graph *graph, const gz_case *c, size_t i, const changed_input *change)
{
    const bool changed = i == change->input;
    const gz_shape shape = changed ? change->shape : c->in[i];
    gz_tensor *tensor;
    if (shape.rank == GZ_ABSENT) return NULL;
    if (gz_graph_tensor(graph, GZ_INPUT, "input", changed ? change->dtype : c->dtype[i], shape, &tensor) !=
        GAZE_OK)
        fail_msg("%s", gaze_message());
    return tensor;
}

static double *values(const gz_tensor *tensor)
{
    const size_t count = gz_shape_count(tensor->shape);
    double *list = test_malloc(count * sizeof *list);
    for (size_t k = 0; k < count; k++) list[k] = tensor->dtype == GZ_I32 ? 0 : 0.5;
    return list;
}

static void run_reference(const gz_node *node)
{
    double *in[GZ_MAX_INPUTS] = {0}, *out[GZ_MAX_OUTPUTS] = {0};
    for (size_t i = 0; i < node->n_in; i++)
        if (node->in[i]) in[i] = values(node->in[i]);
    for (size_t i = 0; i < node->n_out; i++) out[i] = values(node->out[i]);
    node->op->reference(node, in, out);
    for (size_t i = 0; i < node->n_in; i++)
        if (in[i]) test_free(in[i]);
    for (size_t i = 0; i < node->n_out; i++) test_free(out[i]);
}

static void try_change(const gz_op *op, const gz_case *c, const changed_input *change, counts *n)
{
    gz_graph *graph;
    gz_tensor *in[GZ_MAX_INPUTS], *out[GZ_MAX_OUTPUTS];
    assert_int_equal(gz_graph_create(true, &graph), GAZE_OK);
    graph->scope = "test";
    for (size_t i = 0; i < c->n_in; i++) in[i] = input(graph, c, i, change);
    const gaze_status status = gz_graph_node(graph, op, c->attr, op->attr_bytes, in, c->n_in, out, op->n_out);
    if (status == GAZE_OK) {
        n->taken++;
        run_reference(graph->nodes[0]);
    } else {
        n->refused++;
        assert_int_equal(status, GAZE_ERROR_MODEL);
        if (!strstr(gaze_message(), op->name) && !strstr(gaze_message(), "'test"))
            fail_msg("op %s said: %s", op->name, gaze_message());
    }
    gz_graph_destroy(graph);
}

/* Each dimension longer and 1, one dimension fewer and more, the other type, nothing. */
static void change_input(const gz_op *op, const gz_case *c, size_t i, counts *n)
{
    const gz_dtype other = c->dtype[i] == GZ_I32 ? GZ_F32 : GZ_I32;
    changed_input change = {i, c->in[i], c->dtype[i]};
    for (size_t d = 0; d < c->in[i].rank; d++) {
        change.shape.dim[d] = c->in[i].dim[d] + 1;
        try_change(op, c, &change, n);
        change.shape.dim[d] = 1;
        try_change(op, c, &change, n);
        change.shape = c->in[i];
    }
    if (change.shape.rank > 1) {
        change.shape.rank--;
        try_change(op, c, &change, n);
        change.shape = c->in[i];
    }
    if (change.shape.rank < GZ_MAX_RANK) {
        change.shape.dim[change.shape.rank++] = 2;
        try_change(op, c, &change, n);
    }
    try_change(op, c, &(changed_input){i, c->in[i], other}, n);
    try_change(op, c, &(changed_input){i, {GZ_ABSENT, {0}}, c->dtype[i]}, n);
}

static size_t values_of(const gz_case *c)
{
    size_t count = 0;
    for (size_t i = 0; i < c->n_in; i++)
        if (c->in[i].rank != GZ_ABSENT) count += gz_shape_count(c->in[i]);
    return count;
}

static void wrong_inputs_are_refused_or_fit(void **state)
{
    const gz_op *op = *state;
    counts n = {0};
    for (size_t k = 0; k < op->n_cases; k++) {
        const gz_case *c = &op->cases[k];
        if (c->heavy || values_of(c) > MAX_VALUES) continue;
        for (size_t i = 0; i < c->n_in; i++)
            if (c->in[i].rank != GZ_ABSENT) change_input(op, c, i, &n);
        try_change(op, c, &(changed_input){GZ_MAX_INPUTS, {0}, GZ_F32}, &n); /* nothing changed */
    }
    print_message("%s: %zu taken, %zu refused\n", op->name, n.taken, n.refused);
    assert_true(n.taken > 0 && n.refused > 0);
}

int main(void)
{
    struct CMUnitTest tests[128];
    assert_true(gz_n_ops <= sizeof tests / sizeof *tests);
    for (size_t i = 0; i < gz_n_ops; i++)
        tests[i] = (struct CMUnitTest){gz_ops[i]->name, wrong_inputs_are_refused_or_fit, NULL, NULL,
                                       (void *)(uintptr_t)gz_ops[i]};
    return _cmocka_run_group_tests("op_shapes", tests, gz_n_ops, NULL, NULL);
}
