#include "fuzz.h"

/* Two parts: labels, images. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    const fuzz_parts parts = fuzz_split(bytes, size);
    fuzz_file("train-labels-idx1-ubyte", parts.bytes[0], parts.sizes[0]);
    fuzz_file("train-images-idx3-ubyte", parts.bytes[1], parts.sizes[1]);
    fuzz_data("idx", fuzz_folder(), "-ubyte", GAZE_FLOAT32, 2);
    return 0;
}
