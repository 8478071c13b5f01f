/* Sequences written token by token through gaze.h. */
#include "writer.h"

#include <math.h>

/* p [STEPS, TOKENS] of one source behind one target */
static void run_model(const int32_t *source, const int32_t *target, float *p)
{
    int32_t values[3 + STEPS];
    memcpy(values, source, 3 * sizeof *source);
    memcpy(values + 3, target, STEPS * sizeof *target);
    const gaze_array inputs[] = {{"source", GAZE_INT32, 2, {1, 3}, values},
                                 {"target", GAZE_INT32, 2, {1, STEPS}, values + 3}};
    gaze_array result = {.name = "token"};
    assert_ok(gaze_run(model, inputs, 2, &result, 1, 0));
    memcpy(p, result.data, STEPS * TOKENS * sizeof *p);
    free(result.data);
}

static size_t largest(const float *p)
{
    size_t best = 0;
    for (size_t k = 1; k < TOKENS; k++)
        if (p[k] > p[best]) best = k;
    return best;
}

static void greedy_takes_the_likeliest_token_behind_its_own(void **state)
{
    (void)state;
    gaze_decoded decoded;
    size_t ends = 0;
    open_writer();
    decode(NULL, &decoded);
    for (size_t b = 0; b < SAMPLES; b++) {
        int32_t target[STEPS] = {START};
        float p[STEPS * TOKENS];
        double log_p = 0;
        size_t t = 0, token = TOKENS;
        while (t < STEPS && token != END) {
            run_model(sources[b], target, p);
            token = largest(p + t * TOKENS);
            log_p += log((double)p[t * TOKENS + token]);
            if (token != END) assert_int_equal(decoded.tokens[b * STEPS + t], token);
            if (++t < STEPS) target[t] = (int32_t)token;
        }
        ends += token == END;
        assert_int_equal(decoded.lengths[b], t - (token == END));
        assert_float_equal(decoded.log_probability[b], log_p, 1e-5);
        for (size_t i = decoded.lengths[b]; i < STEPS; i++)
            assert_int_equal(decoded.tokens[b * STEPS + i], END);
    }
    assert_in_range(ends, 1, SAMPLES - 1);
    assert_int_equal(decoded.batch, SAMPLES);
    assert_int_equal(decoded.max_length, STEPS);
    gaze_decoded_free(&decoded);
}

/* The probability of the likeliest answer that goes on behind `target`, by trying all. */
static double likeliest(const int32_t *source, int32_t target[STEPS], size_t t)
{
    float p[STEPS * TOKENS];
    double best = 0;
    run_model(source, target, p);
    for (size_t k = 0; k < TOKENS; k++) {
        double here = (double)p[t * TOKENS + k];
        if (k != END && t + 1 < STEPS) {
            target[t + 1] = (int32_t)k;
            here *= likeliest(source, target, t + 1);
            target[t + 1] = END;
        }
        best = fmax(best, here);
    }
    return best;
}

static void a_beam_over_all_answers_finds_the_likeliest(void **state)
{
    (void)state;
    gaze_decoded decoded;
    open_writer();
    decode(&(gaze_decode_options){.method = "beam:256"}, &decoded);
    for (size_t b = 0; b < SAMPLES; b++) {
        int32_t target[STEPS] = {START};
        assert_float_equal(exp(decoded.log_probability[b]), likeliest(sources[b], target, 0), 1e-6);
    }
    gaze_decoded_free(&decoded);
}

/* All 1 + 3 + 9 + 27 whole answers and the 81 that are cut off. */
static void all_answers_have_probability_one(void **state)
{
    (void)state;
    gaze_decoded decoded;
    open_writer();
    decode(&(gaze_decode_options){.method = "beam:256", .n_best = 150}, &decoded);
    for (size_t b = 0; b < SAMPLES; b++) {
        double sum = 0;
        for (size_t n = 0; n < 150; n++) {
            const double log_p = decoded.log_probability[b * 150 + n];
            sum += exp(log_p);
            assert_true(n < 121 ? log_p > -INFINITY : log_p == -INFINITY);
            if (n) assert_true(log_p <= decoded.log_probability[b * 150 + n - 1]);
        }
        assert_float_equal(sum, 1, 1e-5);
    }
    gaze_decoded_free(&decoded);
}

