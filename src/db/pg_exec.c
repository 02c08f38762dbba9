/* pg_exec.c - sending, waiting with a deadline, and what a failure means. */
#include "db/pg.h"

#include <poll.h>

/* ---- errors ---- */

static const struct {
    const char *state; /* SQLSTATE, or its first two characters */
    enum err e;
} states[] = {
    { "23505", ERR_CONFLICT },    { "23", ERR_UNPROCESSABLE },  { "40001", ERR_RETRY },
    { "40P01", ERR_RETRY },       { "55P03", ERR_BUSY },        { "57014", ERR_BUSY },
    { "57P0", ERR_UNAVAILABLE },  { "53100", ERR_FULL },        { "53200", ERR_NO_MEMORY },
    { "53", ERR_UNAVAILABLE },    { "08", ERR_UNAVAILABLE },    { "58", ERR_IO },
    { "XX001", ERR_CORRUPT },     { "XX002", ERR_CORRUPT },     { "22003", ERR_OVERFLOW },
    { "22", ERR_UNPROCESSABLE },  { "54", ERR_TOO_LARGE },
    /* A standby that was the primary a moment ago: look for the new one. */
    { "25006", ERR_UNAVAILABLE },
};

enum err pg_error(struct pg *c, const PGresult *result, struct fault *fault)
{
    const char *state = result ? PQresultErrorField(result, PG_DIAG_SQLSTATE) : NULL;
    const char *words = result ? PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY) : NULL;
    enum err e = state ? ERR_INTERNAL : ERR_UNAVAILABLE;
    for (size_t i = 0; state && i < COUNT(states); i++) {
        if (strncmp(state, states[i].state, strlen(states[i].state)) == 0) {
            e = states[i].e;
            break;
        }
    }
    if (state && c->reading && strcmp(state, "25006") == 0)
        e = ERR_INTERNAL; /* our own db_read was asked to write */
    if (PQstatus(c->link) == CONNECTION_BAD || e == ERR_UNAVAILABLE) {
        c->conn.broken = true;
        e = ERR_UNAVAILABLE;
    }
    /* A prepared plan that a migration has made stale: a new connection will do. */
    if (state && strcmp(state, "0A000") == 0 && c->in_transaction) {
        c->conn.broken = true;
        e = ERR_RETRY;
    }
    if (e == ERR_RETRY)
        c->conn.conflict = true;
    if (!words)
        words = PQerrorMessage(c->link);
    return fault_set(fault, e, "PostgreSQL: %s%s%s%s", words, state ? " (" : "",
                     state ? state : "", state ? ")" : "");
}

/* ---- waiting ---- */

static enum err lost(struct pg *c, struct fault *fault, const char *why)
{
    c->conn.broken = true;
    return fault_set(fault, ERR_UNAVAILABLE, "PostgreSQL: %s", why);
}

/* One turn of sending what is buffered and reading what came. */
static enum err turn(struct pg *c, struct fault *fault)
{
    int unsent = PQflush(c->link);
    if (unsent < 0)
        return lost(c, fault, PQerrorMessage(c->link));
    if (!unsent && !PQisBusy(c->link))
        return OK;
    int wait = -1;
    if (c->conn.deadline_us) {
        int64_t left = (c->conn.deadline_us - db_now_us()) / 1000;
        if (left <= 0)
            return lost(c, fault, "no answer in the time allowed");
        wait = (int)MIN(left, 3600000);
    }
    struct pollfd p = { .fd = PQsocket(c->link),
                        .events = (short)(unsent ? POLLIN | POLLOUT : POLLIN) };
    if (p.fd < 0)
        return lost(c, fault, "the connection is closed");
    if (poll(&p, 1, wait) > 0 && (p.revents & ~POLLOUT) && !PQconsumeInput(c->link))
        return lost(c, fault, PQerrorMessage(c->link));
    return OK;
}

enum err pg_answer(struct pg *c, struct fault *fault, PGresult **ret)
{
    PGresult *kept = NULL;
    for (;;) {
        enum err e = OK;
        while (!e && (PQflush(c->link) > 0 || PQisBusy(c->link)))
            e = turn(c, fault);
        if (e) {
            PQclear(kept);
            return e;
        }
        PGresult *result = PQgetResult(c->link);
        if (!result)
            break;
        PQclear(kept);
        kept = result;
    }
    ExecStatusType status = PQresultStatus(kept);
    if (kept && (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK)) {
        *ret = kept;
        return OK;
    }
    enum err e = pg_error(c, kept, fault);
    PQclear(kept);
    return e;
}

enum err pg_simple(struct pg *c, const char *sql, struct fault *fault)
{
    if (!PQsendQuery(c->link, sql))
        return lost(c, fault, PQerrorMessage(c->link));
    PGresult *result;
    TRY(pg_answer(c, fault, &result));
    PQclear(result);
    return OK;
}
