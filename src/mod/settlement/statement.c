/* Statements: lists within the caller's reach, one with its components, its lines, why, its
 * proof. */
#include "mod/settlement/statement.h"

#include "core/proof/proof.h"
#include "may.gen.h"
#include "mod/settlement/explain.h"
#include "mod/settlement/month.h"
#include "mod/settlement/present.h"
#include "mod/settlement/settlement.h"
#include "mod/settlement/shown.h"

enum { LIMIT_DEFAULT = 50, LIMIT_MAX = 200 };

/* ---- paging ---- */

enum err page_of(struct cx *cx, const struct request *in, struct page *ret)
{
    struct str text;
    *ret = (struct page){ .limit = LIMIT_DEFAULT };
    if (request_query(in, "limit", &text) &&
        (!str_to_i64(text, &ret->limit) || ret->limit < 1 || ret->limit > LIMIT_MAX))
        problem(cx, "limit", "range", "between 1 and %d", "应在 1 与 %d 之间", LIMIT_MAX);
    if (request_query(in, "cursor", &text) && text.len &&
        (!str_to_i64(text, &ret->from) || ret->from < 0))
        problem(cx, "cursor", "invalid", "this is no cursor of ours", "分页游标无效");
    return problems_end(cx);
}

void page_end(struct json_writer *w, bool more, int64_t next)
{
    json_end_array(w);
    json_key(w, "next");
    if (more)
        json_put_id(w, next);
    else
        json_put_null(w);
    json_end_object(w);
}

static void page_begin(struct json_writer *w)
{
    json_begin_object(w);
    json_key(w, "items");
    json_begin_array(w);
}

/* ---- one statement ---- */

static void put_money(struct json_writer *w, const char *key, struct money m)
{
    json_key(w, key);
    if (m.fen == ABSENT)
        json_put_null(w);
    else
        json_put_i64(w, m.fen);
}

/* The object stays open for more. */
static void begin_statement(struct json_writer *w, const struct statement *s,
                            const struct statement_names_row *names)
{
    json_begin_object(w);
    json_key(w, "id");
    json_put_id(w, s->id.v);
    json_key(w, "number");
    json_put_str(w, s->number);
    json_key(w, "period");
    json_put_str(w, names->month);
    put_ref(w, "person", s->person.v, names->person_name);
    put_ref(w, "unit", s->unit.v, names->unit_name);
    json_key(w, "state");
    json_put_cstr(w, statement_status_code(s->status));
    json_key(w, "snapshot");
    json_put_i64(w, s->run);
    json_key(w, "orders");
    json_put_i64(w, s->orders);
    json_key(w, "refunds");
    json_put_i64(w, s->refunds);
    put_money(w, "base_fen", s->base);
    put_money(w, "gross_fen", s->gross);
    put_money(w, "clawback_fen", s->clawback);
    put_money(w, "carry_fen", s->carry);
    put_money(w, "over_cap_fen", s->over_cap);
    put_money(w, "payable_fen", s->payable);
    put_money(w, "tax_fen", s->tax);
    put_money(w, "net_fen", s->net);
    put_money(w, "previous_net_fen", names->previous);
    json_key(w, "version");
    json_put_i64(w, s->version);
}

enum err statement_put(struct cx *cx, struct json_writer *w, struct statement_id id)
{
    struct statement s;
    struct statement_names_row names;
    TRY(statement_get(cx, id, &s));
    TRY(statement_names(cx, (struct statement_names_in){ id }, &names));
    begin_statement(w, &s, &names);
    json_end_object(w);
    return OK;
}

static enum err reach_named(struct cx *cx, const struct request *in, struct statement *ret,
                            struct statement_names_row *names)
{
    int64_t id;
    TRY(request_id(cx, in, "id", &id));
    TRY(statement_get(cx, (struct statement_id){ id }, ret));
    TRY(statement_names(cx, (struct statement_names_in){ ret->id }, names));
    if (!cx_reaches(cx, MAY_STATEMENT_READ, ret->person.v, names->unit_path))
        return refuse(cx, ERR_NOT_FOUND, "there is no such statement", "没有找到该结算单");
    return OK;
}
/* A statement out of reach looks like one that is not there. */
static enum err reach_statement(struct cx *cx, const struct request *in, struct statement *ret)
{
    struct statement_names_row names;
    return reach_named(cx, in, ret, &names);
}

/* ---- lists ---- */

