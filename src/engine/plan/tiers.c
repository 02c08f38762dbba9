/*
 * tiers.c - progressive tiers on a running sum per group. With F(x) the pay for a sum of x, a line
 * that takes the sum from a to b earns F(b) - F(a), rounded once.
 *
 * Lines are gathered by group in two steps: a scatter into buckets of neighbouring groups that fit
 * the cache, then within a bucket by counting. In a group lines come nearly in order, so insertion
 * sort wins; a group that is not nearly in order is heap sorted instead.
 */
#include "engine/plan/model.h"

#include <stdatomic.h>

#define BUCKETS_MAX 512

struct entry {
    uint64_t key; /* first order column, so that unsigned comparison orders it */
    int64_t basis;
    uint32_t row, group;
};

struct tiers_run {
    struct plan_data *data;
    const struct component *c;
    size_t rows, groups;
    uint32_t *group; /* by row */
    int64_t low[KEYS_MAX];
    uint64_t span[KEYS_MAX];
    int shift, buckets, slices;
    uint32_t *counts;       /* [slice][bucket], then where the slice writes */
    struct entry *entries;  /* by bucket */
    uint32_t *bucket_start; /* buckets + 1 */
    uint32_t *place, *order;
    struct store out;
    int64_t quick; /* |sum| up to here cannot leave int64 times the highest rate */
    _Atomic int next;
    _Atomic size_t bad;      /* row */
    _Atomic int bad_reason;
};

/* ---- groups ---------------------------------------------------------------------------------- */

static void value_range(const struct plan_data *data, int table, int column, int64_t *low,
                        uint64_t *span)
{
    const struct column *c = &data->plan->tables[table].columns[column];
    if (c->refers_to >= 0) {
        *low = 0;
        *span = data->rows[c->refers_to].count;
        return;
    }
    if (c->origin == FROM_JOIN) {
        value_range(data, data->plan->tables[table].columns[c->via].refers_to, c->take, low, span);
        return;
    }
    struct store s = data->rows[table].stores[column];
    size_t rows = data->rows[table].count;
    int64_t least = rows ? INT64_MAX : 0, most = rows ? INT64_MIN : 0;
    for (size_t i = 0; i < rows; i++) {
        int64_t v = store_get(s, i);
        least = MIN(least, v);
        most = MAX(most, v);
    }
    *low = least;
    *span = (uint64_t)most - (uint64_t)least + 1;
}

static bool dense_groups(struct tiers_run *run)
{
    unsigned __int128 groups = 1;
    for (int k = 0; k < run->c->group_count; k++) {
        value_range(run->data, run->c->table, run->c->group[k], &run->low[k], &run->span[k]);
        groups *= run->span[k];
        if (run->span[k] == 0 || groups > run->rows * 4 + (1 << 20) || groups >= UINT32_MAX)
            return false;
    }
    run->groups = (size_t)groups;
    return true;
}

static void slice_range(const struct tiers_run *run, int slice, size_t *from, size_t *to)
{
    *from = run->rows * (size_t)slice / (size_t)run->slices;
    *to = run->rows * ((size_t)slice + 1) / (size_t)run->slices;
}

static void number_task(void *arg, int slice)
{
    struct tiers_run *run = arg;
    int64_t values[BLOCK_ROWS];
    size_t from, to;
    slice_range(run, slice, &from, &to);
    for (size_t at = from; at < to; at += BLOCK_ROWS) {
        size_t n = MIN((size_t)BLOCK_ROWS, to - at);
        uint32_t *group = run->group + at;
        for (int k = 0; k < run->c->group_count; k++) {
            column_block(run->data, run->c->table, run->c->group[k], at, n, values);
            for (size_t i = 0; i < n; i++)
                group[i] = group[i] * (uint32_t)run->span[k] + (uint32_t)(values[i] - run->low[k]);
        }
    }
}

/* Scattered values: each tuple gets the next number, one column after another. */
static void number_by_hash(struct tiers_run *run)
{
    struct plan_data *data = run->data;
    for (int k = 0; k < run->c->group_count; k++) {
        struct i64_map codes = i64_map_in(data->arena), pairs = i64_map_in(data->arena);
        for (size_t i = 0; i < run->rows; i++) {
            bool made;
            int64_t v = plan_column_value(data, run->c->table, run->c->group[k], i);
            int64_t *code = i64_map_put(&codes, v, &made);
            if (made)
                *code = (int64_t)codes.count - 1;
            int64_t *pair = i64_map_put(&pairs, (int64_t)run->group[i] << 32 | *code, &made);
            if (made)
                *pair = (int64_t)pairs.count - 1;
            run->group[i] = (uint32_t)*pair;
        }
        run->groups = pairs.count;
    }
}

/* ---- gathering ------------------------------------------------------------------------------- */

static void count_task(void *arg, int slice)
{
    struct tiers_run *run = arg;
    uint32_t *counts = run->counts + (size_t)slice * (size_t)run->buckets;
    size_t from, to;
    slice_range(run, slice, &from, &to);
    for (size_t i = from; i < to; i++)
        counts[run->group[i] >> run->shift]++;
}

