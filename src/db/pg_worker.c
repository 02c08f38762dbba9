/*
 * pg_worker.c - the threads that run commands on PostgreSQL, each with its own connection, and the
 * one that hears of other processes' commits.
 *
 * A command is run again when it lost a conflict (40001, 40P01) and when the connection broke
 * before COMMIT was sent: then nothing has happened. It is never run again after an unknown
 * outcome.
 */
#include "db/pg.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

static void sleep_us(int64_t us)
{
    struct timespec t = { us / 1000000, (us % 1000000) * 1000 };
    nanosleep(&t, NULL);
}

static enum err conn_ensure(struct db *db, struct db_conn **conn, struct fault *fault)
{
    if (*conn && (*conn)->broken) {
        db->driver->close(*conn);
        *conn = NULL;
    }
    return *conn ? OK : db->driver->open(db, true, fault, conn);
}

/* One run. *again: nothing has happened, and another run may succeed. */
static enum err run_once(struct db *db, struct db_conn **conn, struct db_command *c, bool *again)
{
    enum err e = conn_ensure(db, conn, &c->fault);
    *again = e == ERR_UNAVAILABLE;
    if (e)
        return e;
    /* What runs alone may take its time: migrations, loading. */
    (*conn)->deadline_us =
        c->alone ? 0 : db_now_us() + (int64_t)db->config.read_limit_ms * 1000;
    e = db_conn_run(*conn, true, c->work, c->arg, &c->fault);
    *again = e && !(*conn)->uncertain && ((*conn)->broken || (*conn)->conflict);
    (*conn)->deadline_us = 0;
    return e;
}

static void command_run(struct db *db, struct db_conn **conn, struct rand *random,
                        struct db_command *c)
{
    /* From when it was queued: a queue in front of a dead server must not wait once per command. */
    int64_t deadline = c->since_us + (int64_t)db->config.wait_ms * 1000;
    int64_t pause_us = 500;
    for (int attempt = 1;; attempt++) {
        bool again;
        c->outcome = run_once(db, conn, c, &again);
        bool conflict = *conn && (*conn)->conflict;
        /* A lost conflict is retried a number of times, a lost server for a length of time. */
        if (!again || (conflict ? attempt >= DB_ATTEMPTS_MAX : db_now_us() > deadline))
            return;
        pthread_mutex_lock(&db->queue_lock);
        db->figures.retried++;
        pthread_mutex_unlock(&db->queue_lock);
        sleep_us(rand_between(random, pause_us / 2, pause_us));
        pause_us = MIN(pause_us * 2, 250000);
    }
}

void *db_pg_worker(void *arg)
{
    struct db *db = arg;
    pthread_mutex_lock(&db->lock);
    struct db_conn *conn = db->keeper; /* the first worker inherits the first connection */
    db->keeper = NULL;
    pthread_mutex_unlock(&db->lock);
    struct rand random = rand_seeded((uint64_t)db_now_us() ^ (uint64_t)(uintptr_t)&conn);
    for (struct db_command *c; (c = db_queue_take(db)) != NULL;) {
        command_run(db, &conn, &random, c);
        if (c->outcome == OK || (conn && conn->uncertain)) {
            db_bump(db);
            db_pg_listen_tell(db);
        }
        db_queue_settle(db, c);
    }
    if (conn)
        db->driver->close(conn);
    return NULL;
}

/* ---- news from and for other processes ---- */

#define TELL_EVERY_MS 50 /* NOTIFY takes a lock of the whole cluster at commit: never per command */

struct db_listen {
    struct db *db;
    pthread_t thread;
    int wake; /* eventfd: something was committed here, or stop */
    bool stop;
};

static bool stopping(struct db_listen *l)
{
    pthread_mutex_lock(&l->db->news_lock);
    bool stop = l->stop;
    pthread_mutex_unlock(&l->db->news_lock);
    return stop;
}

/* Passes on what others told, except our own NOTIFY coming back. */
static void hear(struct db_listen *l, struct pg *c)
{
    bool news = false;
    for (PGnotify *n; (n = PQnotifies(c->link)) != NULL; PQfreemem(n))
        news |= n->be_pid != PQbackendPID(c->link);
    if (news)
        db_bump(l->db);
}

static enum err listen_turn(struct db_listen *l, struct pg *c, struct fault *fault)
{
    struct pollfd p[2] = { { .fd = PQsocket(c->link), .events = POLLIN },
                           { .fd = l->wake, .events = POLLIN } };
    poll(p, 2, -1);
    if (p[0].revents && !PQconsumeInput(c->link))
        return fault_set(fault, ERR_UNAVAILABLE, "lost");
    if (p[1].revents) {
        uint64_t count;
        if (read(l->wake, &count, sizeof(count)) < 0 && errno != EAGAIN)
            return fault_errno(fault, "eventfd");
        if (stopping(l))
            return OK;
        sleep_us(TELL_EVERY_MS * 1000);
        TRY(pg_simple(c, "NOTIFY qibing_changes", fault));
    }
    hear(l, c);
    return OK;
}

static void *listen_thread(void *arg)
{
    struct db_listen *l = arg;
    while (!stopping(l)) {
        struct db_conn *conn;
        struct fault fault = { 0 };
        enum err e = l->db->driver->open(l->db, false, &fault, &conn);
        if (e) {
            struct pollfd p = { .fd = l->wake, .events = POLLIN };
            poll(&p, 1, 1000);
            continue;
        }
        e = pg_simple(pg_of(conn), "LISTEN qibing_changes", &fault);
        db_bump(l->db); /* what happened while nobody listened is unknown */
        while (!e && !stopping(l))
            e = listen_turn(l, pg_of(conn), &fault);
        l->db->driver->close(conn);
    }
    return NULL;
}

enum err db_pg_listen_start(struct db *db, struct fault *fault)
{
    struct db_listen *l = calloc(1, sizeof(*l));
    if (!l)
        return db_no_memory(fault);
    l->db = db;
    l->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    int rc = l->wake < 0 ? errno : pthread_create(&l->thread, NULL, listen_thread, l);
    if (rc) {
        if (l->wake >= 0)
            close(l->wake);
        free(l);
        errno = rc;
        return fault_errno(fault, "starting to listen");
    }
    db->listen = l;
    return OK;
}

void db_pg_listen_tell(struct db *db)
{
    uint64_t one = 1;
    if (write(db->listen->wake, &one, sizeof(one)) < 0)
        return; /* EAGAIN: it is awake already */
}

void db_pg_listen_stop(struct db *db)
{
    struct db_listen *l = db->listen;
    if (!l)
        return;
    pthread_mutex_lock(&db->news_lock);
    l->stop = true;
    pthread_mutex_unlock(&db->news_lock);
    db_pg_listen_tell(db);
    pthread_join(l->thread, NULL);
    close(l->wake);
    free(l);
    db->listen = NULL;
}
