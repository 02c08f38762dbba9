/*
 * Months go by: the orders of a month come in as a file on the first day of the next one, money is
 * collected, people are active, and the last two months are settled by two people.
 */
#include "app/demo_parts.h"

#include "core/proof/proof.h"
#include "mod/settlement/settlement.h"

#include <stdlib.h>

enum {
    CHUNK_LINES = 20000, /* nobody else waits for the writer */
    DUE_CHUNK = 4000,
    ACTIVE_MONTHS = 2,
    TODAY_TRIES = 40,
};
#define MINUTE_US INT64_C(60000000)

static struct rand lots(const struct demo *demo, const char *what, struct str text)
{
    struct rand r = rand_seeded(demo->seed ^ str_hash(str_from(what)) * 5 ^ str_hash(text));
    rand_u64(&r);
    return r;
}

/* ---- collections ---- */

/* 85 of 100 orders are collected in full within days, 10 in part, 5 not at all. */
static void promise_money(struct demo *demo, const struct import_order *order, int64_t fen)
{
    struct rand r = lots(demo, "collection", order->order_no);
    uint64_t fate = rand_below(&r, 100);
    int64_t days = rand_chance(&r, 2, 5) ? 0 : rand_between(&r, 1, 9);
    if (order->kind != ORDER_KIND_SALE || fen <= 0 || fate >= 95)
        return;
    if (fate >= 85)
        fen = MAX(fen * rand_between(&r, 30, 80) / 100, 1);
    struct instant at = { order->ordered_at.us + days * DAY_US +
                          rand_between(&r, 5, 90) * MINUTE_US };
    vec_add(demo->arena, &demo->due,
            ((struct demo_due){ str_copy(demo->arena, order->order_no), at, fen }));
}

static void promise_all(struct demo *demo, const struct sales_import *im)
{
    for (size_t i = 0; i < im->orders.count; i++) {
        const struct import_order *order = &im->orders.items[i];
        int64_t fen = 0;
        for (size_t k = 0; k < order->count; k++)
            fen += im->lines.items[order->first + k].amount.fen;
        promise_money(demo, order, fen);
    }
}

static int by_due(const void *a, const void *b)
{
    const struct demo_due *x = a, *y = b;
    if (x->at.us != y->at.us)
        return x->at.us < y->at.us ? -1 : 1;
    return str_cmp(x->order_no, y->order_no);
}

struct collecting {
    struct demo *demo;
    size_t from, to;
};

static enum err collect(struct cx *cx, void *arg)
{
    static const char *const methods[] = { "微信", "支付宝", "银行转账" };
    const struct collecting *c = arg;
    for (size_t i = c->from; i < c->to; i++) {
        struct arena_mark mark = arena_mark(cx->arena);
        const struct demo_due *due = &c->demo->due.items[i];
        struct import_order_by_no_row row;
        struct sales_order order;
        TRY(import_order_by_no(cx, (struct import_order_by_no_in){ due->order_no }, &row));
        TRY(sales_order_get(cx, row.id, &order));
        TRY(sales_book_collection(cx, &order, (struct money){ due->fen }, due->at,
                                  str_from(methods[str_hash(due->order_no) % 3])));
        arena_reset(cx->arena, mark);
    }
    return OK;
}

/* What has come in by now; the rest stays due. */
static enum err collect_until_now(struct demo *demo, struct fault *fault)
{
    struct core *core = &demo->app.core;
    size_t count = 0;
    if (demo->due.count)
        qsort(demo->due.items, demo->due.count, sizeof *demo->due.items, by_due);
    while (count < demo->due.count && demo->due.items[count].at.us <= demo_clock().us)
        count++;
    for (size_t at = 0; at < count; at += DUE_CHUNK) {
        struct collecting c = { demo, at, MIN(at + DUE_CHUNK, count) };
        TRY(core_write_alone(core, &demo->call, collect, &c, fault));
    }
    demo->due.items += count;
    demo->due.count -= count;
    demo->due.room -= count;
    return OK;
}

/* ---- activities ---- */

struct acting {
    struct demo *demo;
    struct date first, last;
};

static enum err act(struct cx *cx, struct demo *demo, const struct demo_person *person,
                    struct date day)
{
    struct rand r = lots(demo, "activity", str_fmt(cx->arena, STR_FMT "/%d",
                                                   STR_ARG(person->number), day.day));
    int64_t count = date_weekday(day) == 7 || rand_chance(&r, 2, 5) ? 0 : rand_between(&r, 1, 4);
    for (int64_t i = 0; i < count; i++) {
        struct activity row;
        struct activity_draft draft = {
            .kind = rand_chance(&r, 2, 3) ? ACTIVITY_KIND_LEAD : ACTIVITY_KIND_VISIT,
            .promoter = person->id, .at = date_start(day, cx->zone_minutes),
            .valid = rand_chance(&r, 23, 25),
        };
        draft.at.us += rand_between(&r, 9 * 60, 19 * 60) * MINUTE_US;
        draft.note = draft.kind == ACTIVITY_KIND_LEAD ? STR("门店询价") : STR("上门拜访");
        TRY(sales_book_activity(cx, &draft, &row));
    }
    return OK;
}

