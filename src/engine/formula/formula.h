/*
 * formula.h - the formula language: a small total language for conditions and amounts.
 *
 * A formula is text such as
 *     div(amount_fen * paid_bp, 10000, 0, half_up)
 *     case when rank = 5 then 20000000 else lookup(caps, rank, cap_fen default 0) end
 * It is compiled once against an environment of names (type, unit, scale, range), and then run
 *   - for one row, exactly, in 128 bits, on request with a trace that explains the result;
 *   - for columns of rows, block by block over int64, with the same answers to the last bit:
 *     a row whose intermediate leaves int64 is computed again the exact way.
 * There are no floats, loops, recursion or I/O: every program ends, after at most as many steps as
 * it has nodes. Grammar, types, units and functions: docs/FORMULA.md.
 *
 * Numbers are exact decimals: value = units / 10^scale; the scale is known when compiled. `units`
 * is what columns and slots carry (an int64). Results must fit an int64, else ERR_OVERFLOW.
 *
 * Pure: knows base only, keeps no state, allocates in the caller's arenas. Programs and lookup
 * tables are immutable and may be shared by threads; a `formula_batch` belongs to one thread.
 */
#pragma once

#include "base/buf.h"
#include "base/date.h"
#include "base/money.h"

#define FORMULA_TEXT_MAX 65536  /* bytes of source */
#define FORMULA_NODES_MAX 4096  /* the fuel: no evaluation takes more steps */
#define FORMULA_DEPTH_MAX 64    /* nesting; bounds the C stack */
#define FORMULA_SCALE_MAX 18    /* decimals of a number */
#define FORMULA_KEYS_MAX 4      /* key columns of a lookup table */
#define FORMULA_UNIT_MAX 6      /* different factors of a unit */

enum formula_type {
    FORMULA_NUMBER,  /* exact decimal */
    FORMULA_BOOL,    /* 0, 1 */
    FORMULA_TEXT,    /* UTF-8; in columns a code of the column's dictionary */
    FORMULA_DATE,    /* days since 1970-01-01 */
    FORMULA_INSTANT, /* microseconds since the epoch, UTC */
};

/* ---- environment: what a formula may name -------------------------------------------------- */

/*
 * A unit is text: "fen", "bp", "fen*bp", "fen/day", "" for none. Equal units add and compare;
 * multiplication multiplies them. Any word is a unit; `count` vanishes beside another unit, and a
 * plain literal takes the unit of its partner. Dividing by the plain literal 10000 removes `bp`,
 * 1000000 removes `ppm`, 100 removes `percent`.
 */
struct formula_name {
    struct str name; /* letters (also Chinese), digits, _ ; not a keyword */
    enum formula_type type;
    const char *unit; /* numbers only; NULL: none */
    int scale;        /* numbers only: value = units / 10^scale */
    bool ranged;      /* low..high (units) is promised; a value outside is an error of its row. */
    bool trusted;     /* the caller has checked the range itself: batches do not look again */
    int64_t low, high;
    bool optional; /* may be missing: usable only inside known(x) and default(x, value) */
    bool constant; /* a parameter: `value` (or `text`) is compiled in, there is no slot */
    int64_t value;
    struct str text;
    int slot; /* index of the value, or column, at run time; names may share one when their type,
               * scale and `optional` agree */
};

struct formula_column_shape {
    struct str name;
    enum formula_type type;
    const char *unit;
    int scale;
    bool ranged; /* as above; checked when the table is loaded */
    int64_t low, high;
};

/* A lookup table's shape. Its rows come later (formula_lookup_load). */
struct formula_table_shape {
    struct str name;
    const struct formula_column_shape *keys; /* together unique */
    int key_count;                           /* 1 .. FORMULA_KEYS_MAX */
    const struct formula_column_shape *columns;
    int column_count;
};

struct formula_env {
    const struct formula_name *names;
    size_t name_count;
    const struct formula_table_shape *tables; /* position here = number at run time */
    size_t table_count;
    int zone_minutes; /* for date_of(instant): ZONE_SHANGHAI_MINUTES */
};

/* ---- compile ------------------------------------------------------------------------------- */

struct formula;

/* What a compiled formula is. Strings live as long as the program's arena. */
struct formula_info {
    enum formula_type type;
    struct str unit; /* "" none */
    int scale;
    bool ranged;       /* the result provably lies in low..high (units) */
    int64_t low, high;
    bool may_fail;     /* some input could make an evaluation fail */
    const int *names;  /* positions in env.names that it reads, ascending, constants included */
    size_t name_count;
    const int *tables; /* positions in env.tables that it reads, ascending */
    size_t table_count;
    int slot_count; /* 1 + the highest slot it reads */
    size_t node_count;
    struct str text; /* the source */
};

/* ERR_PARSE, with fault.line and fault.column and what to do; ERR_INVALID: the environment itself
 * is wrong. The arrays of names and tables are copied; the strings and shapes they point to must
 * live as long as the program. */
NODISCARD enum err formula_compile(struct arena *arena, const struct formula_env *env,
                                   struct str text, const struct formula **ret,
                                   struct fault *fault);
/* The same, and the result must be of this type, unit and at most this scale (it is then brought
 * to exactly this scale). unit NULL: any. */
