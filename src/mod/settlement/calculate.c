/*
 * The calculation: a snapshot is read and worked out, then written in chunks, so that posting
 * orders goes on meanwhile. Cut at any point it starts anew: what an unfinished run left is dropped
 * first, and only the last chunk makes the run exist.
 */
#include "engine/merkle/merkle.h"
#include "mod/settlement/result.h"
#include "mod/settlement/settlement.h"

#include "base/hex.h"
#include "core/org/org.gen.h"

enum { STATEMENTS_PER_CHUNK = 50 };

struct calculation {
    struct core *core;
    const struct call *call;
    struct job_run *job; /* NULL: nobody watches */
    struct arena *arena;
    struct period_id period_id;
    struct str reason;

    struct period period;
    struct plan_version_id plan;
    struct results results;
    struct str *contents, *numbers;
    struct str inputs, root;
    int64_t known, run;
    size_t at; /* next statement to write */
};

/* The root over all statements of the run, in the order of their people (RFC 9162 §2.1.1). */
static void hash_root(struct calculation *c)
{
    struct merkle_range range = { 0 };
    for (size_t i = 0; i < c->results.count; i++) {
        struct merkle_hash leaf = merkle_leaf(&proof_crypto, c->contents[i]);
        merkle_range_add(&proof_crypto, &range, &leaf);
    }
    struct merkle_hash root = merkle_range_root(&proof_crypto, &range);
    c->root = base64_encode(c->arena, root.b, sizeof root.b);
}

static enum err take_month(struct cx *cx, struct month *month, void *arg)
{
    struct calculation *c = arg;
    TRY(results_make(month, c->arena, &cx->fault, &c->results));
    size_t count = c->results.count;
    c->contents = arena_array(c->arena, struct str, count + 1);
    c->numbers = arena_array(c->arena, struct str, count + 1);
    for (size_t i = 0; i < count; i++) {
        struct person person;
        TRY(person_get(cx, (struct person_id){ c->results.items[i].person }, &person));
        c->numbers[i] = str_fmt(c->arena, STR_FMT "-" STR_FMT "-%lld", STR_ARG(c->period.code),
                                STR_ARG(person.number), (long long)c->run);
        c->contents[i] = result_content(c->arena, &c->results.items[i], month, c->numbers[i],
                                        c->period.code, c->run);
    }
    c->inputs = str_copy(c->arena, month->inputs);
    c->known = month->known;
    hash_root(c);
    struct plan_by_sha_row row;
    TRY(plan_by_sha(cx, (struct plan_by_sha_in){ month->plan_sha256 }, &row));
    c->plan = row.id;
    return OK;
}

static enum err work_out(struct cx *cx, void *arg)
{
    struct calculation *c = arg;
    TRY(period_get(cx, c->period_id, &c->period));
    c->period.code = str_copy(c->arena, c->period.code);
    if (c->period.status != PERIOD_OPEN && c->period.status != PERIOD_CALCULATED)
        return refuse(cx, ERR_STATE, "the period is approved or locked: unlock it first",
                      "该周期已审批或锁定，请先解锁");
    c->run = c->period.run + 1;
    return month_fresh(cx, &c->period, take_month, c);
}

static enum err drop_unfinished(struct cx *cx, void *arg)
{
    struct calculation *c = arg;
    TRY(unfinished_lines_drop(cx, (struct unfinished_lines_drop_in){ c->period_id, c->run },
                              NULL));
    return unfinished_statements_drop(
        cx, (struct unfinished_statements_drop_in){ c->period_id, c->run }, NULL);
}

static enum err write_lines(struct cx *cx, const struct statement *s, const struct result *r)
{
    for (size_t i = 0; i < r->lines.count; i++) {
        const struct result_line *from = &r->lines.items[i];
        struct statement_line line = statement_line_blank;
        line.statement = s->id;
        line.person = s->person;
        line.component = str_from(from->component);
        line.source = str_from(from->source);
        line.source_row = from->row ? from->row : ABSENT;
        line.day = from->day;
        line.base = from->base;
        line.amount = from->amount;
        TRY(statement_line_insert(cx, &line));
    }
    return OK;
}

