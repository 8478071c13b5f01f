#include "fuzz.h"

/* As numbers, and as token ids of any length. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    const char *path = fuzz_file("fuzz.csv", bytes, size);
    fuzz_data("csv", path, "fuzz.csv", GAZE_FLOAT32, 1);
    fuzz_data("csv", path, "fuzz.csv", GAZE_INT32, 1);
    return 0;
}
