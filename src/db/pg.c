/*
 * pg.c - the PostgreSQL driver: transactions, prepared statements, rows.
 *
 * Numbers are sent as text, so that the server may take them for whatever integer it infers; text
 * and bytes are sent as they are. Results come in binary: 64-bit integers, text and bytes need no
 * parsing then. Floating point and numeric results are refused: amounts are bigint.
 */
#include "db/pg.h"

#include <endian.h>
#include <stdio.h>
#include <stdlib.h>

/* From catalog/pg_type.dat; fixed for ever. */
enum { T_BOOL = 16, T_BYTEA = 17, T_CHAR = 18, T_NAME = 19, T_INT8 = 20, T_INT2 = 21, T_INT4 = 23,
       T_TEXT = 25, T_OID = 26, T_UNKNOWN = 705, T_BPCHAR = 1042, T_VARCHAR = 1043, T_VOID = 2278 };

/* ---- open and close ---- */

/* A COMMIT that was cut off from its standby answers with success and this warning. Any warning
 * during COMMIT is taken for it: the words depend on the server's language. */
static void notice(void *arg, const PGresult *result)
{
    struct pg *c = arg;
    const char *severity = PQresultErrorField(result, PG_DIAG_SEVERITY_NONLOCALIZED);
    if (c->committing && severity && strcmp(severity, "WARNING") == 0)
        c->conn.uncertain = true;
}

static const char session[] =
    "SET client_min_messages = warning; SET standard_conforming_strings = on;"
    "SET timezone = 'UTC'; SET client_connection_check_interval = '5s';"
    "SET idle_in_transaction_session_timeout = '10min'; SET extra_float_digits = 1;";

static void pg_close(struct db_conn *conn)
{
    struct pg *c = pg_of(conn);
    db_conn_forget(conn);
    PQfinish(c->link);
    free(c);
}

static enum err pg_open(struct db *db, bool writer, struct fault *fault, struct db_conn **ret)
{
    struct pg *c = calloc(1, sizeof(*c));
    if (!c)
        return db_no_memory(fault);
    c->conn.driver = &db_driver_postgres;
    c->conn.db = db;
    (void)writer;
    enum err e = pg_connect(db->url, db->config.wait_ms, fault, &c->link);
    if (!e) {
        PQsetnonblocking(c->link, 1);
        PQsetNoticeReceiver(c->link, notice, c);
        c->conn.deadline_us = db_now_us() + (int64_t)db->config.wait_ms * 1000;
        e = pg_simple(c, session, fault);
        char lock[64];
        snprintf(lock, sizeof(lock), "SET lock_timeout = %d", db->config.wait_ms);
        if (!e)
            e = pg_simple(c, lock, fault);
        c->conn.deadline_us = 0;
    }
    if (e) {
        pg_close(&c->conn);
        return e;
    }
    *ret = &c->conn;
    return OK;
}

/* ---- transactions ---- */

/* SERIALIZABLE: see docs/adr/0005-transactions.md. */
static const char *const control_text[DB_CONTROL_COUNT] = {
    [DB_BEGIN_READ] = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
    [DB_BEGIN_WRITE] = "BEGIN ISOLATION LEVEL SERIALIZABLE",
    [DB_COMMIT] = "COMMIT",
    [DB_ROLLBACK] = "ROLLBACK",
    [DB_SAVEPOINT] = "SAVEPOINT s",
    [DB_RELEASE] = "RELEASE SAVEPOINT s",
    [DB_ROLLBACK_TO] = "ROLLBACK TO SAVEPOINT s; RELEASE SAVEPOINT s",
};

static enum err uncertain(struct pg *c, struct fault *fault, const char *why)
{
    c->conn.uncertain = true;
    return fault_set(fault, ERR_UNAVAILABLE,
                     "the outcome is unknown: %s; repeat with the same key", why);
}

static enum err commit(struct pg *c, struct fault *fault)
{
    if (!PQsendQuery(c->link, "COMMIT")) {
        c->conn.broken = true;
        return fault_set(fault, ERR_UNAVAILABLE, "PostgreSQL: %s", PQerrorMessage(c->link));
    }
    PGresult *result;
    c->committing = true;
    enum err e = pg_answer(c, fault, &result);
    c->committing = false;
    c->in_transaction = false;
    /* With an error report from the server that is not about the session's end, it was undone. */
    if (e && c->conn.broken)
        return uncertain(c, fault, "the connection was lost in COMMIT");
    if (e)
        return e;
    bool done = strcmp(PQcmdStatus(result), "COMMIT") == 0;
    PQclear(result);
    if (!done)
        return fault_set(fault, ERR_INTERNAL, "PostgreSQL answered COMMIT with a rollback");
    if (c->conn.uncertain)
        return uncertain(c, fault, "no standby has confirmed it");
    return OK;
}

