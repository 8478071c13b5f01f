/* One program's source, complete: cl/<stem>.cl with its #include "..." lines replaced by what they name, each
 * file once. */
#ifndef GZ_SOURCE_H
#define GZ_SOURCE_H
#include "device.h"

/* Stands for all .cl files of the library in one program. */
#define GZ_EVERY_STEM "every"

/* Files come from $GAZE_KERNEL_DIR where it is set and has them, else from the library. free() *text.
   The stem may be GZ_EVERY_STEM: then from the library alone. */
gaze_status gz_source_assemble(const char *stem, char **text, size_t *length);

/* Is cl/<stem>.cl in the library? */
bool gz_source_is_embedded(const char *stem);

#endif
