/*
 * Orders, collections and refunds are written here and nowhere else, whether they come from a form,
 * an import or the demo: rows, their event and their entry in the proof log in one transaction.
 */
#include "mod/sales/sales.h"

#include "core/org/org.gen.h"
#include "mod/catalog/catalog.gen.h"

/* fen = quantity x (yuan x 10^4) / 100. */
bool sales_line_amount(int64_t quantity, int64_t unit_price, struct money *ret)
{
    __int128 fen = div_round((__int128)quantity * unit_price, 100, ROUND_HALF_UP);
    if (fen > MONEY_MAX || fen < -MONEY_MAX)
        return false;
    ret->fen = (int64_t)fen;
    return true;
}

struct str sales_period_of(struct arena *arena, struct date day)
{
    return str_cut(date_text(arena, day), 0, 7);
}

/* Sortable, short, without a counter that all writers would wait for. */
static struct str number_of(struct arena *arena, int64_t id)
{
    char digits[16];
    size_t at = sizeof digits;
    for (uint64_t left = (uint64_t)id; left; left /= 36)
        digits[--at] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"[left % 36];
    return str_copy(arena, (struct str){ digits + at, sizeof digits - at });
}

static void put_line(struct cx *cx, struct json_writer *w, const struct order_line *line)
{
    json_begin_object(w);
    json_key(w, "amount_fen");
    json_put_i64(w, line->amount.fen);
    json_key(w, "id");
    json_put_id(w, line->id.v);
    json_key(w, "product");
    json_put_id(w, line->product.v);
    json_key(w, "quantity");
    json_put_i64(w, line->quantity);
    json_key(w, "unit_price");
    json_put_str(w, decimal_text(cx->arena, (struct decimal){ line->unit_price, 4 }));
    json_end_object(w);
}

/* Keys in order: the text is canonical as it is written. */
static struct str order_content(struct cx *cx, const struct sales_order *order,
                                const struct order_line *lines, size_t count)
{
    struct buf out = buf_in(cx->arena);
    struct json_writer w = json_writer_to(&out);
    json_begin_object(&w);
    json_key(&w, "amount_fen");
    json_put_i64(&w, order->amount.fen);
    json_key(&w, "id");
    json_put_id(&w, order->id.v);
    json_key(&w, "kind");
    json_put_cstr(&w, "order");
    json_key(&w, "lines");
    json_begin_array(&w);
    for (size_t i = 0; i < count; i++)
        put_line(cx, &w, &lines[i]);
    json_end_array(&w);
    json_key(&w, "order_kind");
    json_put_cstr(&w, order_kind_code(order->kind));
    json_key(&w, "order_no");
    json_put_str(&w, order->order_no);
    json_key(&w, "ordered_at");
    json_put_str(&w, instant_text(cx->arena, order->ordered_at));
    json_end_object(&w);
    return buf_view(&out);
}

static enum err prove(struct cx *cx, const char *kind, struct person_id person, struct date day,
                      const char *entity, int64_t row, struct str content, int64_t *seq)
{
    struct proof_fact fact = { .kind = kind, .person = person.v, .entity = entity, .row = row,
                               .period = sales_period_of(cx->arena, day), .content = content };
    return cx->services->proof_append(cx, &fact, seq);
}

static enum err make_lines(struct cx *cx, const struct order_draft *draft,
                           struct sales_order *order, struct order_line *lines)
{
    for (size_t i = 0; i < draft->line_count; i++) {
        const struct line_draft *from = &draft->lines[i];
        struct order_line *line = &lines[i];
        *line = order_line_blank;
        line->id.v = cx_new_id(cx);
        line->sales_order = order->id;
        line->number = (int64_t)i + 1;
        line->product = from->product;
        line->description = from->description;
        line->quantity = from->quantity;
        line->unit_price = from->unit_price;
        line->promoter = order->promoter;
        line->customer = order->customer;
        line->ordered_at = order->ordered_at;
        line->ordered_on = order->ordered_on;
        if (!sales_line_amount(from->quantity, from->unit_price, &line->amount) ||
            !money_add(order->amount, line->amount, &order->amount))
            return refuse(cx, ERR_OVERFLOW, "line %zu: the amount is too large",
                          "第 %zu 行：金额过大", i + 1);
    }
    return OK;
}

static enum err set_unit(struct cx *cx, struct sales_order *order)
{
    struct person promoter;
    if (!order->promoter.v)
        return OK;
    TRY(person_get(cx, order->promoter, &promoter));
    order->unit = promoter.unit;
    return OK;
}

