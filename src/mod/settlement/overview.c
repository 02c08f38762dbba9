/*
 * The month on one page: money and people of the company or of one unit, against the month before.
 */
#include "may.gen.h"
#include "mod/settlement/overview_data.h"
#include "mod/settlement/present.h"
#include "mod/settlement/settlement.h"

#include <stdlib.h>

enum { MONTHS = 13, MOVERS = 5 };

static void put_figures(struct json_writer *w, const char *key, const struct figures *f)
{
    const struct {
        const char *name;
        int64_t value;
    } members[] = {
        { "sales_fen", f->sales },   { "collected_fen", f->collected },
        { "refund_fen", f->refunded }, { "orders", f->orders },
        { "customers", f->customers }, { "people", f->people }, { "gross_fen", f->gross },
        { "tax_fen", f->tax },       { "net_fen", f->net },
    };
    json_key(w, key);
    json_begin_object(w);
    for (size_t i = 0; i < COUNT(members); i++) {
        json_key(w, members[i].name);
        json_put_i64(w, members[i].value);
    }
    json_key(w, "pay_ppm");
    if (f->collected > 0)
        json_put_i64(w, (int64_t)div_round((__int128)f->gross * PPM, f->collected,
                                           ROUND_HALF_UP));
    else
        json_put_null(w);
    json_end_object(w);
}

static void put_before(const struct overview *o, const char *key, struct str path)
{
    if (!o->previous.id.v) {
        json_key(o->w, key);
        json_put_null(o->w);
        return;
    }
    struct figures before = overview_sum(o, path, true);
    put_figures(o->w, key, &before);
}

/* ---- parts of the answer ---- */

static enum err put_days(struct overview *o)
{
    struct sales_by_day_cursor cursor;
    const struct sales_by_day_row *row;
    struct sales_by_day_in in = { o->period.first_on, o->period.last_on,
                                  o->unit.id.v ? o->unit.path : STR("/") };
    json_key(o->w, "by_day");
    json_begin_array(o->w);
    TRY(sales_by_day(o->cx, in, &cursor));
    for (;;) {
        TRY(sales_by_day_next(o->cx, &cursor, &row));
        if (!row)
            break;
        json_begin_object(o->w);
        put_day(o->cx, o->w, "date", row->day);
        json_key(o->w, "sales_fen");
        json_put_i64(o->w, row->sales.fen);
        json_key(o->w, "collected_fen");
        json_put_i64(o->w, row->collected.fen);
        json_key(o->w, "refund_fen");
        json_put_i64(o->w, row->refunded.fen);
        json_key(o->w, "orders");
        json_put_i64(o->w, row->orders);
        json_end_object(o->w);
    }
    json_end_array(o->w);
    return OK;
}

static enum err add_month(struct overview *o, struct date first, struct figures *sum)
{
    struct sales_by_day_cursor cursor;
    const struct sales_by_day_row *row;
    struct date last = { date_add_months(first, 1).day - 1 };
    struct sales_by_day_in in = { first, last, o->unit.id.v ? o->unit.path : STR("/") };
    TRY(sales_by_day(o->cx, in, &cursor));
    for (;;) {
        TRY(sales_by_day_next(o->cx, &cursor, &row));
        if (!row)
            break;
        struct figures day = { .sales = row->sales.fen, .collected = row->collected.fen,
                               .refunded = row->refunded.fen, .orders = row->orders };
        figures_add(sum, &day);
    }
    struct period_by_code_row period;
    struct str code = str_cut(date_text(o->cx->arena, first), 0, 7);
    enum err e = period_by_code(o->cx, (struct period_by_code_in){ code }, &period);
    if (e == ERR_NOT_FOUND) {
        fault_clear(&o->cx->fault);
        return OK;
    }
    TRY(e);
    struct pay_of_people_cursor pay;
    const struct pay_of_people_row *paid;
    TRY(pay_of_people(o->cx, (struct pay_of_people_in){ period.id }, &pay));
    for (;;) {
        TRY(pay_of_people_next(o->cx, &pay, &paid));
        if (!paid)
            return OK;
        if (!overview_head(o, paid->person.v))
            continue;
        sum->gross += paid->gross.fen;
        sum->net += paid->net.fen;
    }
}

