#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    fuzz_image(fuzz_file("fuzz.jpg", bytes, size), "fuzz.jpg");
    return 0;
}
