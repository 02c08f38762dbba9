/* import_test.c - sheets in and out of the sample company, on both engines. */
#include "fixture.h"

#include "entity/sheet.h"
#include "entity/sheet_out.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define EACH_COMPANY(c)                                               \
    struct company c;                                                 \
    FOR_EACH_ENGINE(engine)                                           \
        if (company_open(&c, engine))                                 \
            for (bool once = true; once; once = false, company_close(&c))

static const struct reply *import(struct company *c, enum who who, const char *options,
                                  struct str csv, const char *key)
{
    struct call_options o = { .type = "text/csv", .key = key };
    struct str target = str_fmt(test_arena(), "/api/v1/shops/import%s", options);
    return ask_with(c, who, POST, target.data, csv, o);
}

static int64_t shops(struct company *c)
{
    return db_fixture_i64(&c->db, "SELECT count(*) FROM shop WHERE org = 7");
}

static struct str file_of(const struct reply *r)
{
    char *data = arena_alloc(test_arena(), (size_t)r->file_bytes + 1);
    ssize_t n = pread(r->fd, data, (size_t)r->file_bytes, 0);
    CHECK_EQ(n, (long long)r->file_bytes);
    close(r->fd);
    return (struct str){ data, (size_t)r->file_bytes };
}

TEST(import_judges_every_cell)
{
    EACH_COMPANY(c) {
        struct str csv = STR("编号,名称,负责人,规模,预算 (元),开业,重点,Whatever\n"
                             "A1,一号店,安娜,大,1234.50,2026/1/5,是,x\n"
                             "A2,,Nobody,巨大,1.234,2026-02-30,也许,\n"
                             "A1,again,202,small,-1,,,\n"
                             "A3,forbidden,Bert,small,,,,\n");
        const struct reply *r = import(&c, BOSS, "?dry_run=1", csv, NULL);
        CHECK_STATUS(r, 200);
        const struct json *v = answer(r);
        CHECK_STR(field(v, "rows"), STR("4"));
        CHECK_STR(field(v, "good"), STR("1"));
        CHECK_STR(field(v, "bad"), STR("3"));
        CHECK_STR(field(v, "ignored.0"), STR("Whatever"));
        static const char *const want[][4] = {
            { "3", "负责人", "not_found", "Nobody" }, { "3", "规模", "choice", "巨大" },
            { "3", "预算 (元)", "type", "1.234" },     { "3", "开业", "type", "2026-02-30" },
            { "3", "重点", "type", "也许" },          { "3", "名称", "required", "" },
            { "4", "预算 (元)", "range", "-1" },       { "4", "编号", "duplicate", "A1" },
            { "5", "名称", "word", "forbidden" },
        };
        const struct json *e = json_get(v, "errors")->first;
        CHECK_EQ(json_get(v, "errors")->count, COUNT(want), STR_FMT, STR_ARG(body_of(r)));
        for (size_t i = 0; i < COUNT(want) && e; i++, e = e->next) {
            CHECK_STR(field(e, "row"), str_from(want[i][0]), "%zu", i);
            CHECK_STR(field(e, "column"), str_from(want[i][1]), "%zu", i);
            CHECK_STR(field(e, "code"), str_from(want[i][2]), "%zu", i);
            CHECK_STR(field(e, "value"), str_from(want[i][3]), "%zu", i);
        }
        /* without dry run nothing is written either: one bad cell spoils the sheet */
        CHECK_STR(field(answer(import(&c, BOSS, "", csv, NULL)), "created"), STR("0"));
        CHECK_EQ(shops(&c), 0);
        r = import(&c, BOSS, "?errors=csv", csv, NULL);
        struct str sheet = file_of(r);
        CHECK(str_find(sheet, STR("A1,一号店")) < 0, "good rows are not in the error sheet");
        CHECK(str_find(sheet, STR("没有")) < 0 && str_find(sheet, STR("A2,,Nobody")) >= 0 &&
              str_find(sheet, STR("名称: is required")) >= 0, STR_FMT, STR_ARG(sheet));
    }
}

