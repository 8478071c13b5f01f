/* Files that are part of the library, as they were when it was built (cmake/embed.cmake). Sorted by name. */
#ifndef GZ_EMBEDDED_H
#define GZ_EMBEDDED_H
#include <stddef.h>

typedef struct gz_embedded_file {
    const char *name;           /* "conv2d.cl" */
    const unsigned char *bytes; /* a zero byte, not counted, follows */
    size_t size;
} gz_embedded_file;

extern const gz_embedded_file gz_embedded_kernels[]; /* of cl/ */
extern const size_t gz_n_embedded_kernels;
extern const gz_embedded_file gz_embedded_pages[]; /* of web/ */
extern const size_t gz_n_embedded_pages;

#endif
