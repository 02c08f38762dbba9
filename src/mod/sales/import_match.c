/*
 * What the cancellations of a file will find, worked out in memory: sales of the database with what
 * is left of them, and sales of the file. Writing asks the database instead (import_write.c); the
 * control totals set the two counts side by side.
 */
#include "mod/sales/import.h"

struct left {
    int64_t at_us, quantity;
};

/* Sales of one product to one customer, oldest first. */
struct pool {
    const struct import_customer *customer;
    const struct import_product *product;
    VEC(struct left) sales;
};

struct matching {
    struct cx *cx;
    const struct sales_import *im;
    struct str_map pools;
    int64_t unmatched;
};

static struct str pool_key(struct arena *arena, const struct import_customer *customer,
                           const struct import_product *product)
{
    const void *key[2] = { customer, product };
    return (struct str){ arena_copy(arena, key, sizeof key), sizeof key };
}

/* What the database has, latest first, turned around. */
static enum err load_pool(struct cx *cx, struct pool *pool)
{
    struct import_open_sales_cursor cursor;
    const struct import_open_sales_row *row;
    if (!pool->customer->id.v || !pool->product->id.v)
        return OK;
    struct import_open_sales_in in = { pool->customer->id, pool->product->id, { INT64_MAX } };
    TRY(import_open_sales(cx, in, &cursor));
    for (;;) {
        TRY(import_open_sales_next(cx, &cursor, &row));
        if (!row)
            break;
        vec_add(cx->arena, &pool->sales,
                ((struct left){ row->ordered_at.us, row->quantity - row->refunded }));
    }
    for (size_t i = 0, k = pool->sales.count; i + 1 < k; i++) {
        struct left swap = pool->sales.items[i];
        pool->sales.items[i] = pool->sales.items[--k];
        pool->sales.items[k] = swap;
    }
    return OK;
}

/* NULL: nobody gives this back. */
static enum err pool_of(struct matching *m, const struct import_order *order,
                        const struct import_line *line, bool make, struct pool **ret)
{
    *ret = NULL;
    if (!order->customer)
        return OK;
    void **at = str_map_at(&m->pools, pool_key(m->cx->arena, order->customer, line->product),
                           make);
    if (!at)
        return OK;
    if (!*at) {
        struct pool *pool = arena_new(m->cx->arena, struct pool);
        pool->customer = order->customer;
        pool->product = line->product;
        *at = pool;
        TRY(load_pool(m->cx, pool));
    }
    *ret = *at;
    return OK;
}

/* The latest first; true: all of it was found. */
static bool take(struct pool *pool, int64_t at_us, int64_t quantity)
{
    for (size_t i = pool ? pool->sales.count : 0; i-- > 0 && quantity > 0;) {
        struct left *sale = &pool->sales.items[i];
        if (sale->at_us > at_us)
            continue;
        int64_t taken = MIN(MAX(sale->quantity, 0), quantity);
        sale->quantity -= taken;
        quantity -= taken;
    }
    return quantity == 0;
}

static void add_sale(struct matching *m, struct pool *pool, int64_t at_us, int64_t quantity)
{
    struct left *items;
    vec_add(m->cx->arena, &pool->sales, ((struct left){ at_us, quantity }));
    items = pool->sales.items;
    /* History may hold later sales than the file. */
    for (size_t i = pool->sales.count - 1; i > 0 && items[i - 1].at_us > items[i].at_us; i--) {
        struct left swap = items[i];
        items[i] = items[i - 1];
        items[i - 1] = swap;
    }
}

static enum err open_pools(struct matching *m, const struct import_order *order)
{
    struct pool *pool;
    for (size_t k = 0; k < order->count; k++)
        TRY(pool_of(m, order, &m->im->lines.items[order->first + k], true, &pool));
    return OK;
}

static enum err walk(struct matching *m, const struct import_order *order)
{
    for (size_t k = 0; k < order->count; k++) {
        const struct import_line *line = &m->im->lines.items[order->first + k];
        struct pool *pool;
        TRY(pool_of(m, order, line, false, &pool));
        if (order->kind == ORDER_KIND_CANCELLATION)
            m->unmatched += line->quantity < 0 &&
                            !take(pool, order->ordered_at.us, -line->quantity);
        else if (pool && line->quantity > 0)
            add_sale(m, pool, order->ordered_at.us, line->quantity);
    }
    return OK;
}

enum err import_match(struct cx *cx, const struct sales_import *im, int64_t *unmatched)
{
    struct matching m = { .cx = cx, .im = im, .pools = str_map_in(cx->arena) };
    for (size_t i = 0; i < im->orders.count; i++)
        if (im->orders.items[i].kind == ORDER_KIND_CANCELLATION && !im->orders.items[i].id.v)
            TRY(open_pools(&m, &im->orders.items[i]));
    for (size_t i = 0; i < im->orders.count; i++) {
        const struct import_order *order = &im->orders.items[im->by_time[i]];
        if (!order->id.v)
            TRY(walk(&m, order));
    }
    *unmatched = m.unmatched;
    return OK;
}
