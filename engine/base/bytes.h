/* Numbers in byte strings of any alignment. File formats here are little-endian (idx: big-endian), and so is
 * the host. */
#ifndef GZ_BYTES_H
#define GZ_BYTES_H
#include <stdint.h>
#include <string.h>

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "arrays are read and written as they lie in memory: a little-endian host is needed"
#endif

static inline uint16_t gz_load_u16(const void *bytes)
{
    uint16_t value;
    memcpy(&value, bytes, sizeof value);
    return value;
}

static inline uint32_t gz_load_u32(const void *bytes)
{
    uint32_t value;
    memcpy(&value, bytes, sizeof value);
    return value;
}

static inline uint64_t gz_load_u64(const void *bytes)
{
    uint64_t value;
    memcpy(&value, bytes, sizeof value);
    return value;
}

static inline double gz_load_f64(const void *bytes)
{
    double value;
    memcpy(&value, bytes, sizeof value);
    return value;
}

static inline uint32_t gz_load_u32_big_endian(const void *bytes)
{
    const unsigned char *b = bytes;
    return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

#endif
