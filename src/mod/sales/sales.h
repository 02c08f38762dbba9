/*
 * sales.h - booking what pays: orders with their lines, money collected, money given back,
 * activities. Each is a fact: written once, into the proof log of the promoter and period in the
 * same transaction, and never changed.
 *
 * Amounts: a line is quantity x unit price (yuan with four decimals), rounded once to fen, half
 * away from zero. An order's amount is the sum of its lines.
 */
#pragma once

#include "core/core.h"
#include "entity/route.h"
#include "mod/sales/sales.gen.h"

struct line_draft {
    struct product_id product;
    struct str description;  /* STR_NONE: the product's name is used */
    int64_t quantity;        /* negative in cancellations and adjustments */
    int64_t unit_price;      /* yuan x 10^4 */
};

struct order_draft {
    struct str order_no;     /* STR_NONE: made from the id */
    enum order_kind kind;
    enum order_source source;
    struct instant ordered_at;
    struct customer_id customer;
    struct person_id promoter;
    struct str client_key;
    const struct line_draft *lines;
    size_t line_count;
};

/* Writes order, lines and proof entry. `lines` (may be NULL) gets the written lines, in the arena.
 * ERR_CONFLICT: the number is taken. ERR_OVERFLOW: an amount beyond MONEY_MAX. */
NODISCARD enum err sales_book_order(struct cx *cx, const struct order_draft *draft,
                                    struct sales_order *ret, const struct order_line **lines);

/* Money received; raises the order's `collected`. `order` is brought up to date. */
NODISCARD enum err sales_book_collection(struct cx *cx, struct sales_order *order,
                                         struct money amount, struct instant at, struct str method);

struct refund_draft {
    const struct order_line *origin; /* NULL: unmatched */
    struct sales_order_id order;     /* the cancelling order; v 0: none */
    struct person_id promoter;
    struct customer_id customer;
    struct product_id product;
    int64_t quantity;
    struct money amount;             /* positive */
    struct instant at;
    struct str reason;
};
/* Money given back; raises `refunded` of the origin's order when there is one. */
NODISCARD enum err sales_book_refund(struct cx *cx, const struct refund_draft *draft,
                                     struct refund *ret);

struct activity_draft {
    enum activity_kind kind;
    struct person_id promoter;
    struct customer_id customer;
    struct instant at;
    bool valid;
    struct str note;
};
NODISCARD enum err sales_book_activity(struct cx *cx, const struct activity_draft *draft,
                                       struct activity *ret);

/* quantity x price in fen; false: beyond MONEY_MAX. */
bool sales_line_amount(int64_t quantity, int64_t unit_price, struct money *ret);
/* "2026-10": the month that a day is settled in. */
struct str sales_period_of(struct arena *arena, struct date day);

extern const struct module sales_module;

/* For `qibing check`: does each logged order, collection and refund still say what was logged?
 * Names the row that was changed or is gone. */
NODISCARD enum err sales_check(struct cx *cx, void (*finding)(void *arg, struct str line),
                               void *arg);
