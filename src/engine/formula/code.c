/*
 * code.c - the checked tree to linear code over blocks of rows.
 *
 * All branches are computed for all rows, and a branch whose result a row does not need must not
 * make it fail: faults of a branch are noted in a vector of its own (a region) and join the
 * others only for the rows that take it. A fault is no error, only a doubt: the row is computed
 * again by eval.c. Overflow checks are left out where the static range proves the result fits.
 *
 * Registers are a stack: a node's result takes the place where its operands began.
 */
#include "engine/formula/internal.h"

bool narrow(struct range range)
{
    return range_within(range, INT64_MIN, INT64_MAX);
}

static void *make_room(struct coder *c, void *items, int count, int *room, size_t size)
{
    if (count < *room)
        return items;
    int more = *room ? 2 * *room : 16;
    items = arena_grow(c->arena, items, (size_t)*room * size, (size_t)more * size);
    *room = more;
    return items;
}

struct instr *emit(struct coder *c, enum kernel kernel, int dst, int a, int b)
{
    c->instrs = make_room(c, c->instrs, c->instr_count, &c->instr_room, sizeof *c->instrs);
    struct instr *in = &c->instrs[c->instr_count++];
    *in = (struct instr){ .kernel = kernel, .dst = dst, .a = a, .b = b, .fault = c->fault };
    return in;
}

struct instr *emit_fault(struct coder *c, enum kernel kernel, int dst, int a, int b)
{
    c->fault_used[c->fault] = true;
    return emit(c, kernel, dst, a, b);
}

int code_push(struct coder *c)
{
    int reg = SCRATCH_BASE + c->top++;
    c->top_max = MAX(c->top_max, c->top);
    return reg;
}

static int constant(struct coder *c, struct constant value)
{
    for (int i = 0; i < c->constant_count; i++)
        if (c->constants[i].is_text == value.is_text && c->constants[i].value == value.value
            && str_eq(c->constants[i].text, value.text))
            return CONSTANT_BASE + i;
    c->constants = make_room(c, c->constants, c->constant_count, &c->constant_room,
                             sizeof *c->constants);
    c->constants[c->constant_count] = value;
    return CONSTANT_BASE + c->constant_count++;
}

int code_register(struct coder *c, struct ref ref)
{
    return ref.fixed ? constant(c, (struct constant){ .value = ref.value }) : ref.reg;
}

int code_text(struct coder *c, struct str text)
{
    return constant(c, (struct constant){ .is_text = true, .text = text });
}

int code_aux(struct coder *c, struct aux aux)
{
    c->aux = make_room(c, c->aux, c->aux_count, &c->aux_room, sizeof *c->aux);
    c->aux[c->aux_count] = aux;
    return c->aux_count++;
}

int code_vector(struct coder *c)
{
    int vector = c->fault_top++;
    c->fault_max = MAX(c->fault_max, c->fault_top);
    return vector;
}

void region_open(struct coder *c, struct region *region)
{
    region->at = c->instr_count;
    region->saved = c->fault;
    c->fault = region->vector;
    c->fault_used[region->vector] = false;
    emit(c, K_FAULT_ZERO, 0, 0, 0);
}

bool region_close(struct coder *c, struct region *region)
{
    c->fault = region->saved;
    if (c->fault_used[region->vector])
        return true;
    memmove(&c->instrs[region->at], &c->instrs[region->at + 1],
            (size_t)(c->instr_count - region->at - 1) * sizeof *c->instrs);
    c->instr_count--;
    return false;
}

/* v[cond] ? fault[c] : fault[d] joins fault[b] in fault[dst]. */
static void merge(struct coder *c, int dst, int b, int cond, int then, int otherwise)
{
    struct instr *in = emit(c, K_FAULT_MERGE, dst, cond, b);
    in->c = then;
    in->d = otherwise;
    c->fault_used[dst] = true;
}

struct ref code_pair(struct coder *c, int mark, struct ref a, struct ref b, enum kernel plain,
                     enum kernel with_number, bool commutes)
{
    if (a.fixed && !b.fixed && commutes) {
        struct ref swap = a;
        a = b;
        b = swap;
    }
    int left = code_register(c, a);
    int right = b.fixed && with_number != K_COUNT ? left : code_register(c, b);
    c->top = mark;
    int dst = code_push(c);
    if (b.fixed && with_number != K_COUNT)
        emit(c, with_number, dst, left, left)->imm = b.value;
    else
        emit(c, plain, dst, left, right);
    return (struct ref){ .reg = dst };
}

