/*
 * eval.c - one row, exactly: the meaning of the language. Branches that are not taken are not
 * computed, so they cannot fail. The columnar code hands every doubtful row to this file.
 */
#include "engine/formula/internal.h"

#include <stdio.h>

struct cell {
    i128 n;
    struct str text;
    bool missing;
};

struct run {
    const struct formula *formula;
    const struct formula_inputs *inputs;
    struct arena *arena;         /* of the trace */
    struct formula_trace *trace; /* of the node that is being computed; NULL: nobody asked */
    struct fault *fault;
};

static enum err eval(struct run *r, const struct node *n, struct cell *ret);

static enum err trouble(struct run *r, const struct node *n, enum err code, const char *what)
{
    enum err e = fault_set(r->fault, code, "%s", what);
    r->fault->line = n->line;
    r->fault->column = n->column;
    return e;
}

static enum err overflow(struct run *r, const struct node *n)
{
    return trouble(r, n, ERR_OVERFLOW, "the number does not fit");
}

/* The value of a part, brought to a scale. */
static enum err eval_at(struct run *r, const struct node *n, int scale, struct cell *ret)
{
    TRY(eval(r, n, ret));
    if (n->type == FORMULA_NUMBER && scale > n->scale
        && !wide_multiply(ret->n, pow10_i128(scale - n->scale), &ret->n))
        return overflow(r, n);
    return OK;
}

/* ---- leaves ---- */

static enum err eval_name(struct run *r, const struct node *n, struct cell *ret)
{
    const struct formula_name *name = &r->formula->env.names[n->name];
    if (name->constant) {
        *ret = (struct cell){ .n = n->value, .text = n->text };
        return OK;
    }
    const struct formula_value *value = &r->inputs->slots[name->slot];
    *ret = (struct cell){ value->units, value->text, false };
    if (name->optional && (value->missing || (name->type != FORMULA_TEXT
                                              && value->units == INT64_MIN))) {
        *ret = (struct cell){ .missing = true };
        return OK;
    }
    if (value->missing) {
        TRY(trouble(r, n, ERR_UNPROCESSABLE, "the value is missing"));
    }
    if (n->type != FORMULA_TEXT && (ret->n < n->range.low || ret->n > n->range.high)) {
        char message[FAULT_MESSAGE_MAX];
        snprintf(message, sizeof message, STR_FMT " is %lld, outside %lld..%lld",
                 STR_ARG(name->name), (long long)ret->n, (long long)n->range.low,
                 (long long)n->range.high);
        return trouble(r, n, ERR_UNPROCESSABLE, message);
    }
    return OK;
}

/* ---- arithmetic ---- */

static enum err eval_sum(struct run *r, const struct node *n, struct cell *ret)
{
    struct cell a, b;
    TRY(eval_at(r, n->parts[0], n->scale, &a));
    TRY(eval_at(r, n->parts[1], n->scale, &b));
    if (!wide_add(a.n, n->op == OP_ADD ? b.n : -b.n, &ret->n))
        return overflow(r, n);
    if (n->type == FORMULA_DATE && (ret->n < DATE_LOW || ret->n > DATE_HIGH))
        return trouble(r, n, ERR_OVERFLOW, "the date is not within the years 1 to 9999");
    return OK;
}

static enum err eval_product(struct run *r, const struct node *n, struct cell *ret)
{
    struct cell a, b;
    TRY(eval(r, n->parts[0], &a));
    TRY(eval(r, n->parts[1], &b));
    return wide_multiply(a.n, b.n, &ret->n) ? OK : overflow(r, n);
}

static void note_rounding(struct run *r, const struct node *n, i128 num, i128 den, i128 quotient)
{
    if (!r->trace)
        return;
    /* The difference is small, also where the product alone would wrap. */
    i128 rest = (i128)((unsigned __int128)num
                       - (unsigned __int128)quotient * (unsigned __int128)den);
    r->trace->rounded = rest != 0;
    r->trace->rounding = n->rounding;
    r->trace->remainder = rest;
    r->trace->divisor = den;
}

