#include "base/money.h"
#include "base/test.h"

TEST(money_rate_rounds_half_away_from_zero)
{
    static const struct {
        const char *name;
        int64_t fen, ppm, want;
    } cases[] = {
        { "nothing earns nothing", 0, 50000, 0 },
        { "five per cent of a hundred yuan", 10000, 50000, 500 },
        { "half a fen rounds away from zero", 10, 50000, 1 },
        { "and so below zero", -10, 50000, -1 },
        { "just under half rounds down", 9, 50000, 0 },
        { "a hundred times the largest book", MONEY_MAX, RATE_MAX, MONEY_MAX * 100 },
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        CHECK_EQ(money_rate((struct money){ cases[i].fen }, (struct rate){ cases[i].ppm }).fen,
                 cases[i].want, "%s", cases[i].name);
}

TEST(money_parse_takes_two_decimals_only)
{
    static const struct {
        const char *text;
        bool ok;
        int64_t fen;
    } cases[] = {
        { "12", true, 1200 },       { "-3.5", true, -350 },  { "0.01", true, 1 },
        { "1.005", false, 0 },      { "1,234.50", false, 0 }, { "", false, 0 },
        { ".5", false, 0 },         { "5.", false, 0 },      { "1e3", false, 0 },
        { "--1", false, 0 },        { "10000000000000.01", false, 0 },
        { "10000000000000", true, MONEY_MAX },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct money m = { 0 };
        CHECK_EQ(money_parse(str_from(cases[i].text), &m), cases[i].ok, "%s", cases[i].text);
        CHECK_EQ(m.fen, cases[i].fen, "%s", cases[i].text);
    }
}

TEST(div_round_knows_every_mode)
{
    static const struct {
        int a, b;
        int want[6]; /* half up, down, up, floor, ceiling, half even */
    } cases[] = {
        { 5, 2, { 3, 2, 3, 2, 3, 2 } },      { -5, 2, { -3, -2, -3, -3, -2, -2 } },
        { 7, 2, { 4, 3, 4, 3, 4, 4 } },      { 1, 3, { 0, 0, 1, 0, 1, 0 } },
        { -1, 3, { 0, 0, -1, -1, 0, 0 } },   { 6, 3, { 2, 2, 2, 2, 2, 2 } },
        { 2, 3, { 1, 0, 1, 0, 1, 1 } },
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        for (int mode = 0; mode < 6; mode++)
            CHECK_EQ((int64_t)div_round(cases[i].a, cases[i].b, (enum rounding)mode),
                     cases[i].want[mode], "%d / %d mode %d", cases[i].a, cases[i].b, mode);
}

TEST(decimal_text_is_the_inverse_of_parse)
{
    static const char *const texts[] = { "0", "0.00", "-0.05", "123.4500", "-7",
                                         "1000000000000000000000000.000000000001" };
    for (size_t i = 0; i < COUNT(texts); i++) {
        struct decimal d;
        CHECK(decimal_parse(str_from(texts[i]), &d));
        CHECK_STR(decimal_text(test_arena(), d), str_from(texts[i]));
    }
}
