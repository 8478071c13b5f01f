#include "fuzz.h"
#include "../../engine/io/safetensors.h"

#include <string.h>

static void read_file(const char *path)
{
    gz_safetensors file;
    if (!fuzz_loaded(gz_safetensors_read(path, &file), "fuzz.safetensors")) return;
    for (size_t i = 0; i < file.count; i++) {
        size_t count = 1;
        for (size_t k = 0; k < file.arrays[i].rank; k++) count *= file.arrays[i].shape[k];
        fuzz_touch(file.arrays[i].data, count * 4);
        fuzz_touch(file.types[i], strlen(file.types[i]));
    }
    for (const char *const *word = file.metadata; *word; word++) fuzz_touch(*word, strlen(*word));
    gz_safetensors_free(&file);
}

/* As an array file, and as a data set of images and of token ids. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    const char *path = fuzz_file("fuzz.safetensors", bytes, size);
    read_file(path);
    fuzz_data("safetensors", path, "fuzz.safetensors", GAZE_FLOAT32, 2);
    fuzz_data("safetensors", path, "fuzz.safetensors", GAZE_INT32, 1);
    return 0;
}
