/* compile_parts.c - the components of a plan: what each kind reads and must be given. */
#include "engine/plan/model.h"

#include <stdio.h>

static const struct {
    const char *name, *known; /* keys beside the common ones */
    enum kind kind;
} kinds[] = {
    { "formula", "formula", KIND_FORMULA },
    { "tiers", "basis group order tiers", KIND_TIERS },
    { "sum", "from by value where", KIND_SUM },
    { "count", "from by where", KIND_COUNT },
    { "daily", "from by day counts", KIND_DAILY },
    { "override", "amount tree levels", KIND_OVERRIDE },
};
static const char *const purposes[] = {
    "earning", "measure", "gate", "clawback", "cap", "carry", "tax", "net", "award", "share",
};
static const struct {
    const char *name;
    enum rounding rounding;
} roundings[] = {
    { "half_up", ROUND_HALF_UP }, { "half_even", ROUND_HALF_EVEN }, { "down", ROUND_DOWN },
    { "up", ROUND_UP },           { "floor", ROUND_FLOOR },         { "ceiling", ROUND_CEILING },
};

static enum err read_rounding(struct reader *r, const struct json *v, struct component *c)
{
    TRY(plan_want_str(r, v, "rounding", &c->rounding_name));
    if (str_is(c->rounding_name, "none"))
        return OK;
    for (size_t i = 0; i < COUNT(roundings); i++) {
        if (str_is(c->rounding_name, roundings[i].name)) {
            c->rounding = roundings[i].rounding;
            c->rounds = true;
            return OK;
        }
    }
    return plan_refuse(r, json_get(v, "rounding"), "rounding",
                       "one of none, half_up, half_even, down, up, floor, ceiling");
}

static enum err exact_only(struct reader *r, const struct json *v, const struct component *c)
{
    if (c->rounds)
        return plan_refuse(r, json_get(v, "rounding"), "rounding",
                           "this kind adds whole values: \"none\" is expected");
    return OK;
}

/* A result with decimals is rounded once to a whole number of its unit, by the component's rule. */
static enum err round_formula(struct reader *r, const struct json *v, struct component *c,
                              int table, const struct json *text)
{
    const struct formula_info *info = formula_info(c->exact);
    c->formula = c->exact;
    if (info->type != FORMULA_NUMBER || info->scale == 0)
        return OK;
    if (!c->rounds)
        return plan_refuse(r, json_get(v, "rounding"), "rounding",
                           "the formula gives %d decimals: say how they are rounded", info->scale);
    struct json wrapped = *text;
    wrapped.text = str_fmt(r->arena, "round((" STR_FMT "\n), 0, " STR_FMT ")", STR_ARG(text->text),
                           STR_ARG(c->rounding_name));
    return plan_read_formula(r, &wrapped, "formula", table, FORMULA_NUMBER, &c->formula);
}

static enum plan_type result_type(const struct formula_info *info)
{
    switch (info->type) {
    case FORMULA_BOOL: return PLAN_BOOL;
    case FORMULA_DATE: return PLAN_DATE;
    case FORMULA_NUMBER: return str_is(info->unit, "fen") ? PLAN_MONEY : PLAN_INT;
    case FORMULA_TEXT:
    case FORMULA_INSTANT: break;
    }
    return PLAN_TEXT;
}

static struct column *result_column(struct reader *r, struct component *c)
{
    struct table *t = &r->plan->tables[c->table];
    c->column = t->count;
    struct column *column = &t->columns[t->count];
    *column = (struct column){ .name = c->name, .origin = FROM_COMPONENT, .type = PLAN_INT,
                               .unit = "", .refers_to = -1, .via = -1, .take = -1,
                               .low = -INT64_MAX, .high = INT64_MAX, .title = c->title };
    column->component = r->plan->about.components;
    return column;
}

static void result_of_formula(struct reader *r, struct component *c, const struct formula *formula)
{
    const struct formula_info *info = formula_info(formula);
    struct column *column = result_column(r, c);
    column->type = result_type(info);
    column->unit = str_cstr(r->arena, info->unit);
    if (info->ranged && info->low > INT64_MIN && info->type == FORMULA_NUMBER) {
        column->ranged = true;
        column->low = info->low;
        column->high = info->high;
    } else if (info->type == FORMULA_BOOL) {
        column->ranged = true;
        column->low = 0;
        column->high = 1;
    }
}

