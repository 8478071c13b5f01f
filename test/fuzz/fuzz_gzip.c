#include "fuzz.h"

#include <stdlib.h>

enum { LIMIT = 1 << 18 };

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    char *inflated;
    size_t inflated_bytes;
    const char *path = fuzz_file("fuzz.gz", bytes, size);
    if (!fuzz_loaded(gz_file_read_gz(path, LIMIT, &inflated, &inflated_bytes), "fuzz.gz")) return 0;
    fuzz_touch(inflated, inflated_bytes + 1);
    free(inflated);
    return 0;
}
