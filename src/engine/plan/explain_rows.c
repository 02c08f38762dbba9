/* explain_rows.c - why: running tiers, sums over rows, daily caps, overrides. */
#include "engine/plan/explain.h"

#include "base/vec.h"

#include <stdlib.h>

/* ---- tiers ----------------------------------------------------------------------------------- */

struct line {
    const struct plan_data *data;
    const struct component *c;
    size_t row;
};

static int compare_lines(const void *a, const void *b)
{
    const struct line *x = a, *y = b;
    for (int i = 0; i < x->c->order_count; i++) {
        int64_t u = plan_column_value(x->data, x->c->table, x->c->order[i], x->row);
        int64_t v = plan_column_value(y->data, y->c->table, y->c->order[i], y->row);
        if (u != v)
            return u < v ? -1 : 1;
    }
    return 0;
}

static bool same_group(const struct plan_data *data, const struct component *c, size_t a, size_t b)
{
    for (int i = 0; i < c->group_count; i++)
        if (plan_column_value(data, c->table, c->group[i], a) !=
            plan_column_value(data, c->table, c->group[i], b))
            return false;
    return true;
}

/* Works the running sums of the row's group out again, once for all of its lines. */
static void sums_before(struct explain *x, const struct component *c, size_t row)
{
    struct plan_data *data = x->data;
    VEC(struct line) lines = { 0 };
    for (size_t i = 0; i < data->rows[c->table].count; i++)
        if (same_group(data, c, row, i))
            vec_add(x->arena, &lines, ((struct line){ data, c, i }));
    qsort(lines.items, lines.count, sizeof *lines.items, compare_lines);
    int64_t sum = 0;
    for (size_t i = 0; i < lines.count; i++) {
        struct i64_map *before = &x->before[c - data->plan->components];
        *i64_map_put(before, (int64_t)lines.items[i].row, NULL) = sum;
        sum += plan_column_value(data, c->table, c->basis, lines.items[i].row);
    }
}

static struct str wide_text(struct arena *arena, __int128 v)
{
    return decimal_text(arena, (struct decimal){ v, 0 });
}

/* The part of the step from `a` to `b` that lies in tier i, with its sign. */
static int64_t part_in(const struct tier_ladder *ladder, int i, int64_t a, int64_t b)
{
    int64_t floor = ladder->tiers[i].floor;
    int64_t top = i + 1 < ladder->count ? ladder->tiers[i + 1].floor : INT64_MAX;
    int64_t from = MIN(MAX(a, floor), top), to = MIN(MAX(b, floor), top);
    return to - from;
}

static __int128 add_parts(struct explain *x, const struct tier_ladder *ladder, int64_t before,
                          int64_t after, struct buf *out, struct plan_node *node)
{
    __int128 total = 0;
    for (int i = 0; i < ladder->count; i++) {
        int64_t width = part_in(ladder, i, before, after);
        if (width == 0)
            continue;
        const struct tier *t = &ladder->tiers[i];
        total += (__int128)width * t->rate;
        buf_fmt(out, "%s%lld x %lld", out->len ? " + " : "", (long long)t->rate, (long long)width);
        struct plan_node *part = explain_add(x, node, "part");
        part->name = str_fmt(x->arena, "tier %d", i + 1);
        part->row = str_fmt(x->arena, "from %lld", (long long)t->floor);
        part->value = width;
        part->value_text = money_text(x->arena, (struct money){ width });
        part->arithmetic = str_fmt(x->arena, "%lld x %lld = " STR_FMT, (long long)t->rate,
                                   (long long)width,
                                   STR_ARG(wide_text(x->arena, (__int128)width * t->rate)));
        part->money = true;
    }
    return total;
}

