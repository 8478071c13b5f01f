#include "scratch.h"

#include <math.h>

#include "../engine/base/philox.h"

/* kat_vectors of Random123 1.09, philox4x32-10. */
static void known_answers_of_random123(void **state)
{
    (void)state;
    static const struct {
        gz_key key;
        uint32_t counter[4], random[4];
    } answers[] = {
        {{{0, 0}}, {0, 0, 0, 0}, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
        {{{~0u, ~0u}}, {~0u, ~0u, ~0u, ~0u}, {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
        {{{0xa4093822, 0x299f31d0}},
         {0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
         {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
    };
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
        uint32_t random[4];
        gz_philox(answers[i].key, answers[i].counter, random);
        assert_memory_equal(random, answers[i].random, sizeof random);
    }
}

static void a_word_is_a_part_of_its_block(void **state)
{
    (void)state;
    const gz_key key = gz_key_make(1, "test");
    const uint32_t counter[4] = {2, 1, 9, 0};
    uint32_t random[4];
    gz_philox(key, counter, random);
    for (uint64_t i = 0; i < 4; i++)
        assert_int_equal(gz_random_u32(key, 9, ((1ull << 32) + 2) * 4 + i), random[i]);
}

static void keys_differ_by_seed_and_by_name(void **state)
{
    (void)state;
    const gz_key a = gz_key_make(1, "a"), again = gz_key_make(1, "a"), b = gz_key_make(1, "b"),
                 c = gz_key_make(1ull << 32 | 1, "a");
    assert_memory_equal(&a, &again, sizeof a);
    assert_memory_not_equal(&a, &b, sizeof a);
    assert_memory_not_equal(&a, &c, sizeof a);
}

static void uniform_numbers_fill_the_unit_interval(void **state)
{
    (void)state;
    const gz_key key = gz_key_make(3, "uniform");
    double sum = 0, squares = 0, least = 1, most = 0;
    enum { N = 100000 };
    for (uint64_t i = 0; i < N; i++) {
        const double u = gz_random_uniform(key, 0, i);
        assert_true(u >= 0 && u < 1);
        sum += u;
        squares += u * u;
        least = fmin(least, u);
        most = fmax(most, u);
    }
    assert_true(fabs(sum / N - 0.5) < 0.005 && fabs(squares / N - 1.0 / 3) < 0.005);
    assert_true(least < 0.001 && most > 0.999);
}

static void normal_numbers_have_the_moments(void **state)
{
    (void)state;
    const gz_key key = gz_key_make(3, "normal");
    double sums[5] = {0};
    enum { N = 100000 };
    for (uint64_t i = 0; i < N; i++) {
        const double x = gz_random_normal(key, 7, i);
        assert_true(isfinite(x));
        for (int k = 1; k < 5; k++) sums[k] += pow(x, k) / N;
    }
    assert_true(fabs(sums[1]) < 0.015 && fabs(sums[2] - 1) < 0.02 && fabs(sums[3]) < 0.05 &&
                fabs(sums[4] - 3) < 0.15);
}

static void a_permutation_has_each_number_once(void **state)
{
    (void)state;
    enum { N = 1000 };
    uint32_t permutation[N], other[N];
    bool seen[N] = {false};
    size_t in_place = 0;
    gz_random_permutation(gz_key_make(1, "shuffle"), 0, permutation, N);
    gz_random_permutation(gz_key_make(1, "shuffle"), 1, other, N);
    for (size_t i = 0; i < N; i++) {
        assert_true(permutation[i] < N && !seen[permutation[i]]);
        seen[permutation[i]] = true;
        in_place += permutation[i] == i;
    }
    assert_true(in_place < 10);
    assert_memory_not_equal(permutation, other, sizeof other);
}

/* All 24 orders of 4 come about equally often: 1000 expected, sigma 31. */
static void permutations_are_all_as_likely(void **state)
{
    (void)state;
    size_t counts[256] = {0}, orders = 0;
    for (uint64_t i = 0; i < 24000; i++) {
        uint32_t p[4];
        gz_random_permutation(gz_key_make(5, "order"), i, p, 4);
        counts[p[0] | p[1] << 2 | p[2] << 4 | p[3] << 6]++;
    }
    for (size_t i = 0; i < 256; i++) {
        if (!counts[i]) continue;
        orders++;
        assert_in_range(counts[i], 850, 1150);
    }
    assert_int_equal(orders, 24);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_answers_of_random123),
        cmocka_unit_test(a_word_is_a_part_of_its_block),
        cmocka_unit_test(keys_differ_by_seed_and_by_name),
        cmocka_unit_test(uniform_numbers_fill_the_unit_interval),
        cmocka_unit_test(normal_numbers_have_the_moments),
        cmocka_unit_test(a_permutation_has_each_number_once),
        cmocka_unit_test(permutations_are_all_as_likely),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
