#include "fuzz.h"

#include <zlib.h>

enum { SIGNATURE = 8, EMPTY_CHUNK = 12 };

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    fuzz_image(fuzz_file("fuzz.png", bytes, size), "fuzz.png");
    return 0;
}

/* libFuzzer's, where it is there. */
size_t LLVMFuzzerMutate(uint8_t *bytes, size_t size, size_t most) __attribute__((weak));
size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t size, size_t most, unsigned seed);

static uint32_t number_at(const uint8_t *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static void write_sum(uint8_t *chunk, size_t length)
{
    const uint32_t sum = (uint32_t)crc32(0, chunk + 4, (uInt)length + 4);
    for (int i = 0; i < 4; i++) chunk[8 + length + (size_t)i] = (uint8_t)(sum >> (24 - 8 * i));
}

/* Chunks get right sums again: otherwise hardly any input would come past the first one. */
size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t size, size_t most, unsigned seed)
{
    (void)seed;
    size = LLVMFuzzerMutate(bytes, size, most);
    for (size_t at = SIGNATURE; size >= at + EMPTY_CHUNK;) {
        const size_t length = number_at(bytes + at);
        if (length > size - at - EMPTY_CHUNK) break;
        write_sum(bytes + at, length);
        at += EMPTY_CHUNK + length;
    }
    return size;
}
