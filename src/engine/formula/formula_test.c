/* formula_test.c - what formulas mean, and what is said about wrong ones. */
#include "base/test.h"
#include "engine/formula/formula.h"

#include <stdio.h>

static const struct formula_column_shape rate_keys[] = {
    { .name = { "category", 8 }, .type = FORMULA_NUMBER },
    { .name = { "region", 6 }, .type = FORMULA_TEXT },
};
static const struct formula_column_shape rate_columns[] = {
    { .name = { "rate_bp", 7 }, .type = FORMULA_NUMBER, .unit = "bp", .ranged = true, .low = 0,
      .high = 10000 },
    { .name = { "label", 5 }, .type = FORMULA_TEXT },
};
static const struct formula_table_shape tables[] = {
    { .name = { "rates", 5 }, .keys = rate_keys, .key_count = 2, .columns = rate_columns,
      .column_count = 2 },
};

#define NAME(text) { "" text, sizeof(text) - 1 }
static const struct formula_name names[] = {
    { .name = NAME("amount_fen"), .unit = "fen", .ranged = true, .low = 0, .high = 2147483647 },
    { .name = NAME("paid_bp"), .unit = "bp", .ranged = true, .low = 0, .high = 10000, .slot = 1 },
    { .name = NAME("区域"), .type = FORMULA_TEXT, .slot = 2 },
    { .name = NAME("joined"), .type = FORMULA_DATE, .slot = 3 },
    { .name = NAME("paid"), .type = FORMULA_BOOL, .slot = 4 },
    { .name = NAME("category"), .slot = 5 },
    { .name = NAME("distance"), .unit = "m", .optional = true, .slot = 6 },
    { .name = NAME("ended"), .type = FORMULA_INSTANT, .slot = 7 },
    { .name = NAME("orders"), .unit = "count", .ranged = true, .low = 0, .high = 1000000,
      .slot = 8 },
    { .name = NAME("price"), .unit = "yuan", .scale = 4, .slot = 9 },
    { .name = NAME("cap"), .unit = "fen", .constant = true, .value = 80000 },
    { .name = NAME("refunds"), .unit = "count", .slot = 10 },
};

/* 2026-10-01 is day 20727; the instant is 16:30 in Shanghai. */
static const struct formula_value row[] = {
    { .units = 99999 }, { .units = 5000 }, { .text = NAME("华东") }, { .units = 20727 },
    { .units = 1 },     { .units = 2 },    { .missing = true },
    { .units = INT64_C(1790843400000000) }, { .units = 7 }, { .units = 123456 }, { .units = 2 },
};

static const struct formula_env env = {
    .names = names, .name_count = COUNT(names), .tables = tables, .table_count = COUNT(tables),
    .zone_minutes = ZONE_SHANGHAI_MINUTES,
};

static const struct formula_lookup *rates(struct arena *arena)
{
    static const int64_t categories[] = { 1, 2, 2 }, bps[] = { 300, 500, 807 };
    static const struct str regions[] = { NAME("华东"), NAME("华东"), NAME("华北") };
    static const struct str labels[] = { NAME("low"), NAME("mid"), NAME("high") };
    const struct formula_cells keys[] = { { .ints = categories }, { .texts = regions } };
    const struct formula_cells columns[] = { { .ints = bps }, { .texts = labels } };
    const struct formula_lookup *ret = NULL;
    struct fault fault = { 0 };
    CHECK_EQ(formula_lookup_load(arena, tables, keys, columns, 3, &ret, &fault), OK, "%s",
             fault.message);
    return ret;
}

/* The result as text; of an error its line:column and message. */
static struct str result_of(const char *text, const struct formula_trace **trace)
{
    struct arena *arena = test_arena();
    const struct formula_lookup *lookups[] = { rates(arena) };
    const struct formula *f;
    const struct formula_trace *own;
    struct fault fault = { 0 };
    struct formula_value value;
    enum err e = formula_compile(arena, &env, str_from(text), &f, &fault);
    if (e == OK)
        e = formula_eval(arena, f, &(struct formula_inputs){ row, lookups }, &value,
                         trace ? trace : &own, &fault);
    if (e)
        return str_fmt(arena, "%d:%d %s", fault.line, fault.column, fault.message);
    struct str unit = formula_info(f)->unit;
    struct str shown = formula_trace_text(arena, trace ? *trace : own);
    return unit.len ? str_fmt(arena, STR_FMT " " STR_FMT, STR_ARG(shown), STR_ARG(unit)) : shown;
}