static void place_slices(struct tiers_run *run)
{
    uint32_t at = 0;
    for (int b = 0; b < run->buckets; b++) {
        run->bucket_start[b] = at;
        for (int s = 0; s < run->slices; s++) {
            uint32_t *count = &run->counts[(size_t)s * (size_t)run->buckets + (size_t)b];
            uint32_t n = *count;
            *count = at;
            at += n;
        }
    }
    run->bucket_start[run->buckets] = at;
}

static void scatter_task(void *arg, int slice)
{
    struct tiers_run *run = arg;
    uint32_t *to_place = run->counts + (size_t)slice * (size_t)run->buckets;
    int64_t keys[BLOCK_ROWS], basis[BLOCK_ROWS];
    size_t from, to;
    slice_range(run, slice, &from, &to);
    for (size_t at = from; at < to; at += BLOCK_ROWS) {
        size_t n = MIN((size_t)BLOCK_ROWS, to - at);
        column_block(run->data, run->c->table, run->c->order[0], at, n, keys);
        column_block(run->data, run->c->table, run->c->basis, at, n, basis);
        for (size_t i = 0; i < n; i++) {
            uint32_t group = run->group[at + i];
            run->entries[to_place[group >> run->shift]++] = (struct entry){
                (uint64_t)keys[i] ^ UINT64_C(1) << 63, basis[i], (uint32_t)(at + i), group };
        }
    }
}

/* ---- order within a group -------------------------------------------------------------------- */

static bool later(const struct tiers_run *run, const struct entry *a, const struct entry *b)
{
    if (a->key != b->key)
        return a->key > b->key;
    for (int k = 1; k < run->c->order_count; k++) {
        int64_t x = plan_column_value(run->data, run->c->table, run->c->order[k], a->row);
        int64_t y = plan_column_value(run->data, run->c->table, run->c->order[k], b->row);
        if (x != y)
            return x > y;
    }
    return false;
}

static void sift_down(const struct tiers_run *run, const struct entry *e, uint32_t *order,
                      size_t at, size_t n)
{
    for (size_t child; (child = at * 2 + 1) < n; at = child) {
        if (child + 1 < n && later(run, &e[order[child + 1]], &e[order[child]]))
            child++;
        if (!later(run, &e[order[child]], &e[order[at]]))
            return;
        uint32_t t = order[at];
        order[at] = order[child];
        order[child] = t;
    }
}

static void heap_sort(const struct tiers_run *run, const struct entry *e, uint32_t *order, size_t n)
{
    for (size_t i = n / 2; i-- > 0;)
        sift_down(run, e, order, i, n);
    for (size_t i = n; i-- > 1;) {
        uint32_t t = order[0];
        order[0] = order[i];
        order[i] = t;
        sift_down(run, e, order, 0, i);
    }
}

static void sort_group(const struct tiers_run *run, const struct entry *e, uint32_t *order,
                       size_t n)
{
    size_t moves = 0, most = n * 24 + 64;
    for (size_t i = 1; i < n; i++) {
        uint32_t x = order[i];
        size_t j = i;
        while (j > 0 && later(run, &e[order[j - 1]], &e[x])) {
            order[j] = order[j - 1];
            j--;
        }
        order[j] = x;
        moves += i - j;
        if (moves > most) {
            heap_sort(run, e, order, n);
            return;
        }
    }
}

/* ---- pay ------------------------------------------------------------------------------------- */

static void note_bad(struct tiers_run *run, size_t row, int reason)
{
    size_t known = atomic_load(&run->bad);
    while (row < known && !atomic_compare_exchange_weak(&run->bad, &known, row)) { }
    if (row <= atomic_load(&run->bad))
        atomic_store(&run->bad_reason, reason);
}

enum { NO_LADDER = 1, SUM_OVERFLOW };

static void pay_group(struct tiers_run *run, const struct entry *e, const uint32_t *order, size_t n)
{
    const struct component *c = run->c;
    const struct tier_ladder *ladder = tier_ladder_of(run->data, c, e[order[0]].row);
    if (!ladder) {
        size_t first = e[order[0]].row;
        for (size_t i = 1; i < n; i++)
            first = MIN(first, e[order[i]].row);
        note_bad(run, first, NO_LADDER);
        return;
    }
    int64_t sum = 0, per = c->tier.per;
    __int128 before = 0;
    bool half_up = c->rounding == ROUND_HALF_UP;
    for (size_t i = 0; i < n; i++) {
        const struct entry *line = &e[order[i]];
        if (__builtin_add_overflow(sum, line->basis, &sum)) {
            note_bad(run, line->row, SUM_OVERFLOW);
            return;
        }
        __int128 after = tier_curve(ladder, sum), step = after - before;
        before = after;
        __int128 pay;
        /* Both ends are below 2^62 in the usual case: 64-bit division is many times faster. */
        if (half_up && step >= 0 && sum <= run->quick && sum >= 0)
            pay = ((int64_t)step + per / 2) / per;
        else
            pay = div_round(step, per, c->rounding);
        if (pay > INT64_MAX || pay <= INT64_MIN) {
            note_bad(run, line->row, SUM_OVERFLOW);
            return;
        }
        store_put(run->out, line->row, (int64_t)pay);
    }
}

