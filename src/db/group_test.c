/* group_test.c - many at once: group commit, conflicts, the bounded queue, lost servers, news. */
#include "db/db_testing.h"
#include "db/internal.h"

#include <libpq-fe.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static const char schema[] =
    "CREATE TABLE book(org REF NOT NULL, id ID NOT NULL, balance MONEY NOT NULL,"
    " PRIMARY KEY(org, id)) {{STRICT}};"
    "CREATE TABLE entry(org REF NOT NULL, id ID NOT NULL, note TEXT, PRIMARY KEY(org, id))"
    " {{STRICT}};"
    "INSERT INTO book VALUES(1, 1, 0), (1, 2, 0);";

static const struct db_statement read_balance = {
    .name = "balance", .sql = "SELECT balance FROM book WHERE org = 1 AND id = $1",
    .file = "group_test.c", .params = 1, .columns = 1,
};
static const struct db_statement set_balance = {
    .name = "set", .sql = "UPDATE book SET balance = $2 WHERE org = 1 AND id = $1",
    .file = "group_test.c", .params = 2, .writes = true,
};
static const struct db_statement add_entry = {
    .name = "entry", .sql = "INSERT INTO entry VALUES(1, $1, $2)", .file = "group_test.c",
    .params = 2, .writes = true,
};

static enum err add_to(struct db_tx *tx, int64_t book, int64_t amount, struct fault *fault)
{
    bool has;
    int64_t balance = 0;
    struct db_value id = db_int(book);
    TRY(db_get_i64(tx, &read_balance, &id, fault, &has, &balance));
    return db_run(tx, &set_balance, (struct db_value[]){ id, db_int(balance + amount) }, NULL,
                  fault);
}

struct post {
    int64_t id;
    bool fail;
    enum err outcome;
};

/* Reads, computes in C, writes: loses updates on any database that does not serialise. */
static enum err post_work(struct db_tx *tx, void *arg, struct fault *fault)
{
    struct post *p = arg;
    TRY(add_to(tx, 1, 1, fault));
    TRY(add_to(tx, 2, -1, fault));
    TRY(db_run(tx, &add_entry, (struct db_value[]){ db_int(p->id), db_str(STR("n")) }, NULL,
               fault));
    return p->fail ? fault_set(fault, ERR_STATE, "asked to fail") : OK;
}

struct poster {
    struct db_fixture *f;
    pthread_t thread;
    int number, count;
    int ok, failed, other;
};

static void *poster_thread(void *arg)
{
    struct poster *p = arg;
    for (int i = 0; i < p->count; i++) {
        struct fault fault;
        struct post post = { .id = p->number * 1000 + i, .fail = i % 3 == 2 };
        enum err e = db_write(p->f->db, post_work, &post, &fault);
        p->ok += e == OK;
        p->failed += e == ERR_STATE;
        p->other += e != OK && e != ERR_STATE;
    }
    return NULL;
}

TEST(commands_at_once_leave_what_one_after_another_would)
{
    FOR_EACH_ENGINE(engine) {
        struct db_fixture f;
        if (!db_fixture_open(&f, engine))
            continue;
        CHECK_EQ(db_fixture_script(&f, schema), OK, "%s", f.fault.message);
        struct poster posters[8];
        int ok = 0, failed = 0, other = 0;
        for (int i = 0; i < 8; i++) {
            posters[i] = (struct poster){ .f = &f, .number = i + 1, .count = 30 };
            pthread_create(&posters[i].thread, NULL, poster_thread, &posters[i]);
        }
        for (int i = 0; i < 8; i++) {
            pthread_join(posters[i].thread, NULL);
            ok += posters[i].ok;
            failed += posters[i].failed;
            other += posters[i].other;
        }
        /* On PostgreSQL all fight for two rows: some may lose all their attempts, cleanly. */
        CHECK_EQ(engine == DB_SQLITE ? other : 0, 0);
        CHECK_EQ(ok + failed + other, 240);
        CHECK(ok > 80 && failed > 20, "%d done, %d failed, %d gave up", ok, failed, other);
        CHECK_EQ(db_fixture_i64(&f, "SELECT count(*) FROM entry"), ok);
        CHECK_EQ(db_fixture_i64(&f, "SELECT balance FROM book WHERE id = 1"), ok);
        CHECK_EQ(db_fixture_i64(&f, "SELECT balance FROM book WHERE id = 2"), -ok);
        db_fixture_close(&f);
    }
}

/* ---- groups ---- */

struct gate {
    pthread_mutex_t lock;
    pthread_cond_t news;
    bool open;
    int done, good;
};

