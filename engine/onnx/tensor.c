/* ONNX's tensors: their type, and where their elements lie. */
#include "constant.h"

#include <math.h>
#include <string.h>

typedef Onnx__TensorProto tensor;

/* What an element takes in raw_data; 0: a type that is not read. */
static size_t bytes_of(int32_t type)
{
    switch (type) {
    case ONNX__TENSOR_PROTO__DATA_TYPE__BOOL:
    case ONNX__TENSOR_PROTO__DATA_TYPE__UINT8:
    case ONNX__TENSOR_PROTO__DATA_TYPE__INT8: return 1;
    case ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT16:
    case ONNX__TENSOR_PROTO__DATA_TYPE__BFLOAT16:
    case ONNX__TENSOR_PROTO__DATA_TYPE__UINT16:
    case ONNX__TENSOR_PROTO__DATA_TYPE__INT16: return 2;
    case ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT:
    case ONNX__TENSOR_PROTO__DATA_TYPE__UINT32:
    case ONNX__TENSOR_PROTO__DATA_TYPE__INT32: return 4;
    case ONNX__TENSOR_PROTO__DATA_TYPE__DOUBLE:
    case ONNX__TENSOR_PROTO__DATA_TYPE__UINT64:
    case ONNX__TENSOR_PROTO__DATA_TYPE__INT64: return 8;
    default: return 0;
    }
}

static bool is_float(int32_t type)
{
    return type == ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT || type == ONNX__TENSOR_PROTO__DATA_TYPE__DOUBLE ||
           type == ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT16 || type == ONNX__TENSOR_PROTO__DATA_TYPE__BFLOAT16;
}

static float half(uint16_t bits)
{
    const int exponent = bits >> 10 & 31, fraction = bits & 1023;
    const double size = exponent == 0    ? ldexp(fraction, -24)
                        : exponent == 31 ? (fraction ? (double)NAN : (double)INFINITY)
                                         : ldexp(1024 + fraction, exponent - 25);
    return (float)(bits & 0x8000 ? -size : size);
}

static float brain(uint16_t bits)
{
    const uint32_t wide = (uint32_t)bits << 16;
    float value;
    memcpy(&value, &wide, sizeof value);
    return value;
}

static uint64_t little(const uint8_t *bytes, size_t n)
{
    uint64_t value = 0;
    for (size_t i = 0; i < n; i++) value |= (uint64_t)bytes[i] << (8 * i);
    return value;
}

static float float_of(int32_t type, uint64_t bits)
{
    if (type == ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT16) return half((uint16_t)bits);
    if (type == ONNX__TENSOR_PROTO__DATA_TYPE__BFLOAT16) return brain((uint16_t)bits);
    if (type == ONNX__TENSOR_PROTO__DATA_TYPE__DOUBLE) {
        double value;
        memcpy(&value, &bits, sizeof value);
        return (float)value;
    }
    const uint32_t narrow = (uint32_t)bits;
    float value;
    memcpy(&value, &narrow, sizeof value);
    return value;
}

static int64_t whole_of(int32_t type, uint64_t bits)
{
    switch (type) {
    case ONNX__TENSOR_PROTO__DATA_TYPE__INT8: return (int8_t)bits;
    case ONNX__TENSOR_PROTO__DATA_TYPE__INT16: return (int16_t)bits;
    case ONNX__TENSOR_PROTO__DATA_TYPE__INT32: return (int32_t)bits;
    default: return (int64_t)bits;
    }
}

static void fill(const uint8_t *bytes, int32_t type, size_t count, gz_constant *c)
{
    const size_t each = bytes_of(type);
    for (size_t i = 0; i < count; i++) {
        const uint64_t bits = little(bytes + i * each, each);
        if (c->f)
            c->f[i] = float_of(type, bits);
        else
            c->i[i] = whole_of(type, bits);
    }
}

