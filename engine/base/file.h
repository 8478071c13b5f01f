/* Files as bytes: reading whole ones, and writing ones that are there completely or not at all. */
#ifndef GZ_FILE_H
#define GZ_FILE_H
#include "memory.h"

#include <stdint.h>
#include <stdio.h>

/* The whole file; free() *bytes. A zero byte (not counted) follows. Fails above `limit` bytes without
 * reading. */
gaze_status gz_file_read(const char *path, size_t limit, char **bytes, size_t *size);

/* As above; a gzip file (by its magic, not its name) is inflated. Truncated or damaged gzip names the byte.
 */
gaze_status gz_file_read_gz(const char *path, size_t limit, char **bytes, size_t *size);

/* A file being written under a temporary name beside `path`. Commit: flush, fsync, rename, fsync of the
   folder. Exactly one of commit and abandon ends it; commit that fails has removed the temporary file. */
typedef struct gz_writer gz_writer;
gaze_status gz_writer_open(const char *path, gz_writer **out);
gaze_status gz_writer_write(gz_writer *writer, const void *bytes, size_t size);
FILE *gz_writer_stream(gz_writer *writer); /* for libpng and fprintf; errors are found at commit */
gaze_status gz_writer_commit(gz_writer *writer);
void gz_writer_abandon(gz_writer *writer); /* NULL is fine */

/* Open, write all, commit. */
gaze_status gz_file_write(const char *path, const void *bytes, size_t size);
/* Whether a file can be written there, and nothing is left: before work of minutes, not after it. */
gaze_status gz_file_try(const char *path);

/* Removes the temporary files of writers that were killed; those being written stay. */
void gz_writer_clean(const char *folder);

/* Makes the folder and its parents (mode 0777 & ~umask, or 0700 where private_ is set). One that was there is
   cleaned as above. */
gaze_status gz_folder_make(const char *path, bool private_);
/* Holds a folder for one writer: while it is held, in this process or another, a second hold waits, and fails
   after `seconds`. The system lets go of what a dead process held. *hold goes to gz_folder_let_go; -1 where
   the folder can't be locked (some file systems have no locks): it is then had without. */
gaze_status gz_folder_hold(const char *path, double seconds, int *hold);
void gz_folder_let_go(int hold); /* -1 is fine */
bool gz_file_exists(const char *path);
bool gz_folder_exists(const char *path);

/* The same where a wrong answer would change what is done: fails where it can't be known what is there (a
   folder that may not be entered, a disk that fails). */
typedef enum gz_file_kind { GZ_NOTHING, GZ_FILE, GZ_FOLDER } gz_file_kind;
gaze_status gz_file_look(const char *path, gz_file_kind *kind);

/* "<folder>/<name>" in the arena; NULL when memory is out. */
char *gz_path_join(gz_arena *arena, const char *folder, const char *name);

/* "stem" of "a/b/stem.png", in the arena. */
char *gz_path_stem(gz_arena *arena, const char *path);

/* "gaze" folder in $XDG_CACHE_HOME or ~/.cache, in the arena (not made); *folder is NULL when neither is
   set. */
gaze_status gz_cache_folder(gz_arena *arena, const char **folder);

/* XXH3 as 16 (64 bit) hexadecimal digits and a zero. */
typedef struct gz_hash {
    char text[17];
} gz_hash;
gz_hash gz_hash_bytes(const void *bytes, size_t size);
uint64_t gz_hash_number(const void *bytes, size_t size,
                        uint64_t seed); /* as a number; seed: of what came before, or 0 */
gaze_status gz_hash_file(const char *path, gz_hash *hash);

#endif
