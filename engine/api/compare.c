/* gaze_compare: two models, several seeds, one run folder each. */
#include "../statistics/paired.h"
#include "../train/record.h"
#include "api.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { DEFAULT_SEEDS = 3, HASH_DIGITS = 8 };

typedef struct comparing {
    gaze_context *context;
    const char *paths[2];
    const gaze_compare_options *options;
    gz_arena *arena;
    gaze_comparison *to;
    const char *data_hash; /* of the other model's run with this seed, or NULL */
} comparing;

/* One run, while it is open. */
typedef struct running {
    gaze_model *model;
    gaze_data *data;
    gaze_metrics metrics;
    gaze_compare_run told;
} running;

static const char *folder_of(const comparing *c, const gaze_model *model, uint64_t seed)
{
    char *name = gz_arena_copy(c->arena, gaze_model_name(model));
    for (char *at = name; at && *at; at++)
        if (*at == '/') *at = '_';
    const char *run = name ? gz_arena_format(c->arena, "%s-%.*s/seed-%" PRIu64, name, HASH_DIGITS,
                                             gaze_model_hash(model), seed)
                           : NULL;
    return run ? gz_path_join(c->arena, c->options->train.out, run) : NULL;
}

/* How far the run in the folder has come: a run that went on further than is asked for now would be compared
 * with one that did not. */
static gaze_status look_at_folder(const comparing *c, const running *r, const char *folder, bool *complete)
{
    const gaze_train_options *o = &c->options->train;
    const size_t epochs = o->epochs ? o->epochs : o->steps ? SIZE_MAX : r->model->file->epochs;
    gz_log log = {0};
    GZ_TRY(gz_log_read(folder, SIZE_MAX, &log));
    const gz_epoch_row last = log.count ? log.rows[log.count - 1] : (gz_epoch_row){0};
    gz_log_free(&log);
    *complete = last.epoch == epochs || (o->steps && last.step == o->steps);
    if (last.epoch <= epochs && (!o->steps || last.step <= o->steps)) return GAZE_OK;
    return gz_fail(GAZE_ERROR_USAGE,
                   "%s: that run has made %zu epochs, %zu updates, which is more than is asked for now: give "
                   "another --out",
                   folder, last.epoch, last.step);
}

static gaze_status same_data(comparing *c, const running *r)
{
    const char *hash = gaze_data_hash(r->data);
    if (c->data_hash && strcmp(c->data_hash, hash) != 0)
        return gz_fail(GAZE_ERROR_USAGE,
                       "%s and %s have different data (hash %s, %s): name the data of both with --data",
                       c->paths[0], c->paths[1], c->data_hash, hash);
    c->data_hash = r->told.model == 0 ? gz_arena_copy(c->arena, hash) : NULL;
    return r->told.model || c->data_hash ? GAZE_OK : GAZE_ERROR_DEVICE;
}

static void tell(const comparing *c, const running *r, bool done)
{
    if (c->options->run) c->options->run(c->options->user, &r->told, done);
}

static gaze_status open_run(comparing *c, running *r)
{
    const gaze_model_options opening = {.no_weights = true, .seed = r->told.seed, .adapt = c->options->adapt};
    gaze_data_options from = c->options->data;
    from.seed = r->told.seed;
    GZ_TRY(gaze_model_open(c->context, c->paths[r->told.model], &opening, &r->model));
    GZ_TRY(gaze_data_open_with(r->model, &from, &r->data));
    GZ_TRY(same_data(c, r));
    r->told.folder = folder_of(c, r->model, r->told.seed);
    return r->told.folder ? GAZE_OK : GAZE_ERROR_DEVICE;
}

static void close_run(running *r)
{
    gaze_metrics_free(&r->metrics);
    gaze_data_close(r->data);
    gaze_close(r->model);
}

static gaze_status train_and_evaluate(const comparing *c, running *r)
{
    bool complete;
    gaze_train_options train = c->options->train;
    train.out = r->told.folder;
    train.resume = true;
    GZ_TRY(look_at_folder(c, r, train.out, &complete));
    tell(c, r, false);
    GZ_TRY(gz_api_train(r->model, r->data, &train, NULL));
    GZ_TRY(gaze_evaluate(r->model, r->data, train.batch_size, &c->to->test, &r->metrics));
    r->told.trained = !complete;
    r->told.accuracy = r->metrics.accuracy;
    r->told.loss = r->metrics.loss;
    return GAZE_OK;
}

static gaze_status run_one(comparing *c, size_t model, size_t at)
{
    running r = {.told = {.model = model, .seed = c->options->data.seed + at}};
    gaze_status status = open_run(c, &r);
    if (status == GAZE_OK) status = train_and_evaluate(c, &r);
    if (status == GAZE_OK) {
        c->to->accuracy[model][at] = r.told.accuracy;
        c->to->loss[model][at] = r.told.loss;
        c->to->samples = r.metrics.samples;
        tell(c, &r, true);
    }
    close_run(&r);
    return status;
}

/* What can be known before anything is trained for hours. */
static gaze_status check_both(comparing *c)
{
    gaze_status status = GAZE_OK;
    c->data_hash = NULL;
    for (size_t model = 0; model < 2 && status == GAZE_OK; model++) {
        running r = {.told = {.model = model, .seed = c->options->data.seed}};
        bool complete;
        status = open_run(c, &r);
        if (status == GAZE_OK) status = look_at_folder(c, &r, r.told.folder, &complete);
        close_run(&r);
    }
    return status;
}

static gaze_status run_all(comparing *c)
{
    gaze_comparison *to = c->to;
    if (!c->options->train.out || !*c->options->train.out)
        return gz_fail(GAZE_ERROR_USAGE, "a comparison needs a folder for its runs (--out DIR)");
    if (c->context->group) return gz_fail(GAZE_ERROR_USAGE, "one process compares, not a group of them");
    for (size_t model = 0; model < 2; model++) {
        GZ_TRY(gz_allocate(to->n, sizeof(double), &to->accuracy[model]));
        GZ_TRY(gz_allocate(to->n, sizeof(double), &to->loss[model]));
    }
    GZ_TRY(check_both(c));
    for (size_t at = 0; at < to->n; at++) {
        c->data_hash = NULL;
        for (size_t model = 0; model < 2; model++) GZ_TRY(run_one(c, model, at));
    }
    gz_paired_test(to->accuracy[0], to->accuracy[1], to->n, &to->on_accuracy);
    gz_paired_test(to->loss[0], to->loss[1], to->n, &to->on_loss);
    return GAZE_OK;
}

gaze_status gaze_compare(gaze_context *context, const char *a, const char *b,
                         const gaze_compare_options *options, gaze_comparison *comparison)
{
    gaze_comparison found = {.n = options->seeds ? options->seeds : DEFAULT_SEEDS};
    comparing c = {.context = context, .paths = {a, b}, .options = options, .to = &found};
    GZ_TRY(gz_arena_create(&c.arena));
    const gaze_status status = run_all(&c);
    gz_arena_destroy(c.arena);
    if (status == GAZE_OK)
        *comparison = found;
    else
        gaze_comparison_free(&found);
    return status;
}

void gaze_comparison_free(gaze_comparison *comparison)
{
    for (size_t model = 0; model < 2; model++) {
        free(comparison->accuracy[model]);
        free(comparison->loss[model]);
    }
    *comparison = (gaze_comparison){0};
}
