#include "constant.h"

#include <string.h>

size_t gz_constant_count(const gz_constant *c)
{
    size_t count = 1;
    bool fits = true;
    for (size_t i = 0; i < c->rank; i++) {
        if (!c->dim[i]) return 0;
        fits = fits && gz_multiply(count, c->dim[i], &count);
    }
    return fits ? count : SIZE_MAX;
}

size_t gz_constant_stored(const gz_constant *c) { return c->uniform ? 1 : gz_constant_count(c); }

double gz_constant_at(const gz_constant *c, size_t index)
{
    const size_t at = c->uniform ? 0 : index;
    return c->f ? (double)c->f[at] : (double)c->i[at];
}

void gz_constant_set(gz_constant *c, size_t index, double value)
{
    if (c->f)
        c->f[index] = (float)value;
    else /* what doesn't fit a whole number is no size that anything could have */
        c->i[index] = value > -9e18 && value < 9e18 ? (int64_t)value : INT64_MIN;
}

static gaze_status make(gz_arena *arena, bool whole, size_t rank, const size_t *dim, bool uniform,
                        gz_constant **out)
{
    size_t bytes;
    gz_constant *c = gz_arena_allocate(arena, sizeof *c);
    if (!c) return GAZE_ERROR_DEVICE;
    c->rank = rank;
    if (rank) memcpy(c->dim, dim, rank * sizeof *dim);
    c->uniform = uniform;
    if (!gz_multiply(gz_constant_stored(c), whole ? sizeof *c->i : sizeof *c->f, &bytes)) bytes = SIZE_MAX;
    void *data = gz_arena_allocate(arena, bytes);
    if (!data) return GAZE_ERROR_DEVICE;
    *(whole ? (void **)&c->i : (void **)&c->f) = data;
    *out = c;
    return GAZE_OK;
}

gaze_status gz_constant_make(gz_arena *arena, bool whole, size_t rank, const size_t *dim, size_t limit,
                             gz_constant **out)
{
    gz_constant shape = {.rank = rank};
    if (rank > GZ_ONNX_RANK)
        return gz_fail(GAZE_ERROR_MODEL, "a constant of %zu dimensions, expected at most %d", rank,
                       GZ_ONNX_RANK);
    if (rank) memcpy(shape.dim, dim, rank * sizeof *dim);
    const size_t count = gz_constant_count(&shape);
    if (count > limit)
        return gz_fail(GAZE_ERROR_MODEL,
                       "its result, which is the same for every input, has more than %zu values", limit);
    return make(arena, whole, rank, dim, false, out);
}

gaze_status gz_constant_uniform(gz_arena *arena, bool whole, size_t rank, const size_t *dim, double value,
                                gz_constant **out)
{
    if (rank > GZ_ONNX_RANK)
        return gz_fail(GAZE_ERROR_MODEL, "a constant of %zu dimensions, expected at most %d", rank,
                       GZ_ONNX_RANK);
    GZ_TRY(make(arena, whole, rank, dim, true, out));
    gz_constant_set(*out, 0, value);
    return GAZE_OK;
}

bool gz_constant_is_uniform(const gz_constant *c, double *value)
{
    const size_t n = gz_constant_stored(c);
    if (!n) return false;
    *value = gz_constant_at(c, 0);
    for (size_t i = 1; i < n; i++)
        if (gz_constant_at(c, i) != *value) return false;
    return true;
}

void gz_constant_steps(const gz_constant *c, ptrdiff_t step[GZ_ONNX_RANK])
{
    size_t next = 1;
    for (size_t i = c->rank; i-- > 0;) {
        step[i] = c->uniform ? 0 : (ptrdiff_t)next;
        next *= c->uniform ? 1 : c->dim[i];
    }
}

static void pick(const gz_constant *c, const ptrdiff_t *step, size_t first, gz_constant *to)
{
    size_t index[GZ_ONNX_RANK] = {0};
    const size_t n = gz_constant_stored(to);
    ptrdiff_t at = (ptrdiff_t)first;
    for (size_t i = 0; i < n; i++) {
        if (c->f)
            to->f[i] = c->f[at];
        else
            to->i[i] = c->i[at];
        for (size_t axis = to->rank; axis-- > 0;) {
            at += step[axis];
            if (++index[axis] < to->dim[axis]) break;
            at -= step[axis] * (ptrdiff_t)to->dim[axis];
            index[axis] = 0;
        }
    }
}

gaze_status gz_constant_pick(gz_arena *arena, const gz_constant *c, size_t rank, const size_t *dim,
                             const ptrdiff_t *step, size_t first, size_t limit, gz_constant **out)
{
    if (c->uniform) return gz_constant_uniform(arena, c->i != NULL, rank, dim, gz_constant_at(c, 0), out);
    GZ_TRY(gz_constant_make(arena, c->i != NULL, rank, dim, limit, out));
    pick(c, step, first, *out);
    return GAZE_OK;
}
