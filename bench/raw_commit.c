/*
 * raw_commit.c - what one order costs the database alone: the yardstick of bench/post_order.
 *
 *   raw_commit RECORD_DATA REPLAY_DB TOKEN BODY GROUP [ORDERS]
 *
 * RECORD_DATA is a data folder and REPLAY_DB a copy of its database. ORDERS orders (BODY, the JSON
 * of one POST /api/v1/orders/post) go through the product's own code into RECORD_DATA, and every
 * statement that its writing connection runs is kept with its values. Then the same statements run
 * against REPLAY_DB in a bare loop: prepared once, GROUP orders to a transaction, WAL,
 * synchronous=FULL, nothing else. Prints "raw RATE orders/s, STATEMENTS statements, GROUP".
 */
#include "app/app.h"
#include "app/modules.h"
#include "core/identity/identity.h"
#include "db/internal.h"

#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { VALUES_MAX = 64, SLOTS = 512, THREADS = 16 };

struct value {
    int at, type; /* SQLITE_INTEGER, _TEXT, _BLOB, _NULL */
    sqlite3_int64 number;
    void *bytes;
    size_t len;
};

/* The values that are bound to a statement now; found by its address. */
struct bound {
    sqlite3_stmt *stmt;
    struct value values[VALUES_MAX];
};

struct step {
    const char *sql;
    int count;
    struct value *values;
};

static struct {
    pthread_mutex_t lock;
    struct bound bound[SLOTS];
    struct step *steps;
    size_t count, room;
    bool on;
    void *writer; /* the connection that begins IMMEDIATE */
} tape = { .lock = PTHREAD_MUTEX_INITIALIZER };

/* ---- recording: the linker leads all binding through here ---- */

static struct value *slot(sqlite3_stmt *stmt, int at)
{
    struct bound *b = NULL;
    for (int i = 0; i < SLOTS && !b; i++)
        if (tape.bound[i].stmt == stmt || !tape.bound[i].stmt)
            b = &tape.bound[i];
    if (!b || at > VALUES_MAX)
        abort();
    b->stmt = stmt;
    return &b->values[at - 1];
}

static void keep(sqlite3_stmt *stmt, int at, int type, sqlite3_int64 number, const void *bytes,
                 size_t len)
{
    pthread_mutex_lock(&tape.lock);
    struct value *v = slot(stmt, at);
    free(v->bytes);
    *v = (struct value){ at, type, number, NULL, len };
    if (bytes) {
        v->bytes = malloc(len + 1);
        memcpy(v->bytes, bytes, len);
    }
    pthread_mutex_unlock(&tape.lock);
}

int __real_sqlite3_bind_int64(sqlite3_stmt *s, int at, sqlite3_int64 v);
int __real_sqlite3_bind_null(sqlite3_stmt *s, int at);
int __real_sqlite3_bind_text64(sqlite3_stmt *s, int at, const char *v, sqlite3_uint64 n,
                               void (*f)(void *), unsigned char enc);
int __real_sqlite3_bind_blob64(sqlite3_stmt *s, int at, const void *v, sqlite3_uint64 n,
                               void (*f)(void *));
int __real_sqlite3_finalize(sqlite3_stmt *s);
int __wrap_sqlite3_bind_int64(sqlite3_stmt *s, int at, sqlite3_int64 v);
int __wrap_sqlite3_bind_null(sqlite3_stmt *s, int at);
int __wrap_sqlite3_bind_text64(sqlite3_stmt *s, int at, const char *v, sqlite3_uint64 n,
                               void (*f)(void *), unsigned char enc);
int __wrap_sqlite3_bind_blob64(sqlite3_stmt *s, int at, const void *v, sqlite3_uint64 n,
                               void (*f)(void *));
int __wrap_sqlite3_finalize(sqlite3_stmt *s);

int __wrap_sqlite3_bind_int64(sqlite3_stmt *s, int at, sqlite3_int64 v)
{
    keep(s, at, SQLITE_INTEGER, v, NULL, 0);
    return __real_sqlite3_bind_int64(s, at, v);
}

int __wrap_sqlite3_bind_null(sqlite3_stmt *s, int at)
{
    keep(s, at, SQLITE_NULL, 0, NULL, 0);
    return __real_sqlite3_bind_null(s, at);
}

int __wrap_sqlite3_bind_text64(sqlite3_stmt *s, int at, const char *v, sqlite3_uint64 n,
                               void (*f)(void *), unsigned char enc)
{
    keep(s, at, SQLITE_TEXT, 0, v ? v : "", n);
    return __real_sqlite3_bind_text64(s, at, v, n, f, enc);
}

