/* run.c - all steps of a plan over loaded data. */
#include "engine/plan/model.h"

/* ---- lookup tables --------------------------------------------------------------------------- */

static struct formula_cells cells_of(struct plan_data *data, int table, int column)
{
    size_t rows = data->rows[table].count;
    const struct column *c = &data->plan->tables[table].columns[column];
    if (c->type == PLAN_TEXT) {
        struct str *texts = arena_array(data->arena, struct str, rows + 1);
        for (size_t i = 0; i < rows; i++)
            texts[i] = plan_text_of(data, plan_column_value(data, table, column, i));
        return (struct formula_cells){ NULL, texts };
    }
    int64_t *ints = arena_array(data->arena, int64_t, rows + 1);
    for (size_t i = 0; i < rows; i++)
        ints[i] = plan_column_value(data, table, column, i);
    return (struct formula_cells){ ints, NULL };
}

static enum err load_lookup(struct plan_data *data, int shape, struct fault *fault)
{
    const struct formula_table_shape *s = &data->plan->shapes[shape];
    int table = data->plan->shape_table[shape];
    const struct table *t = &data->plan->tables[table];
    struct formula_cells keys[KEYS_MAX], columns[PLAN_COLUMNS_MAX];
    int count = 0;
    for (int i = 0; i < t->key_count; i++)
        keys[i] = cells_of(data, table, t->keys[i]);
    for (int i = 0; i < t->count && count < s->column_count; i++)
        if (str_eq(t->columns[i].name, s->columns[count].name))
            columns[count++] = cells_of(data, table, i);
    enum err e = formula_lookup_load(data->arena, s, keys, columns, data->rows[table].count,
                                     &data->lookups[shape], fault);
    if (e) {
        size_t row = fault->line > 0 ? (size_t)fault->line - 1 : 0;
        struct fault inner = *fault;
        return plan_bad_cell(data, fault, e, table, t->keys[0], row, "%s", inner.message);
    }
    return OK;
}

static void note_tables(const struct formula *formula, bool *wanted)
{
    if (!formula)
        return;
    const struct formula_info *info = formula_info(formula);
    for (size_t i = 0; i < info->table_count; i++)
        wanted[info->tables[i]] = true;
}

static enum err load_lookups(struct plan_data *data, struct fault *fault)
{
    const struct plan *plan = data->plan;
    bool wanted[PLAN_TABLES_MAX] = { false };
    for (int i = 0; i < plan->about.components; i++) {
        const struct component *c = &plan->components[i];
        note_tables(c->formula, wanted);
        note_tables(c->where, wanted);
        for (int k = 0; k < c->count_count; k++)
            note_tables(c->counts[k].where, wanted);
    }
    for (int i = 0; i < plan->shape_count; i++)
        if (wanted[i])
            TRY(load_lookup(data, i, fault));
    return OK;
}

/* ---- loading what is missing ----------------------------------------------------------------- */

static enum err finish_loading(struct plan_data *data, struct fault *fault)
{
    for (int t = 0; t < data->plan->about.tables; t++) {
        const struct table *table = &data->plan->tables[t];
        if (table->rows && !data->rows[t].loaded)
            TRY(plan_load_given(data, t, fault));
        if (!data->rows[t].loaded)
            return fault_set(fault, ERR_INVALID, "table " STR_FMT " was not loaded",
                             STR_ARG(table->name));
    }
    return keys_resolve(data, fault);
}

static void drop_results(struct plan_data *data)
{
    for (int t = 0; t < data->plan->about.tables; t++) {
        for (int i = 0; i < data->plan->tables[t].count; i++)
            if (data->plan->tables[t].columns[i].origin == FROM_COMPONENT)
                data->rows[t].stores[i] = (struct store){ NULL, FORMULA_I64 };
        data->rows[t].sorted = NULL;
        data->rows[t].sorted_known = false;
    }
    arena_reset(data->arena, data->loaded);
}

/* ---- order by key ---------------------------------------------------------------------------- */

int plan_compare_keys(const struct plan_data *data, int table, int32_t a, int32_t b)
{
    const struct table *t = &data->plan->tables[table];
    struct store s = data->rows[table].stores[t->keys[0]];
    int64_t x = store_get(s, (size_t)a), y = store_get(s, (size_t)b);
    if (t->columns[t->keys[0]].type == PLAN_TEXT)
        return str_cmp(plan_text_of(data, x), plan_text_of(data, y));
    return x < y ? -1 : x > y;
}

