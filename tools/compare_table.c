#include "common.h"
#include "compare.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

enum { ENOUGH_TO_SEE = 20 }; /* differences, to judge their distribution */

/* JSON: a line a run. */
static void print_run(const compare_table *t, const gaze_compare_run *run)
{
    printf("{\"model\": ");
    tool_json_text(stdout, t->models[run->model]);
    printf(", \"seed\": %" PRIu64 ", \"folder\": ", run->seed);
    tool_json_text(stdout, run->folder);
    printf(", \"trained\": %s, \"accuracy\": %.9g, \"loss\": %.9g}\n", run->trained ? "true" : "false",
           run->accuracy, run->loss);
}

static void print_head(compare_table *t)
{
    if (t->begun) return;
    t->begun = true;
    printf("A  %s\nB  %s\n\n", t->models[0], t->models[1]);
    printf("%-6s %28s   %30s\n", "", "accuracy", "loss");
    printf("%-6s %9s %9s %10s   %9s %9s %10s\n", "seed", "A", "B", "A - B", "A", "B", "A - B");
}

void compare_row(compare_table *t, const gaze_compare_run *run, bool done)
{
    if (!t->json) print_head(t);
    if (done && t->json) print_run(t, run);
    if (done && !t->json && run->model == 1)
        printf("%-6" PRIu64 " %9.4f %9.4f %+10.4f   %9.4f %9.4f %+10.4f\n", run->seed, t->first.accuracy,
               run->accuracy, t->first.accuracy - run->accuracy, t->first.loss, run->loss,
               t->first.loss - run->loss);
    if (done && run->model == 0) t->first = *run;
    fflush(stdout);
}

static void print_test(const char *what, const gaze_paired *p)
{
    printf("%-9s A - B %+.4f", what, p->difference);
    if (isfinite(p->t))
        printf("  95 %% interval %+.4f .. %+.4f  t(%zu) %.2f  p %.2g\n", p->low, p->high, p->n - 1, p->t,
               p->p);
    else
        printf("  with every seed: no spread, so no test\n");
}

static void print_limits(const gaze_paired *p)
{
    printf("\nWhat this can't show:");
    if (isfinite(p->needed))
        printf(" with %zu seeds and this spread a difference in accuracy below %.4f would not have had p < "
               "0.05,\nso a larger p doesn't say that the models are equal.",
               p->n, p->needed);
    printf(" A small p says that a change of seeds alone would hardly make\nsuch a difference; not that it "
           "is large enough to matter, nor that it holds for other data, sizes or training. The\ntest takes "
           "the differences to be normally distributed%s; accuracy and loss are two tests.\n",
           p->n < ENOUGH_TO_SEE ? ", which so few of them can't show" : "");
}

static void print_text(const gaze_comparison *c)
{
    const gaze_paired *a = &c->on_accuracy, *l = &c->on_loss;
    printf("%-6s %9.4f %9.4f %+10.4f   %9.4f %9.4f %+10.4f\n", "mean", a->mean[0], a->mean[1], a->difference,
           l->mean[0], l->mean[1], l->difference);
    if (c->n > 1)
        printf("%-6s %9.4f %9.4f %10.4f   %9.4f %9.4f %10.4f\n", "sd", a->sd[0], a->sd[1], a->difference_sd,
               l->sd[0], l->sd[1], l->difference_sd);
    printf("\n%s part, %zu samples", c->test ? "test" : "training", c->samples);
    if (c->n < 2) {
        printf(". One seed has no spread: what is above may be chance alone. Give --seeds 3 or more.\n");
        return;
    }
    printf("; paired t-test over %zu seeds, two-sided\n", c->n);
    print_test("accuracy", a);
    print_test("loss", l);
    print_limits(a);
}

static void print_pair(const char *key, const double value[2])
{
    printf(", \"%s\": [", key);
    tool_json_number(stdout, value[0]);
    printf(", ");
    tool_json_number(stdout, value[1]);
    printf("]");
}

static void print_json(const char *what, const gaze_comparison *c, const gaze_paired *p)
{
    const char *const keys[] = {"difference", "difference_sd", "t", "p", "needed", "low", "high"};
    const double values[] = {p->difference, p->difference_sd, p->t, p->p, p->needed, p->low, p->high};
    printf("{\"of\": \"%s\", \"part\": \"%s\", \"samples\": %zu, \"seeds\": %zu", what,
           c->test ? "test" : "train", c->samples, p->n);
    print_pair("mean", p->mean);
    print_pair("sd", p->sd);
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        printf(", \"%s\": ", keys[i]);
        tool_json_number(stdout, values[i]);
    }
    printf("}\n");
}

void compare_end(compare_table *t, const gaze_comparison *found)
{
    if (!t->json) {
        print_text(found);
        return;
    }
    print_json("accuracy", found, &found->on_accuracy);
    print_json("loss", found, &found->on_loss);
}
