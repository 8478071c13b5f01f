/* Beam search over the answers to one sample, without the model: which beginnings go on. A beam of 1 is
   greedy. */
#ifndef GZ_API_BEAM_H
#define GZ_API_BEAM_H
#include "../base/memory.h"

#include <stdint.h>

/* A beginning of an answer, or a whole one. */
typedef struct gz_answer {
    int32_t *tokens; /* [length], room for the longest */
    size_t length;   /* the end is not counted */
    bool done;
    double log_p;
} gz_answer;

/* How an answer might go on: answer `from` and a token, or as it is. */
typedef struct gz_beam_candidate {
    size_t from;
    int32_t token;
    bool whole; /* without a token */
    double log_p;
} gz_beam_candidate;

typedef struct gz_beam {
    size_t width, longest; /* longest: so many steps can be made */
    bool has_end;
    int32_t end;
    size_t count;       /* 1 at first, then up to width */
    gz_answer *answers; /* [width], the likeliest first; of equals the one that was there first */
    gz_answer *next;
    gz_beam_candidate *best;
    int32_t *room;
} gz_beam;

/* end NULL: answers end with their length alone. gz_beam_free the result, also after an error. */
gaze_status gz_beam_create(size_t width, size_t longest, const int32_t *end, gz_beam *beam);
void gz_beam_free(gz_beam *beam);

/* One empty beginning. */
void gz_beam_begin(gz_beam *beam);

/* Is every answer whole? */
bool gz_beam_done(const gz_beam *beam);

/* p [count, n_tokens], rows `stride` floats apart: probabilities of the token that follows each answer. Keeps
   the `width` likeliest of all answers so far: whole ones as they are, others with one token more.
   Impossible ones are never kept. */
void gz_beam_step(gz_beam *beam, const float *p, size_t stride, size_t n_tokens);

#endif
