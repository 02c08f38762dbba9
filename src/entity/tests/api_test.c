/* api_test.c - the generic operations on the sample company, on both engines. */
#include "fixture.h"

#include "entity/model.h"

#include <stdio.h>
#include <string.h>

#define EACH_COMPANY(c)                                               \
    struct company c;                                                 \
    FOR_EACH_ENGINE(engine)                                           \
        if (company_open(&c, engine))                                 \
            for (bool once = true; once; once = false, company_close(&c))

static struct str make_shop(struct company *c, enum who who, const char *code, const char *owner)
{
    char body[400];
    snprintf(body, sizeof body,
             "{\"code\":\"%s\",\"name\":\"shop %s\",\"owner\":\"%s\",\"budget_fen\":%d}", code,
             code, owner, 100 + (int)strlen(code) + code[0]);
    const struct reply *r = ask(c, who, POST, "/api/v1/shops", body);
    CHECK_STATUS(r, 201);
    return field(answer(r), "id");
}

static const char *shop_path(struct str id, const char *tail)
{
    return str_fmt(test_arena(), "/api/v1/shops/" STR_FMT "%s", STR_ARG(id), tail).data;
}

TEST(entity_create_and_get)
{
    EACH_COMPANY(c) {
        const struct reply *r = ask(&c, BOSS, POST, "/api/v1/shops",
            "{\"code\":\"A1\",\"name\":\"上海第一超市\",\"owner\":\"202\","
            "\"phone\":\"13800000042\","
            "\"budget_fen\":123450,\"share_ppm\":50000,\"weight\":\"12.5\","
            "\"opened_on\":\"2026-02-28\",\"vip\":true,\"place\":[31.2304,121.4737],"
            "\"notes\":{\"b\":[1,2],\"a\":null}}");
        CHECK_STATUS(r, 201);
        const struct json *row = answer(r);
        static const char *const want[][2] = {
            { "version", "1" }, { "name", "上海第一超市" }, { "owner", "202" },
            { "owner_name", "安娜" }, { "phone", "138****0042" }, { "budget_fen", "123450" },
            { "share_ppm", "50000" }, { "weight", "12.500" }, { "opened_on", "2026-02-28" },
            { "vip", "true" }, { "status", "lead" }, { "size", "small" },
            { "place.0", "31.230400" },
            { "notes.b.1", "2" }, { "created_at", "2026-10-31T01:30:00Z" },
            { "created_by", "1001" },
        };
        for (size_t i = 0; i < COUNT(want); i++)
            CHECK_STR(field(row, want[i][0]), str_from(want[i][1]), "%s", want[i][0]);
        CHECK(!json_get(row, "inner_key"), "hidden fields never leave");
        CHECK_EQ(r->version, 1);
        const struct reply *again = ask(&c, BOSS, GET, shop_path(field(row, "id"), ""), NULL);
        CHECK_STATUS(again, 200);
        CHECK_STR(body_of(again), body_of(r));
        CHECK_STR(r->location, str_from(shop_path(field(row, "id"), "")));
    }
}

TEST(entity_tells_all_mistakes_at_once)
{
    EACH_COMPANY(c) {
        const struct reply *r = ask(&c, BOSS, POST, "/api/v1/shops",
            "{\"code\":7,\"nme\":\"x\",\"owner\":\"999\",\"budget_fen\":-1,\"weight\":\"1.2345\","
            "\"size\":\"huge\",\"opened_on\":\"2026-02-30\",\"org\":\"8\",\"status\":\"active\","
            "\"place\":[91,0],\"vip\":null,\"id\":\"5\"}");
        CHECK_STATUS(r, 400);
        static const char *const want[][2] = {
            { "code", "type" }, { "nme", "unknown" }, { "budget_fen", "range" },
            { "weight", "type" }, { "size", "choice" }, { "opened_on", "type" },
            { "org", "unknown" }, { "status", "readonly" }, { "place", "range" },
            { "vip", "type" }, { "id", "readonly" }, { "name", "required" },
            { "owner", "not_found" },
        };
        const struct json *errors = json_get(answer(r), "errors");
        CHECK_EQ(errors->count, COUNT(want), STR_FMT, STR_ARG(body_of(r)));
        for (const struct json *e = errors->first; e; e = e->next) {
            bool found = false;
            for (size_t i = 0; i < COUNT(want); i++)
                found = found || (str_is(field(e, "field"), want[i][0]) &&
                                  str_is(field(e, "code"), want[i][1]));
            CHECK(found, STR_FMT " " STR_FMT, STR_ARG(field(e, "field")),
                  STR_ARG(field(e, "code")));
        }
        CHECK_STR(field(answer(ask(&c, BOSS, GET, "/api/v1/shops?total=1", NULL)), "total"),
                  STR("0"));
    }
}

