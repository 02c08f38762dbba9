/*
 * lite_writer.c - the one writer of a SQLite database: group commit.
 *
 * All commands that wait form a group: one BEGIN IMMEDIATE, one COMMIT, one flush. No time is spent
 * waiting for a group to grow: while one is being flushed the next one gathers.
 *
 * Most commands succeed, and most that do not fail before they write. So a group begins without
 * savepoints, of which each costs a flush of the search index. When a command fails after it has
 * written, the group is undone and run again with a savepoint for each command.
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
    bool touched; /* db_watched() grows */
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

enum ran {
    KEPT,   /* the command has its outcome, and the transaction goes on */
    SPOILT, /* it failed, and what it wrote cannot be taken back alone */
    GONE,   /* the engine has undone the whole transaction */
};

static enum ran close_savepoint(struct group *g, struct db_command *c)
{
    struct fault fault = { 0 };
    enum err e = g->conn->driver->control(g->conn, c->outcome ? DB_ROLLBACK_TO : DB_RELEASE,
                                          &fault);
    if (!e)
        return KEPT;
    c->outcome = e;
    c->fault = fault;
    return GONE;
}

static enum ran run_one(struct group *g, struct db_command *c, bool savepoint)
{
    struct db_conn *conn = g->conn;
    struct db_tx tx = db_tx_on(conn, true);
    c->outcome = savepoint ? conn->driver->control(conn, DB_SAVEPOINT, &c->fault) : OK;
    if (c->outcome)
        return GONE;
    c->outcome = db_tx_work(&tx, c->work, c->arg, &c->fault);
    g->touched |= tx.touched;
    if (!conn->driver->in_transaction(conn)) {
        if (!c->outcome)
            c->outcome = fault_set(&c->fault, ERR_IO, "the transaction is gone");
        return GONE;
    }
    if (savepoint)
        return close_savepoint(g, c);
    return c->outcome && tx.wrote ? SPOILT : KEPT;
}

static void undo(struct group *g)
{
    struct fault fault = { 0 };
    /* If even ROLLBACK fails the connection is reset by the next BEGIN's error. */
    if (g->conn->driver->control(g->conn, DB_ROLLBACK, &fault) != OK)
        g->conn->broken = true;
}

static void commit(struct group *g, int from, int to)
{
    struct fault fault = { 0 };
    enum err e = g->conn->driver->control(g->conn, DB_COMMIT, &fault);
    if (g->touched) /* also after an error: it may have been done */
        atomic_fetch_add(&g->db->watched, 1);
    if (!e) {
        db_bump(g->db);
        return;
    }
    /* Also those that had failed: what they collided with is not there now. */
    fault_explain(&fault, e, "the commit");
    fail_all(g, from, to, e, &fault);
    undo(g);
}

/* One transaction for the unsettled commands in [from, to). KEPT: all have their outcome. GONE: the
 * command that lost the transaction is settled with its error, the others have none. */
static enum ran transact(struct group *g, int from, int to, bool savepoints)
{
    struct fault fault = { 0 };
    enum err e = g->conn->broken
                     ? fault_set(&fault, ERR_IO, "the database could not be opened again")
                     : g->conn->driver->control(g->conn, DB_BEGIN_WRITE, &fault);
    if (e) {
        fail_all(g, from, to, e, &fault);
        return KEPT;
    }
    bool any = g->touched = false;
    for (int i = from; i < to; i++) {
        struct db_command *c = g->command[i];
        if (c->settled)
            continue;
        enum ran ran = run_one(g, c, savepoints);
        if (ran != KEPT) {
            c->settled = ran == GONE;
            undo(g);
            return ran;
        }
        any |= c->outcome == OK;
    }
    if (any)
        commit(g, from, to);
    else
        undo(g);
    return KEPT;
}

/* A transaction of its own is undone with it: no savepoint is needed. */
static void transact_alone(struct group *g, int i)
{
    if (!g->command[i]->settled)
        (void)transact(g, i, i + 1, false);
}

static void group_run(struct group *g)
{
    for (int i = 0; i < g->count; i++)
        g->command[i]->settled = false;
    enum ran ran = transact(g, 0, g->count, false);
    if (ran == SPOILT && g->count > 1)
        ran = transact(g, 0, g->count, true);
    for (int i = 0; i < g->count && ran == GONE; i++)
        transact_alone(g, i);
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
