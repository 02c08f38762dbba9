/*
 * plan.h - how facts become pay, as dated data.
 *
 * A plan is one JSON text (docs/PLANS.md is its manual, docs/plan.schema.json its schema). It
 * declares the tables it reads, the components that it works out and the outputs that it gives. A
 * component adds one column to one table: a formula over the row and what it refers to, a
 * progressive tier on a running sum, a sum or count of the rows of another table, a daily cap, an
 * override along the tree of people. The engine knows no workload: every number, name and rule
 * is in the text.
 *
 * Way of a run:
 *     plan_compile   text -> plan            all mistakes of the text, with line and column
 *     plan_open      an empty set of data for that plan
 *     plan_put_rows / plan_read_csv          one call per table, from memory or from CSV text
 *     plan_run       keys, joins, components in order
 *     plan_get / plan_print_rows / plan_explain
 *
 * All values are int64: money in fen, days since 1970, seconds since 1970-01-01T00:00:00 local, a
 * reference is the row number of the other table (-1: none), a text is its code in the set of data.
 * Arithmetic is exact; rounding happens once per component, as its `rounding` says. The same inputs
 * give the same bytes whatever the order of the rows and the number of threads.
 *
 * Memory: everything lives in the arena that was passed in; nothing is freed one by one. The engine
 * does no I/O and starts no thread: CSV text is asked for through `struct plan_source`, and work is
 * handed to `struct plan_tasks`, which may run it on threads or in a plain loop.
 */
#pragma once

#include "base/date.h"
#include "base/err.h"
#include "base/money.h"
#include "base/str.h"

#define PLAN_BYTES_MAX (1u << 20) /* of a plan text */
#define PLAN_TABLES_MAX 32
#define PLAN_COLUMNS_MAX 128 /* of one table, components included */
#define PLAN_COMPONENTS_MAX 256
#define PLAN_TIERS_MAX 64       /* of one group of a tier table */
#define PLAN_LEVELS_MAX 2       /* of paid downline; the law's limit is not a setting */
#define PLAN_ROWS_MAX INT32_MAX /* of one table */
#define PLAN_LINE_MAX 65536     /* bytes of one CSV row */

struct plan;
struct plan_data;

/* Two languages, always both: what people are paid by is published in both. */
struct plan_text {
    struct str zh, en;
};

/* ---- the plan ---------------------------------------------------------------------------- */

/* Reads and checks a plan. `fault` then has line, column and field ("components[3].formula"). */
NODISCARD enum err plan_compile(struct arena *arena, struct str text, struct fault *fault,
                                const struct plan **ret);

struct plan_about {
    struct str name;
    struct plan_text title;
    struct date from, to; /* in force; `to` included, day INT32_MAX: open */
    int max_levels;       /* of paid downline, 0 .. 2 */
    int tables, components, outputs;
    int person_table; /* the table of the people that are paid */
    int result;       /* the column of that table that they are paid */
};
struct plan_about plan_about(const struct plan *plan);

/* A table that the caller fills. */
struct plan_table_info {
    struct str name;
    struct str file;  /* CSV file name; empty: comes from facts only */
    struct str facts; /* name of the facts in the database; empty: comes from a file only */
    bool given;       /* its rows stand in the plan itself; nothing to fill */
    int columns;      /* declared columns and, after them, components */
};
struct plan_table_info plan_table(const struct plan *plan, int table);
int plan_find_table(const struct plan *plan, const char *name); /* -1: none */

enum plan_type { PLAN_INT, PLAN_MONEY, PLAN_DECIMAL, PLAN_BOOL, PLAN_DATE, PLAN_TIME, PLAN_TEXT,
                 PLAN_REF };

struct plan_column_info {
    struct str name;
    struct str header; /* in the file or facts; empty: joined, or a component */
    enum plan_type type;
    int scale;     /* PLAN_DECIMAL: value = units / 10^scale */
    int refers_to; /* PLAN_REF: table, else -1 */
    int component; /* index, -1: declared column */
    bool used;     /* false: nobody asks for it, the caller may leave it out */
    struct plan_text title;
};
struct plan_column_info plan_column(const struct plan *plan, int table, int column);
int plan_find_column(const struct plan *plan, int table, const char *name); /* -1: none */

/* What is published of a component. */
struct plan_component_info {
    struct str name, kind, formula; /* formula empty where the kind has none */
    struct str purpose;             /* "earning", "gate", "clawback", "cap", "carry", "tax", ... */
    struct plan_text title, text;
    struct str rounding; /* "none", "half_up", ... */
    int table, column;
};
struct plan_component_info plan_component(const struct plan *plan, int component);

/* ---- data -------------------------------------------------------------------------------- */

/* Runs task(arg, 0) .. task(arg, count-1), in any order, on as many threads as it likes, and comes
 * back when all are done. `threads`: how many at most run at once. NULL instead: a plain loop. */
