/* migrate.c - the schema, forward only. */
#include "db/migrate.h"

#include "db/internal.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

#define HASH_BYTES crypto_hash_sha256_BYTES
#define MIGRATORS_LOCK "7161696"

static const struct db_statement applied_list = {
    .name = "migration_list", .file = "src/db/migrate.c", .columns = 3,
    .sql = "SELECT number, name, hash FROM migration ORDER BY number",
};
static const struct db_statement applied_add = {
    .name = "migration_add", .file = "src/db/migrate.c", .params = 4, .writes = true,
    .sql = "INSERT INTO migration(number, name, hash, applied_at) VALUES($1,$2,$3,$4)",
};

static void hash_of(const char *sql, unsigned char hash[HASH_BYTES])
{
    crypto_hash_sha256(hash, (const unsigned char *)sql, strlen(sql));
}

/* ---- what is applied ---- */

struct migrator {
    const struct db_migration *list;
    int count;
    struct instant now;
    int applied; /* number of the last one */
};

static enum err compare(const struct migrator *m, const struct db_rows *rows, struct fault *fault)
{
    int64_t number = db_i64(rows, 0);
    struct str name = db_text(rows, 1);
    if (number > m->count)
        return fault_set(fault, ERR_STATE,
                         "the database has migration %lld \"" STR_FMT
                         "\", this program knows only %d: use a newer program",
                         (long long)number, STR_ARG(name), m->count);
    const struct db_migration *known = &m->list[number - 1];
    unsigned char hash[HASH_BYTES];
    hash_of(known->sql, hash);
    struct str stored = db_blob(rows, 2);
    if (!str_eq(stored, (struct str){ (const char *)hash, sizeof(hash) }))
        return fault_set(fault, ERR_STATE,
                         "migration %lld \"%s\" was changed after it had been applied as \"" STR_FMT
                         "\"; a released migration is never edited",
                         (long long)number, known->name, STR_ARG(name));
    return OK;
}

/* Reads table `migration` and holds it against the list. */
static enum err applied_read(struct db_tx *tx, struct migrator *m, struct fault *fault)
{
    struct db_rows *rows;
    TRY(db_query(tx, &applied_list, NULL, fault, &rows));
    m->applied = 0;
    for (;;) {
        bool has;
        TRY(db_next(rows, &has, fault));
        if (!has)
            return OK;
        if (db_i64(rows, 0) != m->applied + 1)
            return fault_set(fault, ERR_CORRUPT, "migration %d is missing in the database",
                             m->applied + 1);
        if (m->list)
            TRY(compare(m, rows, fault));
        m->applied++;
    }
}

static enum err table_exists(struct db_tx *tx, struct fault *fault, bool *ret)
{
    static const struct db_statement lite = {
        .name = "migration_exists", .file = "src/db/migrate.c", .columns = 1,
        .sql = "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = 'migration'",
    };
    static const struct db_statement postgres = {
        .name = "migration_exists", .file = "src/db/migrate.c", .columns = 1,
        .sql = "SELECT count(*) FROM pg_class WHERE oid = to_regclass('migration')",
    };
    bool has;
    int64_t count = 0;
    TRY(db_get_i64(tx, db_tx_engine(tx) == DB_SQLITE ? &lite : &postgres, NULL, fault, &has,
                   &count));
    *ret = count > 0;
    return OK;
}

static enum err look(struct db_tx *tx, void *arg, struct fault *fault)
{
    struct migrator *m = arg;
    bool exists;
    m->applied = 0;
    TRY(table_exists(tx, fault, &exists));
    return exists ? applied_read(tx, m, fault) : OK;
}

enum err db_schema_number(struct db *db, struct fault *fault, int *ret)
{
    struct migrator m = { 0 };
    TRY(db_read(db, look, &m, fault));
    *ret = m.applied;
    return OK;
}

enum err db_migrate_check(struct db *db, const struct db_migration *list, int count,
                          struct fault *fault)
{
    struct migrator m = { .list = list, .count = count };
    TRY(db_read(db, look, &m, fault));
    if (m.applied != count)
        return fault_set(fault, ERR_STATE, "the database has migration %d, this program needs %d",
                         m.applied, count);
    return OK;
}

/* ---- applying ---- */

/* `-- expect: SELECT … = n`, checked inside the transaction. */
static enum err expect(struct db_tx *tx, struct str line, struct fault *fault)
{
    size_t at = line.len;
    while (at && line.data[at - 1] != '=')
        at--;
    int64_t want, got = 0;
    if (!at || !str_to_i64(str_trim(str_cut(line, at, line.len)), &want))
        return fault_set(fault, ERR_INVALID, "an expect line does not end in \"= number\"");
    struct str sql = str_trim(str_cut(line, 0, at - 1));
    struct db_rows *rows;
    bool has;
    TRY(db_query_text(tx, sql, NULL, 0, fault, &rows));
    TRY(db_next(rows, &has, fault));
    if (has) {
        got = db_i64(rows, 0);
        db_rows_close(rows);
    }
    if (!has || got != want)
        return fault_set(fault, ERR_UNPROCESSABLE, "expected %lld, found %lld: " STR_FMT,
                         (long long)want, (long long)got, STR_ARG(sql));
    return OK;
}

