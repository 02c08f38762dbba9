/*
 * formula_batch_test.c - random well-typed programs on random columns with edges: every set of
 * loops must answer as eval.c does, row for row and error for error.
 */
#include "base/rand.h"
#include "base/test.h"
#include "engine/formula/internal.h"

#include <stdlib.h>

#define ROWS 700 /* more than one block, and a tail */
#define NAMED(text) { "" text, sizeof(text) - 1 }

enum { A, B, C, D, E, T1, T2, DT, O, S2, K, TM, OT, COLUMNS };

static const struct formula_name names[] = {
    [A] = { .name = NAMED("a"), .slot = A },
    [B] = { .name = NAMED("b"), .slot = B, .ranged = true, .low = 0, .high = INT32_MAX },
    [C] = { .name = NAMED("c"), .slot = C, .ranged = true, .low = -30000, .high = 30000 },
    [D] = { .name = NAMED("d"), .slot = D, .type = FORMULA_BOOL },
    [E] = { .name = NAMED("e"), .slot = E, .ranged = true, .low = 0, .high = 255 },
    [T1] = { .name = NAMED("t1"), .slot = T1, .type = FORMULA_TEXT },
    [T2] = { .name = NAMED("t2"), .slot = T2, .type = FORMULA_TEXT },
    [DT] = { .name = NAMED("dt"), .slot = DT, .type = FORMULA_DATE },
    [O] = { .name = NAMED("o"), .slot = O, .optional = true },
    [S2] = { .name = NAMED("s2"), .slot = S2, .scale = 2, .ranged = true,
             .low = -1000000000000, .high = 1000000000000 },
    [K] = { .name = NAMED("k"), .scale = 1, .constant = true, .value = 25 },
    [TM] = { .name = NAMED("tm"), .slot = TM, .type = FORMULA_INSTANT },
    [OT] = { .name = NAMED("ot"), .slot = OT, .type = FORMULA_TEXT, .optional = true },
};
static const enum formula_width widths[COLUMNS] = {
    [A] = FORMULA_I64, [B] = FORMULA_I32, [C] = FORMULA_I16, [D] = FORMULA_I8, [E] = FORMULA_U8,
    [T1] = FORMULA_U16, [T2] = FORMULA_I32, [DT] = FORMULA_I32, [O] = FORMULA_I32,
    [S2] = FORMULA_I64, [TM] = FORMULA_I64, [OT] = FORMULA_U8, [K] = FORMULA_I64,
};
static const struct formula_column_shape keys1[] = {
    { .name = NAMED("e"), .ranged = true, .low = 0, .high = 200 },
};
static const struct formula_column_shape keys2[] = {
    { .name = NAMED("t"), .type = FORMULA_TEXT }, { .name = NAMED("c"), .scale = 1 },
};
static const struct formula_column_shape values[] = {
    { .name = NAMED("v"), .scale = 1, .ranged = true, .low = -500, .high = 500 },
    { .name = NAMED("w"), .type = FORMULA_TEXT },
};
static const struct formula_table_shape tables[] = {
    { .name = NAMED("small"), .keys = keys1, .key_count = 1, .columns = values, .column_count = 2 },
    { .name = NAMED("pairs"), .keys = keys2, .key_count = 2, .columns = values, .column_count = 2 },
};
static const struct formula_env env = {
    names, COUNT(names), tables, COUNT(tables), ZONE_SHANGHAI_MINUTES,
};
static const struct str words[] = { NAMED(""),   NAMED("ab"), NAMED("abc"), NAMED("华东"),
                                    NAMED("b"),  NAMED("华"), NAMED("x") };
static const struct str others[] = { NAMED("x"), NAMED("abc"), NAMED("zz"), NAMED("华东") };

/* ---- random programs ---- */

struct writer {
    struct rand *rand;
    struct buf buf;
};

static uint64_t below(struct writer *w, uint64_t n)
{
    return rand_below(w->rand, n);
}

static void write_number(struct writer *w, int depth);
static void write_text(struct writer *w, int depth);
static void write_date(struct writer *w, int depth);

