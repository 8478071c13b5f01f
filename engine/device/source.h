/* One program's source, complete: cl/<stem>.cl with its #include "..." lines replaced by what they name, each
 * file once. Several files make one program when their stems are joined: "dense+softmax". */
#ifndef GZ_SOURCE_H
#define GZ_SOURCE_H
#include "device.h"

/* Between the stems of a program of several files. */
#define GZ_STEMS_JOINT "+"

/* Files come from $GAZE_KERNEL_DIR where it is set and has them, else from the library. free() *text.
   Joined stems are from the library alone. */
gaze_status gz_source_assemble(const char *stem, char **text, size_t *length);

/* Is cl/<stem>.cl in the library? */
bool gz_source_is_embedded(const char *stem);

#endif