static enum err eval_div(struct run *r, const struct node *n, struct cell *ret)
{
    struct cell x, y;
    TRY(eval(r, n->parts[0], &x));
    TRY(eval(r, n->parts[1], &y));
    int shift = n->scale + n->parts[1]->scale - n->parts[0]->scale;
    if (y.n == 0)
        return trouble(r, n, ERR_UNPROCESSABLE, "division by zero");
    if (!wide_multiply(x.n, pow10_i128(MAX(shift, 0)), &x.n)
        || !wide_multiply(y.n, pow10_i128(MAX(-shift, 0)), &y.n))
        return overflow(r, n);
    if (y.n < 0) {
        x.n = -x.n;
        y.n = -y.n;
    }
    ret->n = div_round(x.n, y.n, n->rounding);
    note_rounding(r, n, x.n, y.n, ret->n);
    return OK;
}

static enum err eval_round(struct run *r, const struct node *n, struct cell *ret)
{
    const struct node *part = n->parts[0];
    TRY(eval_at(r, part, n->scale, ret));
    if (n->scale >= part->scale)
        return OK;
    i128 num = ret->n, den = pow10_i128(part->scale - n->scale);
    ret->n = div_round(num, den, n->rounding);
    note_rounding(r, n, num, den, ret->n);
    return OK;
}

static enum err eval_extreme(struct run *r, const struct node *n, struct cell *ret)
{
    TRY(eval_at(r, n->parts[0], n->scale, ret));
    for (int i = 1; i < n->part_count; i++) {
        struct cell other;
        TRY(eval_at(r, n->parts[i], n->scale, &other));
        ret->n = n->op == OP_MIN ? MIN(ret->n, other.n) : MAX(ret->n, other.n);
    }
    return OK;
}

/* ---- conditions ---- */

static int compare(const struct node *n, const struct cell *a, const struct cell *b)
{
    if (n->parts[0]->type == FORMULA_TEXT)
        return str_cmp(a->text, b->text);
    return (a->n > b->n) - (a->n < b->n);
}

static enum err eval_comparison(struct run *r, const struct node *n, struct cell *ret)
{
    struct cell a, b;
    TRY(eval_at(r, n->parts[0], n->operand_scale, &a));
    TRY(eval_at(r, n->parts[1], n->operand_scale, &b));
    int order = compare(n, &a, &b);
    ret->n = n->op == OP_EQ   ? order == 0
             : n->op == OP_NE ? order != 0
             : n->op == OP_LT ? order < 0
             : n->op == OP_LE ? order <= 0
             : n->op == OP_GT ? order > 0
                              : order >= 0;
    return OK;
}

/* Both ends are always computed, so that an error does not hide behind the other end. */
static enum err eval_between(struct run *r, const struct node *n, struct cell *ret)
{
    struct cell x, low, high;
    TRY(eval_at(r, n->parts[0], n->operand_scale, &x));
    TRY(eval_at(r, n->parts[1], n->operand_scale, &low));
    TRY(eval_at(r, n->parts[2], n->operand_scale, &high));
    ret->n = low.n <= x.n && x.n <= high.n;
    return OK;
}

static enum err eval_in(struct run *r, const struct node *n, struct cell *ret)
{
    struct cell x;
    TRY(eval_at(r, n->parts[0], n->operand_scale, &x));
    bool found = false;
    for (int i = 1; i < n->part_count; i++) {
        struct cell item;
        TRY(eval_at(r, n->parts[i], n->operand_scale, &item));
        found |= compare(n, &x, &item) == 0;
    }
    ret->n = found;
    return OK;
}

static enum err eval_logic(struct run *r, const struct node *n, struct cell *ret)
{
    TRY(eval(r, n->parts[0], ret));
    if (n->op == OP_NOT)
        ret->n = !ret->n;
    else if ((ret->n != 0) == (n->op == OP_AND))
        TRY(eval(r, n->parts[1], ret));
    return OK;
}

