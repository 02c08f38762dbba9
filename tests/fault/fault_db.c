/*
 * fault_db.c - the database layer under faults: transfers between eight accounts, each with its own
 * number, some of them in groups, each with a search text, so that the index is under fault too.
 *
 * Right means: the engine finds no damage, the balances sum to zero and equal the entries added up,
 * every acknowledged transfer is there once, at most one group is there that was not acknowledged,
 * and the database takes the next transfer.
 */
#include "db/copy.h"
#include "db/migrate.h"
#include "db/search.h"
#include "fault_run.h"
#include "fault_vfs.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { TRANSFERS = 40, GROUP = 4, ACCOUNTS = 8 };

static const struct db_migration schema[] = {
    { 1, "0001_ledger",
      "CREATE TABLE account(org REF NOT NULL, id ID NOT NULL, balance MONEY NOT NULL DEFAULT 0,"
      " PRIMARY KEY(org, id)) {{STRICT}};"
      "CREATE TABLE entry(org REF NOT NULL, id ID NOT NULL, debit REF NOT NULL,"
      " credit REF NOT NULL, amount MONEY NOT NULL, note TEXT NOT NULL, PRIMARY KEY(org, id),"
      " FOREIGN KEY(org, debit) REFERENCES account(org, id),"
      " FOREIGN KEY(org, credit) REFERENCES account(org, id)) {{STRICT}};"
      "INSERT INTO account(org, id) VALUES(1,1),(1,2),(1,3),(1,4),(1,5),(1,6),(1,7),(1,8);" },
};

#define STATEMENT(label, count, text)                                                            \
    static const struct db_statement label = {                                                   \
        .name = #label, .sql = text, .file = "fault_db.c", .line = __LINE__, .params = count,    \
    }
STATEMENT(insert, 5, "INSERT INTO entry VALUES(1, $1, $2, $3, $4, $5)");
STATEMENT(move, 2, "UPDATE account SET balance = balance + $2 WHERE org = 1 AND id = $1");
STATEMENT(sum, 0, "SELECT CAST(coalesce(sum(balance), 0) AS bigint) FROM account");
STATEMENT(count_entries, 0, "SELECT count(*) FROM entry");
STATEMENT(has_entry, 1, "SELECT count(*) FROM entry WHERE org = 1 AND id = $1");
STATEMENT(found, 1, "SELECT count(*) FROM entry WHERE id IN {{SEARCH($1,$1)}}");
STATEMENT(differing, 0,
          "SELECT count(*) FROM account a WHERE balance <>"
          " coalesce((SELECT sum(amount) FROM entry WHERE org = a.org AND debit = a.id), 0) -"
          " coalesce((SELECT sum(amount) FROM entry WHERE org = a.org AND credit = a.id), 0)");

/* ---- the work ---- */

struct transfer {
    struct db_command command;
    const struct fault_run *run;
    int64_t number;
    enum err outcome;
    bool finished;
    pthread_mutex_t *lock;
    pthread_cond_t *news;
};

static enum err transfer_work(struct db_tx *tx, void *arg, struct fault *fault)
{
    const struct transfer *t = arg;
    int64_t debit = 1 + t->number % ACCOUNTS, credit = 1 + (t->number * 5 + 3) % ACCOUNTS;
    int64_t amount = 1 + t->number * 37 % 911;
    char note[900];
    size_t len = (size_t)(100 + t->number * 97 % 700);
    memset(note, 'a' + (int)(t->number % 26), len);
    struct db_value entry[] = { db_int(t->number), db_int(debit), db_int(credit), db_int(amount),
                                db_str((struct str){ note, len }) };
    TRY(db_run(tx, &insert, entry, NULL, fault));
    TRY(db_run(tx, &move, (struct db_value[]){ db_int(debit), db_int(amount) }, NULL, fault));
    TRY(db_run(tx, &move, (struct db_value[]){ db_int(credit), db_int(-amount) }, NULL, fault));
    return db_search_put(tx, 1, "entry", t->number, STR("转账记录 transfer"), fault);
}

/* Before anybody is told: what is written to the pipe was called done. */
static void transfer_done(void *arg, enum err outcome, const struct fault *fault)
{
    struct transfer *t = arg;
    (void)fault;
    if (outcome == OK)
        fault_ack(t->run, t->number);
    pthread_mutex_lock(t->lock);
    t->outcome = outcome;
    t->finished = true;
    pthread_cond_signal(t->news);
    pthread_mutex_unlock(t->lock);
}

static bool clean_error(enum err e)
{
    return e == OK || e == ERR_IO || e == ERR_FULL || e == ERR_BUSY || e == ERR_CORRUPT ||
           e == ERR_NO_MEMORY;
}

