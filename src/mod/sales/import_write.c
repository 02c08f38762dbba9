/* Writing an import in chunks of whole orders, and counting what is stored then. */
#include "mod/sales/import.h"

#include "mod/catalog/catalog.gen.h"
#include "mod/customer/customer.gen.h"

#define CHUNK_LINES 2000
#define TELL_EVERY 4 /* chunks */

/*
 * A chunk may run twice: what it made in the first run is forgotten before the second. It runs on
 * the writer's thread and allocates in the arena of its own call only.
 */
struct chunk {
    struct sales_import *im;
    size_t from, to; /* places in im->by_time */
    struct import_product *products; /* made here */
    struct import_customer *customers;
    int64_t created, skipped;
};

static void forget(struct chunk *c)
{
    for (; c->products; c->products = c->products->made)
        c->products->id.v = 0;
    for (; c->customers; c->customers = c->customers->made)
        c->customers->id.v = 0;
    c->created = c->skipped = 0;
}

static enum err found(struct cx *cx, enum err e, bool *ret)
{
    *ret = e == OK;
    if (e != ERR_NOT_FOUND)
        return e;
    fault_clear(&cx->fault);
    return OK;
}

/* ---- what is made on the way ---- */

static enum err give_price(struct cx *cx, struct product_id product, struct date day,
                           int64_t unit_price)
{
    struct price price = price_blank;
    price.product = product;
    price.from_on = day;
    price.unit_price = unit_price;
    return price_insert(cx, &price);
}

static enum err make_product(struct cx *cx, struct chunk *c, struct import_product *known,
                             const struct import_line *line, struct date day)
{
    struct import_product_by_code_row row;
    bool has;
    if (known->id.v)
        return OK;
    TRY(found(cx, import_product_by_code(cx, (struct import_product_by_code_in){ known->code },
                                         &row), &has));
    if (has) {
        known->id = row.id;
        return OK;
    }
    struct product product = product_blank;
    product.code = known->code;
    product.name = known->name.len ? known->name : known->code;
    product.sellable = true;
    TRY(product_insert(cx, &product));
    known->id = product.id;
    known->made = c->products;
    c->products = known;
    return line->unit_price > 0 && line->quantity > 0
               ? give_price(cx, product.id, day, line->unit_price)
               : OK;
}

static enum err make_customer(struct cx *cx, struct chunk *c, struct import_customer *known)
{
    struct import_customer_by_number_row row;
    bool has;
    if (!known || known->id.v)
        return OK;
    TRY(found(cx, import_customer_by_number(cx,
                  (struct import_customer_by_number_in){ known->number }, &row), &has));
    if (has) {
        known->id = row.id;
        known->promoter = row.promoter;
        return OK;
    }
    struct customer customer = customer_blank;
    customer.number = known->number;
    customer.name = known->number;
    customer.region = known->region;
    if (known->named)
        customer.promoter = known->named->id;
    TRY(customer_insert(cx, &customer));
    known->id = customer.id;
    known->promoter = customer.promoter;
    known->made = c->customers;
    c->customers = known;
    return OK;
}

/* ---- cancellations ---- */

struct giving {
    const struct import_order *from;
    const struct sales_order *order;
    const struct import_line *line;
    int64_t quantity, fen; /* still to be given back */
};

static enum err give_back(struct cx *cx, struct giving *g, const struct order_line *origin,
                          int64_t quantity)
{
    struct money amount = { g->fen };
    struct refund refund;
    /* The last part takes what is left, so that the parts add up to the line. */
    if (quantity < g->quantity && !sales_line_amount(quantity, g->line->unit_price, &amount))
        return fail(cx, ERR_OVERFLOW, "row %u: the amount is too large", g->line->row);
    struct refund_draft draft = {
        .origin = origin, .order = g->order->id, .customer = g->order->customer,
        .promoter = origin ? origin->promoter : g->order->promoter,
        .product = g->line->product->id, .quantity = quantity, .amount = amount,
        .at = g->order->ordered_at, .reason = g->line->description,
    };
    g->quantity -= quantity;
    g->fen -= amount.fen;
    return sales_book_refund(cx, &draft, &refund);
}

struct open_sale {
    struct order_line line;
    int64_t left;
};

/* Read to the end before the first refund is written: a cursor must not see our own rows. */
static enum err open_sales(struct cx *cx, const struct giving *g, struct open_sale **ret,
                           size_t *count)
{
    VEC(struct open_sale) sales = { 0 };
    struct import_open_sales_cursor cursor;
    const struct import_open_sales_row *row;
    struct import_open_sales_in in = { g->order->customer, g->line->product->id,
                                       g->order->ordered_at };
    int64_t wanted = g->quantity;
    TRY(import_open_sales(cx, in, &cursor));
    for (;;) {
        TRY(import_open_sales_next(cx, &cursor, &row));
        if (!row)
            break;
        if (wanted <= 0 || row->quantity <= row->refunded)
            continue;
        struct open_sale *sale = vec_push(cx->arena, &sales);
        sale->line = (struct order_line){ .id = row->id, .sales_order = row->sales_order,
                                          .promoter = row->promoter };
        sale->left = row->quantity - row->refunded;
        wanted -= sale->left;
    }
    *ret = sales.items;
    *count = sales.count;
    return OK;
}

static enum err cancel_line(struct cx *cx, struct giving *g)
{
    struct open_sale *sales = NULL;
    size_t count = 0;
    if (g->order->customer.v)
        TRY(open_sales(cx, g, &sales, &count));
    for (size_t i = 0; i < count && g->quantity > 0; i++)
        TRY(give_back(cx, g, &sales[i].line, MIN(g->quantity, sales[i].left)));
    return g->quantity > 0 ? give_back(cx, g, NULL, g->quantity) : OK;
}