static enum err eval_case(struct run *r, const struct node *n, struct cell *ret)
{
    int i = 0;
    for (; i + 1 < n->part_count; i += 2) {
        struct cell holds;
        TRY(eval(r, n->parts[i], &holds));
        if (holds.n)
            break;
    }
    int taken = i + 1 < n->part_count ? i + 1 : n->part_count - 1;
    return eval_at(r, n->parts[taken], n->scale, ret);
}

static enum err eval_optional(struct run *r, const struct node *n, struct cell *ret)
{
    TRY(eval_at(r, n->parts[0], n->op == OP_KNOWN ? 0 : n->scale, ret));
    if (n->op == OP_KNOWN)
        *ret = (struct cell){ .n = !ret->missing };
    else if (ret->missing)
        TRY(eval_at(r, n->parts[1], n->scale, ret));
    return OK;
}

/* ---- tables, calendar ---- */

static enum err eval_lookup(struct run *r, const struct node *n, struct cell *ret)
{
    const struct formula_lookup *lookup = r->inputs->tables[n->table];
    const struct formula_table_shape *shape = &r->formula->env.tables[n->table];
    int64_t keys[FORMULA_KEYS_MAX];
    bool possible = true;
    for (int i = 0; i < shape->key_count; i++) {
        struct cell key;
        TRY(eval_at(r, n->parts[i], shape->keys[i].scale, &key));
        if (n->parts[i]->type == FORMULA_TEXT)
            key.n = lookup_text_code(lookup, i, key.text);
        keys[i] = (int64_t)key.n;
        possible &= keys[i] == key.n;
    }
    int64_t row = possible ? lookup_row(lookup, keys) : -1;
    if (r->trace)
        r->trace->row = (int)row;
    if (row >= 0) {
        const struct formula_cells *column = &lookup->columns[n->name];
        *ret = (struct cell){ 0 };
        if (n->type == FORMULA_TEXT)
            ret->text = column->texts[row];
        else
            ret->n = column->ints[row];
        return OK;
    }
    if (n->defaulted)
        return eval_at(r, n->parts[shape->key_count], n->scale, ret);
    char message[256];
    snprintf(message, sizeof message, "the table " STR_FMT " has no row for this key",
             STR_ARG(shape->name));
    return trouble(r, n, ERR_NOT_FOUND, message);
}

static enum err eval_calendar(struct run *r, const struct node *n, struct cell *ret)
{
    struct cell a, b;
    TRY(eval(r, n->parts[0], &a));
    if (n->op == OP_DAYS_BETWEEN) {
        TRY(eval(r, n->parts[1], &b));
        ret->n = b.n - a.n;
        return OK;
    }
    if (n->op == OP_DATE_OF || n->op == OP_MINUTE_OF_DAY) {
        i128 local = a.n + (i128)r->formula->env.zone_minutes * 60000000;
        i128 day = div_round(local, DAY_US, ROUND_FLOOR);
        ret->n = n->op == OP_DATE_OF ? day : (local - day * DAY_US) / 60000000;
        if (n->op == OP_DATE_OF && (day < DATE_LOW || day > DATE_HIGH))
            return trouble(r, n, ERR_OVERFLOW, "the date is not within the years 1 to 9999");
        return OK;
    }
    struct date date = { (int32_t)a.n };
    int year, month, day;
    date_parts(date, &year, &month, &day);
    ret->n = n->op == OP_YEAR    ? year
             : n->op == OP_MONTH ? month
             : n->op == OP_DAY   ? day
                                 : date_weekday(date);
    return OK;
}