static enum err wait_at_gate(struct db_tx *tx, void *arg, struct fault *fault)
{
    struct gate *g = arg;
    (void)tx;
    (void)fault;
    pthread_mutex_lock(&g->lock);
    while (!g->open)
        pthread_cond_wait(&g->news, &g->lock);
    pthread_mutex_unlock(&g->lock);
    return OK;
}

static void gate_done(void *arg, enum err outcome, const struct fault *fault)
{
    struct gate *g = arg;
    (void)fault;
    pthread_mutex_lock(&g->lock);
    g->done++;
    g->good += outcome == OK;
    pthread_cond_broadcast(&g->news);
    pthread_mutex_unlock(&g->lock);
}

struct numbered {
    struct db_command command;
    struct gate *gate;
    int64_t id;
    int runs;
};

static enum err numbered_work(struct db_tx *tx, void *arg, struct fault *fault)
{
    struct numbered *n = arg;
    n->runs++;
    return db_run(tx, &add_entry, (struct db_value[]){ db_int(n->id), db_null() }, NULL, fault);
}

static void numbered_done(void *arg, enum err outcome, const struct fault *fault)
{
    struct numbered *n = arg;
    gate_done(n->gate, outcome, fault);
}

static void gate_wait(struct gate *g, int done)
{
    pthread_mutex_lock(&g->lock);
    while (g->done < done)
        pthread_cond_wait(&g->news, &g->lock);
    pthread_mutex_unlock(&g->lock);
}

static void gate_open(struct gate *g)
{
    pthread_mutex_lock(&g->lock);
    g->open = true;
    pthread_cond_broadcast(&g->news);
    pthread_mutex_unlock(&g->lock);
}

/* While the writer is held up 50 commands gather; ten of them violate a key. They make one group,
 * and the failing ones do not touch the others. The 52nd finds the queue full. */
TEST(waiting_commands_share_one_commit)
{
    struct db_fixture f;
    struct db_config config = { .queue = 50 };
    if (!db_fixture_open_with(&f, DB_SQLITE, &config))
        return;
    CHECK_EQ(db_fixture_script(&f, schema), OK, "%s", f.fault.message);
    struct gate gate = { .lock = PTHREAD_MUTEX_INITIALIZER, .news = PTHREAD_COND_INITIALIZER };
    struct db_command holder = { .work = wait_at_gate, .done = gate_done, .arg = &gate,
                                 .alone = true };
    struct numbered commands[51];
    uint64_t groups = db_figures(f.db).groups;
    CHECK_EQ(db_submit(f.db, &holder, &f.fault), OK);
    while (db_figures(f.db).waiting > 0)
        nanosleep(&(struct timespec){ 0, 1000000 }, NULL);
    for (int i = 0; i < 51; i++) {
        commands[i] = (struct numbered){ .gate = &gate, .id = i % 40 };
        commands[i].command = (struct db_command){ .work = numbered_work, .done = numbered_done,
                                                   .arg = &commands[i] };
        CHECK_EQ(db_submit(f.db, &commands[i].command, &f.fault), i < 50 ? OK : ERR_BUSY);
    }
    gate_open(&gate);
    gate_wait(&gate, 51);
    CHECK_EQ(gate.good, 41);
    CHECK_EQ(db_figures(f.db).groups - groups, 2);
    CHECK_EQ(db_figures(f.db).busy, 1);
    CHECK_EQ(db_fixture_i64(&f, "SELECT count(*) FROM entry"), 40);
    db_fixture_close(&f);
}

static enum err huge_work(struct db_tx *tx, void *arg, struct fault *fault)
{
    struct numbered *n = arg;
    n->runs++;
    char *big = arena_alloc(test_arena(), 1 << 20);
    memset(big, 'x', 1 << 20);
    return db_run(tx, &add_entry,
                  (struct db_value[]){ db_int(n->id), db_str((struct str){ big, 1 << 20 }) }, NULL,
                  fault);
}

/* The engine undoes the whole transaction when the file cannot grow. Only the one that was too
 * large may notice; its neighbours, before and after it, run again and succeed. */
