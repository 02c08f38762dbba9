/* ladder.c - the floors and rates of tiers: checked, and turned into a curve. */
#include "engine/plan/model.h"

#include <stdlib.h>

struct raw_tier {
    int64_t match[KEYS_MAX], number, floor, rate, ceiling;
    size_t row;
};

static int compare_raw(const void *a, const void *b)
{
    const struct raw_tier *x = a, *y = b;
    for (int i = 0; i < KEYS_MAX; i++)
        if (x->match[i] != y->match[i])
            return x->match[i] < y->match[i] ? -1 : 1;
    if (x->number != y->number)
        return x->number < y->number ? -1 : 1;
    return x->row < y->row ? -1 : 1;
}

static struct raw_tier *read_rows(const struct plan_data *data, const struct component *c)
{
    const struct tier_rule *rule = &c->tier;
    size_t rows = data->rows[rule->table].count;
    struct raw_tier *raw = arena_array(data->arena, struct raw_tier, rows + 1);
    for (size_t i = 0; i < rows; i++) {
        for (int k = 0; k < rule->match_count; k++)
            raw[i].match[k] = plan_column_value(data, rule->table, rule->match[k], i);
        raw[i].floor = plan_column_value(data, rule->table, rule->floor, i);
        raw[i].rate = plan_column_value(data, rule->table, rule->rate, i);
        raw[i].number = rule->number < 0 ? (int64_t)i : plan_column_value(data, rule->table,
                                                                       rule->number, i);
        raw[i].ceiling = rule->ceiling < 0 ? MISSING : plan_column_value(data, rule->table,
                                                                      rule->ceiling, i);
        raw[i].row = i;
    }
    qsort(raw, rows, sizeof *raw, compare_raw);
    return raw;
}

/* One tier against the one before it in its ladder; NULL: the first. */
static enum err check_tier(const struct plan_data *data, const struct tier_rule *rule,
                           const struct raw_tier *before, const struct raw_tier *tier,
                           int64_t position, struct fault *fault)
{
#define BAD(column, ...) \
    plan_bad_cell(data, fault, ERR_UNPROCESSABLE, rule->table, (column), tier->row, __VA_ARGS__)
    if (tier->rate < 0 || tier->rate > 100 * rule->per)
        return BAD(rule->rate, "a rate is from 0 to 100 times");
    if (rule->number >= 0 && tier->number != position)
        return BAD(rule->number, "the tiers have a gap: number %lld is expected, not %lld",
                   (long long)position, (long long)tier->number);
    if (!before)
        return tier->floor == 0 ? OK : BAD(rule->floor, "the first tier must begin at 0, not %lld",
                                           (long long)tier->floor);
    if (tier->floor < before->floor)
        return BAD(rule->floor, "the floors decrease: %lld after %lld", (long long)tier->floor,
                   (long long)before->floor);
    if (tier->floor == before->floor)
        return BAD(rule->floor, "two tiers overlap: both begin at %lld", (long long)tier->floor);
    if (rule->ceiling >= 0 && before->ceiling == MISSING)
        return BAD(rule->ceiling, "two tiers overlap: the tier before has no ceiling");
    if (rule->ceiling >= 0 && before->ceiling != tier->floor)
        return BAD(rule->ceiling, "the tiers %s: one ends at %lld, the next begins at %lld",
                   before->ceiling < tier->floor ? "have a gap" : "overlap",
                   (long long)before->ceiling, (long long)tier->floor);
    return OK;
#undef BAD
}

static enum err add_ladder(struct plan_data *data, const struct component *c,
                           const struct raw_tier *raw, size_t count, struct tier_set *set,
                           struct fault *fault)
{
    struct tier_ladder *ladder = &set->ladders[set->count++];
    memcpy(ladder->match, raw->match, sizeof ladder->match);
    ladder->tiers = arena_array(data->arena, struct tier, count);
    if (count > PLAN_TIERS_MAX)
        return plan_bad_cell(data, fault, ERR_UNPROCESSABLE, c->tier.table, c->tier.floor,
                             raw[PLAN_TIERS_MAX].row, "more than %d tiers", PLAN_TIERS_MAX);
    for (size_t i = 0; i < count; i++) {
        TRY(check_tier(data, &c->tier, i ? &raw[i - 1] : NULL, &raw[i], (int64_t)i + 1, fault));
        struct tier *t = &ladder->tiers[i];
        *t = (struct tier){ raw[i].floor, raw[i].rate, 0 };
        if (i)
            t->at_floor = t[-1].at_floor + (__int128)t[-1].rate * (t->floor - t[-1].floor);
        set->highest_rate = MAX(set->highest_rate, t->rate);
    }
    if (c->tier.ceiling >= 0 && raw[count - 1].ceiling != MISSING)
        return plan_bad_cell(data, fault, ERR_UNPROCESSABLE, c->tier.table, c->tier.ceiling,
                             raw[count - 1].row,
                             "the last tier has no ceiling: it would leave a gap");
    ladder->count = (int)count;
    return OK;
}

/* One match column with nearby values is the usual case: a table instead of a search. */
static void index_values(struct plan_data *data, const struct component *c, struct tier_set *set)
{
    if (c->tier.match_count != 1 || set->count == 0)
        return;
    int64_t low = set->ladders[0].match[0], high = set->ladders[set->count - 1].match[0];
    uint64_t span = (uint64_t)high - (uint64_t)low;
    if (span >= 65536)
        return;
    set->low = low;
    set->span = (size_t)span + 1;
    set->by_value = arena_array(data->arena, int32_t, set->span);
    memset(set->by_value, 0xff, set->span * sizeof(int32_t));
    for (size_t i = 0; i < set->count; i++)
        set->by_value[set->ladders[i].match[0] - low] = (int32_t)i;
}

enum err tiers_load(struct plan_data *data, const struct component *c, struct fault *fault)
{
    struct tier_set *set = arena_new(data->arena, struct tier_set);
    size_t rows = data->rows[c->tier.table].count;
    set->ladders = arena_array(data->arena, struct tier_ladder, rows + 1);
    const struct raw_tier *raw = read_rows(data, c);
    for (size_t from = 0, to; from < rows; from = to) {
        for (to = from + 1; to < rows; to++)
            if (memcmp(raw[from].match, raw[to].match, sizeof raw->match) != 0)
                break;
        TRY(add_ladder(data, c, raw + from, to - from, set, fault));
    }
    index_values(data, c, set);
    data->tiers[c - data->plan->components] = set;
    return OK;
}

const struct tier_ladder *tier_ladder_of(const struct plan_data *data, const struct component *c,
                                         size_t row)
{
    const struct tier_set *set = data->tiers[c - data->plan->components];
    int64_t match[KEYS_MAX] = { 0 };
    for (int k = 0; k < c->tier.match_count; k++)
        match[k] = plan_column_value(data, c->table, c->tier.here[k], row);
    if (set->by_value) {
        uint64_t at = (uint64_t)match[0] - (uint64_t)set->low;
        return at < set->span && set->by_value[at] >= 0 ? &set->ladders[set->by_value[at]] : NULL;
    }
    for (size_t i = 0; i < set->count; i++)
        if (memcmp(set->ladders[i].match, match, sizeof match) == 0)
            return &set->ladders[i];
    return NULL;
}

__int128 tier_curve(const struct tier_ladder *ladder, int64_t x)
{
    int i = ladder->count - 1;
    while (i > 0 && x < ladder->tiers[i].floor)
        i--;
    const struct tier *t = &ladder->tiers[i];
    return x <= t->floor ? t->at_floor : t->at_floor + (__int128)t->rate * (x - t->floor);
}
