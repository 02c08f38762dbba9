/*
 * internal.h - what the files of this folder share: the checked tree, the linear code, the lookup.
 *
 *   lex.c     text -> words                     unit.c    products of powers of units
 *   parse*.c  words -> tree, calling            range.c   static ranges (saturating intervals)
 *   check.c   types, units, scales, ranges      check_fn.c  ... of the functions
 *   eval.c    one row: the meaning of the language; everything else must agree with it
 *   code*.c   tree -> linear code over blocks   batch.c   runs it; kernels.h are its loops
 *   lookup.c  tables                            trace.c   prints
 */
#pragma once

#include "base/map.h"
#include "engine/formula/formula.h"

typedef __int128 i128;

/* Ranges saturate here: a bound at the limit means "unbounded". Small enough that the sum of two
 * bounds cannot wrap. */
#define WIDE_MAX (((i128)1 << 126) - 1)

/* Days of 0001-01-01 and 9999-12-31: what date_parts() can read. */
#define DATE_LOW INT64_C(-719162)
#define DATE_HIGH INT64_C(2932896)

#define TREE_DEPTH_MAX 256 /* a chain a + b + c ... is a deep tree without nesting */

/* ---- units ---- */

struct unit {
    int count;
    struct {
        struct str name;
        int power;
    } factor[FORMULA_UNIT_MAX]; /* sorted by name, powers not 0 */
};
bool unit_parse(struct str text, struct unit *ret); /* "fen*bp/day"; false: malformed */
bool unit_product(struct unit a, struct unit b, int sign, struct unit *ret); /* sign -1: a / b */
bool unit_equal(const struct unit *a, const struct unit *b);
bool unit_drop(struct unit *unit, const char *name); /* takes one power away if it has one */
bool unit_is_builtin(struct str name);
struct str unit_text(struct arena *arena, const struct unit *unit);

/* ---- ranges ---- */

struct range {
    i128 low, high;
};
struct range range_add(struct range a, struct range b);
struct range range_negate(struct range a);
struct range range_multiply(struct range a, struct range b);
struct range range_divide(struct range a, struct range b); /* any rounding; b = 0 left out */
struct range range_scale(struct range a, int digits);      /* times 10^digits */
struct range range_union(struct range a, struct range b);
bool range_bounded(struct range a);              /* away from the 128-bit edge */
bool range_within(struct range a, i128 low, i128 high);
bool wide_add(i128 a, i128 b, i128 *ret);      /* false: overflow */
bool wide_multiply(i128 a, i128 b, i128 *ret); /* false: overflow */

/* ---- tree ---- */

enum op {
    OP_LITERAL, OP_NAME, OP_ADD, OP_SUB, OP_MUL, OP_NEG,
    OP_EQ, OP_NE, OP_LT, OP_LE, OP_GT, OP_GE,
    OP_AND, OP_OR, OP_NOT, OP_CASE, OP_BETWEEN, OP_IN,
    OP_DIV, OP_ROUND, OP_MIN, OP_MAX, OP_ABS, OP_LOOKUP, OP_STARTS,
    OP_DAY, OP_MONTH, OP_YEAR, OP_WEEKDAY, OP_DAYS_BETWEEN, OP_DATE_OF, OP_MINUTE_OF_DAY,
    OP_KNOWN, OP_DEFAULT,
    OP_COUNT
};

struct node {
    enum op op;
    const char *spelled; /* for traces: "if", "+", "lookup" */
    size_t from, to;     /* span in the source */
    int line, column;

    enum formula_type type;
    int scale;         /* of the result */
    int operand_scale; /* what numeric operands are brought to (comparison, min, case ...) */
    struct unit unit;
    bool bare;    /* a plain literal or made of them: takes its partner's unit */
    bool optional; /* may be missing */
    bool fails;   /* this node or one below can fail for values in their ranges */
    struct range range; /* of result units; numbers, bools, dates, instants */

