/* watch_test.c - the number of db_watched() grows with each change of a watched table, not else. */
#include "db/db_testing.h"
#include "db/internal.h"

static const char *const watched[] = { "role", NULL };

static const char schema[] =
    "CREATE TABLE role(org REF NOT NULL, id ID NOT NULL, PRIMARY KEY(org, id)) {{STRICT}};"
    "CREATE TABLE role_play(org REF NOT NULL, id ID NOT NULL, PRIMARY KEY(org, id)) {{STRICT}};";

struct one {
    struct db_statement statement;
    bool fail;
};

static enum err run_one(struct db_tx *tx, void *arg, struct fault *fault)
{
    struct one *one = arg;
    TRY(db_run(tx, &one->statement, NULL, NULL, fault));
    return one->fail ? fault_set(fault, ERR_STATE, "asked to fail") : OK;
}

static enum err read_number(struct db_tx *tx, void *arg, struct fault *fault)
{
    (void)fault;
    *(uint64_t *)arg = db_watched(tx);
    return OK;
}

static uint64_t number(struct db_fixture *f)
{
    uint64_t v = 0;
    struct fault fault = { 0 };
    CHECK_EQ(db_read(f->db, read_number, &v, &fault), OK);
    return v;
}

TEST(a_change_of_a_watched_table_is_told_before_its_answer)
{
    static struct {
        const char *sql;
        bool fail;
        int grows;
    } rows[] = {
        { "INSERT INTO role VALUES(1, 1)", false, 1 },
        { "INSERT INTO role_play VALUES(1, 1)", false, 0 },
        { "UPDATE role SET id = 2 WHERE id = 1", false, 1 },
        { "SELECT * FROM role", false, 0 },
        { "UPDATE role_play SET id = 2 WHERE id = 1", false, 0 },
        { "DELETE\n  FROM role WHERE id = 7", false, 1 },
        { "INSERT OR IGNORE INTO role_play VALUES(1, 2)", false, 1 }, /* unusual: to be safe */
        { "INSERT INTO role VALUES(1, 9)", true, 0 },
    };
    static struct one ones[COUNT(rows)]; /* the database knows statements by their address */
    struct db_fixture f;
    struct db_config config = { .watch = watched };
    if (!db_fixture_open_with(&f, DB_SQLITE, &config))
        return;
    CHECK_EQ(db_fixture_script(&f, schema), OK);
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct fault fault = { 0 };
        ones[i] = (struct one){ { .name = "one", .sql = rows[i].sql, .file = "watch_test.c" },
                                rows[i].fail };
        uint64_t before = number(&f);
        CHECK(before > 0);
        CHECK_EQ(db_write(f.db, run_one, &ones[i], &fault), rows[i].fail ? ERR_STATE : OK);
        CHECK_EQ((int64_t)(number(&f) - before), rows[i].grows);
    }
    db_fixture_close(&f);
}