TEST(entity_hooks_and_unique_keys)
{
    EACH_COMPANY(c) {
        make_shop(&c, BOSS, "A1", "202");
        const struct reply *r = ask(&c, BOSS, POST, "/api/v1/shops",
                                    "{\"code\":\"A1\",\"name\":\"x\",\"owner\":\"202\"}");
        CHECK_STATUS(r, 400);
        CHECK_STR(field(answer(r), "errors.0.code"), STR("duplicate"));
        CHECK_STR(field(answer(r), "errors.0.field"), STR("code"));
        r = ask(&c, BOSS, POST, "/api/v1/shops",
                "{\"code\":\"A2\",\"name\":\"forbidden\",\"owner\":\"202\"}");
        CHECK_STR(field(answer(r), "errors.0.code"), STR("word"));
        r = ask(&c, OTHER_BOSS, POST, "/api/v1/shops",
                "{\"code\":\"A1\",\"name\":\"x\",\"owner\":\"206\"}");
        CHECK_STATUS(r, 201);
    }
}

TEST(entity_scope)
{
    EACH_COMPANY(c) {
        struct str a = make_shop(&c, BOSS, "A", "202"), b = make_shop(&c, BOSS, "B", "203");
        struct str o = make_shop(&c, OTHER_BOSS, "O", "206");
        static const struct {
            enum who who;
            const char *codes;
        } lists[] = { { BOSS, "AB" }, { ANNA, "A" }, { BERT, "B" }, { LEAD, "A" }, { CLERK, "AB" },
                      { OTHER_BOSS, "O" } };
        for (size_t i = 0; i < COUNT(lists); i++) {
            const struct json *v = answer(ask(&c, lists[i].who, GET, "/api/v1/shops?sort=code",
                                              NULL));
            const struct json *items = json_get(v, "items");
            CHECK_EQ(items->count, strlen(lists[i].codes), "%zu", i);
            const char *code = lists[i].codes;
            for (const struct json *item = items->first; item; item = item->next)
                CHECK_STR(field(item, "code"), ((struct str){ code++, 1 }), "%zu", i);
        }
        CHECK_STATUS(ask(&c, ANNA, GET, shop_path(a, ""), NULL), 200);
        CHECK_STATUS(ask(&c, ANNA, GET, shop_path(b, ""), NULL), 404);
        CHECK_STATUS(ask(&c, BOSS, GET, shop_path(o, ""), NULL), 404);
        CHECK_STATUS(ask(&c, LEAD, GET, shop_path(b, "/history"), NULL), 404);
        CHECK_STATUS(ask(&c, LEAD, POST, shop_path(b, "/archive"), NULL), 404);
        CHECK_STATUS(ask(&c, NOBODY, GET, shop_path(a, ""), NULL), 401);
        CHECK_STATUS(ask(&c, CLERK, POST, "/api/v1/shops", "{}"), 403);
        CHECK_STATUS(ask(&c, BOSS, GET, "/api/v1/shops/x", NULL), 404);
        /* not for somebody else, and not into the hands of somebody else */
        CHECK_STATUS(ask(&c, ANNA, POST, "/api/v1/shops",
                         "{\"code\":\"N\",\"name\":\"n\",\"owner\":\"203\"}"), 403);
        struct call_options v1 = { .if_match = "\"1\"" };
        CHECK_STATUS(ask_with(&c, ANNA, PATCH, shop_path(a, ""), STR("{\"owner\":\"203\"}"), v1),
                     403);
        CHECK_STATUS(ask_with(&c, BOSS, PATCH, shop_path(a, ""), STR("{\"owner\":\"206\"}"), v1),
                     400);
        CHECK_STR(field(answer(ask(&c, ANNA, GET, "/api/v1/shops?total=1", NULL)), "total"),
                  STR("1"));
    }
}

