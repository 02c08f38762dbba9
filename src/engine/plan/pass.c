/*
 * pass.c - formulas over the rows of one table. Workers take some thousand rows at a time; within
 * them a block at a time goes through all formulas and sinks while it is in the cache.
 *
 * Of several bad rows the first is reported, whoever found it: workers go on below the first bad
 * row known and stop above it.
 */
#include "engine/plan/pass.h"

#include <stdatomic.h>

/* ---- opening --------------------------------------------------------------------------------- */

static void note_column(void *ctx, int table, int column)
{
    struct pass *pass = ctx;
    if (table != pass->step->table)
        return;
    for (int i = 0; i < pass->column_count; i++)
        if (pass->columns[i] == column)
            return;
    pass->columns[pass->column_count++] = column;
}

static bool in_pass(const struct pass *pass, int column)
{
    const struct column *c = &pass->data->plan->tables[pass->step->table].columns[column];
    for (int i = 0; i < pass->step->formula_count; i++)
        if (pass->step->formulas[i] == c->component)
            return c->origin == FROM_COMPONENT;
    return false;
}

static bool needs_scratch(const struct pass *pass, int column)
{
    const struct column *c = &pass->data->plan->tables[pass->step->table].columns[column];
    return c->origin == FROM_JOIN || c->type == PLAN_TIME || in_pass(pass, column);
}

static struct formula_batch *open_batch(struct pass *pass, const struct formula *formula)
{
    if (!formula)
        return NULL;
    struct plan_data *data = pass->data;
    struct formula_dictionary *all = arena_array(data->arena, struct formula_dictionary,
                                                 PLAN_COLUMNS_MAX);
    for (int i = 0; i < PLAN_COLUMNS_MAX; i++)
        all[i] = (struct formula_dictionary){ data->texts, data->text_count };
    return formula_batch_open(data->arena, formula, all, data->lookups);
}

static void open_sink(struct pass_worker *w, int i)
{
    struct pass *pass = w->pass;
    const struct component *c = pass->sinks[i].c;
    struct sink_state *state = &w->sinks[i];
    state->value = open_batch(pass, c->formula);
    state->where = open_batch(pass, c->where);
    for (int k = 0; k < c->count_count; k++)
        state->counts[k] = open_batch(pass, c->counts[k].where);
    sink_open(w, i);
}

static void open_worker(struct pass *pass, struct pass_worker *w)
{
    struct plan_data *data = pass->data;
    struct arena *arena = data->arena;
    const struct step *step = pass->step;
    w->pass = pass;
    w->bad = SIZE_MAX;
    w->formulas = arena_array(arena, struct formula_batch *, (size_t)step->formula_count + 1);
    for (int i = 0; i < step->formula_count; i++)
        w->formulas[i] = open_batch(pass, data->plan->components[step->formulas[i]].formula);
    w->columns = arena_array(arena, struct formula_column, PLAN_COLUMNS_MAX);
    w->scratch = arena_array(arena, int64_t *, PLAN_COLUMNS_MAX);
    for (int i = 0; i < pass->column_count; i++)
        if (needs_scratch(pass, pass->columns[i]))
            w->scratch[pass->columns[i]] = arena_array(arena, int64_t, BLOCK_ROWS);
    w->value = arena_array(arena, int64_t, BLOCK_ROWS);
    w->mask = arena_array(arena, int64_t, BLOCK_ROWS);
    w->also = arena_array(arena, int64_t, BLOCK_ROWS);
    w->rows = arena_array(arena, int32_t, BLOCK_ROWS);
    w->sinks = arena_array(arena, struct sink_state, (size_t)step->sink_count + 1);
    for (int i = 0; i < step->sink_count; i++)
        open_sink(w, i);
}

/* ---- a block --------------------------------------------------------------------------------- */

static void load_columns(struct pass_worker *w, size_t at, size_t n)
{
    const struct pass *pass = w->pass;
    const struct plan *plan = pass->data->plan;
    int table = pass->step->table;
    for (int i = 0; i < pass->column_count; i++) {
        int column = pass->columns[i];
        int64_t *scratch = w->scratch[column];
        struct store s = pass->data->rows[table].stores[column];
        if (!scratch) {
            w->columns[column] = (struct formula_column){
                (const char *)s.data + at * width_size(s.width), s.width };
            continue;
        }
        w->columns[column] = (struct formula_column){ scratch, FORMULA_I64 };
        if (in_pass(pass, column))
            continue;
        column_block(pass->data, table, column, at, n, scratch);
        if (plan->tables[table].columns[column].type == PLAN_TIME)
            for (size_t k = 0; k < n; k++)
                scratch[k] = formula_time(plan, scratch[k]);
    }
}

