/*
 * db.h - SQLite and PostgreSQL behind one interface, with the same SQL text.
 *
 * Reading. db_read() runs a function on the calling thread inside one read-only snapshot: whatever
 * it asks, it sees the database as of one moment.
 *
 * Writing. A command is a function that runs in a transaction. Commands wait in a bounded queue.
 * On SQLite the one writer thread takes all that wait, gives each its own savepoint, and makes one
 * COMMIT (synchronous=FULL) for all of them: a group shares one flush. On PostgreSQL a pool of
 * worker threads runs them side by side at SERIALIZABLE, so that a command sees the same world on
 * both engines: as if it ran alone (docs/adr/0005-transactions.md). Only after the commit is
 * durable is the caller told. A command may run more than once (another command came between, a
 * neighbour of its group filled the disk, the connection broke before COMMIT), therefore it must
 * touch nothing but the database, and must build its answer anew in each run.
 *
 * Failure inside a transaction. After a statement has failed, all further statements of that
 * transaction fail too and it cannot commit (PostgreSQL's rule, kept on SQLite so that the engines
 * do not differ). Who wants to go on after an expected failure wraps the attempt in db_try().
 *
 * SQL text. Parameters are $1 … $n. `{{SKIP_LOCKED}}` and `{{SEARCH($org,$words)}}` (see
 * db/search.h) are spelled for the engine when the text is prepared. Tables are STRICT, integers
 * have 64 bits, times and amounts are integers, sum() is cast: CAST(sum(x) AS bigint).
 *
 * Errors. Unique violation ERR_CONFLICT; foreign key, NOT NULL, CHECK ERR_UNPROCESSABLE; too many
 * waiting, or a lock held too long ERR_BUSY; lost conflicts after all retries ERR_RETRY; disk full
 * ERR_FULL; I/O ERR_IO; damage ERR_CORRUPT; no server ERR_UNAVAILABLE. ERR_UNAVAILABLE whose
 * message says "outcome is unknown" (connection lost in COMMIT, synchronous replication not
 * confirmed) and ERR_IO or ERR_FULL of a COMMIT mean: it may or may not have been done. Retry with
 * the same idempotency key; never report "not done".
 *
 * Threads. `struct db` is shared by all threads. A `db_tx` and its rows belong to the thread that
 * was called with it and end with that call.
 */
#pragma once

#include "base/err.h"
#include "base/str.h"

struct db;
struct db_tx;
struct db_rows;

enum db_engine { DB_SQLITE, DB_POSTGRES };

/* ---- values and statements ---- */

enum db_type { DB_NULL, DB_I64, DB_TEXT, DB_BLOB };

struct db_value {
    enum db_type type;
    int64_t i64;
    struct str bytes; /* of DB_TEXT (valid UTF-8, no NUL) or DB_BLOB; must live during the call */
};

static inline struct db_value db_null(void)
{
    return (struct db_value){ .type = DB_NULL };
}
static inline struct db_value db_int(int64_t v)
{
    return (struct db_value){ .type = DB_I64, .i64 = v };
}
static inline struct db_value db_str(struct str s)
{
    return (struct db_value){ .type = DB_TEXT, .bytes = s };
}
static inline struct db_value db_bytes(struct str s)
{
    return (struct db_value){ .type = DB_BLOB, .bytes = s };
}

struct db_column {
    const char *name;
    uint8_t type; /* enum db_type */
    bool nullable;
};

/* One named statement of a .sql file: constant, made by the build. Connections remember the
 * prepared form by the address of this struct, so it must have static storage. */
struct db_statement {
    const char *name; /* "commission_unsettled" */
    const char *sql;  /* with $1 … $n */
    const char *file; /* where it was written, for messages */
    int line;
    int params;
    const uint8_t *param_types;     /* enum db_type each; NULL or DB_NULL: the engine infers it */
    int columns;                    /* of the result */
    const struct db_column *column; /* may be NULL */
    bool writes;                    /* not allowed in db_read() */
    int number;                     /* free for the build tool */
};

