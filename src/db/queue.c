/* queue.c - commands that wait for the writer: bounded, first come first served. */
#include "db/internal.h"

#include <stdlib.h>

enum err db_submit(struct db *db, struct db_command *command, struct fault *fault)
{
    command->next = NULL;
    command->since_us = db_now_us();
    command->settled = false;
    command->outcome = OK;
    enum err e = OK;
    pthread_mutex_lock(&db->queue_lock);
    if (db->closing) {
        e = fault_set(fault, ERR_UNAVAILABLE, "the database is closing");
    } else if (db->waiting >= db->config.queue) {
        db->figures.busy++;
        e = fault_set(fault, ERR_BUSY, "%d commands are waiting already", db->waiting);
    } else {
        *db->last = command;
        db->last = &command->next;
        db->waiting++;
        pthread_cond_signal(&db->queue_news);
    }
    pthread_mutex_unlock(&db->queue_lock);
    return e;
}

static struct db_command *take_locked(struct db *db)
{
    struct db_command *command = db->first;
    if (!command)
        return NULL;
    db->first = command->next;
    if (!db->first)
        db->last = &db->first;
    command->next = NULL;
    db->waiting--;
    db->figures.commands++;
    return command;
}

struct db_command *db_queue_take(struct db *db)
{
    pthread_mutex_lock(&db->queue_lock);
    while (!db->first && !db->closing)
        pthread_cond_wait(&db->queue_news, &db->queue_lock);
    struct db_command *command = take_locked(db);
    pthread_mutex_unlock(&db->queue_lock);
    return command;
}

struct db_command *db_queue_take_more(struct db *db)
{
    pthread_mutex_lock(&db->queue_lock);
    struct db_command *command = db->first && !db->first->alone ? take_locked(db) : NULL;
    pthread_mutex_unlock(&db->queue_lock);
    return command;
}

void db_queue_settle(struct db *db, struct db_command *command)
{
    if (command->outcome) {
        pthread_mutex_lock(&db->queue_lock);
        db->figures.failed++;
        pthread_mutex_unlock(&db->queue_lock);
    }
    command->done(command->arg, command->outcome, &command->fault);
}

struct db_figures db_figures(struct db *db)
{
    pthread_mutex_lock(&db->queue_lock);
    struct db_figures figures = db->figures;
    figures.waiting = db->waiting;
    pthread_mutex_unlock(&db->queue_lock);
    return figures;
}

/* ---- the blocking form ---- */

struct waiter {
    db_work *work;
    void *arg;
    pthread_mutex_t lock;
    pthread_cond_t news;
    bool done;
    enum err outcome;
    struct fault *fault;
};

static enum err waiter_work(struct db_tx *tx, void *arg, struct fault *fault)
{
    struct waiter *w = arg;
    return w->work(tx, w->arg, fault);
}

static void waiter_done(void *arg, enum err outcome, const struct fault *fault)
{
    struct waiter *w = arg;
    pthread_mutex_lock(&w->lock);
    w->outcome = outcome;
    if (outcome)
        *w->fault = *fault;
    w->done = true;
    pthread_cond_signal(&w->news);
    pthread_mutex_unlock(&w->lock);
}

static enum err write_blocking(struct db *db, db_work *work, void *arg, bool alone, bool schema,
                               struct fault *fault)
{
    struct waiter w = { .work = work, .arg = arg, .fault = fault };
    struct db_command command = {
        .work = waiter_work, .done = waiter_done, .arg = &w, .alone = alone, .schema = schema
    };
    pthread_mutex_init(&w.lock, NULL);
    pthread_cond_init(&w.news, NULL);
    enum err e = db_submit(db, &command, fault);
    if (!e) {
        pthread_mutex_lock(&w.lock);
        while (!w.done)
            pthread_cond_wait(&w.news, &w.lock);
        pthread_mutex_unlock(&w.lock);
        e = w.outcome;
    }
    pthread_cond_destroy(&w.news);
    pthread_mutex_destroy(&w.lock);
    return e;
}

enum err db_write(struct db *db, db_work *work, void *arg, struct fault *fault)
{
    return write_blocking(db, work, arg, false, false, fault);
}

enum err db_write_alone(struct db *db, db_work *work, void *arg, struct fault *fault)
{
    return write_blocking(db, work, arg, true, false, fault);
}

enum err db_write_schema(struct db *db, db_work *work, void *arg, struct fault *fault)
{
    return write_blocking(db, work, arg, true, true, fault);
}