enum err explain_tiers(struct explain *x, const struct component *c, size_t row,
                       struct plan_node *node)
{
    struct i64_map *known = &x->before[c - x->data->plan->components];
    if (!i64_map_get(known, (int64_t)row))
        sums_before(x, c, row);
    const int64_t *sum = i64_map_get(known, (int64_t)row);
    int64_t before = sum ? *sum : 0;
    int64_t basis = plan_column_value(x->data, c->table, c->basis, row);
    struct plan_node *running = explain_add(x, node, "running");
    running->name = STR("before");
    running->value = before;
    running->money = true;
    running->value_text = money_text(x->arena, (struct money){ before });
    struct plan_node *child;
    TRY(explain_column(x, c->table, c->basis, row, &child));
    explain_attach(node, child);
    const struct tier_ladder *ladder = tier_ladder_of(x->data, c, row);
    if (!ladder)
        return fault_set(x->fault, ERR_UNPROCESSABLE, "there are no tiers for this line");
    struct buf out = buf_in(x->arena);
    __int128 total = add_parts(x, ladder, before, before + basis, &out, node);
    struct str whole = wide_text(x->arena, total);
    node->arithmetic = out.len ? str_fmt(x->arena, STR_FMT " = " STR_FMT, STR_ARG(buf_view(&out)),
                                         STR_ARG(whole)) : STR("0");
    node->rounding = str_fmt(x->arena, STR_FMT ": " STR_FMT " / %lld = %lld",
                             STR_ARG(c->rounding_name), STR_ARG(whole), (long long)c->tier.per,
                             (long long)node->value);
    return OK;
}

/* ---- sums ------------------------------------------------------------------------------------ */

struct found {
    const struct plan_data *data;
    int table;
    int32_t row;
};

static int compare_found(const void *a, const void *b)
{
    const struct found *x = a, *y = b;
    if (x->data->plan->tables[x->table].key_count != 1)
        return x->row < y->row ? -1 : x->row > y->row;
    return plan_compare_keys(x->data, x->table, x->row, y->row);
}

struct found_list {
    VEC(struct found) rows;
};

static enum err holds(struct explain *x, int table, const struct formula *where, size_t row,
                      bool *ret)
{
    *ret = true;
    if (!where)
        return OK;
    struct formula_inputs inputs;
    TRY(formula_inputs_at(x->data, x->arena, table, where, row, x->fault, &inputs));
    struct formula_value value;
    TRY(formula_eval(x->arena, where, &inputs, &value, NULL, x->fault));
    *ret = value.units != 0;
    return OK;
}

/* The rows of the other table that refer to `row` and meet the condition, by key. */
static enum err find_rows(struct explain *x, const struct component *c, size_t row,
                          struct found_list *list)
{
    for (size_t i = 0; i < x->data->rows[c->from].count; i++) {
        if (plan_column_value(x->data, c->from, c->by, i) != (int64_t)row)
            continue;
        bool good;
        TRY(holds(x, c->from, c->where, i, &good));
        if (good)
            vec_add(x->arena, &list->rows, ((struct found){ x->data, c->from, (int32_t)i }));
    }
    if (list->rows.count)
        qsort(list->rows.items, list->rows.count, sizeof *list->rows.items, compare_found);
    return OK;
}

/* A value that is a column by itself is explained as that column; another as a formula. */
static enum err add_row(struct explain *x, const struct component *c, size_t row,
                        struct plan_node *node)
{
    const struct formula_info *info = formula_info(c->formula);
    int parameters = x->data->plan->parameter_count;
    struct plan_node *child;
    if (info->node_count == 1 && info->name_count == 1 && info->names[0] >= parameters) {
        TRY(explain_column(x, c->from, info->names[0] - parameters, row, &child));
        if (child->row.len == 0)
            child->row = explain_row(x, c->from, row);
        explain_attach(node, child);
        return OK;
    }
    child = explain_add(x, node, "row");
    child->name = c->name;
    child->row = explain_row(x, c->from, row);
    child->formula = c->formula_text;
    child->money = node->money;
    TRY(explain_formula(x, c->from, c->formula, row, child));
    struct formula_inputs inputs;
    TRY(formula_inputs_at(x->data, x->arena, c->from, c->formula, row, x->fault, &inputs));
    struct formula_value value;
    TRY(formula_eval(x->arena, c->formula, &inputs, &value, NULL, x->fault));
    child->value = value.units;
    child->value_text = explain_value(x, &x->data->plan->tables[c->table].columns[c->column],
                                      value.units);
    return OK;
}

