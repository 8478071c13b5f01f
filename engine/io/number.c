#include "number.h"
#include "../base/bytes.h"

#include <float.h>
#include <inttypes.h>
#include <math.h>

size_t gz_number_bytes(gz_number type)
{
    static const unsigned char bytes[] = {8, 4, 2, 2, 8, 4, 1};
    return bytes[type];
}

gaze_dtype gz_number_dtype(gz_number type) { return type <= GZ_NUMBER_BF16 ? GAZE_FLOAT32 : GAZE_INT32; }

static gaze_status convert_f64(const char *place, const unsigned char *source, size_t first, size_t count,
                               float *out)
{
    for (size_t i = 0; i < count; i++) {
        const double value = gz_load_f64(source + 8 * i);
        if (isfinite(value) && fabs(value) > (double)FLT_MAX)
            return gz_fail(GAZE_ERROR_DATA, "%s: element %zu is %g, expected at most %g (float32)", place,
                           first + i, value, (double)FLT_MAX);
        out[i] = (float)value;
    }
    return GAZE_OK;
}

static gaze_status convert_i64(const char *place, const unsigned char *source, size_t first, size_t count,
                               int32_t *out)
{
    for (size_t i = 0; i < count; i++) {
        const int64_t value = (int64_t)gz_load_u64(source + 8 * i);
        if (value < INT32_MIN || value > INT32_MAX)
            return gz_fail(GAZE_ERROR_DATA,
                           "%s: element %zu is %" PRId64 ", expected %" PRId32 "..%" PRId32 " (int32)", place,
                           first + i, value, INT32_MIN, INT32_MAX);
        out[i] = (int32_t)value;
    }
    return GAZE_OK;
}

static uint32_t float_bits_of_half(uint16_t half)
{
    const uint32_t sign = (uint32_t)(half & 0x8000) << 16, exponent = half >> 10 & 31, fraction = half & 1023;
    if (exponent == 31) return sign | 0x7f800000 | fraction << 13;
    if (exponent) return sign | (exponent + 112) << 23 | fraction << 13;
    const float tiny = (float)fraction * 0x1p-24f; /* zero and denormals */
    return sign | gz_load_u32(&tiny);
}

static void convert_halves(const unsigned char *source, size_t count, bool bfloat, uint32_t *out)
{
    for (size_t i = 0; i < count; i++) {
        const uint16_t half = gz_load_u16(source + 2 * i);
        out[i] = bfloat ? (uint32_t)half << 16 : float_bits_of_half(half);
    }
}

gaze_status gz_number_convert(const char *place, gz_number type, const void *source, size_t first,
                              size_t count, void *out)
{
    const unsigned char *bytes = source;
    int32_t *integers = out;
    switch (type) {
    case GZ_NUMBER_F64: return convert_f64(place, source, first, count, out);
    case GZ_NUMBER_I64: return convert_i64(place, source, first, count, out);
    case GZ_NUMBER_F16:
    case GZ_NUMBER_BF16: convert_halves(source, count, type == GZ_NUMBER_BF16, out); break;
    case GZ_NUMBER_U8:
        for (size_t i = 0; i < count; i++) integers[i] = bytes[i];
        break;
    case GZ_NUMBER_F32:
    case GZ_NUMBER_I32:
        if (count) memcpy(out, source, 4 * count);
    }
    return GAZE_OK;
}