TEST(entity_versions)
{
    EACH_COMPANY(c) {
        struct str id = make_shop(&c, BOSS, "A", "202");
        struct str body = STR("{\"name\":\"second\",\"budget_fen\":null}");
        struct call_options none = { 0 }, v1 = { .if_match = "\"1\"" }, v2 = { .if_match = "2" };
        CHECK_STATUS(ask_with(&c, BOSS, PATCH, shop_path(id, ""), body, none), 428);
        const struct reply *r = ask_with(&c, BOSS, PATCH, shop_path(id, ""), body, v1);
        CHECK_STATUS(r, 200);
        CHECK_EQ(r->version, 2);
        CHECK_STATUS(ask_with(&c, BOSS, PATCH, shop_path(id, ""), body, v1), 412);
        r = ask_with(&c, BOSS, PATCH, shop_path(id, ""), body, v2);
        CHECK_EQ(r->version, 2, "nothing changed, so the version stays");
        const struct json *h = answer(ask(&c, BOSS, GET, shop_path(id, "/history"), NULL));
        CHECK_EQ(json_get(h, "items")->count, 2);
        CHECK_STR(field(h, "items.0.operation"), STR("update"));
        CHECK_STR(field(h, "items.0.by.name"), STR("boss"));
        CHECK_STR(field(h, "items.0.changes.0.field"), STR("name"));
        CHECK_STR(field(h, "items.0.changes.0.before"), STR("shop A"));
        CHECK_STR(field(h, "items.0.changes.0.after"), STR("second"));
        CHECK_STR(field(h, "items.0.changes.1.before"), STR("166"));
        CHECK_STR(field(h, "items.1.operation"), STR("create"));
        CHECK_STR(field(h, "items.1.by.id"), STR("1001"));
    }
}

TEST(entity_paging_in_every_order)
{
    static const char *const sorts[] = { "", "name", "-name", "budget", "-budget,name",
                                         "opened_on,-code", "-opened_on" };
    EACH_COMPANY(c) {
        for (int i = 0; i < 23; i++) {
            char body[300], more[80] = "";
            if (i % 3)
                snprintf(more, sizeof more, ",\"budget_fen\":%d,\"opened_on\":\"2026-01-%02d\"",
                         i % 4, 1 + i % 5);
            snprintf(body, sizeof body,
                     "{\"code\":\"C%d\",\"name\":\"n%d\",\"owner\":\"202\"%s}", i, i % 6, more);
            CHECK_STATUS(ask(&c, BOSS, POST, "/api/v1/shops", body), 201);
        }
        for (size_t s = 0; s < COUNT(sorts); s++) {
            const char *sort = sorts[s][0] ? "&sort=" : "";
            struct str all = str_fmt(test_arena(), "/api/v1/shops?limit=100%s%s", sort, sorts[s]);
            const struct json *whole = json_get(answer(ask(&c, BOSS, GET, all.data, NULL)),
                                                "items");
            CHECK_EQ(whole->count, 23);
            const struct json *want = whole->first;
            struct str cursor = STR("");
            for (int pages = 0; pages < 30; pages++) {
                struct str page = str_fmt(test_arena(), "/api/v1/shops?limit=4&after=" STR_FMT
                                          "%s%s", STR_ARG(cursor), sort, sorts[s]);
                const struct json *v = answer(ask(&c, BOSS, GET, page.data, NULL));
                for (const struct json *i = json_get(v, "items")->first; i && want;
                     i = i->next, want = want->next)
                    CHECK_STR(field(i, "code"), field(want, "code"), "sort %s", sorts[s]);
                cursor = field(v, "next");
                if (!cursor.len)
                    break;
            }
            CHECK(want == NULL, "all rows of %s came", sorts[s]);
        }
        const struct json *v = answer(ask(&c, BOSS, GET, "/api/v1/shops?limit=4&sort=name", NULL));
        struct str other = str_fmt(test_arena(), "/api/v1/shops?sort=code&after=" STR_FMT,
                                   STR_ARG(field(v, "next")));
        CHECK_STATUS(ask(&c, BOSS, GET, other.data, NULL), 400);
        CHECK_STATUS(ask(&c, BOSS, GET, "/api/v1/shops?after=AAAA", NULL), 400);
    }
}