static enum err read_line_formula(struct reader *r, const struct json *v, struct component *c)
{
    const struct json *text = json_get(v, "formula");
    if (!text)
        return plan_refuse(r, v, "formula", "is missing");
    TRY(plan_read_formula(r, text, "formula", c->table, -1, &c->exact));
    c->formula_text = text->text;
    enum formula_type type = formula_info(c->exact)->type;
    if (type == FORMULA_TEXT || type == FORMULA_INSTANT)
        return plan_refuse(r, text, "formula", "a component is a number, a condition or a date");
    TRY(round_formula(r, v, c, c->table, text));
    result_of_formula(r, c, c->formula);
    return OK;
}

static enum err read_where(struct reader *r, const struct json *v, int table,
                           const struct formula **ret, struct str *text)
{
    const struct json *where = json_get(v, "where");
    if (!where)
        return OK;
    TRY(plan_read_formula(r, where, "where", table, FORMULA_BOOL, ret));
    *text = where->text;
    return OK;
}

/* The other table and its reference to ours. Summing people over people would be an override
 * without a limit of levels, and counting them a head-count reward: neither can be written. */
static enum err read_from(struct reader *r, const struct json *v, struct component *c)
{
    TRY(plan_want_table(r, v, "from", &c->from));
    TRY(plan_want_column(r, v, "by", c->from, &c->by));
    const struct column *by = &r->plan->tables[c->from].columns[c->by];
    if (by->type != PLAN_REF || by->refers_to != c->table)
        return plan_refuse(r, json_get(v, "by"), "by", "a reference to " STR_FMT " is expected",
                           STR_ARG(r->plan->tables[c->table].name));
    if (c->from == r->plan->about.person_table && c->table == c->from)
        return plan_refuse(r, json_get(v, "from"), "from",
                           "people are not added up along their own tree: use an override, "
                           "which has a limit of levels");
    return OK;
}

static enum err read_sum(struct reader *r, const struct json *v, struct component *c)
{
    TRY(exact_only(r, v, c));
    TRY(read_from(r, v, c));
    TRY(read_where(r, v, c->from, &c->where, &c->where_text));
    if (c->kind == KIND_COUNT) {
        result_column(r, c)->unit = "count";
        return OK;
    }
    const struct json *value = json_get(v, "value");
    if (!value)
        return plan_refuse(r, v, "value", "is missing");
    TRY(plan_read_formula(r, value, "value", c->from, FORMULA_NUMBER, &c->exact));
    if (formula_info(c->exact)->scale != 0)
        return plan_refuse(r, value, "value", "has decimals: round each row in a component first");
    c->formula = c->exact;
    c->formula_text = value->text;
    struct column *column = result_column(r, c);
    column->unit = str_cstr(r->arena, formula_info(c->exact)->unit);
    column->type = str_is(formula_info(c->exact)->unit, "fen") ? PLAN_MONEY : PLAN_INT;
    return OK;
}

static enum err read_daily_count(struct reader *r, const struct json *v, struct component *c)
{
    TRY(plan_known(r, v, "where at_most each"));
    struct daily_count *d = &c->counts[c->count_count++];
    TRY(read_where(r, v, c->from, &d->where, &d->where_text));
    TRY(plan_want_number(r, v, "at_most", &d->at_most));
    TRY(plan_want_number(r, v, "each", &d->each));
    if (d->at_most < 1 || d->at_most > UINT16_MAX)
        return plan_refuse(r, json_get(v, "at_most"), "at_most", "1 to %d", UINT16_MAX);
    if (d->each < -MONEY_MAX / UINT16_MAX || d->each > MONEY_MAX / UINT16_MAX)
        return plan_refuse(r, json_get(v, "each"), "each", "is too large");
    return OK;
}

static enum err read_daily(struct reader *r, const struct json *v, struct component *c)
{
    TRY(exact_only(r, v, c));
    TRY(read_from(r, v, c));
    TRY(plan_want_column(r, v, "day", c->from, &c->day));
    const struct column *day = &r->plan->tables[c->from].columns[c->day];
    if ((day->type != PLAN_DATE && day->type != PLAN_TIME) || day->optional)
        return plan_refuse(r, json_get(v, "day"), "day", "a date or time, always filled");
    const struct json *counts;
    TRY(plan_want_array(r, v, "counts", &counts));
    if (counts->count > COUNTS_MAX)
        return plan_refuse(r, counts, "counts", "at most %d", COUNTS_MAX);
    for (const struct json *d = counts->first; d; d = d->next)
        TRY(read_daily_count(r, d, c));
    struct column *column = result_column(r, c);
    column->unit = "fen";
    column->type = PLAN_MONEY;
    return OK;
}

