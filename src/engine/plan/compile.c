/* compile.c - from the text of a plan to its model: the top level, parameters, outputs. */
#include "engine/plan/model.h"

#include <stdio.h>

enum formula_type plan_formula_type(enum plan_type type)
{
    switch (type) {
    case PLAN_BOOL: return FORMULA_BOOL;
    case PLAN_DATE: return FORMULA_DATE;
    case PLAN_TIME: return FORMULA_INSTANT;
    case PLAN_TEXT: return FORMULA_TEXT;
    case PLAN_INT:
    case PLAN_MONEY:
    case PLAN_DECIMAL:
    case PLAN_REF: return FORMULA_NUMBER;
    }
    return FORMULA_NUMBER;
}

int plan_formula_scale(const struct column *column)
{
    return column->type == PLAN_DECIMAL ? column->scale : 0;
}

/* Parameters first, then the columns of the table: position = parameter_count + column, also when
 * the table has grown since. Times have no range here: formulas see microseconds. */
static struct formula_env environment(struct reader *r, int table)
{
    const struct plan *plan = r->plan;
    const struct table *t = &plan->tables[table];
    size_t count = (size_t)(t->count + plan->parameter_count);
    struct formula_name *names = arena_array(r->arena, struct formula_name, count + 1);
    for (int i = 0; i < t->count; i++) {
        const struct column *c = &t->columns[i];
        names[plan->parameter_count + i] = (struct formula_name){
            .name = c->name,
            .type = plan_formula_type(c->type),
            .unit = c->type == PLAN_REF ? "row" : c->unit,
            .scale = plan_formula_scale(c),
            .ranged = c->ranged && plan_formula_type(c->type) == FORMULA_NUMBER,
            .trusted = true,
            .low = c->low,
            .high = c->high,
            .optional = c->optional,
            .slot = i,
        };
    }
    for (int i = 0; i < plan->parameter_count; i++)
        names[i] = plan->parameters[i];
    return (struct formula_env){ names, count, plan->shapes, (size_t)plan->shape_count,
                                 plan->zone_minutes };
}

/* Tells a formula's fault at its place in the plan's text. A string without escapes stands as it
 * is written, so line and column add up; otherwise the place is the beginning of the string. */
static enum err formula_fault(struct reader *r, const struct json *v, const char *field)
{
    struct fault inner = *r->fault;
    size_t ahead = 1;
    for (int i = 1; i < inner.column && ahead < r->text.len - v->at; i++)
        ahead++;
    plan_refuse(r, v, field, "%s", inner.message);
    if (inner.line == 1 && inner.column > 0)
        r->fault->column += (int)ahead;
    return ERR_PARSE;
}

enum err plan_read_formula(struct reader *r, const struct json *v, const char *field, int table,
                           int type, const struct formula **ret)
{
    if (v->type != JSON_STRING)
        return plan_refuse(r, v, field, "a formula in quotes is expected");
    struct formula_env env = environment(r, table);
    if (formula_compile(r->arena, &env, v->text, ret, r->fault))
        return formula_fault(r, v, field);
    if (type >= 0 && formula_info(*ret)->type != (enum formula_type)type)
        return plan_refuse(r, v, field, type == FORMULA_BOOL ? "a condition is expected here"
                                                             : "a number is expected here");
    return OK;
}

static enum err read_acknowledgement(struct reader *r, const struct json *limits)
{
    const struct json *v = json_get(limits, "acknowledgement");
    if (!v)
        return plan_refuse(r, limits, "acknowledgement",
                           "two paid levels need a recorded acknowledgement: who, when, what");
    TRY(plan_known(r, v, "by on text"));
    struct str by, on, text;
    TRY(plan_want_str(r, v, "by", &by));
    TRY(plan_want_str(r, v, "on", &on));
    TRY(plan_want_str(r, v, "text", &text));
    struct date day;
    if (!date_parse(on, &day))
        return plan_refuse(r, json_get(v, "on"), "on", "a date YYYY-MM-DD is expected");
    return OK;
}

static enum err read_limits(struct reader *r, const struct json *top)
{
    r->plan->about.max_levels = 1;
    const struct json *v = json_get(top, "limits");
    if (!v)
        return OK;
    snprintf(r->path, sizeof r->path, "limits");
    TRY(plan_known(r, v, "max_levels acknowledgement"));
    int64_t levels = 1;
    TRY(plan_maybe_i64(r, v, "max_levels", &levels, NULL));
    if (levels < 0 || levels > PLAN_LEVELS_MAX)
        return plan_refuse(r, json_get(v, "max_levels"), "max_levels",
                           "at most %d paid levels are lawful", PLAN_LEVELS_MAX);
    if (levels == PLAN_LEVELS_MAX)
        TRY(read_acknowledgement(r, v));
    r->plan->about.max_levels = (int)levels;
    r->path[0] = 0;
    return OK;
}