static enum err list_filters(struct cx *cx, const struct request *in, struct statement_list_in *ret)
{
    struct str text;
    if (request_query(in, "period", &text) && text.len) {
        struct period_by_code_row row;
        enum err e = period_by_code(cx, (struct period_by_code_in){ text }, &row);
        if (e == ERR_NOT_FOUND && str_to_i64(text, &ret->period.v))
            fault_clear(&cx->fault);
        else if (e == ERR_NOT_FOUND)
            problem(cx, "period", "unknown", "there is no such period", "没有该周期");
        else if (e)
            return e;
        else
            ret->period = row.id;
    }
    if (request_query(in, "person", &text) && text.len) {
        if (str_is(text, "me"))
            ret->person.v = cx->actor.person ? cx->actor.person : -1;
        else if (!str_to_i64(text, &ret->person.v))
            problem(cx, "person", "invalid", "not an id", "编号无效");
    }
    return problems_end(cx);
}

static enum err list(struct cx *cx, const struct request *in, struct reply *out)
{
    struct page page;
    struct statement_list_in filter = { 0 };
    struct statement_list_cursor cursor;
    const struct statement_list_row *row;
    VEC(struct statement_id) ids = { 0 };
    bool more = false;
    int64_t at = 0;
    TRY(page_of(cx, in, &page));
    TRY(list_filters(cx, in, &filter));
    const struct grant *grant = cx_grant(cx, MAY_STATEMENT_READ);
    if (!grant->org && !grant->unit_count)
        filter.person.v = cx->actor.person ? cx->actor.person : -1; /* own only: ask for no more */
    TRY(statement_list(cx, filter, &cursor));
    for (;;) {
        TRY(statement_list_next(cx, &cursor, &row));
        if (!row)
            break;
        if (!cx_reaches(cx, MAY_STATEMENT_READ, row->person.v, row->unit_path))
            continue;
        if (at >= page.from && (int64_t)ids.count < page.limit)
            vec_add(cx->arena, &ids, row->id);
        more |= at >= page.from + page.limit;
        at++;
    }
    struct json_writer w = reply_json(out);
    page_begin(&w);
    for (size_t i = 0; i < ids.count; i++)
        TRY(statement_put(cx, &w, ids.items[i]));
    page_end(&w, more, page.from + page.limit);
    return OK;
}

/* ---- details ---- */

struct detail {
    struct json_writer *w;
    const struct statement *statement;
    const struct request *in;
};

static enum err put_detail(struct cx *cx, struct month *month, void *arg)
{
    const struct detail *d = arg;
    int64_t row = month_person_row(month, d->statement->person.v);
    if (row < 0)
        return fail(cx, ERR_CORRUPT, "the run does not know the person of its statement");
    return present_components(cx, d->w, month, (size_t)row);
}

static enum err put_plan(struct cx *cx, struct json_writer *w, const struct statement *s)
{
    struct run_plan_row plan;
    TRY(run_plan(cx, (struct run_plan_in){ s->period, s->run }, &plan));
    json_key(w, "plan");
    json_begin_object(w);
    json_key(w, "id");
    json_put_id(w, plan.plan.v);
    present_text(w, "name", (struct plan_text){ plan.name, plan.name_en });
    json_key(w, "version");
    json_put_i64(w, plan.number);
    json_end_object(w);
    return OK;
}

/* From memory; false: it has to be made. Out of reach is made, too, to be refused. */
static bool get_shown(struct cx *cx, const struct request *in, struct reply *out)
{
    int64_t id;
    struct shown_statement seen;
    if (!str_to_i64(request_param(in, "id"), &id) || !shown_find(cx, id, &seen) ||
        !cx_reaches(cx, MAY_STATEMENT_READ, seen.person, seen.unit_path))
        return false;
    buf_str(&out->body, seen.body);
    return true;
}

static enum err get(struct cx *cx, const struct request *in, struct reply *out)
{
    struct statement s;
    struct statement_names_row names;
    struct period period;
    struct json_writer w = reply_json(out);
    if (get_shown(cx, in, out))
        return OK;
    TRY(reach_named(cx, in, &s, &names));
    TRY(period_get(cx, s.period, &period));
    begin_statement(&w, &s, &names);
    TRY(put_plan(cx, &w, &s));
    struct detail detail = { &w, &s, in };
    TRY(month_of_run(cx, &period, s.run, put_detail, &detail));
    json_key(&w, "proof");
    json_begin_object(&w);
    json_key(&w, "logged");
    json_put_bool(&w, s.log_seq != ABSENT);
    json_key(&w, "index");
    if (s.log_seq == ABSENT)
        json_put_null(&w);
    else
        json_put_i64(&w, s.log_seq);
    put_instant(cx, &w, "at", s.log_seq == ABSENT ? (struct instant){ 0 } : s.changed_at);
    json_end_object(&w);
    json_end_object(&w);
    shown_keep(cx, s.id.v, &(struct shown_statement){ s.person.v, names.unit_path,
                                                      buf_view(&out->body) });
    return OK;
}

