/* Stored numbers as the 4-byte numbers that arrays hold. */
#ifndef GZ_NUMBER_H
#define GZ_NUMBER_H
#include "../base/status.h"

typedef enum gz_number {
    GZ_NUMBER_F64,
    GZ_NUMBER_F32,
    GZ_NUMBER_F16,
    GZ_NUMBER_BF16,
    GZ_NUMBER_I64,
    GZ_NUMBER_I32,
    GZ_NUMBER_U8
} gz_number;

size_t gz_number_bytes(gz_number type);
gaze_dtype gz_number_dtype(gz_number type); /* what it is read as */

/* Converts `count` numbers of `type` at `source` (any alignment) to float or int32. Values that don't fit are
   an error, which names `place` and the number's index, counted from `first`; infinity and NaN stay. */
gaze_status gz_number_convert(const char *place, gz_number type, const void *source, size_t first,
                              size_t count, void *out);

#endif
