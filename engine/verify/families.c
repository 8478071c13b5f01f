#include "families.h"
#include "trial.h"

#include <string.h>

size_t gz_verify_families(const gz_device *device, bool whole, gz_family families[GZ_N_FAMILIES])
{
    const gz_device_facts *facts = gz_device_facts_of(device);
    const bool is_cpu = strcmp(facts->info.type, "cpu") == 0;
    const gz_family all[] = {facts->family, GZ_FAMILY_PLAIN, GZ_FAMILY_GPU, GZ_FAMILY_INTEL, GZ_FAMILY_CPU};
    const size_t wanted = facts->family_forced ? 1 : !whole ? 2 : is_cpu ? 5 : 4;
    size_t n = 0;
    for (size_t i = 0; i < wanted; i++) {
        size_t k = 0;
        while (k < n && families[k] != all[i]) k++;
        if (k == n) families[n++] = all[i];
    }
    return n;
}

static bool same_launches(gz_plan *a, gz_plan *b, bool *same)
{
    const gz_plan_launch *of_a, *of_b;
    size_t n_a, n_b;
    if (gz_plan_launches(a, &of_a, &n_a) != GAZE_OK || gz_plan_launches(b, &of_b, &n_b) != GAZE_OK)
        return false;
    *same = n_a == n_b;
    for (size_t i = 0; i < n_a && *same; i++)
        *same = !strcmp(of_a[i].stem, of_b[i].stem) && !strcmp(of_a[i].kernel, of_b[i].kernel) &&
                !strcmp(of_a[i].options, of_b[i].options);
    return true;
}

/* False where the kernels of one can't be chosen. */
static bool compare(gz_device *device, gz_family family, gz_family base, gz_trial *trial, bool *same)
{
    const gz_plan_options of_family = {.dry = true, .force_family = &family},
                          of_base = {.dry = true, .force_family = &base};
    gz_plan *a = NULL, *b = NULL;
    const bool chosen = gz_plan_create(device, trial->graph, NULL, &of_family, &a) == GAZE_OK &&
                        gz_plan_create(device, trial->graph, NULL, &of_base, &b) == GAZE_OK &&
                        same_launches(a, b, same);
    gz_plan_destroy(a);
    gz_plan_destroy(b);
    return chosen;
}

gaze_status gz_verify_has_own(gz_device *device, gz_family family, const gz_op *op, const gz_case *c,
                              bool *own)
{
    const gz_family base = family == GZ_FAMILY_INTEL ? GZ_FAMILY_GPU : GZ_FAMILY_PLAIN;
    gz_trial trial;
    gaze_status status;
    bool same = true;
    *own = true;
    if (family == gz_device_facts_of(device)->family || family == GZ_FAMILY_CPU || family == GZ_FAMILY_PLAIN)
        return GAZE_OK;
    GZ_GO(gz_trial_create(op, c, false, &trial));
    *own = false;
    for (int training = 0; training < 2 && !*own; training++) {
        trial.graph->training = training;
        *own = !compare(device, family, base, &trial, &same) || !same;
    }
done:
    gz_trial_destroy(&trial);
    return status;
}
