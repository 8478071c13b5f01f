#include "record.h"

#include "../base/clock.h"
#include "../base/text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char HEADER[] =
    "epoch,step,loss,accuracy,validation_loss,validation_accuracy,seconds,samples_per_second\n";

gaze_status gz_log_add(gz_log *log, const gz_epoch_row *row)
{
    GZ_TRY(gz_grow(&log->rows, &log->capacity, log->count + 1, sizeof *log->rows));
    log->rows[log->count++] = *row;
    return GAZE_OK;
}

void gz_log_free(gz_log *log)
{
    free(log->rows);
    *log = (gz_log){0};
}

static gaze_status write_text(const char *folder, const char *name, gz_text *text)
{
    char *chars = NULL;
    gz_arena *arena = NULL;
    gaze_status status;
    GZ_GO(gz_text_take(text, &chars));
    GZ_GO(gz_arena_create(&arena));
    const char *path = gz_path_join(arena, folder, name);
    GZ_GO(path ? gz_file_write(path, chars, strlen(chars)) : GAZE_ERROR_DEVICE);
done:
    free(chars);
    gz_arena_destroy(arena);
    return status;
}

static void add_number(gz_text *text, double value)
{
    if (isnan(value))
        gz_text_add(text, ","); /* an empty field: there was no validation */
    else
        gz_text_add(text, ",%.9g", value);
}

gaze_status gz_log_write(const gz_log *log, const char *folder)
{
    gz_text text = {0};
    gz_text_add(&text, "%s", HEADER);
    for (size_t i = 0; i < log->count; i++) {
        const gz_epoch_row *r = &log->rows[i];
        gz_text_add(&text, "%zu,%zu", r->epoch, r->step);
        const double values[] = {r->loss,    r->accuracy,          r->validation_loss, r->validation_accuracy,
                                 r->seconds, r->samples_per_second};
        for (size_t k = 0; k < sizeof values / sizeof *values; k++) add_number(&text, values[k]);
        gz_text_add(&text, "\n");
    }
    return write_text(folder, "log.csv", &text);
}

/* A count, exactly: NaN is none. */
static bool is_count(double value, double least) { return value >= least && value <= 0x1p53; }

static bool parse_row(const char *line, gz_epoch_row *row)
{
    double values[8];
    for (size_t i = 0; i < 8; i++) {
        char *end;
        values[i] = *line == ',' || *line == '\n' ? NAN : strtod(line, &end);
        if (!isnan(values[i])) line = end;
        if (i < 7 && *line++ != ',') return false;
    }
    if (!is_count(values[0], 1) || !is_count(values[1], 0)) return false;
    *row = (gz_epoch_row){(size_t)values[0], (size_t)values[1], values[2], values[3],
                          values[4],         values[5],         values[6], values[7]};
    return true;
}

gaze_status gz_log_read(const char *folder, size_t epochs, gz_log *log)
{
    gz_arena *arena = NULL;
    char *bytes = NULL;
    size_t size;
    gz_file_kind kind;
    gaze_status status;
    GZ_GO(gz_arena_create(&arena));
    const char *path = gz_path_join(arena, folder, "log.csv");
    GZ_GO(path ? GAZE_OK : GAZE_ERROR_DEVICE);
    GZ_GO(gz_file_look(path, &kind));
    if (kind == GZ_NOTHING) goto done;
    GZ_GO(gz_file_read(path, 1 << 26, &bytes, &size));
    for (const char *line = strchr(bytes, '\n'); line && line[1]; line = strchr(line + 1, '\n')) {
        gz_epoch_row row;
        if (!parse_row(line + 1, &row) || row.epoch > epochs) break;
        GZ_GO(gz_log_add(log, &row));
    }
done:
    free(bytes);
    gz_arena_destroy(arena);
    return status;
}

static void add_word(gz_text *text, const char *key, const char *value)
{
    gz_text_add(text, ",\n  \"%s\": ", key);
    if (value)
        gz_text_add_json_string(text, value);
    else
        gz_text_add(text, "null");
}

static void add_device(gz_text *text, const gaze_device_info *device)
{
    gz_text_add(text, ",\n  \"device\": {\"platform\": ");
    gz_text_add_json_string(text, device->platform ? device->platform : "");
    const char *const pairs[] = {"name",    device->name,    "vendor", device->vendor,
                                 "version", device->version, "driver", device->driver,
                                 "type",    device->type,    "family", device->family};
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i += 2) {
        gz_text_add(text, ", \"%s\": ", pairs[i]);
        gz_text_add_json_string(text, pairs[i + 1] ? pairs[i + 1] : "");
    }
    gz_text_add(text, "}");
}

/* "what it is for: the candidate" */
static void add_tuned(gz_text *text, const gz_plan *plan)
{
    const gz_plan_choice *list;
    const char *before = "";
    const size_t count = plan ? gz_plan_choices(plan, &list) : 0;
    gz_text_add(text, ",\n  \"tuned\": [");
    for (size_t i = 0; i < count; i++) {
        if (list[i].taken == list[i].candidates.usual) continue;
        gz_text_add(text, "%s\"%s: %s\"", before, list[i].key, list[i].candidates.names[list[i].taken]);
        before = ", ";
    }
    gz_text_add(text, "]");
}

gaze_status gz_run_record_write(const gz_run_record *r, const char *folder)
{
    gz_text text = {0};
    char now[24];
    gz_time_text(now);
    gz_text_add(&text, "{\n  \"gaze\": \"%s\"", gaze_version());
    add_word(&text, "state", r->state);
    add_word(&text, "started", r->started);
    add_word(&text, "written", now);
    gz_text_add(&text, ",\n  \"command\": [");
    for (int i = 0; i < r->argc; i++) {
        if (i) gz_text_add(&text, ", ");
        gz_text_add_json_string(&text, r->argv[i]);
    }
    gz_text_add(&text, "]");
    add_device(&text, r->device);
    add_tuned(&text, r->plan);
    add_word(&text, "model", r->model_name);
    add_word(&text, "model_hash", r->model_hash);
    add_word(&text, "data", r->data_type);
    add_word(&text, "data_path", r->data_path);
    add_word(&text, "data_hash", r->data_hash);
    add_word(&text, "optimizer", r->optimizer);
    gz_text_add(&text,
                ",\n  \"learning_rate\": %.9g,\n  \"seed\": %llu,\n  \"batch_size\": %zu,\n  \"epochs\": "
                "%zu,\n  \"steps\": %zu",
                r->learning_rate, (unsigned long long)r->seed, r->batch_size, r->epochs, r->steps);
    if (r->processes) gz_text_add(&text, ",\n  \"processes\": %zu", r->processes);
    gz_text_add(&text, ",\n  \"train_samples\": %zu,\n  \"test_samples\": %zu,\n  \"parameters\": %zu\n}\n",
                r->train_samples, r->test_samples, r->parameters);
    return write_text(folder, "run.json", &text);
}
