/* The table of ops and what their files share. */
#include "ops.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define GZ_OP_ENTRY(name) &gz_op_##name,
const gz_op *const gz_ops[] = {GZ_OP_LIST(GZ_OP_ENTRY)};
#undef GZ_OP_ENTRY

const size_t gz_n_ops = sizeof gz_ops / sizeof *gz_ops;

const gz_op *gz_op_find(const char *name)
{
    for (size_t i = 0; i < gz_n_ops; i++)
        if (strcmp(gz_ops[i]->name, name) == 0) return gz_ops[i];
    return NULL;
}

gaze_status gz_op_fail(const gz_node *node, const char *format, ...)
{
    char message[512];
    va_list list;
    va_start(list, format);
    vsnprintf(message, sizeof message, format, list);
    va_end(list);
    return gz_fail(GAZE_ERROR_MODEL, "layer '%s': op %s: %s", node->name, node->op->name, message);
}

gaze_status gz_op_expect_input(const gz_node *node, size_t i)
{
    return i < node->n_in && node->in[i] ? GAZE_OK : gz_op_fail(node, "input %zu is missing", i);
}

gaze_status gz_op_expect_inputs(const gz_node *node, size_t least, size_t most)
{
    if (node->n_in < least || node->n_in > most)
        return least == most
                   ? gz_op_fail(node, "found %zu inputs, expected %zu", node->n_in, least)
                   : gz_op_fail(node, "found %zu inputs, expected %zu to %zu", node->n_in, least, most);
    for (size_t i = 0; i < least; i++) GZ_TRY(gz_op_expect_input(node, i));
    return GAZE_OK;
}

gaze_status gz_op_expect_rank(const gz_node *node, size_t input, size_t rank)
{
    char text[96];
    const gz_shape shape = node->in[input]->shape;
    if (shape.rank == rank) return GAZE_OK;
    return gz_op_fail(node, "input %zu has shape %s, expected %zu dimensions", input,
                      gz_shape_text(shape, text), rank);
}

gz_limit gz_limit_exact(const gz_node *node, size_t i)
{
    (void)node;
    (void)i;
    return (gz_limit){GZ_EXACT, 0};
}
