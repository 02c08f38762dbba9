/* compile_tables.c - what a plan reads: tables, columns, keys, references and joins. */
#include "engine/plan/model.h"

#include <stdio.h>

static const struct {
    const char *name;
    enum plan_type type;
} type_names[] = {
    { "integer", PLAN_INT }, { "money", PLAN_MONEY }, { "decimal", PLAN_DECIMAL },
    { "bool", PLAN_BOOL },   { "date", PLAN_DATE },   { "time", PLAN_TIME },
    { "text", PLAN_TEXT },   { "ref", PLAN_REF },
};

static enum err read_type(struct reader *r, const struct json *v, struct column *c)
{
    struct str name;
    TRY(plan_want_str(r, v, "type", &name));
    for (size_t i = 0; i < COUNT(type_names); i++) {
        if (str_is(name, type_names[i].name)) {
            c->type = type_names[i].type;
            return OK;
        }
    }
    return plan_refuse(r, json_get(v, "type"), "type",
                       "one of integer, money, decimal, bool, date, time, text, ref");
}

/* The range that a type has by itself; times are seconds of 1970 to 2105. */
static void natural_range(struct column *c)
{
    switch (c->type) {
    case PLAN_BOOL: c->ranged = true, c->low = 0, c->high = 1; break;
    case PLAN_DATE: c->ranged = true, c->low = -719162, c->high = 2932896; break; /* 0001..9999 */
    case PLAN_TIME: c->ranged = true, c->low = 0, c->high = UINT32_MAX - 1; break;
    case PLAN_INT:
    case PLAN_MONEY:
    case PLAN_DECIMAL: c->low = -INT64_MAX, c->high = INT64_MAX; break;
    case PLAN_TEXT:
    case PLAN_REF: break;
    }
}

/* Bounds of a decimal are written as people read them: 100, 99.5. */
static enum err read_bound(struct reader *r, const struct json *v, const char *key,
                           const struct column *c, int64_t *ret, bool *found)
{
    const struct json *bound = json_get(v, key);
    if (!bound || c->type != PLAN_DECIMAL)
        return plan_maybe_i64(r, v, key, ret, found);
    struct decimal d, whole;
    if (bound->type != JSON_NUMBER || !decimal_parse(bound->text, &d) || d.scale > c->scale ||
        !decimal_rescale(d, c->scale, ROUND_DOWN, &whole) || whole.units > INT64_MAX ||
        whole.units <= INT64_MIN)
        return plan_refuse(r, bound, key, "a number with at most %d places is expected", c->scale);
    *ret = (int64_t)whole.units;
    *found = true;
    return OK;
}

static enum err read_scale(struct reader *r, const struct json *v, struct column *c)
{
    int64_t scale = 0;
    TRY(plan_maybe_i64(r, v, "scale", &scale, NULL));
    if (scale < 0 || scale > 9 || (scale > 0) != (c->type == PLAN_DECIMAL))
        return plan_refuse(r, v, "scale", "a decimal has 1 to 9 places, others have none");
    c->scale = (int)scale;
    return OK;
}

static enum err read_range(struct reader *r, const struct json *v, struct column *c)
{
    natural_range(c);
    bool number = c->type == PLAN_INT || c->type == PLAN_MONEY || c->type == PLAN_DECIMAL;
    if (!number && (json_get(v, "min") || json_get(v, "max")))
        return plan_refuse(r, v, "min", "only numbers have a range");
    bool low = false, high = false;
    TRY(read_bound(r, v, "min", c, &c->low, &low));
    TRY(read_bound(r, v, "max", c, &c->high, &high));
    if (c->low == INT64_MIN)
        return plan_refuse(r, json_get(v, "min"), "min", "beyond 63 bits");
    if (c->low > c->high)
        return plan_refuse(r, v, "max", "is below min");
    c->ranged = c->ranged || low || high;
    return OK;
}

static enum err read_unit(struct reader *r, const struct json *v, struct column *c)
{
    struct str unit = STR_NONE, in = STR("fen");
    TRY(plan_maybe_str(r, v, "unit", &unit));
    TRY(plan_maybe_str(r, v, "in", &in));
    if (c->type == PLAN_MONEY) {
        if (!str_is(in, "fen") && !str_is(in, "yuan"))
            return plan_refuse(r, v, "in", "\"fen\" or \"yuan\" is expected");
        if (unit.len)
            return plan_refuse(r, v, "unit", "money is always in fen here");
        c->yuan = str_is(in, "yuan");
        unit = STR("fen");
    } else if (json_get(v, "in")) {
        return plan_refuse(r, v, "in", "only money has it");
    }
    c->unit = str_cstr(r->arena, unit);
    return OK;
}

