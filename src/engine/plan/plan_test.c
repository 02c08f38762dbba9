/* plan_test.c - what a plan may not say, and values at the edges. */
#include "base/buf.h"
#include "engine/plan/plan_test_util.h"

static const char tables[] =
    "{\"name\": \"people\", \"file\": \"people.csv\", \"key\": \"id\", \"columns\": ["
    "{\"name\": \"id\", \"type\": \"integer\"},"
    "{\"name\": \"boss\", \"type\": \"ref\", \"to\": \"people\", \"none\": 0},"
    "{\"name\": \"pay\", \"type\": \"money\", \"optional\": true},"
    "{\"name\": \"born\", \"type\": \"date\", \"optional\": true}]},"
    "{\"name\": \"events\", \"file\": \"events.csv\", \"key\": \"no\", \"columns\": ["
    "{\"name\": \"no\", \"type\": \"integer\"}, {\"name\": \"who\", \"type\": \"ref\", \"to\": "
    "\"people\"},"
    "{\"name\": \"v\", \"type\": \"money\"}, {\"name\": \"at\", \"type\": \"time\"}]},"
    "{\"name\": \"ladder\", \"columns\": [{\"name\": \"floor\", \"type\": \"money\"},"
    "{\"name\": \"rate\", \"type\": \"integer\"}], \"rows\": [[0, 10], [100, 20]]}";

#define TEXTS \
    "\"title\": {\"zh\": \"一\", \"en\": \"a\"}, \"text\": {\"zh\": \"一\", \"en\": \"a\"}, "
#define FORMULA(name, text)                                               \
    "{\"name\": \"" name "\", \"on\": \"people\", \"kind\": \"formula\", " \
    "\"rounding\": \"none\", " TEXTS "\"formula\": \"" text "\"}"

static enum err compile(const char *components, const char *result, struct fault *fault,
                        const struct plan **ret)
{
    *fault = (struct fault){ .code = OK };
    return plan_compile(test_arena(), plan_test_text(tables, components, result), fault, ret);
}

TEST(plan_refuses_what_cannot_be_meant)
{
    static const struct {
        const char *name, *components, *says;
    } cases[] = {
        { "a component reads only what stands before it",
          FORMULA("x", "y + 1") ", " FORMULA("y", "default(pay, 0)"), "y" },
        { "a missing value needs an answer", FORMULA("x", "pay + 1"), "missing" },
        { "a name is used once", FORMULA("x", "1") ", " FORMULA("x", "2"), "already" },
        { "decimals need a rounding", FORMULA("x", "default(pay, 0) * 0.5"), "how they are "
        "rounded" },
        { "units are kept apart", FORMULA("x", "default(pay, 0) + default(born, \\\"\\\")"), "" },
        { "an unknown kind",
          "{\"name\": \"x\", \"on\": \"people\", \"kind\": \"magic\", \"rounding\": \"none\", "
          TEXTS
          "\"formula\": \"1\"}", "one of formula" },
        { "a sum must follow a reference to its table",
          "{\"name\": \"x\", \"on\": \"people\", \"kind\": \"sum\", \"rounding\": \"none\", "
          TEXTS
          "\"from\": \"events\", \"by\": \"v\", \"value\": \"v\"}", "a reference to people" },
        { "head-count rewards cannot be written",
          "{\"name\": \"x\", \"on\": \"people\", \"kind\": \"count\", \"rounding\": \"none\", "
          TEXTS
          "\"from\": \"people\", \"by\": \"boss\"}", "their own tree" },
        { "three levels are never paid",
          "{\"name\": \"x\", \"on\": \"people\", \"kind\": \"override\", \"rounding\": "
          "\"half_up\", "
          TEXTS "\"amount\": \"pay\", \"tree\": \"boss\", \"levels\": [{\"rate\": 1, \"per\": "
          "100}, "
          "{\"rate\": 1, \"per\": 100}, {\"rate\": 1, \"per\": 100}]}", "3 levels" },
        { "an override pays at most all",
          "{\"name\": \"x\", \"on\": \"people\", \"kind\": \"override\", \"rounding\": "
          "\"half_up\", "
          TEXTS "\"amount\": \"pay\", \"tree\": \"boss\", \"levels\": [{\"rate\": 101, \"per\": "
          "100}]}",
          "0 to 100" },
        { "a running sum needs an order",
          "{\"name\": \"x\", \"on\": \"events\", \"kind\": \"tiers\", \"rounding\": "
          "\"half_up\", " TEXTS
          "\"basis\": \"v\", \"group\": [\"who\"], \"tiers\": {\"table\": \"ladder\", \"floor\": "
          "\"floor\", \"rate\": \"rate\", \"per\": 100}}", "order: is missing" },
        { "a day is a date",
          "{\"name\": \"x\", \"on\": \"people\", \"kind\": \"daily\", \"rounding\": \"none\", "
          TEXTS
          "\"from\": \"events\", \"by\": \"who\", \"day\": \"v\", \"counts\": [{\"at_most\": 1, "
          "\"each\": 1}]}", "a date or time" },
        { "a sum is exact",
          "{\"name\": \"x\", \"on\": \"people\", \"kind\": \"sum\", \"rounding\": \"half_up\", "
          TEXTS
          "\"from\": \"events\", \"by\": \"who\", \"value\": \"v\"}", "\"none\" is expected" },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct fault fault;
        const struct plan *plan;
        enum err e = compile(cases[i].components, "x", &fault, &plan);
        CHECK_EQ(e, ERR_PARSE, "%s", cases[i].name);
        struct str told = str_fmt(test_arena(), "%s: %s", fault.field, fault.message);
        CHECK(str_find(told, str_from(cases[i].says)) >= 0, "%s", cases[i].name);
        CHECK(fault.line > 0 && fault.column > 0, "%s", cases[i].name);
        CHECK(str_starts(str_from(fault.field), STR("components[")), "%s", cases[i].name);
    }
}

