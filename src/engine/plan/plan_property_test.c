/*
 * plan_property_test.c - random plans over random data, against an evaluator that shares nothing
 * with the engine: it recomputes each number from its definition with the plainest loops.
 */
#include "engine/plan/plan_test_util.h"

#include "base/buf.h"
#include "base/rand.h"

#include <stdlib.h>

enum { PEOPLE_MAX = 40, LADDERS = 3, TIERS = 4 };

struct naive_line {
    int64_t id, who, kind, amount, at;
};

struct world {
    int people, lines;
    int64_t boss[PEOPLE_MAX + 1]; /* by id 1..people; 0 none */
    int64_t rank[PEOPLE_MAX + 1];
    struct naive_line *line;
    int64_t floor[LADDERS][TIERS], rate[LADDERS][TIERS];
    int tiers[LADDERS];
    int64_t cut, at_most, each, level[2];
    int levels;
    enum rounding rounding;
    int64_t tax_ppm;
};

struct answers {
    int64_t *tier; /* by line id - 1 */
    int64_t own[PEOPLE_MAX + 1], count[PEOPLE_MAX + 1], daily[PEOPLE_MAX + 1];
    int64_t share[PEOPLE_MAX + 1], net[PEOPLE_MAX + 1];
};

static const char *const rounding_names[] = { "half_up", "down", "up", "floor", "ceiling",
                                              "half_even" };

/* ---- random worlds --------------------------------------------------------------------------- */

static struct world random_world(struct rand *r, int lines)
{
    struct world w = { .people = (int)rand_between(r, 1, PEOPLE_MAX), .lines = lines };
    for (int i = 1; i <= w.people; i++) {
        w.boss[i] = i > 1 && rand_chance(r, 2, 3) ? rand_between(r, 1, i - 1) : 0;
        w.rank[i] = rand_between(r, 1, 5);
    }
    w.line = arena_array(test_arena(), struct naive_line, (size_t)lines + 1);
    for (int i = 0; i < lines; i++)
        w.line[i] = (struct naive_line){
            i + 1, rand_between(r, 1, w.people), rand_between(r, 1, LADDERS),
            rand_chance(r, 1, 10) ? rand_between(r, -5000, 0) : rand_between(r, 0, 300000),
            /* few different times: the key must decide */
            1767225600 + rand_between(r, 0, 5) * 40000,
        };
    for (int l = 0; l < LADDERS; l++) {
        w.tiers[l] = (int)rand_between(r, 1, TIERS);
        for (int t = 0; t < w.tiers[l]; t++) {
            w.floor[l][t] = t ? w.floor[l][t - 1] + rand_between(r, 1, 200000) : 0;
            w.rate[l][t] = rand_between(r, 0, 3000); /* may also fall */
        }
    }
    w.cut = rand_between(r, 0, 1000);
    w.at_most = rand_between(r, 1, 4);
    w.each = rand_between(r, -50, 500);
    w.levels = (int)rand_between(r, 1, 2);
    w.level[0] = rand_between(r, 0, 100);
    w.level[1] = rand_between(r, 0, 100);
    w.rounding = (enum rounding)rand_below(r, 6);
    w.tax_ppm = rand_between(r, 0, 999999);
    return w;
}

/* ---- the plan of a world --------------------------------------------------------------------- */

#define TEXTS \
    "\"title\": {\"zh\": \"一\", \"en\": \"a\"}, \"text\": {\"zh\": \"一\", \"en\": \"a\"}"

static struct str tables_of(const struct world *w)
{
    struct buf b = buf_in(test_arena());
    buf_cstr(&b, "{\"name\": \"people\", \"facts\": \"person\", \"key\": \"id\", \"columns\": ["
                 "{\"name\": \"id\", \"type\": \"integer\"}, {\"name\": \"boss\", \"type\": "
                 "\"ref\", "
                 "\"to\": \"people\", \"none\": 0}, {\"name\": \"rank\", \"type\": \"integer\", "
                 "\"min\": 1, \"max\": 5}]},\n"
                 "{\"name\": \"lines\", \"facts\": \"line\", \"key\": \"line\", \"columns\": ["
                 "{\"name\": \"line\", \"type\": \"integer\"}, {\"name\": \"who\", \"type\": "
                 "\"ref\", "
                 "\"to\": \"people\"}, {\"name\": \"sort\", \"type\": \"integer\"}, "
                 "{\"name\": \"amount\", \"type\": \"money\"}, {\"name\": \"at\", \"type\": "
                 "\"time\"},"
                 "{\"name\": \"rank\", \"join\": \"who\", \"column\": \"rank\"}]},\n"
                 "{\"name\": \"ladder\", \"columns\": [{\"name\": \"sort\", \"type\": "
                 "\"integer\"}, "
                 "{\"name\": \"floor\", \"type\": \"money\"}, {\"name\": \"rate\", \"type\": "
                 "\"integer\"}], \"rows\": [");
    for (int l = 0; l < LADDERS; l++)
        for (int t = 0; t < w->tiers[l]; t++)
            buf_fmt(&b, "%s[%d, %lld, %lld]", l || t ? ", " : "", l + 1,
                    (long long)w->floor[l][t], (long long)w->rate[l][t]);
    buf_cstr(&b, "]}");
    return str_copy(test_arena(), buf_view(&b));
}

