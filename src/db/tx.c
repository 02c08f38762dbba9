/* tx.c - statements and rows inside one transaction, the same for both drivers. */
#include "db/internal.h"

#include <stdlib.h>

struct db_tx db_tx_on(struct db_conn *conn, bool writes)
{
    return (struct db_tx){ .db = conn->db, .conn = conn, .writes = writes };
}

struct db *db_of(struct db_tx *tx)
{
    return tx->db;
}

enum db_engine db_tx_engine(const struct db_tx *tx)
{
    return tx->conn->driver->engine;
}

/* ---- failing ---- */

/* Remembers the first failure: from here on the transaction can only be undone. */
static enum err tx_fail(struct db_tx *tx, const struct db_statement *statement, enum err e,
                        struct fault *fault)
{
    if (statement)
        fault_explain(fault, e, "statement %s (%s:%d)", statement->name, statement->file,
                      statement->line);
    if (tx->conn->conflict)
        e = fault->code = ERR_RETRY;
    if (!tx->failed) {
        tx->failed = e;
        tx->fault = *fault;
    }
    return e;
}

static enum err tx_usable(struct db_tx *tx, const struct db_statement *statement,
                          struct fault *fault)
{
    if (tx->failed) {
        *fault = tx->fault;
        return fault_explain(fault, tx->failed, "the transaction had failed before");
    }
    if (statement && statement->writes && !tx->writes)
        return fault_set(fault, ERR_INTERNAL, "statement %s writes, but this is a reading",
                         statement->name);
    return OK;
}

static enum err values_check(const struct db_value *values, int count, struct fault *fault)
{
    if (count > DB_PARAMS_MAX)
        return fault_set(fault, ERR_TOO_LARGE, "%d parameters; %d are allowed", count,
                         DB_PARAMS_MAX);
    for (int i = 0; i < count; i++) {
        if (values[i].type != DB_TEXT)
            continue;
        struct str s = values[i].bytes;
        /* PostgreSQL stores neither; so that nothing is stored on SQLite that cannot move. */
        if ((s.len && memchr(s.data, 0, s.len)) || !utf8_valid(s))
            return fault_set(fault, ERR_INVALID, "a text is not valid UTF-8 or contains NUL");
    }
    return OK;
}

/* ---- running ---- */

static struct db_rows *rows_new(struct db_tx *tx)
{
    struct db_conn *conn = tx->conn;
    struct db_rows *rows = conn->free_rows;
    if (rows)
        conn->free_rows = rows->next;
    else
        rows = malloc(sizeof(*rows));
    if (!rows)
        return NULL;
    *rows = (struct db_rows){ .tx = tx, .next = tx->open };
    tx->open = rows;
    return rows;
}

void db_rows_close(struct db_rows *rows)
{
    struct db_tx *tx = rows->tx;
    struct db_conn *conn = tx->conn;
    struct db_rows **at = &tx->open;
    while (*at != rows)
        at = &(*at)->next;
    *at = rows->next;
    if (rows->prepared) {
        conn->driver->finish(rows);
        db_prepared_release(conn, rows->prepared);
    }
    rows->next = conn->free_rows;
    conn->free_rows = rows;
}

void db_tx_close_rows(struct db_tx *tx, struct db_rows *down_to)
{
    while (tx->open && tx->open != down_to)
        db_rows_close(tx->open);
}

enum use { ROWS, STREAM, WHOLE }; /* WHOLE: runs to its end while the caller's values live */

static enum err start(struct db_tx *tx, const struct db_statement *statement, struct str sql,
                      const struct db_value *values, int count, enum use use, struct fault *fault,
                      struct db_rows **ret)
{
    TRY(tx_usable(tx, statement, fault));
    enum err e = values_check(values, count, fault);
    if (e)
        return tx_fail(tx, statement, e, fault);
    struct db_rows *rows = rows_new(tx);
    if (!rows)
        return tx_fail(tx, statement, db_no_memory(fault), fault);
    rows->statement = statement;
    rows->whole = use == WHOLE;
    e = db_prepared_get(tx->conn, statement, sql, count, fault, &rows->prepared);
    if (!e && rows->prepared->writes && !tx->writes)
        e = fault_set(fault, ERR_INTERNAL, "an SQL text writes, but this is a reading");
    if (!e)
        e = tx->conn->driver->start(rows, values, count, use == STREAM, fault);
    if (e) {
        db_rows_close(rows);
        return tx_fail(tx, statement, e, fault);
    }
    tx->wrote = tx->wrote || rows->prepared->writes;
    tx->touched = tx->touched || rows->prepared->touches;
    *ret = rows;
    return OK;
}

