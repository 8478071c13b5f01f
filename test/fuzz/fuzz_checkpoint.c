#include "fuzz.h"
#include "small_model.h"
#include "../../engine/train/checkpoint.h"

/* To go on with a run, and to predict with one of its checkpoints. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    const gz_identity identity = {"m", "d", 7, 4, "adam", 3};
    gz_place place;
    gz_store *store;
    bool found;
    fuzz_small_model(&store);
    fuzz_file("checkpoint-5.safetensors", bytes, size);
    const gaze_status status =
        gz_checkpoint_resume(fuzz_folder(), store, FUZZ_MOMENTS, &identity, &place, &found);
    if (fuzz_loaded(status, "checkpoint") && found) fuzz_touch_store(store);
    if (fuzz_loaded(gz_checkpoint_load(fuzz_folder(), 5, "m", store, &place), "checkpoint-5"))
        fuzz_touch_store(store);
    return 0;
}
