/* value.c - one value or one block of values of a column, through references where it is joined. */
#include "engine/plan/model.h"

int64_t plan_column_value(const struct plan_data *data, int table, int column, size_t row)
{
    for (;;) {
        const struct column *c = &data->plan->tables[table].columns[column];
        if (c->origin != FROM_JOIN)
            return store_value(data->rows[table].stores[column], row);
        int64_t there = plan_column_value(data, table, c->via, row);
        if (there == MISSING)
            return MISSING;
        table = data->plan->tables[table].columns[c->via].refers_to;
        column = c->take;
        row = (size_t)there;
    }
}

/* Follows `n` row numbers in place; a chain of joins goes one table at a time. */
static void follow(const struct plan_data *data, int table, int column, size_t n, int64_t *rows)
{
    const struct column *c = &data->plan->tables[table].columns[column];
    if (c->origin == FROM_JOIN) {
        follow(data, table, c->via, n, rows);
        follow(data, data->plan->tables[table].columns[c->via].refers_to, c->take, n, rows);
        return;
    }
    struct store s = data->rows[table].stores[column];
    int64_t none = missing_of(s.width);
    for (size_t i = 0; i < n; i++) {
        if (rows[i] == MISSING)
            continue;
        int64_t v = store_get(s, (size_t)rows[i]);
        rows[i] = v == none ? MISSING : v;
    }
}

void column_block(const struct plan_data *data, int table, int column, size_t at, size_t n,
                  int64_t *to)
{
    const struct column *c = &data->plan->tables[table].columns[column];
    if (c->origin != FROM_JOIN) {
        store_copy(data->rows[table].stores[column], at, n, to);
        return;
    }
    column_block(data, table, c->via, at, n, to);
    follow(data, data->plan->tables[table].columns[c->via].refers_to, c->take, n, to);
}

int64_t plan_get(const struct plan_data *data, int table, int column, size_t row)
{
    const struct column *c = &data->plan->tables[table].columns[column];
    if (c->origin != FROM_JOIN && !data->rows[table].stores[column].data)
        return MISSING;
    return plan_column_value(data, table, column, row);
}

int64_t formula_time(const struct plan *plan, int64_t seconds)
{
    return seconds == MISSING ? MISSING : (seconds - plan->zone_minutes * 60) * 1000000;
}

static enum err eval_row(const struct plan_data *data, struct arena *arena, int table,
                         const struct formula *formula, size_t row,
                         const struct formula_trace **trace, struct fault *fault, int64_t *ret)
{
    struct formula_inputs inputs;
    TRY(formula_inputs_at(data, arena, table, formula, row, fault, &inputs));
    struct formula_value value;
    TRY(formula_eval(arena, formula, &inputs, &value, trace, fault));
    *ret = value.missing ? MISSING : value.units;
    return OK;
}

enum err formula_inputs_at(const struct plan_data *data, struct arena *arena, int table,
                           const struct formula *formula, size_t row, struct fault *fault,
                           struct formula_inputs *ret)
{
    const struct formula_info *info = formula_info(formula);
    struct formula_value *slots = arena_array(arena, struct formula_value,
                                              (size_t)info->slot_count + 1);
    for (size_t i = 0; i < info->name_count; i++) {
        int column = info->names[i] - data->plan->parameter_count;
        if (column < 0)
            continue;
        int64_t v;
        TRY(value_at(data, arena, table, column, row, fault, &v));
        const struct column *c = &data->plan->tables[table].columns[column];
        slots[column].missing = v == MISSING;
        slots[column].units = c->type == PLAN_TIME ? formula_time(data->plan, v) : v;
        if (c->type == PLAN_TEXT)
            slots[column].text = plan_text_of(data, v);
    }
    *ret = (struct formula_inputs){ slots, data->lookups };
    return OK;
}

enum err value_at(const struct plan_data *data, struct arena *arena, int table, int column,
                  size_t row, struct fault *fault, int64_t *ret)
{
    const struct column *c = &data->plan->tables[table].columns[column];
    if (c->origin == FROM_COMPONENT && !data->rows[table].stores[column].data) {
        const struct component *p = &data->plan->components[c->component];
        if (p->kind == KIND_FORMULA)
            return eval_row(data, arena, table, p->formula, row, NULL, fault, ret);
        *ret = 0; /* nobody asked for it, so it was not worked out */
        return OK;
    }
    if (c->origin == FROM_JOIN) {
        int64_t there;
        TRY(value_at(data, arena, table, c->via, row, fault, &there));
        *ret = MISSING;
        if (there == MISSING)
            return OK;
        return value_at(data, arena, data->plan->tables[table].columns[c->via].refers_to, c->take,
                        (size_t)there, fault, ret);
    }
    bool there = data->rows[table].stores[column].data != NULL;
    *ret = there ? plan_column_value(data, table, column, row) : MISSING;
    return OK;
}
