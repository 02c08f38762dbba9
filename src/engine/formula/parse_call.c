/* parse_call.c - literals, names and calls. */
#include "engine/formula/internal.h"

/* ---- literals ---- */

static enum err literal_unit(struct compiler *c, struct node *n)
{
    size_t from = c->word.from;
    int line = c->word.line, column = c->word.column;
    for (;;) {
        struct str word = c->word.text;
        bool known = c->word.kind == WORD_NAME && unit_is_builtin(word);
        for (size_t i = 0; !known && c->word.kind == WORD_NAME && i < c->env->name_count; i++)
            known = c->env->names[i].unit && str_is(word, c->env->names[i].unit);
        if (!known)
            return complain(c, c->word.line, c->word.column,
                            "%s is not a unit that this formula knows; between a number and what "
                            "follows write an operator or a comma", word_words(c));
        TRY(parse_next(c));
        if (!sees_sign(c, "/"))
            break;
        TRY(parse_next(c));
    }
    n->bare = false;
    if (!unit_parse(str_cut(c->text, from, c->done), &n->unit))
        return complain(c, line, column, "this unit cannot be read");
    return OK;
}

enum err parse_number(struct compiler *c, struct node **ret)
{
    struct node *n;
    struct decimal d;
    TRY(parse_begin(c, OP_LITERAL, "literal", &n));
    bool read = decimal_parse(c->word.text, &d);
    TRY(parse_next(c));
    if (read && sees_sign(c, "%")) {
        d.scale += 2;
        TRY(parse_next(c));
    }
    if (!read || d.units != (int64_t)d.units || d.scale > FORMULA_SCALE_MAX)
        return COMPLAIN(c, n, "this number is too large, or has more than %d decimals",
                        FORMULA_SCALE_MAX);
    n->type = FORMULA_NUMBER;
    n->value = d.units;
    n->scale = d.scale;
    n->bare = true;
    if (c->word.kind == WORD_NAME && !keyword(c->word.text))
        TRY(literal_unit(c, n));
    *ret = n;
    return parse_finish(c, n, (struct list){ 0 });
}

enum err parse_text(struct compiler *c, struct node **ret)
{
    struct node *n;
    TRY(parse_begin(c, OP_LITERAL, "literal", &n));
    n->type = FORMULA_TEXT;
    n->text = c->word.text;
    *ret = n;
    TRY(parse_next(c));
    return parse_finish(c, n, (struct list){ 0 });
}

/* date '2026-10-01' */
static enum err parse_date(struct compiler *c, struct node *n, struct node **ret)
{
    struct date date;
    if (!date_parse(c->word.text, &date))
        return complain(c, c->word.line, c->word.column,
                        "%s is not a date: write date '2026-10-01'", word_words(c));
    n->op = OP_LITERAL;
    n->spelled = "literal";
    n->type = FORMULA_DATE;
    n->value = date.day;
    *ret = n;
    TRY(parse_next(c));
    return parse_finish(c, n, (struct list){ 0 });
}

/* ---- calls ---- */

static const struct function {
    const char *name;
    enum op op;
    int least, most;
} functions[] = {
    { "if", OP_CASE, 3, 3 },
    { "min", OP_MIN, 2, FORMULA_NODES_MAX },
    { "max", OP_MAX, 2, FORMULA_NODES_MAX },
    { "abs", OP_ABS, 1, 1 },
    { "div", OP_DIV, 2, 2 },
    { "round", OP_ROUND, 1, 1 },
    { "lookup", OP_LOOKUP, 1, FORMULA_KEYS_MAX },
    { "starts_with", OP_STARTS, 2, 2 },
    { "day", OP_DAY, 1, 1 },
    { "month", OP_MONTH, 1, 1 },
    { "year", OP_YEAR, 1, 1 },
    { "weekday", OP_WEEKDAY, 1, 1 },
    { "days_between", OP_DAYS_BETWEEN, 2, 2 },
    { "date_of", OP_DATE_OF, 1, 1 },
    { "minute_of_day", OP_MINUTE_OF_DAY, 1, 1 },
    { "known", OP_KNOWN, 1, 1 },
    { "default", OP_DEFAULT, 2, 2 },
};

static const struct function *function_named(struct str name)
{
    for (size_t i = 0; i < COUNT(functions); i++)
        if (str_is(name, functions[i].name))
            return &functions[i];
    return NULL;
}