static struct str components_of(const struct world *w)
{
    struct buf b = buf_in(test_arena());
    const char *how = rounding_names[w->rounding];
    buf_fmt(&b, "{\"name\": \"base\", \"on\": \"lines\", \"kind\": \"formula\", \"rounding\": "
                "\"none\", " TEXTS ", \"formula\": \"amount - %lld\"},\n", (long long)w->cut);
    buf_fmt(&b, "{\"name\": \"tier\", \"on\": \"lines\", \"kind\": \"tiers\", \"rounding\": "
    "\"%s\", "
                TEXTS ", \"basis\": \"base\", \"group\": [\"who\", \"sort\"], \"order\": [\"at\"], "
                "\"tiers\": {\"table\": \"ladder\", \"match\": {\"sort\": \"sort\"}, \"floor\": "
                "\"floor\", \"rate\": \"rate\", \"per\": 10000}},\n", how);
    buf_cstr(&b, "{\"name\": \"own\", \"on\": \"people\", \"kind\": \"sum\", \"rounding\": "
    "\"none\", "
                 TEXTS ", \"from\": \"lines\", \"by\": \"who\", \"value\": \"tier\"},\n"
                 "{\"name\": \"n\", \"on\": \"people\", \"kind\": \"count\", \"rounding\": "
                 "\"none\", "
                 TEXTS ", \"from\": \"lines\", \"by\": \"who\", \"where\": \"sort = 1 or rank > "
                 "3\"},\n");
    buf_fmt(&b, "{\"name\": \"daily\", \"on\": \"people\", \"kind\": \"daily\", \"rounding\": "
                "\"none\", " TEXTS ", \"from\": \"lines\", \"by\": \"who\", \"day\": \"at\", "
                "\"counts\": [{\"where\": \"amount > 0\", \"at_most\": %lld, \"each\": %lld}]},\n",
            (long long)w->at_most, (long long)w->each);
    buf_fmt(&b, "{\"name\": \"share\", \"on\": \"people\", \"kind\": \"override\", \"rounding\": "
                "\"%s\", " TEXTS ", \"amount\": \"own\", \"tree\": \"boss\", \"levels\": [", how);
    for (int i = 0; i < w->levels; i++)
        buf_fmt(&b, "%s{\"rate\": %lld, \"per\": 100}", i ? ", " : "", (long long)w->level[i]);
    buf_fmt(&b, "]},\n{\"name\": \"net\", \"on\": \"people\", \"kind\": \"formula\", \"rounding\": "
                "\"%s\", " TEXTS ", \"formula\": \"if(n >= 0, own + daily + share, 0) * "
                "0.%06lld\"}", how,
            (long long)w->tax_ppm);
    return str_copy(test_arena(), buf_view(&b));
}

/* ---- the naive evaluator --------------------------------------------------------------------- */

/* Its own rounding: from the quotient towards minus infinity and what is left. */
static int64_t naive_round(__int128 a, __int128 b, enum rounding how)
{
    __int128 q = a / b;
    if (a % b < 0)
        q--;
    __int128 rest = a - q * b;
    if (rest == 0)
        return (int64_t)q;
    bool up = false;
    switch (how) {
    case ROUND_HALF_UP: up = rest * 2 > b || (rest * 2 == b && a > 0); break;
    case ROUND_HALF_EVEN: up = rest * 2 > b || (rest * 2 == b && (q & 1)); break;
    case ROUND_DOWN: up = a < 0; break;
    case ROUND_UP: up = a > 0; break;
    case ROUND_FLOOR: up = false; break;
    case ROUND_CEILING: up = true; break;
    }
    return (int64_t)(q + up);
}