TEST(entity_filters_and_search)
{
    EACH_COMPANY(c) {
        CHECK_STATUS(ask(&c, BOSS, POST, "/api/v1/shops",
            "{\"code\":\"A\",\"name\":\"张江东方超市\",\"owner\":\"202\","
            "\"phone\":\"138-0000-0042\","
            "\"budget_fen\":10,\"opened_on\":\"2026-01-01\"}"), 201);
        CHECK_STATUS(ask(&c, BOSS, POST, "/api/v1/shops",
            "{\"code\":\"B\",\"name\":\"Shanghai corner\",\"owner\":\"203\",\"size\":\"large\","
            "\"budget_fen\":20,\"opened_on\":\"2026-02-01\"}"), 201);
        CHECK_STATUS(ask(&c, BOSS, POST, "/api/v1/shops",
            "{\"code\":\"C%_!\",\"name\":\"李记\",\"owner\":\"202\",\"vip\":true}"), 201);
        static const struct {
            const char *query, *codes;
        } cases[] = {
            { "q=张", "A" },              { "q=东方", "A" },         { "search=超", "A" },
            { "q=shang", "B" },           { "q=nothing", "" },       { "q=…", "" },
            { "q=13800000042", "A" },     { "phone=13800000042", "A" },
            { "phone=13800000043", "" },  { "size=large", "B" },     { "size=small,large", "ABC" },
            { "owner=202", "AC" },        { "owner=me", "" },        { "budget.from=15", "B" },
            { "budget_to=15", "A" },      { "budget.null=true", "C" },
            { "budget.null=false", "AB" },
            { "opened_on.from=2026-01-01&opened_on.to=2026-01-31", "A" },
            { "code.prefix=C%25", "" },   { "code.prefix=C", "C" },  { "vip=true", "C" },
            { "created_at.from=2026-10-31", "ABC" },                 { "status=lost", "" },
        };
        for (size_t i = 0; i < COUNT(cases); i++) {
            struct str target = str_fmt(test_arena(), "/api/v1/shops?sort=code&%s",
                                        cases[i].query);
            const struct reply *r = ask(&c, BOSS, GET, target.data, NULL);
            CHECK_STATUS(r, 200);
            struct buf codes = buf_in(test_arena());
            const struct json *items = json_get(answer(r), "items");
            for (const struct json *item = items ? items->first : NULL; item; item = item->next)
                buf_char(&codes, field(item, "code").data[0]);
            CHECK_STR(buf_view(&codes), str_from(cases[i].codes), "%s", cases[i].query);
        }
        static const char *const bad[] = { "notes=1", "nothing=1", "size=huge", "limit=0",
                                           "sort=phone", "budget=x", "name.from=a", "org=8",
                                           "inner_key=x", "archived=maybe" };
        for (size_t i = 0; i < COUNT(bad); i++) {
            struct str target = str_fmt(test_arena(), "/api/v1/shops?%s", bad[i]);
            CHECK_STATUS(ask(&c, BOSS, GET, target.data, NULL), 400);
        }
    }
}

TEST(entity_once)
{
    EACH_COMPANY(c) {
        struct call_options key = { .key = "01234567-89ab-cdef" };
        struct str body = STR("{\"code\":\"K\",\"name\":\"k\",\"owner\":\"202\"}");
        const struct reply *first = ask_with(&c, BOSS, POST, "/api/v1/shops", body, key);
        CHECK_STATUS(first, 201);
        for (int i = 0; i < 3; i++) {
            const struct reply *again = ask_with(&c, BOSS, POST, "/api/v1/shops", body, key);
            CHECK_STATUS(again, 201);
            CHECK_STR(body_of(again), body_of(first));
            CHECK_STR(again->location, first->location);
            CHECK_EQ(again->version, first->version);
        }
        CHECK_STATUS(ask_with(&c, BOSS, POST, "/api/v1/shops",
                              STR("{\"code\":\"L\",\"name\":\"k\",\"owner\":\"202\"}"), key), 422);
        CHECK_STATUS(ask_with(&c, OTHER_BOSS, POST, "/api/v1/shops",
                              STR("{\"code\":\"K\",\"name\":\"k\",\"owner\":\"206\"}"), key), 201);
        CHECK_EQ(db_fixture_i64(&c.db, "SELECT count(*) FROM shop WHERE org = 7"), 1);
        /* a failure keeps nothing: the same key may try again */
        struct call_options other = { .key = "another-key-1" };
        CHECK_STATUS(ask_with(&c, BOSS, POST, "/api/v1/shops", STR("{}"), other), 400);
        CHECK_EQ(db_fixture_i64(&c.db, "SELECT count(*) FROM kept_answer"), 2);
    }
}