    i128 value; /* literal */
    struct str text;
    int name;  /* OP_NAME: in env.names; OP_LOOKUP: column of the table */
    int table; /* OP_LOOKUP */
    bool defaulted; /* OP_LOOKUP: the last part is the default */
    enum rounding rounding;

    struct node **parts;
    int part_count;
    int depth;
};

/* A node whose value is known when compiled. */
static inline bool node_constant(const struct node *n)
{
    return n->type != FORMULA_TEXT && !n->fails && !n->optional && n->range.low == n->range.high;
}

struct formula {
    struct formula_info info;
    struct formula_env env; /* our copy */
    const struct node *root;
    const struct code *code;
};

/* ---- compiling ---- */

enum word_kind {
    WORD_END, WORD_NAME, WORD_NUMBER, WORD_TEXT, WORD_SIGN, /* sign: ( ) , + - * / = < > ... */
};
struct word {
    enum word_kind kind;
    struct str text; /* the source; of WORD_TEXT the content without quotes */
    char sign[3];    /* WORD_SIGN: "<=" ...; the full-width and mathematical forms are mapped */
    size_t from, to;
    int line, column;
};

struct compiler {
    struct arena *arena;
    const struct formula_env *env;
    struct str text;
    struct fault *fault;
    size_t at; /* of the lexer */
    int line, column;
    struct word word; /* the one ahead */
    size_t done;      /* end of the word before it */
    size_t node_count;
    int nesting;
    bool *names_used, *tables_used;
    struct str_map names; /* name -> const struct formula_name * */
};

enum err lex_next(struct compiler *c);
bool name_is_word(struct str name); /* could be written in a formula, and is no keyword */
bool keyword(struct str name);

/* ERR_PARSE at a place. */
enum err complain(struct compiler *c, int line, int column, const char *format, ...)
    PRINTF_LIKE(4, 5);
#define COMPLAIN(c, n, ...) complain((c), (n)->line, (n)->column, __VA_ARGS__)

enum err parse_formula(struct compiler *c, struct node **ret);
/* Completes type, unit, scale, range of a node whose parts are complete. */
enum err check_node(struct compiler *c, struct node *n);
enum err check_function(struct compiler *c, struct node *n); /* the ops that are functions */
/* The values among the parts (all but the conditions of a case) are of one type and unit; sets
 * type, unit, bare and operand_scale of n. Words of the complaint: "cannot add" X "to" Y. */
enum err check_same(struct compiler *c, struct node *n, const char *doing, const char *with);
bool node_value_part(const struct node *n, int i);
struct range part_range(struct node *n, const struct node *part); /* at n->operand_scale */
enum err check_type(struct compiler *c, const struct node *part, enum formula_type type,
                    const char *what);
bool units_agree(const struct node *a, const struct unit *b, bool b_bare);
void shape_range(const struct formula_column_shape *shape, struct range *ret);
const char *type_words(struct arena *arena, const struct node *n); /* "a number in fen" */
const char *type_name(enum formula_type type);

/* ---- parse.c and parse_call.c ---- */

struct list {
    struct node **items;
    int count, room;
};
void list_add(struct compiler *c, struct list *list, struct node *n);
const char *word_words(struct compiler *c); /* the word ahead, in quotes */
bool sees_sign(const struct compiler *c, const char *sign);
bool sees_keyword(const struct compiler *c, const char *name);
enum err expect_sign(struct compiler *c, const char *sign, const char *where);
enum err expect_keyword(struct compiler *c, const char *name, const char *where);
enum err parse_next(struct compiler *c);
enum err parse_begin(struct compiler *c, enum op op, const char *spelled, struct node **ret);
enum err parse_finish(struct compiler *c, struct node *n, struct list parts);
enum err parse_enter(struct compiler *c); /* one level deeper; c->nesting-- leaves it */
enum err parse_expression(struct compiler *c, struct node **ret);
enum err parse_number(struct compiler *c, struct node **ret);
enum err parse_text(struct compiler *c, struct node **ret);
enum err parse_name(struct compiler *c, struct node **ret); /* name, call, date, true, false */

/* ---- lookup ---- */

