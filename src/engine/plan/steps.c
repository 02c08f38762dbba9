/*
 * steps.c - the order of work. Components of one table that need nothing from later steps share one
 * pass over its rows: a block of rows is evaluated while it is in the cache, and sums of other
 * tables are fed from the same block.
 */
#include "engine/plan/model.h"

typedef void mark_fn(void *ctx, int table, int column);

static void reads_of_formula(const struct plan *plan, int table, const struct formula *formula,
                             mark_fn *mark, void *ctx)
{
    if (!formula)
        return;
    const struct formula_info *info = formula_info(formula);
    for (size_t i = 0; i < info->name_count; i++)
        if (info->names[i] >= plan->parameter_count)
            mark(ctx, table, info->names[i] - plan->parameter_count);
    for (size_t i = 0; i < info->table_count; i++) {
        int lookup = plan->shape_table[info->tables[i]];
        for (int c = 0; c < plan->tables[lookup].count; c++)
            if (plan->tables[lookup].columns[c].origin == FROM_TABLE)
                mark(ctx, lookup, c);
    }
}

static void reads_of_tiers(const struct component *c, mark_fn *mark, void *ctx)
{
    mark(ctx, c->table, c->basis);
    for (int i = 0; i < c->group_count; i++)
        mark(ctx, c->table, c->group[i]);
    for (int i = 0; i < c->order_count; i++)
        mark(ctx, c->table, c->order[i]);
    const int columns[] = { c->tier.floor, c->tier.rate, c->tier.number, c->tier.ceiling };
    for (size_t i = 0; i < COUNT(columns); i++)
        if (columns[i] >= 0)
            mark(ctx, c->tier.table, columns[i]);
    for (int i = 0; i < c->tier.match_count; i++) {
        mark(ctx, c->tier.table, c->tier.match[i]);
        mark(ctx, c->table, c->tier.here[i]);
    }
}

void plan_reads(const struct plan *plan, const struct component *c, mark_fn *mark, void *ctx)
{
    switch (c->kind) {
    case KIND_FORMULA:
        reads_of_formula(plan, c->table, c->formula, mark, ctx);
        break;
    case KIND_TIERS:
        reads_of_tiers(c, mark, ctx);
        break;
    case KIND_SUM:
    case KIND_COUNT:
    case KIND_DAILY:
        mark(ctx, c->from, c->by);
        reads_of_formula(plan, c->from, c->formula, mark, ctx);
        reads_of_formula(plan, c->from, c->where, mark, ctx);
        if (c->kind == KIND_DAILY)
            mark(ctx, c->from, c->day);
        for (int i = 0; i < c->count_count; i++)
            reads_of_formula(plan, c->from, c->counts[i].where, mark, ctx);
        break;
    case KIND_OVERRIDE:
        mark(ctx, c->table, c->tree);
        mark(ctx, c->table, c->amount);
        break;
    }
}

/* ---- which columns stay in memory ------------------------------------------------------------ */

static void keep(void *ctx, int table, int column)
{
    struct plan *plan = ctx;
    struct column *c = &plan->tables[table].columns[column];
    if (c->kept)
        return;
    c->kept = true;
    if (c->origin == FROM_JOIN) {
        keep(plan, table, c->via);
        keep(plan, plan->tables[table].columns[c->via].refers_to, c->take);
    }
}

/* A formula over lines is worked out again where it is needed, unless its values must be found by
 * row: in an output, through a reference, in a running sum or a tree. People are few: theirs
 * stay. */
static void keep_columns(struct plan *plan)
{
    for (int o = 0; o < plan->about.outputs; o++)
        for (int i = 0; i < plan->outputs[o].count; i++)
            keep(plan, plan->outputs[o].table, plan->outputs[o].columns[i]);
    for (int t = 0; t < plan->about.tables; t++)
        for (int i = 0; i < plan->tables[t].count; i++)
            if (plan->tables[t].columns[i].origin == FROM_JOIN && plan->tables[t].columns[i].used)
                keep(plan, t, i);
    for (int i = 0; i < plan->about.components; i++) {
        struct component *c = &plan->components[i];
        if (c->kind != KIND_FORMULA || c->table == plan->about.person_table)
            keep(plan, c->table, c->column);
        if (c->kind == KIND_TIERS || c->kind == KIND_OVERRIDE)
            plan_reads(plan, c, keep, plan);
    }
}

