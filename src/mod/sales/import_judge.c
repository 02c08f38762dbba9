/* What the database knows already of the orders, products, customers and people of a file. */
#include "mod/sales/import.h"

#include "may.gen.h"

/* ERR_NOT_FOUND is an answer, not a failure. */
static enum err found(struct cx *cx, enum err e, bool *ret)
{
    *ret = e == OK;
    if (e != ERR_NOT_FOUND)
        return e;
    fault_clear(&cx->fault);
    return OK;
}

static enum err look_for_orders(struct cx *cx, struct sales_import *im)
{
    for (size_t i = 0; i < im->orders.count; i++) {
        struct arena_mark mark = arena_mark(cx->arena);
        struct import_order *order = &im->orders.items[i];
        struct import_order_by_no_row row;
        bool has;
        TRY(found(cx, import_order_by_no(cx, (struct import_order_by_no_in){ order->order_no },
                                         &row), &has));
        if (has)
            order->id = row.id;
        arena_reset(cx->arena, mark);
    }
    return OK;
}

static enum err look_for_products(struct cx *cx, struct sales_import *im)
{
    size_t at = 0;
    struct str code;
    for (void *value; str_map_next(&im->products, &at, &code, &value);) {
        struct import_product *product = value;
        struct import_product_by_code_row row;
        bool has;
        TRY(found(cx, import_product_by_code(cx, (struct import_product_by_code_in){ code }, &row),
                  &has));
        if (has)
            product->id = row.id;
    }
    return OK;
}

static enum err look_for_people(struct cx *cx, struct sales_import *im)
{
    size_t at = 0;
    struct str number;
    for (void *value; str_map_next(&im->people, &at, &number, &value);) {
        struct import_person *person = value;
        struct import_person_by_number_row row;
        bool has;
        TRY(found(cx, import_person_by_number(cx, (struct import_person_by_number_in){ number },
                                              &row), &has));
        person->known = has && cx_reaches(cx, MAY_ORDER_IMPORT, row.id.v, row.path);
        if (person->known)
            person->id = row.id;
    }
    return OK;
}

static enum err look_for_customers(struct cx *cx, struct sales_import *im)
{
    size_t at = 0;
    struct str number;
    for (void *value; str_map_next(&im->customers, &at, &number, &value);) {
        struct import_customer *customer = value;
        struct import_customer_by_number_row row;
        struct promoter_place_row place;
        bool has;
        TRY(found(cx, import_customer_by_number(cx,
                      (struct import_customer_by_number_in){ number }, &row), &has));
        if (!has)
            continue;
        customer->id = row.id;
        customer->promoter = row.promoter;
        if (!row.promoter.v)
            continue;
        TRY(found(cx, promoter_place(cx, (struct promoter_place_in){ row.promoter }, &place),
                  &has));
        customer->reached =
            has && cx_reaches(cx, MAY_ORDER_IMPORT, row.promoter.v, place.path);
    }
    return OK;
}

/* What earlier runs found no sale for counts in the file's total as well. */
static enum err count_unmatched_before(struct cx *cx, struct sales_import *im)
{
    struct import_unmatched_cursor cursor;
    const struct import_unmatched_row *row;
    struct i64_map known = i64_map_in(cx->arena);
    for (size_t i = 0; i < im->orders.count; i++)
        if (im->orders.items[i].id.v)
            i64_map_put(&known, im->orders.items[i].id.v, NULL);
    if (known.count == 0)
        return OK;
    struct import_unmatched_in in = { { INT32_MIN + 1 }, { INT32_MAX } };
    TRY(import_unmatched(cx, in, &cursor));
    for (;;) {
        TRY(import_unmatched_next(cx, &cursor, &row));
        if (!row)
            return OK;
        im->file.unmatched += i64_map_get(&known, row->sales_order.v) != NULL;
    }
}

/* Whoever sees a part of the company only may not bring in orders of the rest. */
struct looking {
    struct sales_import *im;
    bool everybody;
};

static enum err look(struct cx *cx, void *arg)
{
    struct looking *l = arg;
    struct sales_import *im = l->im;
    const struct grant *grant = cx_grant(cx, MAY_ORDER_IMPORT);
    TRY(cx_require(cx, MAY_ORDER_IMPORT));
    l->everybody = grant->org;
    im->file.unmatched = 0;
    TRY(look_for_orders(cx, im));
    TRY(look_for_products(cx, im));
    TRY(look_for_people(cx, im));
    TRY(look_for_customers(cx, im));
    TRY(count_unmatched_before(cx, im));
    int64_t unmatched;
    TRY(import_match(cx, im, &unmatched));
    im->file.unmatched += unmatched;
    return OK;
}

static void judge_owner(struct sales_import *im, const struct import_order *order, bool everybody)
{
    const struct import_customer *customer = order->customer;
    if (order->promoter) {
        if (order->promoter->known)
            return;
        import_bad(im, order->row, IMPORT_PROMOTER_NO, order->promoter->number, "unknown",
                   "there is no such person within your reach", "您的范围内没有这名推广员");
    } else if (everybody || (customer && (customer->id.v ? customer->reached : false))) {
        return;
    } else {
        import_bad(im, order->row, IMPORT_PROMOTER_NO, STR(""), "required",
                   "say whose it is: you see a part of the company only",
                   "请注明推广员：您只能导入本范围的订单");
    }
    im->bad++;
}

enum err sales_import_judge(struct core *core, const struct call *call, struct sales_import *im,
                            struct fault *fault)
{
    struct looking looking = { .im = im };
    import_read_rows(im);
    enum err e = core_read(core, call, look, &looking, fault);
    if (e)
        return fault_explain(fault, e, "looking up what is known");
    for (size_t i = 0; i < im->orders.count; i++)
        judge_owner(im, &im->orders.items[i], looking.everybody);
    return OK;
}
