#include "status.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { MESSAGE_BYTES = 4096 };

/* Per thread, as errno is: two threads never see each other's message. */
static _Thread_local char message[MESSAGE_BYTES];

const char *gaze_message(void) { return message; }

const char *gaze_status_name(gaze_status status)
{
    switch (status) {
#define NAME(symbol, value, text) \
    case symbol: return text;
        GAZE_STATUS_LIST(NAME)
#undef NAME
    }
    return "unknown status";
}

gaze_status gz_fail(gaze_status status, const char *format, ...)
{
    char text[MESSAGE_BYTES];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    memcpy(message, text, sizeof text); /* the arguments may point into the old message */
    return status;
}

gaze_status gz_fail_context(gaze_status status, const char *format, ...)
{
    if (status == GAZE_OK) return status;
    char text[MESSAGE_BYTES];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (length < 0 || (size_t)length + 3 >= sizeof text) return status;
    const size_t room = sizeof text - (size_t)length - 3, kept = strnlen(message, room);
    memcpy(text + length, ": ", 2);
    memcpy(text + length + 2, message, kept);
    text[(size_t)length + 2 + kept] = 0;
    memcpy(message, text, sizeof text);
    return status;
}

gaze_status gz_fail_errno(const char *path, const char *what)
{
    return gz_fail(errno == ENOMEM ? GAZE_ERROR_DEVICE : GAZE_ERROR_DATA, "%s: %s: %s", path, what,
                   strerror(errno));
}

gaze_status gz_fail_memory(size_t bytes)
{
    return gz_fail(GAZE_ERROR_DEVICE, "out of host memory: %zu bytes more were asked for", bytes);
}