struct ref code_times(struct coder *c, struct ref x, struct range range, int digits)
{
    while (digits > 0) {
        int step = MIN(digits, 18);
        int64_t factor = (int64_t)pow10_i128(step);
        i128 product;
        digits -= step;
        range = range_scale(range, step);
        if (x.fixed && wide_multiply(x.value, factor, &product) && product == (int64_t)product) {
            x.value = (int64_t)product;
            continue;
        }
        int reg = code_register(c, x);
        /* In place when x is the newest scratch register: nobody else can name it. */
        int dst = reg == SCRATCH_BASE + c->top - 1 ? reg : code_push(c);
        if (narrow(range))
            emit(c, K_MUL_I, dst, reg, reg)->imm = factor;
        else
            emit_fault(c, K_MUL_IF, dst, reg, reg)->imm = factor;
        x = (struct ref){ .reg = dst };
    }
    return x;
}

struct ref code_at(struct coder *c, const struct node *n, int scale)
{
    struct ref x = code_node(c, n);
    return n->type == FORMULA_NUMBER ? code_times(c, x, n->range, scale - n->scale) : x;
}

/* ---- leaves and arithmetic ---- */

static struct ref code_name(struct coder *c, const struct node *n)
{
    const struct formula_name *name = &c->f->env.names[n->name];
    if (!name->constant)
        return (struct ref){ .reg = c->load_of_name[n->name] };
    if (name->type == FORMULA_TEXT)
        return (struct ref){ .reg = code_text(c, name->text) };
    return (struct ref){ .fixed = true, .value = name->value };
}

static struct ref code_sum(struct coder *c, const struct node *n)
{
    int mark = c->top;
    struct ref a = code_at(c, n->parts[0], n->scale), b = code_at(c, n->parts[1], n->scale);
    struct range right = range_scale(n->parts[1]->range, MAX(n->scale - n->parts[1]->scale, 0));
    struct range left = range_scale(n->parts[0]->range, MAX(n->scale - n->parts[0]->scale, 0));
    struct range range = range_add(left, n->op == OP_SUB ? range_negate(right) : right);
    bool fits = narrow(range);
    struct ref r;
    if (!fits)
        c->fault_used[c->fault] = true;
    if (n->op == OP_SUB && b.fixed && b.value != INT64_MIN) {
        b.value = -b.value;
        r = code_pair(c, mark, a, b, fits ? K_ADD : K_ADD_F, fits ? K_ADD_I : K_ADD_IF, false);
    } else if (n->op == OP_SUB && a.fixed) {
        r = code_pair(c, mark, b, a, K_COUNT, fits ? K_RSUB_I : K_RSUB_IF, false);
    } else if (n->op == OP_SUB) {
        r = code_pair(c, mark, a, b, fits ? K_SUB : K_SUB_F, K_COUNT, false);
    } else {
        r = code_pair(c, mark, a, b, fits ? K_ADD : K_ADD_F, fits ? K_ADD_I : K_ADD_IF, true);
    }
    if (n->type == FORMULA_DATE && !range_within(range, DATE_LOW, DATE_HIGH)) {
        struct instr *in = emit_fault(c, K_FAULT_RANGE, 0, r.reg, r.reg);
        in->imm = DATE_LOW;
        in->imm2 = DATE_HIGH;
    }
    return r;
}

static struct ref code_product(struct coder *c, const struct node *n)
{
    int mark = c->top;
    struct ref a = code_node(c, n->parts[0]), b = code_node(c, n->parts[1]);
    if (narrow(n->range))
        return code_pair(c, mark, a, b, K_MUL, K_MUL_I, true);
    c->fault_used[c->fault] = true;
    return code_pair(c, mark, a, b, K_MUL_F, K_MUL_IF, true);
}

/* ---- conditions ---- */