static void write_condition(struct writer *w, int depth)
{
    static const char *const signs[] = { " = ", " != ", " < ", " <= ", " > ", " >= " };
    static const char *const links[] = { " and ", " or " };
    struct buf *b = &w->buf;
    buf_char(b, '(');
    switch (depth > 0 ? below(w, 10) : 0) {
    case 0: buf_cstr(b, below(w, 4) ? "d" : "true"); break;
    case 1: case 2: case 3:
        write_number(w, depth - 1);
        buf_cstr(b, signs[below(w, 6)]);
        write_number(w, depth - 1);
        break;
    case 4:
        write_text(w, depth - 1);
        buf_cstr(b, signs[below(w, 2)]);
        write_text(w, depth - 1);
        break;
    case 5: case 6:
        write_condition(w, depth - 1);
        buf_cstr(b, links[below(w, 2)]);
        write_condition(w, depth - 1);
        break;
    case 7:
        write_number(w, depth - 1);
        buf_cstr(b, below(w, 2) ? " between " : " not between ");
        write_number(w, depth - 1);
        buf_cstr(b, " and ");
        write_number(w, depth - 1);
        break;
    case 8:
        buf_cstr(b, below(w, 2) ? "known(o)" : "not starts_with(");
        if (b->data[b->len - 2] != 'o') {
            write_text(w, depth - 1);
            buf_cstr(b, ", 'ab')");
        }
        break;
    default:
        write_date(w, depth - 1);
        buf_cstr(b, signs[below(w, 6)]);
        write_date(w, depth - 1);
    }
    buf_char(b, ')');
}

static void write_text(struct writer *w, int depth)
{
    static const char *const leaves[] = { "t1", "t2", "'abc'", "'华东'", "default(ot, t2)" };
    struct buf *b = &w->buf;
    uint64_t kind = depth > 0 ? below(w, 4) : 0;
    if (kind < 2) {
        buf_cstr(b, leaves[below(w, COUNT(leaves))]);
    } else if (kind == 2) {
        buf_cstr(b, "lookup(small, e, w default t1)");
    } else {
        buf_cstr(b, "if(");
        write_condition(w, depth - 1);
        buf_cstr(b, ", ");
        write_text(w, depth - 1);
        buf_cstr(b, ", ");
        write_text(w, depth - 1);
        buf_char(b, ')');
    }
}

static void write_date(struct writer *w, int depth)
{
    static const char *const leaves[] = { "dt", "date '2026-02-28'", "date_of(tm)" };
    buf_cstr(&w->buf, leaves[below(w, COUNT(leaves))]);
    if (depth > 0 && below(w, 2))
        buf_cstr(&w->buf, below(w, 2) ? " + e" : " - c");
}

static void write_leaf(struct writer *w)
{
    static const char *const leaves[] = {
        "a", "b", "c", "e", "s2", "k", "0", "1", "7", "2.50", "5%", "9223372036854775807",
        "10000", "b", "c", "e",
    };
    buf_cstr(&w->buf, leaves[below(w, COUNT(leaves))]);
}

static void write_call(struct writer *w, const char *name, int parts, int depth)
{
    buf_cstr(&w->buf, name);
    for (int i = 0; i < parts; i++) {
        buf_cstr(&w->buf, i ? ", " : "(");
        write_number(w, depth - 1);
    }
}

static void write_rounding(struct writer *w)
{
    static const char *const modes[] = { "half_up", "down", "up", "floor", "ceiling",
                                         "half_even" };
    buf_fmt(&w->buf, ", %d, %s)", below(w, 9) ? (int)below(w, 5) : 18, modes[below(w, 6)]);
}

static void write_case(struct writer *w, int depth)
{
    buf_cstr(&w->buf, "case");
    for (uint64_t i = 1 + below(w, 3); i > 0; i--) {
        buf_cstr(&w->buf, " when ");
        write_condition(w, depth - 1);
        buf_cstr(&w->buf, " then ");
        write_number(w, depth - 1);
    }
    buf_cstr(&w->buf, " else ");
    write_number(w, depth - 1);
    buf_cstr(&w->buf, " end");
}