static enum err put_months(struct overview *o)
{
    json_key(o->w, "by_month");
    json_begin_array(o->w);
    for (int back = MONTHS - 1; back >= 0; back--) {
        struct date first = date_add_months(o->period.first_on, -back);
        struct figures sum = { 0 };
        TRY(add_month(o, first, &sum));
        if (!sum.orders && !sum.gross)
            continue; /* before the company's first order */
        json_begin_object(o->w);
        json_key(o->w, "month");
        json_put_str(o->w, str_cut(date_text(o->cx->arena, first), 0, 7));
        const int64_t values[] = { sum.sales, sum.collected, sum.refunded, sum.orders, sum.gross,
                                   sum.net };
        static const char *const names[] = { "sales_fen", "collected_fen", "refund_fen", "orders",
                                             "gross_fen", "net_fen" };
        for (size_t i = 0; i < COUNT(values); i++) {
            json_key(o->w, names[i]);
            json_put_i64(o->w, values[i]);
        }
        json_end_object(o->w);
    }
    json_end_array(o->w);
    return OK;
}

/* A company with one unit at the top is looked at from below it: one bar of 100 % says nothing. */
static enum err children_of(struct overview *o, struct unit_id *ret)
{
    struct units_below_cursor cursor;
    const struct units_below_row *row;
    struct unit_id only = { 0 };
    int count = 0;
    *ret = o->unit.id;
    if (ret->v)
        return OK;
    TRY(units_below(o->cx, (struct units_below_in){ *ret }, &cursor));
    for (;;) {
        TRY(units_below_next(o->cx, &cursor, &row));
        if (!row)
            break;
        only = row->id;
        count++;
    }
    if (count == 1)
        *ret = only;
    return OK;
}

static enum err put_children(struct overview *o)
{
    struct units_below_cursor cursor;
    const struct units_below_row *row;
    struct unit_id parent;
    TRY(children_of(o, &parent));
    json_key(o->w, "children");
    json_begin_array(o->w);
    TRY(units_below(o->cx, (struct units_below_in){ parent }, &cursor));
    for (;;) {
        TRY(units_below_next(o->cx, &cursor, &row));
        if (!row)
            break;
        struct figures now = overview_sum(o, row->path, false);
        if (!now.people)
            continue; /* empty, or out of the reader's reach */
        json_begin_object(o->w);
        json_key(o->w, "id");
        json_put_id(o->w, row->id.v);
        json_key(o->w, "name");
        json_put_str(o->w, row->name);
        json_key(o->w, "level");
        json_put_cstr(o->w, unit_level_code(row->level));
        json_key(o->w, "people");
        json_put_i64(o->w, now.people);
        put_figures(o->w, "totals", &now);
        put_before(o, "previous", row->path);
        json_end_object(o->w);
    }
    json_end_array(o->w);
    return OK;
}

static void put_people(const struct overview *o)
{
    json_key(o->w, "people");
    json_begin_array(o->w);
    for (size_t i = 0; i < o->count; i++) {
        const struct head *h = &o->heads[i];
        if (!o->unit.id.v || h->unit.v != o->unit.id.v)
            continue;
        json_begin_object(o->w);
        json_key(o->w, "id");
        json_put_id(o->w, h->person);
        json_key(o->w, "name");
        json_put_str(o->w, h->name);
        put_ref(o->w, "unit", h->unit.v, h->unit_name);
        const int64_t values[] = { h->now.orders, h->now.sales, h->now.gross, h->now.net };
        static const char *const names[] = { "orders", "sales_fen", "gross_fen", "net_fen" };
        for (size_t k = 0; k < COUNT(values); k++) {
            json_key(o->w, names[k]);
            json_put_i64(o->w, values[k]);
        }
        json_key(o->w, "statement");
        json_put_id(o->w, h->statement);
        json_end_object(o->w);
    }
    json_end_array(o->w);
}

static int64_t delta(const struct head *h)
{
    return h->now.collected - h->before.collected;
}

static int by_delta(const void *a, const void *b)
{
    int64_t x = delta(*(const struct head *const *)a), y = delta(*(const struct head *const *)b);
    return (x < y) - (x > y);
}

