/* What `qibing check` asks of orders, statements and runs. */
#include "base/json.h"
#include "core/proof/proof.h"
#include "mod/settlement/settlement.h"

typedef void finding_fn(void *arg, struct str line);

struct report {
    struct cx *cx;
    finding_fn *finding;
    void *arg;
};

static void tell(const struct report *r, const char *what, struct str which)
{
    r->finding(r->arg, str_fmt(r->cx->arena, "%s: " STR_FMT, what, STR_ARG(which)));
}

static enum err check_orders(struct cx *cx, const struct report *r)
{
    struct order_sums_off_cursor sums;
    const struct order_sums_off_row *sum;
    TRY(order_sums_off(cx, &sums));
    for (;;) {
        TRY(order_sums_off_next(cx, &sums, &sum));
        if (!sum)
            break;
        tell(r, "order differs from the sum of its lines", sum->order_no);
    }
    struct order_collected_off_cursor collected;
    const struct order_collected_off_row *off;
    TRY(order_collected_off(cx, &collected));
    for (;;) {
        TRY(order_collected_off_next(cx, &collected, &off));
        if (!off)
            return OK;
        tell(r, "order differs from the sum of its collections", off->order_no);
    }
}

/* The components of the committed text add up to what it pays, and that is what the row pays. */
static bool adds_up(struct cx *cx, struct str content, struct money net)
{
    const struct json *text;
    struct fault fault;
    int64_t sum = 0, amount, pays;
    if (json_read(cx->arena, content, (struct json_limits){ .bytes = 64u << 20 }, &fault, &text))
        return false;
    const struct json *parts = json_get(text, "components");
    for (const struct json *p = parts ? parts->first : NULL; p; p = p->next) {
        if (!json_i64(json_get(p, "amount_fen"), &amount))
            return false;
        sum += amount;
    }
    return json_i64(json_get(text, "net_fen"), &pays) && pays == sum && pays == net.fen;
}

static enum err check_statements(struct cx *cx, const struct report *r)
{
    struct statement_sums_off_cursor orphans;
    const struct statement_sums_off_row *orphan;
    TRY(statement_sums_off(cx, &orphans));
    for (;;) {
        TRY(statement_sums_off_next(cx, &orphans, &orphan));
        if (!orphan)
            break;
        tell(r, "statement belongs to no run", orphan->number);
    }
    struct statement_contents_cursor contents;
    const struct statement_contents_row *row;
    TRY(statement_contents(cx, &contents));
    for (;;) {
        struct arena_mark mark = arena_mark(cx->arena);
        TRY(statement_contents_next(cx, &contents, &row));
        if (!row)
            return OK;
        if (!adds_up(cx, row->content, row->net))
            tell(r, "statement does not add up", row->number);
        arena_reset(cx->arena, mark);
    }
}

static enum err check_runs(struct cx *cx, const struct report *r)
{
    struct run_sums_off_cursor cursor;
    const struct run_sums_off_row *row;
    TRY(run_sums_off(cx, &cursor));
    for (;;) {
        TRY(run_sums_off_next(cx, &cursor, &row));
        if (!row)
            return OK;
        tell(r, "run differs from the sum of its statements", str_from(id_text(cx, row->id.v)));
    }
}

enum err settlement_check(struct cx *cx, finding_fn *finding, void *arg)
{
    struct report report = { cx, finding, arg };
    TRY(check_orders(cx, &report));
    TRY(check_statements(cx, &report));
    return check_runs(cx, &report);
}

/* ---- facts that must be in the proof log ---- */

static enum err missing_statements(struct cx *cx, int64_t *count, int64_t *example)
{
    struct statements_unlogged_cursor cursor;
    const struct statements_unlogged_row *row;
    *count = *example = 0;
    TRY(statements_unlogged(cx, &cursor));
    for (;;) {
        TRY(statements_unlogged_next(cx, &cursor, &row));
        if (!row)
            return OK;
        ++*count;
        *example = row->id.v;
    }
}

static enum err missing_lines(struct cx *cx, int64_t *count, int64_t *example)
{
    struct orders_unlogged_cursor cursor;
    const struct orders_unlogged_row *row;
    *count = *example = 0;
    TRY(orders_unlogged(cx, &cursor));
    for (;;) {
        TRY(orders_unlogged_next(cx, &cursor, &row));
        if (!row)
            return OK;
        ++*count;
        *example = row->id.v;
    }
}

const struct proof_source settlement_proof_sources[] = {
    { "statement", missing_statements },
    { "order_line", missing_lines },
    { 0 },
};

const struct module settlement_module = {
    .name = "settlement",
    .about = "Plans, periods, statements: from facts to pay.",
    .jobs = settlement_jobs,
};
