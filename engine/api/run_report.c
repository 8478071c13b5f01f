/* gaze_run_report: finds every fact of a run's page; engine/report/ writes it. */
#include "run_report.h"
#include "../base/clock.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const double PROFILE_SECONDS = 1;

/* A section is left out, with the reason. */
static gaze_status miss(gz_reporting *r, size_t section, const char *why)
{
    r->facts.missing[section] = gz_arena_copy(r->arena, why);
    return r->facts.missing[section] ? GAZE_OK : GAZE_ERROR_DEVICE;
}

/* A model or device that hasn't got what a section tells of has its message in the section's place. */
static gaze_status settle(gz_reporting *r, size_t section, gaze_status status)
{
    return status == GAZE_ERROR_MODEL || status == GAZE_ERROR_USAGE || status == GAZE_ERROR_DATA
               ? miss(r, section, gaze_message())
               : status;
}

static void begin(const gz_reporting *r, const char *what)
{
    if (r->options->begins) r->options->begins(r->options->user, what);
}

/* One that may be left out; `find` fills its facts. */
static gaze_status find_section(gz_reporting *r, unsigned part, size_t section, const char *what,
                                gaze_status (*find)(gz_reporting *))
{
    if (r->options->without & part) return miss(r, section, "left out");
    begin(r, what);
    return settle(r, section, find(r));
}

static gaze_status check(const gz_reporting *r)
{
    const char *out = r->options->out ? r->options->out : "";
    const gaze_map_info *map;
    if (!gz_ends_with(out, ".html"))
        return gz_fail(GAZE_ERROR_USAGE, "the report '%s': expected a name that ends in .html", out);
    if (!r->model->has_weights)
        return gz_fail(GAZE_ERROR_MODEL,
                       "%s: there are no trained weights to report on: train the model, or go on with its "
                       "run (gaze train "
                       "--resume), or name a file of weights",
                       r->model->folder ? r->model->folder : r->model->file->path);
    if (r->options->map) GZ_TRY(gaze_find_map(r->model, r->options->map, &map));
    return gz_file_try(out);
}

static gaze_status find_history(gz_reporting *r)
{
    const char *folder = r->model->folder;
    if (!folder)
        return miss(r, GZ_SECTION_TRAINING,
                    "this is a model file, not a run folder: how it was trained isn't known");
    GZ_TRY(gz_run_record_facts(folder, r->arena, &r->facts.run, &r->facts.n_run));
    GZ_TRY(gz_log_read(folder, SIZE_MAX, &r->facts.log));
    return r->facts.log.count ? GAZE_OK
                              : miss(r, GZ_SECTION_TRAINING, "the run folder's log.csv has no epochs");
}

static gaze_status find_results(gz_reporting *r)
{
    gz_run_facts *f = &r->facts;
    begin(r, "evaluation");
    f->classes = gaze_model_classes(r->model) ? gaze_model_classes(r->model) : gaze_data_classes(r->data);
    f->steps = r->model->probe.outputs[0]->shape.rank > 2;
    f->decodes = gaze_model_decodes(r->model);
    GZ_TRY(gaze_evaluate(r->model, r->data, r->batch, &f->test, &f->metrics));
    if (!f->decodes) return GAZE_OK;
    const gaze_decode_options how = {.batch_size = r->batch};
    return gaze_evaluate_decoded(r->model, r->data, &how, NULL, &f->decoded);
}

static gaze_status test_map(gz_reporting *r)
{
    gaze_faithful_options options = {.samples = r->options->samples, .seed = r->options->seed};
    GZ_TRY(gz_reporting_map(r, &options.map));
    return gaze_faithful(r->model, r->data, &options, &r->facts.faithful);
}

static gaze_status time_layers(gz_reporting *r)
{
    const gaze_bench_options options = {.batch_size = r->batch, .seconds = PROFILE_SECONDS};
    r->facts.bench_batch = r->batch;
    return gaze_bench(r->model, &options, &r->facts.bench);
}

static gaze_status verify(gz_reporting *r)
{
    gaze_verify_options options = {.quick = true};
    size_t passed, failed;
    GZ_TRY(gz_report_create(r->options->out, r->options->command, &r->facts.verify));
    options.report = r->facts.verify;
    GZ_TRY(gaze_verify(r->model->context, &options, &passed, &failed));
    options.quick = false;
    return gaze_verify_model(r->model, &options, &passed, &failed);
}

static gaze_status find_all(gz_reporting *r)
{
    gz_run_facts *f = &r->facts;
    char *time = gz_arena_allocate(r->arena, 24);
    if (!time) return GAZE_ERROR_DEVICE;
    gz_time_text(time);
    f->time = time;
    f->model = gaze_model_name(r->model);
    f->about = r->model->file->about;
    f->command = r->options->command;
    gaze_context_device(r->model->context, &f->device);
    GZ_TRY(find_history(r));
    GZ_TRY(find_results(r));
    GZ_TRY(find_section(r, GAZE_REPORT_EXAMPLES, GZ_SECTION_EXAMPLES, "examples", gz_reporting_examples));
    GZ_TRY(find_section(r, GAZE_REPORT_FAITHFUL, GZ_SECTION_FAITHFUL, "faithfulness", test_map));
    GZ_TRY(settle(r, GZ_SECTION_MEMORY, gz_reporting_memory(r)));
    GZ_TRY(find_section(r, GAZE_REPORT_PROFILE, GZ_SECTION_PROFILE, "time of each layer", time_layers));
    return find_section(r, GAZE_REPORT_VERIFY, GZ_SECTION_VERIFY, "verification", verify);
}

static gaze_status write_page(const gz_reporting *r)
{
    char *page;
    GZ_TRY(gz_run_page(&r->facts, &page));
    const gaze_status status = gz_file_write(r->options->out, page, strlen(page));
    free(page);
    return status;
}

gaze_status gaze_run_report(gaze_model *model, gaze_data *data, const gaze_run_report_options *options)
{
    gz_reporting r = {.model = model,
                      .data = data,
                      .options = options,
                      .batch = options->batch_size ? options->batch_size : GZ_REPORT_BATCH};
    gaze_status status;
    GZ_TRY(check(&r));
    GZ_GO(gz_arena_create(&r.arena));
    GZ_GO(find_all(&r));
    GZ_GO(write_page(&r));
done:
    gz_reporting_forget_examples(&r);
    gz_log_free(&r.facts.log);
    gaze_metrics_free(&r.facts.metrics);
    gaze_faithful_free(&r.facts.faithful);
    gaze_bench_free(&r.facts.bench);
    gaze_report_free(r.facts.verify);
    gz_arena_destroy(r.arena);
    return status;
}

bool gaze_model_run_seed(const gaze_model *model, uint64_t *seed)
{
    gz_arena *arena;
    gz_fact *facts;
    size_t count = 0;
    char *end;
    if (!model->folder || gz_arena_create(&arena) != GAZE_OK) return false;
    if (gz_run_record_facts(model->folder, arena, &facts, &count) != GAZE_OK) count = 0;
    const char *text = gz_fact_value(facts, count, "seed");
    errno = 0;
    const unsigned long long value = strtoull(text, &end, 10);
    const bool found = !errno && *text && !*end;
    if (found) *seed = value;
    gz_arena_destroy(arena);
    return found;
}
