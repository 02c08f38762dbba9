/* db_test.c - transactions, values, errors: the same expectations on both engines. */
#include "db/db_testing.h"
#include "db/internal.h"

#include <sqlite3.h>

static const char schema[] =
    "CREATE TABLE thing(org REF NOT NULL, id ID NOT NULL, name TEXT, data BLOB, n INT NOT NULL"
    " DEFAULT 0 CHECK (n <> 13), PRIMARY KEY(org, id), UNIQUE(org, name)) {{STRICT}};"
    "CREATE TABLE part(org REF NOT NULL, id ID NOT NULL, thing REF NOT NULL, PRIMARY KEY(org, id),"
    " FOREIGN KEY(org, thing) REFERENCES thing(org, id)) {{STRICT}};";

static const struct db_statement add = {
    .name = "add", .sql = "INSERT INTO thing(org, id, name, data, n) VALUES($1,$2,$3,$4,$5)",
    .file = "db_test.c", .line = 1, .params = 5, .writes = true,
};
static const struct db_statement get = {
    .name = "get", .sql = "SELECT name, data, n, id FROM thing WHERE id = $2 AND org = $1",
    .file = "db_test.c", .line = 2, .params = 2, .columns = 4,
};
static const struct db_statement all = {
    .name = "all", .sql = "SELECT id FROM thing WHERE org = $1 ORDER BY id", .file = "db_test.c",
    .line = 3, .params = 1, .columns = 1,
};
static const struct db_statement bump = {
    .name = "bump", .sql = "UPDATE thing SET n = n + $3 WHERE org = $1 AND id >= $2",
    .file = "db_test.c", .line = 4, .params = 3, .writes = true,
};

struct thing {
    int64_t id, n;
    const char *name;
    enum err then; /* returned after a good insert */
};

static enum err add_work(struct db_tx *tx, void *arg, struct fault *fault)
{
    const struct thing *t = arg;
    struct db_value name = t->name ? db_str(str_from(t->name)) : db_null();
    TRY(db_run(tx, &add,
               (struct db_value[]){ db_int(1), db_int(t->id), name, db_bytes(STR("\0\xff")),
                                    db_int(t->n) },
               NULL, fault));
    return t->then ? fault_set(fault, t->then, "as asked") : OK;
}

static enum err add_thing(struct db_fixture *f, struct thing t)
{
    return db_write(f->db, add_work, &t, &f->fault);
}

static enum err read_back(struct db_tx *tx, void *arg, struct fault *fault)
{
    struct arena *arena = arg;
    struct db_rows *rows;
    bool has;
    TRY(db_query(tx, &get, (struct db_value[]){ db_int(1), db_int(7) }, fault, &rows));
    TRY(db_next(rows, &has, fault));
    CHECK(has);
    CHECK_EQ(db_columns(rows), 4);
    CHECK_STR(str_from(db_column_name(rows, 2)), STR("n"));
    CHECK_STR(db_text_copy(arena, rows, 0), STR("张三"));
    CHECK_STR(db_blob(rows, 1), STR("\0\xff"));
    CHECK_EQ(db_i64(rows, 2), INT64_MIN);
    CHECK(!db_is_null(rows, 0));
    TRY(db_next(rows, &has, fault));
    CHECK(!has);
    TRY(db_query(tx, &get, (struct db_value[]){ db_int(1), db_int(8) }, fault, &rows));
    TRY(db_next(rows, &has, fault));
    CHECK(has && db_is_null(rows, 0));
    CHECK_EQ(db_text(rows, 0).len, 0);
    return OK; /* rows left open on purpose: the end of the transaction closes them */
}

TEST(db_values_survive_a_round_trip)
{
    FOR_EACH_ENGINE(engine) {
        struct db_fixture f;
        if (!db_fixture_open(&f, engine))
            continue;
        CHECK_EQ(db_fixture_script(&f, schema), OK, "%s", f.fault.message);
        CHECK_EQ(add_thing(&f, (struct thing){ 7, INT64_MIN, "张三", OK }), OK, "%s",
                 f.fault.message);
        CHECK_EQ(add_thing(&f, (struct thing){ 8, 0, NULL, OK }), OK);
        CHECK_EQ(db_read(f.db, read_back, test_arena(), &f.fault), OK, "%s", f.fault.message);
        db_fixture_close(&f);
    }
}

