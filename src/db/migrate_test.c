/* migrate_test.c - migrations: order, hashes, expectations, and spelling. */
#include "db/catalogue.h"
#include "db/db_testing.h"
#include "db/internal.h"

#include <pthread.h>

static const struct db_migration good[] = {
    { 1, "0001_start",
      "-- Why: a table to begin with; \"INT\" in a comment stays.\n"
      "CREATE TABLE visit(org REF NOT NULL, id ID NOT NULL, planned DATE NOT NULL,"
      " paid MONEY NOT NULL DEFAULT 0, note TEXT DEFAULT 'INT; TEXT', PRIMARY KEY(org, id))"
      " {{STRICT}};\n"
      "INSERT INTO visit(org, id, planned, paid) VALUES(1, 1, 20000, 5000000000);" },
    { 2, "0002_distance",
      "ALTER TABLE visit ADD COLUMN distance INT CHECK (distance BETWEEN 0 AND 50000);\n"
      "-- expect: SELECT count(*) FROM visit WHERE distance IS NOT NULL   = 0\n"
      "-- expect: SELECT count(*) FROM visit = 1\n" },
    { 3, "0003_report",
      "CREATE TABLE report(org REF NOT NULL, id ID NOT NULL, visit REF NOT NULL, body BLOB,"
      " PRIMARY KEY(org, id), FOREIGN KEY(org, visit) REFERENCES visit(org, id)) {{STRICT}}" },
};

TEST(migrations_run_once_and_in_order)
{
    FOR_EACH_ENGINE(engine) {
        struct db_fixture f;
        if (!db_fixture_open(&f, engine))
            continue;
        int number = -1;
        CHECK_EQ(db_schema_number(f.db, &f.fault, &number), OK, "%s", f.fault.message);
        CHECK_EQ(number, 0);
        CHECK_EQ(db_migrate_check(f.db, good, 3, &f.fault), ERR_STATE);
        struct instant now = { 1700000000000000 };
        CHECK_EQ(db_migrate(f.db, good, 2, now, &f.fault), OK, "%s", f.fault.message);
        CHECK_EQ(db_migrate(f.db, good, 3, now, &f.fault), OK, "%s", f.fault.message);
        uint64_t changes = db_changes(f.db);
        CHECK_EQ(db_migrate(f.db, good, 3, now, &f.fault), OK, "%s", f.fault.message);
        CHECK_EQ(db_changes(f.db), changes, "nothing to do, nothing written");
        CHECK_EQ(db_migrate_check(f.db, good, 3, &f.fault), OK, "%s", f.fault.message);
        CHECK_EQ(db_fixture_i64(&f, "SELECT paid FROM visit WHERE org = 1"), 5000000000);
        CHECK_EQ(db_fixture_i64(&f, "SELECT count(*) FROM visit WHERE note = 'INT; TEXT'"), 1);
        CHECK_EQ(db_fixture_i64(&f, "SELECT count(*) FROM migration"), 3);
        int problems = -1;
        CHECK_EQ(db_check_shape(f.db, NULL, NULL, NULL, &f.fault, &problems), OK, "%s",
                 f.fault.message);
        CHECK_EQ(problems, 0);
        db_fixture_close(&f);
    }
}