/* A reference names a table that stands before it or its own. */
static enum err read_reference(struct reader *r, const struct json *v, int table, struct column *c)
{
    TRY(plan_want_table(r, v, "to", &c->refers_to));
    const struct table *to = &r->plan->tables[c->refers_to];
    if (to->key_count != 1)
        return plan_refuse(r, json_get(v, "to"), "to", "that table has no single key");
    if (c->refers_to > table)
        return plan_refuse(r, json_get(v, "to"), "to", "that table must stand before this one");
    r->plan->tables[c->refers_to].referred = true;
    const struct json *none = json_get(v, "none");
    if (none && none->type != JSON_STRING && none->type != JSON_NUMBER)
        return plan_refuse(r, none, "none", "a key is expected");
    if (none) {
        c->has_none = true;
        c->none = none->text;
        c->optional = true;
    }
    return OK;
}

/* {"name": "category", "join": "product", "column": "category"} */
static enum err read_join(struct reader *r, const struct json *v, int table, struct column *c)
{
    TRY(plan_want_column(r, v, "join", table, &c->via));
    const struct column *via = &r->plan->tables[table].columns[c->via];
    if (via->type != PLAN_REF)
        return plan_refuse(r, json_get(v, "join"), "join", "that column is not a reference");
    TRY(plan_want_column(r, v, "column", via->refers_to, &c->take));
    const struct column *take = &r->plan->tables[via->refers_to].columns[c->take];
    struct column joined = *take;
    joined.name = c->name;
    joined.title = c->title;
    joined.origin = FROM_JOIN;
    joined.optional = take->optional || via->optional;
    joined.via = c->via;
    joined.take = c->take;
    joined.used = joined.kept = false;
    *c = joined;
    return OK;
}

enum err plan_read_join(struct reader *r, const struct json *v, int table, struct column *c)
{
    c->refers_to = c->component = c->via = c->take = -1;
    TRY(plan_want_name(r, v, "name", &c->name));
    TRY(plan_want_text(r, v, "title", false, &c->title));
    const struct table *t = &r->plan->tables[table];
    for (int i = 0; i < t->count; i++)
        if (str_eq(t->columns[i].name, c->name))
            return plan_refuse(r, v, "name", "there is such a column already");
    return read_join(r, v, table, c);
}

static enum err read_column(struct reader *r, const struct json *v, int table, struct column *c)
{
    if (json_get(v, "join")) {
        TRY(plan_known(r, v, "name join column title"));
        return plan_read_join(r, v, table, c);
    }
    c->refers_to = c->component = c->via = c->take = -1;
    TRY(plan_want_name(r, v, "name", &c->name));
    TRY(plan_want_text(r, v, "title", false, &c->title));
    const struct table *t = &r->plan->tables[table];
    for (int i = 0; i < t->count; i++)
        if (str_eq(t->columns[i].name, c->name))
            return plan_refuse(r, v, "name", "there is such a column already");
    TRY(plan_known(r, v, "name header type unit in scale min max optional to none title"));
    c->header = c->name;
    TRY(plan_maybe_str(r, v, "header", &c->header));
    TRY(read_type(r, v, c));
    TRY(read_scale(r, v, c));
    TRY(read_range(r, v, c));
    TRY(read_unit(r, v, c));
    TRY(plan_maybe_bool(r, v, "optional", &c->optional));
    if (c->type == PLAN_REF)
        return read_reference(r, v, table, c);
    if (json_get(v, "to") || json_get(v, "none"))
        return plan_refuse(r, v, "to", "only a reference has it");
    return OK;
}

static enum err read_columns(struct reader *r, const struct json *v, int table)
{
    struct table *t = &r->plan->tables[table];
    const struct json *list;
    TRY(plan_want_array(r, v, "columns", &list));
    if (list->count > PLAN_COLUMNS_MAX / 2)
        return plan_refuse(r, list, "columns", "more than %d columns", PLAN_COLUMNS_MAX / 2);
    for (const struct json *c = list->first; c; c = c->next) {
        snprintf(r->path, sizeof r->path, "tables[%d].columns[%d]", table, t->count);
        if (c->type != JSON_OBJECT)
            return plan_refuse(r, c, "", "an object {...} is expected here");
        TRY(read_column(r, c, table, &t->columns[t->count]));
        t->count++;
    }
    snprintf(r->path, sizeof r->path, "tables[%d]", table);
    return OK;
}

static enum err add_key(struct reader *r, const struct json *v, int table)
{
    struct table *t = &r->plan->tables[table];
    if (t->key_count == KEYS_MAX)
        return plan_refuse(r, v, "key", "at most %d columns", KEYS_MAX);
    int i;
    TRY(plan_column_named(r, v, "key", table, &i));
    const struct column *c = &t->columns[i];
    if (c->origin != FROM_TABLE || c->optional)
        return plan_refuse(r, v, "key", "a key is a column of the table that is always filled");
    if (c->type != PLAN_INT && c->type != PLAN_TEXT && c->type != PLAN_DATE)
        return plan_refuse(r, v, "key", "a key is an integer, a text or a date");
    t->keys[t->key_count++] = i;
    return OK;
}