static void the_target_is_what_the_model_reads(void **state)
{
    (void)state;
    gaze_decoded decoded;
    open_writer();
    decode(&(gaze_decode_options){.method = "beam:3"}, &decoded);
    const int32_t *read = decoded.target.data;
    assert_string_equal(decoded.target.name, "target");
    assert_int_equal(decoded.target.shape[1], STEPS);
    for (size_t b = 0; b < SAMPLES; b++) {
        double log_p = 0;
        float p[STEPS * TOKENS];
        assert_int_equal(read[b * STEPS], START);
        for (size_t t = 1; t < STEPS; t++)
            assert_int_equal(read[b * STEPS + t], decoded.tokens[b * STEPS + t - 1]);
        run_model(sources[b], read + b * STEPS, p);
        for (size_t t = 0; t < STEPS && t <= decoded.lengths[b]; t++)
            log_p += log((double)p[t * TOKENS + (size_t)decoded.tokens[b * STEPS + t]]);
        assert_float_equal(log_p, decoded.log_probability[b], 1e-5);
    }
    gaze_decoded_free(&decoded);
}

static void pieces_give_what_the_whole_batch_gives(void **state)
{
    (void)state;
    gaze_decoded whole, pieces;
    open_writer();
    decode(&(gaze_decode_options){.method = "beam:2"}, &whole);
    for (size_t rows = 1; rows <= 9; rows += 2) {
        decode(&(gaze_decode_options){.method = "beam:2", .batch_size = rows}, &pieces);
        assert_memory_equal(pieces.tokens, whole.tokens, SAMPLES * STEPS * sizeof *whole.tokens);
        assert_memory_equal(pieces.log_probability, whole.log_probability, SAMPLES * sizeof(double));
        gaze_decoded_free(&pieces);
    }
    gaze_decoded_free(&whole);
}

static void answers_are_cut_at_the_maximum_length(void **state)
{
    (void)state;
    gaze_decoded whole, cut;
    open_writer();
    decode(NULL, &whole);
    decode(&(gaze_decode_options){.max_length = 2}, &cut);
    assert_int_equal(cut.max_length, 2);
    for (size_t b = 0; b < SAMPLES; b++) {
        assert_int_equal(cut.lengths[b], whole.lengths[b] < 2 ? whole.lengths[b] : 2);
        assert_memory_equal(cut.tokens + 2 * b, whole.tokens + STEPS * b, 2 * sizeof *cut.tokens);
    }
    assert_int_equal(cut.target.shape[1], STEPS);
    gaze_decoded_free(&whole);
    gaze_decoded_free(&cut);
}

static void without_an_end_token_all_steps_are_written(void **state)
{
    (void)state;
    gaze_decoded decoded;
    open_model(SOURCE ", " TARGET, WRITER TOKEN,
               "'outputs': ['token'], 'decode': {'input': 'target', 'start_token': 1, 'max_length': 3}");
    decode(NULL, &decoded);
    assert_int_equal(decoded.max_length, 3);
    for (size_t b = 0; b < SAMPLES; b++) assert_int_equal(decoded.lengths[b], 3);
    gaze_decoded_free(&decoded);
}

static void an_open_target_takes_any_length(void **state)
{
    (void)state;
    gaze_decoded longer, shorter;
    open_model(SOURCE ", " OPEN_TARGET, WRITER TOKEN, DECODE);
    assert_fails(GAZE_ERROR_USAGE, NULL, "\"max_length\"");
    decode(&(gaze_decode_options){.max_length = 9}, &longer);
    decode(&(gaze_decode_options){.max_length = 3}, &shorter);
    assert_int_equal(longer.target.shape[1], 9);
    assert_int_equal(shorter.target.shape[1], 3);
    for (size_t b = 0; b < SAMPLES; b++)
        assert_memory_equal(longer.tokens + 9 * b, shorter.tokens + 3 * b, 3 * sizeof(int32_t));
    gaze_decoded_free(&longer);
    gaze_decoded_free(&shorter);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(greedy_takes_the_likeliest_token_behind_its_own),
        TEST(a_beam_over_all_answers_finds_the_likeliest),
        TEST(all_answers_have_probability_one),
        TEST(the_target_is_what_the_model_reads),
        TEST(pieces_give_what_the_whole_batch_gives),
        TEST(answers_are_cut_at_the_maximum_length),
        TEST(without_an_end_token_all_steps_are_written),
        TEST(an_open_target_takes_any_length),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
