/* explain.c - why a value is what it is: formulas, inputs, references. */
#include "engine/plan/explain.h"

static const char *const kind_names[] = { "formula", "tiers", "sum", "count", "daily", "override" };

void explain_attach(struct plan_node *parent, struct plan_node *child)
{
    *(parent->last ? &parent->last->next : &parent->first) = child;
    parent->last = child;
    parent->children++;
}

struct plan_node *explain_add(struct explain *x, struct plan_node *parent, const char *kind)
{
    struct plan_node *node = arena_new(x->arena, struct plan_node);
    node->kind = str_from(kind);
    if (parent)
        explain_attach(parent, node);
    return node;
}

struct str explain_row(struct explain *x, int table, size_t row)
{
    const struct table *t = &x->data->plan->tables[table];
    struct str key = plan_key_text(x->data, x->arena, table, row);
    return str_fmt(x->arena, STR_FMT " " STR_FMT, STR_ARG(t->name), STR_ARG(key));
}

struct str explain_value(struct explain *x, const struct column *c, int64_t v)
{
    if (v == MISSING)
        return STR_NONE;
    switch (c->type) {
    case PLAN_MONEY: return money_text(x->arena, (struct money){ v });
    case PLAN_DECIMAL: return decimal_text(x->arena, (struct decimal){ v, c->scale });
    case PLAN_DATE: return date_text(x->arena, (struct date){ (int32_t)v });
    case PLAN_TEXT: return plan_text_of(x->data, v);
    case PLAN_REF: return plan_key_text(x->data, x->arena, c->refers_to, (size_t)v);
    case PLAN_BOOL: return v ? STR("true") : STR("false");
    case PLAN_TIME: {
        struct str day = date_text(x->arena, (struct date){ (int32_t)(v / 86400) });
        int clock = (int)(v % 86400);
        return str_fmt(x->arena, STR_FMT "T%02d:%02d:%02d", STR_ARG(day), clock / 3600,
                       clock / 60 % 60, clock % 60);
    }
    case PLAN_INT: break;
    }
    return str_fmt(x->arena, "%lld", (long long)v);
}

/* ---- formulas -------------------------------------------------------------------------------- */

static bool is_leaf(const struct formula_trace *t)
{
    return t->part_count == 0;
}

static void put_step(struct explain *x, struct buf *out, const struct formula_trace *t)
{
    bool word = (t->op[0] >= 'a' && t->op[0] <= 'z');
    if (out->len)
        buf_cstr(out, "; ");
    if (word || t->part_count != 2)
        buf_fmt(out, "%s(", t->op);
    for (int i = 0; i < t->part_count; i++) {
        if (i)
            buf_fmt(out, word || t->part_count != 2 ? "%.0s, " : " %s ", t->op);
        buf_str(out, formula_trace_text(x->arena, t->parts[i]));
    }
    if (word || t->part_count != 2)
        buf_char(out, ')');
    buf_cstr(out, " = ");
    buf_str(out, formula_trace_text(x->arena, t));
}

/* What was computed, innermost first: "99999 * 5000 = 499995000; div(499995000, 10000) = 50000". */
static void put_steps(struct explain *x, struct buf *out, const struct formula_trace *t)
{
    for (int i = 0; i < t->part_count; i++)
        put_steps(x, out, t->parts[i]);
    if (!is_leaf(t))
        put_step(x, out, t);
}

static const char *rounding_text(enum rounding r)
{
    switch (r) {
    case ROUND_HALF_UP: return "half_up";
    case ROUND_DOWN: return "down";
    case ROUND_UP: return "up";
    case ROUND_FLOOR: return "floor";
    case ROUND_CEILING: return "ceiling";
    case ROUND_HALF_EVEN: return "half_even";
    }
    return "";
}

static struct str i128_text(struct arena *arena, __int128 v)
{
    return decimal_text(arena, (struct decimal){ v, 0 });
}

static void put_roundings(struct explain *x, struct buf *out, const struct formula_trace *t)
{
    for (int i = 0; i < t->part_count; i++)
        put_roundings(x, out, t->parts[i]);
    if (!t->rounded)
        return;
    if (out->len)
        buf_cstr(out, "; ");
    struct str rest = i128_text(x->arena, t->remainder), whole = i128_text(x->arena, t->divisor);
    struct str value = formula_trace_text(x->arena, t);
    buf_fmt(out, "%s: " STR_FMT " (%s" STR_FMT "/" STR_FMT ")", rounding_text(t->rounding),
            STR_ARG(value), t->remainder < 0 ? "" : "+", STR_ARG(rest), STR_ARG(whole));
}

static void mark_names(const struct formula_trace *t, bool *used)
{
    if (t->name >= 0)
        used[t->name] = true;
    for (int i = 0; i < t->part_count; i++)
        mark_names(t->parts[i], used);
}

static void add_lookups(struct explain *x, const struct formula_trace *t, struct plan_node *node)
{
    for (int i = 0; i < t->part_count; i++)
        add_lookups(x, t->parts[i], node);
    if (t->table < 0)
        return;
    int table = x->data->plan->shape_table[t->table];
    struct plan_node *leaf = explain_add(x, node, "table");
    leaf->name = x->data->plan->tables[table].name;
    leaf->row = t->row >= 0 ? explain_row(x, table, (size_t)t->row) : STR("default");
    leaf->value = (int64_t)t->units;
    leaf->value_text = formula_trace_text(x->arena, t);
    leaf->money = str_is(t->unit, "fen") && t->scale == 0;
}