static enum err explain_statement(struct cx *cx, struct month *month, void *arg)
{
    const struct detail *d = arg;
    struct explain_ask ask = { .person = d->statement->person.v };
    TRY(explain_read(cx, d->in, d->statement->id, &ask));
    return explain_put(cx, d->w, month, &ask);
}

static enum err explain_route(struct cx *cx, const struct request *in, struct reply *out)
{
    struct statement s;
    struct period period;
    struct json_writer w = reply_json(out);
    TRY(reach_statement(cx, in, &s));
    TRY(period_get(cx, s.period, &period));
    struct detail detail = { &w, &s, in };
    return month_of_run(cx, &period, s.run, explain_statement, &detail);
}

static void put_line(struct cx *cx, struct json_writer *w, const struct statement_lines_row *l,
                     struct plan_text label)
{
    json_begin_object(w);
    json_key(w, "id");
    json_put_id(w, l->id.v);
    json_key(w, "component");
    json_put_str(w, l->component);
    present_text(w, "label", label);
    put_day(cx, w, "at", l->day);
    json_key(w, "source");
    json_begin_object(w);
    json_key(w, "resource");
    json_put_str(w, l->source);
    json_key(w, "id");
    json_put_id(w, l->source_row == ABSENT ? 0 : l->source_row);
    json_key(w, "name");
    json_put_str(w, l->order_no.len ? str_fmt(cx->arena, STR_FMT " / " STR_FMT,
                                              STR_ARG(l->order_no), STR_ARG(l->product_code))
                                    : l->source);
    json_end_object(w);
    json_key(w, "detail");
    if (l->product_name.len)
        json_put_str(w, l->product_name);
    else
        json_put_null(w);
    put_money(w, "base_fen", l->base);
    put_money(w, "amount_fen", l->amount);
    json_end_object(w);
}

static enum err put_lines(struct cx *cx, struct month *month, void *arg)
{
    const struct detail *d = arg;
    struct page page;
    struct str component = STR_NONE;
    struct statement_lines_cursor cursor;
    const struct statement_lines_row *row;
    int64_t count = 0, last = 0;
    bool more = false;
    TRY(page_of(cx, d->in, &page));
    request_query(d->in, "component", &component);
    struct statement_lines_in in = { d->statement->id, component, page.from };
    TRY(statement_lines(cx, in, &cursor));
    page_begin(d->w);
    for (;;) {
        TRY(statement_lines_next(cx, &cursor, &row));
        if (!row)
            break;
        if (count++ >= page.limit) {
            more = true;
            continue;
        }
        last = row->id.v;
        put_line(cx, d->w, row, explain_label(month, row->component));
    }
    page_end(d->w, more, last);
    return OK;
}

static enum err lines(struct cx *cx, const struct request *in, struct reply *out)
{
    struct statement s;
    struct period period;
    struct json_writer w = reply_json(out);
    TRY(reach_statement(cx, in, &s));
    TRY(period_get(cx, s.period, &period));
    struct detail detail = { &w, &s, in };
    return month_of_run(cx, &period, s.run, put_lines, &detail);
}

static enum err zip(struct cx *cx, const struct request *in, struct reply *out)
{
    struct statement s;
    struct period period;
    struct run_by_number_row row;
    struct settlement_run run;
    struct plan_version plan;
    struct str bytes;
    TRY(reach_statement(cx, in, &s));
    TRY(period_get(cx, s.period, &period));
    TRY(run_by_number(cx, (struct run_by_number_in){ s.period, s.run }, &row));
    TRY(settlement_run_get(cx, row.id, &run));
    TRY(plan_version_get(cx, run.plan, &plan));
    TRY(proof_statement_zip(cx, s.person.v, period.code, plan.body, &bytes));
    buf_str(&out->body, bytes);
    out->type = "application/zip";
    out->download = str_fmt(cx->arena, "statement-" STR_FMT ".zip", STR_ARG(period.code));
    return OK;
}

const struct route statement_routes[] = {
    { GET, "/statements", list, .may = MAY_STATEMENT_READ, .about = "Statements within my reach",
      .about_zh = "结算单列表" },
    { GET, "/statements/{id}", get, .may = MAY_STATEMENT_READ,
      .about = "A statement with its components", .about_zh = "结算单" },
    { GET, "/statements/{id}/lines", lines, .may = MAY_STATEMENT_READ,
      .about = "Its lines: which fact, how much", .about_zh = "结算单明细" },
    { GET, "/statements/{id}/explain", explain_route, .may = MAY_STATEMENT_READ,
      .about = "Why, to the fen", .about_zh = "计算说明" },
    { GET, "/statements/{id}/zip", zip, .may = MAY_STATEMENT_READ,
      .about = "The statement with its proof, to check alone", .about_zh = "下载带凭证的结算单" },
    { 0 },
};