static enum err act_all(struct cx *cx, void *arg)
{
    const struct acting *a = arg;
    for (struct date day = a->first; day.day <= a->last.day; day.day++)
        for (int i = 0; i < DEMO_PROMOTERS; i++) {
            struct arena_mark mark = arena_mark(cx->arena);
            TRY(act(cx, a->demo, &a->demo->promoters[i], day));
            arena_reset(cx->arena, mark);
        }
    return OK;
}

/* ---- the orders of a month ---- */

/* Orders without customer belong to the shop of a squad: the promoter is named in the sheet. */
static void name_shops(struct demo *demo, struct demo_month *month)
{
    for (size_t i = 1; i < month->sheet.rows.count; i++) {
        struct str *cells = (struct str *)(uintptr_t)month->sheet.rows.items[i].cells;
        if (!cells[DEMO_CUSTOMER].len)
            cells[DEMO_PROMOTER] = demo->squads[demo_squad_of(demo, cells[DEMO_COUNTRY],
                                                              cells[DEMO_ORDER])].shop;
    }
}

static enum err refuse_bad(const struct sales_import *im, struct fault *fault)
{
    const struct sales_import_error *e = im->errors.count ? im->errors.items : NULL;
    if (!e)
        return OK;
    return fault_set(fault, ERR_INVALID, "row %u, %s \"" STR_FMT "\": " STR_FMT, e->row,
                     sales_import_columns[e->field].name, STR_ARG(e->value),
                     STR_ARG(e->message));
}

static enum err totals_agree(const struct sales_import *im, struct fault *fault)
{
    const struct sales_import_totals *f = &im->file, *s = &im->stored;
    if (f->orders == s->orders && f->lines == s->lines && f->net_fen == s->net_fen &&
        f->cancellations == s->cancellations && f->no_customer == s->no_customer &&
        f->zero_price == s->zero_price && f->unmatched == s->unmatched)
        return OK;
    return fault_set(fault, ERR_INTERNAL, "the control totals of file and database differ");
}

/* `cx` carries memory and language; it lives as long as the demo. */
static enum err import_month(struct demo *demo, struct cx *cx, struct demo_month *month,
                             struct fault *fault)
{
    struct core *core = &demo->app.core;
    struct sales_import *im;
    struct sales_import_commit how = { .chunk_lines = CHUNK_LINES };
    name_shops(demo, month);
    if (sales_import_open(cx, &month->sheet, NULL, demo->call.zone_minutes, &im)) {
        *fault = cx->fault;
        return fault->code;
    }
    TRY(sales_import_judge(core, &demo->call, im, fault));
    TRY(refuse_bad(im, fault));
    TRY(sales_import_write(core, &demo->call, im, &how, fault));
    TRY(totals_agree(im, fault));
    month->totals = im->stored;
    promise_all(demo, im);
    demo->recent.items = im->orders.items;
    demo->recent.count = im->orders.count;
    demo->recent_lines = im->lines.items;
    return OK;
}

/* ---- what people post on their phones ---- */

/* Buys again what was bought before: other quantities, the same prices. */
static enum err post_again(struct cx *cx, struct demo *demo, const struct import_order *model,
                           struct instant at, struct rand *r)
{
    struct line_draft lines[4];
    size_t count = 0, most = (size_t)rand_between(r, 1, (int64_t)COUNT(lines));
    for (size_t k = 0; k < model->count && count < most; k++) {
        const struct import_line *line = &demo->recent_lines[model->first + k];
        if (line->quantity > 0 && line->unit_price > 0)
            lines[count++] = (struct line_draft){ line->product->id, line->description,
                                                  rand_between(r, 1, 24), line->unit_price };
    }
    if (!count)
        return OK;
    struct sales_order order;
    struct order_draft draft = {
        .kind = ORDER_KIND_SALE, .source = ORDER_SOURCE_PHONE, .ordered_at = at,
        .customer = model->customer->id, .promoter = model->customer->promoter, .lines = lines,
        .line_count = count,
    };
    TRY(sales_book_order(cx, &draft, &order, NULL));
    if (!rand_chance(r, 4, 5))
        return OK;
    return sales_book_collection(cx, &order, order.amount, at, STR("微信"));
}

struct posting {
    struct demo *demo;
    struct date day;
    int first_minute, last_minute; /* of the day */
    int tries;
};

/* Of the demo promoter's customers first: their phone must have something to show. */
static const struct import_order *pick(const struct demo *demo, struct rand *r, int turn)
{
    const struct import_order *any = NULL;
    for (int i = 0; i < 500; i++) {
        const struct import_order *order =
            &demo->recent.items[rand_below(r, demo->recent.count)];
        if (order->kind != ORDER_KIND_SALE || !order->customer)
            continue;
        any = order;
        if (turn > 2 || order->customer->promoter.v == demo->promoters[1].id.v)
            break;
    }
    return any;
}

