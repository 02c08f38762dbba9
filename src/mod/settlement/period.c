/* The states of a period: who may move it on, and what each move writes into the proof log. */
#include "core/org/org.gen.h"
#include "core/setting/setting.h"
#include "entity/event.h"
#include "event.gen.h"
#include "may.gen.h"
#include "mod/sales/sales.gen.h"
#include "mod/settlement/present.h"
#include "mod/settlement/settlement.h"
#include "setting.gen.h"

#include "base/hex.h"

#include <sodium.h>

enum err settlement_period_find(struct cx *cx, struct date day, struct period *ret)
{
    struct str code = str_cut(date_text(cx->arena, day), 0, 7);
    struct period_by_code_row row;
    enum err e = period_by_code(cx, (struct period_by_code_in){ code }, &row);
    if (e == OK)
        return period_get(cx, row.id, ret);
    if (e != ERR_NOT_FOUND)
        return e;
    fault_clear(&cx->fault);
    *ret = period_blank;
    ret->code = code;
    ret->first_on = date_month_start(day);
    ret->last_on.day = date_add_months(ret->first_on, 1).day - 1;
    return OK;
}

enum err settlement_period(struct cx *cx, struct date day, struct period *ret)
{
    TRY(settlement_period_find(cx, day, ret));
    return ret->id.v ? OK : period_insert(cx, ret);
}

/* The first order of a month opens its period: nobody has to think of it. */
static enum err open_period_of_order(struct cx *cx, const struct event *event)
{
    struct period period;
    struct date day;
    enum err e = order_without_period(cx, (struct order_without_period_in){ { event->row } },
                                      &day);
    if (e == OK)
        return settlement_period(cx, day, &period);
    if (e == ERR_NOT_FOUND)
        fault_clear(&cx->fault);
    return e == ERR_NOT_FOUND ? OK : e;
}

const struct listener settlement_listeners[] = {
    { EVENT_SALES_ORDER_CREATED, open_period_of_order, "opens the period of an order" },
    { 0 },
};

/* ---- approving: never by the one who calculated ---- */

enum err settlement_approve(struct cx *cx, struct period *period)
{
    if (period->status != PERIOD_CALCULATED)
        return refuse(cx, ERR_STATE, "it is not calculated", "尚未计算，不能审批");
    if (period->calculated_by.v == cx->actor.login)
        return refuse(cx, ERR_FORBIDDEN, "a second person must approve",
                      "须由另一位同事审批");
    period->approved_at = cx->now;
    period->approved_by.v = cx->actor.login;
    TRY(statements_move(cx, (struct statements_move_in){ period->id, period->run,
                                                          STATEMENT_CALCULATED,
                                                          STATEMENT_APPROVED }, NULL));
    return period_move(cx, period, PERIOD_APPROVED);
}

/* ---- locking: what people are paid is now a matter of record ---- */

static enum err prove_statement(struct cx *cx, const struct period *period,
                                const struct statements_of_run_row *row, struct statement *ret)
{
    TRY(statement_get(cx, row->id, ret));
    struct proof_fact fact = { .kind = "statement", .person = row->person.v,
                               .period = period->code, .entity = "statement",
                               .row = row->id.v, .content = ret->content };
    TRY(cx->services->proof_append(cx, &fact, &ret->log_seq));
    TRY(statement_update(cx, ret));
    return proof_append_head(cx, row->person.v, period->code, NULL);
}

static enum err open_payout(struct cx *cx, const struct period *period, const struct statement *s)
{
    if (s->net.fen <= 0)
        return OK;
    struct payout payout = payout_blank;
    payout.statement = s->id;
    payout.person = s->person;
    payout.amount = s->net;
    payout.due_on.day =
        period->last_on.day + (int32_t)setting_number(cx, SETTING_SETTLEMENT_DUE_DAYS);
    return payout_insert(cx, &payout);
}

static enum err prove_run(struct cx *cx, const struct period *period)
{
    struct run_by_number_row row;
    struct settlement_run run;
    TRY(run_by_number(cx, (struct run_by_number_in){ period->id, period->run }, &row));
    TRY(settlement_run_get(cx, row.id, &run));
    struct buf out = buf_in(cx->arena);
    struct json_writer w = json_writer_to(&out);
    json_begin_object(&w);
    json_key(&w, "gross_fen");
    json_put_i64(&w, run.gross.fen);
    json_key(&w, "kind");
    json_put_cstr(&w, "settlement");
    json_key(&w, "net_fen");
    json_put_i64(&w, run.net.fen);
    json_key(&w, "period");
    json_put_str(&w, period->code);
    json_key(&w, "root");
    json_put_str(&w, run.root);
    json_key(&w, "run");
    json_put_i64(&w, run.number);
    json_key(&w, "statements");
    json_put_i64(&w, run.statements);
    json_end_object(&w);
    struct proof_fact fact = { .kind = "settlement", .period = period->code,
                               .entity = "settlement_run", .row = run.id.v,
                               .content = buf_view(&out) };
    return cx->services->proof_append(cx, &fact, NULL);
}

