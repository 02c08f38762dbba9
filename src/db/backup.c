/* backup.c - SQLite's online copy, and the check of a whole database. */
#include "base/io.h"
#include "db/catalogue.h"
#include "db/copy.h"
#include "db/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define PAGES_AT_ONCE 512

struct copy {
    const char *path; /* of the unfinished copy */
    const char *vfs;
    db_progress *progress;
    void *arg;
};

static enum err copy_error(sqlite3 *target, int rc, struct fault *fault)
{
    enum err e = rc == SQLITE_FULL ? ERR_FULL : rc == SQLITE_NOMEM ? ERR_NO_MEMORY : ERR_IO;
    return fault_set(fault, e, "SQLite: %s (%d)", sqlite3_errmsg(target), rc);
}

static int copy_pages(sqlite3_backup *backup, const struct copy *c)
{
    int rc;
    do {
        rc = sqlite3_backup_step(backup, PAGES_AT_ONCE);
        int total = sqlite3_backup_pagecount(backup);
        if (c->progress)
            c->progress(c->arg, total - sqlite3_backup_remaining(backup), total);
    } while (rc == SQLITE_OK);
    return rc;
}

/* Runs in a reading transaction: its snapshot stays, so writers never make the copy begin anew. */
static enum err copy_work(struct db_tx *tx, void *arg, struct fault *fault)
{
    const struct copy *c = arg;
    struct db_rows *rows;
    bool has;
    TRY(db_query_text(tx, STR("SELECT count(*) FROM sqlite_master"), NULL, 0, fault, &rows));
    TRY(db_next(rows, &has, fault)); /* the snapshot begins with the first page read */
    sqlite3 *target = NULL;
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
    int rc = sqlite3_open_v2(c->path, &target, flags, c->vfs);
    sqlite3_backup *backup = NULL;
    if (rc == SQLITE_OK)
        backup = sqlite3_backup_init(target, "main", db_lite_handle(tx->conn), "main");
    enum err e = OK;
    if (!backup) {
        e = copy_error(target, rc ? rc : sqlite3_errcode(target), fault);
    } else {
        rc = copy_pages(backup, c);
        int end = sqlite3_backup_finish(backup);
        if (rc != SQLITE_DONE || end != SQLITE_OK)
            e = copy_error(target, end ? end : rc, fault);
    }
    if (sqlite3_close(target) != SQLITE_OK && !e)
        e = fault_set(fault, ERR_IO, "closing the copy failed");
    return e;
}

static enum err sync_path(const char *path, int flags, struct fault *fault)
{
    CLOSE_ON_EXIT int fd = open(path, flags | O_CLOEXEC);
    if (fd < 0)
        return fault_errno(fault, "open %s", path);
    return fsync(fd) ? fault_errno(fault, "sync %s", path) : OK;
}

/* Makes the copy durable under its name: file, rename, folder. */
static enum err settle(const char *from, const char *path, struct fault *fault)
{
    if (chmod(from, 0600))
        return fault_errno(fault, "chmod %s", from);
    TRY(sync_path(from, O_RDONLY, fault));
    if (rename(from, path))
        return fault_errno(fault, "rename %s", path);
    char folder[4096];
    snprintf(folder, sizeof(folder), "%s", path);
    char *slash = strrchr(folder, '/');
    if (slash == folder)
        slash[1] = '\0';
    else if (slash)
        *slash = '\0';
    return sync_path(slash ? folder : ".", O_RDONLY | O_DIRECTORY, fault);
}

enum err db_backup(struct db *db, const char *path, db_progress *progress, void *arg,
                   struct fault *fault)
{
    if (db->driver->engine != DB_SQLITE)
        return fault_set(fault, ERR_INVALID,
                         "PostgreSQL has its own backups: pg_basebackup, or a dump for the rows");
    char unfinished[4096];
    int len = snprintf(unfinished, sizeof(unfinished), "%s.unfinished", path);
    if (len >= (int)sizeof(unfinished))
        return fault_set(fault, ERR_INVALID, "the path is too long");
    unlink(unfinished);
    struct copy c = { unfinished, db->vfs, progress, arg };
    enum err e = db_read_within(db, 0, copy_work, &c, fault);
    if (!e)
        e = settle(unfinished, path, fault);
    if (e)
        unlink(unfinished);
    return e ? fault_explain(fault, e, "backup to %s", path) : OK;
}

/* ---- the check ---- */

/* Runs a query whose first row, if any, tells the first damage in its first column. */
static enum err damage(struct db_tx *tx, struct str sql, const char *good, struct fault *fault)
{
    struct db_rows *rows;
    bool has;
    TRY(db_query_text(tx, sql, NULL, 0, fault, &rows));
    TRY(db_next(rows, &has, fault));
    if (!has)
        return OK;
    struct str words = db_text(rows, 0);
    if (good && str_is(words, good))
        return OK;
    return fault_set(fault, ERR_CORRUPT, STR_FMT, STR_ARG(words));
}

static enum err check_lite(struct db_tx *tx, struct fault *fault)
{
    TRY(damage(tx, STR("SELECT integrity_check FROM pragma_integrity_check(1)"), "ok", fault));
    return damage(tx,
                  STR("SELECT 'table ' || \"table\" || ': row ' || coalesce(rowid, 0) ||"
                      " ' refers to a missing row of ' || parent FROM pragma_foreign_key_check"
                      " LIMIT 1"),
                  NULL, fault);
}

/* Reading every row in full meets a damaged page; the sum keeps the server from skipping work. */
static enum err check_postgres(struct db_tx *tx, struct arena *arena, struct fault *fault)
{
    const struct db_catalogue *c;
    TRY(db_catalogue_read(tx, arena, fault, &c));
    for (int i = 0; i < c->tables; i++) {
        struct str sql = str_fmt(arena,
                                 "SELECT CAST(sum(length(CAST(x AS text))) AS bigint) FROM \""
                                 STR_FMT "\" x",
                                 STR_ARG(c->table[i].name));
        struct db_rows *rows;
        bool has;
        TRY(db_query_text(tx, sql, NULL, 0, fault, &rows));
        TRY(db_next(rows, &has, fault));
        if (has)
            db_rows_close(rows);
    }
    return damage(tx,
                  STR("SELECT 'constraint ' || conname || ' was never validated' FROM pg_constraint"
                      " WHERE NOT convalidated LIMIT 1"),
                  NULL, fault);
}

static enum err check_work(struct db_tx *tx, void *arg, struct fault *fault)
{
    return db_tx_engine(tx) == DB_SQLITE ? check_lite(tx, fault)
                                         : check_postgres(tx, arg, fault);
}

enum err db_check(struct db *db, struct fault *fault)
{
    struct arena *arena = arena_open((size_t)64 << 20);
    if (!arena)
        return db_no_memory(fault);
    struct db_guarded guarded = { arena, check_work, arena };
    enum err e = db_read_within(db, 0, db_guarded_work, &guarded, fault);
    arena_close(arena);
    return e;
}