static void put_mover(const struct overview *o, const struct head *h)
{
    json_begin_object(o->w);
    put_ref(o->w, "person", h->person, h->name);
    put_ref(o->w, "unit", h->unit.v, h->unit_name);
    json_key(o->w, "now_fen");
    json_put_i64(o->w, h->now.collected);
    json_key(o->w, "before_fen");
    json_put_i64(o->w, h->before.collected);
    json_key(o->w, "delta_fen");
    json_put_i64(o->w, delta(h));
    json_end_object(o->w);
}

static void put_movers(const struct overview *o)
{
    const struct head **sorted = arena_array(o->cx->arena, const struct head *, o->count + 1);
    for (size_t i = 0; i < o->count; i++)
        sorted[i] = &o->heads[i];
    qsort(sorted, o->count, sizeof(struct head *), by_delta);
    json_key(o->w, "movers");
    json_begin_object(o->w);
    json_key(o->w, "up");
    json_begin_array(o->w);
    for (size_t i = 0; i < o->count && i < MOVERS && delta(sorted[i]) > 0; i++)
        put_mover(o, sorted[i]);
    json_end_array(o->w);
    json_key(o->w, "down");
    json_begin_array(o->w);
    for (size_t i = o->count; i-- > 0 && o->count - i <= MOVERS && delta(sorted[i]) < 0;)
        put_mover(o, sorted[i]);
    json_end_array(o->w);
    json_end_object(o->w);
}

static void put_warning(struct json_writer *w, const char *code, const char *severity,
                        struct str zh, struct str en, const char *to)
{
    json_begin_object(w);
    json_key(w, "code");
    json_put_cstr(w, code);
    json_key(w, "severity");
    json_put_cstr(w, severity);
    present_text(w, "text", (struct plan_text){ zh, en });
    json_key(w, "to");
    json_put_cstr(w, to);
    json_end_object(w);
}

static enum err put_warnings(struct overview *o)
{
    struct arena *arena = o->cx->arena;
    struct refunds_unmatched_row off;
    struct refunds_unmatched_in in = { o->period.first_on, o->period.last_on };
    TRY(refunds_unmatched(o->cx, in, &off));
    json_key(o->w, "warnings");
    json_begin_array(o->w);
    /* Counted over the company: only for those who may look at all of them. */
    const struct grant *orders = cx_grant(o->cx, MAY_ORDER_READ);
    if (off.count && orders && orders->org)
        put_warning(o->w, "refunds_unmatched", "warning",
                    str_fmt(arena, "%lld 笔退款未匹配到原订单", (long long)off.count),
                    str_fmt(arena, "%lld refunds match no earlier sale", (long long)off.count),
                    "/r/refunds?match=unmatched");
    if (o->period.id.v && o->period.status == PERIOD_CALCULATED)
        put_warning(o->w, "approval_due", "info", STR("本期已计算，待审批"),
                    STR("Calculated: waits for approval"), "/settlement");
    json_end_array(o->w);
    return OK;
}

static enum err put_path(struct overview *o)
{
    struct str rest = o->unit.path, part;
    json_key(o->w, "path");
    json_begin_array(o->w);
    while (o->unit.id.v && str_split(&rest, '/', &part)) {
        struct unit above;
        int64_t id;
        if (!str_to_i64(part, &id))
            continue;
        TRY(unit_get(o->cx, (struct unit_id){ id }, &above));
        json_begin_object(o->w);
        json_key(o->w, "id");
        json_put_id(o->w, id);
        json_key(o->w, "name");
        json_put_str(o->w, above.name);
        json_end_object(o->w);
    }
    json_end_array(o->w);
    return OK;
}

static enum err put_periods(struct overview *o)
{
    struct period_codes_cursor cursor;
    const struct period_codes_row *row;
    json_key(o->w, "periods");
    json_begin_array(o->w);
    TRY(period_codes(o->cx, &cursor));
    for (;;) {
        TRY(period_codes_next(o->cx, &cursor, &row));
        if (!row)
            break;
        json_put_str(o->w, row->code);
    }
    json_end_array(o->w);
    return OK;
}

/* ---- the question ---- */

static enum err find_period(struct cx *cx, struct str code, struct period *ret)
{
    struct period_by_code_row row;
    enum err e = period_by_code(cx, (struct period_by_code_in){ code }, &row);
    if (e == ERR_NOT_FOUND)
        return refuse(cx, e, "there is no period " STR_FMT, "没有周期 " STR_FMT, STR_ARG(code));
    TRY(e);
    return period_get(cx, row.id, ret);
}