/* ---- opening ---- */

enum db_sync { DB_SYNC_FULL, DB_SYNC_NORMAL, DB_SYNC_OFF }; /* the last two: controls of tests */

struct db_config {
    const char *url;        /* path of the SQLite file, or postgres://… (several hosts allowed) */
    const char *vfs;        /* SQLite: name of the VFS; NULL the system's */
    bool must_exist;        /* SQLite: do not create the file */
    int readers;            /* connections for db_read; 0: 8 */
    int writers;            /* PostgreSQL: worker threads; 0: 4 */
    int queue;              /* commands that may wait; 0: 4096. More: ERR_BUSY */
    int group;              /* SQLite: commands in one commit; 0: 256 */
    int wait_ms;            /* for a free reader, a lock, a server; 0: 5000 */
    int read_limit_ms;      /* one db_read() at most; 0: 60 000 */
    enum db_sync sync;      /* FULL unless a test proves that the others lose */
    int wal_pages;          /* SQLite: pages in the WAL before a checkpoint; 0: 1000 */
    const char *const *watch; /* tables of db_watched(), NULL-terminated; static storage */
};

/* Once, before the first thread of the program (main): process-wide settings of SQLite. Optional:
 * without it things are only slower. */
void db_process_setup(void);
/* Opens, and proves it can be used. The schema is not touched: see db/migrate.h. */
NODISCARD enum err db_open(const struct db_config *config, struct fault *fault, struct db **ret);
/* Runs what waits, then closes. Nobody may be inside db_read any more. NULL is allowed. */
void db_close(struct db *db);
enum db_engine db_engine(const struct db *db);

/* ---- transactions ---- */

/* The function that runs in a transaction. On error everything it did is undone. It may set an
 * arena guard of its own; cursors left open by a jump are closed here. */
typedef enum err db_work(struct db_tx *tx, void *arg, struct fault *fault);

/* A read-only snapshot on the calling thread. ERR_BUSY: all readers were taken for wait_ms. */
NODISCARD enum err db_read(struct db *db, db_work *work, void *arg, struct fault *fault);

/* Told after the outcome is final, on a thread of the database: be quick, do not call db_write
 * from here. `outcome` OK: durable. The command's memory is the caller's again from now on. */
typedef void db_done(void *arg, enum err outcome, const struct fault *fault);

struct db_command {
    db_work *work;
    db_done *done;
    void *arg; /* for both */
    bool alone; /* a transaction of its own, shared with no group: long or heavy work */

    /* private */
    struct db_command *next;
    int64_t since_us; /* when it was queued */
    enum err outcome;
    bool settled, schema;
    struct fault fault;
};

/* Queues a command, which must live until `done` was called. ERR_BUSY: too many wait; then `done`
 * is never called. `fault` is of this call; the outcome's story comes with `done`. */
NODISCARD enum err db_submit(struct db *db, struct db_command *command, struct fault *fault);
/* The blocking form: queues, waits, returns the outcome. Never from inside a command. */
NODISCARD enum err db_write(struct db *db, db_work *work, void *arg, struct fault *fault);
/* The same, alone in its transaction. Bulk work should still come in chunks. */
NODISCARD enum err db_write_alone(struct db *db, db_work *work, void *arg, struct fault *fault);

/* Runs `work` in a savepoint. When it fails, what it did is undone and the transaction goes on;
 * the failure is returned and told in `fault`. */
NODISCARD enum err db_try(struct db_tx *tx, db_work *work, void *arg, struct fault *fault);

struct db *db_of(struct db_tx *tx);
enum db_engine db_tx_engine(const struct db_tx *tx);

/* ---- statements ---- */

/* Runs a statement for its effect. `values` has statement->params items (NULL when 0). `changed`
 * may be NULL: rows inserted, updated or deleted. */
NODISCARD enum err db_run(struct db_tx *tx, const struct db_statement *statement,
                          const struct db_value *values, int64_t *changed, struct fault *fault);
