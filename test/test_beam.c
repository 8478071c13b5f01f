/* Beam search on tables of probabilities: what stays in the beam, and in which order. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "../engine/api/beam.h"

enum { TOKENS = 3, END = 0 };

static gz_beam beam;

static void begin(size_t width, size_t longest, const int32_t *end)
{
    assert_int_equal(gz_beam_create(width, longest, end, &beam), GAZE_OK);
    gz_beam_begin(&beam);
}

static int release(void **state)
{
    (void)state;
    gz_beam_free(&beam);
    return 0;
}

static void step(const float *p) { gz_beam_step(&beam, p, TOKENS, TOKENS); }

static void assert_answer(size_t at, double p, size_t length, const int32_t *tokens)
{
    assert_true(at < beam.count);
    const gz_answer *answer = &beam.answers[at];
    assert_int_equal(answer->length, length);
    assert_memory_equal(answer->tokens, tokens, length * sizeof *tokens);
    assert_float_equal(exp(answer->log_p), p, 1e-6);
}

static void a_beam_of_one_takes_the_likeliest_token(void **state)
{
    (void)state;
    begin(1, 3, NULL);
    step((float[]){0.2f, 0.3f, 0.5f});
    step((float[]){0.6f, 0.3f, 0.1f});
    assert_answer(0, 0.3, 2, (int32_t[]){2, 0});
    assert_false(gz_beam_done(&beam));
}

/* The likeliest first token leads to a worse whole. */
static void a_wider_beam_finds_what_greed_misses(void **state)
{
    (void)state;
    begin(2, 2, NULL);
    step((float[]){0.4f, 0.6f, 0.0f});
    step((float[]){0.4f, 0.3f, 0.3f,   /* behind token 1 */
                   0.9f, 0.1f, 0.0f}); /* behind token 0 */
    assert_answer(0, 0.36, 2, (int32_t[]){0, 0});
    assert_answer(1, 0.24, 2, (int32_t[]){1, 0});
}

static void a_whole_answer_stays_as_it_is(void **state)
{
    (void)state;
    begin(2, 3, &(int32_t){END});
    step((float[]){0.5f, 0.4f, 0.1f});
    assert_answer(0, 0.5, 0, NULL);
    assert_true(beam.answers[0].done);
    step((float[]){0, 0, 0, /* nothing reads this row */
                   0.25f, 0.5f, 0.25f});
    assert_answer(0, 0.5, 0, NULL);
    assert_answer(1, 0.2, 2, (int32_t[]){1, 1});
    assert_false(gz_beam_done(&beam));
    step((float[]){0, 0, 0, 0.9f, 0.05f, 0.05f});
    assert_answer(1, 0.18, 2, (int32_t[]){1, 1});
    assert_true(gz_beam_done(&beam));
}

static void impossible_answers_are_never_kept(void **state)
{
    (void)state;
    begin(5, 2, NULL);
    step((float[]){0, 1, 0});
    assert_int_equal(beam.count, 1);
    step((float[]){0.5f, 0, 0.5f});
    assert_int_equal(beam.count, 2);
    assert_answer(0, 0.5, 2, (int32_t[]){1, 0}); /* of equals the first */
    assert_answer(1, 0.5, 2, (int32_t[]){1, 2});
}

/* p of token k behind `last` at step t: any function will do. */
static float chance(size_t t, size_t last, size_t k)
{
    static const float weights[] = {3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8, 9, 7, 9, 3, 2, 3};
    float sum = 0, all[TOKENS];
    for (size_t i = 0; i < TOKENS; i++) sum += all[i] = weights[(7 * t + 5 * last + 3 * i) % 18];
    return all[k] / sum;
}

static void follow(size_t t)
{
    float p[64 * TOKENS];
    for (size_t i = 0; i < beam.count; i++) {
        const gz_answer *answer = &beam.answers[i];
        const size_t last = answer->length ? (size_t)answer->tokens[answer->length - 1] : 1;
        for (size_t k = 0; k < TOKENS; k++) p[i * TOKENS + k] = chance(t, last, k);
    }
    step(p);
}

/* The likeliest of all answers of up to 3 tokens, by trying them all. */
static double likeliest(size_t t, size_t last, double p)
{
    if (t == 3) return p;
    double best = 0;
    for (size_t k = 0; k < TOKENS; k++) {
        const double here = p * (double)chance(t, last, k);
        best = fmax(best, k == END ? here : likeliest(t + 1, k, here));
    }
    return best;
}

static void a_beam_as_wide_as_all_answers_finds_the_likeliest(void **state)
{
    (void)state;
    double sum = 0;
    begin(64, 3, &(int32_t){END});
    for (size_t t = 0; t < 3; t++) follow(t);
    assert_int_equal(beam.count, 15); /* 1 + 2 + 4 whole ones, 8 cut off */
    assert_float_equal(exp(beam.answers[0].log_p), likeliest(0, 1, 1), 1e-6);
    for (size_t i = 0; i < beam.count; i++) sum += exp(beam.answers[i].log_p);
    assert_float_equal(sum, 1, 1e-6);
    for (size_t i = 1; i < beam.count; i++) assert_true(beam.answers[i].log_p <= beam.answers[i - 1].log_p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(a_beam_of_one_takes_the_likeliest_token, release),
        cmocka_unit_test_teardown(a_wider_beam_finds_what_greed_misses, release),
        cmocka_unit_test_teardown(a_whole_answer_stays_as_it_is, release),
        cmocka_unit_test_teardown(impossible_answers_are_never_kept, release),
        cmocka_unit_test_teardown(a_beam_as_wide_as_all_answers_finds_the_likeliest, release),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
