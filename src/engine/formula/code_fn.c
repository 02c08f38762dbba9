/* code_fn.c - functions over blocks: sign, texts, calendar, tables. */
#include "engine/formula/internal.h"

static struct ref code_unary(struct coder *c, const struct node *n, enum kernel kernel, bool doubt,
                             int64_t imm)
{
    int mark = c->top;
    int x = code_register(c, code_node(c, n->parts[0]));
    c->top = mark;
    int dst = code_push(c);
    (doubt ? emit_fault(c, kernel, dst, x, x) : emit(c, kernel, dst, x, x))->imm = imm;
    return (struct ref){ .reg = dst };
}

static struct ref code_starts(struct coder *c, const struct node *n)
{
    const struct node *prefix = n->parts[1];
    struct aux aux = { .kind = AUX_STARTS, .text = prefix->text };
    struct ref r = code_unary(c, n, K_STARTS, false, 0);
    int at = code_aux(c, aux);
    c->instrs[c->instr_count - 1].aux = at;
    return r;
}

static struct ref code_days_between(struct coder *c, const struct node *n)
{
    int mark = c->top;
    struct ref from = code_node(c, n->parts[0]), to = code_node(c, n->parts[1]);
    int a = code_register(c, to), b = code_register(c, from);
    c->top = mark;
    int dst = code_push(c);
    emit(c, K_SUB, dst, a, b);
    return (struct ref){ .reg = dst };
}

/* Local time = instant + zone; its day is the quotient, rounded down; its minute is in the rest. */
static struct ref code_instant(struct coder *c, const struct node *n)
{
    int mark = c->top;
    int dst = code_push(c);
    int t = code_register(c, code_node(c, n->parts[0]));
    int64_t zone = (int64_t)c->f->env.zone_minutes * 60000000;
    struct range local = range_add(n->parts[0]->range, (struct range){ zone, zone });
    int shifted = code_push(c);
    (narrow(local) ? emit(c, K_ADD_I, shifted, t, t)
                   : emit_fault(c, K_ADD_IF, shifted, t, t))->imm = zone;
    int day = code_quotient(c, (struct ref){ .reg = shifted }, local, DAY_US, ROUND_FLOOR).reg;
    if (n->op == OP_DATE_OF) {
        emit(c, K_COPY, dst, day, day);
        if (n->fails) {
            struct instr *in = emit_fault(c, K_FAULT_RANGE, 0, dst, dst);
            in->imm = DATE_LOW;
            in->imm2 = DATE_HIGH;
        }
    } else {
        emit(c, K_MUL_I, day, day, day)->imm = DAY_US;
        emit(c, K_SUB, shifted, shifted, day);
        struct range rest = { 0, DAY_US - 1 };
        int minute = code_quotient(c, (struct ref){ .reg = shifted }, rest, 60000000,
                                   ROUND_DOWN).reg;
        emit(c, K_COPY, dst, minute, minute);
    }
    c->top = mark + 1;
    return (struct ref){ .reg = dst };
}

/* ---- tables: find the row of every key, then fetch ---- */

static int code_key(struct coder *c, const struct node *n, int i)
{
    const struct formula_table_shape *shape = &c->f->env.tables[n->table];
    struct ref key = code_at(c, n->parts[i],
                             shape->keys[i].type == FORMULA_NUMBER ? shape->keys[i].scale : 0);
    int reg = code_register(c, key);
    if (shape->keys[i].type != FORMULA_TEXT)
        return reg;
    int dst = code_push(c);
    struct aux aux = { .kind = AUX_KEY, .table = n->table, .part = i };
    int at = code_aux(c, aux);
    emit(c, K_REMAP, dst, reg, reg)->aux = at;
    return dst;
}

static void code_fetch_default(struct coder *c, const struct node *n, int row, int column, int dst)
{
    const struct node *value = n->parts[n->part_count - 1];
    struct region region = { .vector = code_vector(c) };
    region_open(c, &region);
    struct ref other = code_at(c, value, n->scale);
    bool doubt = region_close(c, &region);
    if (other.fixed) {
        struct instr *in = emit(c, K_FETCH_DEFAULT, dst, row, row);
        in->aux = column;
        in->imm = other.value;
        return;
    }
    int found = code_push(c), fetched = code_push(c);
    emit(c, K_GE_I, found, row, row)->imm = 0;
    emit(c, K_FETCH, fetched, row, row)->aux = column;
    if (doubt) {
        struct instr *in = emit_fault(c, K_FAULT_MERGE, c->fault, found, c->fault);
        in->c = NO_FAULT;
        in->d = region.vector;
    }
    emit(c, K_SELECT, dst, found, fetched)->c = other.reg;
}

struct ref code_lookup(struct coder *c, const struct node *n)
{
    const struct formula_table_shape *shape = &c->f->env.tables[n->table];
    int mark = c->top, vectors = c->fault_top;
    int keys[FORMULA_KEYS_MAX] = { 0 };
    int dst = code_push(c), row = code_push(c);
    for (int i = 0; i < shape->key_count; i++)
        keys[i] = code_key(c, n, i);
    int table = code_aux(c, (struct aux){ .kind = AUX_TABLE, .table = n->table });
    struct aux column = { .kind = AUX_COLUMN, .table = n->table, .part = n->name,
                          .text_column = n->type == FORMULA_TEXT };
    int cells = code_aux(c, column);
    struct instr *in = emit(c, K_LOOKUP, row, keys[0], keys[1]);
    in->c = keys[2];
    in->d = keys[3];
    in->aux = table;
    if (n->defaulted) {
        code_fetch_default(c, n, row, cells, dst);
    } else {
        emit_fault(c, K_FAULT_MISS, 0, row, row);
        emit(c, K_FETCH, dst, row, row)->aux = cells;
    }
    c->top = mark + 1;
    c->fault_top = vectors;
    return (struct ref){ .reg = dst };
}

struct ref code_function(struct coder *c, const struct node *n)
{
    struct range x = n->parts[0]->range;
    if (n->op == OP_NEG)
        return narrow(n->range) ? code_unary(c, n, K_RSUB_I, false, 0)
                                : code_unary(c, n, K_RSUB_IF, true, 0);
    if (n->op == OP_ABS)
        return x.low > INT64_MIN ? code_unary(c, n, K_ABS, false, 0)
                                 : code_unary(c, n, K_ABS_F, true, 0);
    if (n->op == OP_STARTS)
        return code_starts(c, n);
    if (n->op == OP_DAYS_BETWEEN)
        return code_days_between(c, n);
    if (n->op == OP_DATE_OF || n->op == OP_MINUTE_OF_DAY)
        return code_instant(c, n);
    assert(n->op == OP_YEAR || n->op == OP_MONTH || n->op == OP_DAY || n->op == OP_WEEKDAY);
    return code_unary(c, n, n->op == OP_YEAR    ? K_YEAR
                            : n->op == OP_MONTH ? K_MONTH
                            : n->op == OP_DAY   ? K_DAY
                                                : K_WEEKDAY, false, 0);
}
