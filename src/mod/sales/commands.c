/* The commands of orders and activities: who may do it for whom, prices, limits. */
#include "core/org/org.gen.h"
#include "may.gen.h"
#include "mod/catalog/catalog.gen.h"
#include "mod/sales/sales.h"

/* Nobody posts for a person they do not reach: an unknown person and one out of reach look
 * alike. */
static enum err check_promoter(struct cx *cx, int permission, struct person_id *promoter)
{
    struct promoter_place_row place;
    if (!promoter->v)
        promoter->v = cx->actor.person;
    if (!promoter->v) {
        problem(cx, "promoter", "required", "say whose it is", "请选择推广员");
        return problems_end(cx);
    }
    enum err e = promoter_place(cx, (struct promoter_place_in){ *promoter }, &place);
    if (e && e != ERR_NOT_FOUND)
        return e;
    if (e || !cx_reaches(cx, permission, promoter->v, place.path)) {
        fault_clear(&cx->fault);
        problem(cx, "promoter", "unknown", "there is no such person within your reach",
                "您的范围内没有这名推广员");
    } else if (place.status == PERSON_LEFT) {
        problem(cx, "promoter", "left", "this person has left", "该人员已离开");
    }
    return problems_end(cx);
}

static enum err price_of_day(struct cx *cx, struct product_id product, struct date day, size_t at,
                             int64_t *ret)
{
    struct price_in_force_row row;
    enum err e = price_in_force(cx, (struct price_in_force_in){ product, day }, &row);
    if (e == ERR_NOT_FOUND) {
        fault_clear(&cx->fault);
        problem(cx, str_fmt(cx->arena, "items[%zu].unit_price", at).data, "required",
                "no price is in force on that day: give one", "当日没有价目，请填写单价");
        return OK;
    }
    TRY(e);
    *ret = row.unit_price;
    return OK;
}

static enum err read_lines(struct cx *cx, const struct sales_order_post_in *in, struct date day,
                           struct line_draft *lines)
{
    for (size_t i = 0; i < in->items_count; i++) {
        const struct sales_order_post_in_items *item = &in->items[i];
        struct product product;
        TRY(product_get(cx, item->product, &product));
        if (!product.sellable || product.archived_at.us)
            problem(cx, str_fmt(cx->arena, "items[%zu].product", i).data, "state",
                    "this product is not sold any more", "该商品已停售");
        lines[i] = (struct line_draft){ .product = product.id, .description = product.name,
                                        .quantity = item->quantity,
                                        .unit_price = item->unit_price };
        if (item->unit_price == ABSENT)
            TRY(price_of_day(cx, product.id, day, i, &lines[i].unit_price));
    }
    return problems_end(cx);
}

enum err sales_order_post(struct cx *cx, const struct sales_order_post_in *in,
                          struct sales_order_post_out *out)
{
    struct order_draft draft = {
        .order_no = in->order_no, .kind = ORDER_KIND_SALE, .source = ORDER_SOURCE_DESK,
        .ordered_at = in->ordered_at.us ? in->ordered_at : cx->now,
        .customer = in->customer, .promoter = in->promoter, .line_count = in->items_count,
    };
    if (draft.ordered_at.us > cx->now.us + INT64_C(300000000))
        problem(cx, "ordered_at", "future", "it lies in the future", "下单时间晚于当前时间");
    if (in->items_count == 0)
        problem(cx, "items", "required", "an order has at least one line", "请至少填写一行明细");
    TRY(check_promoter(cx, MAY_ORDER_POST, &draft.promoter));
    struct line_draft *lines = arena_array(cx->arena, struct line_draft, in->items_count);
    TRY(read_lines(cx, in, instant_date(draft.ordered_at, cx->zone_minutes), lines));
    draft.lines = lines;
    struct sales_order order;
    TRY(sales_book_order(cx, &draft, &order, NULL));
    if (in->paid.fen != ABSENT && in->paid.fen > 0)
        TRY(sales_book_collection(cx, &order, in->paid, draft.ordered_at, STR_NONE));
    out->order = order.id;
    out->order_no = order.order_no;
    out->amount = order.amount;
    return OK;
}

enum err sales_order_collect(struct cx *cx, struct sales_order *row,
                             const struct sales_order_collect_in *in)
{
    struct money after;
    if (!money_add(row->collected, in->amount, &after) || after.fen > row->amount.fen) {
        problem(cx, "amount", "range", "more than the order is worth: %lld fen are open",
                "超过订单金额：尚有 %lld 分未收",
                (long long)MAX(row->amount.fen - row->collected.fen, 0));
        return problems_end(cx);
    }
    struct instant at = in->collected_at.us ? in->collected_at : cx->now;
    return sales_book_collection(cx, row, in->amount, at, in->method);
}

enum err sales_order_refund(struct cx *cx, struct sales_order *row,
                            const struct sales_order_refund_in *in)
{
    struct order_line line;
    struct line_refunded_row before;
    TRY(order_line_get(cx, in->line, &line));
    if (line.sales_order.v != row->id.v)
        problem(cx, "line", "unknown", "the line is not of this order", "该行不属于本订单");
    TRY(line_refunded(cx, (struct line_refunded_in){ line.id }, &before));
    if (before.amount.fen + in->amount.fen > line.amount.fen)
        problem(cx, "amount", "range", "at most %lld fen of this line can still be given back",
                "该行最多还可退 %lld 分", (long long)(line.amount.fen - before.amount.fen));
    int64_t quantity = in->quantity == ABSENT ? 0 : in->quantity;
    if (before.quantity + quantity > MAX(line.quantity, 0))
        problem(cx, "quantity", "range", "at most %lld pieces can still be given back",
                "最多还可退 %lld 件", (long long)(line.quantity - before.quantity));
    TRY(problems_end(cx));
    struct refund_draft draft = {
        .origin = &line, .promoter = line.promoter, .customer = line.customer,
        .product = line.product, .quantity = quantity, .amount = in->amount,
        .at = in->refunded_at.us ? in->refunded_at : cx->now, .reason = in->reason,
    };
    struct refund refund;
    TRY(sales_book_refund(cx, &draft, &refund));
    return sales_order_get(cx, row->id, row);
}

enum err activity_record(struct cx *cx, const struct activity_record_in *in,
                         struct activity_record_out *out)
{
    struct activity_draft draft = {
        .kind = in->kind, .promoter = in->promoter, .customer = in->customer,
        .at = in->happened_at.us ? in->happened_at : cx->now, .valid = in->valid,
        .note = in->note,
    };
    struct activity row;
    TRY(check_promoter(cx, MAY_ACTIVITY_RECORD, &draft.promoter));
    TRY(sales_book_activity(cx, &draft, &row));
    out->activity = row.id;
    return OK;
}

const struct module sales_module = {
    .name = "sales",
    .about = "Orders, collections, refunds, activities.",
};
