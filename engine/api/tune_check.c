/* A candidate counts only within the op's limits. */
#include "../verify/verify.h"
#include "tune.h"

/* Of the reference, which makes some hundred million products a second. */
static const double MOST_FLOP = 2e8;

static bool is_weight(const gz_tensor *tensor)
{
    while (tensor->view) tensor = tensor->view;
    return tensor->role == GZ_PARAMETER || tensor->role == GZ_STATE;
}

/* Of whole numbers, as some case of the op has them. */
static size_t index_limit_of(const gz_op *op)
{
    size_t i = 0;
    while (i < op->n_cases && !op->cases[i].index_limit) i++;
    return i < op->n_cases ? op->cases[i].index_limit : 2;
}

/* Sums of whole numbers have to be exact, which what an activation makes of them isn't. */
static gz_fill not_whole(gz_fill fill) { return fill == GZ_FILL_INTEGER ? GZ_FILL_UNIFORM : fill; }

/* The node's inputs, of a part of their samples, filled as in the op's own cases. */
static gz_case case_of(const gz_node *node, size_t divisor)
{
    gz_case c = node->op->cases[0];
    c.n_in = node->n_in;
    c.attr = node->attr;
    c.index_limit = index_limit_of(node->op);
    c.fill = not_whole(c.fill);
    for (size_t i = 0; i < node->n_in; i++) {
        const gz_tensor *in = node->in[i];
        c.in[i] = in ? in->shape : (gz_shape){.rank = GZ_ABSENT};
        c.fill_of[i] = not_whole(c.fill_of[i]);
        if (in) c.dtype[i] = in->dtype;
        if (in && !is_weight(in)) c.in[i].dim[0] /= divisor;
    }
    return c;
}

/* The largest power of two that leaves each input whole samples, and the reference a short time. */
static size_t divisor_of(const gz_node *node)
{
    double flop = node->op->cost(node).flop;
    size_t divisor = 1;
    for (; flop > MOST_FLOP; flop /= 2, divisor *= 2)
        for (size_t i = 0; i < node->n_in; i++)
            if (node->in[i] && !is_weight(node->in[i]) && node->in[i]->shape.dim[0] % (2 * divisor))
                return divisor;
    return divisor;
}

gaze_status gz_tune_check(gz_tuning *tuning, gz_device *device, bool training, gz_tune_choice *choice,
                          size_t n)
{
    const gz_case c = case_of(choice->node, divisor_of(choice->node));
    gz_verify_result result = {0};
    GZ_TRY(gz_verify_candidate(device, gz_device_facts_of(device)->family, choice->node->op, &c, training,
                               gz_tune_name(choice, n), &result));
    if (!result.failed) return GAZE_OK;
    choice->failed[n] = gz_arena_copy(tuning->arena, result.where);
    return choice->failed[n] ? GAZE_OK : GAZE_ERROR_DEVICE;
}
