#include "fuzz.h"
#include "../../engine/train/record.h"

/* Two parts: run.json, log.csv. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    const fuzz_parts parts = fuzz_split(bytes, size);
    const char *type, *path;
    gz_arena *arena;
    gz_log log = {0};
    fuzz_file("run.json", parts.bytes[0], parts.sizes[0]);
    fuzz_file("log.csv", parts.bytes[1], parts.sizes[1]);
    if (gz_arena_create(&arena) != GAZE_OK) return 0;
    fuzz_loaded(gz_run_record_data(fuzz_folder(), arena, &type, &path), "run.json");
    gz_arena_destroy(arena);
    if (fuzz_loaded(gz_log_read(fuzz_folder(), 5, &log), "log.csv"))
        fuzz_touch(log.rows, log.count * sizeof *log.rows);
    gz_log_free(&log);
    return 0;
}