/* Submits `count` transfers at once and waits for them all. Returns the first failure. */
static enum err post(struct db *db, const struct fault_run *run, int64_t number, int count)
{
    pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    pthread_cond_t news = PTHREAD_COND_INITIALIZER;
    struct transfer t[GROUP];
    enum err first = OK;
    for (int i = 0; i < count; i++) {
        struct fault fault;
        t[i] = (struct transfer){ .run = run, .number = number + i, .lock = &lock, .news = &news };
        t[i].command = (struct db_command){ .work = transfer_work, .done = transfer_done,
                                            .arg = &t[i] };
        if (db_submit(db, &t[i].command, &fault) != OK)
            t[i].finished = true;
    }
    for (int i = 0; i < count; i++) {
        pthread_mutex_lock(&lock);
        while (!t[i].finished)
            pthread_cond_wait(&news, &lock);
        pthread_mutex_unlock(&lock);
        if (!first)
            first = t[i].outcome;
    }
    return first;
}

static enum err ledger_open(struct fault_run *run, struct db **ret)
{
    char path[256];
    struct fault fault = { 0 };
    snprintf(path, sizeof(path), "%s/ledger.db", run->folder);
    struct db_config config = { .url = path, .vfs = run->vfs, .sync = run->sync, .wal_pages = 24,
                                .readers = 1, .wait_ms = 200, .must_exist = run->vfs != NULL };
    enum err e = db_open(&config, &fault, ret);
    if (e)
        snprintf(run->why, sizeof(run->why), "open: %.480s", fault.message);
    return e;
}

static bool ledger_run(struct fault_run *run)
{
    struct db *db = NULL;
    enum err e = ledger_open(run, &db);
    if (e)
        return clean_error(e);
    /* Without the faulty disk it is the probe for failing allocations: fewer steps will do. */
    int64_t last = run->vfs ? TRANSFERS : 9;
    for (int64_t number = 1; number <= last;) {
        int count = number % 8 == 0 ? GROUP : 1;
        e = post(db, run, number, count);
        number += count;
        if (!clean_error(e)) {
            snprintf(run->why, sizeof(run->why), "error %d is not clean", (int)e);
            return false;
        }
    }
    /* A fault that went away must not leave the connection unusable. */
    if (run->vfs && !run->stay && fault_vfs_hits() > 0 && post(db, run, 1000, 1) != OK) {
        snprintf(run->why, sizeof(run->why), "it did not recover");
        return false;
    }
    db_close(db);
    return true;
}

/* ---- before and after ---- */

static bool ledger_prepare(struct fault_run *run)
{
    struct db *db = NULL;
    struct fault fault = { 0 };
    if (ledger_open(run, &db) != OK)
        return false;
    enum err e = db_migrate(db, schema, COUNT(schema), (struct instant){ 1 }, &fault);
    db_close(db);
    snprintf(run->why, sizeof(run->why), "%.500s", fault.message);
    return e == OK;
}

struct state {
    const struct fault_run *run;
    int64_t sum, differing, entries, found, missing;
};

static enum err look(struct db_tx *tx, void *arg, struct fault *fault)
{
    struct state *s = arg;
    bool has;
    TRY(db_get_i64(tx, &sum, NULL, fault, &has, &s->sum));
    TRY(db_get_i64(tx, &differing, NULL, fault, &has, &s->differing));
    TRY(db_get_i64(tx, &count_entries, NULL, fault, &has, &s->entries));
    struct arena *arena = arena_open(1 << 20);
    struct db_value query = db_str(
        db_search_query(arena, db_tx_engine(tx), 1, "entry", STR("账记 transfer")));
    enum err e = db_get_i64(tx, &found, &query, fault, &has, &s->found);
    arena_close(arena);
    for (int i = 0; !e && i < s->run->acked_count; i++) {
        int64_t count = 0;
        struct db_value number = db_int(s->run->acked[i]);
        e = db_get_i64(tx, &has_entry, &number, fault, &has, &count);
        s->missing += count != 1;
    }
    return e;
}

static bool judge(struct fault_run *run, const struct state *s)
{
    size_t room = sizeof(run->why);
    if (s->missing)
        snprintf(run->why, room, "%lld acknowledged transfers are lost", (long long)s->missing);
    else if (s->sum != 0)
        snprintf(run->why, room, "debits and credits differ by %lld", (long long)s->sum);
    else if (s->differing)
        snprintf(run->why, room, "%lld balances differ from their entries",
                 (long long)s->differing);
    else if (s->found != s->entries)
        snprintf(run->why, room, "search finds %lld of %lld entries", (long long)s->found,
                 (long long)s->entries);
    else if (run->crashed && s->entries > run->acked_count + GROUP)
        snprintf(run->why, room, "%lld entries, only %d acknowledged", (long long)s->entries,
                 run->acked_count);
    else
        return true;
    return false;
}

static enum err next_transfer(struct db_tx *tx, void *arg, struct fault *fault)
{
    struct transfer t = { .number = 2000 };
    (void)arg;
    return transfer_work(tx, &t, fault);
}

static bool ledger_verify(struct fault_run *run)
{
    struct db *db = NULL;
    struct fault fault = { 0 };
    struct state s = { .run = run };
    if (ledger_open(run, &db) != OK)
        return false;
    enum err e = db_check(db, &fault);
    if (!e)
        e = db_read(db, look, &s, &fault);
    if (!e)
        e = db_write(db, next_transfer, NULL, &fault);
    db_close(db);
    if (e) {
        snprintf(run->why, sizeof(run->why), "%.500s", fault.message);
        return false;
    }
    return judge(run, &s);
}

