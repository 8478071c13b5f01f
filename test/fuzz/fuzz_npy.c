#include "fuzz.h"
#include "../../engine/io/npy.h"

#include <stdlib.h>

static void read_array(const char *path)
{
    gaze_array array = {.name = "x"};
    if (!fuzz_loaded(gz_npy_read(path, &array), "x.npy")) return;
    size_t count = 1;
    for (size_t i = 0; i < array.rank; i++) count *= array.shape[i];
    fuzz_touch(array.data, count * 4);
    free(array.data);
}

/* Two parts: labels and samples of a data set; the second is read as an array too. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    const fuzz_parts parts = fuzz_split(bytes, size);
    fuzz_file("train/label.npy", parts.bytes[0], parts.sizes[0]);
    read_array(fuzz_file("train/x.npy", parts.bytes[1], parts.sizes[1]));
    fuzz_data("npy", fuzz_folder(), ".npy", GAZE_FLOAT32, 1);
    fuzz_data("npy", fuzz_folder(), ".npy", GAZE_INT32, 2);
    return 0;
}