TEST(migrations_that_do_not_fit_are_refused)
{
    static const struct {
        const char *what, *sql, *message;
        enum err want;
        int number;
    } cases[] = {
        { "an edited text", "CREATE TABLE other(org REF NOT NULL)", "was changed", ERR_STATE, 3 },
        { "an expectation that fails", "SELECT 1;\n-- expect: SELECT count(*) FROM visit = 7\n",
          "expected 7, found 1", ERR_UNPROCESSABLE, 4 },
        { "an expectation without number", "SELECT 1;\n-- expect: SELECT 1\n", "does not end",
          ERR_INVALID, 4 },
        { "a statement that fails undoes those before it",
          "CREATE TABLE half(org REF NOT NULL); INSERT INTO nowhere VALUES(1)", "nowhere",
          ERR_INTERNAL, 4 },
    };
    FOR_EACH_ENGINE(engine) {
        struct db_fixture f;
        if (!db_fixture_open(&f, engine))
            continue;
        CHECK_EQ(db_migrate(f.db, good, 3, (struct instant){ 1 }, &f.fault), OK, "%s",
                 f.fault.message);
        for (size_t i = 0; i < COUNT(cases); i++) {
            struct db_migration list[4] = { good[0], good[1], good[2] };
            list[cases[i].number - 1] =
                (struct db_migration){ cases[i].number, "bad", cases[i].sql };
            CHECK_EQ(db_migrate(f.db, list, cases[i].number, (struct instant){ 1 }, &f.fault),
                     cases[i].want, "%s: %s", cases[i].what, f.fault.message);
            CHECK(strstr(f.fault.message, cases[i].message) != NULL, "%s: %s", cases[i].what,
                  f.fault.message);
        }
        CHECK_EQ(db_migrate(f.db, good, 2, (struct instant){ 1 }, &f.fault), ERR_STATE);
        CHECK(strstr(f.fault.message, "newer program") != NULL, "%s", f.fault.message);
        CHECK_EQ(db_fixture_i64(&f, "SELECT count(*) FROM migration"), 3);
        CHECK_EQ(db_fixture_script(&f, "SELECT * FROM half"), ERR_INTERNAL, "it was undone");
        db_fixture_close(&f);
    }
}

/* Rebuilding a table that others refer to: SQLite's way to change a column. */
TEST(migrations_may_rebuild_a_table)
{
    struct db_fixture f;
    if (!db_fixture_open(&f, DB_SQLITE))
        return;
    static const char rebuild[] =
        "INSERT INTO report VALUES(1, 1, 1, NULL);"
        "CREATE TABLE visit_new(org REF NOT NULL, id ID NOT NULL, PRIMARY KEY(org, id)) {{STRICT}};"
        "INSERT INTO visit_new SELECT org, id FROM visit; DROP TABLE visit;"
        "ALTER TABLE visit_new RENAME TO visit;\n-- expect: SELECT count(*) FROM report = 1\n";
    struct db_migration list[5] = { good[0], good[1], good[2], { 4, "rebuild", rebuild },
                                    { 5, "breaks", "DELETE FROM visit" } };
    CHECK_EQ(db_migrate(f.db, list, 4, (struct instant){ 1 }, &f.fault), OK, "%s",
             f.fault.message);
    CHECK_EQ(db_migrate(f.db, list, 5, (struct instant){ 1 }, &f.fault), ERR_UNPROCESSABLE);
    CHECK(strstr(f.fault.message, "foreign key") != NULL, "%s", f.fault.message);
    CHECK_EQ(db_fixture_script(&f, "DELETE FROM visit"), ERR_UNPROCESSABLE, "keys are on again");
    db_fixture_close(&f);
}

struct racer {
    struct db_fixture *f;
    pthread_t thread;
    enum err outcome;
    struct fault fault;
};

static void *race(void *arg)
{
    struct racer *r = arg;
    struct db_config config = { .url = r->f->url };
    struct db *db = NULL;
    r->outcome = db_open(&config, &r->fault, &db);
    if (!r->outcome)
        r->outcome = db_migrate(db, good, 3, (struct instant){ 1 }, &r->fault);
    db_close(db);
    return NULL;
}

TEST(two_migrators_at_once_apply_each_migration_once)
{
    FOR_EACH_ENGINE(engine) {
        struct db_fixture f;
        if (!db_fixture_open(&f, engine))
            continue;
        struct racer racers[3];
        for (size_t i = 0; i < COUNT(racers); i++) {
            racers[i] = (struct racer){ .f = &f };
            pthread_create(&racers[i].thread, NULL, race, &racers[i]);
        }
        for (size_t i = 0; i < COUNT(racers); i++) {
            pthread_join(racers[i].thread, NULL);
            CHECK_EQ(racers[i].outcome, OK, "%s", racers[i].fault.message);
        }
        CHECK_EQ(db_fixture_i64(&f, "SELECT count(*) FROM migration"), 3);
        CHECK_EQ(db_fixture_i64(&f, "SELECT count(*) FROM visit"), 1);
        db_fixture_close(&f);
    }
}

