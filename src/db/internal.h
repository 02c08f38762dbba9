/*
 * internal.h - what the files of src/db share: connections, the driver interface, prepared
 * statements, the queue. Nobody else includes it.
 *
 * Memory here comes from malloc and every failure is an error, because there is no boundary yet
 * that an exhausted arena could jump to.
 */
#pragma once

#include "base/rand.h"
#include "db/db.h"

#include <pthread.h>
#include <stdatomic.h>

#define DB_PARAMS_MAX 1000        /* of one statement */
#define DB_COMPOSED_MAX 256       /* composed texts remembered per connection */
#define DB_BUCKETS 256
#define DB_ATTEMPTS_MAX 12        /* runs of one command that loses conflicts */
#define DB_READERS_MAX 64
#define DB_WRITERS_MAX 64
#define DB_BUSY_RETRIES 3

/* ---- text that grows in malloc memory ---- */

struct db_text_out {
    char *data; /* always ends in NUL once something was added */
    size_t len, room;
    bool failed; /* no memory: what follows is ignored */
};
void db_out_add(struct db_text_out *out, const char *data, size_t len);
void db_out_cstr(struct db_text_out *out, const char *s);
void db_out_free(struct db_text_out *out);

/* Spells macros, and with `ddl` also type words. */
void db_sql_spell(struct db_text_out *out, enum db_engine engine, bool ddl, struct str sql);
/* Takes the next statement off a script, without its semicolon; skips empty ones. */
bool db_sql_split(struct str *script, struct str *statement);

/* ---- connections ---- */

enum db_control {
    DB_BEGIN_READ,
    DB_BEGIN_WRITE,
    DB_COMMIT,
    DB_ROLLBACK,
    DB_SAVEPOINT,
    DB_RELEASE,
    DB_ROLLBACK_TO, /* undoes and removes the newest savepoint */
    DB_CONTROL_COUNT
};

struct db_conn {
    const struct db_driver *driver;
    struct db *db;
    struct db_prepared *buckets[DB_BUCKETS];
    int composed;            /* remembered entries without a db_statement */
    uint64_t uses;           /* clock of the LRU */
    struct db_rows *free_rows;
    bool broken;             /* the connection cannot be used any more */
    bool conflict;           /* this transaction lost against another one: run it again */
    bool uncertain;          /* this COMMIT may or may not have happened */
    int64_t deadline_us;     /* monotonic, of what runs now; 0: none */
};

struct db_prepared {
    struct db_prepared *next;
    const struct db_statement *statement; /* NULL: composed */
    char *text;                           /* of a composed one */
    size_t len;
    uint64_t hash, used;
    bool busy;     /* rows of it are open */
    bool cached;
    bool writes;   /* as far as the engine tells when preparing: SQLite does */
    bool touches;  /* writes one of config.watch */
    /* SQLite */
    struct sqlite3_stmt *stmt;
    int params;
    uint16_t *param; /* number n of the $n at each bind position */
    /* PostgreSQL */
    char name[24];
    bool known;
};

struct db_tx {
    struct db *db;
    struct db_conn *conn;
    struct db_rows *open; /* cursors of this transaction, newest first */
    bool writes;
    bool wrote;           /* a statement that may have changed something was begun */
    bool touched;         /* … one of config.watch */
    uint64_t watched;     /* db->watched before the snapshot; 0: not for use */
    enum err failed;      /* first failure: nothing more will run */
    struct fault fault;   /* its story */
};

struct db_rows {
    struct db_tx *tx;
    struct db_rows *next;
    struct db_prepared *prepared;
    const struct db_statement *statement;
    bool on_row;
    bool whole; /* the values live until the rows are closed: they need no copy */
    int64_t changed;
    /* PostgreSQL */
    struct pg_result *result;
    int row, count;
    unsigned cursor; /* number of the portal of a stream; 0: none */
};

struct db_driver {
    enum db_engine engine;
    enum err (*open)(struct db *db, bool writer, struct fault *fault, struct db_conn **ret);
    void (*close)(struct db_conn *conn);
    enum err (*control)(struct db_conn *conn, enum db_control what, struct fault *fault);
    bool (*in_transaction)(const struct db_conn *conn);
    enum err (*prepare)(struct db_conn *conn, struct db_prepared *p, const char *sql, int params,
                        struct fault *fault);
    void (*unprepare)(struct db_conn *conn, struct db_prepared *p);
    /* Number of columns of the result, and of parameters the engine found. */
    enum err (*describe)(struct db_conn *conn, struct db_prepared *p, int *columns, int *params,
                         struct fault *fault);
    enum err (*start)(struct db_rows *rows, const struct db_value *values, int count, bool stream,
                      struct fault *fault);
    enum err (*next)(struct db_rows *rows, bool *has, struct fault *fault);
    void (*finish)(struct db_rows *rows);
    /* One statement without parameters (schema, settings). */
    enum err (*plain)(struct db_conn *conn, const char *sql, struct fault *fault);

