/*
 * db_testing.h - a fresh database for a unit test, on each engine: SQLite in a folder of its own,
 * PostgreSQL (only when QIBING_TEST_PG holds an address) in a schema of its own.
 *
 *     FOR_EACH_ENGINE(engine) {
 *         struct db_fixture f;
 *         if (!db_fixture_open(&f, engine)) continue;      // not available here
 *         ... f.db ...
 *         db_fixture_close(&f);
 *     }
 */
#pragma once

#include "base/test.h"
#include "db/migrate.h"

struct db_fixture {
    struct db *db;
    enum db_engine engine;
    char folder[64];  /* SQLite: removed at the end */
    char path[128];   /* SQLite: the file */
    char url[512];    /* what db_open got */
    char schema[32];
    struct fault fault;
};

#define FOR_EACH_ENGINE(engine) \
    for (enum db_engine engine = DB_SQLITE; engine <= DB_POSTGRES; engine++)

bool db_fixture_open(struct db_fixture *f, enum db_engine engine);
/* With settings; config->url is filled in. */
bool db_fixture_open_with(struct db_fixture *f, enum db_engine engine, struct db_config *config);
void db_fixture_close(struct db_fixture *f);
/* Closes and opens the same database again. */
void db_fixture_reopen(struct db_fixture *f, struct db_config *config);
/* Runs a script without parameters (type words and macros allowed) in one transaction. */
enum err db_fixture_script(struct db_fixture *f, const char *sql);
/* The first column of the first row; -999 when there is none, or an error. */
int64_t db_fixture_i64(struct db_fixture *f, const char *sql);