static enum err pg_control(struct db_conn *conn, enum db_control what, struct fault *fault)
{
    struct pg *c = pg_of(conn);
    if (what == DB_COMMIT)
        return commit(c, fault);
    if (what == DB_ROLLBACK && (!c->in_transaction || conn->broken)) {
        c->in_transaction = false;
        return OK;
    }
    TRY(pg_simple(c, control_text[what], fault));
    if (what == DB_BEGIN_READ || what == DB_BEGIN_WRITE) {
        c->in_transaction = true;
        c->reading = what == DB_BEGIN_READ;
    }
    if (what == DB_ROLLBACK)
        c->in_transaction = false;
    return OK;
}

static bool pg_in_transaction(const struct db_conn *conn)
{
    return pg_of(conn)->in_transaction && !conn->broken;
}

static enum err pg_plain(struct db_conn *conn, const char *sql, struct fault *fault)
{
    return pg_simple(pg_of(conn), sql, fault);
}

/* ---- preparing ---- */

static enum err pg_prepare(struct db_conn *conn, struct db_prepared *p, const char *sql, int params,
                           struct fault *fault)
{
    struct pg *c = pg_of(conn);
    static const Oid oids[] = {
        [DB_NULL] = 0, [DB_I64] = T_INT8, [DB_TEXT] = T_TEXT, [DB_BLOB] = T_BYTEA
    };
    Oid types[DB_PARAMS_MAX] = { 0 };
    const uint8_t *declared = p->statement ? p->statement->param_types : NULL;
    for (int i = 0; declared && i < params; i++)
        types[i] = oids[declared[i]];
    snprintf(p->name, sizeof(p->name), "q%u", ++c->statements);
    if (!PQsendPrepare(c->link, p->name, sql, params, types))
        return pg_error(c, NULL, fault);
    PGresult *result;
    TRY(pg_answer(c, fault, &result));
    PQclear(result);
    p->known = true;
    return OK;
}

static void pg_unprepare(struct db_conn *conn, struct db_prepared *p)
{
    struct pg *c = pg_of(conn);
    /* In an aborted transaction DEALLOCATE would fail; the server forgets with the connection. */
    if (!p->known || conn->broken || PQtransactionStatus(c->link) == PQTRANS_INERROR)
        return;
    char sql[64];
    struct fault ignored;
    snprintf(sql, sizeof(sql), "DEALLOCATE %s", p->name);
    if (pg_simple(c, sql, &ignored) == OK)
        p->known = false;
}

static enum err pg_describe(struct db_conn *conn, struct db_prepared *p, int *columns, int *params,
                            struct fault *fault)
{
    struct pg *c = pg_of(conn);
    if (!PQsendDescribePrepared(c->link, p->name))
        return pg_error(c, NULL, fault);
    PGresult *result;
    TRY(pg_answer(c, fault, &result));
    *columns = PQnfields(result);
    *params = PQnparams(result);
    PQclear(result);
    return OK;
}

/* ---- running ---- */

static void fill(struct pg *c, const struct db_value *values, int count)
{
    for (int i = 0; i < count; i++) {
        const struct db_value *v = &values[i];
        c->format[i] = v->type == DB_TEXT || v->type == DB_BLOB;
        c->length[i] = (int)v->bytes.len;
        c->value[i] = v->bytes.data ? v->bytes.data : "";
        if (v->type == DB_NULL)
            c->value[i] = NULL;
        if (v->type == DB_I64) {
            snprintf(c->number[i], sizeof(c->number[i]), "%lld", (long long)v->i64);
            c->value[i] = c->number[i];
        }
    }
}

static enum err columns_check(const PGresult *result, struct fault *fault)
{
    for (int i = 0; i < PQnfields(result); i++) {
        switch (PQftype(result, i)) {
        case T_BOOL: case T_BYTEA: case T_CHAR: case T_NAME: case T_INT8: case T_INT2:
        case T_INT4: case T_TEXT: case T_OID: case T_UNKNOWN: case T_BPCHAR: case T_VARCHAR:
        case T_VOID:
            break;
        default:
            return fault_set(fault, ERR_INTERNAL, "column %s has PostgreSQL type %u: use CAST",
                             PQfname(result, i), PQftype(result, i));
        }
    }
    return OK;
}

static enum err take(struct db_rows *rows, PGresult *result, struct fault *fault)
{
    rows->result = result;
    rows->row = -1;
    rows->count = PQntuples(result);
    rows->changed = atoll(PQcmdTuples(result));
    return columns_check(result, fault);
}