TEST(import_writes_updates_and_skips)
{
    EACH_COMPANY(c) {
        struct str first = STR("code,name,owner,budget\nA1,one,安娜,1.50\nA2,two,Bert,\n");
        const struct json *v = answer(import(&c, BOSS, "", first, NULL));
        CHECK_STR(field(v, "created"), STR("2"));
        CHECK_EQ(db_fixture_i64(&c.db, "SELECT budget FROM shop WHERE code = 'A1'"), 150);
        CHECK_STR(field(answer(import(&c, BOSS, "", first, NULL)), "bad"), STR("2"));
        struct str more = STR("code,name,owner,budget\nA1,one!,安娜,\nA3,three,202,7\n");
        v = answer(import(&c, BOSS, "?existing=skip&dry_run=1", more, NULL));
        CHECK_STR(field(v, "skipped"), STR("1"));
        CHECK_STR(field(v, "created"), STR("1"));
        v = answer(import(&c, BOSS, "?existing=update", more, NULL));
        CHECK_STR(field(v, "updated"), STR("1"));
        CHECK_STR(field(v, "created"), STR("1"));
        CHECK_EQ(db_fixture_i64(&c.db, "SELECT count(*) FROM shop WHERE name = 'one!' AND"
                                       " budget = 150 AND version = 2"), 1);
        CHECK_EQ(shops(&c), 3);
        /* out of reach: refused before anything is written */
        v = answer(import(&c, ANNA, "", STR("code,name,owner\nB1,b,Bert\n"), NULL));
        CHECK_STR(field(v, "errors.0.code"), STR("scope"));
        CHECK_STATUS(import(&c, CLERK, "", first, NULL), 403);
    }
}

TEST(import_columns_and_mapping)
{
    EACH_COMPANY(c) {
        const struct reply *r = import(&c, BOSS, "", STR("code,name\nA,b\n"), NULL);
        CHECK_STATUS(r, 400);
        CHECK_STR(field(answer(r), "errors.0.field"), STR("owner"));
        r = import(&c, BOSS, "?mapping={\"name\":\"Shop\",\"owner\":\"Who\"}",
                   STR("code,Shop,Who\nA,b,Bert\n"), NULL);
        CHECK_STATUS(r, 200);
        CHECK_STR(field(answer(r), "created"), STR("1"));
        r = import(&c, BOSS, "?mapping={\"status\":\"Shop\",\"name\":\"Nix\"}",
                   STR("code,Shop,owner\nA,b,Bert\n"), NULL);
        CHECK_STATUS(r, 400);
        CHECK_STATUS(import(&c, BOSS, "", STR("\"a"), NULL), 400);
        CHECK_STATUS(import(&c, BOSS, "?existing=maybe", STR("a\nb\n"), NULL), 400);
        CHECK_STATUS(import(&c, BOSS, "", STR("PK\003\004nonsense"), NULL), 400);
    }
}

