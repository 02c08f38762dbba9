/*
 * lite.c - the SQLite driver. Settings and their reasons:
 *
 *   WAL, synchronous=FULL   a commit that was answered survives the loss of power; FULL is set on
 *                           every connection and proven by tests/fault (NORMAL loses answers)
 *   busy_timeout first      so that not even the pragmas after it fail on a lock
 *   foreign_keys, trusted_schema=OFF, secure_delete=FAST
 *   mmap for readers only   a write through a map could not be ordered; a read saves the copy
 */
#include "db/internal.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

struct lite {
    struct db_conn conn;
    sqlite3 *handle;
    sqlite3_stmt *control[DB_CONTROL_COUNT];
};

static struct lite *lite_of(struct db_conn *conn)
{
    return (struct lite *)conn;
}

sqlite3 *db_lite_handle(struct db_conn *conn)
{
    assert(conn->driver == &db_driver_sqlite);
    return lite_of(conn)->handle;
}

void db_process_setup(void)
{
    /* One connection per thread: no mutex around each call. The memory counters cost a process-wide
     * lock per allocation. Both fail harmlessly when SQLite is running already. */
    (void)sqlite3_config(SQLITE_CONFIG_MULTITHREAD);
    (void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

/* ---- errors ---- */

static enum err constraint_error(int extended)
{
    return extended == SQLITE_CONSTRAINT_UNIQUE || extended == SQLITE_CONSTRAINT_PRIMARYKEY ||
                   extended == SQLITE_CONSTRAINT_ROWID
               ? ERR_CONFLICT
               : ERR_UNPROCESSABLE;
}

static enum err io_error(sqlite3 *handle, int extended)
{
    if (extended == SQLITE_IOERR_NOMEM)
        return ERR_NO_MEMORY;
    int number = sqlite3_system_errno(handle);
    return number == ENOSPC || number == EDQUOT ? ERR_FULL : ERR_IO;
}

static enum err lite_error(sqlite3 *handle, int rc, struct fault *fault)
{
    if (!handle)
        return db_no_memory(fault);
    int extended = sqlite3_extended_errcode(handle);
    if ((extended & 0xff) != (rc & 0xff))
        extended = rc;
    const char *words = sqlite3_errmsg(handle);
    enum err e = ERR_INTERNAL;
    switch (rc & 0xff) {
    case SQLITE_CONSTRAINT: e = constraint_error(extended); break;
    case SQLITE_IOERR: e = io_error(handle, extended); break;
    case SQLITE_BUSY:
    case SQLITE_LOCKED: e = ERR_BUSY; break;
    case SQLITE_FULL: e = ERR_FULL; break;
    case SQLITE_NOMEM: e = ERR_NO_MEMORY; break;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB: e = ERR_CORRUPT; break;
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY:
    case SQLITE_PERM: e = ERR_IO; break;
    case SQLITE_TOOBIG: e = ERR_TOO_LARGE; break;
    case SQLITE_MISMATCH: e = ERR_UNPROCESSABLE; break;
    case SQLITE_INTERRUPT: e = ERR_BUSY; words = "it took longer than allowed"; break;
    default: e = strstr(words, "integer overflow") ? ERR_OVERFLOW : ERR_INTERNAL; break;
    }
    return fault_set(fault, e, "SQLite: %s (%d)", words, extended);
}

/* ---- open and close ---- */

static int over_time(void *arg)
{
    struct lite *c = arg;
    return c->conn.deadline_us != 0 && db_now_us() > c->conn.deadline_us;
}

static enum err lite_plain(struct db_conn *conn, const char *sql, struct fault *fault)
{
    struct lite *c = lite_of(conn);
    int rc = sqlite3_exec(c->handle, sql, NULL, NULL, NULL);
    return rc ? lite_error(c->handle, rc, fault) : OK;
}

static enum err pragma(struct lite *c, struct fault *fault, const char *name, int64_t value)
{
    char sql[96];
    snprintf(sql, sizeof(sql), "PRAGMA %s=%lld", name, (long long)value);
    int rc = sqlite3_exec(c->handle, sql, NULL, NULL, NULL);
    return rc ? lite_error(c->handle, rc, fault) : OK;
}

static enum err journal_mode(struct lite *c, struct fault *fault)
{
    sqlite3_stmt *s;
    int rc = sqlite3_prepare_v2(c->handle, "PRAGMA journal_mode=WAL", -1, &s, NULL);
    if (rc)
        return lite_error(c->handle, rc, fault);
    bool wal = false;
    rc = sqlite3_step(s);
    if (rc == SQLITE_ROW) {
        const char *mode = (const char *)sqlite3_column_text(s, 0);
        wal = mode && strcmp(mode, "wal") == 0;
    }
    enum err e = rc == SQLITE_ROW ? OK : lite_error(c->handle, rc, fault);
    sqlite3_finalize(s);
    if (!e && !wal)
        e = fault_set(fault, ERR_IO, "SQLite cannot use its write-ahead log on this file system");
    return e;
}

static enum err settings(struct lite *c, bool writer, struct fault *fault)
{
    const struct db_config *config = &c->conn.db->config;
    static const int sync[] = { [DB_SYNC_FULL] = 2, [DB_SYNC_NORMAL] = 1, [DB_SYNC_OFF] = 0 };
    TRY(journal_mode(c, fault));
    TRY(pragma(c, fault, "synchronous", sync[config->sync]));
    TRY(pragma(c, fault, "foreign_keys", 1));
    TRY(pragma(c, fault, "trusted_schema", 0));
    TRY(lite_plain(&c->conn, "PRAGMA secure_delete=FAST", fault));
    TRY(pragma(c, fault, "cache_size", writer ? -65536 : -16384));
    TRY(pragma(c, fault, "mmap_size", writer ? 0 : INT64_C(1) << 30));
    TRY(pragma(c, fault, "journal_size_limit", INT64_C(64) << 20));
    TRY(pragma(c, fault, "wal_autocheckpoint", config->wal_pages));
    return writer ? OK : pragma(c, fault, "query_only", 1);
}

static const char *const control_text[DB_CONTROL_COUNT] = {
    [DB_BEGIN_READ] = "BEGIN",     [DB_BEGIN_WRITE] = "BEGIN IMMEDIATE",
    [DB_COMMIT] = "COMMIT",        [DB_ROLLBACK] = "ROLLBACK",
    [DB_SAVEPOINT] = "SAVEPOINT s", [DB_RELEASE] = "RELEASE s",
    [DB_ROLLBACK_TO] = "ROLLBACK TO s",
};

static enum err lite_setup(struct lite *c, bool writer, struct fault *fault)
{
    sqlite3_extended_result_codes(c->handle, 1);
    sqlite3_busy_timeout(c->handle, c->conn.db->config.wait_ms);
    sqlite3_progress_handler(c->handle, 10000, over_time, c);
    TRY(settings(c, writer, fault));
    TRY(db_lite_register_search(c->handle, fault));
    for (int i = 0; i < DB_CONTROL_COUNT; i++) {
        int rc = sqlite3_prepare_v3(c->handle, control_text[i], -1, SQLITE_PREPARE_PERSISTENT,
                                    &c->control[i], NULL);
        if (rc)
            return lite_error(c->handle, rc, fault);
    }
    return OK;
}

static void lite_close(struct db_conn *conn)
{
    struct lite *c = lite_of(conn);
    db_conn_forget(conn);
    for (int i = 0; i < DB_CONTROL_COUNT; i++)
        sqlite3_finalize(c->control[i]);
    sqlite3_close(c->handle);
    free(c);
}

static enum err lite_open(struct db *db, bool writer, struct fault *fault, struct db_conn **ret)
{
    struct lite *c = calloc(1, sizeof(*c));
    if (!c)
        return db_no_memory(fault);
    c->conn.driver = &db_driver_sqlite;
    c->conn.db = db;
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX;
    if (writer && !db->config.must_exist)
        flags |= SQLITE_OPEN_CREATE;
    int rc = sqlite3_open_v2(db->url, &c->handle, flags, db->vfs);
    enum err e = rc ? lite_error(c->handle, rc, fault) : lite_setup(c, writer, fault);
    if (e) {
        lite_close(&c->conn);
        return fault_explain(fault, e, "opening %s", db->url);
    }
    *ret = &c->conn;
    return OK;
}

/* ---- transactions ---- */

static enum err control_step(struct lite *c, enum db_control what, struct fault *fault)
{
    int rc = sqlite3_step(c->control[what]);
    enum err e = rc == SQLITE_DONE ? OK : lite_error(c->handle, rc, fault);
    sqlite3_reset(c->control[what]);
    return e;
}

static enum err lite_control(struct db_conn *conn, enum db_control what, struct fault *fault)
{
    struct lite *c = lite_of(conn);
    if (what == DB_ROLLBACK) {
        /* An engine error may have undone everything already. */
        return sqlite3_get_autocommit(c->handle) ? OK : control_step(c, what, fault);
    }
    TRY(control_step(c, what, fault));
    return what == DB_ROLLBACK_TO ? control_step(c, DB_RELEASE, fault) : OK;
}

static bool lite_in_transaction(const struct db_conn *conn)
{
    return !sqlite3_get_autocommit(((const struct lite *)conn)->handle);
}

/* ---- statements ---- */

/* SQLite takes $7 as a name, in order of first use; we bind by number. */
static enum err param_numbers(struct db_prepared *p, struct fault *fault)
{
    int count = sqlite3_bind_parameter_count(p->stmt);
    p->param = calloc((size_t)count + 1, sizeof(*p->param));
    if (!p->param)
        return db_no_memory(fault);
    for (int i = 1; i <= count; i++) {
        const char *name = sqlite3_bind_parameter_name(p->stmt, i);
        int64_t number = 0;
        if (!name || name[0] != '$' || !str_to_i64(str_from(name + 1), &number) || number < 1 ||
            number > DB_PARAMS_MAX)
            return fault_set(fault, ERR_INTERNAL, "parameter %d of an SQL text is not $n", i);
        p->param[i] = (uint16_t)number;
    }
    p->params = count;
    return OK;
}

static enum err lite_prepare(struct db_conn *conn, struct db_prepared *p, const char *sql,
                             int params, struct fault *fault)
{
    struct lite *c = lite_of(conn);
    (void)params;
    const char *tail = NULL;
    int rc = sqlite3_prepare_v3(c->handle, sql, -1, SQLITE_PREPARE_PERSISTENT, &p->stmt, &tail);
    if (rc)
        return lite_error(c->handle, rc, fault);
    if (!p->stmt)
        return fault_set(fault, ERR_INTERNAL, "an SQL text is empty");
    struct str rest = str_from(tail), more;
    if (db_sql_split(&rest, &more))
        return fault_set(fault, ERR_INTERNAL, "an SQL text holds more than one statement");
    p->writes = !sqlite3_stmt_readonly(p->stmt);
    return param_numbers(p, fault);
}

static void lite_unprepare(struct db_conn *conn, struct db_prepared *p)
{
    (void)conn;
    sqlite3_finalize(p->stmt);
    p->stmt = NULL;
}

static enum err lite_describe(struct db_conn *conn, struct db_prepared *p, int *columns,
                              int *params, struct fault *fault)
{
    (void)conn;
    (void)fault;
    *columns = sqlite3_column_count(p->stmt);
    *params = 0;
    for (int i = 1; i <= p->params; i++)
        *params = MAX(*params, p->param[i]);
    return OK;
}

static int bind(sqlite3_stmt *s, int at, const struct db_value *v, bool whole)
{
    sqlite3_destructor_type copy = whole ? SQLITE_STATIC : SQLITE_TRANSIENT;
    const char *data = v->bytes.data ? v->bytes.data : "";
    switch (v->type) {
    case DB_I64: return sqlite3_bind_int64(s, at, v->i64);
    case DB_TEXT:
        return sqlite3_bind_text64(s, at, data, v->bytes.len, copy, SQLITE_UTF8);
    case DB_BLOB: return sqlite3_bind_blob64(s, at, data, v->bytes.len, copy);
    case DB_NULL: break;
    }
    return sqlite3_bind_null(s, at);
}

static enum err lite_start(struct db_rows *rows, const struct db_value *values, int count,
                           bool stream, struct fault *fault)
{
    struct lite *c = lite_of(rows->tx->conn);
    struct db_prepared *p = rows->prepared;
    (void)stream; /* SQLite always streams */
    for (int i = 1; i <= p->params; i++) {
        if (p->param[i] > count)
            return fault_set(fault, ERR_INTERNAL, "an SQL text uses $%d of %d parameters",
                             p->param[i], count);
        int rc = bind(p->stmt, i, &values[p->param[i] - 1], rows->whole);
        if (rc)
            return lite_error(c->handle, rc, fault);
    }
    return OK;
}

static enum err lite_next(struct db_rows *rows, bool *has, struct fault *fault)
{
    struct lite *c = lite_of(rows->tx->conn);
    sqlite3_stmt *s = rows->prepared->stmt;
    int rc = sqlite3_step(s);
    *has = rc == SQLITE_ROW;
    if (rc == SQLITE_ROW)
        return OK;
    if (rc != SQLITE_DONE)
        return lite_error(c->handle, rc, fault);
    rows->changed = sqlite3_stmt_readonly(s) ? 0 : sqlite3_changes64(c->handle);
    return OK;
}

static void lite_finish(struct db_rows *rows)
{
    sqlite3_reset(rows->prepared->stmt);
    /* Bound values may be personal data: do not keep copies until the next use. */
    sqlite3_clear_bindings(rows->prepared->stmt);
}

static int lite_columns(const struct db_rows *rows)
{
    return sqlite3_column_count(rows->prepared->stmt);
}

static const char *lite_column_name(const struct db_rows *rows, int column)
{
    const char *name = sqlite3_column_name(rows->prepared->stmt, column);
    return name ? name : "";
}

static enum db_type lite_type(const struct db_rows *rows, int column)
{
    int type = sqlite3_column_type(rows->prepared->stmt, column);
    assert(type != SQLITE_FLOAT); /* STRICT tables hold none: a statement made it */
    return type == SQLITE_INTEGER ? DB_I64
           : type == SQLITE_TEXT  ? DB_TEXT
           : type == SQLITE_BLOB  ? DB_BLOB
                                  : DB_NULL;
}

static int64_t lite_i64(const struct db_rows *rows, int column)
{
    return sqlite3_column_int64(rows->prepared->stmt, column);
}

static struct str lite_bytes(const struct db_rows *rows, int column)
{
    sqlite3_stmt *s = rows->prepared->stmt;
    const char *data = sqlite3_column_blob(s, column);
    size_t len = (size_t)sqlite3_column_bytes(s, column);
    return data ? (struct str){ data, len } : STR("");
}

const struct db_driver db_driver_sqlite = {
    .engine = DB_SQLITE,
    .open = lite_open,
    .close = lite_close,
    .control = lite_control,
    .in_transaction = lite_in_transaction,
    .prepare = lite_prepare,
    .unprepare = lite_unprepare,
    .describe = lite_describe,
    .start = lite_start,
    .next = lite_next,
    .finish = lite_finish,
    .plain = lite_plain,
    .columns = lite_columns,
    .column_name = lite_column_name,
    .type = lite_type,
    .i64 = lite_i64,
    .bytes = lite_bytes,
};
