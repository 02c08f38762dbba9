/* pg.h - what the files of the PostgreSQL driver share. */
#pragma once

#include "db/internal.h"

#include <libpq-fe.h>

struct pg {
    struct db_conn conn;
    PGconn *link;
    bool in_transaction, reading;
    bool committing;
    unsigned statements, cursors;  /* counters for names */
    /* parameters of the statement that is being sent */
    const char *value[DB_PARAMS_MAX];
    int length[DB_PARAMS_MAX], format[DB_PARAMS_MAX];
    char number[DB_PARAMS_MAX][24];
};

static inline struct pg *pg_of(const struct db_conn *conn)
{
    return (struct pg *)conn;
}

/* Connects to one host after another, each with its own deadline; at most `wait_ms` in all. */
enum err pg_connect(const char *url, int wait_ms, struct fault *fault, PGconn **ret);
/* Waits for the answer to what was sent; the last result, or an error. NULL result: broken. */
enum err pg_answer(struct pg *c, struct fault *fault, PGresult **ret);
/* The error of a result (or, with NULL, of the connection), as our own. */
enum err pg_error(struct pg *c, const PGresult *result, struct fault *fault);
/* Sends text without parameters and waits. */
enum err pg_simple(struct pg *c, const char *sql, struct fault *fault);
