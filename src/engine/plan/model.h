/*
 * model.h - a compiled plan and the data of one run, inside engine/plan only.
 *
 * Column numbers are the currency: a formula's slot is a column of its table, and the position of a
 * name in its environment is parameter_count + that number (parameters come first). Components
 * stand in the order of the text and see only what stands before them, so there are no cycles.
 */
#pragma once

#include "base/json.h"
#include "base/map.h"
#include "engine/formula/formula.h"
#include "engine/plan/plan.h"

#define KEYS_MAX FORMULA_KEYS_MAX
#define COUNTS_MAX 16
#define PATH_MAX_TEXT 64
#define BLOCK_ROWS 2048

/* ---- compiled ------------------------------------------------------------------------------ */

enum origin { FROM_TABLE, FROM_JOIN, FROM_COMPONENT };

struct column {
    struct str name, header;
    enum origin origin;
    enum plan_type type;
    int scale;
    const char *unit; /* "" none */
    bool optional;    /* may be missing */
    bool ranged;
    int64_t low, high;
    int refers_to;       /* table, -1 */
    bool yuan;           /* money written in yuan with two decimals */
    bool has_none;       /* a key that means: refers to nothing */
    struct str none;     /* as written */
    int via, take;       /* FROM_JOIN: reference column here, column there */
    int component;       /* FROM_COMPONENT */
    bool used;           /* something asks for it */
    bool kept;           /* stays in memory after the pass that made it */
    struct plan_text title;
};

struct table {
    struct str name, file, facts;
    struct column *columns;
    int count;
    int keys[KEYS_MAX], key_count;
    const struct json *rows; /* given in the plan; NULL otherwise */
    int lookup;              /* position among formula_env.tables, -1 */
    bool referred;           /* somebody looks for its rows by key */
    uint32_t at;
};

enum kind { KIND_FORMULA, KIND_TIERS, KIND_SUM, KIND_COUNT, KIND_DAILY, KIND_OVERRIDE };

struct tier_rule {
    int table, floor, rate, number, ceiling; /* columns of `table`; -1: none */
    int64_t per;                             /* 10000 for basis points */
    int match[KEYS_MAX], here[KEYS_MAX], match_count;
};

struct daily_count {
    const struct formula *where; /* NULL: every row */
    struct str where_text;
    int64_t at_most, each;
};

struct level {
    int64_t rate, per;
};

struct component {
    enum kind kind;
    struct str name, purpose, formula_text, where_text, rounding_name;
    struct plan_text title, text;
    enum rounding rounding;
    bool rounds;
    int table, column;
    const struct formula *exact;   /* as written; its trace explains */
    const struct formula *formula; /* rounded; formula, sum: the value */
    const struct formula *where;   /* sum, count; NULL: every row */
    int basis, group[KEYS_MAX], group_count, order[KEYS_MAX], order_count; /* tiers */
    struct tier_rule tier;
    int from, by, day; /* sum, count, daily: table, its reference to `table`, its date or time */
    struct daily_count counts[COUNTS_MAX];
    int count_count;
    int tree, amount, level_count; /* override */
    struct level levels[PLAN_LEVELS_MAX];
    uint32_t at;
};

/* One step of a run. A pass walks the rows of one table once and does all its items. */
struct step {
    enum { STEP_PASS, STEP_TIERS, STEP_OVERRIDE } kind;
    int table;
    int *formulas, formula_count; /* components to evaluate per block, in order */
    int *sinks, sink_count;       /* sum, count, daily fed by the block */
    int component;                /* tiers, override */
};

struct output {
    struct str file;
    int table, *columns, count;
    struct str *headers;
    bool by_key;
};

struct plan {
    struct plan_about about;
    struct table *tables;
    struct component *components;
    struct output *outputs;
    struct step *steps;
    int step_count;
    struct formula_name *parameters;
    struct plan_text *parameter_titles;
    int parameter_count;
    struct formula_table_shape *shapes; /* lookup tables, positions as in table.lookup */
    int *shape_table;
    int shape_count;
    int zone_minutes;
    struct str text;
};

/* Marks what `component` reads. Calls mark(ctx, table, column) for each column. */
void plan_reads(const struct plan *plan, const struct component *c,
                void (*mark)(void *ctx, int table, int column), void *ctx);
void plan_make_steps(struct arena *arena, struct plan *plan);

/* ---- reading the text ---------------------------------------------------------------------- */

struct reader {
    struct arena *arena;
    struct fault *fault;
    struct str text;
    struct plan *plan;
    char path[PATH_MAX_TEXT]; /* "components[3]" */
};

/* Refuses with the place of `at` and the field `path.field`. */
enum err plan_refuse(struct reader *r, const struct json *at, const char *field,
                     const char *format, ...) PRINTF_LIKE(4, 5);
