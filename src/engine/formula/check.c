/*
 * check.c - types, units, scales and static ranges of the operators. The parts of a node are
 * checked before it, so each rule looks one level down only.
 */
#include "engine/formula/internal.h"

const char *type_name(enum formula_type type)
{
    static const char *const names[] = {
        [FORMULA_NUMBER] = "a number", [FORMULA_BOOL] = "a condition", [FORMULA_TEXT] = "a text",
        [FORMULA_DATE] = "a date",     [FORMULA_INSTANT] = "an instant",
    };
    return names[type];
}

const char *type_words(struct arena *arena, const struct node *n)
{
    if (n->type != FORMULA_NUMBER)
        return type_name(n->type);
    if (n->unit.count == 0)
        return "a plain number";
    return str_cstr(arena, unit_text(arena, &n->unit));
}

bool node_value_part(const struct node *n, int i)
{
    return n->op != OP_CASE || i % 2 == 1 || i == n->part_count - 1;
}

enum err check_type(struct compiler *c, const struct node *part, enum formula_type type,
                    const char *what)
{
    if (part->type == type)
        return OK;
    return COMPLAIN(c, part, "%s needs %s, and this is %s", what, type_name(type),
                    type_words(c->arena, part));
}

bool units_agree(const struct node *a, const struct unit *b, bool b_bare)
{
    return a->bare || b_bare || unit_equal(&a->unit, b);
}

enum err check_same(struct compiler *c, struct node *n, const char *doing, const char *with)
{
    const struct node *first = NULL;
    for (int i = 0; i < n->part_count; i++) {
        const struct node *part = n->parts[i];
        if (!node_value_part(n, i))
            continue;
        if (first && (part->type != first->type
                      || (part->type == FORMULA_NUMBER
                          && !units_agree(part, &first->unit, first->bare)))) {
            return COMPLAIN(c, part, "%s %s %s %s", doing, type_words(c->arena, part), with,
                            type_words(c->arena, first));
        }
        /* The first part that is more than a plain literal decides the unit. */
        if (!first || (first->bare && !part->bare))
            first = part;
        n->operand_scale = MAX(n->operand_scale, part->scale);
    }
    n->type = first->type;
    n->unit = first->unit;
    n->bare = first->bare;
    return OK;
}

struct range part_range(struct node *n, const struct node *part)
{
    struct range r = range_scale(part->range, n->operand_scale - part->scale);
    if (!range_bounded(r))
        n->fails = true;
    return r;
}

static enum err check_ordered(struct compiler *c, const struct node *n)
{
    const struct node *part = n->parts[0];
    if (part->type == FORMULA_TEXT || part->type == FORMULA_BOOL)
        return COMPLAIN(c, part, "%s has no larger and smaller: only = and != compare it",
                        type_words(c->arena, part));
    return OK;
}

/* ---- leaves ---- */

static void value_range(enum formula_type type, bool ranged, int64_t low, int64_t high,
                        struct range *ret)
{
    *ret = (struct range){ INT64_MIN, INT64_MAX };
    if (type == FORMULA_BOOL)
        *ret = (struct range){ 0, 1 };
    if (type == FORMULA_DATE)
        *ret = (struct range){ DATE_LOW, DATE_HIGH };
    if (ranged)
        *ret = (struct range){ MAX(ret->low, low), MIN(ret->high, high) };
}

void shape_range(const struct formula_column_shape *shape, struct range *ret)
{
    value_range(shape->type, shape->ranged, shape->low, shape->high, ret);
}

static enum err check_name(struct compiler *c, struct node *n)
{
    const struct formula_name *name = &c->env->names[n->name];
    n->type = name->type;
    n->scale = name->type == FORMULA_NUMBER ? name->scale : 0;
    n->optional = name->optional;
    if (name->type == FORMULA_NUMBER && !unit_parse(str_from(name->unit), &n->unit))
        return COMPLAIN(c, n, "the unit of " STR_FMT " cannot be read", STR_ARG(name->name));
    value_range(name->type, name->ranged, name->low, name->high, &n->range);
    if (name->constant) {
        n->range = (struct range){ name->value, name->value };
        n->value = name->value;
        n->text = name->text;
    } else if (name->optional && n->range.low == INT64_MIN) {
        n->range.low++; /* INT64_MIN says "missing" */
    }
    return OK;
}