static bool run_formulas(struct pass_worker *w, size_t at, size_t n, size_t *bad)
{
    const struct pass *pass = w->pass;
    int table = pass->step->table;
    for (int i = 0; i < pass->step->formula_count; i++) {
        const struct component *c = &pass->data->plan->components[pass->step->formulas[i]];
        int64_t *out = w->scratch[c->column];
        if (formula_batch_run(w->formulas[i], w->columns, n, out, bad, &w->fault)) {
            fault_explain(&w->fault, w->fault.code, "component " STR_FMT, STR_ARG(c->name));
            return false;
        }
        struct store s = pass->data->rows[table].stores[c->column];
        if (s.data)
            store_fill(s, at, n, out);
    }
    return true;
}

static void block(struct pass_worker *w, size_t at, size_t n)
{
    size_t bad = 0;
    load_columns(w, at, n);
    bool good = run_formulas(w, at, n, &bad);
    for (int i = 0; good && i < w->pass->step->sink_count; i++)
        good = sink_feed(w, i, at, n, &bad);
    if (good || at + bad >= w->bad)
        return;
    w->bad = at + bad;
    size_t known = atomic_load(&w->pass->bad);
    while (w->bad < known && !atomic_compare_exchange_weak(&w->pass->bad, &known, w->bad)) { }
}

static void pass_task(void *arg, int index)
{
    struct pass *pass = arg;
    struct pass_worker *w = &pass->workers[index];
    size_t rows = pass->data->rows[pass->step->table].count;
    for (;;) {
        size_t at = atomic_fetch_add(&pass->next, PASS_ROWS);
        if (at >= rows || at > atomic_load(&pass->bad))
            return;
        size_t end = MIN(rows, at + PASS_ROWS);
        /* After its first bad row a worker's sums are of no more use, but an earlier row of its
         * own cannot follow: it takes rows in ascending order. */
        for (; at < end && w->bad == SIZE_MAX; at += BLOCK_ROWS)
            block(w, at, MIN((size_t)BLOCK_ROWS, end - at));
    }
}

/* ---- the pass -------------------------------------------------------------------------------- */

static enum err tell_first(struct pass *pass, struct fault *fault)
{
    const struct pass_worker *first = &pass->workers[0];
    for (int i = 1; i < pass->worker_count; i++)
        if (pass->workers[i].bad < first->bad)
            first = &pass->workers[i];
    if (first->bad == SIZE_MAX)
        return OK;
    *fault = first->fault;
    int table = pass->step->table;
    struct str key = plan_key_text(pass->data, pass->data->arena, table, first->bad);
    const struct rows *rows = &pass->data->rows[table];
    if (!rows->file)
        return fault_explain(fault, fault->code, STR_FMT " " STR_FMT,
                             STR_ARG(pass->data->plan->tables[table].name), STR_ARG(key));
    size_t line = rows->lines ? rows->lines[first->bad] : first->bad + 2;
    return fault_explain(fault, fault->code, "%s:%zu: " STR_FMT " " STR_FMT, rows->file, line,
                         STR_ARG(pass->data->plan->tables[table].name), STR_ARG(key));
}

static void make_stores(struct pass *pass)
{
    struct rows *rows = &pass->data->rows[pass->step->table];
    for (int i = 0; i < pass->step->formula_count; i++) {
        const struct component *c = &pass->data->plan->components[pass->step->formulas[i]];
        const struct column *column = &pass->data->plan->tables[c->table].columns[c->column];
        if (column->kept && !rows->stores[c->column].data)
            rows->stores[c->column] = store_new(pass->data->arena, plan_store_width(column),
                                                rows->count);
    }
}

enum err run_pass(struct plan_data *data, const struct step *step, struct fault *fault)
{
    struct pass pass = { .data = data, .step = step, .bad = SIZE_MAX };
    size_t rows = data->rows[step->table].count;
    size_t portions = (rows + PASS_ROWS - 1) / PASS_ROWS;
    pass.worker_count = (int)MAX((size_t)1, MIN((size_t)plan_threads(data), portions));
    pass.columns = arena_array(data->arena, int, PLAN_COLUMNS_MAX);
    pass.sinks = arena_array(data->arena, struct sink, (size_t)step->sink_count + 1);
    make_stores(&pass);
    for (int i = 0; i < step->formula_count; i++) {
        plan_reads(data->plan, &data->plan->components[step->formulas[i]], note_column, &pass);
        note_column(&pass, step->table, data->plan->components[step->formulas[i]].column);
    }
    for (int i = 0; i < step->sink_count; i++) {
        pass.sinks[i].c = &data->plan->components[step->sinks[i]];
        plan_reads(data->plan, pass.sinks[i].c, note_column, &pass);
        TRY(sink_prepare(&pass, &pass.sinks[i], fault));
    }
    pass.workers = arena_array(data->arena, struct pass_worker, (size_t)pass.worker_count);
    for (int i = 0; i < pass.worker_count; i++)
        open_worker(&pass, &pass.workers[i]);
    plan_spread(data, pass.worker_count, pass_task, &pass);
    TRY(tell_first(&pass, fault));
    for (int i = 0; i < step->sink_count; i++)
        TRY(sink_finish(&pass, i, fault));
    return OK;
}