/* All keys of `object` are among `allowed` (space separated), else refuses. */
enum err plan_known(struct reader *r, const struct json *object, const char *allowed);
enum err plan_want_str(struct reader *r, const struct json *object, const char *key,
                       struct str *ret);
enum err plan_maybe_str(struct reader *r, const struct json *object, const char *key,
                        struct str *ret);
enum err plan_want_name(struct reader *r, const struct json *object, const char *key,
                        struct str *ret);
enum err plan_maybe_i64(struct reader *r, const struct json *object, const char *key,
                        int64_t *ret, bool *found);
enum err plan_maybe_bool(struct reader *r, const struct json *object, const char *key, bool *ret);
enum err plan_want_array(struct reader *r, const struct json *object, const char *key,
                         const struct json **ret);
enum err plan_want_text(struct reader *r, const struct json *object, const char *key, bool needed,
                        struct plan_text *ret);
/* A column of `table` by name, which must exist by now. */
enum err plan_want_column(struct reader *r, const struct json *object, const char *key, int table,
                          int *ret);
enum err plan_column_named(struct reader *r, const struct json *v, const char *field, int table,
                           int *ret);
enum err plan_want_table(struct reader *r, const struct json *object, const char *key, int *ret);
/* An integer, or the name of an integer parameter. */
enum err plan_want_number(struct reader *r, const struct json *object, const char *key,
                          int64_t *ret);

enum err plan_read_tables(struct reader *r, const struct json *list);
enum err plan_read_join(struct reader *r, const struct json *v, int table, struct column *c);
enum err plan_read_parameters(struct reader *r, const struct json *list);
enum err plan_read_components(struct reader *r, const struct json *list);
enum err plan_read_outputs(struct reader *r, const struct json *list);
enum err plan_read_tiers(struct reader *r, const struct json *v, struct component *c);
/* Compiles a formula over the rows of `table`; `type` -1: any. */
enum err plan_read_formula(struct reader *r, const struct json *v, const char *field, int table,
                           int type, const struct formula **ret);
enum formula_type plan_formula_type(enum plan_type type);
int plan_formula_scale(const struct column *column);

/* ---- data ---------------------------------------------------------------------------------- */

/* Values of a column in the narrowest form; missing values as in formula.h. */
struct store {
    void *data; /* NULL: not there */
    enum formula_width width;
};

struct key_index {
    bool ready, text;
    int64_t low;      /* dense: rows[key - low] */
    size_t span;
    int32_t *rows;    /* -1: no such key */
    uint64_t *slots;  /* hash: 1 + row, 0 empty; power of two */
    size_t mask;
};

struct rows {
    size_t count;
    bool loaded;
    struct store *stores; /* by column */
    bool *raw;            /* a reference still holds keys */
    struct key_index index;
    const char *file;     /* for messages; NULL: from memory */
    uint32_t *lines;      /* line of each row; NULL: row + 2 */
    int32_t *sorted;      /* by key; NULL: as loaded */
    bool sorted_known;
};

struct plan_data {
    struct arena *arena;
    const struct plan *plan;
    struct plan_tasks tasks;
    struct rows *rows; /* by table */
    struct str *texts; /* dictionary; code -> text */
    size_t text_count, text_room;
    struct str_map text_codes;
    struct formula_dictionary dictionary;
    const struct formula_lookup **lookups;
    struct tier_set **tiers; /* by component */
    bool ran;                /* `loaded` marks where the results begin */
    struct arena_mark loaded;
};

size_t width_size(enum formula_width width);
enum formula_width width_for(bool ranged, int64_t low, int64_t high);
int64_t missing_of(enum formula_width width);
static inline int64_t store_get(struct store s, size_t i)
{
    switch (s.width) {
    case FORMULA_I64: return ((const int64_t *)s.data)[i];
    case FORMULA_I32: return ((const int32_t *)s.data)[i];
    case FORMULA_I16: return ((const int16_t *)s.data)[i];
    case FORMULA_I8: return ((const int8_t *)s.data)[i];
    case FORMULA_U32: return ((const uint32_t *)s.data)[i];
    case FORMULA_U16: return ((const uint16_t *)s.data)[i];
    case FORMULA_U8: return ((const uint8_t *)s.data)[i];
    }
    return 0;
}
static inline void store_put(struct store s, size_t i, int64_t v)
{
    switch (s.width) {
    case FORMULA_I64: ((int64_t *)s.data)[i] = v; break;
    case FORMULA_I32: ((int32_t *)s.data)[i] = (int32_t)v; break;
    case FORMULA_I16: ((int16_t *)s.data)[i] = (int16_t)v; break;
    case FORMULA_I8: ((int8_t *)s.data)[i] = (int8_t)v; break;
    case FORMULA_U32: ((uint32_t *)s.data)[i] = (uint32_t)v; break;
    case FORMULA_U16: ((uint16_t *)s.data)[i] = (uint16_t)v; break;
    case FORMULA_U8: ((uint8_t *)s.data)[i] = (uint8_t)v; break;
    }
}
/* Value with INT64_MIN for missing, whatever the width. */
static inline int64_t store_value(struct store s, size_t i)
{
    int64_t v = store_get(s, i);
    return v == missing_of(s.width) ? INT64_MIN : v;
}
#define MISSING INT64_MIN
#define NO_ROW INT32_MIN /* of a reference */