enum err explain_sum(struct explain *x, const struct component *c, size_t row,
                     struct plan_node *node)
{
    struct found_list list = { 0 };
    TRY(find_rows(x, c, row, &list));
    const struct table *from = &x->data->plan->tables[c->from];
    node->arithmetic = str_fmt(x->arena, "%zu x " STR_FMT "%s" STR_FMT, list.rows.count,
                               STR_ARG(from->name), c->where_text.len ? ": " : "",
                               STR_ARG(c->where_text));
    if (c->kind == KIND_COUNT)
        return OK;
    node->adds = true;
    for (size_t i = 0; i < list.rows.count; i++)
        TRY(add_row(x, c, (size_t)list.rows.items[i].row, node));
    return OK;
}

/* ---- daily caps ------------------------------------------------------------------------------ */

struct day_counts {
    int64_t day, counts[COUNTS_MAX];
};

static int compare_days(const void *a, const void *b)
{
    const struct day_counts *x = a, *y = b;
    return x->day < y->day ? -1 : x->day > y->day;
}

static void add_days(struct explain *x, const struct component *c, const struct day_counts *days,
                     size_t count, struct plan_node *node)
{
    for (size_t i = 0; i < count; i++) {
        for (int k = 0; k < c->count_count; k++) {
            int64_t n = days[i].counts[k];
            const struct daily_count *d = &c->counts[k];
            if (n == 0)
                continue;
            struct plan_node *leaf = explain_add(x, node, "day");
            leaf->name = d->where_text.len ? d->where_text : c->name;
            leaf->row = date_text(x->arena, (struct date){ (int32_t)days[i].day });
            leaf->value = MIN(n, d->at_most) * d->each;
            leaf->money = node->money;
            leaf->value_text = money_text(x->arena, (struct money){ leaf->value });
            leaf->arithmetic = str_fmt(x->arena, "min(%lld, %lld) x %lld = %lld", (long long)n,
                                       (long long)d->at_most, (long long)d->each,
                                       (long long)leaf->value);
        }
    }
}

enum err explain_daily(struct explain *x, const struct component *c, size_t row,
                       struct plan_node *node)
{
    VEC(struct day_counts) days = { 0 };
    struct i64_map by_day = i64_map_in(x->arena);
    const struct column *day_column = &x->data->plan->tables[c->from].columns[c->day];
    for (size_t i = 0; i < x->data->rows[c->from].count; i++) {
        if (plan_column_value(x->data, c->from, c->by, i) != (int64_t)row)
            continue;
        int64_t v = plan_column_value(x->data, c->from, c->day, i);
        int64_t day = day_column->type == PLAN_TIME ? v / 86400 : v;
        bool made;
        int64_t *at = i64_map_put(&by_day, day, &made);
        if (made) {
            *at = (int64_t)days.count;
            vec_push(x->arena, &days)->day = day;
        }
        for (int k = 0; k < c->count_count; k++) {
            bool good;
            TRY(holds(x, c->from, c->counts[k].where, i, &good));
            days.items[*at].counts[k] += good;
        }
    }
    if (days.count)
        qsort(days.items, days.count, sizeof *days.items, compare_days);
    node->adds = true;
    add_days(x, c, days.items, days.count, node);
    return OK;
}

/* ---- overrides ------------------------------------------------------------------------------- */

/* What others earned is shown as an amount, without their lines: those are theirs to see. */
enum err explain_override(struct explain *x, const struct component *c, size_t row,
                          struct plan_node *node)
{
    const struct plan_data *data = x->data;
    node->adds = true;
    for (size_t i = 0; i < data->rows[c->table].count; i++) {
        int64_t above = plan_column_value(data, c->table, c->tree, i);
        for (int level = 0; level < c->level_count && above != MISSING; level++) {
            const struct level *l = &c->levels[level];
            if (above == (int64_t)row) {
                int64_t amount = plan_column_value(data, c->table, c->amount, i);
                struct plan_node *leaf = explain_add(x, node, "share");
                leaf->name = str_fmt(x->arena, "level %d", level + 1);
                leaf->row = explain_row(x, c->table, i);
                leaf->value = (int64_t)div_round((__int128)amount * l->rate, l->per, c->rounding);
                leaf->money = node->money;
                leaf->value_text = money_text(x->arena, (struct money){ leaf->value });
                leaf->arithmetic = str_fmt(x->arena, "%lld x %lld / %lld", (long long)amount,
                                           (long long)l->rate, (long long)l->per);
                leaf->rounding = c->rounding_name;
            }
            above = plan_column_value(data, c->table, c->tree, (size_t)above);
        }
    }
    return OK;
}