/* , scale, mode) - both are part of the program, not values */
static enum err parse_rounding(struct compiler *c, struct node *n, bool mode_needed)
{
    static const char *const modes[] = {
        [ROUND_HALF_UP] = "half_up", [ROUND_DOWN] = "down",       [ROUND_UP] = "up",
        [ROUND_FLOOR] = "floor",     [ROUND_CEILING] = "ceiling", [ROUND_HALF_EVEN] = "half_even",
    };
    int64_t scale;
    TRY(expect_sign(c, ",", "and then the number of decimals"));
    if (c->word.kind != WORD_NUMBER || !str_to_i64(c->word.text, &scale)
        || scale > FORMULA_SCALE_MAX)
        return complain(c, c->word.line, c->word.column,
                        "the number of decimals is a whole number from 0 to %d, not %s",
                        FORMULA_SCALE_MAX, word_words(c));
    n->scale = (int)scale;
    n->rounding = ROUND_HALF_UP;
    TRY(parse_next(c));
    if (!mode_needed && !sees_sign(c, ","))
        return OK;
    TRY(expect_sign(c, ",", "and then how to round (half_up, down, up, floor, ceiling, "
                            "half_even)"));
    for (size_t i = 0; i < COUNT(modes); i++)
        if (sees_keyword(c, modes[i])) {
            n->rounding = (enum rounding)i;
            return parse_next(c);
        }
    return complain(c, c->word.line, c->word.column,
                    "%s is no way to round: half_up, down, up, floor, ceiling or half_even",
                    word_words(c));
}

static enum err parse_table_name(struct compiler *c, struct node *n)
{
    for (size_t i = 0; i < c->env->table_count; i++)
        if (c->word.kind == WORD_NAME && str_eq(c->word.text, c->env->tables[i].name)) {
            n->table = (int)i;
            c->tables_used[i] = true;
            return parse_next(c);
        }
    return complain(c, c->word.line, c->word.column, "there is no table %s", word_words(c));
}

/* lookup(table, key, ..., column default value) */
static enum err parse_lookup(struct compiler *c, struct node *n, struct list *parts)
{
    TRY(parse_table_name(c, n));
    const struct formula_table_shape *shape = &c->env->tables[n->table];
    for (int i = 0; i < shape->key_count; i++) {
        struct node *key;
        TRY(expect_sign(c, ",", "and then the next key of the table"));
        TRY(parse_expression(c, &key));
        list_add(c, parts, key);
    }
    TRY(expect_sign(c, ",", "and then the column to take"));
    for (int i = 0; i < shape->column_count; i++)
        if (c->word.kind == WORD_NAME && str_eq(c->word.text, shape->columns[i].name))
            n->name = i;
    if (n->name < 0)
        return complain(c, c->word.line, c->word.column,
                        "the table " STR_FMT " has %d key(s) and no column %s",
                        STR_ARG(shape->name), shape->key_count, word_words(c));
    TRY(parse_next(c));
    if (sees_keyword(c, "default")) {
        struct node *value;
        TRY(parse_next(c));
        TRY(parse_expression(c, &value));
        list_add(c, parts, value);
        n->defaulted = true;
    }
    return OK;
}

static enum err parse_call(struct compiler *c, struct node *n, struct node **ret)
{
    struct str name = str_cut(c->text, n->from, c->done);
    const struct function *f = function_named(name);
    if (!f)
        return COMPLAIN(c, n, "there is no function \"" STR_FMT "\"", STR_ARG(name));
    n->op = f->op;
    n->spelled = f->name;
    struct list parts = { 0 };
    TRY(parse_next(c));
    if (f->op == OP_LOOKUP) {
        TRY(parse_lookup(c, n, &parts));
    } else {
        for (int i = 0; i < f->most; i++) {
            struct node *part;
            if (i > 0 && i >= f->least && !sees_sign(c, ","))
                break;
            if (i > 0)
                TRY(expect_sign(c, ",", "and then the next value"));
            TRY(parse_expression(c, &part));
            list_add(c, &parts, part);
        }
    }
    if (f->op == OP_DIV || f->op == OP_ROUND)
        TRY(parse_rounding(c, n, f->op == OP_DIV));
    TRY(expect_sign(c, ")", "to close the call"));
    *ret = n;
    return parse_finish(c, n, parts);
}

enum err parse_name(struct compiler *c, struct node **ret)
{
    struct node *n;
    struct str name = c->word.text;
    TRY(parse_begin(c, OP_NAME, "name", &n));
    TRY(parse_next(c));
    if (sees_sign(c, "("))
        return parse_call(c, n, ret);
    if (str_is(name, "date") && c->word.kind == WORD_TEXT)
        return parse_date(c, n, ret);
    if (str_is(name, "true") || str_is(name, "false")) {
        n->op = OP_LITERAL;
        n->spelled = "literal";
        n->type = FORMULA_BOOL;
        n->value = str_is(name, "true");
    } else if (keyword(name)) {
        return COMPLAIN(c, n, "\"" STR_FMT "\" cannot stand here: a value is missing before it",
                        STR_ARG(name));
    } else {
        const struct formula_name *known = str_map_get(&c->names, name);
        if (!known)
            return COMPLAIN(c, n, "nothing here is called \"" STR_FMT "\"", STR_ARG(name));
        n->name = (int)(known - c->env->names);
        c->names_used[n->name] = true;
    }
    *ret = n;
    return parse_finish(c, n, (struct list){ 0 });
}
