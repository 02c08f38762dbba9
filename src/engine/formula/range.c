/* range.c - intervals of 128-bit numbers that saturate at WIDE_MAX: what a value can be. */
#include "engine/formula/internal.h"

#define WIDE_TOP (~((i128)1 << 127)) /* the largest i128 */

static i128 clamp(i128 v)
{
    return v > WIDE_MAX ? WIDE_MAX : v < -WIDE_MAX ? -WIDE_MAX : v;
}

bool wide_add(i128 a, i128 b, i128 *ret)
{
    if (b > 0 ? a > WIDE_TOP - b : a < -WIDE_TOP - b)
        return false;
    *ret = a + b;
    return true;
}

/* Not __builtin_mul_overflow: clang turns that into a call that only its own runtime has. */
bool wide_multiply(i128 a, i128 b, i128 *ret)
{
    if (a == 0 || b == 0) {
        *ret = 0;
        return true;
    }
    if (a == (int64_t)a && b == (int64_t)b) {
        *ret = a * b;
        return true;
    }
    unsigned __int128 x = a < 0 ? -(unsigned __int128)a : (unsigned __int128)a;
    unsigned __int128 y = b < 0 ? -(unsigned __int128)b : (unsigned __int128)b;
    if (x > (unsigned __int128)WIDE_TOP / y)
        return false;
    *ret = (a < 0) == (b < 0) ? (i128)(x * y) : -(i128)(x * y);
    return true;
}

static i128 saturating_multiply(i128 a, i128 b)
{
    i128 product;
    if (!wide_multiply(a, b, &product))
        return (a < 0) == (b < 0) ? WIDE_MAX : -WIDE_MAX;
    return clamp(product);
}

bool range_bounded(struct range a)
{
    return a.low > -WIDE_MAX && a.high < WIDE_MAX;
}

bool range_within(struct range a, i128 low, i128 high)
{
    return a.low >= low && a.high <= high;
}

/* Unbounded stays unbounded, whatever is added to it. */
static i128 bound_add(i128 a, i128 b, i128 edge)
{
    return a == edge || b == edge ? edge : clamp(a + b);
}

struct range range_add(struct range a, struct range b)
{
    return (struct range){ bound_add(a.low, b.low, -WIDE_MAX),
                           bound_add(a.high, b.high, WIDE_MAX) };
}

struct range range_negate(struct range a)
{
    return (struct range){ -a.high, -a.low };
}

struct range range_union(struct range a, struct range b)
{
    return (struct range){ MIN(a.low, b.low), MAX(a.high, b.high) };
}

struct range range_multiply(struct range a, struct range b)
{
    i128 corner[4] = {
        saturating_multiply(a.low, b.low),
        saturating_multiply(a.low, b.high),
        saturating_multiply(a.high, b.low),
        saturating_multiply(a.high, b.high),
    };
    struct range r = { corner[0], corner[0] };
    for (int i = 1; i < 4; i++)
        r = range_union(r, (struct range){ corner[i], corner[i] });
    return r;
}

struct range range_scale(struct range a, int digits)
{
    i128 factor = pow10_i128(digits);
    return range_multiply(a, (struct range){ factor, factor });
}

/* The quotients of two bounds, rounded both ways, so that every rounding mode lies between. */
static struct range quotient(i128 a, i128 b)
{
    if (b < 0) {
        a = -a;
        b = -b;
    }
    if (a >= WIDE_MAX || a <= -WIDE_MAX)
        return (struct range){ a, a }; /* unbounded stays unbounded: it can be larger still */
    return (struct range){ div_round(a, b, ROUND_FLOOR), div_round(a, b, ROUND_CEILING) };
}

static struct range divide_by_side(struct range a, i128 low, i128 high)
{
    struct range r = range_union(quotient(a.low, low), quotient(a.low, high));
    r = range_union(r, quotient(a.high, low));
    return range_union(r, quotient(a.high, high));
}

struct range range_divide(struct range a, struct range b)
{
    struct range r = { 0, 0 };
    bool any = false;
    if (b.high > 0) {
        r = divide_by_side(a, MAX(b.low, 1), b.high);
        any = true;
    }
    if (b.low < 0) {
        struct range s = divide_by_side(a, b.low, MIN(b.high, -1));
        r = any ? range_union(r, s) : s;
    }
    return r;
}
