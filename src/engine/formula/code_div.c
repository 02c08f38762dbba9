/*
 * code_div.c - division over blocks.
 *
 * By a constant D, 2 <= D <= 2^62, without dividing: for 0 <= n < 2^63 and l = ceil(log2 D),
 *     floor(n / D) = (n * m) >> (63 + l),   m = floor(2^(63+l) / D) + 1 < 2^64
 * because m*D - 2^(63+l) <= D <= 2^l (Granlund and Montgomery, "Division by invariant integers
 * using multiplication", 1994, theorem 4.2, for 63-bit dividends). Rounding adds a bias first:
 * D/2 for half up, D-1 for up. The same identity with 52 and 51 instead of 64 and 63 serves
 * dividends below 2^51, where processors multiply eight numbers at once (DIV_SMALL).
 */
#include "engine/formula/internal.h"

#define QUOTIENT_MAX ((i128)1 << 62) /* dividends and divisors of the fast kernels */

static int bits_for(uint64_t d) /* ceil(log2 d), d >= 2 */
{
    return 64 - __builtin_clzll(d - 1);
}

/* What is added to the size of the dividend before rounding toward zero. */
static int64_t bias(enum rounding mode, int64_t divisor, bool negative)
{
    switch (mode) {
    case ROUND_HALF_UP: return divisor / 2;
    case ROUND_DOWN: return 0;
    case ROUND_UP: return divisor - 1;
    case ROUND_FLOOR: return negative ? divisor - 1 : 0;
    case ROUND_CEILING: return negative ? 0 : divisor - 1;
    case ROUND_HALF_EVEN: break; /* needs the remainder: code_quotient() sent it elsewhere */
    }
    return 0;
}

static int quotient_any(struct coder *c, int x, int y, enum rounding mode)
{
    int dst = code_push(c);
    emit_fault(c, K_DIV_ANY_F, dst, x, y)->rounding = mode;
    return dst;
}

struct ref code_quotient(struct coder *c, struct ref x, struct range range, i128 divisor,
                         enum rounding mode)
{
    if (divisor == 1)
        return x;
    int from = code_register(c, x);
    if (mode == ROUND_HALF_EVEN || divisor > QUOTIENT_MAX) {
        /* A divisor beyond int64 (10^19 ...) cannot be named: zero makes every row doubtful. */
        struct ref y = { .fixed = true, .value = divisor > INT64_MAX ? 0 : (int64_t)divisor };
        return (struct ref){ .reg = quotient_any(c, from, code_register(c, y), mode) };
    }
    int64_t d = (int64_t)divisor;
    int log = bits_for((uint64_t)d);
    bool fits = range_within(range, -QUOTIENT_MAX, QUOTIENT_MAX);
    bool positive = fits && range.low >= 0;
    bool small = positive && range.high + d < (i128)1 << 50;
    enum kernel kernel = small      ? K_DIV_SMALL
                         : positive ? K_DIV_POSITIVE
                         : fits     ? K_DIV_SIGNED
                                    : K_DIV_SIGNED_F;
    int top = small ? 51 : 63;
    int dst = code_push(c);
    struct instr *in = fits ? emit(c, kernel, dst, from, from)
                            : emit_fault(c, kernel, dst, from, from);
    in->magic = (uint64_t)((((unsigned __int128)1 << (top + log)) / (uint64_t)d) + 1);
    in->shift = log - 1;
    in->imm = bias(mode, d, false);
    in->imm2 = bias(mode, d, true);
    return (struct ref){ .reg = dst };
}

static i128 common_factor(i128 a, i128 b)
{
    while (b != 0) {
        i128 rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

/* x * 10^shift / D with D known: shorten the fraction, then one multiplication and one division. */
static struct ref divide_by_constant(struct coder *c, struct ref x, struct range range, int shift,
                                     i128 divisor, enum rounding mode)
{
    if (divisor < 0) {
        int from = code_register(c, x);
        int dst = code_push(c);
        range = range_negate(range);
        (narrow(range) ? emit(c, K_RSUB_I, dst, from, from)
                       : emit_fault(c, K_RSUB_IF, dst, from, from))->imm = 0;
        x = (struct ref){ .reg = dst };
        divisor = -divisor;
    }
    struct range scaled = range_scale(range, shift);
    i128 factor = pow10_i128(shift), common = common_factor(factor, divisor);
    /* Not when the exact way could overflow: the answers must be the same. */
    if (shift > 0 && range_bounded(scaled) && factor / common <= INT64_MAX) {
        divisor /= common;
        factor /= common;
        scaled = range_multiply(range, (struct range){ factor, factor });
        int from = code_register(c, x);
        if (factor > 1) {
            int dst = code_push(c);
            (narrow(scaled) ? emit(c, K_MUL_I, dst, from, from)
                            : emit_fault(c, K_MUL_IF, dst, from, from))->imm = (int64_t)factor;
            x = (struct ref){ .reg = dst };
        }
    } else {
        x = code_times(c, x, range, shift);
    }
    return code_quotient(c, x, scaled, divisor, mode);
}

/* Leaves the result in the first place of the stack that the node used. */
static struct ref first_place(struct coder *c, int mark, struct ref r)
{
    int from = code_register(c, r);
    c->top = mark;
    int dst = code_push(c);
    if (c->instr_count > 0 && c->instrs[c->instr_count - 1].dst == from && from > dst)
        c->instrs[c->instr_count - 1].dst = dst;
    else if (from != dst)
        emit(c, K_COPY, dst, from, from);
    return (struct ref){ .reg = dst };
}

struct ref code_div(struct coder *c, const struct node *n)
{
    const struct node *x = n->parts[0], *y = n->parts[1];
    int mark = c->top;
    int shift = n->scale + y->scale - x->scale;
    struct ref a = code_node(c, x);
    i128 divisor = 0;
    bool known = node_constant(y)
                 && wide_multiply(y->range.low, pow10_i128(MAX(-shift, 0)), &divisor);
    if (known && divisor != 0) {
        struct ref r = divide_by_constant(c, a, x->range, MAX(shift, 0), divisor, n->rounding);
        return first_place(c, mark, r);
    }
    a = code_times(c, a, x->range, MAX(shift, 0));
    struct ref b = code_node(c, y);
    b = code_times(c, b, y->range, MAX(-shift, 0));
    int dividend = code_register(c, a), by = code_register(c, b);
    int dst = quotient_any(c, dividend, by, n->rounding);
    return first_place(c, mark, (struct ref){ .reg = dst });
}

struct ref code_round(struct coder *c, const struct node *n)
{
    const struct node *x = n->parts[0];
    int mark = c->top;
    if (n->scale >= x->scale)
        return code_at(c, x, n->scale);
    struct ref a = code_node(c, x);
    i128 divisor = pow10_i128(x->scale - n->scale);
    return first_place(c, mark, code_quotient(c, a, x->range, divisor, n->rounding));
}