static enum err read_level(struct reader *r, const struct json *v, struct level *level)
{
    TRY(plan_known(r, v, "rate per"));
    TRY(plan_want_number(r, v, "rate", &level->rate));
    TRY(plan_want_number(r, v, "per", &level->per));
    if (level->per < 1 || level->per > 1000000)
        return plan_refuse(r, json_get(v, "per"), "per", "1 to 1000000: 100 for percent");
    if (level->rate < 0 || level->rate > level->per)
        return plan_refuse(r, json_get(v, "rate"), "rate", "0 to %lld", (long long)level->per);
    return OK;
}

static enum err read_override(struct reader *r, const struct json *v, struct component *c)
{
    if (c->table != r->plan->about.person_table)
        return plan_refuse(r, json_get(v, "on"), "on", "an override goes along the tree of people");
    TRY(plan_want_column(r, v, "tree", c->table, &c->tree));
    const struct column *tree = &r->plan->tables[c->table].columns[c->tree];
    if (tree->origin != FROM_TABLE || tree->type != PLAN_REF || tree->refers_to != c->table)
        return plan_refuse(r, json_get(v, "tree"), "tree", "a reference to the same table");
    TRY(plan_want_column(r, v, "amount", c->table, &c->amount));
    const struct column *amount = &r->plan->tables[c->table].columns[c->amount];
    if (amount->type != PLAN_MONEY && amount->type != PLAN_INT)
        return plan_refuse(r, json_get(v, "amount"), "amount", "a whole number is expected");
    const struct json *levels;
    TRY(plan_want_array(r, v, "levels", &levels));
    if ((int)levels->count > r->plan->about.max_levels)
        return plan_refuse(r, levels, "levels", "%u levels, but limits.max_levels is %d",
                           levels->count, r->plan->about.max_levels);
    for (const struct json *l = levels->first; l; l = l->next)
        TRY(read_level(r, l, &c->levels[c->level_count++]));
    struct column *column = result_column(r, c);
    column->unit = amount->unit;
    column->type = amount->type;
    return OK;
}

static enum err column_list(struct reader *r, const struct json *v, const char *key, int table,
                            int list[KEYS_MAX], int *count)
{
    const struct json *names;
    TRY(plan_want_array(r, v, key, &names));
    if (names->count > KEYS_MAX - 1)
        return plan_refuse(r, names, key, "at most %d columns", KEYS_MAX - 1);
    for (const struct json *n = names->first; n; n = n->next) {
        TRY(plan_column_named(r, n, key, table, &list[*count]));
        const struct column *c = &r->plan->tables[table].columns[list[*count]];
        if (c->optional)
            return plan_refuse(r, n, key, "a column that is always filled is expected");
        (*count)++;
    }
    return OK;
}

/* Lines with equal order columns would be paid by chance, so the key always decides last. */
static enum err read_order(struct reader *r, const struct json *v, struct component *c)
{
    TRY(column_list(r, v, "order", c->table, c->order, &c->order_count));
    const struct table *t = &r->plan->tables[c->table];
    for (int i = 0; i < c->order_count; i++) {
        const struct column *column = &t->columns[c->order[i]];
        if (column->type == PLAN_TEXT || column->type == PLAN_REF)
            return plan_refuse(r, json_get(v, "order"), "order", "numbers, dates and times order");
    }
    if (t->key_count != 1 || t->columns[t->keys[0]].type == PLAN_TEXT)
        return plan_refuse(r, v, "order", "the table needs a single integer or date key, which "
                                          "decides between equal lines");
    if (c->order[c->order_count - 1] != t->keys[0])
        c->order[c->order_count++] = t->keys[0];
    return OK;
}

static enum err read_running(struct reader *r, const struct json *v, struct component *c)
{
    TRY(plan_want_column(r, v, "basis", c->table, &c->basis));
    const struct column basis = r->plan->tables[c->table].columns[c->basis];
    bool whole = basis.type == PLAN_MONEY || basis.type == PLAN_INT;
    if (!whole || basis.optional)
        return plan_refuse(r, json_get(v, "basis"), "basis", "a whole number, always filled");
    TRY(column_list(r, v, "group", c->table, c->group, &c->group_count));
    TRY(read_order(r, v, c));
    const struct json *tiers = json_get(v, "tiers");
    if (!tiers)
        return plan_refuse(r, v, "tiers", "is missing");
    TRY(plan_read_tiers(r, tiers, c));
    if (!c->rounds)
        return plan_refuse(r, json_get(v, "rounding"), "rounding", "say how a line is rounded");
    struct column *column = result_column(r, c);
    column->unit = basis.unit;
    column->type = basis.type;
    return OK;
}