static enum err check_literal(struct compiler *c, struct node *n)
{
    (void)c;
    n->range = (struct range){ n->value, n->value };
    return OK;
}

/* ---- arithmetic ---- */

static bool days(const struct node *n)
{
    struct unit day;
    return n->type == FORMULA_NUMBER && n->scale == 0 && unit_parse(STR("day"), &day)
           && units_agree(n, &day, false);
}

/* date + days, days + date, date - days, date - date */
static enum err check_date_sum(struct compiler *c, struct node *n)
{
    const struct node *a = n->parts[0], *b = n->parts[1];
    bool minus = n->op == OP_SUB;
    n->range = range_add(a->range, minus ? range_negate(b->range) : b->range);
    if (minus && a->type == FORMULA_DATE && b->type == FORMULA_DATE) {
        n->type = FORMULA_NUMBER;
        unit_parse(STR("day"), &n->unit);
        return OK;
    }
    if (!(a->type == FORMULA_DATE && days(b)) && !(!minus && days(a) && b->type == FORMULA_DATE))
        return COMPLAIN(c, n, "cannot %s %s %s %s: a date takes whole days", minus ? "subtract" :
                        "add", type_words(c->arena, b), minus ? "from" : "to",
                        type_words(c->arena, a));
    n->type = FORMULA_DATE;
    n->fails |= !range_within(n->range, DATE_LOW, DATE_HIGH);
    n->range.low = MAX(n->range.low, DATE_LOW);
    n->range.high = MAX(MIN(n->range.high, DATE_HIGH), n->range.low);
    return OK;
}

static enum err check_sum(struct compiler *c, struct node *n)
{
    const struct node *a = n->parts[0], *b = n->parts[1];
    if (a->type == FORMULA_DATE || b->type == FORMULA_DATE)
        return check_date_sum(c, n);
    const char *doing = n->op == OP_ADD ? "adding" : "subtracting";
    TRY(check_type(c, a, FORMULA_NUMBER, doing));
    TRY(check_type(c, b, FORMULA_NUMBER, doing));
    TRY(n->op == OP_ADD ? check_same(c, n, "cannot add", "to")
                        : check_same(c, n, "cannot subtract", "from"));
    n->scale = n->operand_scale;
    struct range right = part_range(n, b);
    n->range = range_add(part_range(n, a), n->op == OP_ADD ? right : range_negate(right));
    return OK;
}

static enum err check_product(struct compiler *c, struct node *n)
{
    const struct node *a = n->parts[0], *b = n->parts[1];
    TRY(check_type(c, a, FORMULA_NUMBER, "multiplying"));
    TRY(check_type(c, b, FORMULA_NUMBER, "multiplying"));
    n->type = FORMULA_NUMBER;
    n->scale = a->scale + b->scale;
    if (n->scale > FORMULA_SCALE_MAX)
        return COMPLAIN(c, n, "the product has %d decimals, at most %d are kept: round(x, "
                        "decimals, half_up) a factor first", n->scale, FORMULA_SCALE_MAX);
    if (!unit_product(a->unit, b->unit, 1, &n->unit))
        return COMPLAIN(c, n, "the product of %s and %s has too many units",
                        type_words(c->arena, a), type_words(c->arena, b));
    n->bare = a->bare && b->bare;
    n->range = range_multiply(a->range, b->range);
    return OK;
}

static enum err check_negative(struct compiler *c, struct node *n)
{
    const struct node *a = n->parts[0];
    TRY(check_type(c, a, FORMULA_NUMBER, "a minus sign"));
    n->type = FORMULA_NUMBER;
    n->scale = a->scale;
    n->unit = a->unit;
    n->bare = a->bare;
    n->range = range_negate(a->range);
    return OK;
}

/* ---- conditions ---- */

static enum err check_comparison(struct compiler *c, struct node *n)
{
    TRY(check_same(c, n, "cannot compare", "with"));
    if (n->op != OP_EQ && n->op != OP_NE && n->op != OP_IN)
        TRY(check_ordered(c, n));
    for (int i = 0; i < n->part_count; i++)
        part_range(n, n->parts[i]);
    n->type = FORMULA_BOOL;
    n->unit = (struct unit){ 0 };
    n->bare = false;
    n->range = (struct range){ 0, 1 };
    return OK;
}

