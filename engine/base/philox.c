#include "philox.h"

#include <math.h>

enum { ROUNDS = 10 };

gz_key gz_key_make(uint64_t seed, const char *name)
{
    uint64_t hash = 14695981039346656037u; /* FNV-1a */
    for (const char *c = name; *c; c++) hash = (hash ^ (unsigned char)*c) * 1099511628211u;
    const gz_key seed_key = {{(uint32_t)seed, (uint32_t)(seed >> 32)}};
    const uint32_t counter[4] = {(uint32_t)hash, (uint32_t)(hash >> 32), 0, 0};
    uint32_t random[4];
    gz_philox(seed_key, counter, random);
    return (gz_key){{random[0], random[1]}};
}

void gz_philox(gz_key key, const uint32_t counter[4], uint32_t random[4])
{
    uint32_t x0 = counter[0], x1 = counter[1], x2 = counter[2], x3 = counter[3];
    uint32_t k0 = key.word[0], k1 = key.word[1];
    for (int round = 0; round < ROUNDS; round++) {
        const uint64_t p0 = (uint64_t)0xD2511F53u * x0, p1 = (uint64_t)0xCD9E8D57u * x2;
        const uint32_t y0 = (uint32_t)(p1 >> 32) ^ x1 ^ k0, y2 = (uint32_t)(p0 >> 32) ^ x3 ^ k1;
        x1 = (uint32_t)p1;
        x3 = (uint32_t)p0;
        x0 = y0;
        x2 = y2;
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }
    random[0] = x0;
    random[1] = x1;
    random[2] = x2;
    random[3] = x3;
}

uint32_t gz_random_u32(gz_key key, uint64_t stream, uint64_t index)
{
    const uint64_t block = index / 4;
    const uint32_t counter[4] = {(uint32_t)block, (uint32_t)(block >> 32), (uint32_t)stream,
                                 (uint32_t)(stream >> 32)};
    uint32_t random[4];
    gz_philox(key, counter, random);
    return random[index % 4];
}

double gz_random_uniform(gz_key key, uint64_t stream, uint64_t index)
{
    return (gz_random_u32(key, stream, index) >> 8) * 0x1p-24;
}

double gz_random_normal(gz_key key, uint64_t stream, uint64_t index)
{
    const double u = 1 - gz_random_uniform(key, stream, 2 * index),
                 v = gz_random_uniform(key, stream, 2 * index + 1);
    return sqrt(-2 * log(u)) * cos(6.283185307179586 * v);
}

void gz_random_permutation(gz_key key, uint64_t stream, uint32_t *permutation, size_t count)
{
    for (size_t i = 0; i < count; i++) permutation[i] = (uint32_t)i;
    for (size_t i = count; i > 1; i--) {
        const size_t j = (size_t)(((uint64_t)gz_random_u32(key, stream, i) * i) >> 32);
        const uint32_t kept = permutation[i - 1];
        permutation[i - 1] = permutation[j];
        permutation[j] = kept;
    }
}
