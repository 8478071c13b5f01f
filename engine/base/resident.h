#ifndef GZ_RESIDENT_H
#define GZ_RESIDENT_H
#include <stddef.h>

/* Bytes: the most memory that this process has had at a time, code and libraries too, but not what is swapped
   out. 0 where the system doesn't tell. */
size_t gz_resident_peak(void);

#endif