int __wrap_sqlite3_bind_blob64(sqlite3_stmt *s, int at, const void *v, sqlite3_uint64 n,
                               void (*f)(void *))
{
    keep(s, at, SQLITE_BLOB, 0, v ? v : "", n);
    return __real_sqlite3_bind_blob64(s, at, v, n, f);
}

/* The address may belong to another statement next. */
int __wrap_sqlite3_finalize(sqlite3_stmt *s)
{
    pthread_mutex_lock(&tape.lock);
    for (int i = 0; i < SLOTS; i++)
        if (tape.bound[i].stmt == s)
            for (int k = 0; k < VALUES_MAX; k++)
                tape.bound[i].values[k].at = 0;
    pthread_mutex_unlock(&tape.lock);
    return __real_sqlite3_finalize(s);
}

static bool counts(const char *sql)
{
    static const char *const frames[] = { "BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE",
                                          "PRAGMA", "--" };
    for (size_t i = 0; i < COUNT(frames); i++)
        if (sqlite3_strnicmp(sql, frames[i], (int)strlen(frames[i])) == 0)
            return false;
    return true;
}

static int ran(unsigned kind, void *db, void *statement, void *text)
{
    sqlite3_stmt *stmt = statement;
    const char *sql = sqlite3_sql(stmt);
    /* Parts of a statement (triggers, the index of the full text) are traced as comments. */
    if (kind == SQLITE_TRACE_STMT && sql && strncmp(sql, "BEGIN IMMEDIATE", 15) == 0)
        tape.writer = db;
    if (kind != SQLITE_TRACE_STMT || !tape.on || db != tape.writer || !sql || !counts(sql) ||
        strncmp(text, "--", 2) == 0)
        return 0;
    pthread_mutex_lock(&tape.lock);
    if (tape.count == tape.room) {
        tape.room = tape.room ? tape.room * 2 : 1024;
        tape.steps = realloc(tape.steps, tape.room * sizeof *tape.steps);
    }
    struct step *step = &tape.steps[tape.count++];
    *step = (struct step){ strdup(sql), sqlite3_bind_parameter_count(stmt), NULL };
    step->values = calloc((size_t)step->count + 1, sizeof *step->values);
    for (int i = 0; i < step->count; i++) {
        struct value *from = slot(stmt, i + 1);
        step->values[i] = *from;
        if (from->bytes) {
            step->values[i].bytes = malloc(from->len + 1);
            memcpy(step->values[i].bytes, from->bytes, from->len);
        }
    }
    pthread_mutex_unlock(&tape.lock);
    return 0;
}

static int watch(sqlite3 *db, char **message, const struct sqlite3_api_routines *api)
{
    (void)message;
    (void)api;
    return sqlite3_trace_v2(db, SQLITE_TRACE_STMT, ran, db) == SQLITE_OK ? SQLITE_OK
                                                                          : SQLITE_ERROR;
}

struct poster {
    pthread_t thread;
    struct api *api;
    const char *bearer, *body;
    int number, orders, good;
};

static void *post(void *arg)
{
    struct poster *p = arg;
    struct arena *arena = arena_open(64 << 20);
    for (int i = 0; i < p->orders; i++) {
        struct arena_mark mark = arena_mark(arena);
        struct pair headers[] = {
            { STR("authorization"), str_from(p->bearer) },
            { STR("idempotency-key"), str_fmt(arena, "bench-%d-%d", p->number, i) },
            { STR("content-type"), STR("application/json") },
        };
        struct request in = { .method = POST, .path = STR("/api/v1/orders/post"),
                              .headers = headers, .header_count = COUNT(headers),
                              .body = str_from(p->body), .content_type = STR("application/json"),
                              .address = STR("127.0.0.1") };
        const struct reply *out = api_call(p->api, arena, &in);
        p->good += out->status == 200 || out->status == 0;
        arena_reset(arena, mark);
    }
    arena_close(arena);
    return NULL;
}