static void write_function(struct writer *w, int depth)
{
    static const char *const dates[] = { "day(", "month(", "year(", "weekday(" };
    static const char *const divisors[] = { "10000", "100",        "3", "-7", "0.05",
                                            "1",     "1000000007", "0.000000000000000003",
                                            "1.000000000000000000" };
    struct buf *b = &w->buf;
    switch (below(w, 9)) {
    case 0: write_call(w, "div", 2, depth); write_rounding(w); break;
    case 1:
    case 2:
        write_call(w, "div", 1, depth);
        buf_fmt(b, ", %s", divisors[below(w, COUNT(divisors))]);
        write_rounding(w);
        break;
    case 3: write_call(w, "round", 1, depth); write_rounding(w); break;
    case 4: write_call(w, "abs", 1, depth); buf_char(b, ')'); break;
    case 5:
        buf_cstr(b, dates[below(w, 4)]);
        write_date(w, depth - 1);
        buf_char(b, ')');
        break;
    case 6:
        buf_cstr(b, below(w, 2) ? "lookup(small, e, v" : "lookup(pairs, t1, round(c, 1), v");
        if (below(w, 4)) {
            buf_cstr(b, " default ");
            if (below(w, 2))
                buf_cstr(b, "div(1, e - 4, 0, down)"); /* fails where e is 4, which no table has */
            else
                buf_cstr(b, "-1.5");
        }
        buf_char(b, ')');
        break;
    case 7: buf_cstr(b, below(w, 2) ? "minute_of_day(tm) * 0" : "0"); break;
    default:
        buf_cstr(b, "default(o, ");
        write_number(w, depth - 1);
        buf_char(b, ')');
    }
}

static void write_number(struct writer *w, int depth)
{
    static const char *const signs[] = { " + ", " - ", " * " };
    struct buf *b = &w->buf;
    if (depth <= 0) {
        write_leaf(w);
        return;
    }
    switch (below(w, 8)) {
    case 0: write_leaf(w); break;
    case 1: case 2: case 3:
        buf_char(b, '(');
        write_number(w, depth - 1);
        buf_cstr(b, signs[below(w, 3)]);
        write_number(w, depth - 1);
        buf_char(b, ')');
        break;
    case 4:
        write_call(w, below(w, 2) ? "min" : "max", 2 + (int)below(w, 2), depth);
        buf_char(b, ')');
        break;
    case 5: write_case(w, depth); break;
    default: write_function(w, depth);
    }
}

/* ---- random rows ---- */

struct rows {
    void *data[COLUMNS];
    int64_t wide[COLUMNS][ROWS];
    struct formula_column columns[COLUMNS];
};

static int64_t random_units(struct rand *r, int column)
{
    static const int64_t edges[] = { 0, 1, -1, INT64_MAX, INT64_MIN, INT32_MAX, 10000, 1 << 30 };
    switch (column) {
    case A:
        return rand_chance(r, 1, 4) ? edges[rand_below(r, COUNT(edges))]
               : rand_chance(r, 1, 3) ? (int64_t)rand_u64(r) : rand_between(r, -2000, 2000);
    case B: return rand_chance(r, 1, 400) ? -1 : rand_between(r, 0, INT32_MAX);
    case C: return rand_chance(r, 1, 400) ? 30001 : rand_between(r, -30000, 30000);
    case D: return rand_between(r, 0, 1);
    case E: return rand_between(r, 0, 9);
    case T1: return rand_between(r, 0, COUNT(words) - 1);
    case T2: return rand_chance(r, 1, 500) ? 4 : rand_between(r, 0, COUNT(others) - 1);
    case DT: return rand_chance(r, 1, 50) ? DATE_HIGH : rand_between(r, DATE_LOW, DATE_HIGH);
    case O: return rand_chance(r, 1, 3) ? INT32_MIN : rand_between(r, -9, 9);
    case S2: return rand_between(r, -1000000000000, 1000000000000);
    case TM: /* now and then beyond the year 9999, where dates end, or beyond everything */
        return rand_chance(r, 1, 50)   ? INT64_MAX - 3
               : rand_chance(r, 1, 50) ? 400000000000000000
                                       : rand_between(r, -1, 2000000000000000);
    case OT: return rand_chance(r, 1, 2) ? UINT8_MAX : rand_between(r, 0, COUNT(words) - 1);
    default: return 0;
    }
}