enum err sales_book_order(struct cx *cx, const struct order_draft *draft, struct sales_order *ret,
                          const struct order_line **lines)
{
    struct sales_order order = sales_order_blank;
    order.id.v = cx_new_id(cx);
    order.order_no = draft->order_no.len ? draft->order_no : number_of(cx->arena, order.id.v);
    order.kind = draft->kind;
    order.source = draft->source;
    order.ordered_at = draft->ordered_at;
    order.ordered_on = instant_date(draft->ordered_at, cx->zone_minutes);
    order.customer = draft->customer;
    order.promoter = draft->promoter;
    order.lines = (int64_t)draft->line_count;
    order.client_key = draft->client_key;
    TRY(set_unit(cx, &order));
    struct order_line *made = arena_array(cx->arena, struct order_line, draft->line_count);
    TRY(make_lines(cx, draft, &order, made));
    int64_t seq;
    TRY(prove(cx, "order", order.promoter, order.ordered_on, "sales_order", order.id.v,
              order_content(cx, &order, made, draft->line_count), &seq));
    TRY(sales_order_insert(cx, &order));
    for (size_t i = 0; i < draft->line_count; i++) {
        made[i].log_seq = seq;
        TRY(order_line_insert(cx, &made[i]));
    }
    *ret = order;
    if (lines)
        *lines = made;
    return OK;
}

/* {"amount_fen", "at", "id", "kind", …}: one fact about money. */
static struct str money_content(struct cx *cx, const char *kind, int64_t id, struct money amount,
                                struct instant at, int64_t line, int64_t order)
{
    struct buf out = buf_in(cx->arena);
    struct json_writer w = json_writer_to(&out);
    json_begin_object(&w);
    json_key(&w, "amount_fen");
    json_put_i64(&w, amount.fen);
    json_key(&w, "at");
    json_put_str(&w, instant_text(cx->arena, at));
    json_key(&w, "id");
    json_put_id(&w, id);
    json_key(&w, "kind");
    json_put_cstr(&w, kind);
    json_key(&w, "line");
    json_put_id(&w, line);
    json_key(&w, "order");
    json_put_id(&w, order);
    json_end_object(&w);
    return buf_view(&out);
}

enum err sales_book_collection(struct cx *cx, struct sales_order *order, struct money amount,
                               struct instant at, struct str method)
{
    struct collection row = collection_blank;
    row.sales_order = order->id;
    row.promoter = order->promoter;
    row.amount = amount;
    row.collected_at = at;
    row.collected_on = instant_date(at, cx->zone_minutes);
    row.method = method;
    row.id.v = cx_new_id(cx);
    TRY(prove(cx, "collection", order->promoter, row.collected_on, "collection", row.id.v,
              money_content(cx, "collection", row.id.v, amount, at, 0, order->id.v),
              &row.log_seq));
    TRY(collection_insert(cx, &row));
    if (!money_add(order->collected, amount, &order->collected))
        return refuse(cx, ERR_OVERFLOW, "the amount is too large", "金额过大");
    return sales_order_update(cx, order);
}

static enum err raise_refunded(struct cx *cx, struct sales_order_id id, struct money amount)
{
    struct sales_order order;
    TRY(sales_order_get(cx, id, &order));
    if (!money_add(order.refunded, amount, &order.refunded))
        return refuse(cx, ERR_OVERFLOW, "the amount is too large", "金额过大");
    return sales_order_update(cx, &order);
}

enum err sales_book_refund(struct cx *cx, const struct refund_draft *draft, struct refund *ret)
{
    struct refund row = refund_blank;
    row.sales_order = draft->order;
    row.match = draft->origin ? REFUND_MATCH_MATCHED : REFUND_MATCH_UNMATCHED;
    if (draft->origin)
        row.origin = draft->origin->id;
    row.promoter = draft->promoter;
    row.customer = draft->customer;
    row.product = draft->product;
    row.quantity = draft->quantity;
    row.amount = draft->amount;
    row.refunded_at = draft->at;
    row.refunded_on = instant_date(draft->at, cx->zone_minutes);
    row.reason = draft->reason;
    row.id.v = cx_new_id(cx);
    TRY(prove(cx, "refund", row.promoter, row.refunded_on, "refund", row.id.v,
              money_content(cx, "refund", row.id.v, row.amount, row.refunded_at, row.origin.v,
                            row.sales_order.v), &row.log_seq));
    TRY(refund_insert(cx, &row));
    if (draft->origin)
        TRY(raise_refunded(cx, draft->origin->sales_order, draft->amount));
    *ret = row;
    return OK;
}