TEST(import_goes_on_where_it_stopped)
{
    EACH_COMPANY(c) {
        struct buf csv = buf_in(test_arena());
        buf_cstr(&csv, "code,name,owner\n");
        for (int i = 0; i < 1203; i++)
            buf_fmt(&csv, "C%d,name %d,202\n", i, i);
        const char *key = "import-key-1";
        const struct reply *r = import(&c, BOSS, "", buf_view(&csv), key);
        CHECK_STR(field(answer(r), "created"), STR("1203"));
        /* The second chunk is lost, as if the server had died behind the first. */
        CHECK_EQ(db_fixture_script(&c.db, "DELETE FROM kept_answer WHERE key <> 'import-key-1#1'"),
                 OK);
        CHECK_EQ(db_fixture_script(&c.db, "DELETE FROM shop WHERE org = 7 AND id > (SELECT id FROM"
                                          " shop WHERE code = 'C499')"), OK);
        CHECK_EQ(shops(&c), 500);
        r = import(&c, BOSS, "?existing=skip", buf_view(&csv), key);
        CHECK_STATUS(r, 422); /* other options: another request */
        CHECK_STR(field(answer(import(&c, BOSS, "", STR("code,name,owner\nX,x,202\n"), key)),
                        "code"), STR("unprocessable"));
        CHECK_EQ(shops(&c), 500);
        r = import(&c, BOSS, "", buf_view(&csv), key);
        CHECK_STR(field(answer(r), "created"), STR("1203"), STR_FMT, STR_ARG(body_of(r)));
        CHECK_EQ(shops(&c), 1203);
        r = import(&c, BOSS, "", buf_view(&csv), key);
        CHECK_STR(field(answer(r), "created"), STR("1203"), "a retry has the same answer");
        CHECK_EQ(shops(&c), 1203);
    }
}

static void make_naughty(struct company *c)
{
    static const char *const names[] = { "=1+1", "+1", "-1", "@SUM(A1)", "\\t=1", "＝1+1", "＠x",
                                         "=HYPERLINK(\\\"http://x\\\",\\\"y\\\")",
                                         "plain, \\\"q\\\"",
                                         "=cmd|' /C calc'!A0" };
    for (size_t i = 0; i < COUNT(names); i++) {
        char body[300];
        snprintf(body, sizeof body,
                 "{\"code\":\"N%zu\",\"name\":\"%s\",\"owner\":\"202\",\"budget_fen\":%zu,"
                 "\"opened_on\":\"2026-10-31\",\"phone\":\"13900000%03zu\",\"weight\":\"-0.5\"}",
                 i, names[i], i * 1050, i);
        CHECK_STATUS(ask(c, BOSS, POST, "/api/v1/shops", body), 201);
    }
}

TEST(export_is_defused_and_comes_back)
{
    EACH_COMPANY(c) {
        make_naughty(&c);
        const struct reply *r = ask(&c, BOSS, GET, "/api/v1/shops/export?sort=code", NULL);
        CHECK_STATUS(r, 200);
        struct str csv = file_of(r);
        CHECK(str_starts(csv, STR("\xEF\xBB\xBF")));
        CHECK(str_find(csv, STR("'=1+1")) >= 0 && str_find(csv, STR(",=")) < 0 &&
              str_find(csv, STR(",@")) < 0 && str_find(csv, STR(",+")) < 0, STR_FMT, STR_ARG(csv));
        CHECK(str_find(csv, STR("-0.500")) >= 0, "numbers stay numbers");
        CHECK(str_find(csv, STR("13900000")) < 0 && str_find(csv, STR("139****")) >= 0);
        CHECK(str_find(csv, STR("made by fill")) < 0);
        /* what an export wrote an import reads, names as they were */
        CHECK_EQ(db_fixture_script(&c.db, "DELETE FROM shop"), OK);
        CHECK_EQ(db_fixture_script(&c.db, "UPDATE person SET name = 'x' WHERE id <> 202"), OK);
        const struct json *v = answer(import(&c, BOSS, "", csv, NULL));
        CHECK_STR(field(v, "created"), STR("10"), STR_FMT, STR_ARG(field(v, "errors.0.message")));
        CHECK_EQ(db_fixture_i64(&c.db, "SELECT count(*) FROM shop WHERE name = '=1+1'"
                                       " AND budget = 0 AND weight = -500"), 1);
        CHECK_EQ(db_fixture_i64(&c.db, "SELECT budget FROM shop WHERE code = 'N3'"), 3150);
    }
}

static struct sheet read_xlsx(struct str bytes)
{
    struct sheet sheet = { 0 };
    struct fault fault = { 0 };
    CHECK_EQ(sheet_read(test_arena(), SHEET_XLSX, bytes, STR_NONE, (struct sheet_limits){ 0 },
                        &fault, &sheet), OK, "%s", fault.message);
    return sheet;
}

