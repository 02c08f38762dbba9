/*
 * formula_exact_test.c - the arithmetic against plain C that shares no code with it: division by
 * constants at its edges, and random sums and products in a tiny second evaluator.
 */
#include "base/rand.h"
#include "base/test.h"
#include "engine/formula/internal.h"

#define NAMED(text) { "" text, sizeof(text) - 1 }

/* ---- division by constants, at the edges where a wrong magic number shows ---- */

static __int128 plain_quotient(__int128 x, __int128 d, enum rounding mode)
{
    __int128 size = x < 0 ? -x : x, q = size / d, rest = size % d;
    bool up[] = {
        [ROUND_HALF_UP] = 2 * rest >= d,
        [ROUND_DOWN] = false,
        [ROUND_UP] = rest > 0,
        [ROUND_FLOOR] = rest > 0 && x < 0,
        [ROUND_CEILING] = rest > 0 && x > 0,
        [ROUND_HALF_EVEN] = 2 * rest > d || (2 * rest == d && q % 2 == 1),
    };
    q += up[mode];
    return x < 0 ? -q : q;
}

static int64_t near_edge(struct rand *r, int64_t low, int64_t high, int64_t d)
{
    int64_t v = rand_chance(r, 1, 3) ? high : rand_between(r, low, high);
    if (rand_chance(r, 1, 2)) { /* near a multiple, or half of one */
        int64_t half = d / 2 + (d == 1);
        v = v / half * half + rand_between(r, -1, 1);
    }
    return MIN(MAX(v, low), high);
}

TEST(formula_division_by_constants_is_exact)
{
    static const char *const modes[] = { "half_up", "down", "up", "floor", "ceiling",
                                         "half_even" };
    struct arena *arena = test_arena();
    struct rand r = rand_seeded(7);
    int64_t x[64], out[64];
    for (int i = 0; i < 4000; i++) {
        struct arena_mark mark = arena_mark(arena);
        int64_t d = (int64_t)(rand_u64(&r) >> (2 + rand_below(&r, 61)));
        d = rand_chance(&r, 1, 4) ? (int64_t)1 << rand_below(&r, 62) : MAX(d, 1);
        int64_t high = (int64_t)(rand_u64(&r) >> (1 + rand_below(&r, 62)));
        if (rand_chance(&r, 1, 4))
            high = ((int64_t)1 << 50) - MIN(d, 1 << 20) - 1; /* the last of the small ones */
        int64_t low = rand_chance(&r, 1, 2) ? 0 : -high;
        enum rounding mode = (enum rounding)rand_below(&r, 6);
        struct formula_name name = { .name = NAMED("x"), .ranged = true, .low = low, .high = high };
        struct formula_env one = { .names = &name, .name_count = 1 };
        const struct formula *f;
        struct fault fault = { 0 };
        struct str text = str_fmt(arena, "div(x, %lld, 0, %s)", (long long)d, modes[mode]);
        CHECK_EQ(formula_compile(arena, &one, text, &f, &fault), OK, "%s", fault.message);
        struct formula_column column = { x, FORMULA_I64 };
        for (int k = 0; k < 64; k++)
            x[k] = near_edge(&r, low, high, d);
        for (int set = 0; set < KERNEL_SETS; set++) {
            struct formula_batch *b = formula_batch_open(arena, f, NULL, NULL);
            if (!kernels_set(set))
                continue;
            batch_use(b, kernels_set(set));
            CHECK_EQ(formula_batch_run(b, &column, 64, out, NULL, &fault), OK, "%s", fault.message);
            for (int k = 0; k < 64; k++)
                CHECK_EQ(out[k], plain_quotient(x[k], d, mode), "%lld / %lld %s, set %d",
                         (long long)x[k], (long long)d, modes[mode], set);
        }
        arena_reset(arena, mark);
    }
}

/* ---- a second, independent evaluator for arithmetic ---- */

struct sum {
    struct buf *text;
    struct rand *rand;
    const int64_t *values; /* of p, q, r */
    bool too_wide;         /* beyond what this evaluator can do without its own care */
};

static __int128 write_and_compute(struct sum *s, int depth)
{
    static const char names_of[] = "pqr";
    uint64_t kind = depth > 0 ? rand_below(s->rand, 7) : 0;
    if (kind < 2) {
        uint64_t which = rand_below(s->rand, 3);
        buf_char(s->text, names_of[which]);
        return s->values[which];
    }
    const char *const opens[] = { "", "", "(", "(", "(", "max(", "if(" };
    const char *const signs[] = { "", "", " + ", " - ", " * ", ", ", " < " };
    buf_cstr(s->text, opens[kind]);
    __int128 a = write_and_compute(s, depth - 1);
    buf_cstr(s->text, signs[kind]);
    __int128 b = write_and_compute(s, depth - 1), result = 0;
    const __int128 limit = (__int128)1 << 62;
    switch (kind) {
    case 2: result = a + b; break;
    case 3: result = a - b; break;
    case 4:
        s->too_wide |= a > limit || a < -limit || b > limit || b < -limit;
        result = s->too_wide ? 0 : a * b;
        break;
    case 5: result = a > b ? a : b; break;
    default: {
        buf_cstr(s->text, ", ");
        __int128 then = write_and_compute(s, depth - 1);
        buf_cstr(s->text, ", -");
        __int128 otherwise = write_and_compute(s, depth - 1);
        result = a < b ? then : -otherwise;
    }
    }
    buf_char(s->text, ')');
    return result;
}

