#include "order.h"

#include <math.h>
#include <stdlib.h>

typedef struct part {
    float score;
    uint32_t tie, number;
} part;

static int by_score(const void *a, const void *b)
{
    const part *x = a, *y = b;
    if (x->score != y->score) return x->score > y->score ? -1 : 1;
    if (x->tie != y->tie) return x->tie < y->tie ? -1 : 1;
    return x->number < y->number ? -1 : x->number > y->number;
}

gaze_status gz_order(const float *scores, size_t count, gz_key key, uint64_t stream, uint32_t *order)
{
    part *parts;
    GZ_TRY(gz_allocate(count, sizeof *parts, &parts));
    for (size_t i = 0; i < count; i++)
        parts[i] =
            (part){isnan(scores[i]) ? -INFINITY : scores[i], gz_random_u32(key, stream, i), (uint32_t)i};
    qsort(parts, count, sizeof *parts, by_score);
    for (size_t i = 0; i < count; i++) order[i] = parts[i].number;
    free(parts);
    return GAZE_OK;
}

double gz_area(const double *curve, size_t steps)
{
    double sum = (curve[0] + curve[steps]) / 2;
    for (size_t k = 1; k < steps; k++) sum += curve[k];
    return sum / (double)steps;
}