/* ---- migrations ---- */

static const struct db_migration later[] = {
    { 2, "0002_rebuild",
      "CREATE TABLE account_new(org REF NOT NULL, id ID NOT NULL, balance MONEY NOT NULL DEFAULT 0,"
      " name TEXT NOT NULL, PRIMARY KEY(org, id)) {{STRICT}};"
      "INSERT INTO account_new SELECT org, id, balance, 'account ' || id FROM account;"
      "DROP TABLE account; ALTER TABLE account_new RENAME TO account;\n"
      "-- expect: SELECT count(*) FROM account = 8\n" },
    { 3, "0003_index",
      "CREATE INDEX entry_debit ON entry(org, debit); ALTER TABLE entry ADD COLUMN at INSTANT;" },
};

static enum err migrate_all(struct db *db, struct fault *fault)
{
    struct db_migration all[3] = { schema[0], later[0], later[1] };
    return db_migrate(db, all, 3, (struct instant){ 2 }, fault);
}

static bool migrate_run(struct fault_run *run)
{
    struct db *db = NULL;
    struct fault fault = { 0 };
    enum err e = ledger_open(run, &db);
    if (e)
        return clean_error(e);
    e = migrate_all(db, &fault);
    if (!e)
        fault_ack(run, 3);
    else if (!run->stay && fault_vfs_hits() > 0)
        e = migrate_all(db, &fault); /* again, now that the fault is over */
    db_close(db);
    snprintf(run->why, sizeof(run->why), "%.500s", fault.message);
    return run->stay ? clean_error(e) : e == OK;
}

/* Some of the migrations are there, whole; going on brings the rest. */
static bool migrate_verify(struct fault_run *run)
{
    struct db *db = NULL;
    struct fault fault = { 0 };
    int number = 0;
    if (ledger_open(run, &db) != OK)
        return false;
    enum err e = db_check(db, &fault);
    if (!e)
        e = db_schema_number(db, &fault, &number);
    if (!e && number < (run->acked_count ? 3 : 1))
        e = fault_set(&fault, ERR_CORRUPT, "acknowledged migrations are lost: %d left", number);
    if (!e)
        e = migrate_all(db, &fault);
    const struct fault_run nothing = { .acks = -1 };
    struct state s = { .run = &nothing };
    if (!e)
        e = db_read(db, look, &s, &fault);
    db_close(db);
    snprintf(run->why, sizeof(run->why), "%.500s", fault.message);
    return e == OK && judge(run, &s);
}

/* ---- backup ---- */

static bool backup_run(struct fault_run *run)
{
    struct db *db = NULL;
    struct fault fault = { 0 };
    char path[256];
    snprintf(path, sizeof(path), "%s/copy.db", run->folder);
    enum err e = ledger_open(run, &db);
    if (e)
        return clean_error(e);
    if (post(db, run, 1, 1) == OK)
        e = db_backup(db, path, NULL, NULL, &fault);
    if (e && !clean_error(e)) {
        snprintf(run->why, sizeof(run->why), "%.500s", fault.message);
        return false;
    }
    if (e && access(path, F_OK) == 0) {
        snprintf(run->why, sizeof(run->why), "a failed backup left its file");
        return false;
    }
    db_close(db);
    return true;
}

/* probe FOLDER ACKS | verify FOLDER ACKS | prepare FOLDER: one step each, for oom_sweep.sh. */
static int single(const char *what, const char *folder, const char *acks)
{
    struct fault_run run = { .folder = folder, .acks = -1 };
    static int64_t acked[1000];
    bool good = false;
    if (strcmp(what, "prepare") == 0) {
        good = ledger_prepare(&run);
    } else if (strcmp(what, "probe") == 0) {
        run.acks = open(acks, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600);
        good = run.acks >= 0 && ledger_run(&run);
    } else if (strcmp(what, "verify") == 0) {
        CLOSE_ON_EXIT int fd = open(acks, O_RDONLY | O_CLOEXEC);
        ssize_t n = fd >= 0 ? read(fd, acked, sizeof(acked)) : 0;
        run.acked = acked;
        run.acked_count = n > 0 ? (int)((size_t)n / sizeof(acked[0])) : 0;
        good = ledger_verify(&run);
    }
    if (!good)
        fprintf(stderr, "%s: %s\n", what, run.why);
    return !good;
}

int main(int argc, char **argv)
{
    static const char *const steps[] = { "prepare", "probe", "verify" };
    for (size_t i = 0; argc >= 3 && i < COUNT(steps); i++)
        if (strcmp(argv[1], steps[i]) == 0)
            return single(argv[1], argv[2], argc > 3 ? argv[3] : "");
    static const struct fault_workload workloads[] = {
        { "ledger", ledger_prepare, ledger_run, ledger_verify },
        { "migrate", ledger_prepare, migrate_run, migrate_verify },
        { "backup", ledger_prepare, backup_run, ledger_verify },
    };
    return fault_main(argc, argv, workloads, COUNT(workloads));
}
