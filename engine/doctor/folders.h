/* Folders that something is kept in. */
#ifndef GZ_FOLDERS_H
#define GZ_FOLDERS_H
#include "doctor.h"

/* Whether files can be made in a folder, or where it would be made: writes one and takes it away. NULL: they
   can. Else why not, in the arena, and the command that mends it. */
const char *gz_folder_trouble(gz_doctor *d, const char *folder, const char **cure);

/* Files below it, and their bytes. */
typedef struct gz_folder_size {
    size_t files, bytes;
} gz_folder_size;
void gz_folder_measure(const char *folder, gz_folder_size *size);

#endif
