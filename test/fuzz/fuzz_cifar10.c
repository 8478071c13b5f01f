#include "fuzz.h"

enum { RECORD = 3073 };

/* Two parts: the classes' names, records; the other files are sound and the same every time. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static const uint8_t record[RECORD];
    static const char *const others[] = {"data_batch_2.bin", "data_batch_3.bin", "data_batch_4.bin",
                                         "data_batch_5.bin"};
    static bool written;
    const fuzz_parts parts = fuzz_split(bytes, size);
    for (size_t i = 0; !written && i < 4; i++) fuzz_file(others[i], record, sizeof record);
    written = true;
    fuzz_file("batches.meta.txt", parts.bytes[0], parts.sizes[0]);
    fuzz_file("data_batch_1.bin", parts.bytes[1], parts.sizes[1]);
    fuzz_data("cifar10", fuzz_folder(), "bat", GAZE_FLOAT32, 3);
    return 0;
}