/* Runs a statement for its rows (also INSERT … RETURNING). Read with db_next until *has is false,
 * or give it back early with db_rows_close. Several may be open at once. On PostgreSQL all rows are
 * fetched at once; for very many use db_query_stream. */
NODISCARD enum err db_query(struct db_tx *tx, const struct db_statement *statement,
                            const struct db_value *values, struct fault *fault,
                            struct db_rows **ret);
/* For results too large for memory: PostgreSQL then fetches a few hundred rows at a time. */
NODISCARD enum err db_query_stream(struct db_tx *tx, const struct db_statement *statement,
                                   const struct db_value *values, struct fault *fault,
                                   struct db_rows **ret);

/* For text composed of constant fragments by the entity engine (src/entity and src/db only; the
 * style check refuses other callers). Never with user text inside. */
NODISCARD enum err db_run_text(struct db_tx *tx, struct str sql, const struct db_value *values,
                               int count, int64_t *changed, struct fault *fault);
NODISCARD enum err db_query_text(struct db_tx *tx, struct str sql, const struct db_value *values,
                                 int count, struct fault *fault, struct db_rows **ret);
/* As db_query_stream, for results too large for memory. */
NODISCARD enum err db_query_text_stream(struct db_tx *tx, struct str sql,
                                        const struct db_value *values, int count,
                                        struct fault *fault, struct db_rows **ret);

/* ---- rows ---- */

/* Moves to the next row. When *has becomes false the rows are closed and must not be used. */
NODISCARD enum err db_next(struct db_rows *rows, bool *has, struct fault *fault);
void db_rows_close(struct db_rows *rows);

/* Of the current row. Views are valid until db_next or close. NULL reads as 0 or empty text. */
int64_t db_i64(const struct db_rows *rows, int column);
struct str db_text(const struct db_rows *rows, int column);
struct str db_blob(const struct db_rows *rows, int column);
bool db_is_null(const struct db_rows *rows, int column);
struct str db_text_copy(struct arena *arena, const struct db_rows *rows, int column);
struct str db_blob_copy(struct arena *arena, const struct db_rows *rows, int column);
int db_columns(const struct db_rows *rows);
const char *db_column_name(const struct db_rows *rows, int column);
enum db_type db_column_type(const struct db_rows *rows, int column); /* of the current value */

/* The first row's first column. *has false: no row. */
NODISCARD enum err db_get_i64(struct db_tx *tx, const struct db_statement *statement,
                              const struct db_value *values, struct fault *fault, bool *has,
                              int64_t *ret);

/* Prepares without running, for tests and the build: does the engine take this text, and does it
 * have so many parameters and columns as declared? ERR_INVALID names file, line and reason. */
NODISCARD enum err db_check_statement(struct db_tx *tx, const struct db_statement *statement,
                                      struct fault *fault);

/* ---- news ---- */

/* Grows after every commit that may have changed something, of this process; on PostgreSQL also of
 * others (within about 50 ms). Starts at 1. Good for ETags and for waking job runners. */
uint64_t db_changes(const struct db *db);
/* Waits until it differs from `seen`, at most `wait_ms`; returns the value. */
uint64_t db_wait_changes(struct db *db, uint64_t seen, int wait_ms);
/* Called after each growth, on a thread of the database: be quick. One listener; before traffic. */
void db_on_change(struct db *db, void (*listener)(void *arg, uint64_t changes), void *arg);

/* Grows after every commit of this process that may have changed one of config.watch, before the
 * command is told of it; this is its value before the snapshot of the transaction. What was read in
 * it holds for transactions with the same number. 0: it cannot be told (a writing transaction, no
 * tables, or PostgreSQL, where others write as well). */
uint64_t db_watched(const struct db_tx *tx);

struct db_figures {
    uint64_t commands, groups, failed, retried, busy; /* since opening */
    int waiting;                                      /* commands in the queue now */
};
struct db_figures db_figures(struct db *db);