TEST(entity_commands)
{
    EACH_COMPANY(c) {
        struct str id = make_shop(&c, BOSS, "A", "202");
        CHECK_STATUS(ask(&c, BOSS, POST, shop_path(id, "/win"), "{}"), 400);
        CHECK_STATUS(ask(&c, BOSS, POST, shop_path(id, "/win"),
                         "{\"budget_fen\":5,\"by\":\"206\"}"), 400);
        const struct reply *unlucky = ask(&c, BOSS, POST, shop_path(id, "/win"),
                                          "{\"budget_fen\":13}");
        CHECK_STATUS(unlucky, 422);
        const struct reply *r = ask(&c, BOSS, POST, shop_path(id, "/win"), "{\"budget_fen\":500}");
        CHECK_STATUS(r, 200);
        CHECK_STR(field(answer(r), "status"), STR("active"));
        CHECK_STR(field(answer(r), "seen_at"), STR("2026-10-31T01:30:00Z"));
        CHECK_STATUS(ask(&c, BOSS, POST, shop_path(id, "/win"), "{\"budget_fen\":500}"), 409);
        const struct json *h = answer(ask(&c, BOSS, GET, shop_path(id, "/history"), NULL));
        CHECK_STR(field(h, "items.0.operation"), STR("win"));
        CHECK_EQ(db_fixture_i64(&c.db, "SELECT count(*) FROM event WHERE name = 'shop.active'"), 1);
        CHECK_EQ(db_fixture_i64(&c.db, "SELECT count(*) FROM event WHERE name = 'shop.win'"), 1);

        struct str body = str_fmt(test_arena(), "{\"owner\":\"202\",\"stops\":[{\"shop\":\"" STR_FMT
                                  "\",\"at\":\"09:00\"},{\"shop\":\"" STR_FMT
                                  "\",\"at\":\"10:00\"}]}",
                                  STR_ARG(id), STR_ARG(id));
        r = ask(&c, BOSS, POST, "/api/v1/shops/plan-day", body.data);
        CHECK_STATUS(r, 200);
        CHECK_STR(body_of(r), STR("{\"planned\":2}"));
        CHECK_STATUS(ask(&c, BOSS, POST, "/api/v1/shops/plan-day",
                         "{\"owner\":\"202\",\"stops\":[{\"shop\":\"5\"}]}"), 400);
        const struct json *visits = answer(ask(&c, ANNA, GET, "/api/v1/visits", NULL));
        CHECK_EQ(json_get(visits, "items")->count, 2, "through the shop's scope");
        CHECK_EQ(json_get(answer(ask(&c, BERT, GET, "/api/v1/visits", NULL)), "items")->count, 0);
        CHECK_EQ(db_fixture_i64(&c.db, "SELECT count(*) FROM event WHERE name = 'visit.created'"),
                 0, "a fact is its own record");
    }
}