TEST(formula_values)
{
    static const struct {
        const char *text, *result;
    } cases[] = {
        { "div(amount_fen * paid_bp, 10000, 0, half_up)", "50000 fen" },
        { "div(amount_fen * paid_bp, 10000 bp, 0, down)", "49999 fen" },
        { "amount_fen * 5%", "4999.95 fen" },
        { "round(amount_fen * 5%, 0, half_up)", "5000 fen" },
        { "round(amount_fen * 5%, 0)", "5000 fen" },
        { "-1.5 + 2", "0.5" },
        { "1 + 2 * 3 - 4", "3" },
        { "(1 + 2) * 3", "9" },
        { "max(amount_fen - 200000, 0)", "0 fen" },
        { "min(amount_fen, cap)", "80000 fen" },
        { "min(3, 1.25, 2)", "1.25" },
        { "abs(0 - 7.10)", "7.10" },
        { "if(paid, 1, 0)", "1" },
        { "case when category = 1 then 10 fen when category = 2 then 20 fen else 0 end",
          "20 fen" },
        { "paid and not amount_fen < 5", "true" },
        { "区域 = '华东'", "true" },
        { "区域 in ('华北', \"华东\")", "true" },
        { "starts_with(区域， '华')", "true" },
        { "if(区域 = '华东', 'east', 'else''where')", "\"east\"" },
        { "category not between 3 and 5", "true" },
        { "lookup(rates, category, 区域, rate_bp)", "500 bp" },
        { "lookup(rates, 9, 区域, rate_bp default 100)", "100 bp" },
        { "lookup(rates, 2, '华北', label)", "\"high\"" },
        { "joined + 30", "2026-10-31" },
        { "joined - date '2026-09-01'", "30 day" },
        { "days_between(date '2026-09-01', joined)", "30 day" },
        { "year(joined) * 10000 + month(joined) * 100 + day(joined)", "20261001" },
        { "weekday(joined)", "4" },
        { "date_of(ended)", "2026-10-01" },
        { "minute_of_day(ended) >= 16 * 60", "true" },
        { "known(distance)", "false" },
        { "default(distance, 500 m)", "500 m" },
        { "orders * 200 fen", "1400 fen" },
        { "div(refunds, orders, 4, half_up)", "0.2857" },
        { "refunds * 10 > orders", "true" },
        { "price * 100 fen/yuan", "1234.5600 fen" },
        { "round(price × 100 fen/yuan, 0, half_even)", "1235 fen" },
        { "orders ≥ 7 and orders ≠ 8", "true" },
        { "div(7, 2, 0, half_even)", "4" },
        { "div(5, 2, 0, half_even)", "2" },
        { "div(-5, 2, 0, half_up)", "-3" },
        { "div(-5, 2, 0, floor)", "-3" },
        { "div(-5, 2, 0, ceiling)", "-2" },
        { "div(5, -2, 0, up)", "-3" },
        { "div(1, 3, 18, down)", "0.333333333333333333" },
        { "if(orders = 7, 1, div(1, refunds - 2, 0, down))", "1" },
        { "false and div(1, refunds - 2, 0, down) = 1", "false" },
        { "9000000000000000000 * 9000000000000000000 > 1", "true" },
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        CHECK_STR(result_of(cases[i].text, NULL), str_from(cases[i].result), "%s", cases[i].text);
}

TEST(formula_mistakes_are_named_with_their_place)
{
    static const struct {
        const char *text, *message;
    } cases[] = {
        { "", "1:1 the formula is empty" },
        { "amount_fen + joined", "1:12 cannot add a date to fen: a date takes whole days" },
        { "amount_fen + days_between(joined, joined)", "1:14 cannot add day to fen" },
        { "amount_fen\n  > paid_bp", "2:5 cannot compare bp with fen" },
        { "amont_fen", "1:1 nothing here is called \"amont_fen\"" },
        { "amount_fen / 2", "1:12 divide with div(x, y, decimals, half_up): every division says "
                            "how it rounds" },
        { "div(1, 2)", "1:9 write , and then the number of decimals, not \")\"" },
        { "div(1, 2, 0, nearest)", "1:14 \"nearest\" is no way to round: half_up, down, up, "
                                   "floor, ceiling or half_even" },
        { "div(1, 0, 0, down)", "1:8 this divides by zero" },
        { "case when paid then 1 end", "1:23 write \"else\" and what holds in every other case, "
                                       "not \"end\"" },
        { "if(1, 2, 3)", "1:4 if needs a condition, and this is a plain number" },
        { "if(paid, 1 fen, 1 day)", "1:17 all branches must be alike, and these are day and fen" },
        { "distance + 1 m", "1:1 this may be missing: write default(x, value), or ask known(x)" },
        { "known(orders)", "1:7 known() asks about a name that may be missing, and this is "
                           "always there" },
        { "1 < 2 < 3", "1:7 comparisons do not chain: write a < b and b < c, or x between a and "
                       "b" },
        { "区域 < 'x'", "1:1 a text has no larger and smaller: only = and != compare it" },
        { "'abc", "1:1 the text has no end: close it with '" },
        { "1 +", "1:4 a value is missing: write a number, a text in quotes, a name or a function, "
                 "not the end" },
        { "5 furlongs", "1:3 \"furlongs\" is not a unit that this formula knows; between a number "
                        "and what follows write an operator or a comma" },
        { "1 2", "1:3 an operator is missing before \"2\", or it is one too many" },
        { "sqrt(2)", "1:1 there is no function \"sqrt\"" },
        { "lookup(rates, 1, label)", "1:18 nothing here is called \"label\"" },
        { "lookup(rates, 1, 'x')", "1:21 write , and then the column to take, not \")\"" },
        { "lookup(rates, 1, 2, label)", "1:18 the key region is a text, and this is a plain "
                                        "number" },
        { "lookup(rates, 0.5, 'x', label)", "1:15 the key category has 0 decimals, and this has "
                                            "1: round it first" },
        { "lookup(price_list, 1, x)", "1:8 there is no table \"price_list\"" },
        { "price * price * price * price * price", "1:31 the product has 20 decimals, at most 18 "
          "are kept: round(x, decimals, half_up) a factor first" },
        { "paid + 1", "1:1 adding needs a number, and this is a condition" },
        { "not 5", "1:5 not needs a condition, and this is a plain number" },
        { "1 ; 2", "1:3 \";\" has no meaning in a formula: remove it" },
        { "starts_with(区域, 区域)", "1:17 the beginning to look for must be written out, in "
                                     "quotes" },
        { "date '2026-13-01'", "1:6 \"'2026-13-01'\" is not a date: write date '2026-10-01'" },
        /* while it runs */
        { "div(1, refunds - 2, 0, down)", "1:1 division by zero" },
        { "lookup(rates, 9, 区域, rate_bp)", "1:1 the table rates has no row for this key" },
        { "9000000000000000000 * 9000000000000000000", "1:21 the number does not fit" },
        { "joined + 5000000", "1:8 the date is not within the years 1 to 9999" },
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        CHECK_STR(result_of(cases[i].text, NULL), str_from(cases[i].message), "%s", cases[i].text);
}

TEST(formula_size_is_bounded)
{
    struct arena *arena = test_arena();
    static const struct {
        const char *open, *middle, *close;
        int times;
        bool fits;
    } cases[] = {
        { "(", "1", ")", 60, true },  { "(", "1", ")", 70, false },  { "-", "1", "", 60, true },
        { "-", "1", "", 70, false },  { "not ", "paid", "", 70, false },
        { "1+", "1", "", 200, true },
        { "1+", "1", "", 300, false }, { "abs(", "1", ")", 70, false },
        { "min(1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1)+", "1", "", 250, false },
        { "case when paid then 1 else ", "1", " end", 70, false },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct buf text = buf_in(arena);
        const struct formula *f;
        struct fault fault = { 0 };
        for (int k = 0; k < cases[i].times; k++)
            buf_cstr(&text, cases[i].open);
        buf_cstr(&text, cases[i].middle);
        for (int k = 0; k < cases[i].times; k++)
            buf_cstr(&text, cases[i].close);
        enum err e = formula_compile(arena, &env, buf_view(&text), &f, &fault);
        CHECK_EQ(e, cases[i].fits ? OK : ERR_PARSE, "case %zu: %s", i, fault.message);
    }
}

TEST(formula_info_tells_names_and_range)
{
    struct arena *arena = test_arena();
    const struct formula *f;
    struct fault fault = { 0 };
    CHECK_EQ(formula_compile(arena, &env, STR("div(amount_fen * paid_bp, 10000, 0, half_up) - cap"),
                             &f, &fault), OK);
    const struct formula_info *info = formula_info(f);
    CHECK_STR(info->unit, STR("fen"));
    CHECK_EQ(info->scale, 0);
    CHECK(info->ranged && !info->may_fail);
    CHECK_EQ(info->low, -80000);
    CHECK_EQ(info->high, 2147483647 - 80000);
    CHECK_EQ(info->name_count, 3);
    CHECK_EQ(info->names[2], 10);
    CHECK_EQ(info->slot_count, 2);

    struct formula_want fen = { FORMULA_NUMBER, "fen", 2 };
    CHECK_EQ(formula_compile_as(arena, &env, STR("5"), fen, &f, &fault), OK);
    CHECK_EQ(formula_info(f)->scale, 2);
    CHECK_EQ(formula_info(f)->low, 500);
    CHECK_EQ(formula_compile_as(arena, &env, STR("orders"), fen, &f, &fault), ERR_PARSE);
    CHECK_STR(str_from(fault.message), STR("the result is count, and fen is wanted"));
    fen.scale = 0;
    CHECK_EQ(formula_compile_as(arena, &env, STR("cap * 5%"), fen, &f, &fault), ERR_PARSE);
    CHECK_STR(str_from(fault.message),
              STR("the result has 2 decimals, and 0 are wanted: round(..., 0, half_up)"));
}

TEST(formula_trace_explains)
{
    struct arena *arena = test_arena();
    const struct formula_trace *trace;
    struct buf out = buf_in(arena);
    result_of("if(paid, div(amount_fen * paid_bp, 10000, 0, half_up), cap)", &trace);
    formula_trace_print(&out, trace, FORMULA_ENGLISH);
    CHECK_STR(buf_view(&out), STR(
        "50000 fen = if(paid, div(amount_fen * paid_bp, 10000, 0, half_up), cap)  [if]\n"
        "  true = paid\n"
        "  50000 fen = div(amount_fen * paid_bp, 10000, 0, half_up)  [div], rounded half up\n"
        "    499995000 bp*fen = amount_fen * paid_bp  [*]\n"
        "      99999 fen = amount_fen\n"
        "      5000 bp = paid_bp\n"
        "    10000\n"));
    const struct formula_trace *div = trace->parts[1];
    CHECK(div->rounded);
    CHECK_EQ(div->remainder, -5000);
    CHECK_EQ(div->divisor, 10000);
    CHECK_EQ(div->parts[0]->parts[1]->name, 1);

    out.len = 0;
    result_of("lookup(rates, 9, 区域, rate_bp default 100)", &trace);
    formula_trace_print(&out, trace, FORMULA_CHINESE);
    CHECK_STR(buf_view(&out), STR(
        "100 bp = lookup(rates, 9, 区域, rate_bp default 100)  [查表]，表中没有，取缺省值\n"
        "  9\n"
        "  \"华东\" = 区域\n"
        "  100\n"));
}

TEST(formula_lookup_refuses_bad_rows)
{
    struct arena *arena = test_arena();
    static const int64_t categories[] = { 1, 2, 1 }, bps[] = { 300, 500, 807 };
    static const int64_t high[] = { 0, 10001 };
    static const struct str regions[] = { NAME("a"), NAME("a"), NAME("a") };
    const struct formula_cells keys[] = { { .ints = categories }, { .texts = regions } };
    const struct formula_cells columns[] = { { .ints = bps }, { .texts = regions } };
    const struct formula_cells wrong[] = { { .ints = high }, { .texts = regions } };
    const struct formula_lookup *ret;
    struct fault fault = { 0 };
    CHECK_EQ(formula_lookup_load(arena, tables, keys, columns, 3, &ret, &fault),
             ERR_UNPROCESSABLE);
    CHECK_EQ(fault.line, 3);
    CHECK_STR(str_from(fault.message), STR("the table rates has rows 1 and 3 with the same key"));
    CHECK_EQ(formula_lookup_load(arena, tables, keys, wrong, 2, &ret, &fault), ERR_UNPROCESSABLE);
    CHECK_EQ(fault.line, 2);
    CHECK_EQ(formula_lookup_load(arena, tables, keys, columns, 0, &ret, &fault), OK);
}

/* ---- the manual ---- */

static struct str read_manual(struct arena *arena)
{
    struct str here = str_from(__FILE__);
    ptrdiff_t at = str_find(here, STR("src/engine/formula/"));
    struct str root = str_cut(here, 0, at < 0 ? 0 : (size_t)at);
    struct buf text = buf_in(arena);
    FILE *file = fopen(str_cstr(arena, str_fmt(arena, STR_FMT "docs/FORMULA.md", STR_ARG(root))),
                       "r");
    if (!file)
        return STR_NONE;
    size_t got;
    while ((got = fread(buf_reserve(&text, 4096), 1, 4096, file)) > 0)
        text.len += got;
    fclose(file);
    return buf_view(&text);
}

TEST(formula_manual)
{
    struct arena *arena = test_arena();
    struct str rest = read_manual(arena), line;
    int examples = 0;
    if (rest.len == 0) {
        test_skip("docs/FORMULA.md is not there");
        return;
    }
    while (str_split(&rest, '\n', &line)) {
        ptrdiff_t arrow = str_find(line, STR(" → "));
        if (arrow < 0 || str_find(line, STR("`formula")) >= 0)
            continue;
        const char *formula = str_cstr(arena, str_trim(str_cut(line, 0, (size_t)arrow)));
        struct str result = str_cut(line, (size_t)arrow + STR(" → ").len, line.len);
        CHECK_STR(result_of(formula, NULL), result, "%s", formula);
        examples++;
    }
    CHECK(examples > 35, "only %d examples found", examples);
}