static void store(void *data, enum formula_width width, size_t i, int64_t v)
{
    switch (width) {
    case FORMULA_I64: ((int64_t *)data)[i] = v; break;
    case FORMULA_I32: case FORMULA_U32: ((int32_t *)data)[i] = (int32_t)v; break;
    case FORMULA_I16: case FORMULA_U16: ((int16_t *)data)[i] = (int16_t)v; break;
    case FORMULA_I8: case FORMULA_U8: ((int8_t *)data)[i] = (int8_t)v; break;
    }
}

static void fill_rows(struct arena *arena, struct rand *r, struct rows *rows)
{
    for (int c = 0; c < COLUMNS; c++) {
        rows->data[c] = arena_array(arena, int64_t, ROWS);
        rows->columns[c] = (struct formula_column){ rows->data[c], widths[c] };
        for (size_t i = 0; i < ROWS; i++) {
            rows->wide[c][i] = random_units(r, c);
            store(rows->data[c], widths[c], i, rows->wide[c][i]);
        }
    }
}

static void slots_of(const struct rows *rows, size_t i, struct formula_value slots[COLUMNS])
{
    for (int c = 0; c < COLUMNS; c++)
        slots[c] = (struct formula_value){ .units = rows->wide[c][i] };
    slots[O].missing = slots[O].units == INT32_MIN;
    slots[OT].missing = slots[OT].units == UINT8_MAX;
    slots[T1].text = words[slots[T1].units];
    if (!slots[OT].missing)
        slots[OT].text = words[slots[OT].units];
    if (slots[T2].units < (int64_t)COUNT(others))
        slots[T2].text = others[slots[T2].units];
}

static const struct formula_lookup *load_table(struct arena *arena, int which)
{
    static const int64_t small[] = { 1, 2, 3, 7, 8 }, tenths[] = { 10, 20, -50, 70, 299990 };
    static const int64_t v[] = { -500, 0, 15, 400, 500 };
    const struct formula_cells keys[2][2] = { { { .ints = small } },
                                              { { .texts = words }, { .ints = tenths } } };
    const struct formula_cells columns[] = { { .ints = v }, { .texts = words } };
    const struct formula_lookup *ret = NULL;
    struct fault fault = { 0 };
    CHECK_EQ(formula_lookup_load(arena, &tables[which], keys[which], columns, 5, &ret, &fault), OK,
             "%s", fault.message);
    return ret;
}

/* ---- batch against scalar ---- */

struct trial {
    struct arena *arena;
    const struct rows *rows;
    const struct formula *formula;
    const struct formula_lookup *lookups[2];
    struct formula_dictionary dictionaries[COLUMNS];
    size_t bad_rows, good_rows;
};

static enum err exact(const struct trial *t, size_t i, struct formula_value *ret,
                      struct fault *fault)
{
    struct formula_value slots[COLUMNS];
    slots_of(t->rows, i, slots);
    struct formula_inputs inputs = { slots, t->lookups };
    return formula_eval(t->arena, t->formula, &inputs, ret, NULL, fault);
}

/* A text code outside its dictionary: no scalar value says that, so such rows only must fail. */
static bool bad_code(const struct trial *t, size_t i)
{
    return t->rows->wide[T2][i] >= (int64_t)COUNT(others);
}

