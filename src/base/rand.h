/*
 * rand.h - seeded randomness for demos, tests and simulations (splitmix64). Never for secrets:
 * those come from libsodium.
 */
#pragma once

#include "base/base.h"

struct rand { uint64_t state; };
struct rand rand_seeded(uint64_t seed);
uint64_t rand_u64(struct rand *r);
uint64_t rand_below(struct rand *r, uint64_t bound);          /* bound > 0; no modulo bias */
int64_t rand_between(struct rand *r, int64_t low, int64_t high); /* inclusive */
bool rand_chance(struct rand *r, uint64_t numerator, uint64_t denominator);
