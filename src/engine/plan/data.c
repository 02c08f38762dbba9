/* data.c - filling tables from memory and from the plan itself, and reading values back. */
#include "engine/plan/csv.h"

struct plan_data *plan_open(struct arena *arena, const struct plan *plan,
                            const struct plan_tasks *tasks)
{
    struct plan_data *data = arena_new(arena, struct plan_data);
    data->arena = arena;
    data->plan = plan;
    if (tasks)
        data->tasks = *tasks;
    size_t tables = (size_t)plan->about.tables;
    data->rows = arena_array(arena, struct rows, tables);
    for (size_t t = 0; t < tables; t++) {
        data->rows[t].stores = arena_array(arena, struct store, PLAN_COLUMNS_MAX);
        data->rows[t].raw = arena_array(arena, bool, PLAN_COLUMNS_MAX);
    }
    data->text_codes = str_map_in(arena);
    data->lookups = arena_array(arena, const struct formula_lookup *, tables + 1);
    return data;
}

size_t plan_rows(const struct plan_data *data, int table)
{
    return data->rows[table].count;
}

/* ---- from memory ----------------------------------------------------------------------------- */

static const char *given_value(struct plan_data *data, const struct column *c,
                               const struct plan_input *in, size_t i, int64_t *ret)
{
    if (in->text) {
        if (in->text[i].len == 0 && c->optional) {
            *ret = MISSING;
            return NULL;
        }
        if (c->type != PLAN_TEXT && c->type != PLAN_REF)
            return csv_cell(c, in->text[i], ret);
        if (!utf8_valid(in->text[i]) || in->text[i].len == 0)
            return "a text in UTF-8 is expected";
        *ret = text_code(data, in->text[i]);
        return NULL;
    }
    *ret = in->i64 ? in->i64[i] : in->i32[i] == INT32_MIN ? MISSING : in->i32[i];
    if (*ret == MISSING)
        return c->optional ? NULL : "is missing";
    if (c->type != PLAN_REF && (*ret < c->low || *ret > c->high))
        return "is outside the range that the plan allows";
    return NULL;
}

static bool means_none(const struct column *c, const struct plan_input *in, size_t i, int64_t v)
{
    int64_t none;
    if (!c->has_none || v == MISSING)
        return v == MISSING;
    if (in->text)
        return str_eq(in->text[i], c->none);
    return str_to_i64(c->none, &none) && v == none;
}

static enum err put_column(struct plan_data *data, int table, size_t rows,
                           const struct plan_input *in, struct fault *fault)
{
    const struct column *c = &data->plan->tables[table].columns[in->column];
    bool reference = c->type == PLAN_REF;
    struct store s = store_new(data->arena, reference ? FORMULA_I64 : plan_store_width(c), rows);
    for (size_t i = 0; i < rows; i++) {
        int64_t v;
        const char *reason = given_value(data, c, in, i, &v);
        if (reason)
            return plan_bad_cell(data, fault, ERR_INVALID, table, in->column, i, "%s", reason);
        if (reference && means_none(c, in, i, v))
            v = MISSING;
        store_put(s, i, v == MISSING ? missing_of(s.width) : v);
    }
    data->rows[table].stores[in->column] = s;
    data->rows[table].raw[in->column] = reference;
    return OK;
}

enum err plan_put_rows(struct plan_data *data, int table, size_t rows,
                       const struct plan_input *columns, int count, struct fault *fault)
{
    const struct table *t = &data->plan->tables[table];
    assert(!data->rows[table].loaded);
    if (rows > PLAN_ROWS_MAX)
        return fault_set(fault, ERR_TOO_LARGE, STR_FMT ": too many rows", STR_ARG(t->name));
    data->rows[table].count = rows;
    for (int i = 0; i < count; i++)
        TRY(put_column(data, table, rows, &columns[i], fault));
    for (int i = 0; i < t->count; i++) {
        const struct column *c = &t->columns[i];
        if (c->origin == FROM_TABLE && c->used && !data->rows[table].stores[i].data)
            return fault_set_field(fault, ERR_INVALID, str_cstr(data->arena, c->name),
                                   "table " STR_FMT ": column " STR_FMT " was not given",
                                   STR_ARG(t->name), STR_ARG(c->name));
    }
    data->rows[table].loaded = true;
    return key_check(data, table, fault);
}

/* ---- rows that stand in the plan ------------------------------------------------------------- */

static const struct json *nth(const struct json *list, int n)
{
    const struct json *v = list->first;
    while (n-- > 0)
        v = v->next;
    return v;
}

enum err plan_load_given(struct plan_data *data, int table, struct fault *fault)
{
    const struct table *t = &data->plan->tables[table];
    size_t rows = t->rows->count;
    struct plan_input inputs[PLAN_COLUMNS_MAX];
    int count = 0, position = 0;
    for (int i = 0; i < t->count; i++) {
        if (t->columns[i].origin != FROM_TABLE)
            continue;
        struct str *texts = arena_array(data->arena, struct str, rows + 1);
        size_t at = 0;
        for (const struct json *row = t->rows->first; row; row = row->next, at++) {
            const struct json *v = nth(row, position);
            texts[at] = v->type == JSON_TRUE ? STR("1")
                      : v->type == JSON_FALSE ? STR("0") : v->text;
        }
        inputs[count++] = (struct plan_input){ .column = i, .text = texts };
        position++;
    }
    return plan_put_rows(data, table, rows, inputs, count, fault);
}
