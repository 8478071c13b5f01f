#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    fuzz_image(fuzz_file("fuzz.png", bytes, size), "fuzz.png");
    return 0;
}