struct formula_want {
    enum formula_type type;
    const char *unit;
    int scale;
};
NODISCARD enum err formula_compile_as(struct arena *arena, const struct formula_env *env,
                                      struct str text, struct formula_want want,
                                      const struct formula **ret, struct fault *fault);
const struct formula_info *formula_info(const struct formula *formula);

/* ---- lookup tables: rows ------------------------------------------------------------------- */

struct formula_lookup;

/* One column of a table's rows: numbers, booleans, dates in `ints`; texts in `texts`. */
struct formula_cells {
    const int64_t *ints;
    const struct str *texts;
};

/* Copies and indexes the rows (a dense array when keys are small integers, else a hash).
 * ERR_UNPROCESSABLE: two rows with the same key, or a value outside its declared range;
 * fault.line is the row, 1-based. */
NODISCARD enum err formula_lookup_load(struct arena *arena,
                                       const struct formula_table_shape *shape,
                                       const struct formula_cells *keys,
                                       const struct formula_cells *columns, size_t rows,
                                       const struct formula_lookup **ret, struct fault *fault);

/* ---- one row, exactly ---------------------------------------------------------------------- */

struct formula_value {
    int64_t units; /* number, bool, date, instant */
    struct str text;
    bool missing; /* only where the name is optional */
};

/* `slots` has info.slot_count values; `tables[i]` is the lookup of env.tables[i] (may be NULL if
 * the formula does not read it). */
struct formula_inputs {
    const struct formula_value *slots;
    const struct formula_lookup *const *tables;
};

/*
 * A trace: the tree of what was computed. Only branches that were taken are in it. Numbers are
 * `units` at `scale`; an intermediate may exceed int64. Text in `span` is the source it stands for.
 */
struct formula_trace {
    const char *op;       /* "+", "div", "case", "name", "literal", "lookup", ... static */
    struct str span;      /* its part of the source */
    int line, column;     /* of the operator or the name, 1-based */
    enum formula_type type;
    int scale;
    struct str unit;
    __int128 units; /* the result */
    struct str text;
    bool missing;
    int name;  /* position in env.names, or -1 */
    int table; /* position in env.tables, or -1 */
    int row;   /* of the table, 0-based; -1: none, the default was taken */
    bool rounded;           /* div and round that were not exact: */
    enum rounding rounding; /* ... the rule applied */
    __int128 remainder, divisor; /* exact = units + remainder/divisor, in last decimals */
    const struct formula_trace *const *parts; /* operands in order */
    int part_count;
};

/* ERR_OVERFLOW, ERR_NOT_FOUND (lookup without default), ERR_UNPROCESSABLE (division by zero, a
 * value outside its range, a missing value), with fault.line and column. `trace` may be NULL;
 * then `arena` may be NULL too. */
NODISCARD enum err formula_eval(struct arena *arena, const struct formula *formula,
                                const struct formula_inputs *inputs, struct formula_value *ret,
                                const struct formula_trace **trace, struct fault *fault);

enum formula_language { FORMULA_ENGLISH, FORMULA_CHINESE };
/* Indented lines, result first, leaves last. */
void formula_trace_print(struct buf *out, const struct formula_trace *trace,
                         enum formula_language language);
/* A value as a person reads it: "12.50", "true", "2026-10-01". */
struct str formula_trace_text(struct arena *arena, const struct formula_trace *trace);

/* ---- columns ------------------------------------------------------------------------------- */

enum formula_width {
    FORMULA_I64, FORMULA_I32, FORMULA_I16, FORMULA_I8, FORMULA_U32, FORMULA_U16, FORMULA_U8,
};

/* Consecutive values of one slot. A missing value of an optional name is INT64_MIN, INT32_MIN,
 * INT16_MIN, INT8_MIN or the unsigned type's maximum. */
struct formula_column {
    const void *data;
    enum formula_width width;
};

/* The texts that the codes 0 .. count-1 of a text column stand for. */
struct formula_dictionary {
    const struct str *texts;
    size_t count;
};

struct formula_batch;

/*
 * Prepares one thread to run the formula over columns; scratch memory (some 4 KB per register)
 * comes from `arena`. `dictionaries[slot]` is read for text slots only and must be complete; NULL
 * when there are none. `tables` as in formula_inputs. Everything passed must outlive the batch.
 */
struct formula_batch *formula_batch_open(struct arena *arena, const struct formula *formula,
                                         const struct formula_dictionary *dictionaries,
                                         const struct formula_lookup *const *tables);

/*
 * out[i] = formula(row i), for n rows (any n; cut into blocks inside). `columns[slot]` for every
 * slot that it reads. On error stops at the first bad row: *bad (may be NULL) is its index and the
 * rows before it are done. A text result is a code for formula_batch_text().
 * `out` may be one of the int64 input columns.
 */
NODISCARD enum err formula_batch_run(struct formula_batch *batch,
                                     const struct formula_column *columns, size_t n, int64_t *out,
                                     size_t *bad, struct fault *fault);
struct str formula_batch_text(const struct formula_batch *batch, int64_t code);

/* How many rows so far had to be computed again the exact way: 0 in a well-ranged plan. */
uint64_t formula_batch_slow_rows(const struct formula_batch *batch);
