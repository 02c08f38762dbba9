/* splitmix64: G. Steele, D. Lea, C. Flood, "Fast splittable pseudorandom number generators",
 * 2014. */
#include "base/rand.h"

struct rand rand_seeded(uint64_t seed)
{
    return (struct rand){ seed };
}

uint64_t rand_u64(struct rand *r)
{
    uint64_t z = (r->state += UINT64_C(0x9e3779b97f4a7c15));
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

uint64_t rand_below(struct rand *r, uint64_t bound)
{
    assert(bound > 0);
    uint64_t reject = (0 - bound) % bound; /* the values that would favour small results */
    uint64_t v;
    do {
        v = rand_u64(r);
    } while (v < reject);
    return v % bound;
}

int64_t rand_between(struct rand *r, int64_t low, int64_t high)
{
    assert(low <= high);
    uint64_t span = (uint64_t)high - (uint64_t)low + 1;
    uint64_t step = span ? rand_below(r, span) : rand_u64(r);
    return (int64_t)((uint64_t)low + step);
}

bool rand_chance(struct rand *r, uint64_t numerator, uint64_t denominator)
{
    return rand_below(r, denominator) < numerator;
}