/* Merge sort of row numbers: stable, and n log n whatever the order of loading was. */
static void sort_rows(const struct plan_data *data, int table, int32_t *rows, int32_t *other,
                      size_t n)
{
    for (size_t width = 1; width < n; width *= 2) {
        for (size_t from = 0; from < n; from += 2 * width) {
            size_t a = from, mid = MIN(n, from + width), b = mid, end = MIN(n, from + 2 * width);
            for (size_t to = from; to < end; to++) {
                bool left = b >= end ||
                            (a < mid && plan_compare_keys(data, table, rows[a], rows[b]) <= 0);
                other[to] = left ? rows[a++] : rows[b++];
            }
        }
        memcpy(rows, other, n * sizeof *rows);
    }
}

static void sort_output(struct plan_data *data, int table)
{
    struct rows *rows = &data->rows[table];
    if (rows->sorted_known)
        return;
    rows->sorted_known = true;
    size_t i = 1;
    while (i < rows->count && plan_compare_keys(data, table, (int32_t)i - 1, (int32_t)i) < 0)
        i++;
    if (i >= rows->count)
        return;
    int32_t *order = arena_array(data->arena, int32_t, rows->count);
    int32_t *other = arena_array(data->arena, int32_t, rows->count);
    for (size_t k = 0; k < rows->count; k++)
        order[k] = (int32_t)k;
    sort_rows(data, table, order, other, rows->count);
    rows->sorted = order;
}

/* ---- the run --------------------------------------------------------------------------------- */

static enum err run_step(struct plan_data *data, const struct step *step, struct fault *fault)
{
    const struct component *c = &data->plan->components[step->component];
    switch (step->kind) {
    case STEP_PASS:
        return run_pass(data, step, fault);
    case STEP_TIERS:
        return run_tiers(data, c, fault);
    case STEP_OVERRIDE:
        return run_override(data, c, fault);
    }
    return OK;
}

enum err plan_run(struct plan_data *data, struct fault *fault)
{
    if (data->ran) {
        drop_results(data);
    } else {
        TRY(finish_loading(data, fault));
        data->ran = true;
        data->loaded = arena_mark(data->arena);
    }
    const struct plan *plan = data->plan;
    data->tiers = arena_array(data->arena, struct tier_set *, (size_t)plan->about.components);
    TRY(load_lookups(data, fault));
    for (int i = 0; i < plan->step_count; i++) {
        plan_progress(data, "calculating", (uint64_t)i, (uint64_t)plan->step_count);
        TRY(run_step(data, &plan->steps[i], fault));
    }
    for (int o = 0; o < plan->about.outputs; o++)
        if (plan->outputs[o].by_key)
            sort_output(data, plan->outputs[o].table);
    return OK;
}

/* Columns of the two plans agree in everything that loading depends on. */
static bool same_table(const struct table *a, const struct table *b)
{
    if (!str_eq(a->name, b->name) || a->key_count != b->key_count)
        return false;
    for (int i = 0; i < MAX(a->count, b->count); i++) {
        bool one = i < a->count && a->columns[i].origin == FROM_TABLE;
        bool two = i < b->count && b->columns[i].origin == FROM_TABLE;
        if (one != two)
            return false;
        if (one && (!str_eq(a->columns[i].name, b->columns[i].name) ||
                    a->columns[i].type != b->columns[i].type ||
                    a->columns[i].scale != b->columns[i].scale ||
                    plan_store_width(&a->columns[i]) != plan_store_width(&b->columns[i]) ||
                    (b->columns[i].used && !a->columns[i].used)))
            return false;
    }
    return memcmp(a->keys, b->keys, sizeof a->keys) == 0;
}

enum err plan_change(struct plan_data *data, const struct plan *plan, struct fault *fault)
{
    bool same = data->plan->about.tables == plan->about.tables;
    for (int t = 0; same && t < plan->about.tables; t++)
        same = same_table(&data->plan->tables[t], &plan->tables[t]);
    if (!same)
        return fault_set(fault, ERR_INVALID, "the other plan reads other tables or columns");
    if (data->ran)
        drop_results(data);
    for (int t = 0; t < plan->about.tables; t++)
        if (plan->tables[t].rows)
            data->rows[t] = (struct rows){ .stores = data->rows[t].stores,
                                           .raw = data->rows[t].raw };
    data->plan = plan;
    for (int t = 0; t < plan->about.tables; t++)
        if (plan->tables[t].rows)
            TRY(plan_load_given(data, t, fault));
    TRY(keys_resolve(data, fault));
    data->loaded = arena_mark(data->arena);
    return OK;
}