TEST(db_errors_have_one_class_on_both_engines)
{
    static const struct {
        const char *what;
        struct thing thing;
        enum err want;
    } cases[] = {
        { "the first is taken", { 1, 0, "a", OK }, OK },
        { "same primary key", { 1, 0, "b", OK }, ERR_CONFLICT },
        { "same unique name", { 2, 0, "a", OK }, ERR_CONFLICT },
        { "CHECK says no", { 3, 13, "c", OK }, ERR_UNPROCESSABLE },
        { "the command itself says no", { 4, 0, "d", ERR_STATE }, ERR_STATE },
        { "not UTF-8", { 5, 0, "\xff\xfe", OK }, ERR_INVALID },
        { "after all that it still works", { 6, 0, "f", OK }, OK },
    };
    FOR_EACH_ENGINE(engine) {
        struct db_fixture f;
        if (!db_fixture_open(&f, engine))
            continue;
        CHECK_EQ(db_fixture_script(&f, schema), OK, "%s", f.fault.message);
        for (size_t i = 0; i < COUNT(cases); i++)
            CHECK_EQ(add_thing(&f, cases[i].thing), cases[i].want, "%s: %s", cases[i].what,
                     f.fault.message);
        CHECK_EQ(db_fixture_i64(&f, "SELECT count(*) FROM thing"), 2);
        CHECK_EQ(db_fixture_script(&f, "INSERT INTO part VALUES(1,1,99)"), ERR_UNPROCESSABLE);
        CHECK_EQ(db_fixture_script(&f, "INSERT INTO part VALUES(1,1,1)"), OK);
        CHECK_EQ(db_fixture_script(&f, "INSERT INTO part VALUES(1,2,NULL)"), ERR_UNPROCESSABLE);
        CHECK_EQ(db_fixture_script(&f, "SELEC 1"), ERR_INTERNAL);
        db_fixture_close(&f);
    }
}

/* ---- failure inside a transaction ---- */

static enum err hides_failure(struct db_tx *tx, void *arg, struct fault *fault)
{
    (void)arg;
    TRY(add_work(tx, &(struct thing){ 20, 0, "x", OK }, fault));
    if (add_work(tx, &(struct thing){ 20, 0, "y", OK }, fault) != ERR_CONFLICT)
        return ERR_INTERNAL;
    return OK; /* pretends that all is well */
}

static enum err tries(struct db_tx *tx, void *arg, struct fault *fault)
{
    int64_t *seen = arg;
    *seen = 0;
    TRY(add_work(tx, &(struct thing){ 30, 0, "outer", OK }, fault));
    enum err e = db_try(tx, add_work, &(struct thing){ 31, 0, "outer", OK }, fault);
    CHECK_EQ(e, ERR_CONFLICT);
    e = db_try(tx, add_work, &(struct thing){ 32, 0, "undone", ERR_STATE }, fault);
    CHECK_EQ(e, ERR_STATE);
    e = db_try(tx, add_work, &(struct thing){ 33, 0, "kept", OK }, fault);
    CHECK_EQ(e, OK);
    struct db_rows *rows;
    TRY(db_query(tx, &all, (struct db_value[]){ db_int(1) }, fault, &rows));
    for (bool has = true;;) {
        TRY(db_next(rows, &has, fault));
        if (!has)
            return OK;
        *seen = *seen * 100 + db_i64(rows, 0);
    }
}

static enum err write_in_read(struct db_tx *tx, void *arg, struct fault *fault)
{
    return add_work(tx, arg, fault);
}

static enum err write_text_in_read(struct db_tx *tx, void *arg, struct fault *fault)
{
    (void)arg;
    return db_run_text(tx, STR("DELETE FROM thing"), NULL, 0, NULL, fault);
}

TEST(db_a_failed_transaction_cannot_commit)
{
    FOR_EACH_ENGINE(engine) {
        struct db_fixture f;
        if (!db_fixture_open(&f, engine))
            continue;
        CHECK_EQ(db_fixture_script(&f, schema), OK, "%s", f.fault.message);
        CHECK_EQ(db_write(f.db, hides_failure, NULL, &f.fault), ERR_CONFLICT);
        CHECK_EQ(db_fixture_i64(&f, "SELECT count(*) FROM thing"), 0);
        int64_t seen = 0;
        CHECK_EQ(db_write(f.db, tries, &seen, &f.fault), OK, "%s", f.fault.message);
        CHECK_EQ(seen, 3033);
        CHECK_EQ(db_fixture_i64(&f, "SELECT count(*) FROM thing"), 2);
        struct thing t = { 40, 0, "z", OK };
        CHECK_EQ(db_read(f.db, write_in_read, &t, &f.fault), ERR_INTERNAL);
        CHECK_EQ(db_read(f.db, write_text_in_read, NULL, &f.fault), ERR_INTERNAL);
        CHECK_EQ(db_fixture_i64(&f, "SELECT count(*) FROM thing"), 2);
        db_fixture_close(&f);
    }
}

/* ---- rows ---- */