static int record(const char *data, const char *token, const char *body, int orders)
{
    struct app app;
    struct fault fault = { 0 };
    struct data_options options = { .data = data };
    struct api *api;
    char bearer[200];
    snprintf(bearer, sizeof bearer, "Bearer %s", token);
    if (app_open(&app, &options, APP_SIGN, &fault))
        return fprintf(stderr, "%s\n", fault.message), 0;
    struct api_config config = { .db = app.db, .services = &app.services,
                                 .tables = qibing_routes, .authenticate = identity_authenticate,
                                 .ids = app.core.ids, .clock = app.core.clock };
    if (api_open(&config, &fault, &api))
        return fprintf(stderr, "%s\n", fault.message), 0;
    struct poster posters[THREADS];
    int good = 0;
    tape.on = true;
    for (int i = 0; i < THREADS; i++) {
        posters[i] = (struct poster){ .api = api, .bearer = bearer, .body = body, .number = i,
                                      .orders = orders / THREADS };
        pthread_create(&posters[i].thread, NULL, post, &posters[i]);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(posters[i].thread, NULL);
        good += posters[i].good;
    }
    tape.on = false;
    api_close(api);
    app_close(&app);
    return good;
}

/* ---- replaying ---- */

static void bind(sqlite3_stmt *s, const struct value *v, int at)
{
    switch (v->type) {
    case SQLITE_INTEGER: __real_sqlite3_bind_int64(s, at, v->number); return;
    case SQLITE_TEXT:
        __real_sqlite3_bind_text64(s, at, v->bytes, v->len, SQLITE_STATIC, SQLITE_UTF8);
        return;
    case SQLITE_BLOB: __real_sqlite3_bind_blob64(s, at, v->bytes, v->len, SQLITE_STATIC); return;
    default: __real_sqlite3_bind_null(s, at);
    }
}

static sqlite3_stmt *prepared(sqlite3 *db, const char *sql)
{
    static struct {
        const char *sql;
        sqlite3_stmt *stmt;
    } cache[256];
    int i = 0;
    for (; i < 256 && cache[i].sql; i++)
        if (cache[i].sql == sql || strcmp(cache[i].sql, sql) == 0)
            return cache[i].stmt;
    if (i == 256 ||
        sqlite3_prepare_v3(db, sql, -1, SQLITE_PREPARE_PERSISTENT, &cache[i].stmt, NULL)) {
        fprintf(stderr, "%s: %s\n", sql, sqlite3_errmsg(db));
        exit(1);
    }
    cache[i].sql = sql;
    return cache[i].stmt;
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int replay(const char *path, int orders, int group)
{
    sqlite3 *db;
    if (sqlite3_open(path, &db) ||
        sqlite3_exec(db, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;"
                     "PRAGMA secure_delete=FAST; PRAGMA cache_size=-65536;", NULL, NULL, NULL))
        return 1;
    struct fault fault = { 0 };
    if (db_lite_register_search(db, &fault)) /* the tokenizer of the full text */
        return fprintf(stderr, "%s\n", fault.message), 1;
    /* Which statement begins an order is known by their equal number. */
    size_t per_group = tape.count * (size_t)group / (size_t)orders;
    sqlite3_stmt **stmts = calloc(tape.count, sizeof *stmts);
    for (size_t i = 0; i < tape.count; i++)
        stmts[i] = prepared(db, tape.steps[i].sql);
    double begun = now();
    clock_t cpu = clock();
    for (size_t i = 0; i < tape.count;) {
        sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL);
        for (size_t end = MIN(i + per_group, tape.count); i < end; i++) {
            const struct step *step = &tape.steps[i];
            sqlite3_stmt *s = stmts[i];
            for (int k = 0; k < step->count; k++)
                bind(s, &step->values[k], k + 1);
            int rc;
            while ((rc = sqlite3_step(s)) == SQLITE_ROW)
                ;
            sqlite3_reset(s);
            if (rc != SQLITE_DONE)
                return fprintf(stderr, "%s: %s\n", step->sql, sqlite3_errmsg(db)), 1;
        }
        sqlite3_exec(db, "COMMIT", NULL, NULL, NULL);
    }
    double seconds = now() - begun;
    double used = (double)(clock() - cpu) * 1e6 / CLOCKS_PER_SEC / orders;
    printf("raw %.0f orders/s, %.0f µs CPU and %.1f statements an order, groups of %d, %d orders\n",
           orders / seconds, used, (double)tape.count / orders, group, orders);
    sqlite3_close(db);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc < 6) {
        fputs("usage: raw_commit RECORD_DATA REPLAY_DB TOKEN BODY GROUP [ORDERS]\n", stderr);
        return 2;
    }
    int group = MAX(atoi(argv[5]), 1), orders = argc > 6 ? atoi(argv[6]) : 4096;
    db_process_setup();
    sqlite3_auto_extension((void (*)(void))watch);
    int good = record(argv[1], argv[3], argv[4], orders);
    sqlite3_reset_auto_extension();
    if (good != orders)
        return fprintf(stderr, "only %d of %d orders were taken\n", good, orders), 1;
    return replay(argv[2], orders, group);
}
