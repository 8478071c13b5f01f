/* Statuses and their messages.
   A function that can fail returns gaze_status. The message is composed once, where the facts are known, kept
   per thread, and read with gaze_message(). Callers forward with GZ_TRY (nothing to free) or GZ_GO (`goto
   done`). */
#ifndef GZ_STATUS_H
#define GZ_STATUS_H
#include "../gaze.h"

#if defined(__GNUC__)
#define GZ_PRINTF(format_index, first_index) __attribute__((format(printf, format_index, first_index)))
#else
#define GZ_PRINTF(format_index, first_index)
#endif

/* Keeps the message and returns `status`. `format` names what failed, where, what was found and what was
 * expected. */
gaze_status gz_fail(gaze_status status, const char *format, ...) GZ_PRINTF(2, 3);

/* Puts "<context>: " before the message kept so far and returns `status`; nothing when status is GAZE_OK. */
gaze_status gz_fail_context(gaze_status status, const char *format, ...) GZ_PRINTF(2, 3);

/* "<path>: <what>: <strerror(errno)>" as GAZE_ERROR_DATA, or GAZE_ERROR_DEVICE where memory was out. */
gaze_status gz_fail_errno(const char *path, const char *what);

/* Host memory is exhausted: GAZE_ERROR_DEVICE with the size asked for. */
gaze_status gz_fail_memory(size_t bytes);

#define GZ_TRY(call)                                    \
    do {                                                \
        gaze_status try_status_ = (call);               \
        if (try_status_ != GAZE_OK) return try_status_; \
    } while (0)

/* Needs a variable `status` and a label `done`. */
#define GZ_GO(call)                       \
    do {                                  \
        status = (call);                  \
        if (status != GAZE_OK) goto done; \
    } while (0)

#endif