/* ---- running --------------------------------------------------------------------------------- */

static enum err run(const char *components, const char *people, const char *events,
                    struct fault *fault, struct str *ret)
{
    const struct plan *plan;
    TRY(compile(components, "x", fault, &plan));
    struct plan_data *data = plan_open(test_arena(), plan, NULL);
    struct str texts[] = { str_from(people), str_from(events) };
    struct plan_source sources[] = { plan_test_source(&texts[0], "people.csv"),
                                     plan_test_source(&texts[1], "events.csv") };
    for (int t = 0; t < 2; t++)
        TRY(plan_read_csv(data, t, &sources[t], fault));
    TRY(plan_run(data, fault));
    char *room = arena_alloc(test_arena(), 64 * plan_output_width(data, 0));
    *ret = (struct str){ room, plan_print_rows(data, 0, 0, plan_rows(data, 0), room) };
    return OK;
}

#define SUM_OF_V \
    "{\"name\": \"x\", \"on\": \"people\", \"kind\": \"sum\", \"rounding\": \"none\", " TEXTS \
    "\"from\": \"events\", \"by\": \"who\", \"value\": \"v\"}"
#define EVENTS "no,who,v,at\n"
#define AT ",2026-01-02T03:04:05\n"

TEST(plan_runs_at_the_edges)
{
    static const struct {
        const char *name, *components, *people, *events, *gives; /* rows, or the refusal */
    } cases[] = {
        { "nobody and nothing", SUM_OF_V, "id,boss,pay,born\n", EVENTS, "" },
        { "a person without events has 0", SUM_OF_V, "id,boss,pay,born\n7,0,,\n", EVENTS, "7,0\n" },
        { "the last line may lack its end", SUM_OF_V, "id,boss,pay,born\n7,0,1,", EVENTS "1,7,5" AT,
          "7,5\n" },
        { "the largest number", SUM_OF_V, "id,boss,pay,born\n1,0,,\n",
          EVENTS "1,1,9223372036854775807" AT, "1,9223372036854775807\n" },
        { "one more does not fit", SUM_OF_V, "id,boss,pay,born\n1,0,,\n",
          EVENTS "1,1,9223372036854775807" AT "2,1,1" AT, "does not fit in 63 bits" },
        { "the least number", SUM_OF_V, "id,boss,pay,born\n1,0,,\n",
          EVENTS "1,1,-9223372036854775807" AT, "1,-9223372036854775807\n" },
        { "one less is refused", SUM_OF_V, "id,boss,pay,born\n1,0,,\n",
          EVENTS "1,1,-9223372036854775808" AT, "events.csv:2: v: the number does not fit" },
        { "sixteen digits and more", SUM_OF_V, "id,boss,pay,born\n1,0,,\n",
          EVENTS "1,1,1234567890123456" AT "2,1,12345678901234567" AT "3,1,12345678" AT
                 "4,1,123456789" AT, "1,13580246927160490\n" },
        { "keys far apart are hashed", SUM_OF_V, "id,boss,pay,born\n1,0,,\n900000000000,1,,\n",
          EVENTS "1,900000000000,5" AT, "1,0\n900000000000,5\n" },
        { "a key twice, hashed", SUM_OF_V,
          "id,boss,pay,born\n1,0,,\n900000000000,1,,\n900000000000,1,,\n", EVENTS,
          "people.csv:4: id: 900000000000 appears twice" },
        { "a missing value is told from 0", FORMULA("x", "if(known(pay), default(pay, 0), 3)"),
          "id,boss,pay,born\n1,0,,\n2,1,0,2000-01-01\n", EVENTS, "1,3\n2,0\n" },
        { "a reference may be asked for", FORMULA("x", "if(known(boss), 1, 0)"),
          "id,boss,pay,born\n1,0,,\n2,1,0,2000-01-01\n", EVENTS, "1,0\n2,1\n" },
        { "only LF and CRLF end lines", SUM_OF_V, "id,boss,pay,born\r1,0,,\r", EVENTS,
          "people.csv:1: " },
        { "leap years are known", FORMULA("x", "if(known(born), 1, 0)"),
          "id,boss,pay,born\n1,0,,2100-02-29\n", EVENTS, "people.csv:2: born: a date" },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct fault fault;
        struct str got = STR_NONE, want = str_from(cases[i].gives);
        enum err e = run(cases[i].components, cases[i].people, cases[i].events, &fault, &got);
        if (e)
            CHECK(want.len && str_find(str_from(fault.message), want) >= 0, "%s: %s",
                  cases[i].name, fault.message);
        else
            CHECK_STR(got, want, "%s", cases[i].name);
    }
}