static enum err eval_op(struct run *r, const struct node *n, struct cell *ret)
{
    switch (n->op) {
    case OP_LITERAL:
        *ret = (struct cell){ .n = n->value, .text = n->text };
        return OK;
    case OP_NAME: return eval_name(r, n, ret);
    case OP_ADD:
    case OP_SUB: return eval_sum(r, n, ret);
    case OP_MUL: return eval_product(r, n, ret);
    case OP_NEG:
        TRY(eval(r, n->parts[0], ret));
        ret->n = -ret->n;
        return OK;
    case OP_EQ: case OP_NE: case OP_LT: case OP_LE: case OP_GT:
    case OP_GE: return eval_comparison(r, n, ret);
    case OP_AND: case OP_OR:
    case OP_NOT: return eval_logic(r, n, ret);
    case OP_CASE: return eval_case(r, n, ret);
    case OP_BETWEEN: return eval_between(r, n, ret);
    case OP_IN: return eval_in(r, n, ret);
    case OP_DIV: return eval_div(r, n, ret);
    case OP_ROUND: return eval_round(r, n, ret);
    case OP_MIN:
    case OP_MAX: return eval_extreme(r, n, ret);
    case OP_ABS:
        TRY(eval(r, n->parts[0], ret));
        ret->n = ret->n < 0 ? -ret->n : ret->n;
        return OK;
    case OP_LOOKUP: return eval_lookup(r, n, ret);
    case OP_STARTS: {
        struct cell prefix;
        TRY(eval(r, n->parts[0], ret));
        TRY(eval(r, n->parts[1], &prefix));
        ret->n = str_starts(ret->text, prefix.text);
        return OK;
    }
    case OP_DAY: case OP_MONTH: case OP_YEAR: case OP_WEEKDAY: case OP_DAYS_BETWEEN:
    case OP_DATE_OF:
    case OP_MINUTE_OF_DAY: return eval_calendar(r, n, ret);
    case OP_KNOWN:
    case OP_DEFAULT: return eval_optional(r, n, ret);
    case OP_COUNT: break;
    }
    return trouble(r, n, ERR_INTERNAL, "unknown operation");
}

/* ---- trace ---- */

static struct formula_trace *trace_begin(struct run *r, const struct node *n)
{
    struct formula_trace *t = arena_new(r->arena, struct formula_trace);
    t->op = n->spelled;
    t->span = str_cut(r->formula->info.text, n->from, n->to);
    t->line = n->line;
    t->column = n->column;
    t->type = n->type;
    t->scale = n->scale;
    t->unit = unit_text(r->arena, &n->unit);
    t->name = n->op == OP_NAME ? n->name : -1;
    t->table = n->table;
    t->row = -1;
    t->parts = arena_array(r->arena, const struct formula_trace *, (size_t)n->part_count);
    return t;
}

static enum err eval(struct run *r, const struct node *n, struct cell *ret)
{
    struct formula_trace *above = r->trace;
    *ret = (struct cell){ 0 };
    if (!above)
        return eval_op(r, n, ret);
    r->trace = trace_begin(r, n);
    enum err e = eval_op(r, n, ret);
    r->trace->units = ret->n;
    r->trace->text = ret->text;
    r->trace->missing = ret->missing;
    ((const struct formula_trace **)above->parts)[above->part_count++] = r->trace;
    r->trace = above;
    return e;
}

enum err formula_eval(struct arena *arena, const struct formula *formula,
                      const struct formula_inputs *inputs, struct formula_value *ret,
                      const struct formula_trace **trace, struct fault *fault)
{
    struct formula_trace top = { 0 };
    const struct formula_trace *parts[1] = { NULL };
    struct run r = { formula, inputs, arena, NULL, fault };
    top.parts = parts;
    if (trace)
        r.trace = &top;
    struct cell cell;
    enum err e = eval_at(&r, formula->root, formula->info.scale, &cell);
    if (trace)
        *trace = parts[0];
    TRY(e);
    if (cell.n != (int64_t)cell.n)
        return overflow(&r, formula->root);
    *ret = (struct formula_value){ .units = (int64_t)cell.n, .text = cell.text };
    return OK;
}
