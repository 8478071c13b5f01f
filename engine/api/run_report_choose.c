/* gaze_run_report: which samples are shown. */
#include "run_report.h"

#include <stdlib.h>
#include <string.h>

enum { POOL = 1000, DEFAULT_EXAMPLES = 12 };

static gz_part part_of(const gz_reporting *r) { return r->facts.test ? GZ_TEST : GZ_TRAIN; }

static size_t bytes_of(const gaze_array *one)
{
    size_t count = 4;
    for (size_t k = 1; k < one->rank; k++) count *= one->shape[k];
    return count;
}

static gaze_status allocate(const gz_data *data, size_t count, gz_samples *samples)
{
    *samples = (gz_samples){.count = count, .n_inputs = data->n_inputs};
    for (size_t i = 0; i < data->n_inputs; i++) {
        const gaze_array *one = &data->inputs[i];
        gaze_array *all = &samples->inputs[i];
        *all = (gaze_array){.name = one->name, .dtype = one->dtype, .rank = one->rank + 1, .shape = {count}};
        memcpy(all->shape + 1, one->shape, one->rank * sizeof *one->shape);
        GZ_TRY(gz_allocate(count, bytes_of(all), &all->data));
    }
    if (!data->has_labels) return GAZE_OK;
    samples->label_count = data->label_count;
    return gz_allocate(count * data->label_count, sizeof *samples->labels, &samples->labels);
}

gaze_status gz_samples_fetch(const gz_reporting *r, const size_t *indices, size_t count, gz_samples *samples)
{
    const gz_data *data = r->data->data;
    void *values[GZ_MAX_INPUTS];
    int32_t unused = 0;
    GZ_TRY(allocate(data, count, samples));
    for (size_t s = 0; s < count; s++) {
        for (size_t i = 0; i < samples->n_inputs; i++)
            values[i] = (char *)samples->inputs[i].data + s * bytes_of(&samples->inputs[i]);
        GZ_TRY(gz_data_fetch(data, part_of(r), indices[s], values,
                             samples->labels ? samples->labels + s * samples->label_count : &unused));
    }
    return GAZE_OK;
}

void gz_samples_free(gz_samples *samples)
{
    for (size_t i = 0; i < samples->n_inputs; i++) free(samples->inputs[i].data);
    free(samples->labels);
    *samples = (gz_samples){0};
}

/* A sample of the pool as the model sees it. */
typedef struct seen {
    size_t index, true_class;
    double probability; /* the largest value of the output */
    bool wrong, taken;
} seen;

static gaze_status see_piece(const gz_reporting *r, size_t first, size_t count, seen *pool)
{
    const gaze_array *outputs;
    gz_samples samples = {0};
    gaze_array result = {0};
    gaze_status status;
    size_t indices[GZ_REPORT_BATCH];
    gaze_model_outputs(r->model, &outputs);
    result.name = outputs[0].name;
    for (size_t i = 0; i < count; i++) indices[i] = first + i;
    GZ_GO(gz_samples_fetch(r, indices, count, &samples));
    GZ_GO(gaze_run(r->model, samples.inputs, samples.n_inputs, &result, 1, count));
    for (size_t i = 0; i < count; i++) {
        const size_t classes = result.shape[1];
        const float *row = (const float *)result.data + i * classes;
        size_t best = 0;
        for (size_t k = 1; k < classes; k++)
            if (row[k] > row[best]) best = k;
        const size_t label = (size_t)samples.labels[i];
        pool[i] = (seen){first + i, label, row[best], best != label, false};
    }
done:
    free(result.data);
    gz_samples_free(&samples);
    return status;
}

static int surest_first(const void *a, const void *b)
{
    const seen *x = a, *y = b;
    if (x->wrong != y->wrong) return x->wrong ? -1 : 1;
    if (x->wrong && x->probability != y->probability) return x->probability < y->probability ? 1 : -1;
    return (x->index > y->index) - (x->index < y->index);
}

/* The right ones: the first of each class, then the second of each, .. */
static size_t take_right(seen *pool, size_t n, size_t wanted, size_t classes, size_t *to)
{
    size_t taken = 0;
    for (bool any = true; any && taken < wanted;) {
        any = false;
        for (size_t k = 0; k < classes && taken < wanted; k++)
            for (size_t i = 0; i < n; i++) {
                if (pool[i].taken || pool[i].wrong || pool[i].true_class != k) continue;
                pool[i].taken = any = true;
                to[taken++] = pool[i].index;
                break;
            }
    }
    return taken;
}

static gaze_status choose_from(gz_reporting *r, seen *pool, size_t n, size_t wanted, size_t *indices,
                               size_t *count, const char **said)
{
    size_t n_wrong = 0, wrong;
    qsort(pool, n, sizeof *pool, surest_first);
    while (n_wrong < n && pool[n_wrong].wrong) n_wrong++;
    wrong = n_wrong < wanted / 2 ? n_wrong : wanted / 2;
    const size_t right = take_right(pool, n, wanted - wrong, r->facts.metrics.n_classes, indices);
    for (size_t i = 0; i < wrong; i++) indices[right + i] = pool[i].index;
    *count = right + wrong;
    const char *part = r->facts.test ? "test" : "training";
    *said = wrong ? gz_arena_format(
                        r->arena,
                        "Of the first %zu %s samples: %zu that are predicted right, the first of each class "
                        "in turn, then %zu wrong ones, those that the model is surest of.",
                        n, part, right, wrong)
                  : gz_arena_format(
                        r->arena,
                        "Of the first %zu %s samples %zu, the first of each class in turn; none of the %zu "
                        "is predicted wrong.",
                        n, part, right, n);
    return *said ? GAZE_OK : GAZE_ERROR_DEVICE;
}

static gaze_status take_first(gz_reporting *r, size_t wanted, size_t *indices, size_t *count,
                              const char **said)
{
    for (size_t i = 0; i < wanted; i++) indices[i] = i;
    *count = wanted;
    *said =
        gz_arena_format(r->arena, "The first %zu %s samples.", wanted, r->facts.test ? "test" : "training");
    return *said ? GAZE_OK : GAZE_ERROR_DEVICE;
}

gaze_status gz_reporting_choose(gz_reporting *r, size_t **indices, size_t *count, const char **said)
{
    const size_t available = gz_data_count(r->data->data, part_of(r)),
                 n = available < POOL ? available : POOL,
                 asked = r->options->examples ? r->options->examples : DEFAULT_EXAMPLES,
                 wanted = asked < n ? asked : n;
    seen *pool = NULL;
    gaze_status status = GAZE_OK;
    if (!(*indices = gz_arena_allocate(r->arena, (wanted + 1) * sizeof **indices))) return GAZE_ERROR_DEVICE;
    if (r->facts.steps || r->facts.metrics.n_classes < 2) return take_first(r, wanted, *indices, count, said);
    GZ_GO(gz_allocate(n, sizeof *pool, &pool));
    for (size_t i = 0; i < n; i += GZ_REPORT_BATCH)
        GZ_GO(see_piece(r, i, n - i < GZ_REPORT_BATCH ? n - i : GZ_REPORT_BATCH, pool + i));
    status = choose_from(r, pool, n, wanted, *indices, count, said);
done:
    free(pool);
    return status;
}