static enum err cancel(struct cx *cx, struct chunk *c, const struct import_order *from,
                       const struct sales_order *order)
{
    for (size_t k = 0; k < from->count; k++) {
        const struct import_line *line = &c->im->lines.items[from->first + k];
        struct giving g = { from, order, line, -line->quantity, -line->amount.fen };
        if (line->quantity < 0 && line->amount.fen <= 0)
            TRY(cancel_line(cx, &g));
    }
    return OK;
}

/* ---- orders ---- */

static struct person_id owner(const struct import_order *order)
{
    if (order->promoter)
        return order->promoter->id;
    return order->customer ? order->customer->promoter : (struct person_id){ 0 };
}

static enum err write_order(struct cx *cx, struct chunk *c, const struct import_order *from)
{
    struct line_draft *lines = arena_array(cx->arena, struct line_draft, from->count);
    struct date day = instant_date(from->ordered_at, cx->zone_minutes);
    struct sales_order order;
    TRY(make_customer(cx, c, from->customer));
    for (size_t k = 0; k < from->count; k++) {
        const struct import_line *line = &c->im->lines.items[from->first + k];
        TRY(make_product(cx, c, line->product, line, day));
        lines[k] = (struct line_draft){ line->product->id, line->description, line->quantity,
                                        line->unit_price };
    }
    struct order_draft draft = {
        .order_no = from->order_no, .kind = from->kind, .source = ORDER_SOURCE_IMPORT,
        .ordered_at = from->ordered_at, .promoter = owner(from), .lines = lines,
        .line_count = from->count,
    };
    if (from->customer)
        draft.customer = from->customer->id;
    TRY(sales_book_order(cx, &draft, &order, NULL));
    c->created += (int64_t)from->count;
    return from->kind == ORDER_KIND_CANCELLATION ? cancel(cx, c, from, &order) : OK;
}

static enum err write_chunk(struct cx *cx, void *arg)
{
    struct chunk *c = arg;
    forget(c);
    for (size_t i = c->from; i < c->to; i++) {
        const struct import_order *order = &c->im->orders.items[c->im->by_time[i]];
        struct arena_mark mark = arena_mark(cx->arena);
        struct import_order_by_no_row row;
        bool has;
        TRY(found(cx, import_order_by_no(cx, (struct import_order_by_no_in){ order->order_no },
                                         &row), &has));
        if (has)
            c->skipped += (int64_t)order->count;
        else {
            enum err e = write_order(cx, c, order);
            if (e)
                return explain(cx, e, "row %u, order " STR_FMT, order->row,
                               STR_ARG(order->order_no));
        }
        arena_reset(cx->arena, mark);
    }
    return OK;
}

/* ---- counting what is stored ---- */

static enum err count_order(struct cx *cx, const struct import_order *order,
                            struct sales_import_totals *t, struct i64_map *ids)
{
    struct import_order_by_no_row found_order;
    struct import_stored_order_row sums;
    struct import_stored_kind_row kind;
    TRY(import_order_by_no(cx, (struct import_order_by_no_in){ order->order_no }, &found_order));
    TRY(import_stored_order(cx, (struct import_stored_order_in){ found_order.id }, &sums));
    TRY(import_stored_kind(cx, (struct import_stored_kind_in){ found_order.id }, &kind));
    t->orders++;
    t->lines += sums.lines;
    t->net_fen += sums.net.fen;
    t->no_customer += sums.no_customer;
    t->zero_price += sums.zero_price;
    t->cancellations += kind.kind == ORDER_KIND_CANCELLATION;
    i64_map_put(ids, found_order.id.v, NULL);
    return OK;
}

static enum err count_stored(struct cx *cx, void *arg)
{
    struct sales_import *im = arg;
    struct import_unmatched_cursor cursor;
    const struct import_unmatched_row *row;
    struct i64_map ids = i64_map_in(cx->arena);
    im->stored = (struct sales_import_totals){ 0 };
    for (size_t i = 0; i < im->orders.count; i++)
        TRY(count_order(cx, &im->orders.items[i], &im->stored, &ids));
    TRY(import_unmatched(cx, (struct import_unmatched_in){ { INT32_MIN + 1 }, { INT32_MAX } },
                         &cursor));
    for (;;) {
        TRY(import_unmatched_next(cx, &cursor, &row));
        if (!row)
            return OK;
        im->stored.unmatched += i64_map_get(&ids, row->sales_order.v) != NULL;
    }
}

/* ---- the whole ---- */

static size_t chunk_end(const struct sales_import *im, size_t from, size_t lines_max)
{
    size_t lines = 0, at = from;
    while (at < im->orders.count && (at == from || lines < lines_max))
        lines += im->orders.items[im->by_time[at++]].count;
    return at;
}

enum err sales_import_write(struct core *core, const struct call *call, struct sales_import *im,
                            const struct sales_import_commit *how, struct fault *fault)
{
    size_t lines_max = how->chunk_lines ? how->chunk_lines : CHUNK_LINES;
    assert(im->errors_total == 0);
    for (size_t at = 0, chunks = 0; at < im->orders.count; chunks++) {
        struct chunk c = { .im = im, .from = at, .to = chunk_end(im, at, lines_max) };
        TRY(core_write_alone(core, call, write_chunk, &c, fault));
        im->created += c.created;
        im->skipped += c.skipped;
        at = c.to;
        if (how->progress && chunks % TELL_EVERY == 0)
            TRY(how->progress(how->arg, (int)(at * 1000 / im->orders.count)));
    }
    im->committed = true;
    return core_read(core, call, count_stored, im, fault);
}