static __int128 naive_curve(const struct world *w, int ladder, int64_t x)
{
    __int128 pay = 0;
    for (int t = 0; t < w->tiers[ladder]; t++) {
        int64_t step = w->rate[ladder][t] - (t ? w->rate[ladder][t - 1] : 0);
        pay += (__int128)step * MAX(x - w->floor[ladder][t], 0);
    }
    return pay;
}

static int64_t naive_tier(const struct world *w, const struct naive_line *line)
{
    int64_t before = 0;
    for (int i = 0; i < w->lines; i++) {
        const struct naive_line *other = &w->line[i];
        bool earlier = other->at < line->at || (other->at == line->at && other->id < line->id);
        if (other->who == line->who && other->kind == line->kind && earlier)
            before += other->amount - w->cut;
    }
    int ladder = (int)line->kind - 1;
    return naive_round(naive_curve(w, ladder, before + line->amount - w->cut) -
                           naive_curve(w, ladder, before), 10000, w->rounding);
}

static int64_t naive_daily(const struct world *w, int64_t who)
{
    int64_t pay = 0;
    for (int64_t day = 20454; day < 20454 + 10; day++) {
        int64_t n = 0;
        for (int i = 0; i < w->lines; i++)
            n += w->line[i].who == who && w->line[i].amount > 0 && w->line[i].at / 86400 == day;
        pay += MIN(n, w->at_most) * w->each;
    }
    return pay;
}

static struct answers naive(const struct world *w)
{
    struct answers a = { .tier = arena_array(test_arena(), int64_t, (size_t)w->lines + 1) };
    for (int i = 0; i < w->lines; i++) {
        const struct naive_line *line = &w->line[i];
        a.tier[line->id - 1] = naive_tier(w, line);
        a.own[line->who] += a.tier[line->id - 1];
        a.count[line->who] += line->kind == 1 || w->rank[line->who] > 3;
    }
    for (int p = 1; p <= w->people; p++) {
        int64_t above = w->boss[p];
        for (int l = 0; l < w->levels && above; l++) {
            a.share[above] += naive_round((__int128)a.own[p] * w->level[l], 100, w->rounding);
            above = w->boss[above];
        }
    }
    for (int p = 1; p <= w->people; p++) {
        a.daily[p] = naive_daily(w, p);
        a.net[p] = naive_round((__int128)(a.own[p] + a.daily[p] + a.share[p]) * w->tax_ppm, 1000000,
                               w->rounding);
    }
    return a;
}

/* ---- the engine ------------------------------------------------------------------------------ */

static void put(struct plan_data *data, const struct plan *plan, const char *table,
                const char *const *names, int64_t **values, int count, int rows)
{
    struct plan_input inputs[8];
    int t = plan_find_table(plan, table);
    for (int i = 0; i < count; i++)
        inputs[i] = (struct plan_input){ .column = plan_find_column(plan, t, names[i]),
                                         .i64 = values[i] };
    struct fault fault = { 0 };
    CHECK_EQ(plan_put_rows(data, t, (size_t)rows, inputs, count, &fault), OK, "%s", fault.message);
}

/* Rows go in in the order that `shuffle` gives. */
static struct plan_data *engine(const struct world *w, const struct plan *plan,
                                struct rand *shuffle, const struct plan_tasks *tasks)
{
    struct arena *arena = test_arena();
    struct plan_data *data = plan_open(arena, plan, tasks);
    int64_t *people[3], *lines[5];
    for (int i = 0; i < 3; i++)
        people[i] = arena_array(arena, int64_t, PEOPLE_MAX + 1);
    for (int i = 0; i < 5; i++)
        lines[i] = arena_array(arena, int64_t, (size_t)w->lines + 1);
    for (int i = 0; i < w->people; i++) {
        int j = shuffle ? (int)rand_between(shuffle, 0, i) : i;
        for (int k = 0; k < 3; k++)
            people[k][i] = people[k][j];
        people[0][j] = i + 1;
        people[1][j] = w->boss[i + 1];
        people[2][j] = w->rank[i + 1];
    }
    for (int i = 0; i < w->lines; i++) {
        int j = shuffle ? (int)rand_between(shuffle, 0, i) : i;
        for (int k = 0; k < 5; k++)
            lines[k][i] = lines[k][j];
        const struct naive_line *l = &w->line[i];
        const int64_t values[] = { l->id, l->who, l->kind, l->amount, l->at };
        for (int k = 0; k < 5; k++)
            lines[k][j] = values[k];
    }
    put(data, plan, "people", (const char *const[]){ "id", "boss", "rank" }, people, 3, w->people);
    put(data, plan, "lines", (const char *const[]){ "line", "who", "sort", "amount", "at" },
        lines, 5, w->lines);
    struct fault fault = { 0 };
    CHECK_EQ(plan_run(data, &fault), OK, "%s", fault.message);
    return data;
}