TEST(plan_change_costs_no_second_loading)
{
    const struct plan *one, *two;
    struct fault fault;
    CHECK_EQ(compile(FORMULA("x", "default(pay, 0) * 2"), "x", &fault, &one), OK);
    enum err e = compile(FORMULA("w", "default(pay, 0)") "," FORMULA("x", "w * 3"), "x", &fault,
                         &two);
    CHECK_EQ(e, OK, "%s", fault.message);
    struct plan_data *data = plan_open(test_arena(), one, NULL);
    struct str people = STR("id,boss,pay,born\n1,0,7,\n"), events = STR(EVENTS);
    struct plan_source a = plan_test_source(&people, "people.csv");
    struct plan_source b = plan_test_source(&events, "events.csv");
    CHECK_EQ(plan_read_csv(data, 0, &a, &fault), OK);
    CHECK_EQ(plan_read_csv(data, 1, &b, &fault), OK);
    CHECK_EQ(plan_run(data, &fault), OK);
    CHECK_EQ(plan_get(data, 0, plan_find_column(one, 0, "x"), 0), 14);
    CHECK_EQ(plan_change(data, two, &fault), OK, "%s", fault.message);
    CHECK_EQ(plan_run(data, &fault), OK);
    CHECK_EQ(plan_get(data, 0, plan_find_column(two, 0, "x"), 0), 21);
    CHECK_EQ(plan_run(data, &fault), OK);
    CHECK_EQ(plan_get(data, 0, plan_find_column(two, 0, "x"), 0), 21);
}