static enum err check_logic(struct compiler *c, struct node *n)
{
    for (int i = 0; i < n->part_count; i++)
        TRY(check_type(c, n->parts[i], FORMULA_BOOL, n->spelled));
    n->type = FORMULA_BOOL;
    n->range = (struct range){ 0, 1 };
    return OK;
}

static enum err check_case(struct compiler *c, struct node *n)
{
    for (int i = 0; i < n->part_count; i++)
        if (!node_value_part(n, i))
            TRY(check_type(c, n->parts[i], FORMULA_BOOL, n->spelled));
    TRY(check_same(c, n, "all branches must be alike, and these are", "and"));
    n->scale = n->operand_scale;
    n->range = part_range(n, n->parts[n->part_count - 1]);
    for (int i = 1; i < n->part_count; i += 2)
        n->range = range_union(n->range, part_range(n, n->parts[i]));
    return OK;
}

static enum err check_extreme(struct compiler *c, struct node *n)
{
    TRY(check_same(c, n, "min and max cannot compare", "with"));
    TRY(check_ordered(c, n));
    n->scale = n->operand_scale;
    n->range = part_range(n, n->parts[0]);
    for (int i = 1; i < n->part_count; i++) {
        struct range r = part_range(n, n->parts[i]);
        bool least = n->op == OP_MIN;
        n->range.low = least ? MIN(n->range.low, r.low) : MAX(n->range.low, r.low);
        n->range.high = least ? MIN(n->range.high, r.high) : MAX(n->range.high, r.high);
    }
    return OK;
}

static enum err check_default(struct compiler *c, struct node *n)
{
    TRY(check_same(c, n, "the default must be alike, and these are", "and"));
    n->scale = n->operand_scale;
    n->range = range_union(part_range(n, n->parts[0]), part_range(n, n->parts[1]));
    return OK;
}

static enum err check_op(struct compiler *c, struct node *n)
{
    switch (n->op) {
    case OP_LITERAL: return check_literal(c, n);
    case OP_NAME: return check_name(c, n);
    case OP_ADD:
    case OP_SUB: return check_sum(c, n);
    case OP_MUL: return check_product(c, n);
    case OP_NEG: return check_negative(c, n);
    case OP_EQ: case OP_NE: case OP_LT: case OP_LE: case OP_GT: case OP_GE:
    case OP_BETWEEN:
    case OP_IN: return check_comparison(c, n);
    case OP_AND: case OP_OR:
    case OP_NOT: return check_logic(c, n);
    case OP_CASE: return check_case(c, n);
    case OP_MIN:
    case OP_MAX: return check_extreme(c, n);
    case OP_DEFAULT: return check_default(c, n);
    case OP_DIV: case OP_ROUND: case OP_ABS: case OP_LOOKUP: case OP_STARTS: case OP_DAY:
    case OP_MONTH: case OP_YEAR: case OP_WEEKDAY: case OP_DAYS_BETWEEN: case OP_DATE_OF:
    case OP_MINUTE_OF_DAY:
    case OP_KNOWN: return check_function(c, n);
    case OP_COUNT: break;
    }
    return fault_set(c->fault, ERR_INTERNAL, "unknown operation %d", (int)n->op);
}

enum err check_node(struct compiler *c, struct node *n)
{
    for (int i = 0; i < n->part_count; i++) {
        const struct node *part = n->parts[i];
        bool asks = (n->op == OP_KNOWN || n->op == OP_DEFAULT) && i == 0;
        if (part->optional && !asks)
            return COMPLAIN(c, part, "this may be missing: write default(x, value), or ask "
                            "known(x)");
        if (!part->optional && asks)
            return COMPLAIN(c, part, "%s() asks about a name that may be missing, and this is "
                            "always there", n->spelled);
    }
    TRY(check_op(c, n));
    if (n->type != FORMULA_TEXT && !range_bounded(n->range))
        n->fails = true;
    return OK;
}
