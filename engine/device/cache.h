/* Programs that were built before, on disk.

   Two ways, by driver; measured on PoCL 3.1, 2 cores, one program of 10 kernels with register tiles, each
   enqueued once, in ms for the whole process (first start with empty caches / second start): binary read
   right after the build   2386 / 24 binary read at closing              2247 / 24 nothing of ours, PoCL's own
   cache   1218 / 45 Reading a program's binary makes PoCL compile a second, general version of every kernel
   in it, used or not (about 100 ms each), so that the first start takes twice as long; without it each
   program costs 20 ms at a later start (PoCL runs the preprocessor to find its own entry) in place of 0.4 ms.
   Hence DRIVER for PoCL, where only kernels that are used are ever compiled, and BINARY for the others, whose
   compilers have done all of the work when clBuildProgram returns. (POCL_WORK_GROUP_SPECIALIZATION=0 would
   make the general version the only one: 1721 / 31, so no better. A binary of clCompileProgram is cheap to
   read, but clLinkProgram then takes 430 ms at every start.)

   DRIVER keeps entries too, so that programs are counted honestly: a list of the kernels of that program that
   were made and run, kept inside PoCL's cache folder, so that whoever empties that folder removes our
   knowledge with it.

   $GAZE_PROGRAM_CACHE=binary|driver|none forces a way. */
#ifndef GZ_CACHE_H
#define GZ_CACHE_H
#include "../base/memory.h"

typedef enum gz_cache_kind { GZ_CACHE_NONE, GZ_CACHE_BINARY, GZ_CACHE_DRIVER } gz_cache_kind;

typedef struct gz_cache gz_cache;

gaze_status gz_cache_open(const gaze_device_info *info, gz_cache **out);
/* Not in the driver's folder, whoever keeps the programs; nowhere with $GAZE_PROGRAM_CACHE=none. */
gaze_status gz_cache_open_own(const gaze_device_info *info, gz_cache **out);
void gz_cache_close(gz_cache *cache); /* NULL is fine */
gz_cache_kind gz_cache_kind_of(const gz_cache *cache);

/* Where PoCL keeps what it has compiled; where entries of a kind lie, NULL: nowhere. In the arena. */
gaze_status gz_pocl_folder(gz_arena *arena, const char **folder);
gaze_status gz_cache_entries(gz_arena *arena, gz_cache_kind kind, const char **folder);
bool gz_is_pocl(const gaze_device_info *info);

/* What keys say of a device, in the arena; whether a file is a whole entry of today's format for one of the
   devices, NULL-terminated. */
char *gz_cache_device(gz_arena *arena, const gaze_device_info *info);
bool gz_cache_is_of(const char *path, const char *const *devices);

/* All that a program depends on: source, options, platform, device, driver, format version. free() text. */
typedef struct gz_cache_key {
    char *text;
    size_t length;
} gz_cache_key;
gaze_status gz_cache_key_make(const gz_cache *cache, const char *options, const char *source,
                              gz_cache_key *key);

/* The payload kept under the key, followed by a zero that isn't counted; free() it. false where there is
   none, or where it is damaged or another program's: that is no error, the program is built again. */
bool gz_cache_load(const gz_cache *cache, const gz_cache_key *key, char **payload, size_t *size);
/* Is there a file of that name, whatever is in it? */
bool gz_cache_has(const gz_cache *cache, const gz_cache_key *key);

/* Replaces the entry in one step; two processes may do so at once. */
gaze_status gz_cache_store(const gz_cache *cache, const gz_cache_key *key, const void *payload, size_t size);

#endif
