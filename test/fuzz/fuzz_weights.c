#include "fuzz.h"
#include "small_model.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    gz_store *store;
    const gz_built *built = fuzz_small_model(&store);
    const char *path = fuzz_file("fuzz.safetensors", bytes, size);
    if (fuzz_loaded(gz_weights_load(path, built, store), "fuzz.safetensors")) fuzz_touch_store(store);
    return 0;
}
