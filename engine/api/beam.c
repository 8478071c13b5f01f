#include "beam.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef gz_beam_candidate candidate;

gaze_status gz_beam_create(size_t width, size_t longest, const int32_t *end, gz_beam *beam)
{
    size_t tokens;
    *beam = (gz_beam){.width = width, .longest = longest, .has_end = end != NULL, .end = end ? *end : 0};
    if (!gz_multiply(2 * width, longest, &tokens)) return gz_fail_memory(SIZE_MAX);
    GZ_TRY(gz_allocate(width, sizeof *beam->answers, &beam->answers));
    GZ_TRY(gz_allocate(width, sizeof *beam->next, &beam->next));
    GZ_TRY(gz_allocate(width, sizeof *beam->best, &beam->best));
    GZ_TRY(gz_allocate(tokens, sizeof *beam->room, &beam->room));
    for (size_t i = 0; i < width; i++) {
        beam->answers[i].tokens = beam->room + i * longest;
        beam->next[i].tokens = beam->room + (width + i) * longest;
    }
    return GAZE_OK;
}

void gz_beam_free(gz_beam *beam)
{
    free(beam->answers);
    free(beam->next);
    free(beam->best);
    free(beam->room);
    *beam = (gz_beam){0};
}

void gz_beam_begin(gz_beam *beam)
{
    beam->count = 1;
    beam->answers[0] = (gz_answer){.tokens = beam->answers[0].tokens};
}

bool gz_beam_done(const gz_beam *beam)
{
    for (size_t i = 0; i < beam->count; i++)
        if (!beam->answers[i].done) return false;
    return true;
}

/* `answer` becomes what the candidate says, in the place of what it held. */
static void write_answer(const gz_beam *beam, const candidate *c, gz_answer *answer)
{
    const gz_answer *from = &beam->answers[c->from];
    memcpy(answer->tokens, from->tokens, from->length * sizeof *from->tokens);
    answer->length = from->length;
    answer->log_p = c->log_p;
    answer->done = c->whole || (beam->has_end && c->token == beam->end);
    if (!answer->done) answer->tokens[answer->length++] = c->token;
}

/* Keeps the list sorted; of equals the earlier stays before the later. */
static void offer(candidate *best, size_t *count, size_t width, candidate c)
{
    if (!(c.log_p > -INFINITY)) return;
    if (*count == width && !(c.log_p > best[width - 1].log_p)) return;
    size_t at = *count < width ? (*count)++ : width - 1;
    for (; at && c.log_p > best[at - 1].log_p; at--) best[at] = best[at - 1];
    best[at] = c;
}

static size_t choose(const gz_beam *beam, const float *p, size_t stride, size_t n_tokens, candidate *best)
{
    size_t count = 0;
    for (size_t i = 0; i < beam->count; i++) {
        const gz_answer *answer = &beam->answers[i];
        if (answer->done)
            offer(best, &count, beam->width, (candidate){.from = i, .whole = true, .log_p = answer->log_p});
        for (size_t k = 0; !answer->done && k < n_tokens; k++)
            offer(best, &count, beam->width,
                  (candidate){.from = i,
                              .token = (int32_t)k,
                              .log_p = answer->log_p + log((double)p[i * stride + k])});
    }
    return count;
}

void gz_beam_step(gz_beam *beam, const float *p, size_t stride, size_t n_tokens)
{
    gz_answer *before = beam->answers;
    const size_t count = choose(beam, p, stride, n_tokens, beam->best);
    for (size_t i = 0; i < count; i++) write_answer(beam, &beam->best[i], &beam->next[i]);
    beam->count = count;
    beam->answers = beam->next;
    beam->next = before;
}
