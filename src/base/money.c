#include "base/money.h"

struct money money_rate(struct money basis, struct rate rate)
{
    assert(-MONEY_MAX <= basis.fen && basis.fen <= MONEY_MAX);
    assert(-RATE_MAX <= rate.ppm && rate.ppm <= RATE_MAX); /* 100 x: accelerators exceed 100 % */
    __int128 product = (__int128)basis.fen * rate.ppm;
    __int128 half = product < 0 ? -PPM / 2 : PPM / 2;
    return (struct money){ (int64_t)((product + half) / PPM) };
}

bool money_add(struct money a, struct money b, struct money *ret)
{
    int64_t sum;
    if (__builtin_add_overflow(a.fen, b.fen, &sum) || sum > MONEY_MAX || sum < -MONEY_MAX)
        return false;
    *ret = (struct money){ sum };
    return true;
}

struct str money_text(struct arena *arena, struct money m)
{
    return decimal_text(arena, (struct decimal){ m.fen, 2 });
}

bool money_parse(struct str s, struct money *ret)
{
    struct decimal d;
    if (!decimal_parse(s, &d) || d.scale > 2 || !decimal_rescale(d, 2, ROUND_DOWN, &d))
        return false;
    if (d.units > MONEY_MAX || d.units < -MONEY_MAX)
        return false;
    *ret = (struct money){ (int64_t)d.units };
    return true;
}

__int128 div_round(__int128 a, __int128 b, enum rounding mode)
{
    assert(b > 0);
    __int128 quotient = a / b, rest = a % b;
    if (rest == 0)
        return quotient;
    int away = a < 0 ? -1 : 1;
    __int128 size = rest < 0 ? -rest : rest;
    bool up = false; /* away from zero */
    switch (mode) {
    case ROUND_DOWN: break;
    case ROUND_UP: up = true; break;
    case ROUND_FLOOR: up = a < 0; break;
    case ROUND_CEILING: up = a > 0; break;
    case ROUND_HALF_UP: up = size >= b - size; break;
    case ROUND_HALF_EVEN: up = size > b - size || (size == b - size && quotient % 2 != 0); break;
    }
    return up ? quotient + away : quotient;
}

__int128 pow10_i128(int exponent)
{
    assert(0 <= exponent && exponent <= 38);
    __int128 power = 1;
    while (exponent-- > 0)
        power *= 10;
    return power;
}

/* Digits before any overflow of 128 bits: 38 are always safe. */
enum { DIGITS_MAX = 37 };

bool decimal_parse(struct str s, struct decimal *ret)
{
    bool negative = s.len && s.data[0] == '-';
    size_t at = negative;
    __int128 units = 0;
    int digits = 0, scale = 0, before = 0;
    bool point = false;
    for (; at < s.len; at++) {
        char c = s.data[at];
        if (c == '.' && !point && before > 0) {
            point = true;
            continue;
        }
        if (c < '0' || c > '9' || (digits >= DIGITS_MAX))
            return false;
        units = units * 10 + (c - '0');
        digits += units != 0; /* leading zeros are free */
        before += !point;
        scale += point;
    }
    if (!before || (point && !scale) || scale > DECIMAL_SCALE_MAX)
        return false;
    *ret = (struct decimal){ negative ? -units : units, scale };
    return true;
}

struct str decimal_text(struct arena *arena, struct decimal d)
{
    char digits[64];
    size_t at = sizeof digits;
    unsigned __int128 left =
        d.units < 0 ? 0 - (unsigned __int128)d.units : (unsigned __int128)d.units;
    int done = 0;
    do {
        if (done == d.scale && d.scale)
            digits[--at] = '.';
        digits[--at] = (char)('0' + (int)(left % 10));
        left /= 10;
        done++;
    } while (left || done <= d.scale);
    if (d.units < 0)
        digits[--at] = '-';
    return str_copy(arena, (struct str){ digits + at, sizeof digits - at });
}

bool decimal_rescale(struct decimal d, int scale, enum rounding mode, struct decimal *ret)
{
    assert(0 <= scale && scale <= DECIMAL_SCALE_MAX);
    __int128 units;
    if (scale >= d.scale) {
        if (__builtin_mul_overflow(d.units, pow10_i128(scale - d.scale), &units))
            return false;
    } else {
        units = div_round(d.units, pow10_i128(d.scale - scale), mode);
    }
    *ret = (struct decimal){ units, scale };
    return true;
}

int decimal_cmp(struct decimal a, struct decimal b)
{
    int scale = MAX(a.scale, b.scale);
    struct decimal x, y;
    bool x_fits = decimal_rescale(a, scale, ROUND_DOWN, &x);
    bool y_fits = decimal_rescale(b, scale, ROUND_DOWN, &y);
    if (!x_fits) /* too large to widen: then it is larger in size than anything that fits */
        return a.units < 0 ? -1 : 1;
    if (!y_fits)
        return b.units < 0 ? 1 : -1;
    return (x.units > y.units) - (x.units < y.units);
}
