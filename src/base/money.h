/*
 * money.h - exact amounts. Nothing that pays, scores a person or is proven is floating point.
 */
#pragma once

#include "base/str.h"

struct money { int64_t fen; };  /* whole fen (0.01 yuan) */
struct rate { int64_t ppm; };   /* parts per million: 5 % is 50 000 */

#define PPM INT64_C(1000000)
#define MONEY_MAX INT64_C(1000000000000000) /* 10^13 yuan: above any book we will keep */
#define RATE_MAX (100 * PPM)                /* 100 x: accelerators exceed 100 % */

/* basis x rate, half away from zero. */
struct money money_rate(struct money basis, struct rate rate);
bool money_add(struct money a, struct money b, struct money *ret); /* false: beyond MONEY_MAX */
/* "1234.50": yuan with two decimals, for people. */
struct str money_text(struct arena *arena, struct money m);
/* Reads yuan with at most two decimals ("12", "-3.5", "1,234.50" is refused). */
bool money_parse(struct str s, struct money *ret);

/* How a division rounds. Away from zero on half is the house rule; the others are for plans. */
enum rounding { ROUND_HALF_UP, ROUND_DOWN, ROUND_UP, ROUND_FLOOR, ROUND_CEILING, ROUND_HALF_EVEN };
/* a / b rounded; b > 0. */
__int128 div_round(__int128 a, __int128 b, enum rounding mode);

/* A number with a declared scale: value = units / 10^scale. */
#define DECIMAL_SCALE_MAX 18
struct decimal {
    __int128 units;
    int scale;
};
bool decimal_parse(struct str s, struct decimal *ret); /* keeps the written scale */
struct str decimal_text(struct arena *arena, struct decimal d);
bool decimal_rescale(struct decimal d, int scale, enum rounding mode, struct decimal *ret);
int decimal_cmp(struct decimal a, struct decimal b);
__int128 pow10_i128(int exponent); /* 0 .. 38 */
