/* decode_test.c - one value at a time: from a cell, from JSON, from an address. */
#include "base/test.h"
#include "entity/value.h"

static const struct choice size_items[] = { { 0 }, { "small", "小", "Small", 0 },
                                            { "large", "大", "Large", 0 } };
static const struct choices sizes = { "size", false, 3, size_items };

/* A row of one member. */
union cell {
    int64_t i64;
    int32_t date;
    bool flag;
    int choice;
    struct str text;
    struct secret secret;
    struct point point;
};

static const struct entity_field kinds[] = {
    [FIELD_REF] = { .type = FIELD_REF },
    [FIELD_TEXT] = { .type = FIELD_TEXT, .high = 5 },
    [FIELD_SECRET] = { .type = FIELD_SECRET, .high = 20 },
    [FIELD_INT] = { .type = FIELD_INT, .low = -10, .high = 100 },
    [FIELD_MONEY] = { .type = FIELD_MONEY },
    [FIELD_RATE] = { .type = FIELD_RATE, .low = 0, .high = 1000000 },
    [FIELD_DECIMAL] = { .type = FIELD_DECIMAL, .scale = 3 },
    [FIELD_DATE] = { .type = FIELD_DATE },
    [FIELD_INSTANT] = { .type = FIELD_INSTANT },
    [FIELD_BOOL] = { .type = FIELD_BOOL },
    [FIELD_ENUM] = { .type = FIELD_ENUM, .choices = &sizes },
    [FIELD_JSON] = { .type = FIELD_JSON, .high = 40 },
    [FIELD_BYTES] = { .type = FIELD_BYTES, .high = 40 },
    [FIELD_POINT] = { .type = FIELD_POINT },
};

static struct cx fresh(void)
{
    return (struct cx){ .arena = test_arena(), .zone_minutes = 480, .lang = LANG_ZH };
}

TEST(decode_cells)
{
    static const struct {
        enum field_type type;
        const char *cell, *shown; /* as a sheet shows it again; NULL: refused */
        const char *code;
    } cases[] = {
        { FIELD_INT, "42", "42", NULL },            { FIELD_INT, " 42 ", "42", NULL },
        { FIELD_INT, "42.0", NULL, "type" },        { FIELD_INT, "101", NULL, "range" },
        { FIELD_INT, "abc", NULL, "type" },         { FIELD_INT, "1e2", NULL, "type" },
        { FIELD_MONEY, "1234.5", "1234.50", NULL }, { FIELD_MONEY, "-0.01", "-0.01", NULL },
        { FIELD_MONEY, "1.234", NULL, "type" },     { FIELD_MONEY, "1,234.50", NULL, "type" },
        { FIELD_MONEY, "99999999999999999999", NULL, "type" },
        { FIELD_RATE, "5", "5.0000", NULL },        { FIELD_RATE, "5.25 %", "5.2500", NULL },
        { FIELD_RATE, "101%", NULL, "range" },      { FIELD_DECIMAL, "12.5", "12.500", NULL },
        { FIELD_DECIMAL, "1.2345", NULL, "type" },
        { FIELD_DATE, "2026-10-31", "2026-10-31", NULL },
        { FIELD_DATE, "2026/1/5", "2026-01-05", NULL },
        { FIELD_DATE, "2026年1月5日", "2026-01-05", NULL },
        { FIELD_DATE, "2026.01.05", "2026-01-05", NULL },
        { FIELD_DATE, "2026-02-29", NULL, "type" }, { FIELD_DATE, "5/1/2026", NULL, "type" },
        { FIELD_INSTANT, "2026-10-31 09:30", "2026-10-31 09:30:00", NULL },
        { FIELD_INSTANT, "2026-10-31T01:30:00Z", "2026-10-31 09:30:00", NULL },
        { FIELD_INSTANT, "2026-10-31", "2026-10-31 00:00:00", NULL },
        { FIELD_INSTANT, "2026-10-31 24:00", NULL, "type" },
        { FIELD_BOOL, "是", "是", NULL },           { FIELD_BOOL, "FALSE", "否", NULL },
        { FIELD_BOOL, "maybe", NULL, "type" },      { FIELD_ENUM, "small", "小", NULL },
        { FIELD_ENUM, "大", "大", NULL },           { FIELD_ENUM, "Large", "大", NULL },
        { FIELD_ENUM, "huge", NULL, "choice" },     { FIELD_TEXT, "五个字以内", "五个字以内", NULL },
        { FIELD_TEXT, "六个字就多了", NULL, "length" },
        { FIELD_TEXT, "a\x01", NULL, "control" },   { FIELD_REF, "17", "17", NULL },
        { FIELD_REF, "017", NULL, "type" },         { FIELD_REF, "-1", NULL, "type" },
        { FIELD_POINT, "31.2304, 121.4737", "31.230400,121.473700", NULL },
        { FIELD_POINT, "91,0", NULL, "range" },     { FIELD_POINT, "31", NULL, "type" },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct cx cx = fresh();
        union cell row = { 0 };
        const struct entity_field *f = &kinds[cases[i].type];
        field_clear(f, &row);
        bool good = field_from_text(&cx, f, "x", str_from(cases[i].cell), &row);
        CHECK_EQ(good, cases[i].shown != NULL, "%s", cases[i].cell);
        if (good && cases[i].shown)
            CHECK_STR(field_text(&cx, f, &row), str_from(cases[i].shown), "%s", cases[i].cell);
        else if (cx.problems.count == 1)
            CHECK_STR(str_from(cx.problems.items[0].code), str_from(cases[i].code), "%s",
                      cases[i].cell);
        CHECK_EQ(cx.problems.count, good ? 0 : 1, "%s", cases[i].cell);
    }
}