/* A portal of the server, from which rows come a few hundred at a time. */
static enum err declare(struct db_rows *rows, int count, struct fault *fault)
{
    struct pg *c = pg_of(rows->tx->conn);
    struct db_text_out sql = { 0 }, body = { 0 };
    char head[64];
    unsigned number = ++c->cursors;
    snprintf(head, sizeof(head), "DECLARE c%u NO SCROLL CURSOR FOR ", number);
    struct str text = rows->statement ? str_from(rows->statement->sql)
                                      : (struct str){ rows->prepared->text, rows->prepared->len };
    db_sql_spell(&body, DB_POSTGRES, false, text);
    db_out_cstr(&sql, head);
    db_out_cstr(&sql, body.data ? body.data : "");
    enum err e = sql.failed || body.failed ? db_no_memory(fault) : OK;
    if (!e && !PQsendQueryParams(c->link, sql.data, count, NULL, c->value, c->length, c->format, 1))
        e = pg_error(c, NULL, fault);
    PGresult *result = NULL;
    if (!e)
        e = pg_answer(c, fault, &result);
    PQclear(result);
    db_out_free(&sql);
    db_out_free(&body);
    if (!e)
        rows->cursor = number;
    return e;
}

static enum err fetch(struct db_rows *rows, struct fault *fault)
{
    struct pg *c = pg_of(rows->tx->conn);
    char sql[64];
    snprintf(sql, sizeof(sql), "FETCH FORWARD 500 FROM c%u", rows->cursor);
    PQclear(rows->result);
    rows->result = NULL;
    if (!PQsendQueryParams(c->link, sql, 0, NULL, NULL, NULL, NULL, 1))
        return pg_error(c, NULL, fault);
    PGresult *result;
    TRY(pg_answer(c, fault, &result));
    return take(rows, result, fault);
}

static enum err pg_start(struct db_rows *rows, const struct db_value *values, int count,
                         bool stream, struct fault *fault)
{
    struct pg *c = pg_of(rows->tx->conn);
    if (rows->tx->conn->broken)
        return fault_set(fault, ERR_UNAVAILABLE, "PostgreSQL: the connection was lost");
    fill(c, values, count);
    if (stream) {
        TRY(declare(rows, count, fault));
        return fetch(rows, fault);
    }
    if (!PQsendQueryPrepared(c->link, rows->prepared->name, count, c->value, c->length, c->format,
                             1))
        return pg_error(c, NULL, fault);
    PGresult *result;
    TRY(pg_answer(c, fault, &result));
    return take(rows, result, fault);
}

static enum err pg_next(struct db_rows *rows, bool *has, struct fault *fault)
{
    if (rows->cursor && rows->row + 1 == rows->count && rows->count)
        TRY(fetch(rows, fault));
    *has = ++rows->row < rows->count;
    return OK;
}

static void pg_finish(struct db_rows *rows)
{
    struct db_conn *conn = rows->tx->conn;
    PQclear(rows->result);
    rows->result = NULL;
    if (!rows->cursor || conn->broken ||
        PQtransactionStatus(pg_of(conn)->link) != PQTRANS_INTRANS)
        return;
    char sql[32];
    struct fault ignored;
    snprintf(sql, sizeof(sql), "CLOSE c%u", rows->cursor);
    (void)pg_simple(pg_of(conn), sql, &ignored);
}

/* ---- the current row ---- */

static int pg_columns(const struct db_rows *rows)
{
    return PQnfields(rows->result);
}

static const char *pg_column_name(const struct db_rows *rows, int column)
{
    return PQfname(rows->result, column);
}

static enum db_type pg_type(const struct db_rows *rows, int column)
{
    if (PQgetisnull(rows->result, rows->row, column))
        return DB_NULL;
    switch (PQftype(rows->result, column)) {
    case T_BOOL: case T_INT8: case T_INT4: case T_INT2: case T_OID: return DB_I64;
    case T_BYTEA: return DB_BLOB;
    default: return DB_TEXT;
    }
}

static int64_t pg_i64(const struct db_rows *rows, int column)
{
    const char *data = PQgetvalue(rows->result, rows->row, column);
    uint64_t eight;
    uint32_t four;
    uint16_t two;
    switch (PQftype(rows->result, column)) {
    case T_INT8: memcpy(&eight, data, 8); return (int64_t)be64toh(eight);
    case T_INT4: memcpy(&four, data, 4); return (int32_t)be32toh(four);
    case T_OID: memcpy(&four, data, 4); return (int64_t)be32toh(four);
    case T_INT2: memcpy(&two, data, 2); return (int16_t)be16toh(two);
    default: return data[0] != 0;
    }
}

static struct str pg_bytes(const struct db_rows *rows, int column)
{
    return (struct str){ PQgetvalue(rows->result, rows->row, column),
                         (size_t)PQgetlength(rows->result, rows->row, column) };
}

const struct db_driver db_driver_postgres = {
    .engine = DB_POSTGRES,
    .open = pg_open,
    .close = pg_close,
    .control = pg_control,
    .in_transaction = pg_in_transaction,
    .prepare = pg_prepare,
    .unprepare = pg_unprepare,
    .describe = pg_describe,
    .start = pg_start,
    .next = pg_next,
    .finish = pg_finish,
    .plain = pg_plain,
    .columns = pg_columns,
    .column_name = pg_column_name,
    .type = pg_type,
    .i64 = pg_i64,
    .bytes = pg_bytes,
};
