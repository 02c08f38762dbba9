#include "mod/settlement/facts.h"

#include "core/org/org.gen.h"
#include "mod/catalog/catalog.gen.h"
#include "mod/sales/sales.gen.h"
#include "mod/settlement/settlement.gen.h"

typedef enum err load(struct cx *cx, struct frame *frame, const struct facts_range *range);

static int64_t local_seconds(const struct cx *cx, struct instant t)
{
    int64_t us = t.us + cx->zone_minutes * INT64_C(60000000);
    return us / 1000000 - (us % 1000000 < 0);
}

static enum err load_people(struct cx *cx, struct frame *f, const struct facts_range *range)
{
    struct fact_people_cursor cursor;
    const struct fact_people_row *row;
    TRY(fact_people(cx, (struct fact_people_in){ range->first, range->last }, &cursor));
    for (;;) {
        TRY(fact_people_next(cx, &cursor, &row));
        if (!row)
            return OK;
        frame_number(f, 0, row->id.v);
        frame_number(f, 1, row->leader.v);
        frame_number(f, 2, row->unit.v);
        frame_number(f, 3, row->rank);
        frame_number(f, 4, row->joined_on.day);
        frame_text(f, 5, row->number);
        frame_text(f, 6, str_from(person_kind_code(row->kind)));
        frame_end_row(f);
    }
}

static enum err load_products(struct cx *cx, struct frame *f, const struct facts_range *range)
{
    (void)range;
    struct fact_products_cursor cursor;
    const struct fact_products_row *row;
    TRY(fact_products(cx, &cursor));
    for (;;) {
        TRY(fact_products_next(cx, &cursor, &row));
        if (!row)
            return OK;
        frame_number(f, 0, row->id.v);
        frame_text(f, 1, row->code);
        frame_text(f, 2, row->category);
        frame_number(f, 3, row->spiff.fen);
        frame_end_row(f);
    }
}

/* The share of an order that was collected counts for each of its lines. */
static int64_t paid_bp(struct money collected, struct money amount)
{
    if (amount.fen <= 0 || collected.fen <= 0)
        return 0;
    return MIN((int64_t)((__int128)collected.fen * 10000 / amount.fen), INT64_C(10000));
}

static enum err load_lines(struct cx *cx, struct frame *f, const struct facts_range *range)
{
    struct fact_lines_cursor cursor;
    const struct fact_lines_row *row;
    struct fact_lines_in in = { range->first, range->last, range->known };
    TRY(fact_lines(cx, in, &cursor));
    for (;;) {
        TRY(fact_lines_next(cx, &cursor, &row));
        if (!row)
            return OK;
        const int64_t values[] = {
            row->id.v, row->sales_order.v, row->promoter.v, row->product.v, row->customer.v,
            row->quantity, row->amount.fen, paid_bp(row->collected, row->order_amount),
            local_seconds(cx, row->ordered_at), row->ordered_on.day, row->refunded.fen > 0,
            MIN(row->refunded.fen, row->amount.fen),
        };
        for (int i = 0; i < (int)COUNT(values); i++)
            frame_number(f, i, values[i]);
        frame_end_row(f);
    }
}

static enum err load_activities(struct cx *cx, struct frame *f, const struct facts_range *range)
{
    struct fact_activities_cursor cursor;
    const struct fact_activities_row *row;
    struct fact_activities_in in = { range->first, range->last, range->known };
    TRY(fact_activities(cx, in, &cursor));
    for (;;) {
        TRY(fact_activities_next(cx, &cursor, &row));
        if (!row)
            return OK;
        frame_number(f, 0, row->id.v);
        frame_number(f, 1, row->promoter.v);
        frame_number(f, 2, (int64_t)row->kind);
        frame_text(f, 3, str_from(activity_kind_code(row->kind)));
        frame_number(f, 4, local_seconds(cx, row->happened_at));
        frame_number(f, 5, row->happened_on.day);
        frame_number(f, 6, row->valid);
        frame_end_row(f);
    }
}

static enum err load_refunds(struct cx *cx, struct frame *f, const struct facts_range *range)
{
    struct fact_earlier_refunds_cursor cursor;
    const struct fact_earlier_refunds_row *row;
    struct fact_earlier_refunds_in in = { range->first, range->last, range->known };
    TRY(fact_earlier_refunds(cx, in, &cursor));
    for (;;) {
        TRY(fact_earlier_refunds_next(cx, &cursor, &row));
        if (!row)
            return OK;
        if (row->base.fen <= 0)
            continue; /* nothing was paid on it: nothing to take back */
        const int64_t values[] = { row->id.v, row->origin.v, row->promoter.v, row->base.fen,
                                   row->paid.fen, MIN(row->amount.fen, row->base.fen),
                                   local_seconds(cx, row->refunded_at) };
        for (int i = 0; i < (int)COUNT(values); i++)
            frame_number(f, i, values[i]);
        frame_end_row(f);
    }
}

/* Names of the columns, in the order of the loader; '$' before a name: text. */
static const struct source {
    const char *facts;
    load *run;
    bool kept;
    const char *columns[13];
} sources[] = {
    { "person", load_people, true,
      { "promoter_id", "parent_id", "unit_id", "rank", "join_date", "$number", "$kind" } },
    { "product", load_products, true, { "product_id", "$code", "$category", "spiff_fen" } },
    { "order_line", load_lines, false,
      { "order_id", "sale_id", "promoter_id", "product_id", "customer_id", "quantity",
        "amount_fen", "paid_bp", "order_time", "day", "refund_flag", "refund_fen" } },
    { "activity", load_activities, false,
      { "event_id", "promoter_id", "kind", "$kind_code", "event_time", "day", "valid" } },
    { "refund", load_refunds, false,
      { "refund_id", "orig_order_id", "promoter_id", "orig_base_fen", "orig_commission_fen",
        "refund_fen", "refund_time" } },
};

const char *const facts_names[] = { "person", "product", "order_line", "activity", "refund",
                                    NULL };

static const struct source *find_source(const char *facts)
{
    for (size_t i = 0; i < COUNT(sources); i++)
        if (strcmp(facts, sources[i].facts) == 0)
            return &sources[i];
    return NULL;
}

static struct frame blank(struct arena *arena, const struct source *source)
{
    struct frame frame = frame_of(arena, source->facts);
    for (int i = 0; source->columns[i]; i++) {
        const char *name = source->columns[i];
        if (name[0] == '$')
            frame_text_column(&frame, name + 1);
        else
            frame_number_column(&frame, name);
    }
    return frame;
}

bool facts_are_kept(const char *facts)
{
    const struct source *source = find_source(facts);
    return source && source->kept;
}

enum err facts_load(struct cx *cx, struct arena *arena, const char *facts,
                    const struct facts_range *range, struct frame *ret)
{
    const struct source *source = find_source(facts);
    if (!source)
        return fail(cx, ERR_UNPROCESSABLE, "there are no facts called \"%s\"", facts);
    *ret = blank(arena, source);
    enum err e = source->run(cx, ret, range);
    return e ? explain(cx, e, "reading %s", facts) : OK;
}

enum err facts_restore(struct arena *arena, const char *facts, const struct json *kept,
                       struct fault *fault, struct frame *ret)
{
    const struct source *source = find_source(facts);
    if (!source)
        return fault_set(fault, ERR_UNPROCESSABLE, "there are no facts called \"%s\"", facts);
    *ret = blank(arena, source);
    return frame_read(ret, json_get(kept, facts), fault);
}