static int64_t value(struct plan_data *data, const struct plan *plan, const char *table,
                     const char *column, int64_t key)
{
    int t = plan_find_table(plan, table);
    int64_t row = plan_find_row(data, t, str_fmt(test_arena(), "%lld", (long long)key));
    CHECK(row >= 0);
    return plan_get(data, t, plan_find_column(plan, t, column), (size_t)row);
}

static void compare(const struct world *w, const struct plan *plan, struct plan_data *data,
                    const struct answers *a, uint64_t seed)
{
    for (int i = 0; i < w->lines; i++)
        CHECK_EQ(value(data, plan, "lines", "tier", i + 1), a->tier[i], "seed %llu line %d",
                 (unsigned long long)seed, i + 1);
    for (int p = 1; p <= w->people; p++) {
        const struct { const char *name; int64_t want; } checks[] = {
            { "own", a->own[p] },     { "daily", a->daily[p] }, { "n", a->count[p] },
            { "share", a->share[p] }, { "net", a->net[p] },
        };
        for (size_t i = 0; i < COUNT(checks); i++)
            CHECK_EQ(value(data, plan, "people", checks[i].name, p), checks[i].want,
                     "seed %llu %s of %d", (unsigned long long)seed, checks[i].name, p);
    }
}

/* ---- explanations ---------------------------------------------------------------------------- */

static void check_sums(const struct plan_node *node, uint64_t seed)
{
    int64_t sum = 0;
    for (const struct plan_node *child = node->first; child; child = child->next) {
        sum += child->value;
        check_sums(child, seed);
    }
    if (node->adds && !node->repeated)
        CHECK_EQ(sum, node->value, "seed %llu " STR_FMT, (unsigned long long)seed,
                 STR_ARG(node->name));
}

static void explain_all(const struct world *w, const struct plan *plan, struct plan_data *data,
                        uint64_t seed)
{
    struct plan_about about = plan_about(plan);
    for (int p = 0; p < MIN(w->people, 5); p++) {
        struct plan_node *node;
        struct fault fault = { 0 };
        CHECK_EQ(plan_explain(data, test_arena(), about.person_table, about.result, (size_t)p,
                              &fault,
                              &node), OK, "%s", fault.message);
        CHECK_EQ(node->value, plan_get(data, about.person_table, about.result, (size_t)p));
        check_sums(node, seed);
    }
}

static void one_case(uint64_t seed, int lines)
{
    struct rand r = rand_seeded(seed);
    struct world w = random_world(&r, lines);
    struct str text = plan_test_text(str_cstr(test_arena(), tables_of(&w)),
                                     str_cstr(test_arena(), components_of(&w)), "net");
    const struct plan *plan;
    struct fault fault = { 0 };
    enum err e = plan_compile(test_arena(), text, &fault, &plan);
    CHECK_EQ(e, OK, "%d:%d %s", fault.line, fault.column, fault.message);
    if (e)
        return;
    struct answers a = naive(&w);
    struct plan_tasks threads = plan_test_threads();
    compare(&w, plan, engine(&w, plan, NULL, NULL), &a, seed);
    struct plan_data *shuffled = engine(&w, plan, &r, &threads);
    compare(&w, plan, shuffled, &a, seed);
    if (lines < 200)
        explain_all(&w, plan, shuffled, seed);
}

TEST(plan_equals_a_naive_evaluator_on_random_plans)
{
    for (uint64_t seed = 1; seed <= 60; seed++) {
        struct arena_mark mark = arena_mark(test_arena());
        one_case(seed, (int)(seed * 7 % 150));
        arena_reset(test_arena(), mark);
    }
}

/* Enough rows for both workers, buckets and the sort that is not nearly sorted. */
TEST(plan_equals_a_naive_evaluator_on_many_rows)
{
    one_case(4711, 18000);
}