static enum err read_date(struct reader *r, const struct json *object, const char *key,
                          struct date *ret)
{
    const struct json *v = json_get(object, key);
    if (v && (v->type != JSON_STRING || !date_parse(v->text, ret)))
        return plan_refuse(r, v, key, "a date YYYY-MM-DD is expected");
    return OK;
}

static enum err read_effective(struct reader *r, const struct json *top)
{
    r->plan->about.from.day = INT32_MIN;
    r->plan->about.to.day = INT32_MAX;
    const struct json *v = json_get(top, "effective");
    if (!v)
        return plan_refuse(r, top, "effective", "is missing: {\"from\": \"YYYY-MM-DD\"}");
    TRY(plan_known(r, v, "from to"));
    if (!json_get(v, "from"))
        return plan_refuse(r, v, "from", "is missing");
    TRY(read_date(r, v, "from", &r->plan->about.from));
    TRY(read_date(r, v, "to", &r->plan->about.to));
    if (r->plan->about.to.day < r->plan->about.from.day)
        return plan_refuse(r, v, "to", "it ends before it begins");
    return OK;
}

static enum err parameter_value(struct reader *r, const struct json *v, struct formula_name *p)
{
    const struct json *value = json_get(v, "value");
    if (!value)
        return plan_refuse(r, v, "value", "is missing");
    struct decimal number;
    if (value->type == JSON_NUMBER && decimal_parse(value->text, &number) &&
        number.units >= INT64_MIN / 2 && number.units <= INT64_MAX / 2) {
        p->scale = number.scale;
        p->value = (int64_t)number.units;
    } else if (value->type == JSON_TRUE || value->type == JSON_FALSE) {
        p->type = FORMULA_BOOL;
        p->value = value->type == JSON_TRUE;
    } else if (value->type == JSON_STRING) {
        struct date day;
        p->type = date_parse(value->text, &day) ? FORMULA_DATE : FORMULA_TEXT;
        p->value = p->type == FORMULA_DATE ? day.day : 0;
        p->text = value->text;
    } else {
        return plan_refuse(r, value, "value",
                           "a decimal number, true, false or a text is expected");
    }
    return OK;
}

enum err plan_read_parameters(struct reader *r, const struct json *list)
{
    if (list->type != JSON_ARRAY || list->count > PLAN_COLUMNS_MAX)
        return plan_refuse(r, list, "parameters", "a list of at most %d is expected",
                           PLAN_COLUMNS_MAX);
    r->plan->parameters = arena_array(r->arena, struct formula_name, list->count + 1);
    r->plan->parameter_titles = arena_array(r->arena, struct plan_text, list->count + 1);
    for (const struct json *v = list->first; v; v = v->next) {
        int i = r->plan->parameter_count;
        snprintf(r->path, sizeof r->path, "parameters[%d]", i);
        TRY(plan_known(r, v, "name value unit title"));
        struct formula_name p = { .type = FORMULA_NUMBER, .constant = true };
        TRY(plan_want_name(r, v, "name", &p.name));
        for (int j = 0; j < i; j++)
            if (str_eq(r->plan->parameters[j].name, p.name))
                return plan_refuse(r, v, "name", "there is such a parameter already");
        TRY(parameter_value(r, v, &p));
        struct str unit = STR_NONE;
        TRY(plan_maybe_str(r, v, "unit", &unit));
        p.unit = unit.len ? str_cstr(r->arena, unit) : NULL;
        TRY(plan_want_text(r, v, "title", false, &r->plan->parameter_titles[i]));
        r->plan->parameters[i] = p;
        r->plan->parameter_count++;
    }
    r->path[0] = 0;
    return OK;
}

static enum err read_output_column(struct reader *r, const struct json *v, struct output *o)
{
    struct str header = v->text;
    const struct json *value = v;
    if (v->type == JSON_OBJECT) {
        TRY(plan_known(r, v, "name value"));
        TRY(plan_want_str(r, v, "name", &header));
        value = json_get(v, "value");
        if (!value)
            return plan_refuse(r, v, "value", "is missing");
    }
    TRY(plan_column_named(r, value, "columns", o->table, &o->columns[o->count]));
    for (size_t i = 0; i < header.len; i++)
        if (strchr(",\"\r\n", header.data[i]))
            return plan_refuse(r, v, "columns", "a header holds no comma, quote or line end");
    o->headers[o->count++] = header;
    return OK;
}

