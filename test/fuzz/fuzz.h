/* What the fuzz targets share. A target is one file, fuzz_<loader>.c, that defines LLVMFuzzerTestOneInput; it
   is linked with libFuzzer, or with feed.c, which gives it the files of its corpus one by one. */
#ifndef FUZZ_H
#define FUZZ_H
#include "../../engine/data/data.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

/* A folder of this process's own, removed at its end. */
const char *fuzz_folder(void);

/* Writes a file in it; the name may have folders. The path stays as long as the process. */
const char *fuzz_file(const char *name, const uint8_t *bytes, size_t size);

/* Splits input for loaders that read two files: its first two bytes (little-endian) are the size of the first
   part. */
typedef struct fuzz_parts {
    const uint8_t *bytes[2];
    size_t sizes[2];
} fuzz_parts;
fuzz_parts fuzz_split(const uint8_t *bytes, size_t size);

/* A loader either succeeds or says what is wrong with the file, by its name; nothing else: memory can't be
   out, since no input is large. Ends the process otherwise. True where it succeeded. $FUZZ_VERBOSE shows
   the messages. */
bool fuzz_loaded(gaze_status status, const char *name);

/* Reads every byte, so that a sanitizer sees memory that isn't there or was never written. */
void fuzz_touch(const void *bytes, size_t size);

/* Opens data of that type for one input of that dtype with `rank` open dimensions and 10 classes, fetches
   every sample, and closes it. */
void fuzz_data(const char *type, const char *path, const char *name, gaze_dtype dtype, size_t rank);

/* Reads an image, and as a sample of 8x8 pixels. */
void fuzz_image(const char *path, const char *name);

#endif