TEST(entity_archive_and_bulk)
{
    EACH_COMPANY(c) {
        struct str a = make_shop(&c, BOSS, "A", "202"), b = make_shop(&c, BOSS, "B", "203");
        CHECK_STATUS(ask(&c, BOSS, POST, shop_path(a, "/archive"), NULL), 200);
        CHECK_EQ(json_get(answer(ask(&c, BOSS, GET, "/api/v1/shops", NULL)), "items")->count, 1);
        CHECK_EQ(json_get(answer(ask(&c, BOSS, GET, "/api/v1/shops?archived=1", NULL)),
                          "items")->count, 2);
        CHECK_STATUS(ask(&c, BOSS, POST, shop_path(a, "/restore"), NULL), 200);
        struct str body = str_fmt(test_arena(), "{\"operation\":\"win\",\"ids\":[\"" STR_FMT
                                  "\",\"" STR_FMT "\",\"77\"],\"input\":{\"budget_fen\":9}}",
                                  STR_ARG(a), STR_ARG(b));
        const struct json *v = answer(ask(&c, LEAD, POST, "/api/v1/shops/bulk", body.data));
        CHECK_STR(field(v, "done"), STR("1"), "B is out of reach, 77 is not there");
        CHECK_STR(field(v, "failed.0.id"), b);
        CHECK_STR(field(v, "failed.0.code"), STR("not_found"));
        CHECK_STR(field(v, "failed.1.id"), STR("77"));
        CHECK_STATUS(ask(&c, CLERK, POST, "/api/v1/shops/bulk", body.data), 403);
    }
}

TEST(entity_secrets)
{
    EACH_COMPANY(c) {
        const struct reply *r = ask(&c, BOSS, POST, "/api/v1/shops",
            "{\"code\":\"S\",\"name\":\"s\",\"owner\":\"202\",\"phone\":\"13912345678\","
            "\"place\":[1.5,2.5]}");
        struct str id = field(answer(r), "id");
        CHECK_EQ(db_fixture_i64(&c.db, "SELECT count(*) FROM shop"
                                       " WHERE phone_mask = '139****5678'"), 1);
        const struct json *anna = answer(ask(&c, ANNA, GET, shop_path(id, ""), NULL));
        CHECK_STR(field(anna, "phone"), STR("139****5678"));
        CHECK(!json_get(anna, "place"), "sensitive fields need the reveal permission");
        const char *ask_phone = "{\"field\":\"phone\",\"purpose\":\"call back\"}";
        CHECK_STATUS(ask(&c, ANNA, POST, shop_path(id, "/reveal"), ask_phone), 403);
        CHECK_STATUS(ask(&c, BOSS, POST, shop_path(id, "/reveal"), "{\"field\":\"phone\"}"), 400);
        CHECK_STATUS(ask(&c, BOSS, POST, shop_path(id, "/reveal"),
                         "{\"field\":\"inner_key\",\"purpose\":\"look\"}"), 400);
        r = ask(&c, BOSS, POST, shop_path(id, "/reveal"), ask_phone);
        CHECK_STATUS(r, 200);
        CHECK_STR(field(answer(r), "value"), STR("13912345678"));
        const struct json *h = answer(ask(&c, BOSS, GET, shop_path(id, "/history"), NULL));
        CHECK_STR(field(h, "items.0.operation"), STR("reveal"));
        CHECK_STR(field(h, "items.0.changes.0.purpose"), STR("call back"));
        /* a ciphertext that is moved to another row does not open */
        struct str other = make_shop(&c, BOSS, "T", "202");
        struct str move = str_fmt(test_arena(),
            "UPDATE shop SET phone_enc = (SELECT phone_enc FROM shop WHERE org = 7 AND id = "
            STR_FMT "), phone_mask = 'x', phone_hash = phone_enc WHERE org = 7 AND id = " STR_FMT,
            STR_ARG(id), STR_ARG(other));
        CHECK_EQ(db_fixture_script(&c.db, move.data), OK);
        CHECK_STATUS(ask(&c, BOSS, POST, shop_path(other, "/reveal"), ask_phone), 500);
        CHECK_STATUS(ask(&c, BOSS, POST, shop_path(id, "/reveal"), ask_phone), 200);
    }
}