struct lookup_key {
    int64_t low, span;      /* dense: index = index * span + (key - low) */
    struct str_map *codes;  /* text keys: text -> code + 1 */
    int64_t *cells;
};
struct formula_lookup {
    const struct formula_table_shape *shape;
    size_t rows;
    int key_count;
    struct lookup_key keys[FORMULA_KEYS_MAX];
    const int32_t *dense; /* row or -1; NULL: hashed */
    const int32_t *slots; /* open addressing, row or -1; */
    uint64_t mask;
    const struct formula_cells *columns; /* texts of a text column: see text_codes */
};
uint64_t lookup_hash(const struct formula_lookup *lookup, const int64_t *keys);
int64_t lookup_row(const struct formula_lookup *lookup, const int64_t *keys); /* -1 absent */
int64_t lookup_text_code(const struct formula_lookup *lookup, int key, struct str text);

/* ---- code over blocks ---- */

#define BLOCK 512 /* rows: a register is 4 KB, so that a dozen stay in the first-level cache */

/* X(name): kernels. _I: the second operand is `imm`. _F: flags doubtful rows in a fault vector. */
#define KERNELS(X)                                                                             \
    X(COPY) X(ADD) X(ADD_I) X(ADD_F) X(ADD_IF) X(SUB) X(SUB_F) X(RSUB_I) X(RSUB_IF)            \
    X(MUL) X(MUL_I) X(MUL_F) X(MUL_IF) X(AND) X(OR) X(NOT)                                     \
    X(EQ) X(EQ_I) X(NE) X(NE_I) X(LT) X(LT_I) X(LE) X(LE_I) X(GT_I) X(GE_I) X(BETWEEN_I)       \
    X(MIN) X(MIN_I) X(MAX) X(MAX_I) X(ABS) X(ABS_F) X(SELECT) X(SELECT_I)                      \
    X(DIV_SMALL) X(DIV_POSITIVE) X(DIV_SIGNED) X(DIV_SIGNED_F) X(DIV_ANY_F)                    \
    X(YEAR) X(MONTH) X(DAY) X(WEEKDAY) X(REMAP) X(STARTS) X(LOOKUP) X(FETCH) X(FETCH_DEFAULT)  \
    X(FAULT_ZERO) X(FAULT_OR) X(FAULT_MERGE) X(FAULT_MISS) X(FAULT_RANGE)

enum kernel {
#define X(name) K_##name,
    KERNELS(X)
#undef X
    K_COUNT
};

/* One vector instruction. Operands are registers; of FAULT_* (but for a) fault vectors. */
struct instr {
    enum kernel kernel;
    int dst, a, b, c, d;
    int fault;      /* the fault vector it adds to */
    int aux;        /* REMAP, STARTS, LOOKUP, FETCH: position in code.aux */
    int64_t imm, imm2;
    uint64_t magic; /* division by a constant: see code_div.c */
    int shift;
    enum rounding rounding;
};

/* What can only be prepared when a batch is opened, because it needs dictionaries or rows. */
enum aux_kind {
    AUX_TABLE,  /* the lookup itself */
    AUX_KEY,    /* text code of the batch -> text code of a table's key */
    AUX_COLUMN, /* a table's column; texts as codes of the batch */
    AUX_STARTS, /* text code of the batch -> does it start with `text` */
};
struct aux {
    enum aux_kind kind;
    int table, part; /* part: key or column */
    bool text_column;
    struct str text;
};

/* A name read by the formula; its register is its position in code.loads. */
struct load {
    int slot;
    enum formula_type type;
    bool optional, check;
    int64_t low, high;
};

struct constant {
    bool is_text;
    int64_t value;
    struct str text;
};

/* Registers: loads, then constants, then scratch. */
struct code {
    const struct load *loads;
    int load_count;
    const struct instr *instrs;
    int instr_count;
    const struct constant *constants;
    int constant_count;
    int register_count;
    int fault_count; /* vectors; one more, always zero, follows them */
    const struct aux *aux;
    int aux_count;
    int result; /* a scratch register */
};
void code_make(struct arena *arena, struct formula *formula);