static enum err read_output(struct reader *r, const struct json *v, struct output *o)
{
    TRY(plan_known(r, v, "file table order columns"));
    TRY(plan_want_str(r, v, "file", &o->file));
    if (o->file.data[0] == '.' || str_find_char(o->file, '/') >= 0 ||
        str_find_char(o->file, '\\') >= 0 || o->file.len > 100)
        return plan_refuse(r, json_get(v, "file"), "file", "a plain file name is expected");
    TRY(plan_want_table(r, v, "table", &o->table));
    struct str order = STR("key");
    TRY(plan_maybe_str(r, v, "order", &order));
    o->by_key = str_is(order, "key");
    if (!o->by_key && !str_is(order, "loaded"))
        return plan_refuse(r, json_get(v, "order"), "order", "\"key\" or \"loaded\" is expected");
    if (o->by_key && r->plan->tables[o->table].key_count != 1)
        return plan_refuse(r, v, "order", "the table has no single key to be ordered by");
    const struct json *columns;
    TRY(plan_want_array(r, v, "columns", &columns));
    if (columns->count > PLAN_COLUMNS_MAX)
        return plan_refuse(r, columns, "columns", "more than %d", PLAN_COLUMNS_MAX);
    o->columns = arena_array(r->arena, int, columns->count);
    o->headers = arena_array(r->arena, struct str, columns->count);
    for (const struct json *c = columns->first; c; c = c->next)
        TRY(read_output_column(r, c, o));
    return OK;
}

enum err plan_read_outputs(struct reader *r, const struct json *list)
{
    r->plan->outputs = arena_array(r->arena, struct output, list->count);
    for (const struct json *v = list->first; v; v = v->next) {
        int i = r->plan->about.outputs;
        snprintf(r->path, sizeof r->path, "outputs[%d]", i);
        TRY(read_output(r, v, &r->plan->outputs[i]));
        for (int j = 0; j < i; j++)
            if (str_eq(r->plan->outputs[j].file, r->plan->outputs[i].file))
                return plan_refuse(r, v, "file", "two outputs go to one file");
        r->plan->about.outputs++;
    }
    r->path[0] = 0;
    return OK;
}

/* Whom the plan pays, and the column that says how much. */
static enum err read_result(struct reader *r, const struct json *top)
{
    TRY(plan_want_column(r, top, "result", r->plan->about.person_table, &r->plan->about.result));
    if (r->plan->tables[r->plan->about.person_table].key_count != 1)
        return plan_refuse(r, json_get(top, "person"), "person", "this table has no single key");
    return OK;
}

static void mark_used(void *ctx, int table, int column)
{
    struct plan *plan = ctx;
    struct column *c = &plan->tables[table].columns[column];
    if (c->used)
        return;
    c->used = true;
    if (c->origin == FROM_JOIN) {
        mark_used(plan, table, c->via);
        mark_used(plan, plan->tables[table].columns[c->via].refers_to, c->take);
    } else if (c->origin == FROM_COMPONENT) {
        plan_reads(plan, &plan->components[c->component], mark_used, plan);
    }
}

static void mark_all(struct plan *plan)
{
    for (int o = 0; o < plan->about.outputs; o++)
        for (int i = 0; i < plan->outputs[o].count; i++)
            mark_used(plan, plan->outputs[o].table, plan->outputs[o].columns[i]);
    for (int t = 0; t < plan->about.tables; t++) /* keys are always checked */
        for (int i = 0; i < plan->tables[t].key_count; i++)
            if (plan->tables[t].lookup >= 0 || plan->tables[t].key_count == 1)
                mark_used(plan, t, plan->tables[t].keys[i]);
    mark_used(plan, plan->about.person_table, plan->about.result);
}

static enum err read_top(struct reader *r, const struct json *top)
{
    struct plan *plan = r->plan;
    TRY(plan_known(r, top, "$schema plan title effective zone_minutes limits person result "
                           "parameters tables components outputs"));
    TRY(plan_want_name(r, top, "plan", &plan->about.name));
    TRY(plan_want_text(r, top, "title", true, &plan->about.title));
    TRY(read_effective(r, top));
    int64_t zone = ZONE_SHANGHAI_MINUTES;
    TRY(plan_maybe_i64(r, top, "zone_minutes", &zone, NULL));
    if (zone < -840 || zone > 840)
        return plan_refuse(r, json_get(top, "zone_minutes"), "zone_minutes", "-840 to 840");
    plan->zone_minutes = (int)zone;
    TRY(read_limits(r, top));
    if (json_get(top, "parameters"))
        TRY(plan_read_parameters(r, json_get(top, "parameters")));
    const struct json *list;
    TRY(plan_want_array(r, top, "tables", &list));
    TRY(plan_read_tables(r, list));
    TRY(plan_want_table(r, top, "person", &plan->about.person_table));
    TRY(plan_want_array(r, top, "components", &list));
    TRY(plan_read_components(r, list));
    TRY(plan_want_array(r, top, "outputs", &list));
    TRY(plan_read_outputs(r, list));
    TRY(read_result(r, top));
    mark_all(plan);
    return OK;
}

enum err plan_compile(struct arena *arena, struct str text, struct fault *fault,
                      const struct plan **ret)
{
    const struct json *top;
    struct json_limits limits = { PLAN_BYTES_MAX, 16 };
    TRY(json_read(arena, text, limits, fault, &top));
    struct plan *plan = arena_new(arena, struct plan);
    plan->text = str_copy(arena, text);
    struct reader r = { arena, fault, plan->text, plan, "" };
    TRY(read_top(&r, top));
    plan_make_steps(arena, plan);
    *ret = plan;
    return OK;
}
