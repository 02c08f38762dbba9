/*
 * lite_writer.c - the one writer of a SQLite database: group commit.
 *
 * All commands that wait form a group: one BEGIN IMMEDIATE, a savepoint each, one COMMIT, one
 * flush. No time is spent waiting for a group to grow: while one is being flushed the next one
 * gathers.
 *
 * When the engine undoes the whole transaction in the middle (disk full, I/O error, no memory), the
 * command that met it is answered with the error and the others run again, each alone, so that a
 * failing one can no longer take its neighbours with it.
 */
#include "db/internal.h"

#include <stdlib.h>

struct group {
    struct db *db;
    struct db_conn *conn;
    struct db_command **command; /* config.group of them */
    int count;
};

static void group_gather(struct group *g, struct db_command *first)
{
    g->count = 0;
    g->command[g->count++] = first;
    struct db_command *more = NULL;
    while (!first->alone && g->count < g->db->config.group &&
           (more = db_queue_take_more(g->db)) != NULL)
        g->command[g->count++] = more;
}

static void fail_all(struct group *g, int from, int to, enum err e, const struct fault *fault)
{
    for (int i = from; i < to; i++) {
        if (g->command[i]->settled)
            continue;
        g->command[i]->outcome = e;
        g->command[i]->fault = *fault;
    }
}

/* Runs one command in its savepoint. False: the engine has undone the whole transaction. */
static bool run_one(struct group *g, struct db_command *c)
{
    struct db_conn *conn = g->conn;
    const struct db_driver *driver = conn->driver;
    struct db_tx tx = db_tx_on(conn, true);
    c->outcome = driver->control(conn, DB_SAVEPOINT, &c->fault);
    if (c->outcome)
        return false;
    c->outcome = db_tx_work(&tx, c->work, c->arg, &c->fault);
    if (!driver->in_transaction(conn)) {
        if (!c->outcome)
            c->outcome = fault_set(&c->fault, ERR_IO, "the transaction is gone");
        return false;
    }
    struct fault fault = { 0 };
    enum err e = driver->control(conn, c->outcome ? DB_ROLLBACK_TO : DB_RELEASE, &fault);
    if (!e)
        return true;
    c->outcome = e;
    c->fault = fault;
    return false;
}

static void undo(struct group *g)
{
    struct fault fault = { 0 };
    /* If even ROLLBACK fails the connection is reset by the next BEGIN's error. */
    if (g->conn->driver->control(g->conn, DB_ROLLBACK, &fault) != OK)
        g->conn->broken = true;
}

/* One transaction for the unsettled commands in [from, to). Returns the index of the command that
 * lost the transaction, which is settled with its error then; -1 when all have their outcome. */
static int transact(struct group *g, int from, int to)
{
    const struct db_driver *driver = g->conn->driver;
    struct fault fault = { 0 };
    enum err e = g->conn->broken
                     ? fault_set(&fault, ERR_IO, "the database could not be opened again")
                     : driver->control(g->conn, DB_BEGIN_WRITE, &fault);
    if (e) {
        fail_all(g, from, to, e, &fault);
        return -1;
    }
    bool any = false;
    for (int i = from; i < to; i++) {
        struct db_command *c = g->command[i];
        if (c->settled)
            continue;
        if (!run_one(g, c)) {
            c->settled = true;
            undo(g);
            return i;
        }
        any |= c->outcome == OK;
    }
    if (!any) {
        undo(g);
        return -1;
    }
    e = driver->control(g->conn, DB_COMMIT, &fault);
    if (e) {
        /* Also those that had failed: what they collided with is not there now. */
        fault_explain(&fault, e, "the commit");
        fail_all(g, from, to, e, &fault);
        undo(g);
        return -1;
    }
    db_bump(g->db);
    return -1;
}

static void group_run(struct group *g)
{
    for (int i = 0; i < g->count; i++)
        g->command[i]->settled = false;
    if (transact(g, 0, g->count) >= 0) {
        for (int i = 0; i < g->count; i++)
            if (!g->command[i]->settled)
                (void)transact(g, i, i + 1);
    }
    pthread_mutex_lock(&g->db->queue_lock);
    g->db->figures.groups++;
    pthread_mutex_unlock(&g->db->queue_lock);
    for (int i = 0; i < g->count; i++)
        db_queue_settle(g->db, g->command[i]);
}

/* A connection that could not even roll back is of no use; without one every command fails. */
static void reopen(struct group *g)
{
    struct fault fault = { 0 };
    struct db_conn *fresh;
    if (g->db->driver->open(g->db, true, &fault, &fresh) != OK)
        return;
    g->db->driver->close(g->conn);
    g->db->keeper = g->conn = fresh;
}

static void foreign_keys(struct group *g, const char *pragma)
{
    struct fault fault = { 0 };
    if (g->conn->driver->plain(g->conn, pragma, &fault) != OK)
        g->conn->broken = true; /* never go on with the wrong setting: reopen */
}

void *db_lite_worker(void *arg)
{
    struct db *db = arg;
    struct group g = { .db = db, .conn = db->keeper };
    struct db_command *spare[1];
    g.command = calloc((size_t)db->config.group, sizeof(struct db_command *));
    bool small = g.command == NULL;
    if (small) { /* no memory for groups: still serve one by one */
        db->config.group = 1;
        g.command = spare;
    }
    for (struct db_command *first; (first = db_queue_take(db)) != NULL;) {
        group_gather(&g, first);
        bool schema = first->schema; /* `first` is its owner's again once it was answered */
        if (schema)
            foreign_keys(&g, "PRAGMA foreign_keys=OFF");
        group_run(&g);
        if (schema)
            foreign_keys(&g, "PRAGMA foreign_keys=ON");
        if (g.conn->broken)
            reopen(&g);
    }
    if (!small)
        free(g.command);
    return NULL;
}