TEST(decode_json_values)
{
    static const struct {
        enum field_type type;
        const char *json, *back; /* as JSON again; NULL: refused */
    } cases[] = {
        { FIELD_INT, "42", "42" },            { FIELD_INT, "\"42\"", NULL },
        { FIELD_INT, "4.2", NULL },           { FIELD_INT, "1e1", NULL },
        { FIELD_INT, "101", NULL },           { FIELD_INT, "null", "null" },
        { FIELD_MONEY, "-9223372036854775808", NULL },
        { FIELD_MONEY, "9223372036854775807", "9223372036854775807" },
        { FIELD_DECIMAL, "\"12.5\"", "\"12.500\"" }, { FIELD_DECIMAL, "12.5", "\"12.500\"" },
        { FIELD_DECIMAL, "\"1.2345\"", NULL },       { FIELD_REF, "\"17\"", "\"17\"" },
        { FIELD_REF, "17", NULL },                   { FIELD_REF, "\"0\"", NULL },
        { FIELD_DATE, "\"2026-10-31\"", "\"2026-10-31\"" },
        { FIELD_DATE, "\"2026/10/31\"", NULL },
        { FIELD_INSTANT, "\"2026-10-31T09:30:00+08:00\"", "\"2026-10-31T01:30:00Z\"" },
        { FIELD_INSTANT, "\"2026-10-31 09:30\"", NULL },
        { FIELD_BOOL, "true", "true" },       { FIELD_BOOL, "null", NULL },
        { FIELD_BOOL, "1", NULL },            { FIELD_ENUM, "\"small\"", "\"small\"" },
        { FIELD_ENUM, "\"小\"", NULL },       { FIELD_TEXT, "\"  \"", "null" },
        { FIELD_TEXT, "\"a\\nb\"", "\"a\\nb\"" },    { FIELD_TEXT, "7", NULL },
        { FIELD_SECRET, "\"13800000042\"", "\"****\"" },
        { FIELD_JSON, "{\"b\":1,\"a\":[]}", "{\"a\":[],\"b\":1}" },
        { FIELD_BYTES, "\"AAEC\"", "\"AAEC\"" }, { FIELD_BYTES, "\"AAE\"", NULL },
        { FIELD_POINT, "[31.23041234567,121]", "[31.230412,121.000000]" },
        { FIELD_POINT, "[31.2]", NULL },         { FIELD_POINT, "[0,181]", NULL },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct cx cx = fresh();
        union cell row = { 0 };
        const struct entity_field *f = &kinds[cases[i].type];
        const struct json *v;
        field_clear(f, &row);
        CHECK_EQ(json_read(test_arena(), str_from(cases[i].json), (struct json_limits){ 0 },
                           &cx.fault, &v), OK, "%s", cases[i].json);
        bool good = field_from_json(&cx, f, "x", v, &row);
        CHECK_EQ(good, cases[i].back != NULL, "%s", cases[i].json);
        CHECK_EQ(cx.problems.count, good ? 0 : 1, "%s", cases[i].json);
        if (!good || !cases[i].back)
            continue;
        struct buf out = buf_in(test_arena());
        struct json_writer w = json_writer_to(&out);
        field_put_json(&cx, &w, f, &row);
        CHECK_STR(buf_view(&out), str_from(cases[i].back), "%s", cases[i].json);
    }
}

TEST(messages_speak_the_language_of_the_reader)
{
    struct cx cx = fresh();
    problem(&cx, "a", "range", "at most %d", "最多 %d", 7);
    cx.lang = LANG_EN;
    problem(&cx, "b", "range", "at most %d", "最多 %d", 7);
    CHECK_STR(cx.problems.items[0].message, STR("最多 7"));
    CHECK_STR(cx.problems.items[1].message, STR("at most 7"));
    CHECK_EQ(problems_end(&cx), ERR_INVALID);
    CHECK_STR(str_from(cx.fault.field), STR("a"));
}

TEST(grants_are_a_union)
{
    static const struct str north[] = { { "/1/2/", 5 } };
    const struct grant grants[] = { { 0 }, { .own = true, .units = north, .unit_count = 1 },
                                    { .org = true }, { 0 } };
    struct cx cx = fresh();
    cx.actor = (struct actor){ .login = 1, .person = 9, .grants = grants, .grant_count = 4 };
    static const struct {
        int may;
        int64_t person;
        const char *unit;
        bool reaches;
    } cases[] = {
        { 1, 9, "/1/3/", true },  { 1, 8, "/1/2/", true },  { 1, 8, "/1/2/7/", true },
        { 1, 8, "/1/20/", false }, { 1, 8, "/1/3/", false }, { 2, 8, "/1/3/", true },
        { 3, 9, "/1/2/", false }, { 4, 9, "/1/2/", false }, { 0, 9, "/1/2/", false },
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        CHECK_EQ(cx_reaches(&cx, cases[i].may, cases[i].person, str_from(cases[i].unit)),
                 cases[i].reaches, "%zu", i);
    CHECK(cx_may(&cx, MAY_SIGNED_IN) && !cx_may(&cx, 3) && cx_require(&cx, 3) == ERR_FORBIDDEN);
}