static void add_parameter(struct explain *x, int i, struct plan_node *node)
{
    const struct formula_name *p = &x->data->plan->parameters[i];
    struct plan_node *leaf = explain_add(x, node, "parameter");
    leaf->name = p->name;
    leaf->title = x->data->plan->parameter_titles[i];
    leaf->value = p->value;
    leaf->value_text = p->type == FORMULA_TEXT ? p->text
                     : p->type == FORMULA_DATE
                         ? date_text(x->arena, (struct date){ (int32_t)p->value })
                     : decimal_text(x->arena, (struct decimal){ p->value, p->scale });
}

/* Only what the taken branches read becomes a child: that is what the person was paid by. */
enum err explain_formula(struct explain *x, int table, const struct formula *formula, size_t row,
                         struct plan_node *node)
{
    struct formula_inputs inputs;
    TRY(formula_inputs_at(x->data, x->arena, table, formula, row, x->fault, &inputs));
    struct formula_value value;
    const struct formula_trace *trace;
    TRY(formula_eval(x->arena, formula, &inputs, &value, &trace, x->fault));
    struct buf steps = buf_in(x->arena), rounding = buf_in(x->arena);
    put_steps(x, &steps, trace);
    put_roundings(x, &rounding, trace);
    node->arithmetic = buf_view(&steps);
    node->rounding = buf_view(&rounding);
    int parameters = x->data->plan->parameter_count;
    bool *used = arena_array(x->arena, bool, (size_t)parameters + PLAN_COLUMNS_MAX);
    mark_names(trace, used);
    for (int i = 0; i < parameters + PLAN_COLUMNS_MAX; i++) {
        if (!used[i])
            continue;
        struct plan_node *child;
        if (i < parameters) {
            add_parameter(x, i, node);
            continue;
        }
        TRY(explain_column(x, table, i - parameters, row, &child));
        explain_attach(node, child);
    }
    add_lookups(x, trace, node);
    return OK;
}

/* ---- columns --------------------------------------------------------------------------------- */

static enum err explain_component(struct explain *x, const struct component *c, size_t row,
                                  struct plan_node *node)
{
    node->kind = str_from(kind_names[c->kind]);
    node->rule = c->text;
    node->formula = c->formula_text;
    switch (c->kind) {
    case KIND_FORMULA: return explain_formula(x, c->table, c->formula, row, node);
    case KIND_TIERS: return explain_tiers(x, c, row, node);
    case KIND_SUM:
    case KIND_COUNT: return explain_sum(x, c, row, node);
    case KIND_DAILY: return explain_daily(x, c, row, node);
    case KIND_OVERRIDE: return explain_override(x, c, row, node);
    }
    return OK;
}

static enum err explain_join(struct explain *x, int table, int column, size_t row,
                             struct plan_node *node, struct plan_node **ret)
{
    const struct column *c = &x->data->plan->tables[table].columns[column];
    int64_t there;
    TRY(value_at(x->data, x->arena, table, c->via, row, x->fault, &there));
    if (there == MISSING) {
        node->kind = STR("input");
        *ret = node;
        return OK;
    }
    int to = x->data->plan->tables[table].columns[c->via].refers_to;
    return explain_column(x, to, c->take, (size_t)there, ret);
}

/* True the first time; a value that several rules use is explained once. */
static bool first_time(struct explain *x, int table, int column, size_t row)
{
    bool made;
    int64_t key = ((int64_t)table * PLAN_COLUMNS_MAX + column) << 32 | (int64_t)row;
    i64_map_put(&x->seen, key, &made);
    return made;
}

enum err explain_column(struct explain *x, int table, int column, size_t row,
                        struct plan_node **ret)
{
    const struct plan *plan = x->data->plan;
    const struct column *c = &plan->tables[table].columns[column];
    struct plan_node *node = explain_add(x, NULL, "input");
    node->name = c->name;
    node->title = c->title;
    node->money = c->type == PLAN_MONEY;
    if (table != plan->about.person_table)
        node->row = explain_row(x, table, row);
    TRY(value_at(x->data, x->arena, table, column, row, x->fault, &node->value));
    node->value_text = explain_value(x, c, node->value);
    if (c->origin == FROM_JOIN)
        return explain_join(x, table, column, row, node, ret);
    *ret = node;
    if (c->origin == FROM_TABLE)
        return OK;
    const struct component *p = &plan->components[c->component];
    if (first_time(x, table, column, row))
        return explain_component(x, p, row, node);
    node->kind = str_from(kind_names[p->kind]);
    node->repeated = true;
    return OK;
}

enum err plan_explain(struct plan_data *data, struct arena *arena, int table, int column,
                      size_t row, struct fault *fault, struct plan_node **ret)
{
    assert(data->ran && row < data->rows[table].count);
    struct explain x = { .data = data, .arena = arena, .fault = fault, .seen = i64_map_in(arena) };
    size_t count = (size_t)data->plan->about.components;
    x.before = arena_array(arena, struct i64_map, count);
    for (size_t i = 0; i < count; i++)
        x.before[i] = i64_map_in(arena);
    return explain_column(&x, table, column, row, ret);
}
