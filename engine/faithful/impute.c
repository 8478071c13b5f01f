#include "impute.h"

#include <stdlib.h>

static const double BESIDE = 1.0 / 6, ACROSS = 1.0 / 12, MISSING = 1e-6;

/* Arrays have a frame of zeros around the parts, so that no cell lies at a border. */
struct gz_imputer {
    gz_parts parts;
    size_t row;           /* cells from one row to the next */
    double *weight;       /* of all neighbours of a part that exist */
    size_t *cells, count; /* the removed ones */
    double *x, *r, *p, *q, *known;
    double *memory;
};

enum { ARRAYS = 6 };

static size_t cell_of(const gz_imputer *m, size_t part)
{
    return (part / m->parts.width + 1) * m->row + part % m->parts.width + 1;
}

static double neighbours(const gz_imputer *m, const double *a, size_t i)
{
    const size_t row = m->row;
    return BESIDE * (a[i - 1] + a[i + 1] + a[i - row] + a[i + row]) +
           ACROSS * (a[i - row - 1] + a[i - row + 1] + a[i + row - 1] + a[i + row + 1]);
}

gaze_status gz_imputer_create(const gz_parts *parts, gz_imputer **out)
{
    const size_t row = parts->width + 2, cells = row * (parts->height + 2), n = parts->height * parts->width;
    gz_imputer *m;
    gaze_status status;
    GZ_TRY(gz_allocate(1, sizeof *m, &m));
    *m = (gz_imputer){.parts = *parts, .row = row};
    GZ_GO(gz_allocate(ARRAYS * cells, sizeof *m->memory, &m->memory));
    GZ_GO(gz_allocate(n, sizeof *m->cells, &m->cells));
    double **const arrays[ARRAYS] = {&m->weight, &m->x, &m->r, &m->p, &m->q, &m->known};
    for (size_t i = 0; i < ARRAYS; i++) *arrays[i] = m->memory + i * cells;
    for (size_t i = 0; i < n; i++) m->x[cell_of(m, i)] = 1;
    for (size_t i = 0; i < n; i++) m->weight[cell_of(m, i)] = neighbours(m, m->x, cell_of(m, i));
    *out = m;
done:
    if (status != GAZE_OK) gz_imputer_free(m);
    return status;
}

void gz_imputer_free(gz_imputer *m)
{
    if (!m) return;
    free(m->memory);
    free(m->cells);
    free(m);
}

/* q = A p: the matrix is symmetric and, where anything is known, positive definite. */
static double multiply(gz_imputer *m)
{
    double product = 0;
    for (size_t k = 0; k < m->count; k++) {
        const size_t i = m->cells[k];
        m->q[i] = m->weight[i] * m->p[i] - neighbours(m, m->p, i);
        product += m->p[i] * m->q[i];
    }
    return product;
}

/* Conjugate gradients, preconditioned with the diagonal: x holds a guess, r what it misses. */
static void solve(gz_imputer *m, double enough)
{
    double rz = 0;
    for (size_t k = 0; k < m->count; k++) {
        const size_t i = m->cells[k];
        m->p[i] = m->r[i] / m->weight[i];
        rz += m->r[i] * m->p[i];
    }
    for (size_t turn = 0; rz > enough && turn < 2 * m->count; turn++) {
        const double step = rz / multiply(m);
        double next = 0;
        for (size_t k = 0; k < m->count; k++) {
            const size_t i = m->cells[k];
            m->x[i] += step * m->p[i];
            m->r[i] -= step * m->q[i];
            next += m->r[i] * m->r[i] / m->weight[i];
        }
        for (size_t k = 0; k < m->count; k++) {
            const size_t i = m->cells[k];
            m->p[i] = m->r[i] / m->weight[i] + next / rz * m->p[i];
        }
        rz = next;
    }
}

/* The mean of what is known is the guess: what is missing is then the neighbours' distance from it. */
static void impute_channel(gz_imputer *m, const bool *removed, size_t channel, float *values)
{
    const size_t n = m->parts.height * m->parts.width, step = m->parts.channels;
    double mean = 0, size = 0;
    for (size_t i = 0; i < n; i++) mean += removed[i] ? 0 : values[i * step + channel];
    mean /= (double)(n - m->count);
    for (size_t i = 0; i < n; i++) {
        const size_t cell = cell_of(m, i);
        m->known[cell] = removed[i] ? 0 : values[i * step + channel] - mean;
        m->x[cell] = m->p[cell] = 0;
    }
    for (size_t k = 0; k < m->count; k++) {
        const size_t i = m->cells[k];
        m->r[i] = neighbours(m, m->known, i);
        size += m->r[i] * m->r[i] / m->weight[i];
    }
    solve(m, MISSING * MISSING * size);
    for (size_t i = 0; i < n; i++)
        if (removed[i]) values[i * step + channel] = (float)(mean + m->x[cell_of(m, i)]);
}

void gz_impute(gz_imputer *m, const bool *removed, const float *otherwise, float *values)
{
    const size_t n = m->parts.height * m->parts.width, channels = m->parts.channels;
    m->count = 0;
    for (size_t i = 0; i < n; i++)
        if (removed[i]) m->cells[m->count++] = cell_of(m, i);
    for (size_t c = 0; m->count < n && c < channels; c++) impute_channel(m, removed, c, values);
    for (size_t i = 0; m->count == n && i < n * channels; i++) values[i] = otherwise[i % channels];
}
