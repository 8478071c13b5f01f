#include "pick.h"
#include "../base/file.h"
#include "trial.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_TRAITS = 64 };
static const double LIGHT = 4e3; /* floating point operations that a simulator does in less than a second */

/* What is worth seeing once: a kernel that is launched, attributes (kernels branch by them), a way in which
   an input is filled. */
typedef struct traits {
    bool brief; /* kernels alone count */
    gz_arena *arena;
    const char *names[MOST_TRAITS];
    size_t count;
} traits;

typedef struct candidate {
    uint64_t traits; /* a bit each */
    size_t values;   /* of all inputs */
    double work;     /* the kernels', in floating point operations and values */
} candidate;

static gaze_status add_trait(traits *all, candidate *c, const char *group, const char *name)
{
    const char *trait = gz_arena_format(all->arena, "%s/%s", group, name);
    size_t i = 0;
    if (!trait) return GAZE_ERROR_DEVICE;
    while (i < all->count && strcmp(all->names[i], trait) != 0) i++;
    if (i == MOST_TRAITS) return gz_fail(GAZE_ERROR_MODEL, "more than %d kernels", MOST_TRAITS);
    if (i == all->count) all->names[all->count++] = trait;
    c->traits |= UINT64_C(1) << i;
    return GAZE_OK;
}

static gaze_status add_kernels(gz_device *device, gz_family family, gz_trial *trial, bool training,
                               traits *all, candidate *c)
{
    const gz_plan_options options = {.dry = true, .force_family = &family};
    const gz_plan_launch *launches;
    size_t count;
    gz_plan *plan = NULL;
    gaze_status status;
    trial->graph->training = training;
    GZ_GO(gz_plan_create(device, trial->graph, NULL, &options, &plan));
    GZ_GO(gz_plan_launches(plan, &launches, &count));
    for (size_t i = 0; i < count; i++) GZ_GO(add_trait(all, c, launches[i].stem, launches[i].kernel));
done:
    gz_plan_destroy(plan);
    return status;
}

static gaze_status add_modes(const gz_op *op, const gz_case *c, traits *all, candidate *found)
{
    for (size_t i = 0; i < c->n_in; i++) {
        const gz_fill fill = c->fill_of[i] ? c->fill_of[i] : c->fill;
        if (c->in[i].rank == GZ_ABSENT) continue;
        GZ_TRY(add_trait(all, found, "fill", (const char[]){(char)('0' + fill), 0}));
    }
    if (!op->attr_bytes) return GAZE_OK;
    return add_trait(all, found, "attributes", gz_hash_bytes(c->attr, op->attr_bytes).text);
}

static gaze_status look_at(gz_device *device, gz_family family, const gz_op *op, const gz_case *c,
                           traits *all, candidate *found)
{
    gz_trial trial;
    gaze_status status;
    GZ_GO(gz_trial_create(op, c, false, &trial));
    for (size_t i = 0; i < c->n_in; i++)
        if (c->in[i].rank != GZ_ABSENT) found->values += gz_shape_count(c->in[i]);
    found->work = op->cost(trial.node).flop + (double)found->values;
    if (!all->brief) GZ_GO(add_modes(op, c, all, found));
    GZ_GO(add_kernels(device, family, &trial, true, all, found));
    GZ_GO(add_kernels(device, family, &trial, false, all, found));
done:
    gz_trial_destroy(&trial);
    return status;
}

static int bits_of(uint64_t word)
{
    int bits = 0;
    for (; word; word &= word - 1) bits++;
    return bits;
}

/* Is `a` better than `b` of those that show as much? The smaller one; in a brief run the one of more work,
   while it is light. */
static bool is_better(const candidate *a, const candidate *b, bool brief)
{
    return brief ? a->work > b->work : a->values < b->values;
}

/* The case that shows most of what is not seen yet. What isn't light comes last in a brief run, by its work.
 */
static const candidate *best_of(const candidate *list, size_t count, bool brief, uint64_t seen)
{
    const candidate *best = NULL, *least = NULL;
    int most = 0;
    for (const candidate *c = list; c < list + count; c++) {
        const int fresh = bits_of(c->traits & ~seen);
        if (fresh && (!least || c->work < least->work)) least = c;
        if (brief && c->work > LIGHT) continue;
        if (fresh > most || (fresh && fresh == most && is_better(c, best, brief))) {
            best = c;
            most = fresh;
        }
    }
    return best ? best : least;
}

gaze_status gz_verify_pick(gz_device *device, gz_family family, const gz_op *op, bool brief, bool *picked)
{
    traits all = {.brief = brief};
    candidate *list = NULL;
    uint64_t seen = 0;
    gaze_status status;
    GZ_GO(gz_arena_create(&all.arena));
    GZ_GO(gz_allocate(op->n_cases, sizeof *list, &list));
    for (size_t i = 0; i < op->n_cases; i++) {
        picked[i] = false;
        if (op->cases[i].heavy) continue;
        picked[i] = look_at(device, family, op, &op->cases[i], &all, &list[i]) != GAZE_OK;
    }
    for (const candidate *best; (best = best_of(list, op->n_cases, brief, seen)); seen |= best->traits)
        picked[best - list] = true;
done:
    gz_arena_destroy(all.arena);
    free(list);
    return status;
}
