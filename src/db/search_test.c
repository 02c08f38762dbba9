/* search_test.c - what is found, the same on both engines. */
#include "base/buf.h"
#include "db/db_testing.h"
#include "db/search.h"

static const struct { int64_t id; const char *text; } rows[] = {
    { 1, "张三 上海浦东新区世纪大道100号" },
    { 2, "李四丰 北京朝阳区 三A座 Shanghai Store" },
    { 3, "王张 广州天河超市 order A-2024x" },
    { 4, "陈市 市场部,张三丰 ＡＢＣ１２３" },
    { 5, "О'Нил café Ωmega 'quoted\" \\back :* & | ! ( ) <->" },
};

static enum err fill(struct db_tx *tx, void *arg, struct fault *fault)
{
    (void)arg;
    for (size_t i = 0; i < COUNT(rows); i++)
        TRY(db_search_put(tx, 1, "shop_x", rows[i].id, str_from(rows[i].text), fault));
    TRY(db_search_put(tx, 2, "shop_x", 91, STR("张三 别的公司"), fault));
    return db_search_put(tx, 1, "other", 92, STR("张三 别的种类"), fault);
}

struct hunt {
    const char *typed;
    int64_t found; /* digits of the ids in order */
};

static enum err hunt_work(struct db_tx *tx, void *arg, struct fault *fault)
{
    struct hunt *h = arg;
    struct str query = db_search_query(test_arena(), db_tx_engine(tx), 1, "shop_x",
                                       str_from(h->typed));
    struct db_rows *found;
    h->found = 0;
    if (!query.len)
        return OK;
    TRY(db_query_text(tx,
                      STR("SELECT id FROM shop WHERE org = $1 AND id IN {{SEARCH($1,$2)}}"
                          " ORDER BY id"),
                      (struct db_value[]){ db_int(1), db_str(query) }, 2, fault, &found));
    for (bool has;;) {
        TRY(db_next(found, &has, fault));
        if (!has)
            return OK;
        h->found = h->found * 10 + db_i64(found, 0) % 90;
    }
}

static void expect(struct db_fixture *f, const char *typed, int64_t want, const char *when)
{
    struct hunt h = { typed, 0 };
    CHECK_EQ(db_read(f->db, hunt_work, &h, &f->fault), OK, "\"%s\": %s", typed, f->fault.message);
    CHECK_EQ(h.found, want, "\"%s\" %s on engine %d", typed, when, (int)f->engine);
}

static enum err change(struct db_tx *tx, void *arg, struct fault *fault)
{
    (void)arg;
    TRY(db_search_remove(tx, 1, 1, fault));
    TRY(db_search_remove(tx, 2, 3, fault)); /* another tenant's word removes nothing */
    return db_search_put(tx, 1, "shop_x", 2, STR("改名 张三"), fault);
}

TEST(search_finds_chinese_alike_on_both_engines)
{
    static const struct { const char *typed; int64_t found; } cases[] = {
        { "张", 134 },          { "张三", 14 },       { "张三丰", 4 },   { "三", 124 },
        { "三丰", 4 },          { "市", 34 },         { "超市", 3 },     { "世纪大道", 1 },
        { "大道100", 1 },       { "三A座", 2 },       { "三a", 2 },      { "A座", 2 },
        { "shang", 2 },         { "SHANGHAI", 2 },    { "hanghai", 0 },  { "张 上海", 1 },
        { "上海 张", 1 },       { "张三 市场", 4 },   { "abc123", 4 },   { "abc", 4 },
        { "2024", 3 },          { "a-2024", 3 },      { "丰三", 0 },     { "三李", 0 },
        { "", 0 },              { " ,.!。，", 0 },     { "café", 5 },     { "CAFÉ", 5 },
        { "\" OR 张", 3 },      { "'", 0 },           { "о'нил", 5 },    { "quot\\", 5 },
        { "张* NOT 三", 0 },    { "ωmega", 5 },       { "别的", 0 },     { "zz1zshopx", 0 },
        { "张三 张三 张三", 14 }, { "新区", 1 },       { "新区世", 1 },   { "区世纪", 1 },
    };
    FOR_EACH_ENGINE(engine) {
        struct db_fixture f;
        if (!db_fixture_open(&f, engine))
            continue;
        CHECK_EQ(db_migrate(f.db, NULL, 0, (struct instant){ 1 }, &f.fault), OK, "%s",
                 f.fault.message);
        CHECK_EQ(db_fixture_script(&f, "CREATE TABLE shop(org REF NOT NULL, id ID NOT NULL,"
                                       " PRIMARY KEY(org, id)) {{STRICT}};"
                                       "INSERT INTO shop VALUES(1,1),(1,2),(1,3),(1,4),(1,5),"
                                       "(1,91),"
                                       "(1,92)"),
                 OK, "%s", f.fault.message);
        CHECK_EQ(db_write(f.db, fill, NULL, &f.fault), OK, "%s", f.fault.message);
        for (size_t i = 0; i < COUNT(cases); i++)
            expect(&f, cases[i].typed, cases[i].found, "");
        CHECK_EQ(db_write(f.db, change, NULL, &f.fault), OK, "%s", f.fault.message);
        expect(&f, "张三", 24, "after changes");
        expect(&f, "李四", 0, "after changes");
        expect(&f, "超市", 3, "after changes");
        db_fixture_close(&f);
    }
}

TEST(search_terms_are_pairs_and_words)
{
    struct arena *arena = test_arena();
    CHECK_STR(db_search_terms(arena, STR("张三丰")), STR("张三 三丰 丰"));
    CHECK_STR(db_search_terms(arena, STR("王")), STR("王"));
    CHECK_STR(db_search_terms(arena, STR("三A座, Ｑ1")), STR("三 a 座 q1"));
    CHECK_STR(db_search_terms(arena, STR("。 -")), STR(""));
    CHECK_STR(db_search_terms(arena, STR("\xff\xfe张")), STR("张"));
}

/* Words beyond the limit are ignored; very long input is cut, never refused. */
TEST(search_query_is_bounded)
{
    struct arena *arena = test_arena();
    struct buf typed = buf_in(arena);
    for (int i = 0; i < 5000; i++)
        buf_fmt(&typed, "w%d ", i);
    FOR_EACH_ENGINE(engine) {
        struct str query = db_search_query(arena, engine, 1, "shop", buf_view(&typed));
        CHECK(query.len > 50 && query.len < 1000);
        CHECK(str_find(query, STR("w15")) > 0 && str_find(query, STR("w16")) < 0);
    }
}