TEST(a_full_disk_hits_only_the_command_that_met_it)
{
    struct db_fixture f;
    if (!db_fixture_open(&f, DB_SQLITE))
        return;
    CHECK_EQ(db_fixture_script(&f, schema), OK, "%s", f.fault.message);
    CHECK_EQ(db_fixture_script(&f, "PRAGMA max_page_count = 60"), OK, "%s", f.fault.message);
    struct gate gate = { .lock = PTHREAD_MUTEX_INITIALIZER, .news = PTHREAD_COND_INITIALIZER };
    struct db_command holder = { .work = wait_at_gate, .done = gate_done, .arg = &gate,
                                 .alone = true };
    struct numbered commands[21];
    CHECK_EQ(db_submit(f.db, &holder, &f.fault), OK);
    while (db_figures(f.db).waiting > 0)
        nanosleep(&(struct timespec){ 0, 1000000 }, NULL);
    for (int i = 0; i < 21; i++) {
        commands[i] = (struct numbered){ .gate = &gate, .id = i };
        commands[i].command = (struct db_command){ .work = i == 10 ? huge_work : numbered_work,
                                                   .done = numbered_done, .arg = &commands[i] };
        CHECK_EQ(db_submit(f.db, &commands[i].command, &f.fault), OK);
    }
    gate_open(&gate);
    gate_wait(&gate, 22);
    for (int i = 0; i < 21; i++)
        CHECK_EQ(commands[i].command.outcome, i == 10 ? ERR_FULL : OK, "command %d: %s", i,
                 commands[i].command.fault.message);
    CHECK_EQ(commands[0].runs, 2, "it was undone with the group, and run again");
    CHECK_EQ(commands[10].runs, 1);
    CHECK_EQ(db_fixture_i64(&f, "SELECT count(*) FROM entry"), 20);
    db_fixture_close(&f);
}

/* ---- reading ---- */

static enum err snapshot(struct db_tx *tx, void *arg, struct fault *fault)
{
    struct db_fixture *f = arg;
    bool has;
    int64_t before = 0, after = 0;
    struct db_value id = db_int(1);
    TRY(db_get_i64(tx, &read_balance, &id, fault, &has, &before));
    struct post post = { .id = 1 };
    struct fault other;
    CHECK_EQ(db_write(f->db, post_work, &post, &other), OK, "%s", other.message);
    TRY(db_get_i64(tx, &read_balance, &id, fault, &has, &after));
    CHECK_EQ(before, after, "a reader sees one moment");
    return OK;
}

static enum err endless(struct db_tx *tx, void *arg, struct fault *fault)
{
    (void)arg;
    struct db_rows *rows;
    bool has;
    TRY(db_query_text(tx,
                      STR("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n"
                          " WHERE i < 1000000000) SELECT count(*) FROM n"),
                      NULL, 0, fault, &rows));
    return db_next(rows, &has, fault);
}

static enum err read_again(struct db_tx *tx, void *arg, struct fault *fault)
{
    struct db_fixture *f = arg;
    (void)tx;
    return db_read(f->db, snapshot, f, fault);
}

TEST(readers_have_snapshots_and_limits)
{
    FOR_EACH_ENGINE(engine) {
        struct db_fixture f;
        struct db_config config = { .readers = 1, .wait_ms = 200, .read_limit_ms = 300 };
        if (!db_fixture_open_with(&f, engine, &config))
            continue;
        CHECK_EQ(db_fixture_script(&f, schema), OK, "%s", f.fault.message);
        CHECK_EQ(db_read(f.db, snapshot, &f, &f.fault), OK, "%s", f.fault.message);
        CHECK_EQ(db_fixture_i64(&f, "SELECT balance FROM book WHERE id = 1"), 1);
        CHECK_EQ(db_read(f.db, read_again, &f, &f.fault), ERR_BUSY, "the only reader is taken");
        CHECK_EQ(db_read(f.db, endless, NULL, &f.fault),
                 engine == DB_SQLITE ? ERR_BUSY : ERR_UNAVAILABLE, "%s", f.fault.message);
        CHECK_EQ(db_fixture_i64(&f, "SELECT count(*) FROM entry"), 1, "works again");
        db_fixture_close(&f);
    }
}

static void hear(void *arg, uint64_t changes)
{
    __atomic_store_n((uint64_t *)arg, changes, __ATOMIC_SEQ_CST);
}

TEST(news_of_commits_arrive)
{
    FOR_EACH_ENGINE(engine) {
        struct db_fixture f;
        if (!db_fixture_open(&f, engine))
            continue;
        uint64_t heard = 0;
        CHECK_EQ(db_fixture_script(&f, schema), OK, "%s", f.fault.message);
        db_on_change(f.db, hear, &heard);
        uint64_t seen = db_changes(f.db);
        struct post post = { .id = 5, .fail = true };
        CHECK_EQ(db_write(f.db, post_work, &post, &f.fault), ERR_STATE);
        if (engine == DB_SQLITE)
            CHECK_EQ(db_changes(f.db), seen, "nothing was committed");
        post.fail = false;
        CHECK_EQ(db_write(f.db, post_work, &post, &f.fault), OK, "%s", f.fault.message);
        CHECK(db_wait_changes(f.db, seen, 1000) > seen);
        CHECK(__atomic_load_n(&heard, __ATOMIC_SEQ_CST) > seen);
        if (engine == DB_POSTGRES) { /* another process */
            struct db_config config = { .url = f.url };
            struct db *other;
            CHECK_EQ(db_open(&config, &f.fault, &other), OK, "%s", f.fault.message);
            nanosleep(&(struct timespec){ 0, 300000000 }, NULL);
            seen = db_changes(f.db);
            post.id = 6;
            CHECK_EQ(db_write(other, post_work, &post, &f.fault), OK, "%s", f.fault.message);
            CHECK(db_wait_changes(f.db, seen, 3000) > seen, "heard of the other process");
            db_close(other);
        }
        db_fixture_close(&f);
    }
}

