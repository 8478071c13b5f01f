/* Graphics processors on the PCI bus, by their makers. */
#ifndef GZ_GPUS_H
#define GZ_GPUS_H
#include "doctor.h"

typedef struct gz_gpu_maker {
    unsigned number;                   /* on the bus */
    const char *vendor, *other_vendor; /* as OpenCL's vendors begin */
    const char *module, *package;      /* of the kernel; Debian's OpenCL driver */
} gz_gpu_maker;

enum { GZ_MOST_GPUS = 16 };

typedef struct gz_gpus {
    const gz_gpu_maker *list[GZ_MOST_GPUS]; /* each maker once */
    size_t count;
} gz_gpus;

void gz_gpus_find(gz_doctor *d, gz_gpus *gpus);

/* Tells of makers none of whose GPUs OpenCL offers. */
void gz_gpus_compare(gz_doctor *d, const gz_probe *probe);

#endif
