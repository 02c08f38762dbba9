/*
 * db_bench.c - how many commands per second become durable.
 *
 *   qibing-bench-db FOLDER|postgres://… [SECONDS]
 *
 * 1, 8 and 64 submitters post one row each (7 columns, two more indexes with random keys), wait for
 * the answer, and post the next. Beside it, in the same run on the same disk, the bare loop: the
 * same statement with as many rows per transaction as the groups had. The ratio is what queue,
 * savepoints and answers cost.
 */
#include "db/internal.h"
#include "db/migrate.h"

#include <stdio.h>
#include <stdlib.h>

enum { ROUNDS = 3, SUBMITTERS_MAX = 64, SAMPLES_MAX = 1 << 16 };

static const struct db_migration schema[] = {
    { 1, "0001_bench",
      "CREATE TABLE bench(org REF NOT NULL, id ID NOT NULL, person REF NOT NULL, day DATE NOT NULL,"
      " amount MONEY NOT NULL, at INSTANT NOT NULL, note TEXT, PRIMARY KEY(org, id)) {{STRICT}};"
      "CREATE INDEX bench_person ON bench(org, person, day);"
      "CREATE INDEX bench_amount ON bench(org, amount);" },
};
static const struct db_statement insert = {
    .name = "bench_insert", .sql = "INSERT INTO bench VALUES($1,$2,$3,$4,$5,$6,$7)",
    .file = "db_bench.c", .line = __LINE__, .params = 7, .writes = true,
};

struct post {
    int64_t id;
    uint64_t seed;
};

static enum err post_work(struct db_tx *tx, void *arg, struct fault *fault)
{
    const struct post *p = arg;
    struct rand r = rand_seeded(p->seed + (uint64_t)p->id);
    struct db_value values[] = {
        db_int(1), db_int(p->id), db_int((int64_t)rand_below(&r, 100000)),
        db_int((int64_t)rand_below(&r, 366)), db_int((int64_t)rand_below(&r, 1000000)),
        db_int(p->id * 1000), db_str(STR("上海市浦东新区世纪大道100号")),
    };
    return db_run(tx, &insert, values, NULL, fault);
}

struct submitter {
    struct db *db;
    pthread_t thread;
    int64_t next, until_us, done, failed;
    uint64_t seed;
    int samples;
    int32_t *sample; /* µs */
};

static void *submit(void *arg)
{
    struct submitter *s = arg;
    while (db_now_us() < s->until_us) {
        struct fault fault;
        struct post post = { s->next++, s->seed };
        int64_t start = db_now_us();
        enum err e = db_write(s->db, post_work, &post, &fault);
        s->done += e == OK;
        s->failed += e != OK;
        if (s->samples < SAMPLES_MAX)
            s->sample[s->samples++] = (int32_t)(db_now_us() - start);
    }
    return NULL;
}

static int by_value(const void *a, const void *b)
{
    int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;
    return (x > y) - (x < y);
}

/* Rows per second, and the mean group in *group. */
static double with_submitters(struct db *db, int count, int seconds, int round,
                              double *group)
{
    struct submitter s[SUBMITTERS_MAX] = { 0 };
    struct db_figures before = db_figures(db);
    int64_t start = db_now_us(), done = 0, failed = 0;
    for (int i = 0; i < count; i++) {
        s[i] = (struct submitter){ .db = db, .until_us = start + (int64_t)seconds * 1000000,
                                   .next = ((int64_t)round * 100 + i + 1) << 40,
                                   .seed = (uint64_t)round * 77 + (uint64_t)i };
        s[i].sample = malloc(SAMPLES_MAX * sizeof(int32_t));
        pthread_create(&s[i].thread, NULL, submit, &s[i]);
    }
    int32_t *all = malloc((size_t)count * SAMPLES_MAX * sizeof(int32_t));
    size_t samples = 0;
    for (int i = 0; i < count; i++) {
        pthread_join(s[i].thread, NULL);
        done += s[i].done;
        failed += s[i].failed;
        for (int k = 0; k < s[i].samples; k++)
            all[samples++] = s[i].sample[k];
        free(s[i].sample);
    }
    double rate = (double)done * 1e6 / (double)(db_now_us() - start);
    struct db_figures after = db_figures(db);
    uint64_t groups = after.groups - before.groups;
    *group = groups ? (double)(after.commands - before.commands) / (double)groups : 1;
    qsort(all, samples, sizeof(*all), by_value);
    printf("%2d submitters: %7.0f rows/s, group %5.1f, p50 %5.2f ms, p99 %6.2f ms", count, rate,
           *group, all[samples / 2] / 1e3, all[samples * 99 / 100] / 1e3);
    if (failed || after.retried > before.retried)
        printf(", %lld failed, %llu retried", (long long)failed,
               (unsigned long long)(after.retried - before.retried));
    free(all);
    return rate;
}

struct bare {
    int64_t next;
    int rows;
};

static enum err bare_work(struct db_tx *tx, void *arg, struct fault *fault)
{
    struct bare *b = arg;
    for (int i = 0; i < b->rows; i++)
        TRY(post_work(tx, &(struct post){ b->next++, 5 }, fault));
    return OK;
}

/* Straight on the writer's connection, without queue, savepoints and waiting threads. */
static enum err bare_loop(struct db *db, int rows, int seconds, int64_t first, struct fault *fault,
                          double *rate)
{
    struct bare b = { .next = first, .rows = rows };
    struct db_conn *conn;
    TRY(db->driver->open(db, true, fault, &conn));
    int64_t start = db_now_us();
    enum err e = OK;
    while (!e && db_now_us() - start < (int64_t)seconds * 1000000)
        e = db_conn_run(conn, true, bare_work, &b, fault);
    *rate = (double)(b.next - first) * 1e6 / (double)(db_now_us() - start);
    db->driver->close(conn);
    return e;
}

static enum err bench(const char *url, int seconds, struct fault *fault)
{
    struct db *db;
    struct db_config config = { .url = url, .writers = 8 };
    TRY(db_open(&config, fault, &db));
    enum err e = db_migrate(db, schema, 1, (struct instant){ 1 }, fault);
    static const int counts[] = { 1, 8, 64 };
    /* In turns: a shared disk changes its mood within seconds. */
    for (int i = 0; !e && i < (int)COUNT(counts) * ROUNDS; i++) {
        int count = counts[i / ROUNDS];
        double group, bare = 0;
        double rate = with_submitters(db, count, seconds, i, &group);
        int rows = (int)(group + 0.5);
        e = bare_loop(db, rows, seconds, ((int64_t)i + 1) << 56, fault, &bare);
        printf("; bare loop of %d: %.0f rows/s, ratio %.2f\n", rows, bare, rate / bare);
    }
    db_close(db);
    return e;
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        fprintf(stderr, "usage: %s FOLDER|postgres://… [SECONDS]\n", argv[0]);
        return 2;
    }
    char url[600];
    bool server = strncmp(argv[1], "postgres", 8) == 0;
    snprintf(url, sizeof(url), server ? "%s" : "%s/bench.db", argv[1]);
    struct fault fault = { 0 };
    db_process_setup();
    if (bench(url, argc > 2 ? atoi(argv[2]) : 3, &fault) != OK) {
        fprintf(stderr, "%s\n", fault.message);
        return 1;
    }
    return 0;
}