static enum err run_script(struct db_tx *tx, const char *sql, struct fault *fault)
{
    struct db_text_out text = { 0 };
    db_sql_spell(&text, db_tx_engine(tx), true, str_from(sql));
    if (text.failed) {
        db_out_free(&text);
        return db_no_memory(fault);
    }
    struct str rest = { text.data, text.len }, statement;
    enum err e = OK;
    while (!e && db_sql_split(&rest, &statement)) {
        struct db_text_out one = { 0 };
        db_out_add(&one, statement.data, statement.len);
        e = one.failed ? db_no_memory(fault) : db_tx_plain(tx, one.data, fault);
        db_out_free(&one);
    }
    db_out_free(&text);
    return e;
}

static enum err run_expects(struct db_tx *tx, const char *sql, struct fault *fault)
{
    struct str rest = str_from(sql), line;
    while (str_split(&rest, '\n', &line)) {
        line = str_trim(line);
        struct str mark = STR("-- expect:");
        if (str_starts(line, mark))
            TRY(expect(tx, str_cut(line, mark.len, line.len), fault));
    }
    return OK;
}

/* SQLite checks foreign keys late: a migration may rebuild a table, which for a moment breaks
 * them. */
static enum err foreign_keys_hold(struct db_tx *tx, struct fault *fault)
{
    static const struct db_statement check = {
        .name = "foreign_key_check", .file = "src/db/migrate.c", .columns = 1,
        .sql = "SELECT count(*) FROM pragma_foreign_key_check",
    };
    if (db_tx_engine(tx) != DB_SQLITE)
        return OK;
    bool has;
    int64_t broken = 0;
    TRY(db_get_i64(tx, &check, NULL, fault, &has, &broken));
    return broken ? fault_set(fault, ERR_UNPROCESSABLE, "it breaks %lld foreign keys",
                              (long long)broken)
                  : OK;
}

/* Two migrators wait for each other; SQLite has one writer anyway. `lock` must not take the
 * snapshot that the transaction will read with: that would be older than what we waited for. LOCK
 * TABLE does not, and CREATE … IF NOT EXISTS always looks at the newest catalogue. */
static enum err exclude_others(struct db_tx *tx, const char *lock, struct fault *fault)
{
    return db_tx_engine(tx) == DB_SQLITE ? OK : db_tx_plain(tx, lock, fault);
}

static enum err setup(struct db_tx *tx, void *arg, struct fault *fault)
{
    (void)arg;
    TRY(exclude_others(tx, "SELECT pg_advisory_xact_lock(" MIGRATORS_LOCK ")", fault));
    TRY(run_script(tx,
                   "CREATE TABLE IF NOT EXISTS migration(number INT NOT NULL {{PK}},"
                   " name TEXT NOT NULL, hash HASH NOT NULL, applied_at INSTANT NOT NULL)"
                   " {{STRICT}}",
                   fault));
    return db_search_setup(tx, fault);
}

/* The next missing one, if any. Reads the list again: another migrator may have been first. */
static enum err apply_next(struct db_tx *tx, void *arg, struct fault *fault)
{
    struct migrator *m = arg;
    TRY(exclude_others(tx, "LOCK TABLE migration IN ACCESS EXCLUSIVE MODE", fault));
    TRY(applied_read(tx, m, fault));
    if (m->applied == m->count)
        return OK;
    const struct db_migration *next = &m->list[m->applied];
    enum err e = run_script(tx, next->sql, fault);
    if (!e)
        e = run_expects(tx, next->sql, fault);
    if (!e)
        e = foreign_keys_hold(tx, fault);
    if (e)
        return fault_explain(fault, e, "migration %d \"%s\"", next->number, next->name);
    unsigned char hash[HASH_BYTES];
    hash_of(next->sql, hash);
    struct str name = str_from(next->name);
    TRY(db_run(tx, &applied_add,
               (struct db_value[]){ db_int(next->number), db_str(name),
                                    db_bytes((struct str){ (char *)hash, sizeof(hash) }),
                                    db_int(m->now.us) },
               NULL, fault));
    m->applied++;
    return OK;
}

static enum err list_check(const struct db_migration *list, int count, struct fault *fault)
{
    for (int i = 0; i < count; i++)
        if (list[i].number != i + 1)
            return fault_set(fault, ERR_INTERNAL, "migration %d \"%s\" should have number %d",
                             list[i].number, list[i].name, i + 1);
    return OK;
}

enum err db_migrate(struct db *db, const struct db_migration *list, int count, struct instant now,
                    struct fault *fault)
{
    struct migrator m = { .list = list, .count = count, .now = now };
    TRY(list_check(list, count, fault));
    /* Looking first keeps a start with nothing to do free of writes, also on a full disk. */
    TRY(db_read(db, look, &m, fault));
    if (m.applied == count && count > 0)
        return OK;
    TRY(db_write_schema(db, setup, NULL, fault));
    for (;;) {
        int before = m.applied;
        TRY(db_write_schema(db, apply_next, &m, fault));
        if (m.applied == count || m.applied < before)
            return OK;
    }
}