static enum err collect_statements(struct cx *cx, const struct period *period,
                                   struct statements_of_run_row **ret, size_t *count)
{
    VEC(struct statements_of_run_row) list = { 0 };
    struct statements_of_run_cursor cursor;
    const struct statements_of_run_row *row;
    TRY(statements_of_run(cx, (struct statements_of_run_in){ period->id, period->run },
                          &cursor));
    for (;;) {
        TRY(statements_of_run_next(cx, &cursor, &row));
        if (!row)
            break;
        vec_add(cx->arena, &list, *row);
    }
    *ret = list.items;
    *count = list.count;
    return OK;
}

enum err settlement_lock(struct cx *cx, struct period *period)
{
    struct statements_of_run_row *rows;
    size_t count;
    if (period->status != PERIOD_APPROVED)
        return refuse(cx, ERR_STATE, "it is not approved", "尚未审批，不能锁定");
    TRY(prove_run(cx, period));
    TRY(collect_statements(cx, period, &rows, &count));
    for (size_t i = 0; i < count; i++) {
        struct arena_mark mark = arena_mark(cx->arena);
        struct statement s;
        TRY(prove_statement(cx, period, &rows[i], &s));
        TRY(open_payout(cx, period, &s));
        arena_reset(cx->arena, mark);
    }
    TRY(statements_move(cx, (struct statements_move_in){ period->id, period->run,
                                                          STATEMENT_APPROVED,
                                                          STATEMENT_LOCKED }, NULL));
    period->locked_at = cx->now;
    period->locked_by.v = cx->actor.login;
    period->unlock_reason = STR_NONE;
    return period_move(cx, period, PERIOD_LOCKED);
}

/* ---- unlocking ---- */

enum err settlement_unlock(struct cx *cx, struct period *period, struct str reason)
{
    if (period->status == PERIOD_OPEN)
        return refuse(cx, ERR_STATE, "it is open already", "该周期未锁定");
    if (utf8_count(str_trim(reason)) < 4) {
        problem(cx, "reason", "required", "say why, in at least 4 characters",
                "请填写原因（至少 4 个字）");
        return problems_end(cx);
    }
    TRY(payouts_hold(cx, (struct payouts_hold_in){ period->id }, NULL));
    period->unlock_reason = reason;
    period->approved_at.us = period->locked_at.us = 0;
    period->approved_by.v = period->locked_by.v = 0;
    TRY(period_move(cx, period, PERIOD_OPEN));
    struct buf out = buf_in(cx->arena);
    struct json_writer w = json_writer_to(&out);
    json_begin_object(&w);
    json_key(&w, "kind");
    json_put_cstr(&w, "unlock");
    json_key(&w, "period");
    json_put_str(&w, period->code);
    json_key(&w, "run");
    json_put_i64(&w, period->run);
    json_end_object(&w);
    struct proof_fact fact = { .kind = "unlock", .period = period->code, .entity = "period",
                               .row = period->id.v, .content = buf_view(&out) };
    return cx->services->proof_append(cx, &fact, NULL);
}

/* ---- routes ---- */

static enum err period_of(struct cx *cx, const struct request *in, struct period *ret)
{
    int64_t id;
    TRY(request_id(cx, in, "id", &id));
    return period_get(cx, (struct period_id){ id }, ret);
}

/* What the person saw on the screen: another version means another result. */
static enum err check_seen(struct cx *cx, const struct request *in, const struct period *period)
{
    int64_t seen;
    if (!json_i64(json_get(in->json, "version"), &seen)) {
        problem(cx, "version", "required", "say which version you saw", "请注明所见版本");
        return problems_end(cx);
    }
    if (seen != period->version)
        return refuse(cx, ERR_VERSION, "it has changed since you looked: look again",
                      "内容已更新，请刷新后重试");
    return OK;
}

static enum err calculate(struct cx *cx, const struct request *in, struct reply *out)
{
    struct period period;
    int64_t job;
    TRY(period_of(cx, in, &period));
    if (period.status != PERIOD_OPEN && period.status != PERIOD_CALCULATED)
        return refuse(cx, ERR_STATE, "it is approved or locked: unlock it first",
                      "该周期已审批或锁定，请先解锁");
    const char *id = id_text(cx, period.id.v);
    struct job_order order = {
        .name = "period.calculate",
        .input = str_fmt(cx->arena, "{\"period\":\"%s\"}", id),
        .once_key = str_fmt(cx->arena, "period.calculate:%s", id),
    };
    TRY(cx->services->job_enqueue(cx, &order, &job));
    out->status = 202;
    struct json_writer w = reply_json(out);
    json_begin_object(&w);
    json_key(&w, "id");
    json_put_id(&w, job);
    json_key(&w, "kind");
    json_put_cstr(&w, "period.calculate");
    json_key(&w, "status");
    json_put_cstr(&w, "queued");
    json_key(&w, "state");
    json_put_cstr(&w, "queued");
    json_key(&w, "progress");
    json_put_i64(&w, 0);
    json_end_object(&w);
    return OK;
}