static enum err read_kind(struct reader *r, const struct json *v, struct component *c)
{
    switch (c->kind) {
    case KIND_FORMULA: return read_line_formula(r, v, c);
    case KIND_TIERS: return read_running(r, v, c);
    case KIND_SUM:
    case KIND_COUNT: return read_sum(r, v, c);
    case KIND_DAILY: return read_daily(r, v, c);
    case KIND_OVERRIDE: return read_override(r, v, c);
    }
    return OK;
}

static enum err read_purpose(struct reader *r, const struct json *v, struct component *c)
{
    c->purpose = STR("earning");
    TRY(plan_maybe_str(r, v, "purpose", &c->purpose));
    for (size_t i = 0; i < COUNT(purposes); i++)
        if (str_is(c->purpose, purposes[i]))
            return OK;
    return plan_refuse(r, json_get(v, "purpose"), "purpose",
                       "one of earning, measure, gate, clawback, cap, carry, tax, net, award, "
                       "share");
}

static enum err read_component(struct reader *r, const struct json *v, struct component *c)
{
    if (v->type != JSON_OBJECT)
        return plan_refuse(r, v, "", "an object {...} is expected here");
    struct str kind;
    TRY(plan_want_str(r, v, "kind", &kind));
    size_t k = 0;
    while (k < COUNT(kinds) && !str_is(kind, kinds[k].name))
        k++;
    if (k == COUNT(kinds))
        return plan_refuse(r, json_get(v, "kind"), "kind",
                           "one of formula, tiers, sum, count, daily, override, join");
    c->kind = kinds[k].kind;
    c->at = v->at;
    TRY(plan_known(r, v, str_cstr(r->arena,
                                  str_fmt(r->arena, "name kind on purpose title text rounding %s",
                                          kinds[k].known))));
    TRY(plan_want_name(r, v, "name", &c->name));
    TRY(plan_want_table(r, v, "on", &c->table));
    const struct table *t = &r->plan->tables[c->table];
    if (t->count == PLAN_COLUMNS_MAX)
        return plan_refuse(r, v, "on", "this table has %d columns already", PLAN_COLUMNS_MAX);
    for (int i = 0; i < t->count; i++)
        if (str_eq(t->columns[i].name, c->name))
            return plan_refuse(r, json_get(v, "name"), "name", "there is such a column already");
    TRY(read_purpose(r, v, c));
    TRY(plan_want_text(r, v, "title", true, &c->title));
    TRY(plan_want_text(r, v, "text", true, &c->text));
    TRY(read_rounding(r, v, c));
    return read_kind(r, v, c);
}

/* {"kind": "join", "on": "people", "name": "squad_sales", "join": "squad", "column": "sales"}: what
 * a component worked out there, seen from here. A column only, so nothing is published of it. */
static enum err read_joined(struct reader *r, const struct json *v)
{
    int table;
    TRY(plan_known(r, v, "name kind on join column title"));
    TRY(plan_want_table(r, v, "on", &table));
    struct table *t = &r->plan->tables[table];
    if (t->count == PLAN_COLUMNS_MAX)
        return plan_refuse(r, v, "on", "this table has %d columns already", PLAN_COLUMNS_MAX);
    TRY(plan_read_join(r, v, table, &t->columns[t->count]));
    t->count++;
    return OK;
}

enum err plan_read_components(struct reader *r, const struct json *list)
{
    if (list->count > PLAN_COMPONENTS_MAX)
        return plan_refuse(r, list, "components", "more than %d components", PLAN_COMPONENTS_MAX);
    r->plan->components = arena_array(r->arena, struct component, list->count);
    int at = 0;
    for (const struct json *v = list->first; v; v = v->next) {
        snprintf(r->path, sizeof r->path, "components[%d]", at++);
        const struct json *kind = json_get(v, "kind");
        if (kind && str_is(kind->text, "join")) {
            TRY(read_joined(r, v));
            continue;
        }
        struct component *c = &r->plan->components[r->plan->about.components];
        TRY(read_component(r, v, c));
        r->plan->tables[c->table].count++;
        r->plan->about.components++;
    }
    r->path[0] = 0;
    return OK;
}