/* ---- PostgreSQL: connections that die ---- */

static void admin(const char *sql)
{
    PGconn *link = PQconnectdb(getenv("QIBING_TEST_PG"));
    PQclear(PQexec(link, sql));
    PQfinish(link);
}

struct broken {
    int runs;
    bool every;
};

static enum err dies(struct db_tx *tx, void *arg, struct fault *fault)
{
    struct broken *b = arg;
    if (b->runs++ == 0 || b->every) {
        struct db_rows *rows;
        bool has;
        char sql[80];
        TRY(db_query_text(tx, STR("SELECT pg_backend_pid()"), NULL, 0, fault, &rows));
        TRY(db_next(rows, &has, fault));
        snprintf(sql, sizeof(sql), "SELECT pg_terminate_backend(%lld)", (long long)db_i64(rows, 0));
        admin(sql);
        nanosleep(&(struct timespec){ 0, 50000000 }, NULL);
    }
    return db_run(tx, &add_entry, (struct db_value[]){ db_int(77), db_null() }, NULL, fault);
}

TEST(a_connection_lost_before_commit_is_made_good)
{
    struct db_fixture f;
    if (!db_fixture_open(&f, DB_POSTGRES))
        return test_skip("QIBING_TEST_PG is not set");
    CHECK_EQ(db_fixture_script(&f, schema), OK, "%s", f.fault.message);
    struct broken once = { 0 };
    CHECK_EQ(db_write(f.db, dies, &once, &f.fault), OK, "%s", f.fault.message);
    CHECK_EQ(once.runs, 2);
    CHECK_EQ(db_fixture_i64(&f, "SELECT count(*) FROM entry"), 1);
    /* Idle connections of the pool die too; the next reader does not notice. */
    admin("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
          " AND backend_type = 'client backend'");
    CHECK_EQ(db_fixture_i64(&f, "SELECT count(*) FROM entry"), 1);
    db_fixture_close(&f);
}

struct canceller {
    pthread_t thread;
};

static void *cancel_commit(void *arg)
{
    (void)arg;
    for (int i = 0; i < 100; i++) {
        nanosleep(&(struct timespec){ 0, 50000000 }, NULL);
        PGconn *link = PQconnectdb(getenv("QIBING_TEST_PG"));
        PGresult *r = PQexec(link, "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE"
                                   " wait_event = 'SyncRep' AND query = 'COMMIT'");
        int hit = PQntuples(r);
        PQclear(r);
        PQfinish(link);
        if (hit > 0)
            break;
    }
    return NULL;
}

/* A COMMIT whose standby never confirmed must not be called done, although the server says
 * COMMIT. */
TEST(a_commit_without_its_standby_is_unknown)
{
    struct db_fixture f;
    if (!db_fixture_open(&f, DB_POSTGRES))
        return test_skip("QIBING_TEST_PG is not set");
    CHECK_EQ(db_fixture_script(&f, schema), OK, "%s", f.fault.message);
    admin("ALTER SYSTEM SET synchronous_standby_names = 'nobody'");
    admin("SELECT pg_reload_conf()");
    nanosleep(&(struct timespec){ 0, 300000000 }, NULL);
    struct canceller c;
    pthread_create(&c.thread, NULL, cancel_commit, NULL);
    struct post post = { .id = 9 };
    CHECK_EQ(db_write(f.db, post_work, &post, &f.fault), ERR_UNAVAILABLE, "%s", f.fault.message);
    CHECK(strstr(f.fault.message, "outcome is unknown") != NULL, "%s", f.fault.message);
    pthread_join(c.thread, NULL);
    admin("ALTER SYSTEM RESET synchronous_standby_names");
    admin("SELECT pg_reload_conf()");
    nanosleep(&(struct timespec){ 0, 300000000 }, NULL);
    CHECK_EQ(db_fixture_i64(&f, "SELECT count(*) FROM entry"), 1, "run once, not twice");
    db_fixture_close(&f);
}

TEST(a_server_that_is_not_there_is_told_in_time)
{
    struct db_config config = { .url = "postgres://nobody@127.0.0.1:21999,127.0.0.1:21998/x",
                                .wait_ms = 500 };
    struct fault fault;
    struct db *db = NULL;
    int64_t start = db_now_us();
    CHECK_EQ(db_open(&config, &fault, &db), ERR_UNAVAILABLE);
    CHECK(db_now_us() - start < 2000000);
}