static struct ref compare(struct coder *c, int mark, enum op op, struct ref a, struct ref b)
{
    static const enum op mirrored[OP_COUNT] = {
        [OP_EQ] = OP_EQ, [OP_NE] = OP_NE, [OP_LT] = OP_GT,
        [OP_LE] = OP_GE, [OP_GT] = OP_LT, [OP_GE] = OP_LE,
    };
    static const enum kernel pairs[OP_COUNT] = {
        [OP_EQ] = K_EQ, [OP_NE] = K_NE, [OP_LT] = K_LT, [OP_LE] = K_LE,
    };
    static const enum kernel numbers[OP_COUNT] = {
        [OP_EQ] = K_EQ_I, [OP_NE] = K_NE_I, [OP_LT] = K_LT_I,
        [OP_LE] = K_LE_I, [OP_GT] = K_GT_I, [OP_GE] = K_GE_I,
    };
    bool greater = op == OP_GT || op == OP_GE;
    if (a.fixed ? !b.fixed : greater && !b.fixed) {
        struct ref swap = a;
        a = b;
        b = swap;
        op = mirrored[op];
    }
    return code_pair(c, mark, a, b, pairs[op], numbers[op], false);
}

static struct ref code_comparison(struct coder *c, const struct node *n)
{
    int mark = c->top;
    struct ref a = code_at(c, n->parts[0], n->operand_scale);
    struct ref b = code_at(c, n->parts[1], n->operand_scale);
    return compare(c, mark, n->op, a, b);
}

static struct ref code_between(struct coder *c, const struct node *n)
{
    int mark = c->top;
    int dst = code_push(c);
    struct ref x = code_at(c, n->parts[0], n->operand_scale);
    struct ref low = code_at(c, n->parts[1], n->operand_scale);
    struct ref high = code_at(c, n->parts[2], n->operand_scale);
    int value = code_register(c, x);
    if (low.fixed && high.fixed) {
        struct instr *in = emit(c, K_BETWEEN_I, dst, value, value);
        in->imm = low.value;
        in->imm2 = high.value;
    } else {
        int other = code_push(c);
        emit(c, K_LE, dst, code_register(c, low), value);
        emit(c, K_LE, other, value, code_register(c, high));
        emit(c, K_AND, dst, dst, other);
    }
    c->top = mark + 1;
    return (struct ref){ .reg = dst };
}

static struct ref code_in(struct coder *c, const struct node *n)
{
    int mark = c->top;
    int dst = code_push(c);
    int value = code_register(c, code_at(c, n->parts[0], n->operand_scale));
    int held = c->top;
    for (int i = 1; i < n->part_count; i++) {
        struct ref item = code_at(c, n->parts[i], n->operand_scale);
        struct ref equal = compare(c, c->top, OP_EQ, (struct ref){ .reg = value }, item);
        if (i == 1)
            c->instrs[c->instr_count - 1].dst = dst; /* the comparison just made */
        else
            emit(c, K_OR, dst, dst, equal.reg);
        c->top = held;
    }
    c->top = mark + 1;
    return (struct ref){ .reg = dst };
}

static struct ref code_logic(struct coder *c, const struct node *n)
{
    int mark = c->top, vectors = c->fault_top;
    struct ref a = code_node(c, n->parts[0]);
    if (n->op == OP_NOT)
        return code_pair(c, mark, a, a, K_NOT, K_COUNT, false);
    struct region right = { .vector = code_vector(c) };
    region_open(c, &right);
    struct ref b = code_node(c, n->parts[1]);
    int cond = code_register(c, a);
    if (region_close(c, &right)) {
        bool both = n->op == OP_AND;
        merge(c, c->fault, c->fault, cond, both ? right.vector : NO_FAULT,
              both ? NO_FAULT : right.vector);
    }
    c->fault_top = vectors;
    return code_pair(c, mark, a, b, n->op == OP_AND ? K_AND : K_OR, K_COUNT, false);
}

static void select_into(struct coder *c, int dst, int cond, struct ref then, struct ref otherwise)
{
    int other = code_register(c, otherwise);
    struct instr *in = emit(c, then.fixed ? K_SELECT_I : K_SELECT, dst, cond,
                            then.fixed ? other : then.reg);
    in->c = other;
    in->imm = then.value;
}

/* Backwards, so that three registers do for any number of branches:
 * else; then r = condition ? value : r, from the last to the first. */
