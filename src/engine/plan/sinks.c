/* sinks.c - sums, counts, daily caps: rows of one table gathered by their reference to another. */
#include "engine/plan/pass.h"

#define DAY_SPAN_MAX (1 << 22)
#define DAILY_BYTES_MAX ((size_t)4 << 30)

static int64_t day_of(const struct column *c, int64_t v)
{
    return c->type == PLAN_TIME ? v / 86400 : v;
}

/* ---- days ------------------------------------------------------------------------------------ */

static void day_range(struct plan_data *data, int table, int column, int64_t *low, int64_t *high)
{
    size_t rows = data->rows[table].count;
    int64_t values[BLOCK_ROWS];
    *low = INT64_MAX;
    *high = INT64_MIN;
    for (size_t at = 0; at < rows; at += BLOCK_ROWS) {
        size_t n = MIN((size_t)BLOCK_ROWS, rows - at);
        column_block(data, table, column, at, n, values);
        for (size_t i = 0; i < n; i++) {
            *low = MIN(*low, values[i]);
            *high = MAX(*high, values[i]);
        }
    }
}

/* Sparse spans (an event of another year) must not cost memory for the days between. */
static void index_days(struct plan_data *data, const struct component *c, struct days *days)
{
    size_t rows = data->rows[c->from].count;
    int64_t values[BLOCK_ROWS];
    const struct column *day = &data->plan->tables[c->from].columns[c->day];
    bool sparse = days->sparse = days->span > 400;
    for (size_t i = 0; i < days->span; i++)
        days->index[i] = sparse ? -1 : (int32_t)i;
    days->count = sparse ? 0 : days->span;
    for (size_t at = 0; sparse && at < rows; at += BLOCK_ROWS) {
        size_t n = MIN((size_t)BLOCK_ROWS, rows - at);
        column_block(data, c->from, c->day, at, n, values);
        for (size_t i = 0; i < n; i++) {
            int32_t *index = &days->index[day_of(day, values[i]) - days->low];
            if (*index < 0)
                *index = (int32_t)days->count++;
        }
    }
}

enum err sink_prepare(struct pass *pass, struct sink *sink, struct fault *fault)
{
    const struct component *c = sink->c;
    struct plan_data *data = pass->data;
    size_t people = data->rows[c->table].count;
    if (c->kind != KIND_DAILY || data->rows[c->from].count == 0)
        return OK;
    int64_t low, high;
    day_range(data, c->from, c->day, &low, &high);
    const struct column *day = &data->plan->tables[c->from].columns[c->day];
    sink->days.low = day_of(day, low);
    sink->days.span = (size_t)(day_of(day, high) - sink->days.low + 1);
    if (sink->days.span > DAY_SPAN_MAX)
        return fault_set(fault, ERR_UNPROCESSABLE, "component " STR_FMT ": dates are too far apart",
                         STR_ARG(c->name));
    sink->days.index = arena_array(data->arena, int32_t, sink->days.span);
    index_days(data, c, &sink->days);
    size_t cells = sink->days.count * (size_t)c->count_count;
    if (people > DAILY_BYTES_MAX / 2 / cells / (size_t)pass->worker_count)
        return fault_set(fault, ERR_TOO_LARGE, "component " STR_FMT ": too many people x days",
                         STR_ARG(c->name));
    return OK;
}

void sink_open(struct pass_worker *w, int i)
{
    struct pass *pass = w->pass;
    const struct sink *sink = &pass->sinks[i];
    size_t people = pass->data->rows[sink->c->table].count;
    if (sink->c->kind == KIND_DAILY)
        w->sinks[i].daily = arena_array(
            pass->data->arena, uint16_t,
            people * sink->days.count * (size_t)sink->c->count_count + 1);
    else
        w->sinks[i].sums = arena_array(pass->data->arena, int64_t, people + 1);
}

/* ---- feeding --------------------------------------------------------------------------------- */

/* The row of the other table for each row of the block; NO_ROW: refers to nothing. */
static const int32_t *targets(struct pass_worker *w, const struct component *c, size_t at, size_t n)
{
    const struct plan_data *data = w->pass->data;
    const struct column *by = &data->plan->tables[c->from].columns[c->by];
    if (by->origin == FROM_TABLE)
        return (const int32_t *)data->rows[c->from].stores[c->by].data + at;
    column_block(data, c->from, c->by, at, n, w->also);
    for (size_t i = 0; i < n; i++)
        w->rows[i] = w->also[i] == MISSING ? NO_ROW : (int32_t)w->also[i];
    return w->rows;
}

static bool run(struct pass_worker *w, const struct component *c, struct formula_batch *batch,
                size_t n, int64_t *to, size_t *bad)
{
    if (formula_batch_run(batch, w->columns, n, to, bad, &w->fault) == OK)
        return true;
    fault_explain(&w->fault, w->fault.code, "component " STR_FMT, STR_ARG(c->name));
    return false;
}