    int (*columns)(const struct db_rows *rows);
    const char *(*column_name)(const struct db_rows *rows, int column);
    enum db_type (*type)(const struct db_rows *rows, int column);
    int64_t (*i64)(const struct db_rows *rows, int column);
    struct str (*bytes)(const struct db_rows *rows, int column);
};
extern const struct db_driver db_driver_sqlite, db_driver_postgres;

struct sqlite3 *db_lite_handle(struct db_conn *conn);

/* ---- the database ---- */

struct db {
    const struct db_driver *driver;
    struct db_config config; /* defaults filled in; strings owned */
    char *url, *vfs;

    pthread_mutex_t lock; /* guards what follows up to the blank line */
    pthread_cond_t idle;  /* a reader came back */
    struct db_conn *readers[DB_READERS_MAX]; /* idle ones */
    int readers_idle, readers_open;

    pthread_mutex_t queue_lock;
    pthread_cond_t queue_news;
    struct db_command *first, **last;
    int waiting;
    bool closing;
    struct db_figures figures;
    pthread_t workers[DB_WRITERS_MAX];
    int workers_running;
    struct db_conn *keeper; /* the first connection: becomes the writer's */

    _Atomic uint64_t watched;

    pthread_mutex_t news_lock;
    pthread_cond_t news;
    uint64_t changes;
    void (*listener)(void *arg, uint64_t changes);
    void *listener_arg;
    struct db_listen *listen; /* PostgreSQL: the thread that hears other processes */
};

int64_t db_now_us(void); /* monotonic */
struct timespec db_until(int wait_ms); /* for pthread_cond_timedwait on our conditions */
enum err db_no_memory(struct fault *fault);
enum err db_cond_init(pthread_cond_t *cond);

void db_bump(struct db *db); /* something was committed, here or elsewhere */
bool db_touches(const struct db *db, struct str sql); /* a write of config.watch, or unclear */
void *db_lite_worker(void *db);
void *db_pg_worker(void *db);
enum err db_pg_listen_start(struct db *db, struct fault *fault);
void db_pg_listen_stop(struct db *db);
void db_pg_listen_tell(struct db *db);

/* Waits for a command; NULL: closing and nothing waits. */
struct db_command *db_queue_take(struct db *db);
/* As above without waiting, and not past a command that wants to be alone. */
struct db_command *db_queue_take_more(struct db *db);
void db_queue_settle(struct db *db, struct db_command *command);
/* db_write_alone for a change of the schema: on SQLite foreign keys are off during it (a rebuilt
 * table breaks them for a moment, and DROP TABLE would delete what refers to it). */
enum err db_write_schema(struct db *db, db_work *work, void *arg, struct fault *fault);

/* ---- transactions ---- */

struct db_tx db_tx_on(struct db_conn *conn, bool writes);
/* Runs the work and closes its cursors; a failure that the work hid is told all the same. */
enum err db_tx_work(struct db_tx *tx, db_work *work, void *arg, struct fault *fault);
/* Work that allocates in an arena: when the arena is exhausted it ends with ERR_NO_MEMORY. */
struct db_guarded {
    struct arena *arena;
    db_work *work;
    void *arg;
};
enum err db_guarded_work(struct db_tx *tx, void *guarded, struct fault *fault);
void db_tx_close_rows(struct db_tx *tx, struct db_rows *down_to);
/* One statement without parameters inside the transaction. */
enum err db_tx_plain(struct db_tx *tx, const char *sql, struct fault *fault);
/* db_read with a time limit of its own; 0: none. */
enum err db_read_within(struct db *db, int limit_ms, db_work *work, void *arg,
                        struct fault *fault);
/* One transaction on this connection: begin, work, commit, or undo. */
enum err db_conn_run(struct db_conn *conn, bool writes, db_work *work, void *arg,
                     struct fault *fault);

void db_conn_forget(struct db_conn *conn); /* all prepared statements and spare rows */
enum err db_prepared_get(struct db_conn *conn, const struct db_statement *statement, struct str sql,
                         int params, struct fault *fault, struct db_prepared **ret);
void db_prepared_release(struct db_conn *conn, struct db_prepared *p);

/* ---- search ---- */

/* Called for each term of a text: bytes [from, to) of the text, its position, and whether it shares
 * the position of the term before. Non-zero stops. */
typedef int db_term(void *arg, struct str term, size_t from, size_t to, bool colocated);
int db_terms(struct str text, bool query, db_term *term, void *arg);
enum err db_lite_register_search(struct sqlite3 *handle, struct fault *fault);
/* Makes the search table if it is missing. */
enum err db_search_setup(struct db_tx *tx, struct fault *fault);
