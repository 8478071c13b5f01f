#include "progress.h"

#include <stdio.h>

enum { BAR_CELLS = 24 };

static const char *time_text(double seconds, char text[24])
{
    const unsigned long s = (unsigned long)(seconds + 0.5);
    if (s < 3600)
        snprintf(text, 24, "%lu:%02lu", s / 60, s % 60);
    else
        snprintf(text, 24, "%lu:%02lu:%02lu", s / 3600, s / 60 % 60, s % 60);
    return text;
}

static void wipe(progress *shown)
{
    if (shown->drawn) fputs("\r\033[K", stderr);
    shown->drawn = false;
}

static void draw(progress *shown, const gaze_progress *p)
{
    char bar[BAR_CELLS + 1], left[24], epoch[48];
    const size_t full = p->steps ? p->step * BAR_CELLS / p->steps : 0;
    for (size_t i = 0; i < BAR_CELLS; i++) bar[i] = i < full ? '#' : '-';
    bar[BAR_CELLS] = 0;
    if (p->epochs)
        snprintf(epoch, sizeof epoch, "%zu/%zu", p->epoch, p->epochs);
    else
        snprintf(epoch, sizeof epoch, "%zu", p->epoch);
    fprintf(stderr, "\r\033[Kepoch %s [%s] %zu/%zu  loss %.4f  accuracy %.4f  %.0f samples/s  %s left", epoch,
            bar, p->step, p->steps, p->loss, p->accuracy, p->samples_per_second,
            time_text(p->seconds_left, left));
    fflush(stderr);
    shown->drawn = true;
}

static void print_json(const gaze_progress *p)
{
    printf("{\"epoch\": %zu, \"steps\": %zu, \"loss\": %.9g, \"accuracy\": %.9g", p->epoch, p->step, p->loss,
           p->accuracy);
    if (p->has_validation)
        printf(", \"validation_loss\": %.9g, \"validation_accuracy\": %.9g", p->validation_loss,
               p->validation_accuracy);
    printf(", \"seconds\": %.3f, \"samples_per_second\": %.1f}\n", p->epoch_seconds, p->samples_per_second);
}

static void print_line(const gaze_progress *p)
{
    printf("epoch %zu  loss %.4f  accuracy %.4f", p->epoch, p->loss, p->accuracy);
    if (p->has_validation)
        printf("  validation loss %.4f  accuracy %.4f", p->validation_loss, p->validation_accuracy);
    printf("  %.1f s  %.0f samples/s\n", p->epoch_seconds, p->samples_per_second);
}

void progress_show(progress *shown, const gaze_progress *now)
{
    if (!now->epoch_end) {
        if (shown->bar) draw(shown, now);
        return;
    }
    wipe(shown);
    if (shown->json)
        print_json(now);
    else
        print_line(now);
    fflush(stdout);
}

void progress_end(progress *shown) { wipe(shown); }