TEST(export_xlsx)
{
    EACH_COMPANY(c) {
        make_naughty(&c);
        const struct reply *r = ask(&c, BOSS, GET,
                                    "/api/v1/shops/export?format=xlsx&sort=code", NULL);
        CHECK_STATUS(r, 200);
        struct str bytes = file_of(r);
        struct sheet sheet = read_xlsx(bytes);
        CHECK_EQ(sheet.rows.count, 11);
        struct buf row = buf_in(test_arena());
        for (uint32_t i = 0; i < sheet.rows.items[4].count; i++)
            buf_fmt(&row, "%s" STR_FMT, i ? "|" : "", STR_ARG(sheet.rows.items[4].cells[i]));
        CHECK(str_find(buf_view(&row),
                       STR("N3|@SUM(A1)|安娜|Small|Lead|139****0003|31.5|")) >= 0 &&
              str_find(buf_view(&row), STR("|-0.5|0|2026-10-31|")) > 0, STR_FMT,
              STR_ARG(buf_view(&row)));
        struct call_options o = { .type =
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet" };
        CHECK_EQ(db_fixture_script(&c.db, "DELETE FROM shop"), OK);
        r = ask_with(&c, BOSS, POST, "/api/v1/shops/import", bytes, o);
        CHECK_STR(field(answer(r), "created"), STR("10"), STR_FMT, STR_ARG(body_of(r)));
        CHECK_EQ(db_fixture_i64(&c.db, "SELECT count(*) FROM shop WHERE name = '=1+1' AND"
                                       " opened_on = 20757 AND weight = -500"), 1);
        CHECK_STATUS(ask(&c, BOSS, GET, "/api/v1/shops/export?format=pdf", NULL), 400);
        CHECK_STATUS(ask(&c, NOBODY, GET, "/api/v1/shops/export", NULL), 401);
        r = ask(&c, ANNA, GET, "/api/v1/shops/export?code=N1&fields=code,name", NULL);
        CHECK_STR(file_of(r), STR("\xEF\xBB\xBF" "Code,Name\r\nN1,'+1\r\n"));
    }
}

/* A program that we did not write opens the sheets and finds no formula in them. */
TEST(export_opened_by_libreoffice_has_no_formula)
{
    struct company c;
    if (access("/usr/bin/soffice", X_OK) != 0 || !getenv("QIBING_TEST_OFFICE")) {
        test_skip("set QIBING_TEST_OFFICE=1 and install libreoffice-calc");
        return;
    }
    CHECK(company_open(&c, DB_SQLITE));
    make_naughty(&c);
    char folder[] = "/tmp/qibing-office-XXXXXX", command[600], path[100];
    CHECK(mkdtemp(folder) != NULL);
    for (int i = 0; i < 2; i++) {
        const char *kind = i ? "csv" : "xlsx";
        struct str target = str_fmt(test_arena(), "/api/v1/shops/export?format=%s", kind);
        struct str bytes = file_of(ask(&c, BOSS, GET, target.data, NULL));
        snprintf(path, sizeof path, "%s/%s.%s", folder, kind, kind);
        FILE *f = fopen(path, "wb");
        fwrite(bytes.data, 1, bytes.len, f);
        fclose(f);
        snprintf(command, sizeof command,
                 "cd %s && HOME=%s timeout 90 soffice --headless --convert-to fods %s.%s "
                 ">/dev/null 2>&1 && grep -q '=1+1' %s.fods && ! grep -q 'table:formula' %s.fods",
                 folder, folder, kind, kind, kind, kind);
        CHECK_EQ(system(command), 0, "%s", kind);
    }
    snprintf(command, sizeof command, "rm -rf %s", folder);
    CHECK_EQ(system(command), 0);
    company_close(&c);
}
