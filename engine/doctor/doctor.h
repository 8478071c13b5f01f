/* What keeps Gaze from working on this machine, part by part, and the command that mends it. Drivers are only
   called in children of the process, so that one that crashes or hangs is a finding. */
#ifndef GZ_DOCTOR_H
#define GZ_DOCTOR_H
#include "../device/probe.h"

enum { GZ_MOST_TEXT = 1024 }; /* of a sentence, a path or a command; longer ones are cut */

/* The driver's last test: opens what the context options name and computes something. */
typedef gaze_status gz_trial(const gaze_context_options *options, char text[GZ_MOST_TEXT]);

typedef struct gz_doctor {
    gz_arena *arena;
    const char *root; /* "", or a folder whose etc, dev and sys are looked at in place of the machine's */
    const gaze_context_options *options;
    bool clean; /* entries of caches that nothing can use are removed */
    gz_trial *trial;
    gaze_finding_function *tell;
    void *user;
    const char *part; /* of what is told next */
    size_t n_stops;
    char first_stop[GZ_MOST_TEXT];
} gz_doctor;

/* Tells a finding of d->part. cure: the command that mends it, or NULL. */
void gz_doctor_tell(gz_doctor *d, gaze_health health, const char *cure, const char *format, ...)
    GZ_PRINTF(4, 5);

/* "apt-get install PACKAGE", with sudo where that is needed; words where there is no apt-get. In the arena.
 */
const char *gz_doctor_install(gz_doctor *d, const char *package);

/* The path under d->root; text as the shell takes it, quoted where it must be. In the arena, "" where memory
 * is out. */
const char *gz_doctor_path(gz_doctor *d, const char *path);
const char *gz_doctor_quoted(gz_doctor *d, const char *text);

/* The file's first line without blanks around it, at most GZ_MOST_TEXT, in the arena; NULL: none. */
const char *gz_doctor_first_line(gz_doctor *d, const char *path);

/* Processors that this process may use; 0: not known. */
size_t gz_doctor_processors(void);

/* How a child ended. */
typedef enum gz_ending { GZ_ENDED, GZ_CRASHED, GZ_HUNG, GZ_NOT_STARTED } gz_ending;

/* Runs `work` in a child whose findings are told here; *signal: what ended a child that crashed. What else it
   changes is lost. */
typedef void gz_doctor_work(gz_doctor *d, const void *user);
gz_ending gz_doctor_child(gz_doctor *d, gz_doctor_work *work, const void *user, double seconds, int *signal);

/* The parts, in the order of the list. */
void gz_doctor_versions(gz_doctor *d);
void gz_doctor_memory(gz_doctor *d);
void gz_doctor_environment(gz_doctor *d);
void gz_doctor_permissions(gz_doctor *d);
void gz_doctor_drivers(gz_doctor *d); /* the loader's .icd files and libraries, each by itself */
void gz_doctor_folders(gz_doctor *d); /* caches: writable, room */
void gz_doctor_devices(gz_doctor *d); /* all drivers together: devices, PoCL, caches' entries, the trial */

/* Of a child that has a list of devices; it names the part. */
void gz_doctor_pocl(gz_doctor *d, const gz_probe *probe);
void gz_doctor_entries(gz_doctor *d, const gz_probe *probe);

#endif