/* An operand: a register, or a number known when compiled. */
struct ref {
    bool fixed;
    int64_t value;
    int reg;
};
struct coder {
    struct arena *arena;
    const struct formula *f;
    struct instr *instrs;
    int instr_count, instr_room;
    struct constant *constants;
    int constant_count, constant_room;
    struct aux *aux;
    int aux_count, aux_room;
    int *load_of_name;
    int top, top_max;             /* scratch registers, a stack */
    int fault;                    /* where doubtful rows are noted now */
    int fault_top, fault_max;     /* fault vectors, a stack */
    bool *fault_used;             /* by vector */
};
/* A stretch of code whose faults count only for the rows that need its result. */
struct region {
    int at, saved, vector;
};
struct ref code_node(struct coder *c, const struct node *n);
struct ref code_at(struct coder *c, const struct node *n, int scale);
struct ref code_function(struct coder *c, const struct node *n);
struct ref code_div(struct coder *c, const struct node *n);
struct ref code_round(struct coder *c, const struct node *n);
struct ref code_lookup(struct coder *c, const struct node *n);
/* x / divisor, rounded; x in `range`. */
struct ref code_quotient(struct coder *c, struct ref x, struct range range, i128 divisor,
                         enum rounding mode);
struct ref code_times(struct coder *c, struct ref x, struct range range, int digits);
/* Emits one instruction on two operands; the result takes the place `mark` of the stack. */
struct ref code_pair(struct coder *c, int mark, struct ref a, struct ref b, enum kernel plain,
                     enum kernel with_number, bool commutes);
struct instr *emit(struct coder *c, enum kernel kernel, int dst, int a, int b);
struct instr *emit_fault(struct coder *c, enum kernel kernel, int dst, int a, int b);
int code_register(struct coder *c, struct ref ref);
int code_text(struct coder *c, struct str text);
int code_push(struct coder *c);
int code_aux(struct coder *c, struct aux aux);
int code_vector(struct coder *c);
void region_open(struct coder *c, struct region *region);
bool region_close(struct coder *c, struct region *region); /* can it fault at all? */
bool narrow(struct range range); /* fits int64 */
#define NO_FAULT (-1) /* the vector that is always zero */
#define CONSTANT_BASE 1000000 /* numbers of constants and scratch until their count is known */
#define SCRATCH_BASE 2000000

/* What a kernel sees. */
struct aux_data {
    const struct formula_lookup *lookup;
    const int64_t *remap; /* AUX_KEY, AUX_COLUMN */
    size_t count;
    const uint8_t *flags; /* AUX_STARTS */
};
struct machine {
    int64_t **v;     /* registers */
    int64_t **fault; /* a row is suspicious when the sign bit is set */
    const struct aux_data *aux;
};
typedef void kernel_fn(const struct machine *m, const struct instr *in, size_t n);
/* Widens; the optional ones turn "missing" into INT64_MIN. */
typedef void load_fn(const void *from, int64_t *to, size_t n);
/* Flags what is outside; INT64_MIN passes when `optional`. */
typedef void range_fn(const int64_t *v, int64_t *fault, size_t n, int64_t low, int64_t high,
                      bool optional);
/* Text codes of a column to codes of the batch. */
typedef void text_fn(int64_t *v, int64_t *fault, size_t n, const int64_t *remap, size_t count,
                     bool optional);
struct kernels {
    kernel_fn *run[K_COUNT];
    load_fn *load[FORMULA_U8 + 1];
    load_fn *load_optional[FORMULA_U8 + 1];
    range_fn *range;
    text_fn *text;
    bool (*any)(const int64_t *fault, size_t n);
};
extern const struct kernels kernels_plain;
extern const struct kernels kernels_avx2;
extern const struct kernels kernels_avx512;

/* For tests: the loops of an instruction set, NULL when this processor lacks it. */
enum { KERNEL_SETS = 3 };
const struct kernels *kernels_set(int i);
void batch_use(struct formula_batch *batch, const struct kernels *kernels);