typedef enum err move(struct cx *cx, struct period *period);

static enum err move_period(struct cx *cx, const struct request *in, struct reply *out, move *how)
{
    struct period period;
    TRY(period_of(cx, in, &period));
    TRY(check_seen(cx, in, &period));
    TRY(how(cx, &period));
    struct json_writer w = reply_json(out);
    return present_period(cx, &w, &period);
}

static enum err approve(struct cx *cx, const struct request *in, struct reply *out)
{
    return move_period(cx, in, out, settlement_approve);
}

static enum err lock(struct cx *cx, const struct request *in, struct reply *out)
{
    return move_period(cx, in, out, settlement_lock);
}

static enum err unlock(struct cx *cx, const struct request *in, struct reply *out)
{
    struct period period;
    const struct json *reason = json_get(in->json, "reason");
    TRY(period_of(cx, in, &period));
    TRY(check_seen(cx, in, &period));
    TRY(settlement_unlock(cx, &period,
                          reason && reason->type == JSON_STRING ? reason->text : STR_NONE));
    struct json_writer w = reply_json(out);
    return present_period(cx, &w, &period);
}

static enum err get(struct cx *cx, const struct request *in, struct reply *out)
{
    struct period period;
    TRY(period_of(cx, in, &period));
    struct json_writer w = reply_json(out);
    return present_period(cx, &w, &period);
}

static enum err list(struct cx *cx, const struct request *in, struct reply *out)
{
    (void)in;
    VEC(struct period_id) ids = { 0 };
    struct period_list_cursor cursor;
    const struct period_list_row *row;
    TRY(period_list(cx, &cursor));
    for (;;) {
        TRY(period_list_next(cx, &cursor, &row));
        if (!row)
            break;
        vec_add(cx->arena, &ids, row->id);
    }
    struct json_writer w = reply_json(out);
    json_begin_object(&w);
    json_key(&w, "items");
    json_begin_array(&w);
    for (size_t i = 0; i < ids.count; i++) {
        struct period period;
        TRY(period_get(cx, ids.items[i], &period));
        TRY(present_period(cx, &w, &period));
    }
    json_end_array(&w);
    json_key(&w, "next");
    json_put_null(&w);
    json_end_object(&w);
    return OK;
}

/* A month can be opened ahead of its first order. */
static enum err open_month(struct cx *cx, const struct request *in, struct reply *out)
{
    const struct json *month = json_get(in->json, "month");
    struct date first;
    struct period period;
    if (!month || month->type != JSON_STRING || month->text.len != 7 ||
        !date_parse(str_fmt(cx->arena, STR_FMT "-01", STR_ARG(month->text)), &first)) {
        problem(cx, "month", "invalid", "a month as YYYY-MM", "月份格式应为 YYYY-MM");
        return problems_end(cx);
    }
    TRY(settlement_period(cx, first, &period));
    struct json_writer w = reply_json(out);
    return present_period(cx, &w, &period);
}

static enum err changes(struct cx *cx, const struct request *in, struct reply *out)
{
    struct period period;
    TRY(period_of(cx, in, &period));
    return present_changes(cx, out, &period);
}

const struct route period_routes[] = {
    { GET, "/periods", list, .may = MAY_PERIOD_READ, .about = "Settlement periods, newest first",
      .about_zh = "结算周期" },
    { POST, "/periods", open_month, .may = MAY_PERIOD_CALCULATE, .body = BODY_JSON,
      .about = "Open a month", .about_zh = "开启一个月度周期" },
    { GET, "/periods/{id}", get, .may = MAY_PERIOD_READ, .about = "One period",
      .about_zh = "结算周期详情" },
    { GET, "/periods/{id}/changes", changes, .may = MAY_PERIOD_READ,
      .about = "Whose pay differs from the run before", .about_zh = "与上次快照的差异" },
    { POST, "/periods/{id}/calculate", calculate, .may = MAY_PERIOD_CALCULATE, .body = BODY_JSON,
      .about = "Calculate, as a job", .about_zh = "计算结算" },
    { POST, "/periods/{id}/approve", approve, .may = MAY_PERIOD_APPROVE, .body = BODY_JSON,
      .about = "Approve what somebody else calculated", .about_zh = "审批" },
    { POST, "/periods/{id}/lock", lock, .may = MAY_PERIOD_LOCK, .body = BODY_JSON,
      .about = "Lock: statements go into the proof log", .about_zh = "锁定并写入存证日志" },
    { POST, "/periods/{id}/unlock", unlock, .may = MAY_PERIOD_UNLOCK, .body = BODY_JSON,
      .about = "Unlock with a reason", .about_zh = "解锁（须说明原因）" },
    { 0 },
};