TEST(formula_scalar_computes_as_plain_c)
{
    static const struct formula_name three[] = {
        { .name = NAMED("p") },
        { .name = NAMED("q"), .slot = 1 },
        { .name = NAMED("r"), .slot = 2 },
    };
    const struct formula_env one = { .names = three, .name_count = 3 };
    struct rand r = rand_seeded(3);
    int compared = 0, refused = 0;
    for (int i = 0; i < 5000; i++) {
        struct arena_mark mark = arena_mark(test_arena());
        struct buf text = buf_in(test_arena());
        int64_t v[3];
        struct formula_value slots[3] = { 0 }, value;
        for (int k = 0; k < 3; k++)
            slots[k].units = v[k] = (int64_t)rand_u64(&r) >> rand_below(&r, 64);
        struct sum s = { &text, &r, v, false };
        __int128 want = write_and_compute(&s, 4);
        const struct formula *f;
        struct fault fault = { 0 };
        CHECK_EQ(formula_compile(test_arena(), &one, buf_view(&text), &f, &fault), OK, "%s",
                 fault.message);
        struct formula_inputs inputs = { slots, NULL };
        enum err e = formula_eval(NULL, f, &inputs, &value, NULL, &fault);
        bool fits = want == (int64_t)want;
        if (!s.too_wide) {
            CHECK_EQ(e, fits ? OK : ERR_OVERFLOW, STR_FMT, STR_ARG(buf_view(&text)));
            if (fits && e == OK)
                CHECK_EQ(value.units, (int64_t)want, STR_FMT, STR_ARG(buf_view(&text)));
            compared += fits;
            refused += !fits;
        }
        arena_reset(test_arena(), mark);
    }
    CHECK(compared > 1000 && refused > 100, "%d compared, %d refused", compared, refused);
}

/* ---- a pay month in formulas: progressive tiers, gate, withholding tax ---- */

TEST(formula_expresses_a_pay_month)
{
    static const struct formula_name pay[] = {
        { .name = NAMED("amount"), .unit = "fen", .ranged = true, .low = 0, .high = INT32_MAX },
        { .name = NAMED("paid_bp"), .unit = "bp", .slot = 1, .ranged = true, .low = 0,
          .high = 10000 },
        { .name = NAMED("x"), .unit = "fen", .slot = 2, .ranged = true, .low = 0,
          .high = 1000000000000 },
        { .name = NAMED("y"), .unit = "fen", .slot = 3, .ranged = true, .low = 0,
          .high = 1000000000000 },
        { .name = NAMED("orders"), .unit = "count", .slot = 4, .ranged = true, .low = 0,
          .high = 1000000000 },
        { .name = NAMED("refunds"), .unit = "count", .slot = 5, .ranged = true, .low = 0,
          .high = 1000000000 },
    };
    static const struct {
        const char *text;
        int64_t slots[6], result; /* the numbers of the worked example */
    } cases[] = {
        { "max(div(amount * paid_bp, 10000, 0, half_up) - y, 0)",
          { 99999, 5000, 0, 0 }, 50000 },
        { "max(div(amount * paid_bp, 10000, 0, half_up) - y, 0)",
          { 20000, 10000, 0, 15000 }, 5000 },
        { "div(300 bp * x + 200 bp * max(x - 100000, 0) + 300 bp * max(x - 300000, 0)"
          " + 400 bp * max(x - 800000, 0) + 300 bp * max(x - 2000000, 0), 10000, 0, half_up)",
          { 0, 0, 2500000 }, 272000 },
        { "if(refunds * 10 > orders, div(x * 8, 10, 0, half_up), x)",
          { 0, 0, 9952, 0, 6, 1 }, 7962 },
        { "div(y * x, amount, 0, half_up)", { 30000, 0, 1234, 10001 }, 411 },
        { "case when x <= 80000 then 0 when x <= 400000 then 5 * x - 400000 else 4 * x end",
          { 0, 0, 800000 }, 3200000 },
        { "case when x <= 10000000 then div(x * 20, 500, 0, half_up)"
          " when x <= 25000000 then div(x * 30 - 100000000, 500, 0, half_up)"
          " else div(x * 40 - 350000000, 500, 0, half_up) end",
          { 0, 0, 3200000 }, 128000 },
    };
    const struct formula_env one = { .names = pay, .name_count = COUNT(pay) };
    const struct formula_want fen = { FORMULA_NUMBER, "fen", 0 };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct formula_column columns[6];
        const struct formula *f;
        struct fault fault = { 0 };
        int64_t got = -1;
        for (int k = 0; k < 6; k++)
            columns[k] = (struct formula_column){ &cases[i].slots[k], FORMULA_I64 };
        CHECK_EQ(formula_compile_as(test_arena(), &one, str_from(cases[i].text), fen, &f, &fault),
                 OK, "%s: %s", cases[i].text, fault.message);
        struct formula_batch *b = formula_batch_open(test_arena(), f, NULL, NULL);
        CHECK_EQ(formula_batch_run(b, columns, 1, &got, NULL, &fault), OK, "%s", fault.message);
        CHECK_EQ(got, cases[i].result, "%s", cases[i].text);
        CHECK_EQ(formula_batch_slow_rows(b), 0, "%s", cases[i].text);
    }
}