/* Where elements lie in fields of their own type in place of raw_data: how many there are. */
static size_t listed(const tensor *t)
{
    switch (t->data_type) {
    case ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT: return t->n_float_data;
    case ONNX__TENSOR_PROTO__DATA_TYPE__DOUBLE: return t->n_double_data;
    case ONNX__TENSOR_PROTO__DATA_TYPE__INT64: return t->n_int64_data;
    case ONNX__TENSOR_PROTO__DATA_TYPE__UINT32:
    case ONNX__TENSOR_PROTO__DATA_TYPE__UINT64: return t->n_uint64_data;
    default: return t->n_int32_data;
    }
}

static void fill_listed(const tensor *t, size_t count, gz_constant *c)
{
    for (size_t i = 0; i < count; i++) switch (t->data_type) {
        case ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT: c->f[i] = t->float_data[i]; break;
        case ONNX__TENSOR_PROTO__DATA_TYPE__DOUBLE: c->f[i] = (float)t->double_data[i]; break;
        case ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT16:
        case ONNX__TENSOR_PROTO__DATA_TYPE__BFLOAT16:
            c->f[i] = float_of(t->data_type, (uint16_t)t->int32_data[i]);
            break;
        case ONNX__TENSOR_PROTO__DATA_TYPE__INT64: c->i[i] = t->int64_data[i]; break;
        case ONNX__TENSOR_PROTO__DATA_TYPE__UINT32:
        case ONNX__TENSOR_PROTO__DATA_TYPE__UINT64: c->i[i] = (int64_t)t->uint64_data[i]; break;
        default: c->i[i] = t->int32_data[i];
        }
}

static gaze_status read_shape(const char *path, const tensor *t, size_t *dim, size_t *count)
{
    const char *name = gz_proto_text(t->name);
    *count = 1;
    if (t->n_dims > GZ_ONNX_RANK)
        return gz_fail(GAZE_ERROR_DATA, "%s: tensor '%s' has %zu dimensions, expected at most %d", path, name,
                       t->n_dims, GZ_ONNX_RANK);
    for (size_t i = 0; i < t->n_dims; i++) {
        dim[i] = (size_t)t->dims[i];
        if (t->dims[i] < 0 || !gz_multiply(*count, dim[i], count) || *count > SIZE_MAX / 16)
            return gz_fail(GAZE_ERROR_DATA,
                           "%s: tensor '%s' has the dimension %lld, expected a size that fits", path, name,
                           (long long)t->dims[i]);
    }
    return GAZE_OK;
}

static gaze_status wrong_size(const char *path, const tensor *t, size_t found, size_t expected,
                              const char *what)
{
    return gz_fail(GAZE_ERROR_DATA, "%s: tensor '%s' has %zu %s, its dimensions ask for %zu", path,
                   gz_proto_text(t->name), found, what, expected);
}

gaze_status gz_constant_read(gz_arena *arena, const char *path, const tensor *t, gz_constant **out)
{
    size_t dim[GZ_ONNX_RANK], count;
    const size_t each = bytes_of(t->data_type);
    const uint8_t *bytes = t->raw_data.data;
    const bool outside =
        t->has_data_location && t->data_location == ONNX__TENSOR_PROTO__DATA_LOCATION__EXTERNAL;
    GZ_TRY(read_shape(path, t, dim, &count));
    if (!each)
        return gz_fail(GAZE_ERROR_MODEL,
                       "%s: tensor '%s' is of ONNX's type %d, expected numbers of 8 to 64 bits", path,
                       gz_proto_text(t->name), (int)t->data_type);
    if (outside)
        GZ_TRY(gz_external_read(arena, path, t, count * each, &bytes));
    else if (t->has_raw_data && t->raw_data.len != count * each)
        return wrong_size(path, t, t->raw_data.len, count * each, "bytes");
    else if (!t->has_raw_data && listed(t) != count)
        return wrong_size(path, t, listed(t), count, "elements");
    GZ_TRY(gz_constant_make(arena, !is_float(t->data_type), t->n_dims, dim, SIZE_MAX / 16, out));
    (*out)->narrow = t->data_type == ONNX__TENSOR_PROTO__DATA_TYPE__BFLOAT16;
    if (outside || t->has_raw_data)
        fill(bytes, t->data_type, count, *out);
    else
        fill_listed(t, count, *out);
    return GAZE_OK;
}