static bool same_row(struct trial *t, struct formula_batch *b, size_t i, int64_t got)
{
    struct formula_value want;
    struct fault fault = { 0 };
    enum err e = exact(t, i, &want, &fault);
    t->good_rows++;
    if (bad_code(t, i))
        return true;
    CHECK_EQ(e, OK, "row %zu: %s", i, fault.message);
    const struct formula_info *info = formula_info(t->formula);
    CHECK(!info->ranged || (want.units >= info->low && want.units <= info->high),
          "%lld is outside its static range", (long long)want.units);
    if (formula_info(t->formula)->type == FORMULA_TEXT)
        CHECK_STR(formula_batch_text(b, got), want.text, "row %zu", i);
    else
        CHECK_EQ(got, want.units, "row %zu", i);
    return e == OK && (got == want.units || formula_info(t->formula)->type == FORMULA_TEXT);
}

static bool same_failure(struct trial *t, size_t i, enum err got, const struct fault *story)
{
    struct formula_value value;
    struct fault fault = { 0 };
    t->bad_rows++;
    if (bad_code(t, i))
        return true;
    enum err e = exact(t, i, &value, &fault);
    CHECK_EQ(got, e, "row %zu: %s", i, story->message);
    CHECK_STR(str_from(story->message), str_from(fault.message));
    CHECK_EQ(story->column, fault.column);
    return got == e;
}

static bool same_answers(struct trial *t, struct formula_batch *b)
{
    int64_t out[ROWS];
    size_t at = 0;
    while (at < ROWS) {
        struct formula_column moved[COLUMNS];
        static const size_t bytes[] = { 8, 4, 2, 1, 4, 2, 1 };
        for (int c = 0; c < COLUMNS; c++)
            moved[c] = (struct formula_column){
                (const char *)t->rows->data[c] + at * bytes[widths[c]], widths[c] };
        struct fault fault = { 0 };
        size_t bad = ROWS - at;
        enum err e = formula_batch_run(b, moved, ROWS - at, out, &bad, &fault);
        for (size_t i = 0; i < bad; i++)
            if (!same_row(t, b, at + i, out[i]))
                return false;
        at += bad;
        if (e && !same_failure(t, at++, e, &fault))
            return false;
    }
    return true;
}

TEST(formula_batch_answers_as_scalar)
{
    struct arena *arena = test_arena();
    struct rand r = rand_seeded(20261001);
    struct rows *rows = arena_new(arena, struct rows);
    struct trial t = { .arena = arena, .rows = rows };
    t.lookups[0] = load_table(arena, 0);
    t.lookups[1] = load_table(arena, 1);
    t.dictionaries[T1] = t.dictionaries[OT] = (struct formula_dictionary){ words, COUNT(words) };
    t.dictionaries[T2] = (struct formula_dictionary){ others, COUNT(others) };
    int programs = getenv("FORMULA_PROGRAMS") ? atoi(getenv("FORMULA_PROGRAMS")) : 400;
    int compiled = 0;
    bool good = true;
    for (int i = 0; i < programs && good; i++) {
        struct arena_mark mark = arena_mark(arena);
        struct writer w = { &r, buf_in(arena) };
        struct fault fault = { 0 };
        fill_rows(arena, &r, rows);
        if (i % 5 == 0)
            write_text(&w, 3);
        else if (i % 5 == 1)
            write_condition(&w, 4);
        else
            write_number(&w, 1 + i % 5);
        if (formula_compile(arena, &env, buf_view(&w.buf), &t.formula, &fault) == OK) {
            compiled++;
            for (int set = 0; set < KERNEL_SETS && good; set++) {
                struct formula_batch *b =
                    formula_batch_open(arena, t.formula, t.dictionaries, t.lookups);
                if (kernels_set(set)) {
                    batch_use(b, kernels_set(set));
                    good = same_answers(&t, b);
                }
                CHECK(good, "program %d: " STR_FMT, i, STR_ARG(buf_view(&w.buf)));
            }
        }
        arena_reset(arena, mark);
    }
    CHECK(compiled * 10 > programs * 7, "only %d of %d programs are well typed", compiled,
          programs);
    CHECK(t.bad_rows > 100 && t.good_rows > t.bad_rows, "%zu good, %zu bad", t.good_rows,
          t.bad_rows);
}
