/* db.c - opening, the readers' pool, news. */
#include "db/internal.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

/* ---- time and memory ---- */

int64_t db_now_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

struct timespec db_until(int wait_ms)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    t.tv_sec += wait_ms / 1000;
    t.tv_nsec += (long)(wait_ms % 1000) * 1000000;
    if (t.tv_nsec >= 1000000000) {
        t.tv_sec++;
        t.tv_nsec -= 1000000000;
    }
    return t;
}

enum err db_no_memory(struct fault *fault)
{
    return fault_set(fault, ERR_NO_MEMORY, "no memory");
}

enum err db_cond_init(pthread_cond_t *cond)
{
    pthread_condattr_t attr;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC); /* a jump of the wall clock wakes nobody */
    int rc = pthread_cond_init(cond, &attr);
    pthread_condattr_destroy(&attr);
    return rc ? ERR_NO_MEMORY : OK;
}

/* ---- open and close ---- */

static int or_else(int value, int standard, int most)
{
    return value <= 0 ? standard : MIN(value, most);
}

static struct db *db_new(const struct db_config *config)
{
    struct db *db = calloc(1, sizeof(*db));
    if (!db)
        return NULL;
    db->config = *config;
    db->url = strdup(config->url);
    db->vfs = config->vfs ? strdup(config->vfs) : NULL;
    db->config.url = db->url;
    db->config.vfs = db->vfs;
    db->config.readers = or_else(config->readers, 8, DB_READERS_MAX);
    db->config.writers = or_else(config->writers, 4, DB_WRITERS_MAX);
    db->config.queue = or_else(config->queue, 4096, 1 << 20);
    db->config.group = or_else(config->group, 256, 4096);
    db->config.wait_ms = or_else(config->wait_ms, 5000, 600000);
    db->config.read_limit_ms = or_else(config->read_limit_ms, 60000, 24 * 3600 * 1000);
    db->config.wal_pages = or_else(config->wal_pages, 1000, 1 << 20);
    struct str url = str_from(config->url);
    bool server = str_starts(url, STR("postgres://")) || str_starts(url, STR("postgresql://"));
    db->driver = server ? &db_driver_postgres : &db_driver_sqlite;
    db->last = &db->first;
    db->changes = 1;
    db->watched = 1;
    pthread_mutex_init(&db->lock, NULL);
    pthread_mutex_init(&db->queue_lock, NULL);
    pthread_mutex_init(&db->news_lock, NULL);
    bool ready = db_cond_init(&db->idle) == OK;
    ready &= db_cond_init(&db->queue_news) == OK;
    ready &= db_cond_init(&db->news) == OK;
    if (!db->url || (config->vfs && !db->vfs) || !ready) {
        db_close(db);
        return NULL;
    }
    return db;
}

static enum err workers_start(struct db *db, struct fault *fault)
{
    bool lite = db->driver->engine == DB_SQLITE;
    int count = lite ? 1 : db->config.writers;
    for (int i = 0; i < count; i++) {
        int rc = pthread_create(&db->workers[i], NULL, lite ? db_lite_worker : db_pg_worker, db);
        if (rc) {
            errno = rc;
            return fault_errno(fault, "starting a database thread");
        }
        db->workers_running++;
    }
    return lite ? OK : db_pg_listen_start(db, fault);
}

enum err db_open(const struct db_config *config, struct fault *fault, struct db **ret)
{
    struct db *db = db_new(config);
    if (!db)
        return db_no_memory(fault);
    enum err e = db->driver->open(db, true, fault, &db->keeper);
    if (!e)
        e = workers_start(db, fault);
    if (e) {
        db_close(db);
        return e;
    }
    *ret = db;
    return OK;
}

void db_close(struct db *db)
{
    if (!db)
        return;
    pthread_mutex_lock(&db->queue_lock);
    db->closing = true;
    pthread_cond_broadcast(&db->queue_news);
    pthread_mutex_unlock(&db->queue_lock);
    for (int i = 0; i < db->workers_running; i++)
        pthread_join(db->workers[i], NULL);
    db_pg_listen_stop(db);
    assert(db->readers_open == db->readers_idle); /* nobody may still be reading */
    for (int i = 0; i < db->readers_idle; i++)
        db->driver->close(db->readers[i]);
    if (db->keeper)
        db->driver->close(db->keeper);
    pthread_cond_destroy(&db->idle);
    pthread_cond_destroy(&db->queue_news);
    pthread_cond_destroy(&db->news);
    pthread_mutex_destroy(&db->lock);
    pthread_mutex_destroy(&db->queue_lock);
    pthread_mutex_destroy(&db->news_lock);
    free(db->url);
    free(db->vfs);
    free(db);
}