/* ---- steps ----------------------------------------------------------------------------------- */

struct scheduler {
    struct plan *plan;
    bool *done;      /* by component: its column is complete */
    bool ready;      /* of the question being asked */
    int table;       /* rows of the open pass, -1 */
    int *formulas, formula_count;
};

static void ask_ready(void *ctx, int table, int column)
{
    struct scheduler *s = ctx;
    const struct column *c = &s->plan->tables[table].columns[column];
    if (c->origin == FROM_JOIN) {
        struct scheduler other = *s;
        other.table = -1; /* through a reference only complete columns are seen */
        other.ready = true;
        ask_ready(&other, s->plan->tables[table].columns[c->via].refers_to, c->take);
        s->ready &= other.ready;
        ask_ready(s, table, c->via);
    } else if (c->origin == FROM_COMPONENT && !s->done[c->component]) {
        const struct component *p = &s->plan->components[c->component];
        if (p->kind == KIND_FORMULA && table == s->table)
            plan_reads(s->plan, p, ask_ready, s);
        else
            s->ready = false;
    }
}

static int rows_of(const struct component *c)
{
    bool other = c->kind == KIND_SUM || c->kind == KIND_COUNT || c->kind == KIND_DAILY;
    return other ? c->from : c->table;
}

static bool is_ready(struct scheduler *s, const struct component *c)
{
    s->ready = true;
    plan_reads(s->plan, c, ask_ready, s);
    return s->ready;
}

static void need_formula(void *ctx, int table, int column);

static void add_formula(struct scheduler *s, int component)
{
    for (int i = 0; i < s->formula_count; i++)
        if (s->formulas[i] == component)
            return;
    plan_reads(s->plan, &s->plan->components[component], need_formula, s);
    s->formulas[s->formula_count++] = component;
}

/* Formulas whose values are not in memory are evaluated in the pass, what they need first. */
static void need_formula(void *ctx, int table, int column)
{
    struct scheduler *s = ctx;
    const struct column *c = &s->plan->tables[table].columns[column];
    if (table != s->table || c->origin != FROM_COMPONENT)
        return;
    bool stored = s->done[c->component] && c->kept;
    if (!stored && s->plan->components[c->component].kind == KIND_FORMULA)
        add_formula(s, c->component);
}

static bool wanted(const struct plan *plan, const struct component *c)
{
    const struct column *column = &plan->tables[c->table].columns[c->column];
    return column->used && column->kept;
}

static void make_pass(struct arena *arena, struct scheduler *s, struct step *step)
{
    int count = s->plan->about.components;
    step->kind = STEP_PASS;
    step->table = s->table;
    step->formulas = s->formulas = arena_array(arena, int, (size_t)count);
    step->sinks = arena_array(arena, int, (size_t)count);
    bool *taken = arena_array(arena, bool, (size_t)count);
    for (int i = 0; i < count; i++) {
        const struct component *c = &s->plan->components[i];
        bool row_work = c->kind != KIND_TIERS && c->kind != KIND_OVERRIDE;
        if (s->done[i] || !wanted(s->plan, c) || !row_work || rows_of(c) != s->table ||
            !is_ready(s, c))
            continue;
        taken[i] = true;
        if (c->kind == KIND_FORMULA) {
            add_formula(s, i);
        } else {
            plan_reads(s->plan, c, need_formula, s);
            step->sinks[step->sink_count++] = i;
        }
    }
    step->formula_count = s->formula_count;
    for (int i = 0; i < count; i++)
        s->done[i] |= taken[i];
}

void plan_make_steps(struct arena *arena, struct plan *plan)
{
    int count = plan->about.components;
    keep_columns(plan);
    plan->steps = arena_array(arena, struct step, (size_t)count);
    struct scheduler s = { .plan = plan, .done = arena_array(arena, bool, (size_t)count) };
    for (int i = 0; i < count; i++) {
        const struct component *c = &plan->components[i];
        if (s.done[i] || !wanted(plan, c))
            continue;
        struct step *step = &plan->steps[plan->step_count++];
        if (c->kind == KIND_TIERS || c->kind == KIND_OVERRIDE) {
            step->kind = c->kind == KIND_TIERS ? STEP_TIERS : STEP_OVERRIDE;
            step->component = i;
            s.done[i] = true;
            continue;
        }
        s.table = rows_of(c);
        s.formula_count = 0;
        make_pass(arena, &s, step);
    }
}