struct store store_new(struct arena *arena, enum formula_width width, size_t rows);
/* Copies n values from `at` as int64, INT64_MIN for missing. */
void store_copy(struct store s, size_t at, size_t n, int64_t *to);
void store_fill(struct store s, size_t at, size_t n, const int64_t *from);
enum formula_width plan_store_width(const struct column *column);

NODISCARD enum err plan_load_given(struct plan_data *data, int table, struct fault *fault);

int64_t text_code(struct plan_data *data, struct str text);
int64_t text_known(const struct plan_data *data, struct str text); /* -1: none */

/* The story of a bad cell: "orders.csv:17: promoter_id: reason". */
enum err plan_bad_cell(const struct plan_data *data, struct fault *fault, enum err code, int table,
                       int column, size_t row, const char *format, ...) PRINTF_LIKE(7, 8);

/* keys.c */
/* Unique keys, checked when a table is loaded. */
NODISCARD enum err key_check(struct plan_data *data, int table, struct fault *fault);
NODISCARD enum err key_index_build(struct plan_data *data, int table, struct fault *fault);
static inline uint64_t key_hash(uint64_t x)
{
    x = (x ^ (x >> 32)) * 0x9E3779B97F4A7C15u;
    return x ^ (x >> 29);
}
int64_t key_find(const struct plan_data *data, int table, int64_t key); /* row or -1 */
NODISCARD enum err keys_resolve(struct plan_data *data, struct fault *fault);
NODISCARD enum err tree_check(struct plan_data *data, int table, int column, struct fault *fault);

/* Runs `work(arg, w)` for w in 0 .. threads-1. */
int plan_threads(const struct plan_data *data);
void plan_spread(const struct plan_data *data, int count, void (*task)(void *, int), void *arg);
void plan_progress(const struct plan_data *data, const char *step, uint64_t done, uint64_t total);

/* value.c. A stored or joined value; MISSING if there is none. */
int64_t plan_column_value(const struct plan_data *data, int table, int column, size_t row);
int64_t formula_time(const struct plan *plan, int64_t seconds); /* what formulas see of a time */
NODISCARD enum err formula_inputs_at(const struct plan_data *data, struct arena *arena, int table,
                                     const struct formula *formula, size_t row,
                                     struct fault *fault, struct formula_inputs *ret);
/* fills `to` with n values of a column from row `at`: i64, INT64_MIN missing. The column is
 * stored or joined. */
void column_block(const struct plan_data *data, int table, int column, size_t at, size_t n,
                  int64_t *to);
/* pass.c */
NODISCARD enum err run_pass(struct plan_data *data, const struct step *step, struct fault *fault);

/* tiers.c */
struct tier {
    int64_t floor, rate;
    __int128 at_floor; /* F(floor), in basis x rate */
};
struct tier_ladder {
    int64_t match[KEYS_MAX];
    struct tier *tiers;
    int count;
};
struct tier_set {
    struct tier_ladder *ladders;
    size_t count;
    int32_t *by_value; /* one match column with small values: ladder, -1 none */
    int64_t low;
    size_t span;
    int64_t highest_rate;
};
NODISCARD enum err tiers_load(struct plan_data *data, const struct component *c,
                              struct fault *fault);
NODISCARD enum err run_tiers(struct plan_data *data, const struct component *c,
                             struct fault *fault);
const struct tier_ladder *tier_ladder_of(const struct plan_data *data, const struct component *c,
                                         size_t row);
__int128 tier_curve(const struct tier_ladder *ladder, int64_t x);

/* run.c: by the table's single key; texts by bytes. */
int plan_compare_keys(const struct plan_data *data, int table, int32_t a, int32_t b);

/* tree.c */
NODISCARD enum err run_override(struct plan_data *data, const struct component *c,
                                struct fault *fault);

/* value.c: one value, computed if it was not kept. */
NODISCARD enum err value_at(const struct plan_data *data, struct arena *arena, int table,
                            int column, size_t row, struct fault *fault, int64_t *ret);
