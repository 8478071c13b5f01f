/* The files of cl/, as they were when the library was built (made by cmake/embed.cmake). Sorted by name. */
#ifndef GZ_EMBEDDED_H
#define GZ_EMBEDDED_H
#include <stddef.h>

typedef struct gz_embedded_source {
    const char *name;           /* "conv2d.cl" */
    const unsigned char *bytes; /* a zero byte, not counted, follows */
    size_t size;
} gz_embedded_source;

extern const gz_embedded_source gz_embedded_sources[];
extern const size_t gz_n_embedded_sources;

#endif