enum db_engine db_engine(const struct db *db)
{
    return db->driver->engine;
}

/* ---- readers ---- */

/* An idle reader, or NULL and the right to open one. */
static enum err reader_claim(struct db *db, struct fault *fault, struct db_conn **ret)
{
    struct timespec until = db_until(db->config.wait_ms);
    enum err e = OK;
    *ret = NULL;
    pthread_mutex_lock(&db->lock);
    while (!e && db->readers_idle == 0 && db->readers_open >= db->config.readers) {
        if (pthread_cond_timedwait(&db->idle, &db->lock, &until) == ETIMEDOUT)
            e = fault_set(fault, ERR_BUSY, "all %d readers of the database are in use",
                          db->readers_open);
    }
    if (!e && db->readers_idle)
        *ret = db->readers[--db->readers_idle];
    else if (!e)
        db->readers_open++;
    pthread_mutex_unlock(&db->lock);
    return e;
}

static void reader_return(struct db *db, struct db_conn *conn)
{
    bool keep = conn && !conn->broken;
    if (conn && !keep)
        db->driver->close(conn);
    pthread_mutex_lock(&db->lock);
    if (keep)
        db->readers[db->readers_idle++] = conn;
    else
        db->readers_open--;
    pthread_cond_signal(&db->idle);
    pthread_mutex_unlock(&db->lock);
}

struct begun {
    db_work *work;
    void *arg;
    bool begun;
};

static enum err begun_work(struct db_tx *tx, void *arg, struct fault *fault)
{
    struct begun *b = arg;
    b->begun = true;
    return b->work(tx, b->arg, fault);
}

enum err db_read(struct db *db, db_work *work, void *arg, struct fault *fault)
{
    return db_read_within(db, db->config.read_limit_ms, work, arg, fault);
}

enum err db_read_within(struct db *db, int limit_ms, db_work *work, void *arg,
                        struct fault *fault)
{
    struct begun b = { .work = work, .arg = arg };
    /* An idle connection may have died since; the work has seen nothing yet, so try again, once for
     * each connection that may lie in the pool. */
    for (int attempt = 0;; attempt++) {
        struct db_conn *conn;
        TRY(reader_claim(db, fault, &conn));
        bool fresh = !conn;
        enum err e = fresh ? db->driver->open(db, false, fault, &conn) : OK;
        if (e) {
            reader_return(db, NULL);
            return e;
        }
        conn->deadline_us = limit_ms ? db_now_us() + (int64_t)limit_ms * 1000 : 0;
        e = db_conn_run(conn, false, begun_work, &b, fault);
        bool again = conn->broken && !b.begun && !fresh && attempt < DB_READERS_MAX;
        conn->deadline_us = 0;
        reader_return(db, conn);
        if (!again)
            return e;
    }
}

/* ---- news ---- */

void db_bump(struct db *db)
{
    pthread_mutex_lock(&db->news_lock);
    uint64_t changes = ++db->changes;
    pthread_cond_broadcast(&db->news);
    pthread_mutex_unlock(&db->news_lock);
    if (db->listener)
        db->listener(db->listener_arg, changes);
}

uint64_t db_changes(const struct db *db)
{
    struct db *shared = (struct db *)db; /* the lock is no part of what is promised const */
    pthread_mutex_lock(&shared->news_lock);
    uint64_t changes = shared->changes;
    pthread_mutex_unlock(&shared->news_lock);
    return changes;
}

uint64_t db_wait_changes(struct db *db, uint64_t seen, int wait_ms)
{
    struct timespec until = db_until(wait_ms);
    pthread_mutex_lock(&db->news_lock);
    while (db->changes == seen)
        if (pthread_cond_timedwait(&db->news, &db->news_lock, &until) == ETIMEDOUT)
            break;
    uint64_t changes = db->changes;
    pthread_mutex_unlock(&db->news_lock);
    return changes;
}

void db_on_change(struct db *db, void (*listener)(void *arg, uint64_t changes), void *arg)
{
    db->listener = listener;
    db->listener_arg = arg;
}
