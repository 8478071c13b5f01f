/* Attention rollout (Abnar and Zuidema 2020, section 3). */
#include "rollout.h"

#include <stdlib.h>
#include <string.h>

/* What one block passes on, A = (attention + I) / 2 with rows that sum to 1, for one sample; attention is the
 * mean of heads. */
static void pass_on(const gaze_array *map, size_t sample, double *a)
{
    const size_t T = map->shape[map->rank - 1], heads = map->rank == 4 ? map->shape[1] : 1;
    const float *values = (const float *)map->data + sample * heads * T * T;
    for (size_t i = 0; i < T; i++) {
        double sum = 0;
        for (size_t j = 0; j < T; j++) {
            double mean = 0;
            for (size_t h = 0; h < heads; h++) mean += (double)values[(h * T + i) * T + j] / (double)heads;
            a[i * T + j] = 0.5 * mean + (i == j ? 0.5 : 0);
            sum += a[i * T + j];
        }
        for (size_t j = 0; j < T; j++) a[i * T + j] /= sum;
    }
}

/* row = row A */
static void step_back(const double *a, size_t T, double *row, double *next)
{
    memset(next, 0, T * sizeof *next);
    for (size_t i = 0; i < T; i++)
        for (size_t j = 0; j < T; j++) next[j] += row[i] * a[i * T + j];
    memcpy(row, next, T * sizeof *row);
}

static gaze_status check(const gaze_array *maps, size_t n_maps)
{
    if (!n_maps) return gz_fail(GAZE_ERROR_USAGE, "rollout: no maps were given");
    for (size_t i = 0; i < n_maps; i++) {
        const gaze_array *m = &maps[i];
        const char *name = m->name ? m->name : "";
        if (m->dtype != GAZE_FLOAT32 || (m->rank != 3 && m->rank != 4) ||
            m->shape[m->rank - 1] != m->shape[m->rank - 2])
            return gz_fail(GAZE_ERROR_USAGE,
                           "rollout: map %zu '%s' is not [batch,T,T] or [batch,heads,T,T] of float32", i,
                           name);
        if (m->shape[0] != maps->shape[0] || m->shape[m->rank - 1] != maps->shape[maps->rank - 1])
            return gz_fail(
                GAZE_ERROR_USAGE,
                "rollout: map %zu '%s' has %zu samples of %zu tokens, expected %zu of %zu as the first", i,
                name, m->shape[0], m->shape[m->rank - 1], maps->shape[0], maps->shape[maps->rank - 1]);
    }
    return GAZE_OK;
}

typedef struct roll {
    size_t T, n_maps;
    double *blocks;     /* [n_maps,T,T] of one sample */
    double *row, *next; /* [T] */
} roll;

/* From the last block to the first. */
static void roll_back(const roll *r, float *out)
{
    for (size_t l = r->n_maps; l-- > 0;) step_back(r->blocks + l * r->T * r->T, r->T, r->row, r->next);
    for (size_t j = 0; j < r->T; j++) out[j] = (float)r->row[j];
}

static void roll_sample(const roll *r, const float *weights, float *out)
{
    for (size_t j = 0; weights && j < r->T; j++) r->row[j] = (double)weights[j];
    if (weights) {
        roll_back(r, out);
        return;
    }
    for (size_t i = 0; i < r->T; i++) {
        memset(r->row, 0, r->T * sizeof *r->row);
        r->row[i] = 1;
        roll_back(r, out + i * r->T);
    }
}

gaze_status gz_rollout(const gaze_array *maps, size_t n_maps, const float *weights, gaze_array *rollout)
{
    rollout->data = NULL;
    GZ_TRY(check(maps, n_maps));
    const size_t T = maps->shape[maps->rank - 1], batch = maps->shape[0], rows = weights ? 1 : T;
    roll r = {.T = T, .n_maps = n_maps};
    gaze_status status;
    GZ_GO(gz_allocate(n_maps * T * T, sizeof *r.blocks, &r.blocks));
    GZ_GO(gz_allocate(T, sizeof *r.row, &r.row));
    GZ_GO(gz_allocate(T, sizeof *r.next, &r.next));
    *rollout = (gaze_array){
        .name = rollout->name, .dtype = GAZE_FLOAT32, .rank = weights ? 2 : 3, .shape = {batch, T, T}};
    GZ_GO(gz_allocate(batch * rows * T, sizeof(float), &rollout->data));
    for (size_t b = 0; b < batch; b++) {
        for (size_t l = 0; l < n_maps; l++) pass_on(&maps[l], b, r.blocks + l * T * T);
        roll_sample(&r, weights, (float *)rollout->data + b * rows * T);
    }
done:
    free(r.blocks);
    free(r.row);
    free(r.next);
    return status;
}

gaze_status gaze_rollout(const gaze_array *maps, size_t n_maps, gaze_array *rollout)
{
    return gz_rollout(maps, n_maps, NULL, rollout);
}