/* Which columns are the key is read before the columns that refer to it, from their names. */
static enum err read_keys(struct reader *r, const struct json *v, int table)
{
    const struct json *key = json_get(v, "key");
    if (!key)
        return OK;
    if (key->type != JSON_ARRAY)
        return add_key(r, key, table);
    for (const struct json *k = key->first; k; k = k->next)
        TRY(add_key(r, k, table));
    return OK;
}

static enum err read_given(struct reader *r, const struct json *v, struct table *t)
{
    t->rows = json_get(v, "rows");
    if (!t->rows) {
        if (!t->file.len && !t->facts.len)
            return plan_refuse(r, v, "file", "a table has a file, facts or rows");
        return OK;
    }
    if (t->file.len || t->facts.len)
        return plan_refuse(r, t->rows, "rows", "rows are given here or come from a file, not both");
    if (t->rows->type != JSON_ARRAY)
        return plan_refuse(r, t->rows, "rows", "a list of rows [...] is expected");
    uint32_t declared = 0;
    for (int i = 0; i < t->count; i++)
        declared += t->columns[i].origin == FROM_TABLE;
    for (const struct json *row = t->rows->first; row; row = row->next)
        if (row->type != JSON_ARRAY || row->count != declared)
            return plan_refuse(r, row, "rows", "a row lists its %u columns", declared);
    return OK;
}

/* A self reference needs the key of its own table while the columns are being read. */
static void foresee_key(struct table *t, const struct json *v)
{
    const struct json *key = json_get(v, "key");
    t->key_count = key && (key->type == JSON_STRING || key->count == 1) ? 1 : 0;
}

static enum err read_table(struct reader *r, const struct json *v, int table)
{
    struct table *t = &r->plan->tables[table];
    TRY(plan_known(r, v, "name file facts key columns rows title"));
    t->at = v->at;
    t->lookup = -1;
    t->columns = arena_array(r->arena, struct column, PLAN_COLUMNS_MAX);
    TRY(plan_want_name(r, v, "name", &t->name));
    for (int i = 0; i < table; i++)
        if (str_eq(r->plan->tables[i].name, t->name))
            return plan_refuse(r, v, "name", "there is such a table already");
    TRY(plan_maybe_str(r, v, "file", &t->file));
    if (str_find_char(t->file, '/') >= 0)
        return plan_refuse(r, json_get(v, "file"), "file", "a plain file name is expected");
    TRY(plan_maybe_str(r, v, "facts", &t->facts));
    foresee_key(t, v);
    r->plan->about.tables = table + 1;
    TRY(read_columns(r, v, table));
    t->key_count = 0;
    TRY(read_keys(r, v, table));
    return read_given(r, v, t);
}

static bool fits_lookup(const struct column *c)
{
    return c->origin == FROM_TABLE && c->type != PLAN_REF && c->type != PLAN_TIME && !c->optional;
}

static struct formula_column_shape column_shape(const struct column *c)
{
    return (struct formula_column_shape){ c->name, plan_formula_type(c->type), c->unit,
                                          plan_formula_scale(c), false, c->low, c->high };
}

/* Every keyed table may be looked up in a formula: lookup(caps, rank, cap_fen). */
static void make_shape(struct reader *r, int table)
{
    struct plan *plan = r->plan;
    struct table *t = &plan->tables[table];
    if (t->key_count == 0)
        return;
    struct formula_column_shape *keys = arena_array(r->arena, struct formula_column_shape,
                                                    (size_t)t->key_count);
    struct formula_column_shape *columns = arena_array(r->arena, struct formula_column_shape,
                                                       (size_t)t->count);
    for (int i = 0; i < t->key_count; i++)
        keys[i] = column_shape(&t->columns[t->keys[i]]);
    int count = 0;
    for (int i = 0; i < t->count; i++)
        if (fits_lookup(&t->columns[i]))
            columns[count++] = column_shape(&t->columns[i]);
    t->lookup = plan->shape_count;
    plan->shape_table[plan->shape_count] = table;
    plan->shapes[plan->shape_count++] =
        (struct formula_table_shape){ t->name, keys, t->key_count, columns, count };
}

enum err plan_read_tables(struct reader *r, const struct json *list)
{
    if (list->count > PLAN_TABLES_MAX)
        return plan_refuse(r, list, "tables", "more than %d tables", PLAN_TABLES_MAX);
    r->plan->tables = arena_array(r->arena, struct table, list->count);
    r->plan->shapes = arena_array(r->arena, struct formula_table_shape, list->count);
    r->plan->shape_table = arena_array(r->arena, int, list->count);
    int table = 0;
    for (const struct json *v = list->first; v; v = v->next, table++) {
        snprintf(r->path, sizeof r->path, "tables[%d]", table);
        TRY(read_table(r, v, table));
    }
    for (int i = 0; i < table; i++)
        make_shape(r, i);
    r->path[0] = 0;
    return OK;
}
