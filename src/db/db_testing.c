/* db_testing.c - see db_testing.h. */
#include "db/db_testing.h"

#include "db/internal.h"

#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static bool schema_do(const char *address, const char *sql)
{
    PGconn *link = PQconnectdb(address);
    PQclear(PQexec(link, "SET client_min_messages = warning"));
    PGresult *result = PQexec(link, sql);
    bool done = PQresultStatus(result) == PGRES_COMMAND_OK;
    PQclear(result);
    PQfinish(link);
    return done;
}

static bool postgres_prepare(struct db_fixture *f)
{
    const char *address = getenv("QIBING_TEST_PG");
    if (!address || !address[0])
        return false;
    char sql[96];
    struct rand r = rand_seeded((uint64_t)db_now_us() ^ (uint64_t)getpid() << 32);
    snprintf(f->schema, sizeof(f->schema), "t%llu",
             (unsigned long long)rand_below(&r, UINT64_C(1) << 60));
    snprintf(sql, sizeof(sql), "CREATE SCHEMA %s", f->schema);
    snprintf(f->url, sizeof(f->url), "%s%soptions=-csearch_path%%3D%s", address,
             strchr(address, '?') ? "&" : "?", f->schema);
    bool made = schema_do(address, sql);
    CHECK(made, "cannot make a schema on QIBING_TEST_PG");
    return made;
}

bool db_fixture_open_with(struct db_fixture *f, enum db_engine engine, struct db_config *config)
{
    *f = (struct db_fixture){ .engine = engine };
    if (engine == DB_POSTGRES) {
        if (!postgres_prepare(f))
            return false;
    } else {
        snprintf(f->folder, sizeof(f->folder), "/tmp/qibing-db-XXXXXX");
        if (!mkdtemp(f->folder))
            return false;
        snprintf(f->path, sizeof(f->path), "%s/t.db", f->folder);
        snprintf(f->url, sizeof(f->url), "%s", f->path);
    }
    db_fixture_reopen(f, config);
    return f->db != NULL;
}

bool db_fixture_open(struct db_fixture *f, enum db_engine engine)
{
    struct db_config config = { 0 };
    return db_fixture_open_with(f, engine, &config);
}

void db_fixture_reopen(struct db_fixture *f, struct db_config *config)
{
    db_close(f->db);
    f->db = NULL;
    config->url = f->url;
    enum err e = db_open(config, &f->fault, &f->db);
    CHECK_EQ(e, OK, "%s", f->fault.message);
}

void db_fixture_close(struct db_fixture *f)
{
    db_close(f->db);
    if (f->engine == DB_POSTGRES) {
        char sql[96];
        snprintf(sql, sizeof(sql), "DROP SCHEMA %s CASCADE", f->schema);
        (void)schema_do(getenv("QIBING_TEST_PG"), sql);
        return;
    }
    static const char *const names[] = { "", "-wal", "-shm", "-journal", ".copy", ".copy-wal",
                                         ".copy-shm" };
    for (size_t i = 0; i < COUNT(names); i++) {
        char path[160];
        snprintf(path, sizeof(path), "%s%s", f->path, names[i]);
        unlink(path);
    }
    CHECK_EQ(rmdir(f->folder), 0, "%s is not empty", f->folder);
}

static enum err script_work(struct db_tx *tx, void *arg, struct fault *fault)
{
    struct db_text_out text = { 0 };
    db_sql_spell(&text, db_tx_engine(tx), true, str_from(arg));
    struct str rest = { text.data, text.len }, one;
    enum err e = OK;
    while (!e && db_sql_split(&rest, &one))
        e = db_tx_plain(tx, str_cstr(test_arena(), one), fault);
    db_out_free(&text);
    return e;
}

enum err db_fixture_script(struct db_fixture *f, const char *sql)
{
    return db_write_alone(f->db, script_work, (void *)sql, &f->fault);
}

struct ask {
    const char *sql;
    int64_t got;
};

static enum err ask_work(struct db_tx *tx, void *arg, struct fault *fault)
{
    struct ask *ask = arg;
    struct db_rows *rows;
    bool has;
    TRY(db_query_text(tx, str_from(ask->sql), NULL, 0, fault, &rows));
    TRY(db_next(rows, &has, fault));
    ask->got = has ? db_i64(rows, 0) : -999;
    return OK;
}

int64_t db_fixture_i64(struct db_fixture *f, const char *sql)
{
    struct ask ask = { sql, -999 };
    enum err e = db_read(f->db, ask_work, &ask, &f->fault);
    CHECK_EQ(e, OK, "%s: %s", sql, f->fault.message);
    return e ? -999 : ask.got;
}
