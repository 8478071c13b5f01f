/* One program's source, complete: cl/<stem>.cl with its #include "..." lines replaced by what they name, each
 * file once. */
#ifndef GZ_SOURCE_H
#define GZ_SOURCE_H
#include "device.h"

/* Files come from $GAZE_KERNEL_DIR where it is set and has them, else from the library. free() *text. */
gaze_status gz_source_assemble(const char *stem, char **text, size_t *length);

#endif