enum err db_next(struct db_rows *rows, bool *has, struct fault *fault)
{
    struct db_tx *tx = rows->tx;
    const struct db_statement *statement = rows->statement;
    *has = false;
    enum err e = tx->conn->driver->next(rows, has, fault);
    rows->on_row = *has;
    if (!*has)
        db_rows_close(rows);
    return e ? tx_fail(tx, statement, e, fault) : OK;
}

static enum err run(struct db_tx *tx, const struct db_statement *statement, struct str sql,
                    const struct db_value *values, int count, int64_t *changed,
                    struct fault *fault)
{
    struct db_rows *rows;
    TRY(start(tx, statement, sql, values, count, WHOLE, fault, &rows));
    bool has = true;
    enum err e = OK;
    while (!e && has)
        e = tx->conn->driver->next(rows, &has, fault);
    if (!e && changed)
        *changed = rows->changed;
    db_rows_close(rows);
    return e ? tx_fail(tx, statement, e, fault) : OK;
}

enum err db_run(struct db_tx *tx, const struct db_statement *statement,
                const struct db_value *values, int64_t *changed, struct fault *fault)
{
    return run(tx, statement, str_from(statement->sql), values, statement->params, changed, fault);
}

enum err db_run_text(struct db_tx *tx, struct str sql, const struct db_value *values, int count,
                     int64_t *changed, struct fault *fault)
{
    return run(tx, NULL, sql, values, count, changed, fault);
}

enum err db_query(struct db_tx *tx, const struct db_statement *statement,
                  const struct db_value *values, struct fault *fault, struct db_rows **ret)
{
    return start(tx, statement, str_from(statement->sql), values, statement->params, ROWS, fault,
                 ret);
}

enum err db_query_stream(struct db_tx *tx, const struct db_statement *statement,
                         const struct db_value *values, struct fault *fault, struct db_rows **ret)
{
    return start(tx, statement, str_from(statement->sql), values, statement->params, STREAM, fault,
                 ret);
}

enum err db_query_text(struct db_tx *tx, struct str sql, const struct db_value *values, int count,
                       struct fault *fault, struct db_rows **ret)
{
    return start(tx, NULL, sql, values, count, ROWS, fault, ret);
}

enum err db_query_text_stream(struct db_tx *tx, struct str sql, const struct db_value *values,
                              int count, struct fault *fault, struct db_rows **ret)
{
    return start(tx, NULL, sql, values, count, STREAM, fault, ret);
}

enum err db_get_i64(struct db_tx *tx, const struct db_statement *statement,
                    const struct db_value *values, struct fault *fault, bool *has, int64_t *ret)
{
    struct db_rows *rows;
    TRY(db_query(tx, statement, values, fault, &rows));
    TRY(db_next(rows, has, fault));
    if (*has) {
        *ret = db_i64(rows, 0);
        db_rows_close(rows);
    }
    return OK;
}

enum err db_tx_plain(struct db_tx *tx, const char *sql, struct fault *fault)
{
    TRY(tx_usable(tx, NULL, fault));
    tx->wrote = tx->touched = true;
    enum err e = tx->conn->driver->plain(tx->conn, sql, fault);
    return e ? tx_fail(tx, NULL, e, fault) : OK;
}

enum err db_check_statement(struct db_tx *tx, const struct db_statement *statement,
                            struct fault *fault)
{
    struct db_conn *conn = tx->conn;
    struct db_prepared *p;
    TRY(tx_usable(tx, NULL, fault));
    enum err e = db_prepared_get(conn, statement, str_from(statement->sql), statement->params,
                                 fault, &p);
    int columns = 0, params = 0;
    if (!e) {
        e = conn->driver->describe(conn, p, &columns, &params, fault);
        db_prepared_release(conn, p);
    }
    if (!e && params != statement->params)
        e = fault_set(fault, ERR_INVALID, "%d parameters, %d declared", params, statement->params);
    if (!e && columns != statement->columns)
        e = fault_set(fault, ERR_INVALID, "%d columns, %d declared", columns, statement->columns);
    return e ? tx_fail(tx, statement, ERR_INVALID, fault) : OK;
}

/* ---- work ---- */

enum err db_tx_work(struct db_tx *tx, db_work *work, void *arg, struct fault *fault)
{
    fault_clear(fault);
    enum err e = work(tx, arg, fault);
    db_tx_close_rows(tx, NULL);
    if (!e && tx->failed) {
        *fault = tx->fault;
        e = fault_explain(fault, tx->failed, "a statement failed, yet the command went on");
    }
    return tx->conn->conflict ? (fault->code = ERR_RETRY) : e;
}