static void pay_bucket(struct tiers_run *run, int b)
{
    size_t from = run->bucket_start[b], n = run->bucket_start[b + 1] - from;
    const struct entry *e = run->entries + from;
    uint32_t *order = run->order + from;
    size_t first = (size_t)b << run->shift, last = MIN(run->groups, ((size_t)b + 1) << run->shift);
    if (n == 0 || first >= last)
        return;
    uint32_t *place = run->place + first;
    for (size_t i = 0; i < n; i++)
        place[e[i].group - first]++;
    uint32_t at = 0;
    for (size_t g = 0; g < last - first; g++) {
        uint32_t count = place[g];
        place[g] = at;
        at += count;
    }
    for (size_t i = 0; i < n; i++)
        order[place[e[i].group - first]++] = (uint32_t)i;
    size_t start = 0;
    for (size_t g = 0; g < last - first; g++) {
        size_t end = place[g]; /* each place has moved to the start of the next group */
        if (end > start) {
            sort_group(run, e, order + start, end - start);
            pay_group(run, e, order + start, end - start);
        }
        start = end;
    }
}

static void pay_task(void *arg, int index)
{
    struct tiers_run *run = arg;
    (void)index;
    for (;;) {
        int b = atomic_fetch_add(&run->next, 1);
        if (b >= run->buckets)
            return;
        pay_bucket(run, b);
    }
}

/* ---- the component --------------------------------------------------------------------------- */

/* No line earns more than its basis at the highest rate. */
static enum formula_width result_width(const struct tiers_run *run)
{
    const struct column *basis = &run->data->plan->tables[run->c->table].columns[run->c->basis];
    const struct tier_set *set = run->data->tiers[run->c - run->data->plan->components];
    if (!basis->ranged)
        return FORMULA_I64;
    int64_t most = MAX(basis->high, basis->low == INT64_MIN ? INT64_MAX : -basis->low);
    __int128 pay = (__int128)most * set->highest_rate / run->c->tier.per + 1;
    if (pay > INT32_MAX)
        return FORMULA_I64;
    return width_for(true, basis->low < 0 ? -(int64_t)pay : 0, (int64_t)pay);
}

static void prepare(struct tiers_run *run)
{
    struct arena *arena = run->data->arena;
    const struct tier_set *set = run->data->tiers[run->c - run->data->plan->components];
    run->quick = INT64_MAX / 2 / MAX(set->highest_rate, 1);
    run->slices = run->rows < 8 * BLOCK_ROWS ? 1 : plan_threads(run->data);
    run->group = arena_array(arena, uint32_t, run->rows + 1);
    if (dense_groups(run))
        plan_spread(run->data, run->slices, number_task, run);
    else
        number_by_hash(run);
    while ((run->groups >> run->shift) >= BUCKETS_MAX)
        run->shift++;
    run->buckets = (int)(run->groups >> run->shift) + 1;
    run->counts = arena_array(arena, uint32_t, (size_t)run->slices * (size_t)run->buckets);
    run->bucket_start = arena_array(arena, uint32_t, (size_t)run->buckets + 1);
    run->entries = arena_array(arena, struct entry, run->rows + 1);
    run->order = arena_array(arena, uint32_t, run->rows + 1);
    run->place = arena_array(arena, uint32_t, run->groups + 1);
}

static enum err tell_bad(const struct tiers_run *run, struct fault *fault)
{
    size_t row = atomic_load(&run->bad);
    if (atomic_load(&run->bad_reason) == NO_LADDER)
        return plan_bad_cell(run->data, fault, ERR_UNPROCESSABLE, run->c->table,
                             run->c->tier.here[0], row,
                             "component " STR_FMT ": there are no tiers for this line",
                             STR_ARG(run->c->name));
    return plan_bad_cell(run->data, fault, ERR_OVERFLOW, run->c->table, run->c->basis, row,
                         "component " STR_FMT ": the running sum does not fit in 63 bits",
                         STR_ARG(run->c->name));
}

enum err run_tiers(struct plan_data *data, const struct component *c, struct fault *fault)
{
    struct tiers_run run = { .data = data, .c = c, .rows = data->rows[c->table].count,
                             .bad = SIZE_MAX };
    /* The result outlives the scratch memory: it is taken first and the rest is given back. */
    TRY(tiers_load(data, c, fault));
    run.out = store_new(data->arena, result_width(&run), run.rows);
    struct arena_mark mark = arena_mark(data->arena);
    prepare(&run);
    plan_spread(data, run.slices, count_task, &run);
    place_slices(&run);
    plan_spread(data, run.slices, scatter_task, &run);
    plan_spread(data, run.slices, pay_task, &run);
    arena_reset(data->arena, mark);
    if (atomic_load(&run.bad) != SIZE_MAX)
        return tell_bad(&run, fault);
    data->rows[c->table].stores[c->column] = run.out;
    return OK;
}