enum err sales_book_activity(struct cx *cx, const struct activity_draft *draft,
                             struct activity *ret)
{
    struct activity row = activity_blank;
    row.promoter = draft->promoter;
    row.kind = draft->kind;
    row.customer = draft->customer;
    row.happened_at = draft->at;
    row.happened_on = instant_date(draft->at, cx->zone_minutes);
    row.valid = draft->valid;
    row.note = draft->note;
    row.id.v = cx_new_id(cx);
    struct buf out = buf_in(cx->arena);
    struct json_writer w = json_writer_to(&out);
    json_begin_object(&w);
    json_key(&w, "activity");
    json_put_cstr(&w, activity_kind_code(row.kind));
    json_key(&w, "at");
    json_put_str(&w, instant_text(cx->arena, row.happened_at));
    json_key(&w, "id");
    json_put_id(&w, row.id.v);
    json_key(&w, "kind");
    json_put_cstr(&w, "activity");
    json_key(&w, "valid");
    json_put_bool(&w, row.valid);
    json_end_object(&w);
    TRY(prove(cx, "activity", row.promoter, row.happened_on, "activity", row.id.v, buf_view(&out),
              &row.log_seq));
    TRY(activity_insert(cx, &row));
    *ret = row;
    return OK;
}

/* ---- checking: do the rows still say what was logged? ---- */

static enum err order_said(struct cx *cx, int64_t id, struct str *ret)
{
    struct sales_order order;
    VEC(struct order_line) lines = { 0 };
    struct lines_of_order_cursor cursor;
    const struct lines_of_order_row *row;
    TRY(sales_order_get(cx, (struct sales_order_id){ id }, &order));
    TRY(lines_of_order(cx, (struct lines_of_order_in){ order.id }, &cursor));
    for (;;) {
        TRY(lines_of_order_next(cx, &cursor, &row));
        if (!row)
            break;
        struct order_line line = order_line_blank;
        line.id = row->id;
        line.product = row->product;
        line.quantity = row->quantity;
        line.unit_price = row->unit_price;
        line.amount = row->amount;
        vec_add(cx->arena, &lines, line);
    }
    *ret = order_content(cx, &order, lines.items, lines.count);
    return OK;
}

static enum err fact_said(struct cx *cx, struct str kind, int64_t id, struct str *ret)
{
    struct collection c;
    struct refund r;
    if (str_is(kind, "order"))
        return order_said(cx, id, ret);
    if (str_is(kind, "collection")) {
        TRY(collection_get(cx, (struct collection_id){ id }, &c));
        *ret = money_content(cx, "collection", id, c.amount, c.collected_at, 0, c.sales_order.v);
        return OK;
    }
    TRY(refund_get(cx, (struct refund_id){ id }, &r));
    *ret = money_content(cx, "refund", id, r.amount, r.refunded_at, r.origin.v, r.sales_order.v);
    return OK;
}

static enum err check_fact(struct cx *cx, const struct facts_logged_row *fact,
                           void (*finding)(void *arg, struct str line), void *arg)
{
    struct str now;
    enum err e = fact_said(cx, fact->kind, fact->row_id, &now);
    if (e && e != ERR_NOT_FOUND)
        return e;
    fault_clear(&cx->fault);
    if (e || !str_eq(now, fact->content))
        finding(arg, str_fmt(cx->arena, STR_FMT " %lld %s (entry %lld of the log)",
                             STR_ARG(fact->kind), (long long)fact->row_id,
                             e ? "is gone" : "is not what was logged", (long long)fact->seq));
    return OK;
}

enum err sales_check(struct cx *cx, void (*finding)(void *arg, struct str line), void *arg)
{
    int64_t after = -1;
    for (;;) {
        struct arena_mark mark = arena_mark(cx->arena);
        VEC(struct facts_logged_row) facts = { 0 };
        struct facts_logged_cursor cursor;
        const struct facts_logged_row *row;
        TRY(facts_logged(cx, (struct facts_logged_in){ after }, &cursor));
        for (;;) {
            TRY(facts_logged_next(cx, &cursor, &row));
            if (!row)
                break;
            struct facts_logged_row fact = *row;
            fact.kind = str_copy(cx->arena, row->kind);
            fact.content = str_copy(cx->arena, row->content);
            vec_add(cx->arena, &facts, fact);
        }
        for (size_t i = 0; i < facts.count; i++)
            TRY(check_fact(cx, &facts.items[i], finding, arg));
        if (facts.count == 0)
            return OK;
        after = facts.items[facts.count - 1].seq;
        arena_reset(cx->arena, mark);
    }
}