static enum err post_day(struct cx *cx, void *arg)
{
    const struct posting *p = arg;
    struct rand r = lots(p->demo, "today", date_text(cx->arena, p->day));
    for (int i = 0; i < p->tries; i++) {
        struct instant at = date_start(p->day, cx->zone_minutes);
        at.us += rand_between(&r, p->first_minute, p->last_minute) * MINUTE_US;
        const struct import_order *model = pick(p->demo, &r, i);
        if (model)
            TRY(post_again(cx, p->demo, model, at, &r));
    }
    return OK;
}

/* ---- pay ---- */

struct stepping {
    struct date month;
    struct period_id period;
    enum { STEP_FIND, STEP_APPROVE, STEP_LOCK } step;
};

static enum err step(struct cx *cx, void *arg)
{
    struct stepping *s = arg;
    struct period period;
    TRY(settlement_period(cx, s->month, &period));
    s->period = period.id;
    if (s->step == STEP_APPROVE)
        return settlement_approve(cx, &period);
    return s->step == STEP_LOCK ? settlement_lock(cx, &period) : OK;
}

/* Finance calculates and locks, head office approves. */
static enum err settle(struct demo *demo, struct date month, struct date day, struct fault *fault)
{
    struct core *core = &demo->app.core;
    struct call hq = demo->call, finance = demo->call;
    struct stepping s = { .month = month, .step = STEP_FIND };
    hq.login = demo->logins[DEMO_HQ].id;
    finance.login = demo->logins[DEMO_FINANCE].id;
    demo_set_clock(day, 8, 0);
    TRY(core_write_alone(core, &finance, step, &s, fault));
    TRY(settlement_calculate_now(core, &finance, s.period, fault));
    demo_set_clock(day, 8, 20);
    s.step = STEP_APPROVE;
    TRY(core_write_alone(core, &hq, step, &s, fault));
    demo_set_clock(day, 8, 30);
    s.step = STEP_LOCK;
    TRY(core_write_alone(core, &finance, step, &s, fault));
    return proof_sequence(core, &demo->call, fault);
}

/* ---- the whole ---- */

static enum err live_month(struct demo *demo, struct cx *cx, int at, struct fault *fault)
{
    struct core *core = &demo->app.core;
    struct demo_month *month = &demo->orders.months[at];
    struct date next = date_add_months(month->first, 1);
    demo_set_clock(next, 2, 0);
    TRY(import_month(demo, cx, month, fault));
    TRY(collect_until_now(demo, fault));
    if (at >= DEMO_MONTHS_MAX - ACTIVE_MONTHS) {
        struct acting a = { demo, month->first, { next.day - 1 } };
        TRY(core_write_alone(core, &demo->call, act_all, &a, fault));
    }
    return proof_sequence(core, &demo->call, fault);
}

/* The first two days of the month that is open. */
static enum err live_today(struct demo *demo, struct fault *fault)
{
    struct core *core = &demo->app.core;
    struct date second = date_of(2026, 11, 2);
    struct posting before = { demo, { second.day - 1 }, 10 * 60, 18 * 60, TODAY_TRIES };
    struct posting today = { demo, second, 8 * 60, 8 * 60 + 55, TODAY_TRIES / 4 };
    struct acting acting = { demo, before.day, before.day };
    struct stepping open = { .month = second, .step = STEP_FIND };
    demo_set_clock(before.day, 19, 0);
    TRY(core_write_alone(core, &demo->call, post_day, &before, fault));
    TRY(core_write_alone(core, &demo->call, act_all, &acting, fault));
    TRY(collect_until_now(demo, fault));
    TRY(settle(demo, date_of(2026, 10, 1), second, fault));
    demo_set_clock(second, 9, 0);
    TRY(core_write_alone(core, &demo->call, post_day, &today, fault));
    TRY(core_write_alone(core, &demo->call, step, &open, fault));
    return proof_sequence(core, &demo->call, fault);
}

enum err demo_live(struct demo *demo, struct fault *fault)
{
    struct cx *cx = arena_new(demo->arena, struct cx);
    cx->arena = demo->arena;
    cx->lang = LANG_EN;
    for (int at = DEMO_MONTHS_MAX - demo->months; at < DEMO_MONTHS_MAX; at++) {
        progress_show("importing orders month by month",
                      100 + 700 * (at - DEMO_MONTHS_MAX + demo->months) / demo->months);
        TRY(live_month(demo, cx, at, fault));
        if (at == DEMO_MONTHS_MAX - 2) {
            progress_show("settling September", 650);
            TRY(settle(demo, date_of(2026, 9, 1), date_of(2026, 10, 5), fault));
        }
    }
    progress_show("settling October", 850);
    return live_today(demo, fault);
}
