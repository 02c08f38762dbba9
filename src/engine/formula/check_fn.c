/* check_fn.c - types, units, scales and static ranges of the functions. */
#include "engine/formula/internal.h"

/* Dividing by the plain literal that a ratio is counted in turns it into a plain factor:
 * div(amount_fen * rate_bp, 10000, ...) is fen. */
static void drop_ratio(struct unit *unit, const struct node *divisor)
{
    static const struct {
        const char *unit;
        int64_t parts;
    } ratios[] = { { "percent", 100 }, { "bp", 10000 }, { "ppm", 1000000 } };
    if (!divisor->bare || !node_constant(divisor))
        return;
    for (size_t i = 0; i < COUNT(ratios); i++)
        if (divisor->range.low == ratios[i].parts * pow10_i128(divisor->scale))
            unit_drop(unit, ratios[i].unit);
}

static enum err check_div(struct compiler *c, struct node *n)
{
    const struct node *x = n->parts[0], *y = n->parts[1];
    TRY(check_type(c, x, FORMULA_NUMBER, "dividing"));
    TRY(check_type(c, y, FORMULA_NUMBER, "dividing"));
    if (node_constant(y) && y->range.low == 0)
        return COMPLAIN(c, y, "this divides by zero");
    n->type = FORMULA_NUMBER;
    if (!unit_product(x->unit, y->unit, -1, &n->unit))
        return COMPLAIN(c, n, "%s divided by %s has too many units", type_words(c->arena, x),
                        type_words(c->arena, y));
    drop_ratio(&n->unit, y);
    n->bare = x->bare && y->bare;
    int shift = n->scale + y->scale - x->scale;
    struct range num = range_scale(x->range, MAX(shift, 0));
    struct range den = range_scale(y->range, MAX(-shift, 0));
    n->fails |= !range_bounded(num) || !range_bounded(den) || (den.low <= 0 && den.high >= 0);
    n->range = range_divide(num, den);
    return OK;
}

static enum err check_round(struct compiler *c, struct node *n)
{
    const struct node *x = n->parts[0];
    TRY(check_type(c, x, FORMULA_NUMBER, "round"));
    n->type = FORMULA_NUMBER;
    n->unit = x->unit;
    n->bare = x->bare;
    i128 factor = pow10_i128(MAX(x->scale - n->scale, 0));
    n->range = n->scale >= x->scale ? range_scale(x->range, n->scale - x->scale)
                                    : range_divide(x->range, (struct range){ factor, factor });
    return OK;
}

static enum err check_abs(struct compiler *c, struct node *n)
{
    const struct node *x = n->parts[0];
    TRY(check_type(c, x, FORMULA_NUMBER, "abs"));
    n->type = FORMULA_NUMBER;
    n->unit = x->unit;
    n->bare = x->bare;
    n->scale = x->scale;
    n->range = x->range;
    if (x->range.low < 0) {
        n->range.low = x->range.high < 0 ? -x->range.high : 0;
        n->range.high = MAX(-x->range.low, x->range.high);
    }
    return OK;
}

/* A key or a default must be what the table's column is. */
static enum err check_against(struct compiler *c, const struct node *part,
                              const struct formula_column_shape *shape, const char *what)
{
    struct unit unit = { 0 };
    if (part->type != shape->type)
        return COMPLAIN(c, part, "%s " STR_FMT " is %s, and this is %s", what,
                        STR_ARG(shape->name), type_name(shape->type),
                        type_words(c->arena, part));
    if (part->type != FORMULA_NUMBER)
        return OK;
    if (!unit_parse(str_from(shape->unit), &unit) || !units_agree(part, &unit, false))
        return COMPLAIN(c, part, "%s " STR_FMT " is in %s, and this is %s", what,
                        STR_ARG(shape->name), shape->unit ? shape->unit : "plain numbers",
                        type_words(c->arena, part));
    if (part->scale > shape->scale)
        return COMPLAIN(c, part, "%s " STR_FMT " has %d decimals, and this has %d: round it first",
                        what, STR_ARG(shape->name), shape->scale, part->scale);
    return OK;
}