/* ---- large files ----------------------------------------------------------------------------- */

static void add_rows(struct buf *b, int from, int count, const char *pad)
{
    for (int i = from; i < from + count; i++)
        buf_fmt(b, "%d,1,%d,2026-01-02T03:04:05,%s\n", i, i % 7, pad);
}

static int64_t sum_of_file(struct str events, const struct plan_tasks *tasks, struct fault *fault)
{
    const struct plan *plan;
    if (compile(SUM_OF_V, "x", fault, &plan))
        return -1;
    struct plan_data *data = plan_open(test_arena(), plan, tasks);
    struct str people = STR("id,boss,pay,born\n1,0,,\n");
    struct plan_source a = plan_test_source(&people, "people.csv");
    struct plan_source b = plan_test_source(&events, "events.csv");
    if (plan_read_csv(data, 0, &a, fault) || plan_read_csv(data, 1, &b, fault) ||
        plan_run(data, fault))
        return -1;
    return plan_get(data, 0, plan_find_column(plan, 0, "x"), 0);
}

/* A large file is read once on a promise of how many rows it has; what breaks the promise must
 * change nothing but the time. */
TEST(plan_reads_large_files_whatever_their_shape)
{
    static const struct {
        const char *name, *first_pad, *then_pad, *last; /* last: one more row, v = 5 */
        int first, then;
    } cases[] = {
        { "even rows", "x", "x", "9000000,1,5,2026-01-02T03:04:05,x\n", 60000, 60000 },
        { "many short rows after long ones", "a long tail of a column that nobody asks for "
          "and a long tail of a column that nobody asks for", "", "9000000,1,5,"
          "2026-01-02T03:04:05,\n", 12000, 120000 },
        { "few long rows after short ones", "", "a long tail of a column that nobody asks for",
          "9000000,1,5,2026-01-02T03:04:05,\n", 60000, 30000 },
        { "a quote at the very end", "x", "y", "9000000,1,5,2026-01-02T03:04:05,\"a\nb\"", 60000,
          60000 },
    };
    struct plan_tasks threads = plan_test_threads();
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct arena_mark mark = arena_mark(test_arena());
        struct buf b = buf_in(test_arena());
        buf_cstr(&b, "no,who,v,at,pad\n");
        add_rows(&b, 0, cases[i].first, cases[i].first_pad);
        add_rows(&b, cases[i].first, cases[i].then, cases[i].then_pad);
        buf_cstr(&b, cases[i].last);
        int64_t want = 5;
        for (int k = 0; k < cases[i].first + cases[i].then; k++)
            want += k % 7;
        CHECK(b.len > (3u << 20), "%s", cases[i].name);
        struct fault fault = { .code = OK };
        CHECK_EQ(sum_of_file(buf_view(&b), NULL, &fault), want, "%s: %s", cases[i].name,
                 fault.message);
        CHECK_EQ(sum_of_file(buf_view(&b), &threads, &fault), want, "%s: %s", cases[i].name,
                 fault.message);
        arena_reset(test_arena(), mark);
    }
}

TEST(plan_names_the_first_bad_line_of_a_large_file)
{
    struct buf b = buf_in(test_arena());
    buf_cstr(&b, "no,who,v,at,pad\n");
    add_rows(&b, 0, 70000, "x");
    buf_cstr(&b, "70000,1,1.5,2026-01-02T03:04:05,x\n");
    add_rows(&b, 70001, 50000, "x");
    buf_cstr(&b, "999999,2,1,2026-01-02T03:04:05,x\n");
    struct plan_tasks threads = plan_test_threads();
    struct fault fault = { .code = OK };
    CHECK_EQ(sum_of_file(buf_view(&b), &threads, &fault), -1);
    CHECK(str_starts(str_from(fault.message), STR("events.csv:70002: v: a whole number")), "%s",
          fault.message);
}