static enum err write_statement(struct cx *cx, const struct calculation *c, size_t at)
{
    const struct result *r = &c->results.items[at];
    struct person person;
    struct statement s = statement_blank;
    TRY(person_get(cx, (struct person_id){ r->person }, &person));
    s.number = c->numbers[at];
    s.period = c->period_id;
    s.run = c->run;
    s.person = person.id;
    s.unit = person.unit;
    s.orders = r->orders;
    s.refunds = r->refunds;
    s.base = r->base;
    s.gross = r->gross;
    s.clawback = r->clawback;
    s.carry = r->carry;
    s.over_cap = r->over_cap;
    s.payable = r->payable;
    s.tax = r->tax;
    s.net = r->net;
    s.content = c->contents[at];
    TRY(statement_insert(cx, &s));
    return write_lines(cx, &s, r);
}

static enum err write_chunk(struct cx *cx, void *arg)
{
    const struct calculation *c = arg;
    size_t end = MIN(c->at + STATEMENTS_PER_CHUNK, c->results.count);
    for (size_t i = c->at; i < end; i++) {
        struct arena_mark mark = arena_mark(cx->arena);
        TRY(write_statement(cx, c, i));
        arena_reset(cx->arena, mark);
    }
    return OK;
}

static enum err write_run(struct cx *cx, void *arg)
{
    struct calculation *c = arg;
    struct period period;
    TRY(period_get(cx, c->period_id, &period));
    if (period.run + 1 != c->run || (period.status != PERIOD_OPEN &&
                                     period.status != PERIOD_CALCULATED))
        return refuse(cx, ERR_STATE, "the period changed while it was calculated",
                      "计算期间周期状态已改变，请重试");
    struct settlement_run run = settlement_run_blank;
    run.period = c->period_id;
    run.number = c->run;
    run.plan = c->plan;
    run.as_of = cx->now;
    run.log_seq = c->known;
    run.inputs = c->inputs;
    run.statements = (int64_t)c->results.count;
    run.gross = c->results.gross;
    run.tax = c->results.tax;
    run.net = c->results.net;
    run.root = c->root;
    run.reason = period.unlock_reason;
    run.by_login.v = cx->actor.login;
    TRY(settlement_run_insert(cx, &run));
    TRY(statements_replace(cx, (struct statements_replace_in){ c->period_id, c->run }, NULL));
    period.run = c->run;
    period.plan = c->plan;
    period.as_of = period.calculated_at = cx->now;
    period.calculated_by.v = cx->actor.login;
    period.root = c->root;
    if (period.status == PERIOD_CALCULATED)
        return period_update(cx, &period);
    return period_move(cx, &period, PERIOD_CALCULATED);
}

static enum err progress(const struct calculation *c, int per_mille, const char *what)
{
    return c->job ? job_progress(c->job, per_mille, what) : OK;
}

static enum err calculate(struct calculation *c, struct fault *fault)
{
    TRY(progress(c, 50, "读取事实 | reading facts"));
    TRY(core_read(c->core, c->call, work_out, c, fault));
    TRY(progress(c, 300, "写入结算单 | writing statements"));
    TRY(core_write(c->core, c->call, drop_unfinished, c, fault));
    for (c->at = 0; c->at < c->results.count; c->at += STATEMENTS_PER_CHUNK) {
        TRY(core_write(c->core, c->call, write_chunk, c, fault));
        TRY(progress(c, 300 + (int)(c->at * 690 / c->results.count),
                     "写入结算单 | writing statements"));
    }
    return core_write(c->core, c->call, write_run, c, fault);
}

enum err settlement_calculate_now(struct core *core, const struct call *call,
                                  struct period_id period, struct fault *fault)
{
    struct arena *arena = arena_open((size_t)8 << 30);
    if (!arena)
        return fault_set(fault, ERR_NO_MEMORY, "no memory to calculate");
    struct calculation c = { .core = core, .call = call, .arena = arena, .period_id = period };
    enum err e = calculate(&c, fault);
    arena_close(arena);
    return e;
}

static enum err calculate_job(struct job_run *run)
{
    int64_t period = 0;
    const struct json *id = json_get(job_input(run), "period");
    if (!id || !str_to_i64(id->text, &period))
        return fault_set(job_fault(run), ERR_INVALID, "the job names no period");
    struct calculation c = { .core = job_core(run), .call = job_call(run), .job = run,
                             .arena = job_arena(run), .period_id = { period } };
    enum err e = calculate(&c, job_fault(run));
    if (!e)
        job_result(run, str_fmt(job_arena(run), "{\"period\":\"%lld\",\"run\":%lld}",
                                (long long)period, (long long)c.run));
    return e;
}

const struct job_kind settlement_jobs[] = {
    { .name = "period.calculate", .run = calculate_job,
      .about = "Works out a period and writes its statements.",
      .about_zh = "计算一个结算周期并生成结算单" },
    { 0 },
};