static enum err check_lookup(struct compiler *c, struct node *n)
{
    const struct formula_table_shape *table = &c->env->tables[n->table];
    const struct formula_column_shape *column = &table->columns[n->name];
    for (int i = 0; i < table->key_count; i++)
        TRY(check_against(c, n->parts[i], &table->keys[i], "the key"));
    n->type = column->type;
    n->scale = n->operand_scale = column->type == FORMULA_NUMBER ? column->scale : 0;
    if (n->type == FORMULA_NUMBER && !unit_parse(str_from(column->unit), &n->unit))
        return COMPLAIN(c, n, "the unit of column " STR_FMT " cannot be read",
                        STR_ARG(column->name));
    shape_range(column, &n->range);
    if (!n->defaulted) {
        n->fails = true; /* the key may be absent */
        return OK;
    }
    const struct node *value = n->parts[table->key_count];
    TRY(check_against(c, value, column, "the default for"));
    n->range = range_union(n->range, part_range(n, value));
    return OK;
}

static enum err check_starts(struct compiler *c, struct node *n)
{
    const struct node *prefix = n->parts[1];
    TRY(check_type(c, n->parts[0], FORMULA_TEXT, "starts_with"));
    TRY(check_type(c, prefix, FORMULA_TEXT, "starts_with"));
    bool fixed = prefix->op == OP_LITERAL
                 || (prefix->op == OP_NAME && c->env->names[prefix->name].constant);
    if (!fixed)
        return COMPLAIN(c, prefix, "the beginning to look for must be written out, in quotes");
    n->type = FORMULA_BOOL;
    n->range = (struct range){ 0, 1 };
    return OK;
}

static enum err check_calendar(struct compiler *c, struct node *n)
{
    static const struct range ranges[OP_COUNT] = {
        [OP_DAY] = { 1, 31 }, [OP_MONTH] = { 1, 12 }, [OP_YEAR] = { 1, 9999 },
        [OP_WEEKDAY] = { 1, 7 },
    };
    TRY(check_type(c, n->parts[0], FORMULA_DATE, n->spelled));
    n->type = FORMULA_NUMBER;
    n->range = ranges[n->op];
    return OK;
}

/* From the first date to the second; negative when the second is earlier. */
static enum err check_days_between(struct compiler *c, struct node *n)
{
    TRY(check_type(c, n->parts[0], FORMULA_DATE, n->spelled));
    TRY(check_type(c, n->parts[1], FORMULA_DATE, n->spelled));
    n->type = FORMULA_NUMBER;
    unit_parse(STR("day"), &n->unit);
    n->range = range_add(n->parts[1]->range, range_negate(n->parts[0]->range));
    return OK;
}

static enum err check_instant(struct compiler *c, struct node *n)
{
    const struct node *t = n->parts[0];
    TRY(check_type(c, t, FORMULA_INSTANT, n->spelled));
    if (n->op == OP_MINUTE_OF_DAY) {
        n->type = FORMULA_NUMBER;
        unit_parse(STR("minute"), &n->unit);
        n->range = (struct range){ 0, 1439 };
        return OK;
    }
    i128 zone = (i128)c->env->zone_minutes * 60000000;
    struct range r = { div_round(t->range.low + zone, DAY_US, ROUND_FLOOR),
                       div_round(t->range.high + zone, DAY_US, ROUND_FLOOR) };
    n->type = FORMULA_DATE;
    n->fails |= !range_within(r, DATE_LOW, DATE_HIGH);
    n->range.low = MIN(MAX(r.low, DATE_LOW), DATE_HIGH);
    n->range.high = MAX(MIN(r.high, DATE_HIGH), n->range.low);
    return OK;
}

enum err check_function(struct compiler *c, struct node *n)
{
    if (n->op == OP_DIV)
        return check_div(c, n);
    if (n->op == OP_ROUND)
        return check_round(c, n);
    if (n->op == OP_ABS)
        return check_abs(c, n);
    if (n->op == OP_LOOKUP)
        return check_lookup(c, n);
    if (n->op == OP_STARTS)
        return check_starts(c, n);
    if (n->op == OP_DAYS_BETWEEN)
        return check_days_between(c, n);
    if (n->op == OP_DATE_OF || n->op == OP_MINUTE_OF_DAY)
        return check_instant(c, n);
    if (n->op != OP_KNOWN)
        return check_calendar(c, n);
    n->type = FORMULA_BOOL;
    n->range = (struct range){ 0, 1 };
    return OK;
}
