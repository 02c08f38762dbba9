/* sheet_test.c - CSV and XLSX as people send them. */
#include "base/io.h"
#include "base/json.h"
#include "base/test.h"
#include "entity/sheet.h"

#include <dirent.h>
#include <stdio.h>

static enum err read_csv(struct str text, struct sheet *sheet, struct fault *fault)
{
    return sheet_read(test_arena(), SHEET_CSV, text, STR_NONE, (struct sheet_limits){ 0 }, fault,
                      sheet);
}

/* Cells joined by | and rows by /. */
static struct str flat(const struct sheet *sheet)
{
    struct buf out = buf_in(test_arena());
    for (size_t i = 0; i < sheet->rows.count; i++) {
        buf_cstr(&out, i ? "/" : "");
        for (uint32_t k = 0; k < sheet->rows.items[i].count; k++) {
            buf_cstr(&out, k ? "|" : "");
            buf_str(&out, sheet->rows.items[i].cells[k]);
        }
    }
    return buf_view(&out);
}

TEST(csv_dialects)
{
    static const struct {
        const char *name;
        struct str text;
        const char *want;
    } cases[] = {
        { "plain", STR("a,b\n1,2\n"), "a|b/1|2" },
        { "no line feed at the end", STR("a,b\n1,2"), "a|b/1|2" },
        { "CRLF", STR("a,b\r\n1,2\r\n"), "a|b/1|2" },
        { "CR alone", STR("a,b\r1,2\r"), "a|b/1|2" },
        { "byte order mark", STR("\xEF\xBB\xBF" "a,b\n"), "a|b" },
        { "semicolons", STR("a;b,c;d\n1;2;3\n"), "a|b,c|d/1|2|3" },
        { "tabs", STR("a\tb\n1,5\t2\n"), "a|b/1,5|2" },
        { "quotes, doubled and with separators", STR("\"a,\"\"b\"\"\",c\n"), "a,\"b\"|c" },
        { "line feed in quotes", STR("\"a\nb\",c\n1,2\n"), "a\nb|c/1|2" },
        { "empty cells", STR("a,,c\n,,\n1,,\n"), "a||c/1||" },
        { "blank lines are no rows", STR("\n\na,b\n\n"), "a|b" },
        { "GB18030", STR("\xC3\xFB\xB3\xC6,b\n"), "名称|b" },
        { "UTF-16 little endian", STR("\xFF\xFE" "a\0,\0b\0\n\0"), "a|b" },
        { "a quote inside a bare field stays", STR("5\" pipe,b\n"), "5\" pipe|b" },
        { "nothing", STR(""), "" },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct sheet sheet = { 0 };
        struct fault fault = { 0 };
        CHECK_EQ(read_csv(cases[i].text, &sheet, &fault), OK, "%s: %s", cases[i].name,
                 fault.message);
        CHECK_STR(flat(&sheet), str_from(cases[i].want), "%s", cases[i].name);
    }
}

TEST(csv_rows_are_numbered_as_a_spreadsheet_does)
{
    struct sheet sheet = { 0 };
    struct fault fault = { 0 };
    CHECK_EQ(read_csv(STR("\"a\nb\",c\n\n1,2\n"), &sheet, &fault), OK);
    CHECK_EQ(sheet.rows.items[1].line, 3);
}

TEST(csv_refusals)
{
    static const struct {
        const char *name;
        struct str text;
        enum err e;
        int line;
    } cases[] = {
        { "a quote without end", STR("a,b\n\"c,d\n"), ERR_PARSE, 2 },
        { "text behind a quote", STR("a\n\"b\"c\n"), ERR_PARSE, 2 },
        { "neither UTF-8 nor GB18030", STR("a,\xFF\xFF\n"), ERR_PARSE, 0 },
        { "NUL", STR("a,\0\n"), ERR_PARSE, 0 },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct sheet sheet = { 0 };
        struct fault fault = { 0 };
        CHECK_EQ(read_csv(cases[i].text, &sheet, &fault), cases[i].e, "%s", cases[i].name);
        CHECK_EQ(fault.line, cases[i].line, "%s", cases[i].name);
    }
}

TEST(csv_limits)
{
    struct sheet sheet = { 0 };
    struct fault fault = { 0 };
    struct buf wide = buf_in(test_arena()), tall = buf_in(test_arena());
    for (int i = 0; i < 1001; i++)
        buf_cstr(&wide, "x,");
    for (int i = 0; i < 12; i++)
        buf_cstr(&tall, "x\n");
    CHECK_EQ(read_csv(buf_view(&wide), &sheet, &fault), ERR_TOO_LARGE, "columns");
    struct sheet_limits ten = { .rows = 10 };
    CHECK_EQ(sheet_read(test_arena(), SHEET_CSV, buf_view(&tall), STR_NONE, ten, &fault, &sheet),
             ERR_TOO_LARGE, "rows");
    struct sheet_limits small = { .bytes = 10 };
    CHECK_EQ(sheet_read(test_arena(), SHEET_CSV, buf_view(&tall), STR_NONE, small, &fault, &sheet),
             ERR_TOO_LARGE, "bytes");
}