struct plan_tasks {
    void *ctx;
    int threads;
    void (*run)(void *ctx, int count, void (*task)(void *arg, int index), void *arg);
    /* May be NULL. Called between steps, from the calling thread only. `done` of `total` bytes. */
    void (*progress)(void *ctx, const char *step, uint64_t done, uint64_t total);
};

/* `arena` must be large: it takes all columns and results. It outlives the data. */
struct plan_data *plan_open(struct arena *arena, const struct plan *plan,
                            const struct plan_tasks *tasks);

/* One column from memory, `rows` values. Exactly one of the pointers is set. Values are copied into
 * the narrowest form that holds them, so they need not outlive the call. For PLAN_REF give the keys
 * of the other table (i64 or text, as that key is declared), not row numbers. */
struct plan_input {
    int column;
    const int64_t *i64;
    const int32_t *i32;
    const struct str *text;
};
/* Fills a table. ERR_INVALID names the column and 1-based row at fault. */
NODISCARD enum err plan_put_rows(struct plan_data *data, int table, size_t rows,
                                 const struct plan_input *columns, int count,
                                 struct fault *fault);

/* A CSV text that is asked for in pieces, by several threads at once. */
struct plan_source {
    const char *name; /* for messages: "orders.csv" */
    uint64_t size;
    void *ctx;
    /* Fills exactly `len` bytes from offset `at`. */
    enum err (*read)(void *ctx, uint64_t at, void *to, size_t len, struct fault *fault);
};
/* RFC 4180 with LF or CRLF, optional BOM, header line. Columns that the plan does not declare are
 * skipped. Messages are "orders.csv:LINE: COLUMN: reason". */
NODISCARD enum err plan_read_csv(struct plan_data *data, int table,
                                 const struct plan_source *source, struct fault *fault);

/* ---- running and results ------------------------------------------------------------------- */

/* Resolves keys and works out all components. May be called again after plan_change. */
NODISCARD enum err plan_run(struct plan_data *data, struct fault *fault);

/* The same loaded data under another plan with the same tables: what a change of rates costs. */
NODISCARD enum err plan_change(struct plan_data *data, const struct plan *plan,
                               struct fault *fault);

size_t plan_rows(const struct plan_data *data, int table);
/* A value of a column that was loaded or kept (an output, or used by a later component). */
int64_t plan_get(const struct plan_data *data, int table, int column, size_t row);
struct str plan_text_of(const struct plan_data *data, int64_t code);
/* The row of a key written as text ("42", "P-7"); -1: none. */
int64_t plan_find_row(const struct plan_data *data, int table, struct str key);
/* The key of a row as text. */
struct str plan_key_text(const struct plan_data *data, struct arena *arena, int table, size_t row);

struct plan_output_info {
    struct str file;
    int table, columns;
};
struct plan_output_info plan_output(const struct plan *plan, int output);
struct str plan_output_header(const struct plan *plan, struct arena *arena, int output);
/* The order of an output is by ascending key or as loaded. Prints rows [from, from + count) as CSV;
 * `room` is at least count * plan_output_width(...). Returns the bytes written. Any thread. */
size_t plan_output_width(const struct plan_data *data, int output);
size_t plan_print_rows(const struct plan_data *data, int output, size_t from, size_t count,
                       char *to);

/* ---- explanation --------------------------------------------------------------------------- */

/*
 * Why a value is what it is: a tree of named nodes. A node either adds (its value is exactly the
 * sum of its children's values) or applies a rule to its children (arithmetic says how); a leaf is
 * an input fact or a parameter of the plan.
 */
struct plan_node {
    struct str name;          /* of the component, column or parameter */
    struct plan_text title;   /* short */
    struct plan_text rule;    /* the published text; empty for an input */
    struct str kind;          /* "formula", "tiers", "sum", ..., "input", "row", "part" */
    struct str row;           /* which row it speaks of: "orders 2510000003"; empty: the person's */
    struct str formula;       /* as written in the plan; may be empty */
    struct str arithmetic;    /* the steps with numbers: "300 x 33333 = 9999900" */
    struct str rounding;      /* "half_up: 9999900 / 10000 = 999.99 -> 1000"; empty: exact */
    struct str value_text;    /* for people: key, date, text or number */
    int64_t value;
    bool adds;                /* value = sum of the children's values, to the fen */
    bool money;               /* value is fen */
    bool repeated;            /* explained elsewhere in the same tree; no children here */
    struct plan_node *first, *last, *next;
    size_t children;
};

/* Explains the value of `column` in `row` of `table`. */
NODISCARD enum err plan_explain(struct plan_data *data, struct arena *arena, int table, int column,
                                size_t row, struct fault *fault, struct plan_node **ret);