static enum err nested(struct db_tx *tx, void *arg, struct fault *fault)
{
    int64_t *sum = arg;
    struct db_rows *outer, *inner;
    struct db_value org = db_int(1);
    bool more, has;
    *sum = 0;
    TRY(db_query_stream(tx, &all, &org, fault, &outer));
    for (;;) {
        TRY(db_next(outer, &more, fault));
        if (!more)
            return OK;
        TRY(db_query(tx, &all, &org, fault, &inner)); /* the same statement inside its own loop */
        TRY(db_next(inner, &has, fault));
        *sum += db_i64(outer, 0) * db_i64(inner, 0);
        db_rows_close(inner);
    }
}

static enum err many(struct db_tx *tx, void *arg, struct fault *fault)
{
    (void)arg;
    for (int i = 1; i <= 1200; i++)
        TRY(add_work(tx, &(struct thing){ i, 0, NULL, OK }, fault));
    int64_t changed = 0;
    TRY(db_run(tx, &bump, (struct db_value[]){ db_int(1), db_int(1101), db_int(5) }, &changed,
               fault));
    CHECK_EQ(changed, 100);
    return OK;
}

TEST(db_rows_nest_stream_and_count)
{
    FOR_EACH_ENGINE(engine) {
        struct db_fixture f;
        if (!db_fixture_open(&f, engine))
            continue;
        int64_t sum = 0;
        CHECK_EQ(db_fixture_script(&f, schema), OK, "%s", f.fault.message);
        CHECK_EQ(db_write(f.db, many, NULL, &f.fault), OK, "%s", f.fault.message);
        CHECK_EQ(db_read(f.db, nested, &sum, &f.fault), OK, "%s", f.fault.message);
        CHECK_EQ(sum, 1200 * 1201 / 2);
        db_fixture_close(&f);
    }
}

/* More composed texts than a connection remembers: the oldest are forgotten, all work. */
static enum err composed(struct db_tx *tx, void *arg, struct fault *fault)
{
    struct arena *arena = arg;
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < 600; i++) {
            struct str sql = str_fmt(arena, "SELECT %d + CAST($1 AS bigint)", i);
            struct db_value one = db_int(1);
            struct db_rows *rows;
            bool has;
            TRY(db_query_text(tx, sql, &one, 1, fault, &rows));
            TRY(db_next(rows, &has, fault));
            CHECK_EQ(db_i64(rows, 0), i + 1);
            db_rows_close(rows);
        }
    }
    CHECK(tx->conn->composed <= DB_COMPOSED_MAX);
    return OK;
}

static enum err checked(struct db_tx *tx, void *arg, struct fault *fault)
{
    return db_check_statement(tx, arg, fault);
}

TEST(db_statements_are_checked_and_remembered)
{
    FOR_EACH_ENGINE(engine) {
        struct db_fixture f;
        if (!db_fixture_open(&f, engine))
            continue;
        CHECK_EQ(db_fixture_script(&f, schema), OK, "%s", f.fault.message);
        CHECK_EQ(db_read(f.db, composed, test_arena(), &f.fault), OK, "%s", f.fault.message);
        struct db_statement s = get;
        CHECK_EQ(db_read(f.db, checked, &s, &f.fault), OK, "%s", f.fault.message);
        struct db_statement wrong = get;
        wrong.columns = 3;
        CHECK_EQ(db_read(f.db, checked, &wrong, &f.fault), ERR_INVALID);
        struct db_statement bad = get;
        bad.sql = "SELECT nothing FROM thing";
        CHECK_EQ(db_read(f.db, checked, &bad, &f.fault), ERR_INVALID);
        CHECK(strstr(f.fault.message, "db_test.c:2") != NULL, "%s", f.fault.message);
        db_fixture_close(&f);
    }
}

/* ---- settings ---- */

static enum err settings_work(struct db_tx *tx, void *arg, struct fault *fault)
{
    static const struct { const char *sql; int64_t want; } cases[] = {
        { "SELECT synchronous FROM pragma_synchronous", 2 },
        { "SELECT foreign_keys FROM pragma_foreign_keys", 1 },
        { "SELECT trusted_schema FROM pragma_trusted_schema", 0 },
        { "SELECT journal_mode = 'wal' FROM pragma_journal_mode", 1 },
        { "SELECT timeout FROM pragma_busy_timeout", 5000 },
    };
    (void)arg;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct db_rows *rows;
        bool has;
        TRY(db_query_text(tx, str_from(cases[i].sql), NULL, 0, fault, &rows));
        TRY(db_next(rows, &has, fault));
        CHECK_EQ(db_i64(rows, 0), cases[i].want, "%s", cases[i].sql);
        db_rows_close(rows);
    }
    return OK;
}

TEST(db_commits_are_synchronous_full)
{
    struct db_fixture f;
    if (!db_fixture_open(&f, DB_SQLITE))
        return;
    CHECK_EQ(db_write(f.db, settings_work, NULL, &f.fault), OK, "%s", f.fault.message);
    CHECK_EQ(db_read(f.db, settings_work, NULL, &f.fault), OK, "%s", f.fault.message);
    db_fixture_close(&f);
}