TEST(xlsx_numbers)
{
    static const struct {
        const char *stored, *want;
    } cases[] = {
        { "0", "0" },           { "12", "12" },          { "-3.50", "-3.5" },
        { "19.989999999999998", "19.99" },               { "0.1", "0.1" },
        { "1E3", "1000" },      { "1.5E-3", "0.0015" },  { "1.0000000000000001E-2", "0.01" },
        { "999999999999999.9", "1000000000000000" },     { "00.50", "0.5" },
        { "123456789012345678", "123456789012346000" },  { "-0", "0" },
        { "1e+2", "100" },      { "0.00012", "0.00012" },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct str got = STR("?");
        CHECK(xlsx_number_text(test_arena(), str_from(cases[i].stored), &got), "%s",
              cases[i].stored);
        CHECK_STR(got, str_from(cases[i].want), "%s", cases[i].stored);
    }
    static const char *const bad[] = { "", "x", "1.2.3", "1E", "1E999", "--1", "1 2" };
    for (size_t i = 0; i < COUNT(bad); i++) {
        struct str got;
        CHECK(!xlsx_number_text(test_arena(), str_from(bad[i]), &got), "%s", bad[i]);
    }
}

TEST(xlsx_dates)
{
    static const struct {
        const char *stored;
        bool from_1904;
        const char *want;
    } cases[] = {
        { "1", false, "1900-01-01" },      { "59", false, "1900-02-28" },
        { "61", false, "1900-03-01" },     { "46326", false, "2026-10-31" },
        { "46326.395833333336", false, "2026-10-31 09:30:00" },
        { "46326.999999999", false, "2026-11-01" },
        { "0.5", false, "12:00:00" },      { "44864", true, "2026-10-31" },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct str got = STR("?");
        CHECK(xlsx_date_text(test_arena(), str_from(cases[i].stored), cases[i].from_1904, &got));
        CHECK_STR(got, str_from(cases[i].want), "%s", cases[i].stored);
    }
    struct str got;
    CHECK(!xlsx_date_text(test_arena(), STR("-1"), false, &got));
    CHECK(!xlsx_date_text(test_arena(), STR("99999999"), false, &got));
}

TEST(xlsx_formats_that_are_dates)
{
    static const struct {
        const char *format;
        bool date;
    } cases[] = {
        { "yyyy\\-mm\\-dd", true }, { "General", false },    { "0.00", false },
        { "[$-804]yyyy\"年\"m\"月\"d\"日\"", true },         { "#,##0.00\" yuan\"", false },
        { "\"day\"0", false },      { "h:mm", true },        { "[Red]0", false },
        { "0.00E+00", false },
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        CHECK_EQ(xlsx_format_is_date(str_from(cases[i].format)), cases[i].date, "%s",
                 cases[i].format);
}

/* ------------------------------------------------------------------ csv-spectrum, when at hand */

static void check_spectrum(const char *folder, const char *name)
{
    struct arena *arena = test_arena();
    struct fault fault = { 0 };
    struct str csv, text;
    const struct json *rows;
    struct sheet sheet;
    const char *csv_path = str_fmt(arena, "%s/csvs/%s.csv", folder, name).data;
    const char *json_path = str_fmt(arena, "%s/json/%s.json", folder, name).data;
    CHECK_EQ(io_read_file(arena, csv_path, 1 << 20, &fault, &csv), OK, "%s", fault.message);
    CHECK_EQ(io_read_file(arena, json_path, 1 << 20, &fault, &text), OK, "%s", fault.message);
    CHECK_EQ(json_read(arena, text, (struct json_limits){ 0 }, &fault, &rows), OK, "%s",
             fault.message);
    CHECK_EQ(read_csv(csv, &sheet, &fault), OK, "%s: %s", name, fault.message);
    CHECK_EQ(sheet.rows.count, rows->count + 1u, "%s", name);
    size_t at = 1;
    for (const struct json *row = rows->first; row && at < sheet.rows.count; row = row->next, at++)
        for (uint32_t c = 0; c < sheet.rows.items[0].count; c++) {
            struct str header = sheet.rows.items[0].cells[c];
            const struct json *want = json_get(row, str_cstr(arena, header));
            struct str got = c < sheet.rows.items[at].count ? sheet.rows.items[at].cells[c]
                                                            : STR("");
            CHECK_STR(got, want ? want->text : STR("?"), "%s row %zu", name, at);
        }
}

TEST(csv_spectrum)
{
    static const char folder[] = "../shared/data/formats/csv-spectrum";
    /* Without two whose expectation contradicts the file: location_coordinates names another phone
     * number than its CSV, and the CSV of newlines_crlf has lost its carriage returns. */
    static const char *const names[] = {
        "comma_in_quotes", "empty", "empty_crlf", "escaped_quotes", "json", "newlines",
        "quotes_and_newlines", "simple", "simple_crlf", "utf8",
    };
    if (!io_exists(folder)) {
        test_skip("csv-spectrum is not here");
        return;
    }
    for (size_t i = 0; i < COUNT(names); i++)
        check_spectrum(folder, names[i]);
}