static bool too_much(struct pass_worker *w, const struct component *c, size_t i, size_t *bad)
{
    *bad = i;
    fault_set(&w->fault, ERR_OVERFLOW, "component " STR_FMT ": the sum does not fit in 63 bits",
              STR_ARG(c->name));
    return false;
}

static bool feed_sum(struct pass_worker *w, const struct component *c, struct sink_state *state,
                     const int32_t *rows, size_t n, size_t *bad)
{
    if (state->value && !run(w, c, state->value, n, w->value, bad))
        return false;
    if (state->where && !run(w, c, state->where, n, w->mask, bad))
        return false;
    for (size_t i = 0; i < n; i++) {
        if (rows[i] < 0 || (state->where && !w->mask[i]))
            continue;
        int64_t add = state->value ? w->value[i] : 1;
        if (__builtin_add_overflow(state->sums[rows[i]], add, &state->sums[rows[i]]))
            return too_much(w, c, i, bad);
    }
    return true;
}

static bool feed_daily(struct pass_worker *w, const struct sink *sink, struct sink_state *state,
                       const int32_t *rows, size_t at, size_t n, size_t *bad)
{
    const struct component *c = sink->c;
    const struct column *day = &w->pass->data->plan->tables[c->from].columns[c->day];
    size_t counts = (size_t)c->count_count, per_row = sink->days.count * counts;
    column_block(w->pass->data, c->from, c->day, at, n, w->value);
    bool time = day->type == PLAN_TIME;
    for (size_t i = 0; i < n; i++)
        w->value[i] = (time ? w->value[i] / 86400 : w->value[i]) - sink->days.low;
    for (size_t i = 0; sink->days.sparse && i < n; i++)
        w->value[i] = sink->days.index[w->value[i]];
    for (size_t i = 0; i < n; i++) /* from here on: which cell */
        w->value[i] = rows[i] < 0 ? -1 : rows[i] * (int64_t)per_row + w->value[i] * (int64_t)counts;
    for (size_t k = 0; k < counts; k++) {
        uint16_t most = (uint16_t)c->counts[k].at_most;
        if (state->counts[k] && !run(w, c, state->counts[k], n, w->mask, bad))
            return false;
        for (size_t i = 0; !state->counts[k] && i < n; i++)
            w->mask[i] = 1;
        for (size_t i = 0; i < n; i++) {
            if (w->value[i] < 0)
                continue;
            /* The condition is added, not branched on: it follows no pattern. */
            uint16_t *cell = &state->daily[(size_t)w->value[i] + k];
            *cell = (uint16_t)(*cell + ((unsigned)w->mask[i] & (*cell < most)));
        }
    }
    return true;
}

bool sink_feed(struct pass_worker *w, int i, size_t at, size_t n, size_t *bad)
{
    const struct sink *sink = &w->pass->sinks[i];
    const int32_t *rows = targets(w, sink->c, at, n);
    if (sink->c->kind == KIND_DAILY)
        return feed_daily(w, sink, &w->sinks[i], rows, at, n, bad);
    return feed_sum(w, sink->c, &w->sinks[i], rows, n, bad);
}

/* ---- finishing ------------------------------------------------------------------------------- */

static enum err overflow(const struct component *c, struct fault *fault)
{
    return fault_set(fault, ERR_OVERFLOW, "component " STR_FMT ": the sum does not fit in 63 bits",
                     STR_ARG(c->name));
}

/* Counts of two workers, each capped, give min(a + b, cap): the same as capping once. */
static int64_t daily_pay(const struct pass *pass, int i, size_t row)
{
    const struct component *c = pass->sinks[i].c;
    size_t counts = (size_t)c->count_count, cells = pass->sinks[i].days.count * counts;
    int64_t pay = 0;
    for (size_t cell = 0; cell < cells; cell++) {
        int64_t n = 0;
        const struct daily_count *d = &c->counts[cell % counts];
        for (int k = 0; k < pass->worker_count; k++)
            n += pass->workers[k].sinks[i].daily[row * cells + cell];
        pay += MIN(n, d->at_most) * d->each;
    }
    return pay;
}

enum err sink_finish(struct pass *pass, int i, struct fault *fault)
{
    const struct component *c = pass->sinks[i].c;
    struct plan_data *data = pass->data;
    size_t people = data->rows[c->table].count;
    struct store s = store_new(data->arena, FORMULA_I64, people);
    int64_t *to = s.data;
    for (size_t row = 0; row < people; row++) {
        if (c->kind == KIND_DAILY) {
            to[row] = daily_pay(pass, i, row);
            continue;
        }
        for (int k = 0; k < pass->worker_count; k++)
            if (__builtin_add_overflow(to[row], pass->workers[k].sinks[i].sums[row], &to[row]))
                return overflow(c, fault);
        if (to[row] == MISSING)
            return overflow(c, fault);
    }
    data->rows[c->table].stores[c->column] = s;
    return OK;
}
