/* Cells of an order sheet; the database side is told in tests/stories/orders_import.test.js. */
#include "mod/sales/import.h"

#include "base/test.h"

TEST(ORD_13_import_reads_quantities)
{
    static const struct { const char *text; enum cell_fault fault; int64_t value; } cases[] = {
        { "6", CELL_GOOD, 6 },        { " 12 ", CELL_GOOD, 12 },     { "-1", CELL_GOOD, -1 },
        { "6.0", CELL_GOOD, 6 },      { "0", CELL_GOOD, 0 },
        { "1000000000", CELL_GOOD, 1000000000 },
        { "1000000001", CELL_RANGE, 0 }, { "9223372036854775808", CELL_RANGE, 0 },
        { "99999999999999999999999999999999999999999999", CELL_RANGE, 0 },
        { "6.5", CELL_SCALE, 0 },     { "six", CELL_PARSE, 0 },      { "", CELL_PARSE, 0 },
        { "1,000", CELL_PARSE, 0 },   { "=1+1", CELL_PARSE, 0 },     { "1e3", CELL_PARSE, 0 },
        { "--1", CELL_PARSE, 0 },     { "-", CELL_PARSE, 0 },        { "1.2.3", CELL_PARSE, 0 },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        int64_t value = 0;
        CHECK_EQ(import_quantity(str_from(cases[i].text), &value), cases[i].fault);
        if (cases[i].fault == CELL_GOOD)
            CHECK_EQ(value, cases[i].value);
    }
}

TEST(ORD_13_import_reads_prices)
{
    static const struct { const char *text; enum cell_fault fault; int64_t value; } cases[] = {
        { "1.65", CELL_GOOD, 16500 },   { "0", CELL_GOOD, 0 },          { "0.001", CELL_GOOD, 10 },
        { "1.2345", CELL_GOOD, 12345 }, { "1.23450", CELL_GOOD, 12345 },
        { "1.23456", CELL_SCALE, 0 },   { "-11062.06", CELL_GOOD, -110620600 },
        { "100000000", CELL_GOOD, 1000000000000 }, { "100000000.0001", CELL_RANGE, 0 },
        { "9223372036854775808", CELL_RANGE, 0 },  { "¥5", CELL_PARSE, 0 },
        { "abc", CELL_PARSE, 0 },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        int64_t value = 0;
        CHECK_EQ(import_price(str_from(cases[i].text), &value), cases[i].fault);
        if (cases[i].fault == CELL_GOOD)
            CHECK_EQ(value, cases[i].value);
    }
}

TEST(ORD_13_import_reads_moments)
{
    static const struct { const char *text, *utc; } cases[] = {
        { "2011-05-01 10:51:00", "2011-05-01T02:51:00Z" },
        { "2026-10-31", "2026-10-30T16:00:00Z" },
        { "2026/1/5 9:05", "2026-01-05T01:05:00Z" },
        { "2026.10.31", "2026-10-30T16:00:00Z" },
        { "2026年10月31日 09:30", "2026-10-31T01:30:00Z" },
        { "2026-10-31T09:30:15Z", "2026-10-31T09:30:15Z" },
        { "2026-10-31T09:30:15.123+02:00", "2026-10-31T07:30:15Z" },
        { "2026-02-29", NULL },  { "12/1/2010 8:26", NULL }, { "2026-13-01", NULL },
        { "yesterday", NULL },   { "2026-10-31 25:00", NULL }, { "2026-10-31 09:30 PM", NULL },
        { "20261031", NULL },    { "", NULL },
    };
    struct arena *arena = arena_open(1 << 20);
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct instant at = { 0 };
        enum cell_fault fault = import_instant(str_from(cases[i].text), 480, &at);
        CHECK_EQ(fault, cases[i].utc ? CELL_GOOD : CELL_PARSE);
        if (cases[i].utc)
            CHECK_STR(instant_text(arena, at), str_from(cases[i].utc));
    }
    arena_close(arena);
}

TEST(ORD_13_import_repairs_customer_numbers)
{
    static const char *const cases[][2] = {
        { "17850.0", "17850" }, { "17850", "17850" }, { "17850.00", "17850" },
        { "100", "100" },       { "1.5", "1.5" },     { "A1.0", "A1.0" }, { ".0", ".0" },
        { "0", "0" },           { "10.", "10" },
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        CHECK_STR(import_number(str_from(cases[i][0])), str_from(cases[i][1]));
}