TEST(entity_trees)
{
    EACH_COMPANY(c) {
        const struct reply *r = ask(&c, BOSS, POST, "/api/v1/units",
                                    "{\"parent\":\"102\",\"name\":\"squad\"}");
        CHECK_STATUS(r, 201);
        struct str squad = field(answer(r), "id");
        CHECK_STR(field(answer(r), "path"),
                  str_fmt(test_arena(), "/101/102/" STR_FMT "/", STR_ARG(squad)));
        struct call_options v1 = { .if_match = "1" };
        r = ask_with(&c, BOSS, PATCH, "/api/v1/units/102", STR("{\"parent\":\"103\"}"), v1);
        CHECK_STATUS(r, 200);
        r = ask(&c, BOSS, GET, str_fmt(test_arena(), "/api/v1/units/" STR_FMT,
                                       STR_ARG(squad)).data, NULL);
        CHECK_STR(field(answer(r), "path"),
                  str_fmt(test_arena(), "/101/103/102/" STR_FMT "/", STR_ARG(squad)));
        r = ask_with(&c, BOSS, PATCH, "/api/v1/units/103", str_fmt(test_arena(),
                     "{\"parent\":\"" STR_FMT "\"}", STR_ARG(squad)), v1);
        CHECK_STATUS(r, 422);
    }
}

TEST(entity_meta_is_cut_to_the_caller)
{
    EACH_COMPANY(c) {
        const struct json *boss = answer(ask(&c, BOSS, GET, "/api/v1/meta", NULL));
        CHECK_EQ(json_get(boss, "resources")->count, 4);
        CHECK_STR(field(boss, "choices.shop_status.0.next.0"), STR("active"));
        struct str text = body_of(ask(&c, CLERK, GET, "/api/v1/meta", NULL));
        CHECK(str_find(text, STR("\"create\":{")) < 0, "a clerk creates nothing");
        CHECK(str_find(text, STR("\"win\"")) < 0);
        CHECK(str_find(text, STR("inner_key")) < 0, "hidden fields are not told");
        CHECK_STATUS(ask(&c, NOBODY, GET, "/api/v1/meta", NULL), 401);
    }
}

TEST(entity_bad_requests)
{
    EACH_COMPANY(c) {
        struct call_options csv = { .type = "text/csv" };
        CHECK_STATUS(ask_with(&c, BOSS, POST, "/api/v1/shops", STR("a,b"), csv), 415);
        CHECK_STATUS(ask(&c, BOSS, POST, "/api/v1/shops", "{\"a\":1,\"a\":2}"), 400);
        CHECK_STATUS(ask(&c, BOSS, POST, "/api/v1/shops", "[]"), 400);
        CHECK_STATUS(ask(&c, BOSS, POST, "/api/v1/shops", "{"), 400);
        CHECK_STATUS(ask(&c, BOSS, GET, "/api/v1/nothing", NULL), 404);
        CHECK_STATUS(ask(&c, BOSS, DELETE, "/api/v1/shops", NULL), 405);
        struct call_options zh = { .language = "zh-CN" };
        const struct reply *r = ask_with(&c, CLERK, POST, "/api/v1/shops", STR("{}"), zh);
        CHECK_STR(field(answer(r), "detail"), STR("需要权限“安排客户”（shop.plan）"));
        CHECK_STR(field(answer(r), "title"), STR("没有权限"));
    }
}

static bool is_mounted(const struct company *c, struct str method, struct str path)
{
    static const char *const words[] = { "", "get", "post", "put", "patch", "delete" };
    const struct route *r;
    for (size_t i = 0; (r = api_route_at(c->api, i)) != NULL; i++)
        if (str_is(method, words[r->method]) &&
            (str_is(path, r->path) ||
             str_eq(path, str_fmt(test_arena(), "/api/v1%s", r->path))))
            return true;
    return false;
}

TEST(openapi_and_routes_agree)
{
    struct company c;
    struct fault fault = { 0 };
    const struct json *doc;
    size_t described = 0, mounted = 0;
    if (!company_open(&c, DB_SQLITE))
        return;
    CHECK_EQ(json_read(test_arena(), sample_model.openapi, (struct json_limits){ 0 }, &fault,
                       &doc), OK, "%s", fault.message);
    for (const struct json *p = json_get(doc, "paths")->first; p; p = p->next)
        for (const struct json *m = p->first; m; m = m->next) {
            if (str_is(m->key, "parameters"))
                continue;
            described++;
            CHECK(is_mounted(&c, m->key, p->key), STR_FMT " " STR_FMT, STR_ARG(m->key),
                  STR_ARG(p->key));
        }
    while (api_route_at(c.api, mounted))
        mounted++;
    CHECK_EQ(mounted, described + 1, "all routes but /meta are described");
    company_close(&c);
}