static struct ref code_case(struct coder *c, const struct node *n)
{
    int mark = c->top, vectors = c->fault_top;
    int dst = code_push(c);
    struct region rest = { .vector = code_vector(c) };
    struct region asking = { .vector = code_vector(c) }, value = { .vector = code_vector(c) };
    region_open(c, &rest);
    struct ref r = code_at(c, n->parts[n->part_count - 1], n->scale);
    bool doubtful = region_close(c, &rest);
    for (int i = n->part_count - 3; i >= 0; i -= 2) {
        c->top = mark + 2; /* the value of "else" may sit in the second place */
        region_open(c, &asking);
        int cond = code_register(c, code_node(c, n->parts[i]));
        bool ask_doubt = region_close(c, &asking);
        region_open(c, &value);
        struct ref v = code_at(c, n->parts[i + 1], n->scale);
        bool value_doubt = region_close(c, &value);
        select_into(c, dst, cond, v, r);
        r = (struct ref){ .reg = dst };
        if (!ask_doubt && !value_doubt && !doubtful)
            continue;
        merge(c, rest.vector, ask_doubt ? asking.vector : NO_FAULT, cond,
              value_doubt ? value.vector : NO_FAULT, doubtful ? rest.vector : NO_FAULT);
        doubtful = true;
    }
    if (doubtful)
        emit_fault(c, K_FAULT_OR, c->fault, 0, rest.vector);
    c->top = mark + 1;
    c->fault_top = vectors;
    return r;
}

static struct ref code_extreme(struct coder *c, const struct node *n)
{
    int mark = c->top;
    bool least = n->op == OP_MIN;
    struct ref r = code_at(c, n->parts[0], n->scale);
    for (int i = 1; i < n->part_count; i++) {
        struct ref other = code_at(c, n->parts[i], n->scale);
        r = code_pair(c, mark, r, other, least ? K_MIN : K_MAX, least ? K_MIN_I : K_MAX_I, true);
    }
    return r;
}

static struct ref code_optional(struct coder *c, const struct node *n)
{
    int mark = c->top, vectors = c->fault_top;
    int dst = code_push(c);
    int x = code_register(c, code_node(c, n->parts[0]));
    struct instr *in = emit(c, K_NE_I, dst, x, x);
    in->imm = INT64_MIN;
    if (n->op == OP_KNOWN)
        return (struct ref){ .reg = dst };
    struct region here = { .vector = code_vector(c) }, missing = { .vector = code_vector(c) };
    region_open(c, &here);
    struct ref value = code_at(c, n->parts[0], n->scale);
    bool here_doubt = region_close(c, &here);
    region_open(c, &missing);
    struct ref other = code_at(c, n->parts[1], n->scale);
    bool missing_doubt = region_close(c, &missing);
    if (here_doubt || missing_doubt)
        merge(c, c->fault, c->fault, dst, here_doubt ? here.vector : NO_FAULT,
              missing_doubt ? missing.vector : NO_FAULT);
    select_into(c, dst, dst, value, other);
    c->top = mark + 1;
    c->fault_top = vectors;
    return (struct ref){ .reg = dst };
}

struct ref code_node(struct coder *c, const struct node *n)
{
    if (node_constant(n) && n->range.low == (int64_t)n->range.low)
        return (struct ref){ .fixed = true, .value = (int64_t)n->range.low };
    switch (n->op) {
    case OP_LITERAL:
        return n->type == FORMULA_TEXT ? (struct ref){ .reg = code_text(c, n->text) }
                                       : (struct ref){ .fixed = true, .value = (int64_t)n->value };
    case OP_NAME: return code_name(c, n);
    case OP_ADD:
    case OP_SUB: return code_sum(c, n);
    case OP_MUL: return code_product(c, n);
    case OP_EQ: case OP_NE: case OP_LT: case OP_LE: case OP_GT:
    case OP_GE: return code_comparison(c, n);
    case OP_AND: case OP_OR:
    case OP_NOT: return code_logic(c, n);
    case OP_CASE: return code_case(c, n);
    case OP_BETWEEN: return code_between(c, n);
    case OP_IN: return code_in(c, n);
    case OP_MIN:
    case OP_MAX: return code_extreme(c, n);
    case OP_KNOWN:
    case OP_DEFAULT: return code_optional(c, n);
    case OP_DIV: return code_div(c, n);
    case OP_ROUND: return code_round(c, n);
    case OP_LOOKUP: return code_lookup(c, n);
    case OP_NEG: case OP_ABS: case OP_STARTS: case OP_DAY: case OP_MONTH: case OP_YEAR:
    case OP_WEEKDAY: case OP_DAYS_BETWEEN: case OP_DATE_OF: case OP_MINUTE_OF_DAY:
    case OP_COUNT: break;
    }
    return code_function(c, n);
}
