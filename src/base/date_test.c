#include "base/date.h"
#include "base/test.h"

TEST(date_goes_there_and_back_for_every_day)
{
    int year, month, day;
    for (int32_t d = -719162; d <= 2932896; d += 7) { /* 0001-01-01 .. 9999-12-31 */
        date_parts((struct date){ d }, &year, &month, &day);
        if (date_of(year, month, day).day != d) {
            CHECK_EQ(date_of(year, month, day).day, d);
            return;
        }
    }
}

TEST(date_parse_accepts_real_days_only)
{
    static const struct {
        const char *text;
        bool ok;
    } cases[] = {
        { "2026-10-31", true },  { "2024-02-29", true },   { "2026-02-29", false },
        { "2026-13-01", false }, { "2026-1-01", false },   { "2026/10/01", false },
        { "0000-01-01", false }, { "2026-10-01T", false }, { "", false },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct date d;
        CHECK_EQ(date_parse(str_from(cases[i].text), &d), cases[i].ok, "%s", cases[i].text);
    }
}

TEST(date_weekday_counts_from_monday)
{
    CHECK_EQ(date_weekday(date_of(1970, 1, 1)), 4);
    CHECK_EQ(date_weekday(date_of(2026, 11, 21)), 6);
    CHECK_EQ(date_weekday(date_of(1969, 12, 29)), 1);
}

TEST(date_add_months_clamps_to_the_end)
{
    CHECK_STR(date_text(test_arena(), date_add_months(date_of(2026, 1, 31), 1)), STR("2026-02-28"));
    CHECK_STR(date_text(test_arena(), date_add_months(date_of(2026, 1, 31), -2)),
              STR("2025-11-30"));
}

TEST(instant_text_and_parse)
{
    static const struct {
        const char *text, *want;
    } cases[] = {
        { "2026-10-01T08:00:00+08:00", "2026-10-01T00:00:00Z" },
        { "2026-10-01T00:00:00.25Z", "2026-10-01T00:00:00.250000Z" },
        { "1969-12-31T23:59:59Z", "1969-12-31T23:59:59Z" },
        { "2026-10-01T00:00:00", NULL },
        { "2026-10-01T24:00:00Z", NULL },
        { "2026-10-01T00:00:00.1234567Z", NULL },
        { "2026-10-01T00:00:00+8:00", NULL },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct instant t;
        bool ok = instant_parse(str_from(cases[i].text), &t);
        CHECK_EQ(ok, cases[i].want != NULL, "%s", cases[i].text);
        if (ok && cases[i].want)
            CHECK_STR(instant_text(test_arena(), t), str_from(cases[i].want));
    }
}

TEST(instant_date_is_the_day_in_the_zone)
{
    struct instant t;
    CHECK(instant_parse(STR("2026-09-30T16:00:00Z"), &t));
    CHECK_EQ(instant_date(t, ZONE_SHANGHAI_MINUTES).day, date_of(2026, 10, 1).day);
    CHECK_EQ(date_start(date_of(2026, 10, 1), ZONE_SHANGHAI_MINUTES).us, t.us);
}