static void keep(void *arg, struct str problem)
{
    struct str *all = arg;
    *all = str_fmt(test_arena(), STR_FMT STR_FMT "\n", STR_ARG(*all), STR_ARG(problem));
}

TEST(shape_breaks_are_named)
{
    static const char *const global[] = { "currency", NULL };
    static const char tables[] =
        "CREATE TABLE currency(code TEXT NOT NULL {{PK}}) {{STRICT}};"
        "CREATE TABLE right1(org REF NOT NULL, id ID NOT NULL, money TEXT NOT NULL REFERENCES"
        " currency(code), PRIMARY KEY(org, id), UNIQUE(org, money)) {{STRICT}};"
        "CREATE TABLE wrong1(org REF NOT NULL, id ID NOT NULL {{PK}}) {{STRICT}};"
        "CREATE TABLE wrong2(id ID NOT NULL, PRIMARY KEY(id)) {{STRICT}};"
        "CREATE TABLE wrong3(org REF NOT NULL, id ID NOT NULL, name TEXT, other REF,"
        " PRIMARY KEY(org, id), FOREIGN KEY(other) REFERENCES wrong2(id)) {{STRICT}};"
        "CREATE UNIQUE INDEX wrong3_name ON wrong3(name);";
    static const char *const wanted[] = {
        "table wrong1: primary key (id) does not begin with org\n",
        "table wrong2: there is no column org\n",
        "table wrong2: primary key (id) does not begin with org\n",
        "table wrong3: unique key (name) does not begin with org\n",
        "table wrong3: foreign key (other) to wrong2 does not pair org with org\n",
    };
    FOR_EACH_ENGINE(engine) {
        struct db_fixture f;
        if (!db_fixture_open(&f, engine))
            continue;
        CHECK_EQ(db_fixture_script(&f, tables), OK, "%s", f.fault.message);
        struct str all = STR("");
        int problems;
        CHECK_EQ(db_check_shape(f.db, global, keep, &all, &f.fault, &problems), OK, "%s",
                 f.fault.message);
        CHECK_EQ(problems, COUNT(wanted), STR_FMT, STR_ARG(all));
        for (size_t i = 0; i < COUNT(wanted); i++)
            CHECK(str_find(all, str_from(wanted[i])) >= 0, "%s in " STR_FMT, wanted[i],
                  STR_ARG(all));
        db_fixture_close(&f);
    }
}

TEST(sql_scripts_are_split_and_spelled)
{
    static const struct { const char *sql, *sqlite, *postgres; } cases[] = {
        { "a INT, date DATE", "a INTEGER, date INTEGER", "a BIGINT, date BIGINT" },
        { "'INT' \"TEXT\" -- BLOB", "'INT' \"TEXT\" -- BLOB", "'INT' \"TEXT\" -- BLOB" },
        { "x BLOB /* INT */ {{STRICT}}", "x BLOB /* INT */ STRICT", "x BYTEA /* INT */ " },
        { "id ID {{PK}}", "id INTEGER PRIMARY KEY", "id BIGINT PRIMARY KEY" },
        { "y TEXT {{NOPE}}", "y TEXT {{NOPE}}", "y TEXT COLLATE \"C\" {{NOPE}}" },
        { "PRINT INTO", "PRINT INTO", "PRINT INTO" },
    };
    struct arena *arena = test_arena();
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct str sql = str_from(cases[i].sql);
        CHECK_STR(db_spell(arena, DB_SQLITE, sql), str_from(cases[i].sqlite));
        CHECK_STR(db_spell(arena, DB_POSTGRES, sql), str_from(cases[i].postgres));
    }
    struct str script = STR(" ;; a 'x;''y' ; -- b;\n ; /* c; */ d ;  "), one;
    CHECK(db_sql_split(&script, &one));
    CHECK_STR(str_trim(one), STR("a 'x;''y'"));
    CHECK(db_sql_split(&script, &one));
    CHECK(str_ends(str_trim(one), STR("d")));
    CHECK(!db_sql_split(&script, &one));
}