/* Without ?period: the latest that has been calculated, else the latest. */
static enum err choose_period(struct overview *o, const struct request *in)
{
    struct cx *cx = o->cx;
    struct str code = STR_NONE;
    struct period_codes_cursor cursor;
    const struct period_codes_row *row;
    bool calculated = false;
    if (request_query(in, "period", &code) && code.len)
        return find_period(cx, code, &o->period);
    TRY(period_codes(cx, &cursor));
    for (;;) {
        TRY(period_codes_next(cx, &cursor, &row));
        if (!row)
            break;
        if (!code.len || (row->run > 0 && !calculated))
            code = str_copy(cx->arena, row->code);
        calculated |= row->run > 0;
    }
    if (!code.len)
        return refuse(cx, ERR_NOT_FOUND, "there is no period yet: import orders first",
                      "尚无结算周期，请先导入订单");
    return find_period(cx, code, &o->period);
}

static enum err choose_previous(struct overview *o)
{
    struct date before = date_add_months(o->period.first_on, -1);
    struct period_by_code_row row;
    struct str code = str_cut(date_text(o->cx->arena, before), 0, 7);
    enum err e = period_by_code(o->cx, (struct period_by_code_in){ code }, &row);
    if (e == ERR_NOT_FOUND) {
        fault_clear(&o->cx->fault);
        return OK;
    }
    TRY(e);
    return period_get(o->cx, row.id, &o->previous);
}

static enum err unit_at(struct overview *o, struct str path)
{
    struct str part, rest = path;
    int64_t id = 0;
    while (str_split(&rest, '/', &part))
        if (part.len)
            (void)str_to_i64(part, &id);
    return unit_get(o->cx, (struct unit_id){ id }, &o->unit);
}

static enum err choose_unit(struct overview *o, const struct request *in)
{
    struct str text;
    int64_t id;
    const struct grant *grant = cx_grant(o->cx, MAY_OVERVIEW_READ);
    if (!request_query(in, "unit", &text) || !text.len) {
        if (grant->org)
            return OK;
        /* Whoever does not see the whole company begins at the unit they do see. */
        return grant->unit_count ? unit_at(o, grant->units[0]) : cx_require(o->cx, MAY_NOBODY);
    }
    if (!str_to_i64(text, &id) || unit_get(o->cx, (struct unit_id){ id }, &o->unit) ||
        !cx_reaches(o->cx, MAY_OVERVIEW_READ, 0, o->unit.path))
        return refuse(o->cx, ERR_NOT_FOUND, "there is no such unit", "没有找到该单元");
    return OK;
}

static enum err put_answer(struct overview *o)
{
    struct figures now = overview_sum(o, STR("/"), false);
    json_begin_object(o->w);
    json_key(o->w, "period");
    TRY(present_period(o->cx, o->w, &o->period));
    TRY(put_periods(o));
    json_key(o->w, "unit");
    if (o->unit.id.v) {
        json_begin_object(o->w);
        json_key(o->w, "id");
        json_put_id(o->w, o->unit.id.v);
        json_key(o->w, "name");
        json_put_str(o->w, o->unit.name);
        json_key(o->w, "level");
        json_put_cstr(o->w, unit_level_code(o->unit.level));
        json_end_object(o->w);
    } else {
        json_put_null(o->w);
    }
    TRY(put_path(o));
    put_figures(o->w, "totals", &now);
    put_before(o, "previous", STR("/"));
    TRY(put_days(o));
    TRY(put_months(o));
    TRY(put_children(o));
    put_people(o);
    put_movers(o);
    TRY(put_warnings(o));
    json_end_object(o->w);
    return OK;
}

static enum err get(struct cx *cx, const struct request *in, struct reply *out)
{
    struct json_writer w = reply_json(out);
    struct overview o = { .cx = cx, .w = &w };
    TRY(choose_period(&o, in));
    TRY(choose_previous(&o));
    TRY(choose_unit(&o, in));
    TRY(overview_read(&o));
    return put_answer(&o);
}

const struct route overview_routes[] = {
    { GET, "/overview", get, .may = MAY_OVERVIEW_READ, .about = "The month at a glance",
      .about_zh = "月度总览" },
    { 0 },
};