enum err db_guarded_work(struct db_tx *tx, void *guarded, struct fault *fault)
{
    struct db_guarded *g = guarded;
    jmp_buf out;
    if (setjmp(out)) {
        arena_guard(g->arena, NULL);
        return db_no_memory(fault);
    }
    arena_guard(g->arena, &out);
    enum err e = g->work(tx, g->arg, fault);
    arena_guard(g->arena, NULL);
    return e;
}

enum err db_try(struct db_tx *tx, db_work *work, void *arg, struct fault *fault)
{
    TRY(tx_usable(tx, NULL, fault));
    struct db_conn *conn = tx->conn;
    struct db_rows *outer = tx->open;
    enum err e = conn->driver->control(conn, DB_SAVEPOINT, fault);
    if (e)
        return tx_fail(tx, NULL, e, fault);
    fault_clear(fault);
    enum err outcome = work(tx, arg, fault);
    db_tx_close_rows(tx, outer);
    if (!outcome && tx->failed) {
        outcome = tx->failed;
        *fault = tx->fault;
    }
    /* A lost connection, a lost conflict, or an engine that has already undone all: no way back. */
    if (conn->broken || conn->conflict || !conn->driver->in_transaction(conn)) {
        if (!outcome)
            outcome = fault_set(fault, ERR_IO, "the transaction is gone");
        return tx_fail(tx, NULL, outcome, fault);
    }
    struct fault undo = { 0 };
    e = conn->driver->control(conn, outcome ? DB_ROLLBACK_TO : DB_RELEASE, &undo);
    if (e) {
        *fault = undo;
        return tx_fail(tx, NULL, e, fault);
    }
    tx->failed = OK;
    return outcome;
}

enum err db_conn_run(struct db_conn *conn, bool writes, db_work *work, void *arg,
                     struct fault *fault)
{
    const struct db_driver *driver = conn->driver;
    struct db_tx tx = db_tx_on(conn, writes);
    conn->conflict = conn->uncertain = false;
    if (!writes && conn->db->config.watch && driver->engine == DB_SQLITE)
        tx.watched = atomic_load(&conn->db->watched);
    TRY(driver->control(conn, writes ? DB_BEGIN_WRITE : DB_BEGIN_READ, fault));
    enum err e = db_tx_work(&tx, work, arg, fault);
    if (!e && !driver->in_transaction(conn))
        e = fault_set(fault, ERR_IO, "the transaction is gone");
    if (!e)
        e = driver->control(conn, DB_COMMIT, fault);
    if (e) {
        struct fault undo = { 0 };
        if (driver->control(conn, DB_ROLLBACK, &undo) != OK)
            conn->broken = true;
    }
    return conn->conflict ? (fault->code = ERR_RETRY) : e;
}

/* ---- the current row ---- */

int db_columns(const struct db_rows *rows)
{
    return rows->tx->conn->driver->columns(rows);
}

const char *db_column_name(const struct db_rows *rows, int column)
{
    return rows->tx->conn->driver->column_name(rows, column);
}

enum db_type db_column_type(const struct db_rows *rows, int column)
{
    assert(rows->on_row && column >= 0 && column < db_columns(rows));
    return rows->tx->conn->driver->type(rows, column);
}

bool db_is_null(const struct db_rows *rows, int column)
{
    return db_column_type(rows, column) == DB_NULL;
}

int64_t db_i64(const struct db_rows *rows, int column)
{
    enum db_type type = db_column_type(rows, column);
    assert(type == DB_NULL || type == DB_I64);
    return type == DB_NULL ? 0 : rows->tx->conn->driver->i64(rows, column);
}

struct str db_text(const struct db_rows *rows, int column)
{
    enum db_type type = db_column_type(rows, column);
    assert(type == DB_NULL || type == DB_TEXT);
    return type == DB_NULL ? STR("") : rows->tx->conn->driver->bytes(rows, column);
}

struct str db_blob(const struct db_rows *rows, int column)
{
    enum db_type type = db_column_type(rows, column);
    assert(type == DB_NULL || type == DB_BLOB);
    return type == DB_NULL ? STR("") : rows->tx->conn->driver->bytes(rows, column);
}

struct str db_text_copy(struct arena *arena, const struct db_rows *rows, int column)
{
    return str_copy(arena, db_text(rows, column));
}

struct str db_blob_copy(struct arena *arena, const struct db_rows *rows, int column)
{
    return str_copy(arena, db_blob(rows, column));
}
