#ifndef GZ_CLOCK_H
#define GZ_CLOCK_H

/* Seconds since some fixed moment; never goes back. */
double gz_seconds(void);

/* The time of day in UTC, "2026-01-31T12:00:00Z". */
void gz_time_text(char text[24]);

#endif
